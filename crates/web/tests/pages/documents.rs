//! The documents and notes on a payment's page, with scripts off and as the pages' module sends.

use std::sync::Arc;

use almoner_domain::PaymentId;
use almoner_domain::role::Role;
use almoner_gateways::files::Files;
use almoner_gateways::testing::{Fault, Watched};
use almoner_store::on_both_engines;
use almoner_web::Web;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use jiff::SignedDuration;

use crate::site::{Browser, HARD_NAME, HARD_NAME_SHOWN, Reply, Site};

/// Where the first payment's documents are sent.
pub(crate) const DOCUMENTS: &str = "/payments/PAY-001/documents";
/// An image of one pixel.
pub(crate) const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\
    \x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xff\x89\x99=\x1d\
    \0\0\0\0IEND\xaeB`\x82";
const PAGE: &[u8] = b"<!doctype html><script>alert(document.domain)</script>";

/// Sends files of these names and contents with the first payment's form.
async fn send(browser: &Browser<'_>, files: &[(&str, &[u8])]) -> Reply {
    let form = browser.get("/payments/PAY-001").await;
    let key = form.hidden("key");
    let mut fields: Vec<(&str, Option<&str>, &[u8])> = vec![("key", None, key.as_bytes())];
    fields.extend(files.iter().map(|&(name, content)| ("files", Some(name), content)));
    browser.upload_to(DOCUMENTS, &fields).await
}

on_both_engines! {
    async fn several_documents_are_added_shown_renamed_deleted_and_restored(db) {
        let site = Site::new(db).await;
        site.paid(None).await;
        let desk = site.browser(Role::FrontDesk).await;
        let sent = send(&desk, &[("card.png", PIXEL), ("notes.txt", b"Dear desk,\n")]).await;
        assert_eq!(sent.to(), "/payments/PAY-001");
        let page = desk.get("/payments/PAY-001").await;
        page.shows(200, &["card.png", "PNG · 70 bytes", "notes.txt", "Document added"]);
        page.shows(200, &["Documents and notes may still be added.", "loading=\"lazy\""]);
        let image = desk.get(&format!("{DOCUMENTS}/1/image")).await;
        assert_eq!((image.header("content-type"), &*image.body), ("image/png", PIXEL));
        assert!(image.header("content-disposition").starts_with("inline; "));
        let file = desk.get(&format!("{DOCUMENTS}/2")).await;
        assert_eq!(file.header("content-type"), "text/plain");
        assert_eq!(file.text(), "Dear desk,\n");
        for reply in [&image, &file] {
            assert_eq!(reply.header("content-security-policy"), "default-src 'none'; sandbox");
            assert_eq!(reply.header("x-content-type-options"), "nosniff");
            assert_eq!(reply.header("cache-control"), "private, no-store");
            assert_eq!(reply.header("content-length"), reply.body.len().to_string());
        }
        let told = "attachment; filename=\"notes.txt\"; filename*=UTF-8''notes.txt";
        assert_eq!(file.header("content-disposition"), told);
        let text = desk.get(&format!("{DOCUMENTS}/2/image")).await;
        assert_eq!(text.status, StatusCode::NOT_FOUND, "only images are shown");
        let renamed = desk.post(&format!("{DOCUMENTS}/2/name"), &[("name", HARD_NAME)]).await;
        assert_eq!(renamed.to(), "/payments/PAY-001");
        let shown = format!("{HARD_NAME_SHOWN}.txt");
        let page = desk.get("/payments/PAY-001").await;
        page.shows(200, &[&shown, "Document renamed", "name: notes.txt → "]);
        let refused = desk.post(&format!("{DOCUMENTS}/2/name"), &[("name", " ")]).await;
        refused.shows(422, &["Enter a name.", "href=\"#f-name-2\""]);
        let deleted = desk.post(&format!("{DOCUMENTS}/2/delete"), &[]).await;
        assert_eq!(deleted.to(), "/payments/PAY-001");
        let page = desk.get("/payments/PAY-001").await;
        page.shows(200, &["Deleted documents (1)", "Can be restored until Apr 9, 2026, 11:00 AM"]);
        assert_eq!(desk.get(&format!("{DOCUMENTS}/2")).await.status, StatusCode::NOT_FOUND);
        let restored = desk.post(&format!("{DOCUMENTS}/2/restore"), &[]).await;
        assert_eq!(restored.to(), "/payments/PAY-001");
        desk.get("/payments/PAY-001").await.shows(200, &[&shown]).lacks(&["Deleted documents"]);
    }

    async fn what_is_refused_stands_beside_its_name(db) {
        let site = Site::new(db).await;
        site.payment(None, None).await;
        let desk = site.browser(Role::FrontDesk).await;
        let large = vec![b'a'; 25 * 1024 * 1024 + 1];
        let reply = send(&desk, &[
            ("card.png", PAGE),
            ("O'Brien & Søn <b>.pdf", b""),
            ("large.txt", &large),
            ("fine.txt", b"fine"),
        ]).await;
        let told = [
            "card.png: By its content, this is a web page or other markup.",
            "O&#39;Brien &#38; Søn &#60;b&#62;.pdf: The file is empty.",
            "large.txt: The file is larger than 25 MB.",
            "fine.txt</b> <span class=\"muted\">Added",
        ];
        reply.shows(422, &told).lacks(&["<script>alert", "Søn <b>"]);
        let page = desk.get("/payments/PAY-001").await;
        page.shows(200, &["fine.txt"]).lacks(&["card.png", "large.txt"]);
        for nothing in [send(&desk, &[]).await, send(&desk, &[("", b"")]).await] {
            nothing.shows(422, &["Choose a file."]);
        }
        let many: Vec<(&str, &[u8])> = (0..21).map(|_| ("same.txt", &b"same"[..])).collect();
        send(&desk, &many).await.shows(422, &["At most 20 files are taken at a time."]);
        // The same form sent one content again and again: it was added once.
        let page = desk.get("/payments/PAY-001").await.text();
        assert_eq!(page.matches(">same.txt</a>").count(), 1);
    }

    async fn hostile_names_never_leave_their_place(db) {
        let site = Site::new(db).await;
        site.payment(None, None).await;
        let desk = site.browser(Role::FrontDesk).await;
        let long = format!("{}.txt", "x".repeat(300));
        let names = ["../../../etc/passwd", "..\\..\\boot.ini", "a%0d%0aX-Evil: 1.txt", &long];
        for (number, name) in (1..).zip(names) {
            let content = format!("content {number}");
            send(&desk, &[(name, content.as_bytes())]).await.to();
            let reply = desk.get(&format!("{DOCUMENTS}/{number}")).await;
            assert_eq!(reply.text(), content);
            assert!(reply.headers.get("x-evil").is_none());
            let said = reply.header("content-disposition");
            assert!(!said.contains("..") && !said.contains('/') && said.len() < 700, "{said}");
        }
        for number in ["0", "99", "-1", "x", "9223372036854775808"] {
            let reply = desk.get(&format!("{DOCUMENTS}/{number}")).await;
            assert_eq!(reply.status, StatusCode::NOT_FOUND, "{number}");
        }
    }

    async fn the_module_is_told_of_each_file_alone(db) {
        let site = Site::new(db).await;
        site.payment(None, None).await;
        let desk = site.browser(Role::FrontDesk).await;
        let live = async |name: &str, content: &[u8]| {
            let head = format!(
                "--m\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n--m\r\n\
                 Content-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n"
            );
            let body = [head.as_bytes(), content, b"\r\n--m--\r\n"].concat();
            let request = Request::post(DOCUMENTS)
                .header(header::COOKIE, &desk.cookies)
                .header("x-live", "1")
                .header("sec-fetch-site", "same-origin")
                .header(header::CONTENT_TYPE, "multipart/form-data; boundary=m");
            site.try_send(request.body(Body::from(body)).unwrap()).await
        };
        live("a.txt", b"a").await.shows(200, &["class=\"result-of\"", "a.txt</b>"]);
        live("b.png", PAGE).await.shows(200, &["class=\"result-of\"", "class=\"fault\""]);
        live("a.txt", b"a").await.shows(200, &["class=\"result-of\""]);
        let page = desk.get("/payments/PAY-001").await.text();
        assert_eq!(page.matches(">a.txt</a>").count(), 1, "sent again, added once");
    }

    async fn a_store_that_is_away_is_told_and_nothing_is_half_done(db) {
        let watched = Watched::default();
        let site = Site::new(db).await.with_files(Files::of(Arc::new(watched.clone())));
        site.payment(None, None).await;
        let desk = site.browser(Role::FrontDesk).await;
        send(&desk, &[("a.txt", b"a")]).await.to();
        watched.fault(Some(Fault::Away));
        let request = |path: &str| {
            Request::get(path).header(header::COOKIE, &desk.cookies).body(Body::empty()).unwrap()
        };
        let away = site.try_send(request(&format!("{DOCUMENTS}/1"))).await;
        away.shows(503, &["The store of documents cannot be reached"]);
        let both = send(&desk, &[("b.txt", b"b"), ("c.txt", b"c")]).await;
        both.shows(422, &["b.txt: It could not be kept now.", "c.txt: It could not be kept now."]);
        watched.fault(None);
        let page = desk.get("/payments/PAY-001").await;
        page.shows(200, &["a.txt"]).lacks(&["b.txt", "c.txt"]);
        let place = watched.places().await.remove(0);
        watched.overwrite(&place, b"b").await;
        let (changed, told) =
            (request(&format!("{DOCUMENTS}/1")), "the content of another file is never handed out");
        let answered = tokio::spawn({
            let router = almoner_web::router(site.web.clone());
            async move {
                let mut changed = changed;
                let address = std::net::SocketAddr::from(([192, 0, 2, 1], 50_000));
                changed.extensions_mut().insert(axum::extract::ConnectInfo(address));
                let response = tower::ServiceExt::oneshot(router, changed).await.unwrap();
                axum::body::to_bytes(response.into_body(), 100).await
            }
        });
        assert!(answered.await.unwrap().is_err(), "{told}");
    }

    async fn who_saw_which_document_is_in_the_audit_log(db) {
        let site = Site::new(db).await;
        site.payment(None, None).await;
        let desk = site.browser(Role::FrontDesk).await;
        send(&desk, &[("card.png", PIXEL)]).await.to();
        desk.get(&format!("{DOCUMENTS}/1")).await;
        desk.get(&format!("{DOCUMENTS}/1/image")).await;
        let web: &Web = &site.web;
        web.flush_reads().await;
        let sql = "SELECT count(*) AS n FROM audit_event WHERE action = 'viewed'
            AND subject = 'payment' AND subject_seq = 1 AND detail LIKE '%\"document\":1%'";
        let mut tx = site.app.db.read().await.unwrap();
        assert_eq!(tx.one(sql, Vec::new()).await.unwrap().int("n").unwrap(), 2);
    }

    async fn the_auditor_reads_and_adds_nothing(db) {
        let site = Site::new(db).await;
        site.payment(None, None).await;
        let desk = site.browser(Role::FrontDesk).await;
        send(&desk, &[("card.png", PIXEL)]).await.to();
        let auditor = site.browser(Role::Auditor).await;
        let page = auditor.get("/payments/PAY-001").await;
        page.shows(200, &["card.png"]).lacks(&["type=\"file\"", "Rename or delete"]);
        assert_eq!(auditor.get(&format!("{DOCUMENTS}/1")).await.status, StatusCode::OK);
        let refused = auditor.upload_to(DOCUMENTS, &[("files", Some("a.txt"), b"a")]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        for path in ["1/name", "1/delete", "1/restore"] {
            let refused = auditor.post(&format!("{DOCUMENTS}/{path}"), &[("name", "x")]).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        }
    }

    async fn notes_are_edited_for_a_while_and_nothing_is_lost(db) {
        let site = Site::new(db).await;
        let payment: PaymentId = site.payment(None, None).await;
        let desk = site.browser(Role::FrontDesk).await;
        let notes = format!("/payments/{payment}/notes");
        let first = "Line one.\nSee https://example.com/a?b=1&c=2, javascript:alert(1) <b>";
        desk.post(&notes, &[("note", first), ("key", "n")]).await.to();
        let page = desk.get("/payments/PAY-001").await;
        let link = "<a href=\"https://example.com/a?b=1&#38;c=2\" rel=\"noopener noreferrer ";
        page.shows(200, &[link, "javascript:alert(1) &#60;b&#62;", "Save note"]);
        page.lacks(&["href=\"javascript:"]);
        let one = format!("{notes}/1");
        let edited = desk.post(&one, &[("note", "Second."), ("version", "1")]).await;
        assert_eq!(edited.to(), "/payments/PAY-001");
        let page = desk.get("/payments/PAY-001").await;
        page.shows(200, &["Second.", "Earlier texts (1)", "Line one.", "edited Mar 10, 2026"]);
        let stale = desk.post(&one, &[("note", "Third."), ("version", "1")]).await;
        assert_eq!(stale.status, StatusCode::CONFLICT);
        let manager = site.browser(Role::Manager).await;
        manager.get("/payments/PAY-001").await.shows(200, &["Second."]).lacks(&["Save note"]);
        let others = manager.post(&one, &[("note", "Mine."), ("version", "2")]).await;
        others.shows(422, &["A note is edited by its author, within 15 minutes.", ">Mine.<"]);
        site.clock.set(site.app.now() + SignedDuration::from_mins(16));
        // Whoever was idle for so long signs in again.
        let desk = site.browser(Role::FrontDesk).await;
        desk.get("/payments/PAY-001").await.shows(200, &["Second."]).lacks(&["Save note"]);
    }
}
