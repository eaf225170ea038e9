//! A clinic whose records follow rules that a test can follow as well: made by the database
//! itself, of any size within seconds.

use almoner_domain::{OrganizationId, PatientId, TreatmentId};
use almoner_store::params;
use almoner_store::testing::TestDb;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::clinic;
use crate::common::{run, settle};

/// A day on which a few payments are overdue.
pub(crate) const EARLY: Date = Date::constant(2025, 6, 1);
/// A day on which most of the open payments are overdue.
pub(crate) const LATE: Date = Date::constant(2026, 6, 15);
/// The treatments up to this number have what is overdue early.
const LONG_OVERDUE: i64 = 60;
/// The first change, in microseconds.
const FIRST_CHANGE_US: i64 = 1_767_225_600_000_000;

/// One row for each number up to `$2`.
const NUMBERS: &str = "WITH RECURSIVE s(i) AS (
    SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM s WHERE i < $2)";

/// The microseconds at which the record with that number, of so many, changed last.
pub(crate) fn changed_us(seq: i64, count: i64) -> i64 {
    FIRST_CHANGE_US + seq * 7_919 % count / 2 * 1_000_000
}

/// A moment after which about so many of a hundred records changed.
pub(crate) fn since(percent: i64, count: i64) -> Timestamp {
    let seconds = count * (100 - percent) / 200;
    almoner_domain::time::from_micros(FIRST_CHANGE_US + seconds * 1_000_000)
}

/// Whose a treatment is.
pub(crate) fn whose(treatment: i64, patients: i64) -> PatientId {
    PatientId::new(treatment * 7_919 % patients + 1)
}

/// Whether the treatment's one payment is overdue on a day.
pub(crate) fn is_overdue(treatment: TreatmentId, day: Date) -> bool {
    let n = treatment.seq();
    match (n % 10 >= 3, n <= LONG_OVERDUE, n % 10 == 9) {
        (true, true, _) => true,
        (true, false, false) => day == LATE,
        _ => false,
    }
}

const PATIENTS: &str =
    "INSERT INTO patient (organization_id, seq, first_name, last_name, birth_day,
        name_sort, name_search, payment_count, version, created_at_us, modified_at_us) NUMBERS
    SELECT $1, i, 'First' || (i % 7), 'Last' || (1000000 + i), 19800229,
        'last' || (1000000 + i) || '\tfirst' || (i % 7),
        'last' || (1000000 + i) || ' first' || (i % 7), 0, 1, 1,
        FIRST + i * 7919 % $2 / 2 * 1000000 FROM s";

const WORDS: [&str; 2] = ["'last' || (1000000 + seq)", "'first' || (seq % 7)"];

const TREATMENTS: &str = "INSERT INTO treatment (organization_id, seq, patient_seq, location_seq,
        service_at_us, status, version, created_at_us, modified_at_us) NUMBERS
    SELECT $1, i, i * 7919 % $3 + 1, 1, 1, 'scheduled', 1, 1,
        FIRST + i * 7919 % $2 / 2 * 1000000 FROM s";

const PAYMENTS: &str = "INSERT INTO payment (organization_id, seq, patient_seq, location_seq,
        treatment_seq, status, amount_cents, collected_cents, refunded_cents, due_key, name_sort,
        version, created_at_us, paid_at_us) NUMBERS
    SELECT $1, i, i * 7919 % $3 + 1, 1, i, CASE WHEN i % 10 < 3 THEN 'paid' ELSE 'pending' END, 700,
        CASE WHEN i % 10 < 3 THEN 700 ELSE 0 END, 0,
        CASE WHEN i <= 60 THEN 20250101 WHEN i % 10 = 9 THEN 20991231 ELSE 20260101 + i % 28 END,
        'x', 1, i, CASE WHEN i % 10 < 3 THEN i END FROM s";

/// Adds the first patient as the program did before it kept when a record changed last.
pub(crate) async fn add_early_patient(db: &TestDb, org: OrganizationId) {
    let sql = "INSERT INTO patient (organization_id, seq, first_name, last_name, birth_day,
            name_sort, name_search, payment_count, version, created_at_us)
        VALUES ($1, 1, 'Ann', 'Zulu', 19800229, $2, 'zulu ann', 0, 1, 1000)";
    run(db, sql, params![org, "zulu\tann"]).await.expect("there are no patients yet");
    let sql = "INSERT INTO patient_word (organization_id, word, patient_seq)
        VALUES ($1, 'zulu', 1), ($1, 'ann', 1)";
    run(db, sql, params![org]).await.expect("the words are new");
}

/// Fills an empty database with a clinic of so many patients and treatments, each treatment with
/// one payment.
pub(crate) async fn load(db: &TestDb, patients: i64, treatments: i64) -> OrganizationId {
    let org = clinic::open(db, 1).await;
    let filled =
        |sql: &str| sql.replace("NUMBERS", NUMBERS).replace("FIRST", &FIRST_CHANGE_US.to_string());
    run(db, filled(PATIENTS), params![org, patients]).await.expect("there are no patients yet");
    for word in WORDS {
        let words = format!(
            "INSERT INTO patient_word (organization_id, word, patient_seq)
            SELECT organization_id, {word}, seq FROM patient"
        );
        run(db, words, Vec::new()).await.expect("the words are new");
    }
    for sql in [TREATMENTS, PAYMENTS] {
        let values = params![org, treatments, patients];
        run(db, filled(sql), values).await.expect("they are new");
    }
    settle(db).await;
    org
}
