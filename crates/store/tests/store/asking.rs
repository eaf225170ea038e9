//! Whether anything is due is asked every second, among few rows and among many.

use almoner_domain::OrganizationId;
use almoner_store::attempts;
use almoner_store::db::{Engine, Tx};
use almoner_store::on_both_engines;
use almoner_store::testing::TestDb;

use crate::common::{at, run};
use crate::flat::{Cost, SETTLED, worst_cost};
use crate::flat_load;

/// Attempts that have come to their end, of which nothing is asked any more.
const ENDED: i64 = 10_000;
/// What may be read to see that nothing is due; the embedded engine counts what it does to begin.
const READ_MAX: i64 = 3_000;

/// What a look costs at worst in a clinic whose attempts have all ended.
async fn cost(db: &TestDb) -> Cost {
    let org: OrganizationId = flat_load::load(db, ENDED).await;
    let ended = "INSERT INTO payment_attempt (organization_id, payment_seq, attempt_no, processor,
            state, amount_cents, started_at_us, changed_at_us, reference)
        SELECT organization_id, seq, 1, 'sandbox', 'failed', amount_cents, 1, 1, seq || '-ended'
        FROM payment";
    run(db, ended, Vec::new()).await.unwrap();
    if db.engine() == Engine::Postgres {
        run(db, "ANALYZE payment_attempt", Vec::new()).await.unwrap();
    }
    let look = async |tx: &mut Tx| {
        let is_due = attempts::any_due(tx, org, at("2030-01-01T00:00:00Z")).await.unwrap();
        assert!(!is_due, "all have ended");
    };
    // More often than a server plans anew for each value.
    worst_cost(&mut db.read().await.unwrap(), SETTLED, look).await
}

on_both_engines! {
    async fn a_look_for_what_is_due_reads_none_of_what_has_ended(db) {
        let cost = cost(&db).await;
        println!("{:?}: {cost:?} among {ENDED}", db.engine());
        assert!(cost.rows <= READ_MAX && cost.blocks <= READ_MAX, "{cost:?}");
    }
}
