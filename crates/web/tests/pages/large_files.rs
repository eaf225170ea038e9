//! Files of any size: taken, and handed out again, in parts.

use almoner_domain::role::Role;
use almoner_store::on_both_engines;

use crate::eligibility::{NORA, answer};
use crate::site::Site;

/// Many parts.
const LARGE_BYTES: usize = 3 * 1024 * 1024 + 1;
/// More than is taken.
const TOO_LARGE_BYTES: usize = 50 * 1024 * 1024 + 1;

on_both_engines! {
    async fn a_large_file_is_taken_and_handed_out_as_it_came(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let mut content = answer(NORA);
        content.extend((content.len()..LARGE_BYTES).map(|at| if at % 61 == 0 { b'\n' } else { 0 }));
        desk.upload(&[("files", Some("large.271"), &content)]).await.shows(200, &["NOBODY, NORA"]);
        let reply = desk.get("/eligibility/ELG-001/raw").await;
        assert_eq!((reply.status.as_u16(), reply.body.len()), (200, LARGE_BYTES));
        assert!(reply.body == content);
        assert_eq!(reply.header("content-length"), LARGE_BYTES.to_string());
    }

    async fn a_file_that_is_too_large_stands_beside_the_others(db) {
        let site = Site::new(db).await;
        let desk = site.browser(Role::FrontDesk).await;
        let (large, known) = (vec![b'~'; TOO_LARGE_BYTES], answer(NORA));
        let sent: [(_, _, &[u8]); 2] =
            [("files", Some("large.271"), &large), ("files", Some("nora.271"), &known)];
        let told = ["The file is larger than 50 MB", "NOBODY, NORA", "1 file could not be read"];
        desk.upload(&sent).await.shows(200, &told);
    }
}
