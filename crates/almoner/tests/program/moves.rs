//! A database is moved from one engine to the other and back, whole, whatever cuts it off.

use std::path::Path;
use std::process::Stdio;

use almoner_store::db::Engine;
use almoner_store::on_both_engines;
use almoner_store::testing::TestDb;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::common::{command, run, soaks};

/// Payments that go there and back, and how many when there is time.
const PAYMENTS: &str = "2000";
const LONG_PAYMENTS: &str = "100000";

/// Fills a new file with an invented clinic.
async fn invent(folder: &Path, database: &str, payments: &str) {
    let args = ["demo-data", "--payments", payments, "--patients", "500"];
    let filled = run(folder, database, &args).await;
    assert_eq!(filled.code, 0, "{}", filled.stderr);
}

/// Moves a database, has what came of it verified, and tells what each table holds.
async fn move_verified(folder: &Path, from: &str, to: &str, more: &[&str]) -> Vec<String> {
    let moved = run(folder, to, &[&["move", "--from", from, "--to", to], more].concat()).await;
    assert_eq!(moved.code, 0, "{}", moved.stderr);
    let verified = run(folder, to, &["verify"]).await;
    assert_eq!(verified.code, 0, "{}", verified.stderr);
    let lines = moved.stdout.lines().skip_while(|line| !line.starts_with("table "));
    lines.take_while(|line| !line.starts_with("Both")).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_move_there_and_back_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = TestDb::new(Engine::Postgres).await;
    let at = |name: &str| format!("sqlite://{}", folder.join(name).display());
    let (first, second) = (at("first.db"), at("new/second.db"));
    let payments = if soaks() { LONG_PAYMENTS } else { PAYMENTS };
    invent(folder, &first, payments).await;
    let there = move_verified(folder, &first, &server.url, &[]).await;
    let back = move_verified(folder, &server.url, &second, &[]).await;
    assert_eq!(there, back, "the second file holds what the first one does");
    let is_payments = |line: &&String| line.starts_with("payment ") && line.contains(payments);
    assert_eq!(there.iter().filter(is_payments).count(), 1, "{there:?}");
    assert!(there.last().unwrap().starts_with("content: "), "{there:?}");
    for to in [&first, &server.url] {
        let again = run(folder, to, &["move", "--from", &second, "--to", to]).await;
        assert_eq!(again.code, 1, "{}", again.stdout);
        assert!(again.stderr.contains("holds an organization already"), "{}", again.stderr);
    }
    let same = run(folder, &first, &["move", "--from", &first, "--to", &first]).await;
    assert_eq!(same.code, 2, "{}", same.stdout);
    let nowhere = at("missing.db");
    let nothing = run(folder, &first, &["move", "--from", &nowhere, "--to", &at("x.db")]).await;
    assert_eq!(nothing.code, 1);
    assert!(nothing.stderr.contains("no database"), "{}", nothing.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_move_into_partitions_and_out_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = TestDb::new(Engine::Postgres).await;
    let at = |name: &str| format!("sqlite://{}", folder.join(name).display());
    let (first, second, third) = (at("first.db"), at("second.db"), at("third.db"));
    invent(folder, &first, PAYMENTS).await;
    let parts = ["--partitions", "4"];
    let there = move_verified(folder, &first, &server.url, &parts).await;
    let back = move_verified(folder, &server.url, &second, &[]).await;
    assert_eq!(there, back, "the second file holds what the partitions do");
    assert!(there.last().unwrap().starts_with("content: "), "{there:?}");
    let moving = [&["move", "--from", &first, "--to", &third], &parts[..]].concat();
    let refused = run(folder, &third, &moving).await;
    assert_eq!(refused.code, 1, "{}", refused.stdout);
    assert!(refused.stderr.contains("on a PostgreSQL server"), "{}", refused.stderr);
    assert!(!folder.join("third.db").exists());
    assert_eq!(drafts(folder), 0);
}

/// What lies in a folder and was begun.
fn drafts(folder: &Path) -> usize {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().ends_with(".copying")).count()
}

on_both_engines! {
    async fn a_move_that_is_killed_leaves_nothing_and_is_begun_again(db) {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let from = format!("sqlite://{}", folder.join("from.db").display());
        let file = folder.join("to.db");
        let is_file = db.engine() == Engine::Sqlite;
        let to = if is_file { format!("sqlite://{}", file.display()) } else { db.url.clone() };
        invent(folder, &from, PAYMENTS).await;
        for until in ["copied: 0 of", "compared: 0 of"] {
            let mut moving = command(folder, &to);
            moving.args(["move", "--from", &from, "--to", &to]).stdout(Stdio::piped());
            let mut moving = moving.spawn().unwrap();
            let mut lines = BufReader::new(moving.stdout.take().unwrap()).lines();
            while !lines.next_line().await.unwrap().expect(until).starts_with(until) {}
            moving.kill().await.unwrap();
            assert!(!moving.wait().await.unwrap().success(), "it was killed in time");
            if is_file {
                assert!(!file.exists(), "{until}: nothing has its name");
                assert_eq!(drafts(folder), 1, "{until}: the one before it was removed");
            } else {
                let verified = run(folder, &to, &["verify"]).await;
                assert!(verified.stderr.contains("no organization"), "{}", verified.stderr);
            }
        }
        move_verified(folder, &from, &to, &[]).await;
        assert_eq!(drafts(folder), 0);
    }
}
