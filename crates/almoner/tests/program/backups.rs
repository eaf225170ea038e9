//! Backups are made while the server works, and believed only when they are what was written.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use almoner_store::copy::{self, Progress, Teller};
use almoner_store::db::{Durability, Engine};
use almoner_store::testing::TestDb;
use almoner_store::{Db, on_both_engines};

use crate::common::{Browser, Server, run, set_up};

/// Who works at the same time.
const CLERKS: usize = 3;
/// Backups that are made meanwhile.
const BACKUPS: usize = 2;
/// How long the clerks may take for a few payments.
const WORK_WITHIN: Duration = Duration::from_mins(1);

/// What the clerks have done.
#[derive(Default)]
struct Work {
    /// Payments that the server acknowledged as Paid.
    paid: AtomicI64,
    /// Whether to go home.
    ends: AtomicBool,
}

/// Creates payments and takes money until it is time to go.
async fn work(browser: Browser, (patient, clerk): (String, usize), work: Arc<Work>) {
    for number in 0.. {
        if work.ends.load(Ordering::SeqCst) {
            return;
        }
        let key = format!("{clerk}-{number}");
        let form = [("patient", &*patient), ("amount", "50"), ("do", "create"), ("key", &key)];
        let path = browser.go("/payments", &form).await;
        let form = [("to", "paid"), ("tender_type", "cash")];
        browser.go(&format!("{path}/status"), &form).await;
        work.paid.fetch_add(1, Ordering::SeqCst);
    }
}

/// Waits until so many payments are Paid; tells how many are by then.
async fn await_paid(work: &Work, count: i64) -> i64 {
    let enough = async {
        while work.paid.load(Ordering::SeqCst) < count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(WORK_WITHIN, enough).await.expect("the clerks work");
    work.paid.load(Ordering::SeqCst)
}

/// How many payments of a database are Paid.
async fn paid(url: &str) -> i64 {
    let db = Db::open(url, Durability::Full).await.unwrap();
    let sql = "SELECT count(*) AS n FROM payment WHERE status = 'paid'";
    let row = db.read().await.unwrap().one(sql, Vec::new()).await.unwrap();
    db.close().await;
    row.int("n").unwrap()
}

fn file_url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

on_both_engines! {
    async fn a_backup_is_of_one_moment_while_the_server_works(db) {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        set_up(folder, &db.url, "m@test.clinic", "manager").await;
        let server = Server::start(folder, &db.url).await;
        let done = Arc::new(Work::default());
        let mut clerks = Vec::new();
        for clerk in 0..CLERKS {
            let browser = Browser::sign_in(&server.base, "m@test.clinic").await;
            let patient = browser.add_patient().await;
            clerks.push(tokio::spawn(work(browser, (patient, clerk), Arc::clone(&done))));
        }
        let mut between = Vec::new();
        for number in 0..BACKUPS {
            let wanted = between.last().map_or(5, |(_, _, after)| after + 5);
            let before = await_paid(&done, wanted).await;
            let file = folder.join(format!("{number}.backup"));
            let made = run(folder, &db.url, &["backup", file.to_str().unwrap()]).await;
            assert_eq!(made.code, 0, "{}", made.stderr);
            let after = done.paid.load(Ordering::SeqCst);
            assert!(after > before, "the clerks went on");
            between.push((file, before, after));
        }
        done.ends.store(true, Ordering::SeqCst);
        for clerk in clerks {
            clerk.await.unwrap();
        }
        drop(server);
        let elsewhere = TestDb::new(Engine::Postgres).await;
        let new = file_url(&folder.join("new.db"));
        for ((file, before, after), url) in between.iter().zip([&elsewhere.url, &new]) {
            let restored = run(folder, url, &["restore", file.to_str().unwrap()]).await;
            assert_eq!(restored.code, 0, "{}", restored.stderr);
            let verified = run(folder, url, &["verify"]).await;
            assert_eq!(verified.code, 0, "{}", verified.stderr);
            // One that was Paid already may not have been acknowledged by then.
            let clerks = i64::try_from(CLERKS).unwrap();
            let paid = paid(url).await;
            assert!((*before..=after + clerks).contains(&paid), "{before} {paid} {after}");
        }
        let over = run(folder, &db.url, &["restore", between[0].0.to_str().unwrap()]).await;
        assert_eq!(over.code, 1, "{}", over.stdout);
        assert!(over.stderr.contains("holds an organization already"), "{}", over.stderr);
    }

    async fn what_is_not_what_was_backed_up_is_not_restored(db) {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        set_up(folder, &db.url, "m@test.clinic", "manager").await;
        let backup = folder.join("day.backup");
        let made = run(folder, &db.url, &["backup", backup.to_str().unwrap()]).await;
        assert_eq!(made.code, 0, "{}", made.stderr);
        let again = run(folder, &db.url, &["backup", backup.to_str().unwrap()]).await;
        assert_eq!(again.code, 1);
        assert!(again.stderr.contains("is there already"), "{}", again.stderr);
        let whole = std::fs::read(&backup).unwrap();
        let changed = |from: &[u8], to: &[u8]| {
            let mut bytes = whole.clone();
            let found = bytes.windows(from.len()).position(|window| window == from);
            let place = found.expect("it is in the file");
            bytes[place..place + to.len()].copy_from_slice(to);
            bytes
        };
        let plain = folder.join("plain.db");
        set_up(folder, &file_url(&plain), "m@test.clinic", "manager").await;
        let cases = [
            (changed(b"m@test.clinic", b"n@test.clinic"), "staff_user"),
            (whole[..whole.len() / 2].to_vec(), "malformed"),
            (b"not a database, but long enough to be taken for one".repeat(99), "not a database"),
            (std::fs::read(&plain).unwrap(), "no file that `almoner backup` wrote"),
        ];
        let bad = folder.join("bad.backup");
        let target = folder.join("restored.db");
        for (bytes, words) in cases {
            std::fs::write(&bad, bytes).unwrap();
            let args = ["restore", bad.to_str().unwrap()];
            let refused = run(folder, &file_url(&target), &args).await;
            assert_eq!(refused.code, 1, "{words}: {}", refused.stdout);
            assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
            assert!(!target.exists(), "{words}");
        }
        std::fs::write(&bad, &whole).unwrap();
        let restored = run(folder, &file_url(&target), &["restore", bad.to_str().unwrap()]).await;
        assert_eq!(restored.code, 0, "{}", restored.stderr);
        assert_eq!(std::fs::read(&bad).unwrap(), whole, "a backup is left as it is");
    }

    async fn a_backup_of_an_earlier_version_is_restored_and_one_of_a_later_is_not(db) {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let earlier = TestDb::at_version(Engine::Sqlite, 9).await;
        let mut tx = earlier.begin().await.unwrap();
        let sql = "INSERT INTO organization
                (organization_id, slug, name, time_zone, currency, created_at_us)
            VALUES (1, 'old', 'Old Clinic', 'UTC', 'USD', 0)";
        tx.execute(sql, Vec::new()).await.unwrap();
        let mut tell = |_: Progress| ();
        let content = copy::read_content(&mut tx, &mut Teller::new(&mut tell)).await.unwrap();
        copy::record(&mut tx, &content, jiff::Timestamp::UNIX_EPOCH).await.unwrap();
        tx.commit().await.unwrap();
        earlier.close().await;
        let file = earlier.url.strip_prefix("sqlite://").unwrap();
        let restored = run(folder, &db.url, &["restore", file]).await;
        assert_eq!(restored.code, 0, "{}", restored.stderr);
        let verified = run(folder, &db.url, &["verify"]).await;
        assert!(verified.code == 0 && verified.stdout.contains("old: "), "{}", verified.stderr);
        let later = Db::open(&earlier.url, Durability::Full).await.unwrap();
        let mut tx = later.begin().await.unwrap();
        let sql = "UPDATE _sqlx_migrations SET version = 9999 WHERE version = 9";
        tx.execute(sql, Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
        later.close().await;
        let new = file_url(&folder.join("new.db"));
        let refused = run(folder, &new, &["restore", file]).await;
        assert_eq!(refused.code, 1, "{}", refused.stdout);
        assert!(refused.stderr.contains("a later version"), "{}", refused.stderr);
    }
}
