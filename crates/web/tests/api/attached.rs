//! Notes and documents of payments, by another program.

use almoner_domain::role::Role;
use almoner_store::on_both_engines;
use axum::http::Method;

use crate::api_program::{Program, all_but};
use crate::documents::PIXEL;
use crate::site::Site;

/// The notes on a payment, as they are described.
pub(crate) const NOTES: &str = "/api/v1/payments/{id}/notes";
/// The documents of a payment, as they are described.
pub(crate) const DOCUMENTS: &str = "/api/v1/payments/{id}/documents";
/// The type of a form with a file.
pub(crate) const FORM: &str = "multipart/form-data; boundary=m";

/// A form with one file.
pub(crate) fn form_of(name: &str, content: &[u8]) -> Vec<u8> {
    let head = format!(
        "--m\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
    );
    [head.as_bytes(), content, b"\r\n--m--\r\n"].concat()
}

fn of(path: &str, payment: &str) -> String {
    path.replace("{id}", payment)
}

on_both_engines! {
    async fn documents_are_added_listed_and_read(db) {
        let site = Site::new(db).await;
        site.paid(None).await;
        let program = Program::new(&site, "payments:read,payments:write").await;
        let path = of(DOCUMENTS, "PAY-001");
        let send = async |program: &Program<'_>, name: &str, content: &[u8]| {
            program.ask(Method::POST, &path, FORM, &form_of(name, content)).await
        };
        let once = program.once("one");
        for _ in 0..2 {
            let told = send(&once, "../card.jpg", PIXEL).await.value(201);
            assert_eq!((&told["number"], &told["name"]), (&1.into(), &"card.jpg.png".into()));
        }
        let told = program.get(&path).await.value(200);
        let rows = told["data"].as_array().unwrap();
        assert_eq!(rows.len(), 1, "sent twice under one key, it is added once");
        assert_eq!((&rows[0]["kind"], &rows[0]["size_bytes"]), (&"png".into(), &70.into()));
        let content = program.get(&format!("{path}/1")).await;
        assert_eq!((content.status.as_u16(), &*content.body), (200, PIXEL));
        assert!(content.header("content-disposition").starts_with("attachment; "));
        assert_eq!(content.header("content-security-policy"), "default-src 'none'; sandbox");
        assert_eq!(send(&program, "a.txt", b"").await.faults(), ["file empty"]);
        let page = b"<html><script>";
        assert_eq!(send(&program, "a.png", page).await.faults(), ["file not_taken"]);
        let large = vec![b'a'; 25 * 1024 * 1024 + 1];
        send(&program, "a.txt", &large).await.problem(413, "payload_too_large");
        let none = program.ask(Method::POST, &path, FORM, b"--m--\r\n").await;
        assert_eq!(none.faults(), ["file required"]);
        program.post(&path, "{}").await.problem(415, "unsupported_media_type");
        for missing in ["2", "0", "x"] {
            program.get(&format!("{path}/{missing}")).await.problem(404, "not_found");
        }
        program.get(&of(DOCUMENTS, "PAY-999")).await.problem(404, "not_found");
        let foreign = Program::at(&site, &site.other, &all_but("")).await;
        foreign.get(&path).await.problem(404, "not_found");
        foreign.get(&format!("{path}/1")).await.problem(404, "not_found");
        send(&foreign, "a.txt", b"a").await.problem(404, "not_found");
        site.web.flush_reads().await;
        let sql = "SELECT count(*) AS n FROM audit_event WHERE action = 'viewed'
            AND actor = 'key' AND detail LIKE '%\"document\":1%'";
        let mut tx = site.app.db.read().await.unwrap();
        assert_eq!(tx.one(sql, Vec::new()).await.unwrap().int("n").unwrap(), 1);
    }

    async fn notes_are_added_and_listed(db) {
        let site = Site::new(db).await;
        site.paid(None).await;
        let program = Program::new(&site, "payments:read,payments:write").await;
        let path = of(NOTES, "PAY-001");
        let told = program.post(&path, r#"{"note":"Called.\nTwice."}"#).await.value(201);
        assert_eq!(told["number"], 1);
        let told = program.get(&path).await.value(200);
        assert_eq!(told["data"][0]["note"], "Called.\nTwice.");
        assert_eq!(told["data"][0]["earlier"], serde_json::json!([]));
        assert_eq!(program.post(&path, r#"{"note":" "}"#).await.faults(), ["note required"]);
        assert_eq!(program.post(&path, r#"{"x":1}"#).await.faults().len(), 2);
        program.get(&of(NOTES, "PAY-999")).await.problem(404, "not_found");
        let foreign = Program::at(&site, &site.other, &all_but("")).await;
        foreign.get(&path).await.problem(404, "not_found");
        foreign.post(&path, r#"{"note":"Ours."}"#).await.problem(404, "not_found");
        let manager = site.browser(Role::Manager).await;
        let page = manager.get("/payments/PAY-001").await;
        page.shows(200, &["Called. Twice."]).lacks(&["Save note"]);
    }
}
