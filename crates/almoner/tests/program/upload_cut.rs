//! The server is killed while a document comes or is being written, again and again: nothing half
//! done is shown, the leftovers are removed, and the document can be sent again.

use std::convert::Infallible;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use almoner_store::{Db, on_both_engines};
use bytes::Bytes;
use futures_util::stream;
use reqwest::{Body, StatusCode};
use tokio::sync::mpsc;

use crate::common::{Browser, Server, run, set_up, soaks};

/// How long the document is: several parts of the store, and a rest.
const SIZE: usize = 24 * 1024 * 1024;
/// How long the program may take to get somewhere.
const WITHIN: Duration = Duration::from_mins(1);
/// Rounds when there is time.
const LONG_ROUNDS: usize = 30;
/// What the form sends, so that a document that is sent again is the same.
const KEY: &str = "one form";

/// When the server is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// Half of the document has come.
    Coming,
    /// All of it has, and is being written.
    Writing,
}

fn content() -> Bytes {
    let lines = (0..).flat_map(|number: u32| format!("line {number}\n").into_bytes());
    lines.take(SIZE).collect::<Vec<u8>>().into()
}

/// A body that comes as it is sent here.
pub(crate) fn slow_body() -> (mpsc::Sender<Bytes>, Body) {
    let (sender, receiver) = mpsc::channel::<Bytes>(1);
    let pieces = stream::unfold(receiver, async |mut receiver| {
        let piece = receiver.recv().await?;
        Some((Ok::<_, Infallible>(piece), receiver))
    });
    (sender, Body::wrap_stream(pieces))
}

async fn count(db: &Db, of: &str) -> i64 {
    let mut tx = db.read().await.unwrap();
    let sql = format!("SELECT count(*) AS n FROM {of}");
    tx.one(sql, Vec::new()).await.unwrap().int("n").unwrap()
}

/// Waits until nothing waits to be removed any more, within a deadline.
async fn await_removal(db: &Db) {
    let gone = async {
        while count(db, "stored_file WHERE state <> 'kept'").await > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(WITHIN, gone).await.expect("what was cut off is removed");
}

/// Waits until one more file is being written than before, within a deadline.
async fn await_draft(folder: &Path, before: usize) {
    let begun = async {
        while drafts(folder) <= before {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(WITHIN, begun).await.expect("the document is written");
}

/// How many files were begun and are not whole.
fn drafts(folder: &Path) -> usize {
    kept(folder).iter().filter(|name| name.contains('#')).count()
}

/// Whatever lies in the folder of the documents.
fn kept(folder: &Path) -> Vec<String> {
    let Ok(clinics) = std::fs::read_dir(folder) else { return Vec::new() };
    let names = |clinic: std::io::Result<std::fs::DirEntry>| {
        let files = std::fs::read_dir(clinic.unwrap().path()).unwrap();
        files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
    };
    clinics.flat_map(names).collect()
}

on_both_engines! {
    async fn an_upload_that_is_killed_leaves_nothing_and_can_be_sent_again(db) {
        let folder = tempfile::tempdir().unwrap();
        let documents = folder.path().join("documents");
        let address = format!("file://{}", documents.display());
        let serve = ["serve", "--log", "warn", "--files", &address];
        let start = || Server::start_with(folder.path(), &db.url, &serve, Stdio::inherit());
        set_up(folder.path(), &db.url, "m@test.clinic", "manager").await;
        let content = content();
        let server = start().await;
        let browser = Browser::sign_in(&server.base, "m@test.clinic").await;
        let patient = browser.add_patient().await;
        let form = [("patient", &*patient), ("amount", "50"), ("do", "create"), ("key", "k")];
        let payment = browser.go("/payments", &form).await;
        let path = format!("{payment}/documents");
        drop((server, browser));
        for _ in 0..if soaks() { LONG_ROUNDS } else { 1 } {
            for moment in [Moment::Coming, Moment::Writing, Moment::Writing] {
                let server = start().await;
                let browser = Browser::sign_in(&server.base, "m@test.clinic").await;
                let before = drafts(&documents);
                let (sender, body) = slow_body();
                let (answer, ()) = tokio::join!(browser.send_file(&path, KEY, body), async {
                    sender.send(content.slice(..SIZE / 2)).await.unwrap();
                    // There is room for a second piece only when the first has gone out.
                    sender.send(content.slice(SIZE / 2..=SIZE / 2)).await.unwrap();
                    if matches!(moment, Moment::Writing) {
                        sender.send(content.slice(SIZE / 2 + 1..)).await.unwrap();
                        drop(sender);
                        await_draft(&documents, before).await;
                    }
                    drop(server);
                });
                assert_eq!(answer, None, "{moment:?}: nothing was acknowledged");
                let verify = ["verify", "--documents", "content", "--files", &address];
                let verified = run(folder.path(), &db.url, &verify).await;
                assert_eq!(verified.code, 0, "{moment:?}: {}", verified.stderr);
            }
        }
        let cut_off = count(&db, "stored_file WHERE state = 'storing'").await;
        assert!(cut_off > 0 && drafts(&documents) > 0, "it was killed while it wrote");
        // A day later the job takes up what was cut off.
        let mut tx = db.begin().await.unwrap();
        let sql = "UPDATE stored_file SET due_at_us = 0 WHERE state = 'storing'";
        tx.execute(sql, Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
        let server = start().await;
        let browser = Browser::sign_in(&server.base, "m@test.clinic").await;
        await_removal(&db).await;
        // A server that was killed after it had written all, and before it said so, has added it.
        let whole = count(&db, "document").await;
        assert_eq!(kept(&documents).len(), usize::try_from(whole).unwrap());
        let first = browser.bytes(&format!("{path}/1")).await;
        assert_eq!(first.0, if whole > 0 { StatusCode::OK } else { StatusCode::NOT_FOUND });
        for _ in 0..2 {
            let answer = browser.send_file(&path, KEY, content.clone().into()).await;
            assert_eq!(answer, Some(StatusCode::SEE_OTHER));
            let (status, served) = browser.bytes(&format!("{path}/1")).await;
            assert!(status == StatusCode::OK && served == content);
            assert_eq!(count(&db, "document").await, 1, "sent again, added once");
        }
        assert_eq!(kept(&documents).len(), 1);
        let verify = ["verify", "--documents", "content", "--files", &address];
        let verified = run(folder.path(), &db.url, &verify).await;
        assert_eq!(verified.code, 0, "{}", verified.stderr);
    }
}
