//! Writes that are gathered: seen by whatever reads next, kept or undone as one, told of in time.

use almoner_domain::OrganizationId;
use almoner_store::Db;
use almoner_store::db::{StoreError, Touches, Tx};
use almoner_store::{counters, on_both_engines, params};

use crate::clinic;
use crate::common::number;

/// The organization that every test has.
const ORG: OrganizationId = OrganizationId(1);
const ADD: &str = "INSERT INTO counter (organization_id, kind, last) VALUES ($1, $2, $3)";
const RAISE: &str = "UPDATE counter SET last = last + $3 WHERE organization_id = $1 AND kind = $2";
const SUM: &str = "SELECT CAST(coalesce(sum(last), 0) AS BIGINT) AS n FROM counter
    WHERE kind LIKE 'X%'";

async fn add(tx: &mut Tx, kind: &str, last: i64) -> Result<(), StoreError> {
    tx.gather_one(ADD, params![ORG, kind, last]).await
}

async fn raise(tx: &mut Tx, kind: &str, by: i64) -> Result<(), StoreError> {
    tx.gather_one(RAISE, params![ORG, kind, by]).await
}

/// The clinic whose numbers are counted.
async fn opened(db: &Db) {
    assert_eq!(clinic::open(db, 0).await, ORG);
}

on_both_engines! {
    async fn what_is_gathered_is_seen_by_the_next_question(db) {
        opened(&db).await;
        let mut tx = db.begin().await.unwrap();
        add(&mut tx, "XA", 1).await.unwrap();
        add(&mut tx, "XB", 10).await.unwrap();
        // Each of these needs what one before it did.
        raise(&mut tx, "XA", 100).await.unwrap();
        raise(&mut tx, "XA", 1_000).await.unwrap();
        assert_eq!(tx.one(SUM, Vec::new()).await.unwrap().int("n").unwrap(), 1_111);
        raise(&mut tx, "XB", 10_000).await.unwrap();
        // A number goes along with what was gathered, also when it has to see it.
        assert_eq!(counters::next(&mut tx, ORG, "XA").await.unwrap(), 1_102);
        assert_eq!(counters::next(&mut tx, ORG, "XC").await.unwrap(), 1);
        let sql = "DELETE FROM counter WHERE kind = $1";
        tx.gather(sql, params!["XC"], Touches::Any).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(number(&db, SUM).await, 11_112);
    }

    async fn what_is_gathered_is_undone_with_the_rest(db) {
        opened(&db).await;
        let mut tx = db.begin().await.unwrap();
        add(&mut tx, "XA", 1).await.unwrap();
        drop(tx);
        assert_eq!(number(&db, SUM).await, 0);
    }

    async fn a_row_that_is_there_is_told_by_the_commit_at_the_latest(db) {
        opened(&db).await;
        let mut tx = db.begin().await.unwrap();
        add(&mut tx, "XA", 1).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = db.begin().await.unwrap();
        let told = async {
            add(&mut tx, "XB", 1).await?;
            add(&mut tx, "XA", 2).await?;
            tx.commit().await
        };
        let told = told.await;
        assert!(matches!(told, Err(StoreError::Duplicate(_))), "{told:?}");
        assert_eq!(number(&db, SUM).await, 1, "nothing of it is kept");
    }

    async fn many_writes_are_sent_in_several_goes(db) {
        opened(&db).await;
        let mut tx = db.begin().await.unwrap();
        for index in 0..100 {
            add(&mut tx, &format!("X{index}"), 1).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(number(&db, SUM).await, 100);
    }

    async fn a_row_that_is_not_there_stops_everything(db) {
        opened(&db).await;
        let mut tx = db.begin().await.unwrap();
        let changed = tokio::spawn(async move {
            add(&mut tx, "XA", 1).await.unwrap();
            raise(&mut tx, "XB", 1).await.unwrap();
            tx.commit().await.unwrap();
        });
        assert!(changed.await.unwrap_err().is_panic());
        assert_eq!(number(&db, SUM).await, 0);
    }
}
