//! What an archive takes is decided for every table, and arrives under another number as it was.

use almoner_domain::OrganizationId;
use almoner_store::archive::{self, Of, Piece, Reading, TAKEN, Taken};
use almoner_store::copy::TABLES;
use almoner_store::db::{Db, Engine};
use almoner_store::testing::TestDb;
use almoner_store::{on_both_engines, organizations};

use crate::common::at;
use crate::{copies, kept_rows, schema};

/// When everything happens.
const WHEN: &str = "2026-03-10T15:00:00Z";

/// What an archive has of an organization: each table's rows as texts, and what the engine tells.
async fn taken(db: &Db, org: OrganizationId) -> Vec<(String, Vec<String>, (i64, Option<i64>))> {
    let of = Of { org, made_at: at(WHEN) };
    let mut tx = db.snapshot().await.unwrap();
    let mut all = Vec::new();
    for table in archive::tables(&mut tx).await.unwrap() {
        let told = archive::told(&mut tx, &table, of).await.unwrap();
        let mut rows = Vec::new();
        let mut reading = Reading::begin(&mut tx, &table, of);
        loop {
            let piece = reading.piece().await.unwrap();
            if piece.is_empty() {
                break;
            }
            rows.extend(piece.chunks(table.columns.len()).map(|row| format!("{row:?}")));
        }
        drop(reading);
        all.push((table.name().to_owned(), rows, told));
    }
    all
}

/// Brings all rows of an organization into another database, as the next one there.
async fn bring(from: &Db, org: OrganizationId, to: &Db) -> OrganizationId {
    let of = Of { org, made_at: at(WHEN) };
    let (mut reading, mut writing) = (from.snapshot().await.unwrap(), to.begin().await.unwrap());
    let rules = archive::begin(&mut writing).await.unwrap();
    let next = organizations::next_id(&mut writing).await.unwrap();
    for table in archive::tables(&mut reading).await.unwrap() {
        let mut rows = Reading::begin(&mut reading, &table, of);
        loop {
            let values = rows.piece().await.unwrap();
            if values.is_empty() {
                break;
            }
            let mut piece = Piece::default();
            for row in values.chunks(table.columns.len()) {
                piece.add(row.to_vec());
            }
            archive::insert(&mut writing, &table, next, piece).await.unwrap();
        }
    }
    archive::end(&mut writing, rules).await.unwrap();
    writing.commit().await.unwrap();
    next
}

#[test]
fn every_table_is_decided_about() {
    assert_eq!(TAKEN.map(|(table, ..)| table), TABLES, "archive::TAKEN has each of copy::TABLES");
    let of_machines = ["session", "api_request", "idempotency", "processor_event"];
    for table in of_machines {
        let found = TAKEN.iter().find(|(name, ..)| *name == table);
        assert!(found.is_some_and(|(_, taken, _)| *taken == Taken::Nothing), "{table}");
    }
}

on_both_engines! {
    async fn rows_arrive_under_another_number_as_they_were(db) {
        kept_rows::fill(&db).await;
        let org = OrganizationId(1);
        let left = taken(&db, org).await;
        let filled = left.iter().filter(|(_, rows, _)| !rows.is_empty()).count();
        assert!(filled > 25, "{filled} tables have rows");
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let (fresh, other) = (TestDb::new(engine).await, TestDb::new(engine).await);
            let mut tx = other.begin().await.unwrap();
            organizations::insert(&mut tx, "first", "First", "UTC", at(WHEN)).await.unwrap();
            tx.commit().await.unwrap();
            let next = bring(&db, org, &other).await;
            assert_eq!(next, OrganizationId(2));
            assert_eq!(taken(&other, next).await, left, "to {engine:?}");
            assert_eq!(schema::read(&other).await, schema::read(&fresh).await);
            assert_eq!(copies::triggers(&other).await, copies::triggers(&fresh).await);
        }
        assert_eq!(taken(&db, org).await, left, "what was taken is there still");
    }
}
