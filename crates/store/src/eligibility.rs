//! Eligibility checks: the payer's text as it came, and what was read from it.

use almoner_domain::checks::{MAX_KEY_LETTERS, payer_key};
use almoner_domain::estimate::Outcome;
use almoner_domain::{CheckId, OrganizationId, PatientId};
use jiff::Timestamp;

use crate::check_list::{self, ListedCheck};
use crate::db::{Row, StoreError, Tx};
use crate::params;
use crate::statement::Statement;

/// Benefits that one statement adds at most.
const ROWS_PER_STATEMENT: usize = 100;

/// A file from which nothing could be read.
#[derive(Debug, Clone)]
pub struct UnreadFile {
    /// SHA-256 of its content.
    pub hash: Vec<u8>,
    /// Its name.
    pub name: String,
    /// Why.
    pub failure: String,
    /// When it was handed in.
    pub imported_at: Timestamp,
}

/// The files from which nothing could be read and about which nobody decided, newest first, at
/// most `limit`.
pub async fn unread_files(
    tx: &mut Tx,
    org: OrganizationId,
    limit: i64,
) -> Result<Vec<UnreadFile>, StoreError> {
    let sql = "SELECT file_hash, name, failure, imported_at_us FROM eligibility_file
        WHERE organization_id = $1 AND failure IS NOT NULL AND dismissed_at_us IS NULL
        ORDER BY imported_at_us DESC LIMIT $2";
    let file = |row: &Row| {
        Ok(UnreadFile {
            hash: row.bytes("file_hash")?,
            name: row.text("name")?,
            failure: row.text("failure")?,
            imported_at: row.time("imported_at_us")?,
        })
    };
    tx.all(sql, params![org, limit]).await?.iter().map(file).collect()
}

/// How many such files there are, counted up to `limit`.
pub async fn count_unread_files(
    tx: &mut Tx,
    org: OrganizationId,
    limit: i64,
) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) AS n FROM (SELECT imported_at_us FROM eligibility_file
        WHERE organization_id = $1 AND failure IS NOT NULL AND dismissed_at_us IS NULL
        LIMIT $2) AS unread";
    tx.one(sql, params![org, limit]).await?.int("n")
}

/// Whether there is an unreadable file of that content; nothing of others is told.
pub async fn is_unreadable(
    tx: &mut Tx,
    org: OrganizationId,
    hash: &[u8],
) -> Result<bool, StoreError> {
    let sql = "SELECT name FROM eligibility_file
        WHERE organization_id = $1 AND file_hash = $2 AND failure IS NOT NULL";
    Ok(tx.optional(sql, params![org, hash]).await?.is_some())
}

/// Notes that nothing is to be done about an unreadable file; false when that was noted before.
pub async fn dismiss_file(
    tx: &mut Tx,
    org: OrganizationId,
    hash: &[u8],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE eligibility_file SET dismissed_at_us = $3 WHERE organization_id = $1
        AND file_hash = $2 AND failure IS NOT NULL AND dismissed_at_us IS NULL";
    Ok(tx.execute(sql, params![org, hash, now]).await? == 1)
}

/// A check as it is stored.
#[derive(Debug, Clone)]
pub struct CheckRow {
    /// Its id.
    pub id: CheckId,
    /// Whose it is, once it is matched.
    pub patient: Option<PatientId>,
    /// What it says on the whole.
    pub outcome: Outcome,
    /// The payer's name.
    pub payer: String,
    /// The plan's name.
    pub plan: Option<String>,
    /// The payer's time.
    pub checked_at: Timestamp,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// SHA-256 of the transaction.
    pub fingerprint: Vec<u8>,
    /// The file that it came in.
    pub file_hash: Vec<u8>,
    /// The bytes of the file that it came from.
    pub file_range: (i64, i64),
    /// Whom the payer spoke of and what else it said, as JSON.
    pub answer: String,
    /// Sort key of the name that the payer gave; once the check is matched, the patient's.
    pub name_sort: String,
}

/// What people decided about a check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decisions {
    /// Why somebody took it back from a patient, while it waits for another.
    pub put_back: Option<String>,
    /// When somebody decided that the payer's other data of the person do not matter.
    pub differences_dismissed_at: Option<Timestamp>,
}

/// What people decided about a check; nothing about one that does not exist.
pub async fn decisions(
    tx: &mut Tx,
    org: OrganizationId,
    id: CheckId,
) -> Result<Decisions, StoreError> {
    let sql = "SELECT put_back, differences_dismissed_at_us FROM eligibility_check
        WHERE organization_id = $1 AND seq = $2";
    let Some(row) = tx.optional(sql, params![org, id]).await? else {
        return Ok(Decisions::default());
    };
    Ok(Decisions {
        put_back: row.opt_text("put_back")?,
        differences_dismissed_at: row.opt_time("differences_dismissed_at_us")?,
    })
}

/// A benefit row: its place, the payer's line, and what was read, as JSON.
#[derive(Debug, Clone)]
pub struct BenefitRow {
    /// The segment's index in the file.
    pub index: i64,
    /// The payer's line.
    pub segment: String,
    /// What was read.
    pub benefit: String,
}

fn check(row: &Row) -> Result<CheckRow, StoreError> {
    Ok(CheckRow {
        id: CheckId::new(row.int("seq")?),
        patient: row.opt_int("patient_seq")?.map(PatientId::new),
        outcome: row.word("outcome", Outcome::from_name)?,
        payer: row.text("payer")?,
        plan: row.opt_text("plan")?,
        checked_at: row.time("checked_at_us")?,
        imported_at: row.time("imported_at_us")?,
        fingerprint: row.bytes("fingerprint")?,
        file_hash: row.bytes("file_hash")?,
        file_range: (row.int("file_from")?, row.int("file_to")?),
        answer: row.text("answer")?,
        name_sort: row.text("name_sort")?,
    })
}

/// Adds a check with its benefits.
///
/// # Errors
/// [`StoreError::Duplicate`] when the same transaction was imported at the same time.
pub async fn insert(
    tx: &mut Tx,
    org: OrganizationId,
    row: &CheckRow,
    benefits: &[BenefitRow],
) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO eligibility_check (organization_id, seq, patient_seq, outcome, payer, plan,
            checked_at_us, imported_at_us, fingerprint, file_hash, file_from, file_to, answer,
            name_sort, payer_sort)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
            coalesce(({PATIENT_KEY} AND p.seq = $3), $14), $15)"
    );
    let r = row.clone();
    let values = params![
        org,
        r.id,
        r.patient,
        r.outcome.as_str(),
        r.payer,
        r.plan,
        r.checked_at,
        r.imported_at,
        r.fingerprint,
        r.file_hash,
        r.file_range.0,
        r.file_range.1,
        r.answer,
        cut(&r.name_sort),
        payer_key(&row.payer),
    ];
    tx.execute_one(sql, values).await?;
    for rows in benefits.chunks(ROWS_PER_STATEMENT) {
        insert_benefits(tx, org, row.id, rows).await?;
    }
    Ok(())
}

async fn insert_benefits(
    tx: &mut Tx,
    org: OrganizationId,
    check: CheckId,
    rows: &[BenefitRow],
) -> Result<(), StoreError> {
    let mut insert = Statement::default();
    insert.push("INSERT INTO eligibility_benefit (organization_id, check_seq, row_index, segment,");
    insert.push(" benefit) VALUES ");
    for (place, row) in rows.iter().enumerate() {
        insert.push(if place > 0 { ", (" } else { "(" }).bind(org);
        insert.push(", ").bind(check).push(", ").bind(row.index);
        insert.push(", ").bind(row.segment.as_str()).push(", ").bind(row.benefit.as_str());
        insert.push(")");
    }
    insert.execute(tx).await.map(drop)
}

/// The check that the same transaction led to before.
pub async fn by_fingerprint(
    tx: &mut Tx,
    org: OrganizationId,
    fingerprint: &[u8],
) -> Result<Option<CheckRow>, StoreError> {
    let sql = "SELECT * FROM eligibility_check WHERE organization_id = $1 AND fingerprint = $2";
    tx.optional(sql, params![org, fingerprint]).await?.as_ref().map(check).transpose()
}

/// The check with that id.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    id: CheckId,
) -> Result<Option<CheckRow>, StoreError> {
    let sql = "SELECT * FROM eligibility_check WHERE organization_id = $1 AND seq = $2";
    tx.optional(sql, params![org, id]).await?.as_ref().map(check).transpose()
}

/// The checks of a patient, most recent first by the payer's time, then by import.
pub async fn of_patient(
    tx: &mut Tx,
    org: OrganizationId,
    patient: PatientId,
    limit: i64,
) -> Result<Vec<CheckRow>, StoreError> {
    let sql = "SELECT * FROM eligibility_check WHERE organization_id = $1 AND patient_seq = $2
        ORDER BY checked_at_us DESC, imported_at_us DESC, seq DESC LIMIT $3";
    tx.all(sql, params![org, patient, limit]).await?.iter().map(check).collect()
}

/// How many benefits a check has.
pub async fn count_benefits(
    tx: &mut Tx,
    org: OrganizationId,
    id: CheckId,
) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) AS n FROM eligibility_benefit
        WHERE organization_id = $1 AND check_seq = $2";
    tx.one(sql, params![org, id]).await?.int("n")
}

/// The benefits of a check, in the payer's order.
pub async fn benefits(
    tx: &mut Tx,
    org: OrganizationId,
    id: CheckId,
) -> Result<Vec<BenefitRow>, StoreError> {
    let sql = "SELECT row_index, segment, benefit FROM eligibility_benefit
        WHERE organization_id = $1 AND check_seq = $2 ORDER BY row_index";
    let benefit = |row: &Row| {
        Ok(BenefitRow {
            index: row.int("row_index")?,
            segment: row.text("segment")?,
            benefit: row.text("benefit")?,
        })
    };
    tx.all(sql, params![org, id]).await?.iter().map(benefit).collect()
}

/// Gives a check that waits in the inbox to a patient; false when it has one already.
pub async fn set_patient(
    tx: &mut Tx,
    org: OrganizationId,
    id: CheckId,
    patient: PatientId,
) -> Result<bool, StoreError> {
    let sql = format!(
        "UPDATE eligibility_check SET patient_seq = $3, put_back = NULL,
            name_sort = ({PATIENT_KEY} AND p.seq = $3)
        WHERE organization_id = $1 AND seq = $2 AND patient_seq IS NULL"
    );
    Ok(tx.execute(sql, params![org, id, patient]).await? == 1)
}

/// Takes a check back from that patient, so that it waits again under the name that the payer
/// gave; false when it is not that patient's.
pub async fn take_back(
    tx: &mut Tx,
    org: OrganizationId,
    (id, patient): (CheckId, PatientId),
    name_sort: &str,
    reason: &str,
) -> Result<bool, StoreError> {
    let sql = "UPDATE eligibility_check SET patient_seq = NULL, name_sort = $4, put_back = $5,
            differences_dismissed_at_us = NULL
        WHERE organization_id = $1 AND seq = $2 AND patient_seq = $3";
    Ok(tx.execute(sql, params![org, id, patient, cut(name_sort), reason]).await? == 1)
}

/// Notes that what the payer says of the person otherwise does not matter; false when that was
/// noted before.
pub async fn dismiss_differences(
    tx: &mut Tx,
    org: OrganizationId,
    id: CheckId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE eligibility_check SET differences_dismissed_at_us = $3
        WHERE organization_id = $1 AND seq = $2 AND differences_dismissed_at_us IS NULL";
    Ok(tx.execute(sql, params![org, id, now]).await? == 1)
}

/// Orders a patient's checks by the name that the patient has now.
pub(crate) async fn rename(
    tx: &mut Tx,
    org: OrganizationId,
    patient: PatientId,
) -> Result<(), StoreError> {
    let sql = format!(
        "UPDATE eligibility_check SET name_sort = ({PATIENT_KEY} AND p.seq = $2)
        WHERE organization_id = $1 AND patient_seq = $2"
    );
    tx.execute(sql, params![org, patient]).await.map(drop)
}

/// The beginning of a patient's name by which checks are ordered; the patient's number follows.
const PATIENT_KEY: &str =
    "SELECT substr(p.name_sort, 1, 200) FROM patient p WHERE p.organization_id = $1";

/// As much of a name as an index has room for.
fn cut(name_sort: &str) -> String {
    name_sort.chars().take(MAX_KEY_LETTERS).collect()
}

/// The check with that id, as lists show it.
pub async fn get_listed(
    tx: &mut Tx,
    org: OrganizationId,
    id: CheckId,
) -> Result<Option<ListedCheck>, StoreError> {
    let sql = "SELECT c.*, p.first_name, p.last_name FROM eligibility_check c
        LEFT JOIN patient p ON p.organization_id = c.organization_id AND p.seq = c.patient_seq
        WHERE c.organization_id = $1 AND c.seq = $2";
    tx.optional(sql, params![org, id]).await?.as_ref().map(check_list::listed).transpose()
}
