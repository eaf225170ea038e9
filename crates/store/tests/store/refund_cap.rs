//! No more is ever refunded than was collected: the database itself refuses, also when the
//! program is gone around and when many ask at once.

use almoner_domain::{OrganizationId, PatientId, Status};
use almoner_store::db::{Db, Engine, StoreError};
use almoner_store::on_both_engines;
use almoner_store::testing::TestDb;

use crate::clinic;
use crate::common::{Chance, Raw, cases, number, run, run_refused, word};

/// Connections that insert at the same time.
const RIVALS: usize = 16;
/// How often a waiting statement is looked for before the test gives up.
const MAX_LOOKS: usize = 20_000;

/// A clinic with one patient and no payment.
async fn clinic(db: &Db) -> (OrganizationId, PatientId) {
    let org = clinic::open(db, 1).await;
    let mut tx = db.begin().await.unwrap();
    let patient = clinic::add_patient(&mut tx, org, ("Park", "Ann")).await;
    tx.commit().await.unwrap();
    (org, patient)
}

/// Adds a payment of so many cents in that status and tells its number.
async fn payment(db: &Db, to: (OrganizationId, PatientId), status: Status, cents: i64) -> i64 {
    let mut tx = db.begin().await.unwrap();
    let plan = clinic::plan(to.1, status, cents);
    let payment = clinic::add_payment(&mut tx, to.0, &plan).await;
    tx.commit().await.unwrap();
    payment.id.seq()
}

/// The raw statement of a refund; one that ended has the day of its end.
fn insert(seq: i64, payment: i64, cents: i64, state: &str) -> String {
    let ended = if matches!(state, "failed" | "cancelled") { "20260302" } else { "NULL" };
    format!(
        "INSERT INTO refund (organization_id, seq, payment_seq, amount_cents, reason, state,
            tender_kind, location_seq, made_at_us, business_day, ended_day)
        VALUES (1, {seq}, {payment}, {cents}, 'other', '{state}', 'cash', 1, 1, 20260302, {ended})"
    )
}

fn set_state(seq: i64, state: &str) -> String {
    let ended = if matches!(state, "failed" | "cancelled") { "20260303" } else { "NULL" };
    format!("UPDATE refund SET state = '{state}', ended_day = {ended} WHERE seq = {seq}")
}

async fn accept(db: &Db, sql: String) {
    assert_eq!(run(db, sql, Vec::new()).await.expect("the database accepts it"), 1);
}

/// Neither the sum of what is live nor what the payment says of it exceeds what was collected.
async fn expect_refunded(db: &Db, payment: i64, cents: i64, status: Status) {
    let live = format!(
        "SELECT CAST(coalesce(sum(amount_cents), 0) AS BIGINT) AS n FROM refund
        WHERE payment_seq = {payment} AND state IN ('pending', 'settled')"
    );
    let kept = format!("SELECT refunded_cents AS n FROM payment WHERE seq = {payment}");
    let stands = format!("SELECT status AS t FROM payment WHERE seq = {payment}");
    assert_eq!(number(db, &live).await, cents);
    assert_eq!(number(db, &kept).await, cents);
    assert_eq!(word(db, &stands).await, status.as_str());
}

const TOO_MUCH: &str = "payment_money_fits_status";

/// Waits until the server holds another connection back.
async fn await_waiting(db: &TestDb) {
    let blocked = "SELECT count(*) AS n FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let mut looks_before_deadline = MAX_LOOKS;
    while number(db, blocked).await == 0 {
        looks_before_deadline -= 1;
        assert!(looks_before_deadline > 0, "the second connection does not wait");
    }
}

on_both_engines! {
    async fn of_two_raw_connections_at_once_one_is_refused(db) {
        let to = clinic(&db).await;
        let paid = payment(&db, to, Status::Paid, 500).await;
        let mut first = Raw::connect(&db.url).await;
        let mut second = Raw::connect(&db.url).await;
        let begin = if db.engine() == Engine::Sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" };
        first.run(begin).await.unwrap();
        first.run(&insert(1, paid, 300, "pending")).await.unwrap();
        if db.engine() == Engine::Sqlite {
            second.run("PRAGMA busy_timeout = 0").await.unwrap();
            let held = second.run(&insert(2, paid, 300, "pending")).await;
            assert!(matches!(held, Err(StoreError::Unavailable(_))), "{held:?}");
            second.run("PRAGMA busy_timeout = 10000").await.unwrap();
        }
        let waiting = tokio::spawn(async move {
            let told = second.run(&insert(2, paid, 300, "pending")).await;
            second.close().await;
            told
        });
        if db.engine() == Engine::Postgres {
            await_waiting(&db).await;
        }
        first.run("COMMIT").await.unwrap();
        first.close().await;
        let told = waiting.await.expect("the second connection ends");
        let refused = matches!(&told, Err(StoreError::Refused(why)) if why.contains(TOO_MUCH));
        assert!(refused, "{told:?}");
        expect_refunded(&db, paid, 300, Status::PartiallyRefunded).await;
    }

    async fn a_refund_that_is_taken_back_lets_the_waiting_one_through(db) {
        let to = clinic(&db).await;
        let paid = payment(&db, to, Status::Paid, 500).await;
        let mut first = Raw::connect(&db.url).await;
        let mut second = Raw::connect(&db.url).await;
        let begin = if db.engine() == Engine::Sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" };
        first.run(begin).await.unwrap();
        first.run(&insert(1, paid, 500, "pending")).await.unwrap();
        let waiting = tokio::spawn(async move {
            let told = second.run(&insert(2, paid, 300, "pending")).await;
            second.close().await;
            told
        });
        if db.engine() == Engine::Postgres {
            await_waiting(&db).await;
        }
        first.run("ROLLBACK").await.unwrap();
        first.close().await;
        waiting.await.unwrap().expect("nothing stands against it any more");
        expect_refunded(&db, paid, 300, Status::PartiallyRefunded).await;
    }

    async fn one_cent_over_is_refused_and_all_of_it_accepted(db) {
        let to = clinic(&db).await;
        for state in ["pending", "settled"] {
            let paid = payment(&db, to, Status::Paid, 500).await;
            run_refused(&db, &insert(paid * 10, paid, 501, state), TOO_MUCH).await;
            accept(&db, insert(paid * 10, paid, 500, state)).await;
            expect_refunded(&db, paid, 500, Status::Refunded).await;
            run_refused(&db, &insert(paid * 10 + 1, paid, 1, state), TOO_MUCH).await;
            expect_refunded(&db, paid, 500, Status::Refunded).await;
        }
    }

    async fn parts_add_up_to_the_whole_and_no_further(db) {
        let to = clinic(&db).await;
        let paid = payment(&db, to, Status::Paid, 500).await;
        accept(&db, insert(1, paid, 200, "pending")).await;
        expect_refunded(&db, paid, 200, Status::PartiallyRefunded).await;
        accept(&db, insert(2, paid, 299, "settled")).await;
        expect_refunded(&db, paid, 499, Status::PartiallyRefunded).await;
        run_refused(&db, &insert(3, paid, 2, "pending"), TOO_MUCH).await;
        accept(&db, insert(3, paid, 1, "pending")).await;
        expect_refunded(&db, paid, 500, Status::Refunded).await;
    }

    async fn only_what_was_collected_is_refunded(db) {
        let to = clinic(&db).await;
        let unpaid = Status::ALL.into_iter().filter(|status| !status.is_collected());
        for status in unpaid {
            let seq = payment(&db, to, status, 500).await;
            for state in ["pending", "settled"] {
                run_refused(&db, &insert(seq, seq, 1, state), TOO_MUCH).await;
            }
            expect_refunded(&db, seq, 0, status).await;
        }
        let paid = payment(&db, to, Status::Paid, 500).await;
        for cents in [0, -1] {
            let made = run(&db, insert(99, paid, cents, "pending"), Vec::new()).await;
            assert!(matches!(made, Err(StoreError::Refused(_))), "{cents}: {made:?}");
        }
        let made = run(&db, insert(99, paid + 1, 1, "pending"), Vec::new()).await;
        assert!(matches!(made, Err(StoreError::Refused(_))), "no such payment: {made:?}");
    }

    async fn what_failed_is_free_again(db) {
        let to = clinic(&db).await;
        for end in ["failed", "cancelled"] {
            let paid = payment(&db, to, Status::Paid, 500).await;
            let seq = paid * 10;
            accept(&db, insert(seq, paid, 500, "pending")).await;
            run_refused(&db, &insert(seq + 1, paid, 1, "pending"), TOO_MUCH).await;
            accept(&db, set_state(seq, end)).await;
            expect_refunded(&db, paid, 0, Status::Paid).await;
            accept(&db, insert(seq + 1, paid, 400, "pending")).await;
            accept(&db, insert(seq + 2, paid, 100, "settled")).await;
            expect_refunded(&db, paid, 500, Status::Refunded).await;
            accept(&db, set_state(seq + 2, "failed")).await;
            expect_refunded(&db, paid, 400, Status::PartiallyRefunded).await;
            let why = "refund rows are never changed or deleted";
            for state in ["pending", "settled", "failed", "cancelled"] {
                run_refused(&db, &set_state(seq, state), why).await;
            }
            accept(&db, insert(seq + 3, paid, 500, end)).await;
            expect_refunded(&db, paid, 400, Status::PartiallyRefunded).await;
        }
    }

    async fn a_refund_stays_what_it_was(db) {
        let to = clinic(&db).await;
        let paid = payment(&db, to, Status::Paid, 500).await;
        let other = payment(&db, to, Status::Paid, 500).await;
        accept(&db, insert(1, paid, 200, "settled")).await;
        let why = "refund rows are never changed or deleted";
        let payment_change = format!("payment_seq = {other}");
        let changes = [
            "amount_cents = 100", "seq = 2", "reason = 'billing_error'", "notes = 'x'",
            "tender_kind = 'check'", "made_at_us = 2", "business_day = 20260101",
            "user_seq = 1", "location_seq = 2", "state = 'pending'",
            "state = 'cancelled', ended_day = 20260303", payment_change.as_str(),
        ];
        for change in changes {
            run_refused(&db, &format!("UPDATE refund SET {change} WHERE seq = 1"), why).await;
        }
        run_refused(&db, "DELETE FROM refund WHERE seq = 1", why).await;
        expect_refunded(&db, paid, 200, Status::PartiallyRefunded).await;
    }

    async fn the_payment_cannot_be_made_to_forget(db) {
        let to = clinic(&db).await;
        let paid = payment(&db, to, Status::Paid, 500).await;
        accept(&db, insert(1, paid, 300, "settled")).await;
        let why = "refunded amount is counted from the refunds";
        for change in [
            "refunded_cents = 0, status = 'paid'",
            "refunded_cents = 299",
            "refunded_cents = 500, status = 'refunded'",
        ] {
            run_refused(&db, &format!("UPDATE payment SET {change} WHERE seq = {paid}"), why).await;
        }
        let why = "what was collected does not change";
        for cents in [301, 499, 501, 9_999] {
            let raised = format!(
                "UPDATE payment SET amount_cents = {cents}, collected_cents = {cents}
                WHERE seq = {paid}"
            );
            run_refused(&db, &raised, why).await;
        }
        run_refused(&db, &insert(2, paid, 201, "settled"), TOO_MUCH).await;
        expect_refunded(&db, paid, 300, Status::PartiallyRefunded).await;
    }

    async fn many_at_once_never_exceed_what_was_collected(db) {
        let to = clinic(&db).await;
        let mut rivals = Vec::new();
        for _ in 0..RIVALS {
            rivals.push(Raw::connect(&db.url).await);
        }
        for round in 1..=cases(3) {
            let seed = u64::try_from(round).unwrap();
            let paid = payment(&db, to, Status::Paid, 500).await;
            let mut chance = Chance::new(seed);
            let first = paid * 1000;
            let running: Vec<_> = rivals
                .drain(..)
                .zip(first..)
                .map(|(mut raw, seq)| {
                    let cents = chance.between(1, 150);
                    let state = chance.pick(&["pending", "settled"]);
                    let sql = insert(seq, paid, cents, state);
                    tokio::spawn(async move {
                        let told = raw.run(&sql).await;
                        (raw, cents, told)
                    })
                })
                .collect();
            let (mut sum, mut refused) = (0, Vec::new());
            for task in running {
                let (raw, cents, told) = task.await.expect("the connection ends");
                rivals.push(raw);
                match told {
                    Ok(_) => sum += cents,
                    Err(StoreError::Refused(why)) if why.contains(TOO_MUCH) => refused.push(cents),
                    Err(other) => panic!("seed {seed}: {other:?}"),
                }
            }
            assert!((1..=500).contains(&sum), "seed {seed}: {sum} refunded");
            let wronged = refused.iter().find(|&&cents| sum + cents <= 500);
            assert_eq!(wronged, None, "seed {seed}: refused although it fits into 500 - {sum}");
            let status = if sum == 500 { Status::Refunded } else { Status::PartiallyRefunded };
            expect_refunded(&db, paid, sum, status).await;
        }
    }

    async fn any_course_of_refunds_ends_as_counted(db) {
        let to = clinic(&db).await;
        for round in 1..=cases(6) {
            let seed = u64::try_from(round).unwrap();
            let paid = payment(&db, to, Status::Paid, 500).await;
            any_course(&db, paid, seed).await;
        }
    }
}

/// Makes and moves refunds by chance, beside a count of its own.
async fn any_course(db: &Db, paid: i64, seed: u64) {
    let mut chance = Chance::new(seed);
    let mut refunds: Vec<(i64, i64, &str)> = Vec::new();
    let is_live = |state: &str| matches!(state, "pending" | "settled");
    for step in 0..40 {
        let live = |refunds: &[(i64, i64, &str)]| -> i64 {
            refunds.iter().filter(|row| is_live(row.2)).map(|row| row.1).sum()
        };
        let label = format!("seed {seed}, step {step}");
        if refunds.is_empty() || chance.percent(50) {
            let seq = paid * 1000 + step;
            let cents = chance.between(1, 260);
            let state = chance.pick(&["pending", "settled", "pending", "failed"]);
            let fits = !is_live(state) || live(&refunds) + cents <= 500;
            let made = run(db, insert(seq, paid, cents, state), Vec::new()).await;
            assert_eq!(made.is_ok(), fits, "{label}: {made:?}");
            if fits {
                refunds.push((seq, cents, state));
            }
        } else {
            let index = chance.below(refunds.len());
            let (seq, _, from) = refunds[index];
            let state = chance.pick(&["pending", "settled", "failed", "cancelled"]);
            let open = from == "pending" || (from == "settled" && state == "failed");
            let moved = run(db, set_state(seq, state), Vec::new()).await;
            assert_eq!(moved.is_ok(), open, "{label}: {from} to {state}: {moved:?}");
            if open {
                refunds[index].2 = state;
            }
        }
        let sum = live(&refunds);
        let status = match sum {
            0 => Status::Paid,
            500 => Status::Refunded,
            _ => Status::PartiallyRefunded,
        };
        expect_refunded(db, paid, sum, status).await;
    }
}
