//! More requests with files than are taken at the same time.

use std::convert::Infallible;
use std::time::Duration;

use almoner_domain::role::Role;
use almoner_store::on_both_engines;
use almoner_store::testing::TestDb;
use almoner_web::UploadSettings;
use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode, header};
use futures_util::stream;
use tokio::sync::mpsc;

use crate::api_attached::{FORM, form_of};
use crate::api_program::{Program, X12};
use crate::documents::DOCUMENTS;
use crate::site::{Browser, Reply, Site};

const PATIENT: Duration = Duration::from_mins(1);
const IMPATIENT: Duration = Duration::from_millis(20);

/// A form with a file, as a body that is cut in two.
fn halves(name: &str) -> (Bytes, Bytes) {
    let mut first = format!(
        "--m\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\nbegun "
    );
    first.push_str(name);
    (first.into(), Bytes::from_static(b" and ended\r\n--m--\r\n"))
}

fn request(browser: &Browser<'_>, body: Body) -> Request<Body> {
    let request = Request::post(DOCUMENTS)
        .header(header::COOKIE, &browser.cookies)
        .header("x-live", "1")
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=m");
    request.body(body).unwrap()
}

async fn send(site: &Site, browser: &Browser<'_>, name: &str) -> Reply {
    let (first, last) = halves(name);
    let body = Body::from([first, last].concat());
    site.try_send(request(browser, body)).await
}

/// A body that comes as it is sent here.
fn slow_body() -> (mpsc::Sender<Bytes>, Body) {
    let (sender, receiver) = mpsc::channel::<Bytes>(1);
    let pieces = stream::unfold(receiver, async |mut receiver| {
        let piece = receiver.recv().await?;
        Some((Ok::<_, Infallible>(piece), receiver))
    });
    (sender, Body::from_stream(pieces))
}

/// A clinic with a payment, where so many requests with files are taken at once.
async fn with_places(db: TestDb, at_once: usize, wait: Duration) -> Site {
    let site = Site::new(db).await.with_uploads(UploadSettings { at_once, wait });
    site.payment(None, None).await;
    site
}

on_both_engines! {
    async fn many_wait_for_their_turn(db) {
        let site = with_places(db, 2, PATIENT).await;
        let desk = site.browser(Role::FrontDesk).await;
        let names: Vec<String> = (0..12).map(|number| format!("file-{number}.txt")).collect();
        let sent = names.iter().map(|name| send(&site, &desk, name));
        for reply in futures_util::future::join_all(sent).await {
            reply.shows(200, &["class=\"result-of\"", "Added"]);
        }
        let page = desk.get("/payments/PAY-001").await;
        for name in &names {
            page.shows(200, &[&format!(">{name}</a>")]);
        }
    }

    async fn what_finds_no_place_is_told_so_and_can_be_sent_again(db) {
        let site = with_places(db, 1, IMPATIENT).await;
        let desk = site.browser(Role::FrontDesk).await;
        let (slow, body) = slow_body();
        let (first, last) = halves("slow.txt");
        let (under_way, ()) = tokio::join!(site.try_send(request(&desk, body)), async {
            slow.send(first).await.unwrap();
            // There is room for it only when the first has been read, in the place.
            slow.send(Bytes::from_static(b",")).await.unwrap();
            let refused = send(&site, &desk, "late.txt").await;
            let told = ["Too many files are under way", "Please try it again in a minute."];
            refused.shows(503, &told);
            refused.lacks(&["Tell your administrator"]);
            assert_eq!(refused.header("retry-after"), "5");
            let front = site.browser(Role::FrontDesk).await;
            front.get("/payments/PAY-001").await.shows(200, &[]).lacks(&["late.txt"]);
            let scopes = "payments:read,payments:write,eligibility:write";
            let program = Program::new(&site, scopes).await;
            let path = "/api/v1/payments/PAY-001/documents";
            for (path, kind, body) in [
                (path, FORM, form_of("late.txt", b"late")),
                ("/api/v1/eligibility-checks", X12, b"ISA".to_vec()),
            ] {
                let told = program.once(path).try_ask(path, kind, &body).await;
                told.problem(503, "unavailable");
                assert_eq!(told.header("retry-after"), "5");
            }
            program.get(path).await.value(200);
            slow.send(last).await.unwrap();
            drop(slow);
        });
        under_way.shows(200, &["slow.txt</b>", "Added"]);
        send(&site, &desk, "late.txt").await.shows(200, &["late.txt</b>", "Added"]);
        let page = desk.get("/payments/PAY-001").await;
        page.shows(200, &[">slow.txt</a>", ">late.txt</a>"]);
    }

    async fn a_browser_that_goes_away_gives_its_place_back(db) {
        let site = with_places(db, 1, IMPATIENT).await;
        let desk = site.browser(Role::FrontDesk).await;
        let (slow, body) = slow_body();
        tokio::select! {
            _ = site.try_send(request(&desk, body)) => panic!("it has not ended"),
            () = async {
                slow.send(halves("gone.txt").0).await.unwrap();
                slow.send(Bytes::from_static(b",")).await.unwrap();
            } => {}
        }
        send(&site, &desk, "next.txt").await.shows(200, &["next.txt</b>", "Added"]);
        let page = desk.get("/payments/PAY-001").await;
        page.shows(200, &[">next.txt</a>"]).lacks(&["gone.txt"]);
    }

    async fn nobody_who_is_not_signed_in_takes_a_place(db) {
        let site = with_places(db, 1, IMPATIENT).await;
        let desk = site.browser(Role::FrontDesk).await;
        let (slow, body) = slow_body();
        let refused = site.try_send(request(&site.stranger(), body)).await;
        assert_eq!(refused.status, StatusCode::SEE_OTHER);
        send(&site, &desk, "ours.txt").await.shows(200, &["Added"]);
        drop(slow);
    }
}
