//! What reports read costs the same among few and among many payments; and what was there before
//! reports is counted for them.

use almoner_domain::payment::PaymentType;
use almoner_domain::report::DayOfLocation;
use almoner_domain::tender::TenderType;
use almoner_domain::{OrganizationId, PatientId, TreatmentId};
use almoner_store::db::{Engine, Tx};
use almoner_store::testing::TestDb;
use almoner_store::{day_close, duplicates, params, patients, report_sums, treatments};
use jiff::civil::Date;

use crate::common::{number, run, settle};
use crate::flat::{Cost, SETTLED, worst_cost};
use crate::flat_load;

/// What may be read on top of twice what a small table asks for: a deeper index, fuller pages.
const MARGIN: i64 = 250;
/// A day on which both clinics took the same few payments.
const DAY: Date = Date::constant(2026, 3, 10);
/// How many those are.
const OF_DAY: i64 = 40;
const TODAY: Date = Date::constant(2026, 6, 15);

/// A treatment of each patient, for which all their payments are.
const TREATED: [&str; 2] = [
    "INSERT INTO treatment (organization_id, seq, patient_seq, location_seq, service_at_us, status,
        version, created_at_us)
        SELECT organization_id, seq, seq, 1, seq, 'completed', 1, 1 FROM patient",
    "UPDATE payment SET treatment_seq = patient_seq",
];

/// Steps, tenders and ledger rows of all that was paid; few of them on [`DAY`], the others before.
const TAKEN: [&str; 4] = [
    "INSERT INTO payment_transition (organization_id, payment_seq, version, from_status, to_status,
        moved_by, at_us)
        SELECT organization_id, seq, 1, 'pending', 'paid', 'staff', 1 FROM payment
        WHERE collected_cents > 0",
    "INSERT INTO tender (organization_id, payment_seq, version, kind, amount_cents, location_seq,
        received_at_us, business_day, payment_kind)
        SELECT organization_id, seq, 1, CASE seq % 3 WHEN 0 THEN 'cash' ELSE 'check' END,
            collected_cents, location_seq, 1,
            20260310 - CASE WHEN n <= $1 THEN 0 ELSE 1 + seq % 9 END, kind
        FROM (SELECT p.*, row_number() OVER (ORDER BY seq) AS n FROM payment p
            WHERE collected_cents > 0) paid",
    "INSERT INTO ledger_transfer (organization_id, source, source_seq, version, line, event,
        debit_account, credit_account, amount_cents, location_seq, business_day, at_us)
        SELECT organization_id, 'payment', payment_seq, 1, 1, 'tender_taken',
            CASE kind WHEN 'cash' THEN 'cash' ELSE 'checks' END, 'receivable', amount_cents,
            location_seq, business_day, 1
        FROM tender",
    "INSERT INTO rollup_taken SELECT 1, 202601 + i / 12 * 100 + i % 12, 1 + i % 3, '', 'cash', 0,
        i, 0 FROM (SELECT DISTINCT seq - 1 AS i FROM payment WHERE seq <= 24) m",
];

struct Clinic {
    db: TestDb,
    org: OrganizationId,
}

impl Clinic {
    async fn open(engine: Engine, count: i64) -> Self {
        let db = TestDb::new(engine).await;
        let org = flat_load::load(&db, count).await;
        for (place, statement) in TAKEN.into_iter().enumerate() {
            let values = if place == 1 { params![OF_DAY] } else { Vec::new() };
            run(&db, statement, values).await.expect("the rows are new");
        }
        for statement in TREATED {
            run(&db, statement, Vec::new()).await.expect("the patients are there");
        }
        settle(&db).await;
        Self { db, org }
    }

    async fn costs(&self) -> [Cost; 6] {
        let mut tx = match self.db.engine() {
            Engine::Sqlite => self.db.read().await.unwrap(),
            Engine::Postgres => self.db.begin().await.unwrap(),
        };
        let org = self.org;
        let of_day = async |tx: &mut Tx| {
            let day = day_close::of_day(tx, org, DAY).await.expect("the day is read");
            let taken: i64 = day.values().map(|place| place.sums().taken.count).sum();
            assert_eq!(taken, OF_DAY);
            assert!(day.values().all(DayOfLocation::agrees));
        };
        let of_months = async |tx: &mut Tx| {
            let rows = report_sums::collections(tx, org, (202_601, 202_612), &[]).await;
            assert_eq!(rows.expect("the months are read").len(), 11);
        };
        let aging = async |tx: &mut Tx| {
            let all = report_sums::aging(tx, org, TODAY).await.expect("the sums are read");
            assert!(!all.is_empty());
        };
        let treatment = async |tx: &mut Tx| {
            let found = treatments::get(tx, org, TreatmentId::new(7), TODAY).await;
            assert!(found.expect("it is read").is_some());
        };
        let owed = async |tx: &mut Tx| {
            // So few that they are looked up by index among few payments too.
            let patients: Vec<PatientId> = (1..=5).map(PatientId::new).collect();
            patients::owed(tx, org, &patients, TODAY).await.expect("it is read");
        };
        // All were born on one day, as where a clinic writes one for all whose day is not known.
        let alike = async |tx: &mut Tx| {
            let patient = patients::get(tx, org, PatientId::new(7)).await.unwrap();
            let found = duplicates::candidates(tx, org, &patient.expect("they are there")).await;
            assert!(found.expect("they are read").len() >= 190);
        };
        [
            worst_cost(&mut tx, SETTLED, alike).await,
            worst_cost(&mut tx, SETTLED, treatment).await,
            worst_cost(&mut tx, SETTLED, owed).await,
            worst_cost(&mut tx, SETTLED, of_day).await,
            worst_cost(&mut tx, SETTLED, of_months).await,
            worst_cost(&mut tx, SETTLED, aging).await,
        ]
    }
}

async fn check(engine: Engine) {
    let (small, large) = (Clinic::open(engine, 4_000).await, Clinic::open(engine, 20_000).await);
    let (few, many) = (small.costs().await, large.costs().await);
    println!("{engine:?}: among 4000 {few:?}, among 20000 {many:?}");
    for (one, other) in few.into_iter().zip(many) {
        assert!(other.rows <= 2 * one.rows + MARGIN, "{one:?} {other:?}");
        assert!(other.blocks <= 2 * one.blocks + MARGIN, "{one:?} {other:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_are_flat_sqlite() {
    check(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_are_flat_postgres() {
    check(Engine::Postgres).await;
}

/// A clinic before reports: paid and given back in part, reversed and paid otherwise.
const BEFORE: [&str; 7] = [
    "INSERT INTO organization (organization_id, slug, name, time_zone, currency, created_at_us)
        VALUES (1, 'a', 'A', 'UTC', 'USD', 1)",
    "INSERT INTO location (organization_id, seq, name, time_zone, created_at_us)
        VALUES (1, 1, 'A', 'UTC', 1)",
    "INSERT INTO patient (organization_id, seq, first_name, last_name, birth_day, name_sort,
        name_search, payment_count, version, created_at_us)
        VALUES (1, 1, 'Ann', 'Sample', 19800229, 'sample ann', 'sample ann', 0, 1, 1)",
    "INSERT INTO payment (organization_id, seq, patient_seq, location_seq, kind, status,
        amount_cents, collected_cents, refunded_cents, due_key, name_sort, version, created_at_us,
        paid_at_us)
        VALUES (1, 1, 1, 1, 'office_visit', 'paid', 900, 900, 0, 99991231, 'sample ann', 1, 1, 1),
            (1, 2, 1, 1, NULL, 'paid', 500, 500, 0, 99991231, 'sample ann', 3, 1, 1)",
    "INSERT INTO payment_transition (organization_id, payment_seq, version, from_status, to_status,
        moved_by, at_us)
        VALUES (1, 1, 1, 'pending', 'paid', 'staff', 1), (1, 2, 1, 'pending', 'paid', 'staff', 1),
            (1, 2, 2, 'paid', 'pending', 'reversal', 1), (1, 2, 3, 'pending', 'paid', 'staff', 1)",
    "INSERT INTO tender (organization_id, payment_seq, version, kind, amount_cents, location_seq,
        received_at_us, business_day)
        VALUES (1, 1, 1, 'card_processor', 900, 1, 1, 20260131),
            (1, 2, 1, 'check', 500, 1, 1, 20260131), (1, 2, 3, 'cash', 500, 1, 1, 20260201)",
    "INSERT INTO tender_reversal (organization_id, payment_seq, version, tender_version, reason,
        amount_cents, location_seq, user_seq, at_us, business_day)
        VALUES (1, 2, 2, 1, 'returned_unpaid', 500, 1, 1, 1, 20260201)",
];

/// A refund that failed in the next month, and one that stands.
const REFUNDED: [&str; 4] = [
    "INSERT INTO refund (organization_id, seq, payment_seq, amount_cents, reason, state,
        tender_kind, location_seq, made_at_us, business_day)
        VALUES (1, 1, 1, 100, 'other', 'pending', 'card_processor', 1, 1, 20260131)",
    "INSERT INTO refund (organization_id, seq, payment_seq, amount_cents, reason, state,
        tender_kind, location_seq, made_at_us, business_day)
        VALUES (1, 2, 1, 200, 'other', 'pending', 'card_processor', 1, 1, 20260201)",
    "UPDATE refund SET state = 'failed', ended_day = 20260202, ended_at_us = 1 WHERE seq = 1",
    "UPDATE refund SET state = 'settled', settled_at_us = 1 WHERE seq = 2",
];

async fn older(engine: Engine) {
    let db = TestDb::at_version(engine, 12).await;
    for sql in BEFORE.into_iter().chain(REFUNDED) {
        run(&db, sql, Vec::new()).await.expect(sql);
    }
    db.migrate().await.expect("the schema is brought up");
    let mut tx = db.read().await.unwrap();
    let rows = report_sums::collections(&mut tx, OrganizationId(1), (0, 999_999), &[]).await;
    let visit = Some(PaymentType::OfficeVisit);
    let told = rows.unwrap().into_iter().map(|row| {
        (row.month, row.kind, row.tender, row.sums.gross.cents(), row.sums.refunded.cents())
    });
    let expected = [
        (202_601, None, TenderType::Check, 500, 0),
        (202_601, visit, TenderType::CardProcessor, 900, 100),
        (202_602, None, TenderType::Cash, 500, 0),
        (202_602, None, TenderType::Check, -500, 0),
        (202_602, visit, TenderType::CardProcessor, 0, 100),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    drop(tx);
    for change in ["tender SET payment_kind = 'private_pay'", "refund SET payment_kind = NULL"] {
        let told = run(&db, format!("UPDATE {change}"), Vec::new()).await;
        assert!(told.is_err(), "{change} is refused again");
    }
    assert_eq!(number(&db, "SELECT count(*) AS n FROM drawer_count").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_before_reports_is_counted_sqlite() {
    older(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_before_reports_is_counted_postgres() {
    older(Engine::Postgres).await;
}
