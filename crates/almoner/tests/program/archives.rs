//! A clinic leaves one database as an archive and arrives in another, whole, whatever cuts it off.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use almoner_store::db::Engine;
use almoner_store::on_both_engines;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::common::{Answer, command, run};

/// Payments that leave and arrive.
const PAYMENTS: &str = "1000";

/// What a command told of each table, but for the audit log, which is written to by it.
fn tables(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let lines = answer.stdout.lines().skip_while(|line| !line.starts_with("table "));
    let lines = lines.take_while(|line| !line.starts_with("content: "));
    let lines: Vec<_> = lines.filter(|line| !line.starts_with("audit_event ")).collect();
    assert!(lines.len() > 50, "{}", answer.stdout);
    lines.into_iter().map(str::to_owned).collect()
}

fn drafts(folder: &Path) -> usize {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().ends_with(".copying")).count()
}

/// Runs a command until it prints such a line, and kills it there.
async fn cut_off(folder: &Path, database: &str, args: &[&str], until: &str) {
    let mut child = command(folder, database);
    let mut child = child.args(args).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while !lines.next_line().await.unwrap().expect(until).starts_with(until) {}
    child.kill().await.unwrap();
    assert!(!child.wait().await.unwrap().success(), "it was killed in time");
}

on_both_engines! {
    async fn a_clinic_arrives_whole_and_one_that_is_cut_off_not_at_all(db) {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let from = format!("sqlite://{}", folder.join("from.db").display());
        let args = ["demo-data", "--payments", PAYMENTS, "--patients", "200"];
        let invented = run(folder, &from, &args).await;
        assert_eq!(invented.code, 0, "{}", invented.stderr);
        let away = ["org", "export", "clinic.zip"];
        cut_off(folder, &from, &away, "exported: 0 of").await;
        assert!(!folder.join("clinic.zip").exists() && drafts(folder) == 1);
        let left = run(folder, &from, &away).await;
        let mode = std::fs::metadata(folder.join("clinic.zip")).unwrap().permissions().mode();
        assert_eq!((drafts(folder), mode & 0o777), (0, 0o600));
        let over = run(folder, &from, &away).await;
        assert!(over.code == 1 && over.stderr.contains("is there already"), "{}", over.stderr);
        let here = ["org", "import", "clinic.zip"];
        // Keys that seal the old clinic's links are not taken along to another database.
        let old_key = folder.join("almoner-data/link.key");
        std::fs::create_dir_all(old_key.parent().unwrap()).unwrap();
        std::fs::write(&old_key, "a7".repeat(32)).unwrap();
        let old = run(folder, &db.url, &here).await;
        assert!(old.code == 1 && old.stderr.contains("--link-key-file"), "{}", old.stderr);
        let here = [&here[..], &["--link-key-file", "new.key"]].concat();
        for until in ["imported: 0 of", "compared: 0 of"] {
            cut_off(folder, &db.url, &here, until).await;
            let verified = run(folder, &db.url, &["verify"]).await;
            assert!(verified.stderr.contains("no organization"), "{}", verified.stderr);
        }
        let arrived = run(folder, &db.url, &here).await;
        assert_eq!(tables(&arrived), tables(&left));
        let verified = run(folder, &db.url, &["verify"]).await;
        assert_eq!(verified.code, 0, "{}", verified.stderr);
        let again = run(folder, &db.url, &here).await;
        assert!(again.code == 1 && again.stderr.contains("here already"), "{}", again.stderr);
        if db.engine() == Engine::Sqlite {
            return;
        }
        // And back, into a file that is not there yet.
        let back = format!("sqlite://{}", folder.join("new/back.db").display());
        let sent = run(folder, &db.url, &["org", "export", "back.zip"]).await;
        assert_eq!(tables(&sent), tables(&left));
        let again = ["org", "import", "back.zip", "--link-key-file", "new.key"];
        let returned = run(folder, &back, &again).await;
        assert_eq!(tables(&returned), tables(&left));
        let verified = run(folder, &back, &["verify"]).await;
        assert_eq!(verified.code, 0, "{}", verified.stderr);
    }
}

#[tokio::test]
async fn what_is_no_archive_makes_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let to = format!("sqlite://{}", folder.join("to.db").display());
    std::fs::write(folder.join("letter.zip"), "Dear clinic,\n").unwrap();
    for (file, told) in [("letter.zip", "no zip file"), ("missing.zip", "missing.zip")] {
        let refused = run(folder, &to, &["org", "import", file]).await;
        assert!(refused.code == 1 && refused.stderr.contains(told), "{}", refused.stderr);
        assert!(!folder.join("to.db").exists());
    }
}
