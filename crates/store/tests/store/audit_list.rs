//! The audit log as people read it: narrowed, in order, and bounded in what a page looks through.

use almoner_domain::{OrganizationId, UserId};
use almoner_store::audit::{self, Event};
use almoner_store::audit_list::{AuditQuery, Doer, MAX_LOOKED_THROUGH, members, page};
use almoner_store::db::Engine;
use almoner_store::testing::TestDb;
use almoner_store::{on_both_engines, params};
use jiff::{SignedDuration, Timestamp};

use crate::clinic;
use crate::common::run;

const START: i64 = 1_767_225_600;

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(START).unwrap() + SignedDuration::from_mins(minutes)
}

/// An entry of that minute about a payment.
fn entry(minute: i64, actor: &str, action: &str, payment: i64) -> Event {
    let mut id = [0; 16];
    id[..6].copy_from_slice(&at(minute).as_millisecond().to_be_bytes()[2..]);
    id[15] = u8::try_from(payment).unwrap();
    Event {
        id,
        at: at(minute),
        actor: actor.to_owned(),
        user: (actor == "staff").then(|| UserId::new(1)),
        key: None,
        action: action.to_owned(),
        subject: "payment".to_owned(),
        subject_seq: payment,
        subject_version: None,
        detail: "{}".to_owned(),
    }
}

async fn filled(db: &TestDb) -> OrganizationId {
    let org = clinic::open(db, 1).await;
    let mut tx = db.begin().await.unwrap();
    for event in [
        entry(1, "staff", "payment_created", 1),
        entry(2, "staff", "payment_created", 2),
        entry(3, "payer", "attempt_began", 1),
        entry(3, "processor", "processor_told", 2),
        entry(4, "staff", audit::VIEWED, 1),
        entry(5, "system", "refund_settled", 1),
    ] {
        audit::insert(&mut tx, org, &event).await.unwrap();
    }
    tx.commit().await.unwrap();
    org
}

async fn actions(db: &TestDb, org: OrganizationId, query: AuditQuery) -> Vec<String> {
    let mut tx = db.read().await.unwrap();
    let page = page(&mut tx, org, &query, 50).await.unwrap();
    assert_eq!((page.next, page.looked_back_to), (None, None));
    page.entries.into_iter().map(|entry| entry.event.action).collect()
}

on_both_engines! {
    async fn the_log_is_narrowed_by_each_condition(db) {
        let org = filled(&db).await;
        let all = AuditQuery::default();
        let newest_first = [
            "refund_settled",
            "processor_told",
            "attempt_began",
            "payment_created",
            "payment_created",
        ];
        assert_eq!(actions(&db, org, all.clone()).await, newest_first);
        let by = |doer| AuditQuery { doer: Some(doer), ..AuditQuery::default() };
        assert_eq!(actions(&db, org, by(Doer::Payers)).await, ["attempt_began"]);
        assert_eq!(actions(&db, org, by(Doer::Processor)).await, ["processor_told"]);
        assert_eq!(actions(&db, org, by(Doer::Almoner)).await, ["refund_settled"]);
        assert_eq!(actions(&db, org, by(Doer::User(UserId::new(1)))).await.len(), 2);
        assert!(actions(&db, org, by(Doer::User(UserId::new(2)))).await.is_empty());
        assert!(actions(&db, org, by(Doer::Programs)).await.is_empty());
        let reads = AuditQuery { with_reads: true, subject: Some(("payment", 1)), ..all.clone() };
        let of_one = ["refund_settled", "viewed", "attempt_began", "payment_created"];
        assert_eq!(actions(&db, org, reads).await, of_one);
        let span = AuditQuery { from: Some(at(2)), until: Some(at(3)), ..all.clone() };
        assert_eq!(actions(&db, org, span).await, ["payment_created"]);
        let other = OrganizationId(org.0 + 1);
        assert!(actions(&db, other, all).await.is_empty());
    }

    async fn pages_follow_each_other_without_a_gap(db) {
        let org = filled(&db).await;
        let mut tx = db.read().await.unwrap();
        let mut query = AuditQuery { with_reads: true, ..AuditQuery::default() };
        let mut seen = Vec::new();
        loop {
            let found = page(&mut tx, org, &query, 2).await.unwrap();
            seen.extend(found.entries.into_iter().map(|entry| entry.event.id));
            match found.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
        assert_eq!(seen.len(), 6);
        assert!(seen.is_sorted_by(|one, next| one > next), "{seen:?}");
    }

    async fn a_page_looks_through_so_many_and_tells_how_far(db) {
        let org = filled(&db).await;
        // Many later entries of a program hide the payer's.
        let sql = "INSERT INTO audit_event (organization_id, event_id, at_us, actor, action,
                subject, subject_seq, detail)
            SELECT $1, CAST('~~~~~~~~~' || CAST(1000000 + i AS TEXT) AS BLOB), i, 'staff',
                'note_added', 'payment', 3, '{}'
            FROM (WITH RECURSIVE s(i) AS (
                SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM s WHERE i < $2)
                SELECT i FROM s) AS numbers";
        let sql = match db.engine() {
            Engine::Sqlite => sql.to_owned(),
            Engine::Postgres => sql.replace("AS BLOB", "AS BYTEA"),
        };
        run(&db, sql, params![org, MAX_LOOKED_THROUGH]).await.unwrap();
        let mut tx = db.read().await.unwrap();
        let payers = AuditQuery { doer: Some(Doer::Payers), ..AuditQuery::default() };
        let first = page(&mut tx, org, &payers, 50).await.unwrap();
        assert!(first.entries.is_empty());
        assert_eq!(first.looked_back_to, Some(Timestamp::from_microsecond(1).unwrap()));
        let rest = AuditQuery { after: first.next, ..payers };
        let rest = page(&mut tx, org, &rest, 50).await.unwrap();
        assert_eq!(rest.entries.len(), 1);
        assert_eq!((rest.next, rest.looked_back_to), (None, None));
        assert_eq!(members(&mut tx, org).await.unwrap(), []);
    }
}
