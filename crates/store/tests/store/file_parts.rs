//! Files in parts, and files that an earlier version stored as a whole.

use almoner_domain::OrganizationId;
use almoner_store::db::Engine;
use almoner_store::eligibility_files::{self, KeptFile, NewFile, PART_BYTES};
use almoner_store::testing::TestDb;
use almoner_store::{Db, on_both_engines, params};
use jiff::Timestamp;

const ORG: OrganizationId = OrganizationId(1);
/// The last version that stored a file as a whole.
const VERSION: i64 = 5;

async fn add_organization(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    let sql = "INSERT INTO organization (organization_id, slug, name, time_zone, currency,
            created_at_us)
        VALUES ($1, 'sample', 'Sample Clinic', 'America/New_York', 'USD', 0)";
    tx.execute_one(sql, params![ORG]).await.unwrap();
    tx.commit().await.unwrap();
}

/// Bytes of every value, without a pattern that parts share.
fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from((at * 7 + at / 251) % 256).unwrap()).collect()
}

/// All parts of a file.
async fn parts(db: &Db, hash: &[u8]) -> Vec<Vec<u8>> {
    let mut tx = db.read().await.unwrap();
    let mut parts = Vec::new();
    for part_no in 0.. {
        let part = eligibility_files::part(&mut tx, ORG, hash, part_no).await.unwrap();
        let Some(part) = part else { break };
        parts.push(part);
    }
    parts
}

async fn files_of_an_earlier_version_are_carried_over(engine: Engine) {
    let db = TestDb::at_version(engine, VERSION).await;
    add_organization(&db).await;
    let lengths = [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 5 * PART_BYTES + 77];
    let mut tx = db.begin().await.unwrap();
    for length in lengths {
        let sql =
            "INSERT INTO eligibility_file (organization_id, file_hash, name, content, failure,
            imported_at_us) VALUES ($1, $2, $3, $4, $5, 7)";
        let (hash, failure) = (length.to_be_bytes().to_vec(), (length == 0).then_some("empty"));
        tx.execute_one(sql, params![ORG, hash, "a.271", content(length), failure]).await.unwrap();
    }
    tx.commit().await.unwrap();
    db.migrate().await.unwrap();
    for length in lengths {
        let hash = length.to_be_bytes();
        let mut tx = db.read().await.unwrap();
        let kept = eligibility_files::get(&mut tx, ORG, &hash).await.unwrap();
        let size_bytes = i64::try_from(length).unwrap();
        let expected = KeptFile { hash: hash.to_vec(), name: "a.271".to_owned(), size_bytes };
        assert_eq!(kept, Some(expected));
        let parts = parts(&db, &hash).await;
        assert_eq!(parts.len(), length.div_ceil(PART_BYTES));
        assert!(parts.concat() == content(length), "{length}");
    }
    assert!(db.is_current().await.unwrap());
}

mod earlier_versions {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn sqlite() {
        files_of_an_earlier_version_are_carried_over(Engine::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn postgres() {
        files_of_an_earlier_version_are_carried_over(Engine::Postgres).await;
    }
}

on_both_engines! {
    async fn a_file_is_whole_once_its_end_is_noted(db) {
        add_organization(&db).await;
        let file = NewFile { hash: vec![1; 32], name: "a.271".to_owned() };
        let now = Timestamp::UNIX_EPOCH;
        for name in ["a.271", "another.271"] {
            let mut tx = db.begin().await.unwrap();
            let again = NewFile { name: name.to_owned(), ..file.clone() };
            assert!(!eligibility_files::begin(&mut tx, ORG, &again, now).await.unwrap());
            for part in [(0, b"first".to_vec()), (0, b"again".to_vec()), (1, b"second".to_vec())] {
                eligibility_files::add_part(&mut tx, ORG, &file.hash, part).await.unwrap();
            }
            assert_eq!(eligibility_files::get(&mut tx, ORG, &file.hash).await.unwrap(), None);
            tx.commit().await.unwrap();
        }
        let mut tx = db.begin().await.unwrap();
        eligibility_files::end(&mut tx, ORG, &file.hash, 11).await.unwrap();
        eligibility_files::set_failure(&mut tx, ORG, &file.hash, "nothing").await.unwrap();
        assert!(eligibility_files::begin(&mut tx, ORG, &file, now).await.unwrap());
        let kept = eligibility_files::get(&mut tx, ORG, &file.hash).await.unwrap().unwrap();
        assert_eq!((kept.name.as_str(), kept.size_bytes), ("a.271", 11));
        let other = OrganizationId(2);
        assert_eq!(eligibility_files::get(&mut tx, other, &file.hash).await.unwrap(), None);
        assert_eq!(eligibility_files::part(&mut tx, other, &file.hash, 0).await.unwrap(), None);
        tx.commit().await.unwrap();
        assert_eq!(parts(&db, &file.hash).await, [b"first".to_vec(), b"second".to_vec()]);
    }
}
