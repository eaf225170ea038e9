//! Reads at a streaming replica: with two real servers, of which the second one is held back, is
//! behind, breaks, comes back, and becomes a database of its own.

use std::time::Duration;

use almoner_app::create_payment::{CreatePayment, create_payment};
use almoner_domain::role::Role;
use almoner_store::db::{Engine, StoreError};
use almoner_store::testing::{Replicated, TestDb};
use almoner_store::{Db, db::Durability};
use almoner_web::readiness;

use crate::api_payments::{PAYMENTS, asked};
use crate::api_program::Program;
use crate::site::{Browser, Reply, Site, owed};

/// How long the replica may take to come as far as it is wanted.
const WITHIN: Duration = Duration::from_secs(20);

/// Looks until the replica is, or is not, read from.
async fn await_replica(db: &Db, usable: bool) {
    let looked = async {
        loop {
            db.look_at_replica().await;
            if db.replica_is_usable() == Some(usable) {
                return;
            }
        }
    };
    tokio::time::timeout(WITHIN, looked).await.expect("it comes to that in time");
}

/// Waits until the replica has all that is committed by now, and is read from.
async fn caught_up(site: &Site, replicated: &Replicated) {
    replicated.catch_up(&site.app.db).await;
    await_replica(&site.app.db, true).await;
}

/// A payment that somebody else creates.
async fn elsewhere(site: &Site, memo: &str) {
    let asked = CreatePayment { memo: Some(memo.to_owned()), ..owed() };
    create_payment(&site.app, &site.system(), &asked).await.unwrap();
}

/// The desk creates a payment; its cookies say so afterwards.
async fn create(desk: &mut Browser<'_>, key: &str) {
    let form = [("patient", "PAT-002"), ("amount", "70"), ("do", "create"), ("key", key)];
    let created = desk.post("/payments", &form).await;
    created.to();
    let told = position(&created).expect("it is told how far it has to see");
    desk.cookies = format!("{}; almoner_position={told}", session(desk));
}

fn session(desk: &Browser<'_>) -> String {
    desk.cookies.split(';').next().expect("there is one").to_owned()
}

/// The position that an answer has the browser remember.
fn position(reply: &Reply) -> Option<String> {
    let cookies = reply.headers.get_all("set-cookie").iter();
    let mut told = cookies.filter_map(|cookie| {
        let text = cookie.to_str().expect("it is text").strip_prefix("almoner_position=")?;
        assert!(text.contains("HttpOnly") && text.contains("SameSite=Lax"), "{text}");
        text.split(';').next().map(str::to_owned)
    });
    told.next()
}

/// The payments that a page of the list shows, of the first four.
async fn listed(browser: &Browser<'_>) -> Vec<&'static str> {
    let page = browser.get("/payments").await;
    let text = page.shows(200, &[]).text();
    let ids = ["PAY-001", "PAY-002", "PAY-003", "PAY-004"];
    ids.into_iter().filter(|id| text.contains(id)).collect()
}

/// A clinic on a database with a replica that has come far enough, and one payment.
async fn replicated() -> (Site, Replicated) {
    let (mut db, replicated) = Replicated::start().await;
    db.db = db.db.clone().with_replica(&replicated.url).await.expect("it is taken");
    let site = Site::new(db).await;
    elsewhere(&site, "first").await;
    assert_eq!(site.app.db.replica_is_usable(), Some(false), "nobody has looked yet");
    caught_up(&site, &replicated).await;
    (site, replicated)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_writes_sees_it_and_others_read_at_the_replica() {
    let (site, replicated) = replicated().await;
    let mut desk = site.browser(Role::FrontDesk).await;
    let other = site.browser(Role::Manager).await;
    replicated.pause().await;

    // Held back, the replica shows the old state, which proves that it is asked.
    create(&mut desk, "one").await;
    assert_eq!(listed(&other).await, ["PAY-001"], "who wrote nothing reads at the replica");
    assert_eq!(listed(&desk).await, ["PAY-001", "PAY-002"], "who wrote sees it");
    other.get("/payments/PAY-002").await.shows(200, &["PAY-002"]);
    other.get("/payments/PAY-003").await.shows(404, &["was not found"]);
    let mut odd = other.clone();
    odd.cookies = format!("{}; almoner_position=x", session(&other));
    assert_eq!(listed(&odd).await.len(), 2, "what cannot be read asks for everything");
    for path in ["/reports/day-close.csv?day=2026-03-10", "/payments/export.csv", "/patients"] {
        other.get(path).await.shows(200, &[]);
    }

    // Another program sees everything unless it says what it need not.
    let program = Program::new(&site, "payments:read,payments:write").await;
    let count = |reply: Reply| reply.value(200)["data"].as_array().map(Vec::len);
    let made = program.once("k").post(PAYMENTS, &asked(&serde_json::json!({}))).await;
    let told = made.header("almoner-position").to_owned();
    assert_eq!(made.status.as_u16(), 201, "{}", made.text());
    let at = |position: &str| program.with("almoner-position", position);
    assert_eq!(count(program.get(PAYMENTS).await), Some(3));
    assert_eq!(count(at("0").get(PAYMENTS).await), Some(1));
    assert_eq!(count(at(&told).get(PAYMENTS).await), Some(3));
    assert_eq!(count(at("newest").get(PAYMENTS).await), Some(3));
    assert_eq!(program.get(PAYMENTS).await.header("almoner-position"), "", "it wrote nothing");

    // As soon as the replica has their write, they read there as well.
    replicated.resume().await;
    caught_up(&site, &replicated).await;
    replicated.pause().await;
    elsewhere(&site, "late").await;
    assert_eq!(listed(&desk).await, ["PAY-001", "PAY-002", "PAY-003"]);
    assert_eq!(count(at(&told).get(PAYMENTS).await), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_cannot_be_read_from_is_noticed_by_nobody() {
    let (site, mut replicated) = replicated().await;
    let db = &site.app.db;
    let other = site.browser(Role::Manager).await;
    assert_eq!(readiness(&site.web).await.1, "ready\n");

    // A server that starts now asks for all that is there now.
    replicated.pause().await;
    elsewhere(&site, "second").await;
    let later = Db::open(site.url(), Durability::Full).await.unwrap();
    let later = later.with_replica(&replicated.url).await.unwrap();
    later.look_at_replica().await;
    assert_eq!(later.replica_is_usable(), Some(false), "it is behind");
    assert_eq!(listed(&other).await, ["PAY-001"], "for the other server it is not");
    replicated.resume().await;
    await_replica(&later, true).await;

    // It breaks between two looks.
    caught_up(&site, &replicated).await;
    replicated.stop_replica();
    elsewhere(&site, "third").await;
    assert_eq!(listed(&other).await, ["PAY-001", "PAY-002", "PAY-003"]);
    await_replica(db, false).await;
    let (status, told) = readiness(&site.web).await;
    assert_eq!(status.as_u16(), 200, "pages are served as before");
    assert!(told.starts_with("ready\nnothing is read at the replica"), "{told}");

    // It comes back, and is no replica any more.
    replicated.start_replica().await;
    caught_up(&site, &replicated).await;
    replicated.promote().await;
    elsewhere(&site, "fourth").await;
    assert_eq!(listed(&other).await.len(), 4);
    await_replica(db, false).await;
    assert_eq!(listed(&other).await.len(), 4);
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_replica_of_the_database_is_taken() {
    let refused = async |db: &TestDb, url: &str| match db.db.clone().with_replica(url).await {
        Err(StoreError::Address(line)) => line,
        other => panic!("it was to be refused: {other:?}"),
    };
    let embedded = TestDb::new(Engine::Sqlite).await;
    let server = TestDb::new(Engine::Postgres).await;
    let another = TestDb::new(Engine::Postgres).await;
    assert!(refused(&embedded, &server.url).await.contains("Only a database at postgres://"));
    assert!(refused(&server, &embedded.url).await.contains("must be postgres://"));
    assert!(refused(&server, "postgres://127.0.0.1:x").await.contains("not readable"));
    assert!(refused(&server, &another.url).await.contains("but another"));
    // Whatever is away is taken, and looked for.
    let away = server.db.clone().with_replica("postgres://a@127.0.0.1:1/b").await.unwrap();
    away.look_at_replica().await;
    assert_eq!(away.replica_is_usable(), Some(false));
    assert_eq!((server.db.replica_is_usable(), server.db.position().await), (None, None));
}
