//! The database knows the ways between statuses, and knows the same ones as the program.

use std::collections::BTreeSet;

use almoner_domain::Status;
use almoner_domain::status::EDGES;
use almoner_store::db::{Db, StoreError};
use almoner_store::{on_both_engines, params};

use crate::clinic;
use crate::common::{drop_trigger, run};

fn edges() -> BTreeSet<(Status, Status)> {
    EDGES.iter().map(|edge| (edge.from, edge.to)).collect()
}

/// What a payment of 500 cents holds in that status: collected, refunded, when paid.
fn money(status: Status) -> (i64, i64, Option<i64>) {
    match status {
        Status::Paid => (500, 0, Some(1)),
        Status::PartiallyRefunded => (500, 200, Some(1)),
        Status::Refunded => (500, 500, Some(1)),
        _ => (0, 0, None),
    }
}

/// A payment that stands there, written past the program.
async fn place(db: &Db, seq: i64, status: Status) {
    let sql = "INSERT INTO payment (organization_id, seq, patient_seq, location_seq, status,
            amount_cents, collected_cents, refunded_cents, due_key, name_sort, version,
            created_at_us, paid_at_us)
        VALUES (1, $1, 1, 1, $2, 500, $3, $4, 99991231, 'park', 1, 1, $5)";
    let (collected, refunded, paid_at) = money(status);
    let values = params![seq, status.as_str(), collected, refunded, paid_at];
    run(db, sql, values).await.expect("the payment is new");
}

async fn with_one_patient(db: &Db) {
    let org = clinic::open(db, 1).await;
    let mut tx = db.begin().await.unwrap();
    clinic::add_patient(&mut tx, org, ("Park", "Ann")).await;
    tx.commit().await.unwrap();
}

on_both_engines! {
    async fn the_database_accepts_exactly_the_ways_of_the_table(db) {
        with_one_patient(&db).await;
        // Whether the refunds explain the amount is another rule, with its own test.
        drop_trigger(&db, "payment_refunds_counted", "payment").await;
        let edges = edges();
        let mut seq = 0;
        for from in Status::ALL {
            for to in Status::ALL.into_iter().filter(|&to| to != from) {
                seq += 1;
                place(&db, seq, from).await;
                let sql = "UPDATE payment SET status = $2, collected_cents = $3,
                        refunded_cents = $4, paid_at_us = $5
                    WHERE organization_id = 1 AND seq = $1";
                let (collected, refunded, paid_at) = money(to);
                let values = params![seq, to.as_str(), collected, refunded, paid_at];
                match run(&db, sql, values).await {
                    Ok(touched) => {
                        assert_eq!(touched, 1);
                        assert!(edges.contains(&(from, to)), "{from:?} went to {to:?}");
                    }
                    Err(StoreError::Refused(why)) => {
                        assert!(why.contains("a payment cannot go"), "{from:?} to {to:?}: {why}");
                        assert!(!edges.contains(&(from, to)), "{from:?} cannot go to {to:?}");
                    }
                    Err(other) => panic!("{from:?} to {to:?}: {other:?}"),
                }
            }
        }
        assert_eq!(seq, 72);
    }

    async fn a_step_is_recorded_only_along_a_way(db) {
        with_one_patient(&db).await;
        place(&db, 1, Status::Draft).await;
        let sql = "INSERT INTO payment_transition (organization_id, payment_seq, version,
            from_status, to_status, moved_by, at_us) VALUES (1, 1, $1, $2, $3, 'staff', 1)";
        let mut version = 1;
        for from in Status::ALL {
            for to in Status::ALL {
                version += 1;
                let values = params![version, from.as_str(), to.as_str()];
                let recorded = run(&db, sql, values).await;
                assert_eq!(
                    recorded.is_ok(),
                    edges().contains(&(from, to)),
                    "{from:?} to {to:?}: {recorded:?}"
                );
            }
        }
    }

    async fn the_stored_ways_are_those_of_the_table(db) {
        let mut tx = db.read().await.unwrap();
        let rows = tx.all("SELECT from_status, to_status FROM status_way", Vec::new()).await;
        let mut stored = BTreeSet::new();
        for row in rows.unwrap() {
            let from = row.word("from_status", Status::from_name).unwrap();
            let to = row.word("to_status", Status::from_name).unwrap();
            assert!(stored.insert((from, to)));
        }
        assert_eq!(stored, edges());
    }

    async fn money_and_status_go_together(db) {
        with_one_patient(&db).await;
        let sql = "INSERT INTO payment (organization_id, seq, patient_seq, location_seq, status,
                amount_cents, collected_cents, refunded_cents, due_key, name_sort, version,
                created_at_us, paid_at_us)
            VALUES (1, $1, 1, 1, $2, 500, $3, $4, 99991231, 'park', 1, 1, $5)";
        let mut seq = 0;
        for status in Status::ALL {
            for collected in [0, 1, 499, 500, 501] {
                for refunded in [-1, 0, 1, 499, 500, 501] {
                    for paid_at in [None, Some(1_i64)] {
                        seq += 1;
                        let fits = match status {
                            Status::Paid => collected == 500 && refunded == 0,
                            Status::PartiallyRefunded => {
                                collected == 500 && (1..500).contains(&refunded)
                            }
                            Status::Refunded => collected == 500 && refunded == 500,
                            _ => collected == 0 && refunded == 0,
                        };
                        let fits = fits && paid_at.is_some() == status.is_collected();
                        let values =
                            params![seq, status.as_str(), collected, refunded, paid_at];
                        let made = run(&db, sql, values).await;
                        assert_eq!(
                            made.is_ok(),
                            fits,
                            "{status:?} with {collected}, {refunded}, {paid_at:?}: {made:?}"
                        );
                    }
                }
            }
        }
    }
}
