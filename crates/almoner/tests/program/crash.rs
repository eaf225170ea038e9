//! The server is killed in the middle of its work, again and again: nothing that it acknowledged
//! is lost, nothing is doubled, and the books are clean.

use std::sync::Arc;
use std::time::Duration;

use almoner_store::on_both_engines;
use reqwest::StatusCode;
use tokio::sync::{Mutex, Semaphore};

use crate::common::{Browser, Server, run, set_up, soaks};

/// Who works at the same time.
const CLERKS: usize = 4;
/// Acknowledged changes after which the server is killed.
const CHANGES_BEFORE_KILL: u32 = 25;
/// How long these may take.
const WORK_WITHIN: Duration = Duration::from_mins(1);
/// How often it is killed, and how often when there is time.
const KILLS: usize = 3;
const LONG_KILLS: usize = 100;

/// What the server acknowledged: payments that are Paid, and those that are refunded in part.
#[derive(Default)]
struct Acknowledged {
    paid: Vec<String>,
    refunded: Vec<String>,
}

/// Creates, takes and refunds until the server is gone.
async fn work(
    browser: Browser,
    (patient, clerk): (String, String),
    known: Arc<Mutex<Acknowledged>>,
    changes: Arc<Semaphore>,
) {
    for number in 0.. {
        let key = format!("{clerk}-{number}");
        let form = [("patient", &*patient), ("amount", "50"), ("do", "create"), ("key", &key)];
        let Some(path) = browser.try_go("/payments", &form).await else { return };
        let form = [("to", "paid"), ("tender_type", "cash")];
        let Some(_) = browser.try_go(&format!("{path}/status"), &form).await else { return };
        known.lock().await.paid.push(path.clone());
        let form =
            [("kind", "partial"), ("amount", "20"), ("reason", "billing_error"), ("key", &key)];
        let Some(_) = browser.try_go(&format!("{path}/refunds"), &form).await else { return };
        known.lock().await.refunded.push(path);
        changes.add_permits(3);
    }
}

on_both_engines! {
    async fn nothing_acknowledged_is_lost_when_the_server_is_killed(db) {
        let folder = tempfile::tempdir().unwrap();
        set_up(folder.path(), &db.url, "m@test.clinic", "manager").await;
        let known = Arc::new(Mutex::new(Acknowledged::default()));
        for kill in 0..if soaks() { LONG_KILLS } else { KILLS } {
            let server = Server::start(folder.path(), &db.url).await;
            let changes = Arc::new(Semaphore::new(0));
            let mut clerks = Vec::new();
            for clerk in 0..CLERKS {
                let browser = Browser::sign_in(&server.base, "m@test.clinic").await;
                let patient = browser.add_patient().await;
                let who = (patient, format!("{kill}-{clerk}"));
                let (known, changes) = (Arc::clone(&known), Arc::clone(&changes));
                clerks.push(tokio::spawn(work(browser, who, known, changes)));
            }
            let enough = changes.acquire_many(CHANGES_BEFORE_KILL);
            let enough = tokio::time::timeout(WORK_WITHIN, enough).await;
            enough.expect("the clerks work").unwrap().forget();
            drop(server);
            for clerk in clerks {
                clerk.await.unwrap();
            }
            let verified = run(folder.path(), &db.url, &["verify"]).await;
            assert_eq!(verified.code, 0, "after kill {kill}: {}", verified.stderr);
        }
        let server = Server::start(folder.path(), &db.url).await;
        let browser = Browser::sign_in(&server.base, "m@test.clinic").await;
        let known = known.lock().await;
        for path in &known.paid {
            let again = browser.post(&format!("{path}/status"), &[("to", "cancelled")]).await;
            assert_eq!(again.status(), StatusCode::CONFLICT, "{path} is Paid, or refunded in part");
        }
        for path in &known.refunded {
            let over = [("kind", "partial"), ("amount", "30.01"), ("reason", "billing_error")];
            let over = browser.post(&format!("{path}/refunds"), &over).await;
            assert_eq!(over.status(), StatusCode::CONFLICT, "{path} has $30.00 left");
        }
    }
}
