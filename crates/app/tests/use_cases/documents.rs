//! The documents of payments: added, renamed, deleted, restored and at last removed; what of it
//! survives faults.

use std::sync::Arc;

use almoner_app::add_document::{AddDocument, Added, MAX_DOCUMENTS, add_document};
use almoner_app::delete_document::delete_document;
use almoner_app::read_documents::{content, document, documents};
use almoner_app::receive_file::{NotReceived, Received};
use almoner_app::remove_documents::remove_documents;
use almoner_app::rename_document::rename_document;
use almoner_app::restore_document::restore_document;
use almoner_app::verify_documents::{Depth, verify_documents};
use almoner_app::{Error, read};
use almoner_domain::PaymentId;
use almoner_domain::document::DocumentKind;
use almoner_gateways::files::{Files, FilesError, S3Access};
use almoner_gateways::testing::{Fault, Watched};
use almoner_store::on_both_engines;
use futures_util::{StreamExt as _, TryStreamExt as _};
use jiff::SignedDuration;

use crate::common::{Clinic, fault};

/// How long a deleted document can be restored.
const RESTORABLE: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A document of that name and content, sent under a key of a form.
pub(crate) fn file(payment: PaymentId, name: &str, bytes: &[u8], key: Option<&str>) -> AddDocument {
    let content = Received::from_reader(bytes);
    AddDocument { payment, name: name.to_owned(), content, key: key.map(str::to_owned) }
}

/// A short text.
pub(crate) fn letter(payment: PaymentId) -> AddDocument {
    file(payment, "letter.txt", b"Dear desk,\n", None)
}

fn watched(clinic: &mut Clinic) -> Watched {
    let watched = Watched::default();
    clinic.app.files = Files::of(Arc::new(watched.clone()));
    watched
}

async fn read_whole(clinic: &Clinic, place: (PaymentId, i64)) -> Result<Vec<u8>, Error> {
    let (app, who) = (&clinic.app, clinic.manager());
    let pieces = content(app, &who, &document(app, &who, place).await?, None).await?;
    let pieces: Vec<_> = pieces.try_collect().await?;
    Ok(pieces.concat())
}

async fn actions(clinic: &Clinic, payment: PaymentId) -> Vec<String> {
    let view = read::payment(&clinic.app, &clinic.manager(), payment).await.unwrap();
    let mut actions: Vec<String> =
        view.history.into_iter().map(|named| named.event.action).collect();
    actions.retain(|action| action.starts_with("document"));
    actions.reverse();
    actions
}

async fn names(clinic: &Clinic, payment: PaymentId) -> Vec<String> {
    let found = documents(&clinic.app, &clinic.manager(), payment).await.unwrap();
    let there = found.into_iter().filter(|document| document.deleted_at.is_none());
    there.map(|document| document.name).collect()
}

on_both_engines! {
    async fn a_document_is_added_renamed_deleted_and_restored_on_a_locked_payment(db) {
        let clinic = Clinic::new(db).await;
        let (app, biller) = (&clinic.app, clinic.manager());
        let paid = clinic.paid(700, "cash").await;
        let sent = file(paid, "../Søn's \"letter\"\r\n.txt", b"Dear desk,\n", None);
        let added = add_document(app, &biller, sent).await.unwrap();
        assert_eq!(added, Added { number: 1, name: "Søn's \"letter\"  .txt".to_owned() });
        let one = (paid, 1);
        assert_eq!(read_whole(&clinic, one).await.unwrap(), b"Dear desk,\n");
        let found = documents(app, &biller, paid).await.unwrap().remove(0);
        assert_eq!((found.kind, found.size_bytes), (DocumentKind::Text, 11));
        assert_eq!(found.added_by.as_deref(), Some("Sample Manager"));
        for _ in 0..2 {
            clinic.pass(SignedDuration::from_secs(1));
            rename_document(app, &biller, one, "Letter").await.unwrap();
        }
        assert_eq!(names(&clinic, paid).await, ["Letter.txt"]);
        let told = fault(rename_document(app, &biller, one, " ").await);
        assert_eq!(told, ("name".to_owned(), "required".to_owned()));
        for _ in 0..2 {
            clinic.pass(SignedDuration::from_secs(1));
            delete_document(app, &biller, one).await.unwrap();
        }
        assert_eq!(names(&clinic, paid).await, [""; 0]);
        assert!(matches!(read_whole(&clinic, one).await, Err(Error::NotFound("document"))));
        let told = rename_document(app, &biller, one, "x").await;
        assert!(matches!(told, Err(Error::NotFound("document"))), "{told:?}");
        for _ in 0..2 {
            clinic.pass(SignedDuration::from_secs(1));
            restore_document(app, &biller, one).await.unwrap();
        }
        assert_eq!(names(&clinic, paid).await, ["Letter.txt"]);
        let told =
            ["document_added", "document_renamed", "document_deleted", "document_restored"];
        assert_eq!(actions(&clinic, paid).await, told, "each once, whatever came twice");
        clinic.verified().await;
    }

    async fn deleted_documents_are_removed_after_thirty_days(db) {
        let mut clinic = Clinic::new(db).await;
        let store = watched(&mut clinic);
        let payment = clinic.pending(700).await;
        let (app, desk) = (&clinic.app, clinic.manager());
        for number in [1, 2] {
            add_document(app, &desk, letter(payment)).await.unwrap();
            assert_eq!(store.places().await.len(), number);
        }
        delete_document(app, &desk, (payment, 1)).await.unwrap();
        clinic.pass(RESTORABLE - SignedDuration::from_secs(1));
        assert_eq!(remove_documents(app, &clinic.system()).await.unwrap(), 0);
        restore_document(app, &desk, (payment, 1)).await.unwrap();
        delete_document(app, &desk, (payment, 1)).await.unwrap();
        clinic.pass(RESTORABLE);
        // A store that is away is asked again later, and nothing is restored meanwhile.
        store.fault(Some(Fault::Away));
        let away = remove_documents(app, &clinic.system()).await;
        assert!(matches!(away, Err(Error::Files(FilesError::Unreachable(_)))), "{away:?}");
        let gone = restore_document(app, &desk, (payment, 1)).await;
        assert!(matches!(gone, Err(Error::NotFound("document"))), "{gone:?}");
        store.fault(None);
        assert_eq!(remove_documents(app, &clinic.system()).await.unwrap(), 0, "it is not due yet");
        clinic.pass(SignedDuration::from_mins(10));
        assert_eq!(remove_documents(app, &clinic.system()).await.unwrap(), 1);
        assert_eq!(store.places().await.len(), 1);
        assert_eq!(clinic.number("SELECT count(*) AS n FROM stored_file").await, 1);
        assert_eq!(clinic.number("SELECT count(*) AS n FROM document").await, 2, "rows are kept");
        assert_eq!(actions(&clinic, payment).await.last().unwrap(), "document_removed");
        assert_eq!(read_whole(&clinic, (payment, 2)).await.unwrap(), b"Dear desk,\n");
        clinic.verified().await;
    }

    async fn one_form_adds_a_file_once_however_often_it_is_sent(db) {
        let mut clinic = Clinic::new(db).await;
        let store = watched(&mut clinic);
        let payment = clinic.pending(700).await;
        let sends = (0..16).map(|_| {
            let (app, desk) = (clinic.app.clone(), clinic.manager());
            let sent = file(payment, "letter.txt", b"Dear desk,\n", Some("k"));
            tokio::spawn(async move { add_document(&app, &desk, sent).await })
        });
        for sent in sends.collect::<Vec<_>>() {
            assert_eq!(sent.await.unwrap().unwrap().number, 1);
        }
        assert_eq!(names(&clinic, payment).await.len(), 1);
        remove_documents(&clinic.app, &clinic.system()).await.unwrap();
        assert_eq!(store.places().await.len(), 1, "what came twice is removed");
        // The same form sends other files under its key, and a deleted one again.
        let (app, desk) = (&clinic.app, clinic.manager());
        let other = file(payment, "other.txt", b"Dear desk,\n", Some("k"));
        assert_eq!(add_document(app, &desk, other).await.unwrap().number, 2);
        delete_document(app, &desk, (payment, 1)).await.unwrap();
        let again = file(payment, "letter.txt", b"Dear desk,\n", Some("k"));
        assert_eq!(add_document(app, &desk, again).await.unwrap().number, 3);
        // A payment has its own documents, whatever the key.
        let elsewhere = clinic.pending(800).await;
        let same = file(elsewhere, "letter.txt", b"Dear desk,\n", Some("k"));
        assert_eq!(add_document(app, &desk, same).await.unwrap().number, 1);
        assert_eq!(names(&clinic, elsewhere).await.len(), 1);
        clinic.verified().await;
    }

    async fn what_is_cut_off_between_the_bytes_and_the_row_is_removed(db) {
        let mut clinic = Clinic::new(db).await;
        let store = watched(&mut clinic);
        let payment = clinic.pending(700).await;
        let sends = |clinic: &Clinic| {
            let (app, desk) = (clinic.app.clone(), clinic.manager());
            tokio::spawn(async move { add_document(&app, &desk, letter(payment)).await })
        };
        store.fault(Some(Fault::SilentAfterWriting));
        let killed = sends(&clinic);
        while store.places().await.is_empty() {
            tokio::task::yield_now().await;
        }
        killed.abort();
        assert!(killed.await.unwrap_err().is_cancelled());
        store.fault(Some(Fault::Away));
        let away = sends(&clinic).await.unwrap();
        assert!(matches!(away, Err(Error::Files(FilesError::Unreachable(_)))), "{away:?}");
        store.fault(None);
        // Nothing refers to what is there, and nothing is lost: it can be sent again.
        assert_eq!(names(&clinic, payment).await, [""; 0]);
        assert_eq!(sends(&clinic).await.unwrap().unwrap().number, 1);
        assert_eq!(store.places().await.len(), 2);
        clinic.pass(SignedDuration::from_hours(23));
        assert_eq!(remove_documents(&clinic.app, &clinic.system()).await.unwrap(), 0);
        clinic.pass(SignedDuration::from_hours(1));
        assert_eq!(remove_documents(&clinic.app, &clinic.system()).await.unwrap(), 2);
        assert_eq!(store.places().await.len(), 1);
        assert_eq!(read_whole(&clinic, (payment, 1)).await.unwrap(), b"Dear desk,\n");
        clinic.verified().await;
    }

    async fn what_is_not_taken_leaves_nothing_behind(db) {
        let mut clinic = Clinic::new(db).await;
        let store = watched(&mut clinic);
        let payment = clinic.pending(700).await;
        let (app, desk) = (&clinic.app, clinic.manager());
        let refused = async |sent: AddDocument| fault(add_document(app, &desk, sent).await).1;
        assert_eq!(refused(file(payment, "a.png", b"", None)).await, "empty");
        let page = b"<!doctype html><script>alert(1)</script>";
        assert_eq!(refused(file(payment, "card.png", page, None)).await, "not_taken");
        let large = AddDocument {
            content: Err(NotReceived::TooLarge(25 * 1024 * 1024)),
            ..letter(payment)
        };
        assert_eq!(refused(large).await, "too_large");
        let nobodys = add_document(app, &desk, letter(PaymentId::new(999))).await;
        assert!(matches!(nobodys, Err(Error::NotFound("payment"))), "{nobodys:?}");
        assert_eq!(store.places().await, [""; 0]);
        assert_eq!(clinic.number("SELECT count(*) AS n FROM stored_file").await, 0);
        assert_eq!(actions(&clinic, payment).await, [""; 0]);
    }

    async fn a_payment_has_a_bounded_number_of_documents(db) {
        let clinic = Clinic::new(db).await;
        let payment = clinic.pending(700).await;
        let (app, desk) = (&clinic.app, clinic.manager());
        for _ in 0..MAX_DOCUMENTS {
            add_document(app, &desk, letter(payment)).await.unwrap();
        }
        let told = fault(add_document(app, &desk, letter(payment)).await);
        assert_eq!(told, ("files".to_owned(), "too_many".to_owned()));
    }

    async fn verification_finds_what_is_gone_and_what_is_another(db) {
        let mut clinic = Clinic::new(db).await;
        let store = watched(&mut clinic);
        let payment = clinic.pending(700).await;
        let (app, desk) = (&clinic.app, clinic.manager());
        for name in ["a.txt", "b.txt"] {
            let sent = file(payment, name, name.as_bytes(), None);
            add_document(app, &desk, sent).await.unwrap();
        }
        let found = async |depth| verify_documents(app, &clinic.system(), depth).await.unwrap();
        for depth in [Depth::Size, Depth::Content] {
            let found = found(depth).await;
            assert_eq!((found.count, found.difference), (2, None));
        }
        let file = documents(app, &desk, payment).await.unwrap().remove(0).file.unwrap();
        let place = format!("{}/{}", desk.org().0, almoner_domain::text::hex(&file));
        store.overwrite(&place, b"B.txt").await;
        assert_eq!(found(Depth::Size).await.difference, None, "its size is the same");
        let told = found(Depth::Content).await.difference.unwrap();
        assert_eq!(told, format!("document 2 of {payment} is not what was added"));
        // Whoever opens it gets no whole file of another content.
        let opened = read_whole(&clinic, (payment, 2)).await;
        assert!(matches!(opened, Err(Error::Files(FilesError::Changed))), "{opened:?}");
        store.overwrite(&place, b"shorter").await;
        assert!(found(Depth::Size).await.difference.unwrap().ends_with("is not what was added"));
        clinic.app.files.remove(desk.org(), &file).await.unwrap();
        for depth in [Depth::Size, Depth::Content] {
            let told = found(depth).await.difference.unwrap();
            assert_eq!(told, format!("document 2 of {payment} is gone"));
        }
        assert_eq!(found(Depth::Skip).await.difference, None);
        store.fault(Some(Fault::Away));
        let away = verify_documents(app, &clinic.system(), Depth::Content).await;
        assert!(matches!(away, Err(Error::Files(FilesError::Unreachable(_)))), "{away:?}");
    }

    async fn a_large_document_comes_back_as_it_was_in_small_pieces(db) {
        let mut clinic = Clinic::new(db).await;
        let folder = tempfile::tempdir().unwrap();
        let address = format!("file://{}", folder.path().display());
        clinic.app.files = Files::open(&address, &S3Access::default(), true).unwrap();
        let payment = clinic.pending(700).await;
        let mut bytes = b"%PDF-1.7\n".to_vec();
        bytes.extend((0..24 * 1024 * 1024_usize).map(|at| u8::try_from(at % 251).unwrap()));
        let sent = file(payment, "scan.pdf", &bytes, None);
        add_document(&clinic.app, &clinic.manager(), sent).await.unwrap();
        let (app, who) = (&clinic.app, clinic.manager());
        let document = document(app, &who, (payment, 1)).await.unwrap();
        let size = u64::try_from(bytes.len()).unwrap();
        for range in [None, Some(5 * 1024 * 1024 - 1..size - 7)] {
            let mut pieces = content(app, &who, &document, range.clone()).await.unwrap();
            let range = range.unwrap_or(0..size);
            let mut read = usize::try_from(range.start).unwrap();
            while let Some(piece) = pieces.next().await {
                let piece = piece.unwrap();
                assert!(piece.len() <= 64 * 1024, "{}", piece.len());
                assert!(piece[..] == bytes[read..read + piece.len()]);
                read += piece.len();
            }
            assert_eq!(read, usize::try_from(range.end).unwrap());
        }
    }
}
