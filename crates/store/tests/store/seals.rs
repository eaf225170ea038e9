//! The audit log's chain of seals: what was changed, removed or added behind it shows.

use almoner_domain::OrganizationId;
use almoner_store::audit::{self, MAX_SEAL_EVENTS, Seal};
use almoner_store::db::Db;
use almoner_store::{on_both_engines, params};

use crate::clinic::{self, event};
use crate::common::{at, drop_trigger, number, run};

/// Three batches: two of ten events, then one that fills a seal and runs over into the next.
async fn sealed(db: &Db) -> (OrganizationId, Vec<Seal>) {
    let org = clinic::open(db, 1).await;
    let mut seals = Vec::new();
    let mut next = 0;
    for count in [10, 10, MAX_SEAL_EVENTS + 5] {
        let mut tx = db.begin().await.unwrap();
        for _ in 0..count {
            next += 1;
            audit::insert(&mut tx, org, &event(next, 1, "payment_created")).await.unwrap();
        }
        tx.commit().await.unwrap();
        loop {
            let mut tx = db.begin().await.unwrap();
            let seal = audit::seal(&mut tx, org, at("2026-03-01T13:00:00Z")).await.unwrap();
            tx.commit().await.unwrap();
            let Some(seal) = seal else { break };
            seals.push(seal);
        }
    }
    (org, seals)
}

async fn broken(db: &Db, org: OrganizationId, anchor: Option<&Seal>) -> Option<String> {
    let mut tx = db.read().await.unwrap();
    let anchor = anchor.map(|seal| seal.hash.as_slice());
    audit::check_seals(&mut tx, org, anchor).await.unwrap()
}

/// Takes away the rules that keep rows as they are.
async fn unguard(db: &Db) {
    drop_trigger(db, "audit_event_kept", "audit_event").await;
    drop_trigger(db, "audit_event_sealed_once", "audit_event").await;
    drop_trigger(db, "audit_seal_kept", "audit_seal").await;
    if db.engine() == almoner_store::db::Engine::Sqlite {
        drop_trigger(db, "audit_seal_kept_whole", "audit_seal").await;
    }
}

async fn tamper(db: &Db, sql: &str) {
    assert!(run(db, sql, Vec::new()).await.expect("nothing refuses it") > 0, "{sql}");
}

on_both_engines! {
    async fn an_untouched_chain_is_whole(db) {
        let (org, seals) = sealed(&db).await;
        assert_eq!(seals.iter().map(|seal| seal.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(broken(&db, org, None).await, None);
        for seal in &seals {
            assert_eq!(broken(&db, org, Some(seal)).await, None);
        }
        let open = "SELECT count(*) AS n FROM audit_event WHERE seal_no IS NULL";
        assert_eq!(number(&db, open).await, 0);
        let mut tx = db.begin().await.unwrap();
        audit::insert(&mut tx, org, &event(9999, 1, "payment_created")).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(broken(&db, org, seals.last()).await, None, "a row that waits is no break");
    }

    async fn each_changed_column_shows(db) {
        let (org, _) = sealed(&db).await;
        unguard(&db).await;
        let columns = [
            "at_us", "actor", "user_seq", "key_seq", "action", "subject", "subject_seq",
            "subject_version", "detail", "event_id",
        ];
        for column in columns {
            let to = match column {
                "actor" | "action" | "subject" | "detail" => "'changed'",
                "event_id" => "previous",
                _ => "424242",
            };
            let of = "WHERE organization_id = 1 AND subject_seq = 14";
            let all = "event_id, at_us, actor, user_seq, key_seq, action, subject, subject_seq,
                subject_version, detail";
            let keep = format!("CREATE TABLE kept AS SELECT {all} FROM audit_event {of}");
            run(&db, keep, Vec::new()).await.unwrap();
            let set = if to == "previous" {
                "(SELECT previous FROM audit_seal WHERE seal_no = 1)"
            } else {
                to
            };
            tamper(&db, &format!("UPDATE audit_event SET {column} = {set} {of}")).await;
            let mut tx = db.read().await.unwrap();
            let said = audit::check_seals(&mut tx, org, None).await;
            drop(tx);
            // An id of another length is not even an id.
            let found = said.map_or_else(|_| true, |said| {
                said == Some("audit seal 2 does not fit its rows".to_owned())
            });
            assert!(found, "{column}");
            let back = format!(
                "UPDATE audit_event SET ({all}) = (SELECT {all} FROM kept)
                WHERE organization_id = 1 AND seal_no = 2 AND {column} = {set}"
            );
            tamper(&db, &back).await;
            run(&db, "DROP TABLE kept", Vec::new()).await.unwrap();
            assert_eq!(broken(&db, org, None).await, None, "{column} is as it was");
        }
    }

    async fn a_deleted_row_shows(db) {
        let (org, _) = sealed(&db).await;
        unguard(&db).await;
        tamper(&db, "DELETE FROM audit_event WHERE organization_id = 1 AND subject_seq = 3").await;
        let said = Some("audit seal 1 covers 10 rows, found 9".to_owned());
        assert_eq!(broken(&db, org, None).await, said);
    }

    async fn an_added_row_shows(db) {
        let (org, _) = sealed(&db).await;
        unguard(&db).await;
        let sql = "INSERT INTO audit_event (organization_id, event_id, at_us, actor, action,
                subject, subject_seq, detail, seal_no)
            VALUES (1, $1, 1, 'staff', 'payment_created', 'payment', 7, '{}', $2)";
        run(&db, sql, params![[9_u8; 16].as_slice(), 4_i64]).await.unwrap();
        let said = Some("audit seal 4 covers 5 rows, found 6".to_owned());
        assert_eq!(broken(&db, org, None).await, said);
        tamper(&db, "UPDATE audit_event SET seal_no = 5 WHERE subject_seq = 7 AND detail = '{}'
            AND seal_no = 4").await;
        let said = Some("audit rows carry a seal after 4, which is missing".to_owned());
        assert_eq!(broken(&db, org, None).await, said);
    }

    async fn a_row_moved_between_seals_shows(db) {
        let (org, _) = sealed(&db).await;
        unguard(&db).await;
        tamper(&db, "UPDATE audit_event SET seal_no = 2 WHERE subject_seq = 3").await;
        assert!(broken(&db, org, None).await.is_some());
    }

    async fn a_removed_seal_shows(db) {
        let (org, _) = sealed(&db).await;
        unguard(&db).await;
        tamper(&db, "DELETE FROM audit_seal WHERE seal_no = 2").await;
        assert_eq!(broken(&db, org, None).await, Some("audit seal 2 is missing".to_owned()));
    }

    async fn a_rewritten_seal_shows_in_the_next(db) {
        let (org, _) = sealed(&db).await;
        unguard(&db).await;
        tamper(&db, "UPDATE audit_seal SET seal = (SELECT previous FROM audit_seal
            WHERE seal_no = 4) WHERE seal_no = 2").await;
        let said = Some("audit seal 2 does not fit its rows".to_owned());
        assert_eq!(broken(&db, org, None).await, said);
    }

    async fn a_removed_end_shows_only_against_an_anchor(db) {
        let (org, seals) = sealed(&db).await;
        unguard(&db).await;
        tamper(&db, "DELETE FROM audit_seal WHERE seal_no = 4").await;
        assert!(broken(&db, org, None).await.is_some(), "rows carry a seal that is missing");
        tamper(&db, "DELETE FROM audit_event WHERE seal_no = 4").await;
        assert_eq!(broken(&db, org, None).await, None, "nothing here knows of the end");
        assert_eq!(broken(&db, org, Some(&seals[2])).await, None);
        let said = "the anchor is not among the audit seals; the end was cut".to_owned();
        assert_eq!(broken(&db, org, seals.last()).await, Some(said));
    }

    async fn organizations_have_chains_of_their_own(db) {
        let (first, seals) = sealed(&db).await;
        let mut tx = db.begin().await.unwrap();
        let now = at("2026-03-01T14:00:00Z");
        let second = almoner_store::organizations::insert(&mut tx, "two", "Two", "UTC", now).await;
        let second = second.unwrap();
        audit::insert(&mut tx, second, &event(1, 1, "payment_created")).await.unwrap();
        let seal = audit::seal(&mut tx, second, now).await.unwrap().expect("one event");
        tx.commit().await.unwrap();
        assert_eq!(seal.number, 1);
        assert_eq!(broken(&db, first, seals.last()).await, None);
        assert_eq!(broken(&db, second, Some(&seal)).await, None);
        assert!(broken(&db, second, seals.last()).await.is_some(), "another's anchor is none");
    }
}
