//! The server is asked to stop while it works: it says so first, finishes what is under way, and
//! ends by itself.

use std::process::Stdio;
use std::time::Duration;

use almoner_store::on_both_engines;
use bytes::Bytes;
use reqwest::{Client, StatusCode};

use crate::common::{Browser, Server, run, set_up};
use crate::upload_cut::slow_body;

/// How long the server may take to say that it stops.
const SAID_WITHIN: Duration = Duration::from_secs(10);

/// Waits until that address says that the server stops.
async fn await_stopping(stranger: &Client, address: &str) {
    let said = async {
        loop {
            let answer = stranger.get(address).send().await.expect("it answers still");
            if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
                assert_eq!(answer.text().await.unwrap(), "stopping\n");
                return;
            }
            assert_eq!(answer.status(), StatusCode::OK);
        }
    };
    tokio::time::timeout(SAID_WITHIN, said).await.expect("it says that it stops");
}

on_both_engines! {
    async fn what_is_under_way_is_finished_when_the_server_stops(db) {
        let folder = tempfile::tempdir().unwrap();
        set_up(folder.path(), &db.url, "m@test.clinic", "manager").await;
        let words = ["serve", "--log", "warn", "--drain-seconds", "2"];
        let words = [&words[..], &["--metrics-listen", "127.0.0.1:0"]].concat();
        let start = Server::start_with(folder.path(), &db.url, &words, Stdio::inherit());
        let mut server = start.await;
        let metrics = server.address_after("Metrics are at").await;
        let ready = metrics.replace("/metrics", "/readyz");
        let desk = Browser::sign_in(&server.base, "m@test.clinic").await;
        let patient = desk.add_patient().await;
        let form = [("patient", &*patient), ("amount", "50"), ("do", "create"), ("key", "k")];
        let payment = desk.go("/payments", &form).await;
        let stranger = Client::builder().pool_max_idle_per_host(0).build().unwrap();
        let (sender, body) = slow_body();
        let path = format!("{payment}/documents");
        let base = server.base.clone();
        let (answer, ended) = tokio::join!(desk.send_file(&path, "k", body), async {
            sender.send(Bytes::from_static(b"half of it, ")).await.unwrap();
            // There is room for a second piece only when the first has gone out.
            sender.send(Bytes::from_static(b"and ")).await.unwrap();
            server.ask_to_stop().await;
            // A balancer hears of it while requests are taken still, the monitoring to the end.
            await_stopping(&stranger, &format!("{base}/readyz")).await;
            let refused = async {
                while stranger.get(format!("{base}/healthz")).send().await.is_ok() {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(SAID_WITHIN, refused).await.expect("it takes no more requests");
            await_stopping(&stranger, &ready).await;
            sender.send(Bytes::from_static(b"the rest\n")).await.unwrap();
            drop(sender);
            server.ended().await
        });
        assert_eq!(answer, Some(StatusCode::SEE_OTHER), "the document was taken");
        assert_eq!(ended, Some(0));
        let verified = run(folder.path(), &db.url, &["verify", "--documents", "content"]).await;
        assert_eq!(verified.code, 0, "{}", verified.stderr);
        let mut tx = db.read().await.unwrap();
        let count = tx.one("SELECT count(*) AS n FROM document", Vec::new()).await.unwrap();
        assert_eq!(count.int("n").unwrap(), 1);
    }
}
