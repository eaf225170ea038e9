//! An import is killed in the middle of its work, again and again: what it stored stays, and the
//! import that is let finish neither loses nor doubles anything.

use std::process::Stdio;
use std::time::Duration;

use almoner_store::{Db, on_both_engines};

use crate::common::{command, run, set_up};

/// Answers in the file: more than several transactions import.
const ANSWERS: usize = 400;
/// Bytes behind them: more than one transaction stores.
const BYTES_BEHIND: usize = 9 * 1024 * 1024;
/// How far an import gets before it is killed: parts of the file, and checks.
const KILLED_AFTER: [(i64, i64); 4] = [(1, 0), (20, 0), (0, 1), (0, 150)];
/// How long it may take to get there.
const WITHIN: Duration = Duration::from_mins(2);

fn file() -> Vec<u8> {
    let mut text = "ISA*00**00**ZZ*PAYER*ZZ*CLINIC*261101*0900*^*00501*000000001*0*T*:~\n\
        GS*HB*PAYER*CLINIC*20261101*0900*1*X*005010X279A1~\n"
        .to_owned();
    for number in 0..ANSWERS {
        let answer = format!(
            "ST*271*{number:04}*005010X279A1~BHT*0022*11*REF{number}*20261101*0900~HL*1**20*1~\
             NM1*PR*2*SAMPLE HEALTH*****PI*12345~HL*2*1*21*1~\
             NM1*1P*2*TEST CLINIC*****XX*1234567893~HL*3*2*22*0~\
             NM1*IL*1*TESTPERSON*ADA****MI*MEMBER{number}~DMG*D8*19800101*F~EB*1*IND*30~\
             EB*B*IND*98***27*25~SE*12*{number:04}~\n"
        );
        text.push_str(&answer);
    }
    let mut file = format!("{text}GE*{ANSWERS}*1~\nIEA*1*000000001~\n").into_bytes();
    file.resize(file.len() + BYTES_BEHIND, b'\n');
    file
}

async fn count(db: &Db, of: &str) -> i64 {
    let mut tx = db.read().await.unwrap();
    let sql = format!("SELECT count(*) AS n FROM {of}");
    tx.one(sql, Vec::new()).await.unwrap().int("n").unwrap()
}

on_both_engines! {
    async fn an_import_that_is_killed_is_finished_by_the_next(db) {
        let folder = tempfile::tempdir().unwrap();
        set_up(folder.path(), &db.url, "m@test.clinic", "manager").await;
        let path = folder.path().join("many.271");
        let content = file();
        std::fs::write(&path, &content).unwrap();
        let path = path.to_string_lossy().into_owned();
        for (parts, checks) in KILLED_AFTER {
            let mut importing = command(folder.path(), &db.url);
            importing.args(["eligibility", "import", &path]).stdout(Stdio::null());
            let mut importing = importing.spawn().expect("the program starts");
            let reached = async {
                while importing.try_wait().unwrap().is_none()
                    && (count(&db, "eligibility_file_part").await < parts
                        || count(&db, "eligibility_check").await < checks)
                {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(WITHIN, reached).await.expect("the import goes on");
            // It may have ended by itself; either way it does nothing any more.
            let _ = importing.kill().await;
            let verified = run(folder.path(), &db.url, &["verify"]).await;
            assert_eq!(verified.code, 0, "{parts}, {checks}: {}", verified.stderr);
        }
        let whole = run(folder.path(), &db.url, &["eligibility", "import", &path]).await;
        assert_eq!(whole.code, 0, "{}", whole.stderr);
        assert_eq!(whole.stdout.lines().count(), ANSWERS, "a line for each answer");
        assert!(whole.stdout.contains("imported before"), "{}", whole.stdout);
        assert_eq!(count(&db, "eligibility_check").await, i64::try_from(ANSWERS).unwrap());
        assert_eq!(count(&db, "eligibility_benefit").await, i64::try_from(2 * ANSWERS).unwrap());
        assert_eq!(count(&db, "eligibility_file").await, 1);
        let mut tx = db.read().await.unwrap();
        let sql = "SELECT CAST(sum(length(content)) AS BIGINT) AS n, count(*) AS parts
            FROM eligibility_file_part";
        let kept = tx.one(sql, Vec::new()).await.unwrap();
        assert_eq!(kept.int("n").unwrap(), i64::try_from(content.len()).unwrap());
        let parts = i64::try_from(content.len().div_ceil(262_144)).unwrap();
        assert_eq!(kept.int("parts").unwrap(), parts);
    }
}
