//! A database is copied from each engine to each, and nothing of it is lost or counted twice.

use std::collections::BTreeSet;

use almoner_store::copy::content::Content;
use almoner_store::copy::{self, CopyError, OF_THE_SCHEMA, Progress, TABLES, Teller};
use almoner_store::db::{Db, Engine, Shape};
use almoner_store::testing::TestDb;
use almoner_store::{on_both_engines, params};

use crate::common::{at, number, run, run_refused, word};
use crate::{kept_rows, schema};

/// Text that an engine, or the way to it, might take for something else.
const ODD: [&str; 8] = ["", "\\N", "\\.", "\t \r\n\\t", "'\";--", "NULL", "e\u{301} é 😀", "\u{1}"];

/// Copies all of one database into another.
pub(crate) async fn copy_all(from: &Db, to: &Db) -> Result<Content, CopyError> {
    copy_into(from, to, None).await
}

/// Copies all of one database into another, whose large tables get so many partitions.
pub(crate) async fn copy_into(
    from: &Db,
    to: &Db,
    partitions: Option<i64>,
) -> Result<Content, CopyError> {
    let mut tell = |_: Progress| ();
    let (mut reading, mut writing) = (from.snapshot().await?, to.begin().await?);
    let mut teller = Teller::new(&mut tell);
    let content = copy::copy(&mut reading, &mut writing, partitions, &mut teller).await?;
    writing.commit().await?;
    Ok(content)
}

pub(crate) async fn content(db: &Db) -> Content {
    let mut tell = |_: Progress| ();
    let mut tx = db.snapshot().await.unwrap();
    copy::read_content(&mut tx, &mut Teller::new(&mut tell)).await.unwrap()
}

/// Rows with odd values in all kinds of columns.
pub(crate) async fn add_odd_rows(db: &Db) {
    let sql = "INSERT INTO idempotency
            (organization_id, scope, key, request_hash, result_seq, created_at_us)
        VALUES ($1, $2, $3, $4, $5, $6)";
    for (place, text) in ODD.into_iter().enumerate() {
        let hash = (0..u8::MAX).cycle().take(place * 300).collect::<Vec<_>>();
        for (scope, number) in [("low", i64::MIN), ("high", i64::MAX)] {
            let values = params![number, scope, text, hash.clone(), number, number];
            run(db, sql, values).await.unwrap();
        }
    }
    let sql = "UPDATE location SET address = $1, phone = NULL";
    run(db, sql, params![ODD[3]]).await.unwrap();
}

/// The triggers, and whether they act; a server tells of those that hold still. It writes the same
/// condition with other brackets when it reads what it wrote.
pub(crate) async fn triggers(db: &Db) -> BTreeSet<String> {
    let sql = match db.engine() {
        Engine::Sqlite => {
            "SELECT name || ' ' || sql AS it FROM sqlite_schema WHERE type = 'trigger'"
        }
        Engine::Postgres => {
            "SELECT pg_get_triggerdef(t.oid) || CAST(t.tgenabled AS TEXT) AS it
            FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
            WHERE NOT t.tgisinternal AND NOT c.relispartition"
        }
    };
    let rows = db.read().await.unwrap().all(sql, Vec::new()).await.unwrap();
    rows.iter().map(|row| row.text("it").unwrap().replace(['(', ')'], "")).collect()
}

async fn shapes(db: &Db) -> Vec<Shape> {
    db.read().await.unwrap().shapes().await.unwrap()
}

/// What a copy must still be able to do and to refuse.
pub(crate) async fn is_a_database_like_any(db: &Db, fresh: &Db) {
    assert_eq!(schema::read(db).await, schema::read(fresh).await, "tables, keys and indexes");
    assert_eq!(triggers(db).await, triggers(fresh).await);
    run_refused(db, "UPDATE ledger_transfer SET amount_cents = 1", "ledger_transfer").await;
    let uncounted = "UPDATE payment SET refunded_cents = 7 WHERE status = 'partially_refunded'";
    run_refused(db, uncounted, "counted from the refunds").await;
    let found = "SELECT count(*) AS n FROM patient_name WHERE name_search LIKE '%park%'";
    assert_eq!(number(db, found).await, 1, "names are found in the index of letters");
}

on_both_engines! {
    async fn a_copy_holds_all_and_obeys_the_same_rules(db) {
        kept_rows::fill(&db).await;
        add_odd_rows(&db).await;
        let before = content(&db).await;
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let (fresh, other) = (TestDb::new(engine).await, TestDb::new(engine).await);
            let copied = copy_all(&db, &other).await.unwrap();
            assert_eq!(copied, before, "to {engine:?}");
            assert_eq!(content(&other).await, before, "{engine:?} holds what was copied");
            is_a_database_like_any(&other, &fresh).await;
            // Back again, on the engine where it came from.
            let back = TestDb::new(db.engine()).await;
            assert_eq!(copy_all(&other, &back).await.unwrap(), before, "back from {engine:?}");
            let sql = "SELECT address AS t FROM location";
            assert_eq!(word(&back, sql).await, ODD[3]);
            let sql = "SELECT count(*) AS n FROM location WHERE phone IS NULL";
            assert_eq!(number(&back, sql).await, 1, "what is missing is not blank");
        }
        assert_eq!(content(&db).await, before, "what was copied stays as it is");
        let filled = before.tables().iter().filter(|table| table.rows > 0).count();
        assert!(filled > 30, "{filled} tables have rows");
        let cents = before.tables().iter().filter_map(|table| table.cents).sum::<i64>();
        assert!(cents > 0, "there is money in it");
    }

    async fn each_table_is_copied_after_those_that_it_refers_to(db) {
        let known: BTreeSet<&str> = TABLES.into_iter().chain(OF_THE_SCHEMA).collect();
        let there = shapes(&db).await;
        let there: BTreeSet<&str> = there.iter().map(|shape| &*shape.name).collect();
        assert_eq!(known, there, "copy::TABLES has all tables of the schema");
        let place = |name: &str| TABLES.iter().position(|table| *table == name);
        for (name, table) in schema::read(&db).await {
            for (_, other, _) in table.foreign_keys {
                let is_before = place(&other) < place(&name) || other == name;
                assert!(is_before, "{name} refers to {other}, which is copied later");
            }
        }
    }

    async fn what_is_not_committed_was_never_there(db) {
        kept_rows::fill(&db).await;
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let (fresh, other) = (TestDb::new(engine).await, TestDb::new(engine).await);
            let mut tell = |_: Progress| ();
            let mut reading = db.snapshot().await.unwrap();
            let mut writing = other.begin().await.unwrap();
            let mut teller = Teller::new(&mut tell);
            copy::copy(&mut reading, &mut writing, None, &mut teller).await.unwrap();
            drop((reading, writing));
            assert_eq!(content(&other).await, content(&fresh).await);
            assert_eq!(triggers(&other).await, triggers(&fresh).await);
            assert_eq!(schema::read(&other).await, schema::read(&fresh).await);
            assert!(!copy::is_taken(&other).await.unwrap());
            copy_all(&db, &other).await.unwrap();
            assert!(copy::is_taken(&other).await.unwrap());
            let again = copy_all(&db, &other).await;
            assert!(matches!(again, Err(CopyError::Occupied { table: "organization" })));
        }
    }

    async fn a_copy_is_of_one_moment_and_a_move_of_a_database_at_rest(db) {
        kept_rows::fill(&db).await;
        let before = content(&db).await;
        let mut reading = db.snapshot().await.unwrap();
        let sql = "SELECT count(*) AS n FROM organization";
        assert_eq!(reading.one(sql, Vec::new()).await.unwrap().int("n").unwrap(), 1);
        copy::must_be_still(&db, &before).await.unwrap();
        let sql = "INSERT INTO counter (organization_id, kind, last) VALUES (1, 'NEW', 1)";
        run(&db, sql, Vec::new()).await.unwrap();
        let mut tell = |_: Progress| ();
        let then = copy::read_content(&mut reading, &mut Teller::new(&mut tell)).await.unwrap();
        assert_eq!(then, before, "what was written later is not seen");
        let moved = copy::must_be_still(&db, &before).await;
        assert!(matches!(moved, Err(CopyError::NotStill { table }) if table == "counter"));
    }

    async fn a_changed_row_is_another_content_and_the_difference_is_named(db) {
        kept_rows::fill(&db).await;
        let before = content(&db).await;
        assert_eq!(before.difference(&before), None);
        let changes = [
            ("UPDATE patient SET phone = ''", "the rows of patient have another SHA-256"),
            ("DELETE FROM counter WHERE kind = 'PAT'", "counter has"),
            ("UPDATE rollup_status SET amount_cents = amount_cents + 1", "rollup_status has"),
        ];
        let mut last = before;
        for (sql, words) in changes {
            run(&db, sql, Vec::new()).await.unwrap();
            let now = content(&db).await;
            let difference = last.difference(&now).unwrap();
            assert!(difference.contains(words), "{sql}: {difference}");
            assert_ne!(now.checksum(), last.checksum());
            last = now;
        }
    }

    async fn a_backup_records_what_it_holds(db) {
        kept_rows::fill(&db).await;
        assert!(copy::recorded(&mut db.read().await.unwrap()).await.unwrap().is_none());
        let (content, made_at) = (content(&db).await, at("2026-03-05T12:00:00Z"));
        let mut tx = db.begin().await.unwrap();
        copy::record(&mut tx, &content, made_at).await.unwrap();
        tx.commit().await.unwrap();
        let recorded = copy::recorded(&mut db.read().await.unwrap()).await.unwrap();
        assert_eq!(recorded, Some((made_at, content)));
        let other = TestDb::new(db.engine()).await;
        copy_all(&db, &other).await.unwrap();
        assert!(copy::recorded(&mut other.read().await.unwrap()).await.unwrap().is_none());
    }
}
