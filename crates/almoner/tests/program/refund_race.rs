//! Sixteen refunds at once, over HTTP: exactly the allowed number win. On the embedded database
//! behind one server, on the other engine behind two.

use std::sync::Arc;

use crate::common::{Browser, Server, run, set_up};
use almoner_store::db::Engine;
use almoner_store::testing::TestDb;
use reqwest::StatusCode;

/// Refunds that are sent at once.
const RACERS: usize = 16;
/// How often the race is run, and how often when there is time.
const RACES: usize = 10;
const LONG_RACES: usize = 200;

fn races() -> usize {
    if crate::common::soaks() { LONG_RACES } else { RACES }
}

async fn paid_payment(browser: &Browser, patient: &str, race: usize) -> String {
    let key = format!("payment-{race}");
    let form = [("patient", patient), ("amount", "500"), ("do", "create"), ("key", &key)];
    let path = browser.go("/payments", &form).await;
    let form = [("to", "paid"), ("tender_type", "cash")];
    browser.go(&format!("{path}/status"), &form).await;
    path
}

/// Sends all refunds of 100 against 500 at once and counts the winners.
async fn race(browsers: &[Arc<Browser>], path: &str, race: usize) -> usize {
    let refund = |racer: usize| {
        let browser = Arc::clone(&browsers[racer % browsers.len()]);
        let path = format!("{path}/refunds");
        let key = format!("refund-{race}-{racer}");
        tokio::spawn(async move {
            let form = [
                ("kind", "partial"),
                ("amount", "100"),
                ("reason", "patient_request"),
                ("key", &key),
            ];
            browser.post(&path, &form).await.status()
        })
    };
    let racers: Vec<_> = (0..RACERS).map(refund).collect();
    let mut winners = 0;
    for racer in racers {
        match racer.await.expect("the racer ends") {
            StatusCode::SEE_OTHER => winners += 1,
            StatusCode::CONFLICT => {}
            other => panic!("a refund was answered with {other}"),
        }
    }
    winners
}

async fn races_on(db: TestDb, servers: usize) {
    let folder = tempfile::tempdir().unwrap();
    set_up(folder.path(), &db.url, "m@test.clinic", "manager").await;
    let mut running = Vec::new();
    let mut browsers = Vec::new();
    for _ in 0..servers {
        let server = Server::start(folder.path(), &db.url).await;
        browsers.push(Arc::new(Browser::sign_in(&server.base, "m@test.clinic").await));
        running.push(server);
    }
    let patient = browsers[0].add_patient().await;
    for number in 0..races() {
        let path = paid_payment(&browsers[0], &patient, number).await;
        assert_eq!(race(&browsers, &path, number).await, 5, "race {number}");
        assert!(browsers[0].page(&path).await.contains("Refunded"));
    }
    let verified = run(folder.path(), &db.url, &["verify"]).await;
    assert_eq!(verified.code, 0, "{}", verified.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite() {
    races_on(TestDb::new(Engine::Sqlite).await, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres() {
    races_on(TestDb::new(Engine::Postgres).await, 2).await;
}
