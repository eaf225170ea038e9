//! Documents that are handed out in parts: a download that broke off goes on.

use almoner_domain::role::Role;
use almoner_gateways::files::{Files, S3Access};
use almoner_store::on_both_engines;
use axum::body::Body;
use axum::http::{HeaderName, Method, Request, StatusCode, header};

use crate::api_program::Program;
use crate::documents::DOCUMENTS;
use crate::site::{Browser, Reply, Site};

/// Many pieces of a folder, and a rest.
const SIZE: usize = 1024 * 1024 + 77;

/// A text in which every place looks different from its neighbours.
fn content() -> Vec<u8> {
    let lines = (0..).flat_map(|number: u32| format!("line {number}\n").into_bytes());
    lines.take(SIZE).collect()
}

async fn ask(
    site: &Site,
    browser: &Browser<'_>,
    headers: &[(HeaderName, &str)],
    method: Method,
) -> Reply {
    let mut request = Request::builder().method(method).uri(format!("{DOCUMENTS}/1"));
    request = request.header(header::COOKIE, &browser.cookies);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    site.try_send(request.body(Body::empty()).unwrap()).await
}

/// A clinic whose documents are in a folder, with one of [`content`] on the first payment.
async fn with_document(site: Site, folder: &std::path::Path) -> Site {
    let address = format!("file://{}", folder.display());
    let site = site.with_files(Files::open(&address, &S3Access::default(), true).unwrap());
    site.payment(None, None).await;
    let desk = site.browser(Role::FrontDesk).await;
    let sent = desk.upload_to(DOCUMENTS, &[("files", Some("long.txt"), &content())]).await;
    assert_eq!(sent.to(), "/payments/PAY-001");
    site
}

on_both_engines! {
    async fn one_range_is_handed_out(db) {
        let folder = tempfile::tempdir().unwrap();
        let site = with_document(Site::new(db).await, folder.path()).await;
        let desk = site.browser(Role::FrontDesk).await;
        let content = content();
        let whole = ask(&site, &desk, &[], Method::GET).await;
        assert_eq!((whole.status, whole.header("accept-ranges")), (StatusCode::OK, "bytes"));
        assert!(whole.body == content);
        let tag = whole.header("etag");
        assert!(tag.starts_with('"') && tag.len() == 66, "{tag}");
        let last = SIZE - 1;
        for (asked, from, to) in [
            ("bytes=0-0".to_owned(), 0, 0),
            ("bytes=65535-65536".to_owned(), 65_535, 65_536),
            ("bytes=3-500000".to_owned(), 3, 500_000),
            (format!("bytes={last}-"), last, last),
            ("bytes=-100".to_owned(), SIZE - 100, last),
            (format!("bytes=-{}", 2 * SIZE), 0, last),
            (format!("bytes=1000-{}", 2 * SIZE), 1_000, last),
        ] {
            let reply = ask(&site, &desk, &[(header::RANGE, &asked)], Method::GET).await;
            assert_eq!(reply.status, StatusCode::PARTIAL_CONTENT, "{asked}");
            assert!(reply.body == content[from..=to], "{asked}");
            let place = format!("bytes {from}-{to}/{SIZE}");
            assert_eq!(reply.header("content-range"), place);
            assert_eq!(reply.header("content-length"), (to + 1 - from).to_string());
            assert_eq!(reply.header("etag"), tag);
            assert_eq!(reply.header("content-security-policy"), "default-src 'none'; sandbox");
            assert!(reply.header("content-disposition").starts_with("attachment; "));
        }
        // What is not understood, and more than one range, is answered by the whole.
        for odd in ["bytes=5-2", "bytes=0-1,4-5", "lines=1-2", "bytes=x-y"] {
            let reply = ask(&site, &desk, &[(header::RANGE, odd)], Method::GET).await;
            assert_eq!((reply.status, reply.body.len()), (StatusCode::OK, SIZE), "{odd}");
        }
        for outside in [format!("bytes={SIZE}-"), "bytes=-0".to_owned()] {
            let reply = ask(&site, &desk, &[(header::RANGE, &outside)], Method::GET).await;
            assert_eq!(reply.status, StatusCode::RANGE_NOT_SATISFIABLE, "{outside}");
            assert_eq!(reply.header("content-range"), format!("bytes */{SIZE}"));
        }
        let range = (header::RANGE, "bytes=0-9");
        let head = ask(&site, &desk, std::slice::from_ref(&range), Method::HEAD).await;
        assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0), "only GET has ranges");
        let stranger = ask(&site, &site.stranger(), &[range], Method::GET).await;
        assert_eq!(stranger.status, StatusCode::SEE_OTHER);
    }

    async fn a_download_that_broke_off_goes_on_and_is_the_same(db) {
        let folder = tempfile::tempdir().unwrap();
        let site = with_document(Site::new(db).await, folder.path()).await;
        let desk = site.browser(Role::FrontDesk).await;
        let begun = ask(&site, &desk, &[(header::RANGE, "bytes=0-599999")], Method::GET).await;
        let tag = begun.header("etag").to_owned();
        let rest = [(header::RANGE, "bytes=600000-"), (header::IF_RANGE, &*tag)];
        let rest = ask(&site, &desk, &rest, Method::GET).await;
        assert_eq!(rest.status, StatusCode::PARTIAL_CONTENT);
        assert!([begun.body, rest.body].concat() == content());
        // Of another content than the one that was begun there is only the whole.
        for other in ["\"another\"", "W/\"another\"", "Tue, 10 Mar 2026 15:00:00 GMT", &tag[1..]] {
            let asked = [(header::RANGE, "bytes=600000-"), (header::IF_RANGE, other)];
            let reply = ask(&site, &desk, &asked, Method::GET).await;
            assert_eq!((reply.status, reply.body.len()), (StatusCode::OK, SIZE), "{other}");
        }
        // The name is no part of the content.
        desk.post(&format!("{DOCUMENTS}/1/name"), &[("name", "other")]).await.to();
        let asked = [(header::RANGE, "bytes=600000-"), (header::IF_RANGE, &*tag)];
        let renamed = ask(&site, &desk, &asked, Method::GET).await;
        assert_eq!(renamed.status, StatusCode::PARTIAL_CONTENT);
    }

    async fn a_range_of_what_was_changed_does_not_end_well(db) {
        let folder = tempfile::tempdir().unwrap();
        let site = with_document(Site::new(db).await, folder.path()).await;
        let desk = site.browser(Role::FrontDesk).await;
        let kept = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        let kept = std::fs::read_dir(kept).unwrap().next().unwrap().unwrap().path();
        let mut changed = content();
        changed[SIZE - 1] ^= 1;
        std::fs::write(kept, changed).unwrap();
        // The changed byte is far behind the range, which is given up all the same.
        let mut request = Request::get(format!("{DOCUMENTS}/1"))
            .header(header::COOKIE, &desk.cookies)
            .header(header::RANGE, "bytes=0-9")
            .body(Body::empty())
            .unwrap();
        let address = std::net::SocketAddr::from(([192, 0, 2, 1], 50_000));
        request.extensions_mut().insert(axum::extract::ConnectInfo(address));
        let router = almoner_web::router(site.web.clone());
        let response = tower::ServiceExt::oneshot(router, request).await.unwrap();
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
        assert!(axum::body::to_bytes(response.into_body(), SIZE).await.is_err());
    }

    async fn programs_go_on_too(db) {
        let folder = tempfile::tempdir().unwrap();
        let site = with_document(Site::new(db).await, folder.path()).await;
        let program = Program::new(&site, "payments:read").await;
        let path = "/api/v1/payments/PAY-001/documents/1";
        let part = program.with("range", "bytes=10-19").get(path).await;
        assert_eq!((part.status.as_u16(), &*part.body), (206, &content()[10..20]));
        let place = format!("bytes 10-19/{SIZE}");
        assert_eq!(part.header("content-range"), place);
        let outside = program.with("range", "bytes=9999999-").get(path).await;
        outside.problem(416, "range_not_satisfiable");
        assert_eq!(outside.header("content-range"), format!("bytes */{SIZE}"));
    }
}
