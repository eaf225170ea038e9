//! A clinic of any size within seconds, made by the database itself, with rarities in it.

use almoner_domain::OrganizationId;
use almoner_store::params;
use almoner_store::testing::TestDb;

use crate::clinic;
use crate::common::{Raw, run};

/// Payments of each patient.
pub(crate) const EACH: i64 = 10;
/// Payments that are voided: the oldest.
pub(crate) const RARE_STATUS: i64 = 8;
/// The payments after them are of a location that no other has, and of an amount beyond all others.
pub(crate) const RARE_LOCATION: i64 = 32;
/// That amount, in cents.
pub(crate) const RARE_AMOUNT: i64 = 60_000;

/// One row for each number up to `$2`.
const NUMBERS: &str = "WITH RECURSIVE s(i) AS (
    SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM s WHERE i < $2)";

/// Two years of payments, most of them paid; amounts and due dates repeat.
const PAYMENTS: &str = ",
    k AS (SELECT i, CASE WHEN i <= 8 THEN 'voided'
            WHEN i * 31 % 100 < 70 THEN 'paid' WHEN i * 31 % 100 < 80 THEN 'pending'
            WHEN i * 31 % 100 < 84 THEN 'draft' WHEN i * 31 % 100 < 88 THEN 'processing'
            WHEN i * 31 % 100 < 92 THEN 'failed' WHEN i * 31 % 100 < 95 THEN 'cancelled'
            WHEN i * 31 % 100 < 98 THEN 'partially_refunded' ELSE 'refunded' END AS status,
            CASE WHEN i BETWEEN 9 AND 40 THEN 60000 ELSE i * 7919 % 499 * 100 + 200 END AS amount,
            i * 7919 % $3 + 1 AS patient,
            1767225600000000 + i * (63072000000000 / $2) AS created FROM s)
    SELECT $1, i, patient, CASE WHEN i BETWEEN 9 AND 40 THEN 3 ELSE 1 + i % 2 END, status, amount,
        CASE WHEN status IN ('paid', 'partially_refunded', 'refunded') THEN amount ELSE 0 END,
        CASE status WHEN 'partially_refunded' THEN 100 WHEN 'refunded' THEN amount ELSE 0 END,
        CASE WHEN i * 17 % 10 < 3 THEN 99991231
            ELSE 20260500 + i * 13 % 2 * 100 + i * 7919 % 28 + 1 END,
        'last' || (1000000 + patient) || CHR9 || 'first' || (patient % 7), 1, created,
        CASE WHEN status IN ('paid', 'partially_refunded', 'refunded')
            THEN created + 86400000000 END
    FROM k";

const SUMS: [&str; 4] = [
    "INSERT INTO rollup_status SELECT organization_id, location_seq, status, 0, count(*),
        sum(amount_cents), sum(refunded_cents)
        FROM payment GROUP BY organization_id, location_seq, status",
    "INSERT INTO rollup_due SELECT organization_id, location_seq, status, due_key, 0, count(*),
        sum(amount_cents)
        FROM payment WHERE status IN ('draft', 'pending', 'processing', 'failed')
            AND due_key < 99991231 GROUP BY organization_id, location_seq, status, due_key",
    "INSERT INTO rollup_month SELECT 1, 202601 + i / 12 * 100 + i % 12, 1, 0, i, 0
        FROM (SELECT DISTINCT seq - 1 AS i FROM payment WHERE seq <= 24) m",
    "UPDATE patient SET (payment_count, first_seq, last_seq) = (
        SELECT count(*), min(p.seq), max(p.seq) FROM payment p
        WHERE p.organization_id = patient.organization_id AND p.patient_seq = patient.seq)",
];

/// Fills an empty database with one clinic of so many payments.
pub(crate) async fn load(db: &TestDb, count: i64) -> OrganizationId {
    load_of(db, count, count / EACH).await
}

/// Fills an empty database with one clinic of so many payments of so many patients.
pub(crate) async fn load_of(db: &TestDb, count: i64, patient_count: i64) -> OrganizationId {
    let org = clinic::open(db, 3).await;
    let patients = format!(
        "INSERT INTO patient (organization_id, seq, first_name, last_name, birth_day, name_sort,
            name_search, payment_count, version, created_at_us) {NUMBERS}
        SELECT $1, i, 'First' || (i % 7), 'Last' || (1000000 + i), 19800229,
            'last' || (1000000 + i) || CHR9 || 'first' || (i % 7),
            'last' || (1000000 + i) || ' first' || (i % 7), 0, 1, 1 FROM s"
    );
    // The engines write a tabulator in ways of their own; this text is the same for both.
    let patients = patients.replace("CHR9", "'\t'");
    run(db, patients, params![org, patient_count]).await.expect("there are no patients yet");
    for word in ["'last' || (1000000 + seq)", "'first' || (seq % 7)"] {
        let words = format!(
            "INSERT INTO patient_word (organization_id, word, patient_seq)
            SELECT organization_id, {word}, seq FROM patient"
        );
        run(db, words, Vec::new()).await.expect("the words are new");
    }
    let payments = format!(
        "INSERT INTO payment (organization_id, seq, patient_seq, location_seq, status,
            amount_cents, collected_cents, refunded_cents, due_key, name_sort, version,
            created_at_us, paid_at_us) {NUMBERS}{}",
        PAYMENTS.replace("CHR9", "'\t'")
    );
    run(db, payments, params![org, count, patient_count]).await.expect("there are no payments yet");
    for sums in SUMS {
        run(db, sums, Vec::new()).await.expect("the sums are new");
    }
    if db.engine() == almoner_store::db::Engine::Postgres {
        // A server does this by itself, after a while.
        let mut raw = Raw::connect(&db.url).await;
        raw.run("VACUUM ANALYZE").await.expect("nothing else is at work");
        raw.close().await;
    }
    org
}
