//! Whoever changes the books of disputes and payouts by hand is found out, too.

use almoner_store::on_both_engines;
use almoner_stripe_fake::DisputePlan;
use jiff::SignedDuration;

use crate::stripe::Desk;
use crate::tamper::{Book, NONE_IDLE, change_each, delete_each};

const BOOKS: &[Book] = &[
    Book {
        table: "dispute",
        key: "processor, dispute_id",
        columns: &["payment_seq", "standing", "held_cents", "lost_cents", "location_seq"],
        idle: "held_cents = 0 AND lost_cents = 0",
    },
    Book {
        table: "payout",
        key: "seq",
        columns: &["seq", "amount_cents", "version", "left_cents"],
        idle: NONE_IDLE,
    },
    Book {
        table: "payout_movement",
        key: "payout_seq, movement_id",
        columns: &["payout_seq", "amount_cents", "fee_cents", "net_cents", "our_cents", "our_no"],
        idle: NONE_IDLE,
    },
    Book {
        table: "payout_share",
        key: "payout_seq, location_seq",
        columns: &["payout_seq", "location_seq", "amount_cents"],
        idle: "amount_cents = 0",
    },
    Book {
        table: "ledger_transfer",
        key: "source, source_seq, version, line",
        columns: &[
            "source",
            "source_seq",
            "version",
            "event",
            "debit_account",
            "credit_account",
            "amount_cents",
            "location_seq",
            "at_us",
        ],
        idle: NONE_IDLE,
    },
    Book { table: "payment", key: "seq", columns: &["lost_cents"], idle: NONE_IDLE },
];

/// Disputes that are open, lost and won, and payouts that came, came back, and do not fit.
async fn story(desk: &Desk) {
    for (won, plan) in [
        (None, DisputePlan::Whole),
        (Some(false), DisputePlan::Part(300)),
        (Some(true), DisputePlan::Whole),
    ] {
        let id = desk.paid(1_000).await;
        desk.clinic.refund(id, 100).await.unwrap();
        desk.settle().await;
        desk.hear().await;
        let dispute = desk.fake.dispute_as(&desk.newest("charge"), "general", plan);
        desk.hear().await;
        if let Some(won) = won {
            desk.pass(SignedDuration::from_mins(1));
            desk.fake.close_dispute(&dispute, won);
            desk.hear().await;
        }
    }
    let (_, raised) = desk.paid_twice(800).await;
    desk.give_back(raised).await.unwrap();
    desk.settle_unapplied().await;
    desk.hear().await;
    // A payment that the books do not know yet.
    let (_, page) = desk.on_page(600).await;
    desk.pay(&page);
    drop(desk.fake.take_webhooks());
    desk.pass(SignedDuration::from_hours(48));
    let first = desk.fake.pay_out().unwrap();
    desk.import().await;
    desk.pass(SignedDuration::from_hours(1));
    desk.fake.settle_payout(&first, false);
    desk.hear().await;
    desk.pass(SignedDuration::from_hours(48));
    desk.fake.pay_out().unwrap();
    desk.import().await;
    desk.clinic.verified().await;
}

on_both_engines! {
    async fn every_row_of_disputes_and_payouts_that_is_deleted_is_missed(db) {
        let desk = Desk::open(db).await;
        story(&desk).await;
        delete_each(&desk.clinic, BOOKS).await;
        desk.clinic.verified().await;
    }

    async fn every_column_of_disputes_and_payouts_that_is_changed_is_noticed(db) {
        let desk = Desk::open(db).await;
        story(&desk).await;
        change_each(&desk.clinic, BOOKS).await;
        desk.clinic.verified().await;
    }
}
