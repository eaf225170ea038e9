//! Two servers of the built program on one database server: both bring it to this version at once,
//! either knows whoever signed in at the other, and each piece of work is done by one.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use almoner_store::db::Engine;
use almoner_store::testing::{Replicated, TestDb};
use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::common::{Browser, Server, add_user, run, set_up};

/// Payments that are created, each at both servers at once.
const PAYMENTS: usize = 24;
/// How long the events of all of them may take to be told.
const TOLD_WITHIN: Duration = Duration::from_mins(1);

/// A program that is told of events: where it listens, and the number of each message.
async fn told() -> (String, UnboundedReceiver<String>) {
    let (sender, receiver) = unbounded_channel();
    let take = move |headers: HeaderMap| async move {
        let id = headers["webhook-id"].to_str().expect("it is text").to_owned();
        let _ = sender.send(id);
        StatusCode::NO_CONTENT
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/told", post(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}/told"), receiver)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_share_a_database_and_do_everything_once() {
    let db = TestDb::at_version(Engine::Postgres, 0).await;
    let folder = tempfile::tempdir().unwrap();
    let words = ["serve", "--log", "warn", "--webhooks-allow-private"];
    let start = || Server::start_with(folder.path(), &db.url, &words, Stdio::inherit());
    let (one, two) = tokio::join!(start(), start());
    set_up(folder.path(), &db.url, "m@test.clinic", "manager").await;
    add_user(folder.path(), &db.url, "a@test.clinic", "administrator").await;
    let (address, mut messages) = told().await;
    let administrator = Browser::sign_in(&one.base, "a@test.clinic").await;
    let form = [("url", &*address), ("description", "Sample"), ("key", "k")];
    let added = administrator.at(&two.base).post("/settings/webhooks", &form).await;
    assert_eq!(added.status(), StatusCode::CREATED, "who signed in at one is known at the other");

    let desk = Browser::sign_in(&one.base, "m@test.clinic").await;
    let desks = [desk.at(&one.base), desk.at(&two.base)];
    let patient = desks[1].add_patient().await;
    for number in 0..PAYMENTS {
        let key = format!("payment-{number}");
        let form = [("patient", &*patient), ("amount", "50"), ("do", "create"), ("key", &key)];
        // The same form at both at once, as when a balancer tries it again: one payment.
        let [first, again] = &desks;
        let (first, again) =
            tokio::join!(first.go("/payments", &form), again.go("/payments", &form));
        assert_eq!(first, again);
    }
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    let all = async {
        while counted.len() < PAYMENTS {
            *counted.entry(messages.recv().await.expect("it listens")).or_default() += 1;
        }
    };
    tokio::time::timeout(TOLD_WITHIN, all).await.expect("every event is told");
    for server in [one, two] {
        server.ask_to_stop().await;
        assert_eq!(server.ended().await, Some(0));
    }
    // Both have ended what they were in: whatever was told twice has come by now.
    while let Ok(id) = messages.try_recv() {
        *counted.entry(id).or_default() += 1;
    }
    assert!(counted.values().all(|times| *times == 1) && counted.len() == PAYMENTS, "{counted:?}");
    let verified = run(folder.path(), &db.url, &["verify"]).await;
    assert_eq!(verified.code, 0, "{}", verified.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_reads_at_a_replica_when_it_is_told_to() {
    let (db, replicated) = Replicated::start().await;
    let folder = tempfile::tempdir().unwrap();
    let replica = ["--read-database", &replicated.url];
    let embedded = format!("sqlite://{}/almoner.db", folder.path().display());
    let refused = run(folder.path(), &embedded, &[&["serve"][..], &replica].concat()).await;
    assert_ne!(refused.code, 0);
    assert!(refused.stderr.contains("has a replica to read from"), "{}", refused.stderr);

    set_up(folder.path(), &db.url, "m@test.clinic", "manager").await;
    let words = ["serve", "--log", "warn", "--metrics-listen", "127.0.0.1:0"];
    let words = [&words[..], &replica].concat();
    let start = Server::start_with(folder.path(), &db.url, &words, Stdio::inherit());
    let mut server = start.await;
    let metrics = server.address_after("Metrics are at").await;
    let desk = Browser::sign_in(&server.base, "m@test.clinic").await;
    let read = async {
        loop {
            assert!(desk.page("/payments").await.contains("Payments"));
            let text = reqwest::get(&metrics).await.unwrap().text().await.unwrap();
            let reads = "almoner_replica_reads_total{at=\"replica\"}";
            if text.contains(reads) && text.contains("almoner_replica_usable 1") {
                return text;
            }
        }
    };
    let text = tokio::time::timeout(TOLD_WITHIN, read).await.expect("it reads there");
    assert!(text.contains("pool=\"replica\"") && text.contains("almoner_replica_lag_seconds"));
    server.ask_to_stop().await;
    assert_eq!(server.ended().await, Some(0));
}
