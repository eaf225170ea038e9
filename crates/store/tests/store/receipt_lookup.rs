//! A payment's receipts are looked up, among however many there are.

use almoner_domain::PaymentId;
use almoner_store::db::{Engine, Tx};
use almoner_store::{on_both_engines, receipts};

use crate::common::run;
use crate::flat::{SETTLED, worst_cost};
use crate::flat_load;

/// Payments, most of which have a receipt.
const PAYMENTS: i64 = 10_000;
/// What may be read to find one receipt; the embedded engine counts what it does to begin.
const READ_MAX: i64 = 300;

on_both_engines! {
    async fn the_receipts_of_a_payment_are_looked_up(db) {
        let org = flat_load::load(&db, PAYMENTS).await;
        for sql in [
            "INSERT INTO payment_transition (organization_id, payment_seq, version, to_status,
                moved_by, at_us)
            SELECT organization_id, seq, 1, status, 'system', 1 FROM payment",
            "INSERT INTO tender (organization_id, payment_seq, version, kind, amount_cents,
                location_seq, received_at_us, business_day)
            SELECT organization_id, seq, 1, 'cash', amount_cents, location_seq, 1, 20260101
            FROM payment WHERE status = 'paid'",
            "INSERT INTO receipt (organization_id, seq, payment_seq, tender_version, amount_cents)
            SELECT organization_id, row_number() OVER (ORDER BY payment_seq), payment_seq, 1,
                amount_cents FROM tender",
        ] {
            run(&db, sql, Vec::new()).await.unwrap();
        }
        if db.engine() == Engine::Postgres {
            run(&db, "ANALYZE receipt, tender", Vec::new()).await.unwrap();
        }
        let last = "SELECT max(payment_seq) AS it FROM receipt";
        let mut tx = db.read().await.unwrap();
        let last = PaymentId::new(tx.one(last, Vec::new()).await.unwrap().int("it").unwrap());
        let look = async |tx: &mut Tx| {
            let found = receipts::of_payment(tx, org, last).await.unwrap();
            assert_eq!(found.len(), 1, "it was paid once");
        };
        // More often than a server plans anew for each value.
        let cost = worst_cost(&mut tx, SETTLED, look).await;
        println!("{:?}: {cost:?} among {PAYMENTS}", db.engine());
        assert!(cost.rows <= READ_MAX && cost.blocks <= READ_MAX, "{cost:?}");
    }
}
