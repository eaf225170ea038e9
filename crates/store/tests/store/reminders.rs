//! Whom to remind is found by reading few rows, among few payments and among many.

use almoner_domain::reminder::Step;
use almoner_domain::{LocationId, Status};
use almoner_store::db::{Engine, Tx};
use almoner_store::on_both_engines;
use almoner_store::reminders::{self, Search};
use almoner_store::testing::TestDb;
use jiff::civil::date;

use crate::common::{at, run};
use crate::flat::{Cost, SETTLED, worst_cost};
use crate::flat_load;

/// Payments that are asked for at a time.
const PIECE: i64 = 20;
/// What may be read on top of twice what a small table asks for.
const MARGIN: i64 = 250;

/// A clinic of so many payments, two thirds of whose patients agreed to e-mail.
async fn cost(engine: Engine, count: i64) -> (Cost, String) {
    let db = TestDb::new(engine).await;
    let org = flat_load::load(&db, count).await;
    run(&db, "UPDATE patient SET email = 'p@patient.example'", Vec::new()).await.unwrap();
    let consents = "INSERT INTO email_consent (organization_id, patient_seq, address, given_at_us)
        SELECT organization_id, seq, email, 1 FROM patient WHERE seq % 3 > 0";
    run(&db, consents, Vec::new()).await.unwrap();
    if engine == Engine::Postgres {
        run(&db, "ANALYZE", Vec::new()).await.unwrap();
    }
    let step = Step { days: 7, from: date(2026, 5, 8), to: date(2026, 5, 10) };
    let locations = [LocationId::new(1), LocationId::new(2)];
    let search = Search {
        status: Status::Pending,
        step,
        locations: &locations,
        created_by: at("2030-01-01T00:00:00Z"),
        after: None,
    };
    let mut tx = match engine {
        Engine::Sqlite => db.read().await.unwrap(),
        Engine::Postgres => db.begin().await.unwrap(),
    };
    let read = async |tx: &mut Tx| {
        let first = reminders::owed(tx, org, &search, PIECE).await.unwrap();
        assert!(!first.is_empty(), "some are due on these days");
        let next = Search { after: first.last().copied(), ..search };
        let next = reminders::owed(tx, org, &next, PIECE).await.unwrap();
        assert!(next.iter().all(|owed| !first.contains(owed)), "{next:?}");
    };
    let cost = worst_cost(&mut tx, SETTLED, read).await;
    let (sql, values) = reminders::explained(org, &search, PIECE);
    let (explain, column) = match engine {
        Engine::Sqlite => ("EXPLAIN QUERY PLAN", "detail"),
        Engine::Postgres => ("EXPLAIN", "QUERY PLAN"),
    };
    let rows = tx.all(format!("{explain} {sql}"), values).await.expect("it is explained");
    let lines: Vec<String> = rows.iter().map(|row| row.text(column).unwrap()).collect();
    (cost, format!("{sql}\n{}", lines.join("\n")))
}

on_both_engines! {
    async fn whom_to_remind_costs_the_same_among_many(db) {
        let (small, _) = cost(db.engine(), 5_000).await;
        let (large, plan) = cost(db.engine(), 30_000).await;
        println!("{:?}: {small:?} among 5000, {large:?} among 30000", db.engine());
        assert!(large.rows <= small.rows * 2 + MARGIN, "{small:?}, {large:?}\n{plan}");
        assert!(large.blocks <= small.blocks * 2 + MARGIN, "{small:?}, {large:?}\n{plan}");
        assert!(plan.contains("payment_due") || plan.contains("payment_location_due"), "{plan}");
    }
}
