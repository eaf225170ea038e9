//! A walk through a list of records, forth and back, meets what a list by hand has.

use almoner_domain::list::{Cursor, Place};
use almoner_domain::{PatientId, TreatmentId, name, time};
use almoner_store::record_list::{Narrowed, RecordPage, Records, page};
use almoner_store::testing::TestDb;
use almoner_store::{Tx, on_both_engines, params};
use jiff::civil::Date;

use crate::clinic;
use crate::common::run;
use crate::record_load::{
    EARLY, LATE, add_early_patient, changed_us, is_overdue, load, since, whose,
};

const PATIENTS: i64 = 90;
const TREATMENTS: i64 = 200;
const LIMIT: i64 = 7;
/// When all of them were born.
const BIRTH: Date = Date::constant(1980, 2, 29);

/// What a list has, by hand.
fn expected(records: Records, narrowed: &Narrowed) -> Vec<Cursor> {
    let count = if records == Records::Patients { PATIENTS } else { TREATMENTS };
    let is_listed = |&seq: &i64| match narrowed {
        Narrowed::Not => true,
        Narrowed::ChangedSince(at) => changed_us(seq, count) >= at.as_microsecond(),
        Narrowed::Named(words) => {
            let key = format!("last{} first{}", 1_000_000 + seq, seq % 7);
            name::matches(&key, words)
        }
        Narrowed::Born(day, words) => {
            let key = format!("last{} first{}", 1_000_000 + seq, seq % 7);
            *day == BIRTH && name::matches(&key, words)
        }
        Narrowed::Owed(patient) => whose(seq, PATIENTS) == *patient,
        Narrowed::OfPatient(patient, overdue_on) => {
            let id = TreatmentId::new(seq);
            let is_due = overdue_on.is_none_or(|day| is_overdue(id, day));
            whose(seq, PATIENTS) == *patient && is_due
        }
        Narrowed::OverdueOn(day) => is_overdue(TreatmentId::new(seq), *day),
    };
    let key = |seq| matches!(narrowed, Narrowed::ChangedSince(_)).then(|| changed_us(seq, count));
    let mut rows: Vec<Cursor> =
        (1..=count).filter(is_listed).map(|seq| Cursor { key: key(seq), rank: 0, seq }).collect();
    rows.sort_by_key(|row| (row.key, row.seq));
    rows
}

fn lists() -> Vec<(Records, Narrowed)> {
    let named = |typed: &str| Narrowed::Named(name::search_words(typed));
    let patient = whose(30, PATIENTS);
    let since_of = |count| Narrowed::ChangedSince(since(30, count));
    vec![
        (Records::Patients, Narrowed::Not),
        (Records::Patients, since_of(PATIENTS)),
        (Records::Patients, named("first3")),
        (Records::Patients, named("10000 fi")),
        (Records::Patients, named("nobody")),
        (Records::Patients, Narrowed::Born(BIRTH, name::search_words("first3"))),
        (Records::Patients, Narrowed::Born(BIRTH.tomorrow().unwrap(), Vec::new())),
        (Records::Payments, Narrowed::Owed(patient)),
        (Records::Treatments, Narrowed::Not),
        (Records::Treatments, since_of(TREATMENTS)),
        (Records::Payments, since_of(TREATMENTS)),
        (Records::Treatments, Narrowed::OfPatient(patient, None)),
        (Records::Treatments, Narrowed::OfPatient(patient, Some(LATE))),
        (Records::Treatments, Narrowed::OfPatient(PatientId::new(PATIENTS + 1), None)),
        (Records::Treatments, Narrowed::OverdueOn(EARLY)),
        (Records::Treatments, Narrowed::OverdueOn(LATE)),
    ]
}

on_both_engines! {
    async fn records_of_an_earlier_version_tell_their_last_change(db) {
        let db = TestDb::at_version(db.engine(), 18).await;
        let org = clinic::open(&db, 1).await;
        add_early_patient(&db, org).await;
        let sql = "INSERT INTO treatment (organization_id, seq, patient_seq, location_seq,
                service_at_us, status, version, created_at_us)
            VALUES ($1, 1, 1, 1, 5, 'scheduled', 1, 2000)";
        run(&db, sql, params![org]).await.unwrap();
        let sql = "INSERT INTO payment (organization_id, seq, patient_seq, location_seq, status,
                amount_cents, collected_cents, refunded_cents, due_key, name_sort, version,
                created_at_us)
            VALUES ($1, 1, 1, 1, 'pending', 700, 0, 0, 99991231, 'x', 2, 2000)";
        run(&db, sql, params![org]).await.unwrap();
        for (number, (action, subject, version)) in (1_u8..).zip([
            ("patient_changed", "patient", None),
            ("viewed", "patient", None),
            ("treatment_added", "treatment", None),
            ("payment_edited", "payment", Some(2_i64)),
            ("link_issued", "payment", None),
        ]) {
            let sql = "INSERT INTO audit_event (organization_id, event_id, at_us, actor, action,
                    subject, subject_seq, subject_version, detail)
                VALUES ($1, $2, $3, 'staff', $4, $5, 1, $6, '{}')";
            let at_us = 10_000 + i64::from(number);
            let values = params![org, vec![number; 16], at_us, action, subject, version];
            run(&db, sql, values).await.unwrap();
        }
        db.migrate().await.unwrap();
        let mut tx = db.read().await.unwrap();
        let asked = Narrowed::ChangedSince(time::from_micros(2_000));
        for (records, changed_us) in [
            (Records::Patients, 10_001),
            (Records::Treatments, 2_000),
            (Records::Payments, 10_004),
        ] {
            let found = page(&mut tx, org, (records, &asked), (Place::First, LIMIT)).await.unwrap();
            assert_eq!(found.rows, [Cursor { key: Some(changed_us), rank: 0, seq: 1 }]);
        }
    }

    async fn a_walk_meets_every_record_once(db) {
        let org = load(&db, PATIENTS, TREATMENTS).await;
        let mut tx = db.read().await.unwrap();
        for (records, narrowed) in lists() {
            let expected = expected(records, &narrowed);
            let total = i64::try_from(expected.len()).unwrap();
            let read = async |tx: &mut Tx, place| -> RecordPage {
                let found = page(tx, org, (records, &narrowed), (place, LIMIT)).await.unwrap();
                assert_eq!((found.total, found.total_is_exact), (total, true), "{narrowed:?}");
                found
            };
            let (mut place, mut met) = (Place::First, Vec::new());
            loop {
                let found = read(&mut tx, place).await;
                assert_eq!(found.has_previous, !met.is_empty(), "{narrowed:?}");
                met.extend(found.rows);
                match met.last() {
                    Some(last) if found.has_next => place = Place::After(*last),
                    _ => break,
                }
            }
            assert_eq!(met, expected, "{narrowed:?}");
            let (mut place, mut met) = (Place::Last, Vec::new());
            loop {
                let found = read(&mut tx, place).await;
                assert_eq!(found.has_next, !met.is_empty(), "{narrowed:?}");
                met.splice(0..0, found.rows);
                match met.first() {
                    Some(first) if found.has_previous => place = Place::Before(*first),
                    _ => break,
                }
            }
            assert_eq!(met, expected, "{narrowed:?}, from its end");
        }
    }
}
