//! Patients who were merged into another: what was theirs goes over, their number leads on.

use almoner_domain::{
    CheckId, InquiryId, OrganizationId, PatientId, PaymentId, TreatmentId, UserId,
};
use jiff::Timestamp;

use crate::db::{Row, StoreError, Tx};
use crate::statement::Statement;
use crate::{duplicates, eligibility, params};

/// What belongs to a patient beside the record itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Belongings {
    /// Payments.
    pub payments: Vec<PaymentId>,
    /// Treatments.
    pub treatments: Vec<TreatmentId>,
    /// Eligibility checks.
    pub checks: Vec<CheckId>,
    /// Questions to payers.
    pub inquiries: Vec<InquiryId>,
}

/// What belongs to a patient, each kind in the order of its numbers.
pub async fn belongings(
    tx: &mut Tx,
    org: OrganizationId,
    patient: PatientId,
) -> Result<Belongings, StoreError> {
    Ok(Belongings {
        payments: numbers(tx, org, patient, "payment", PaymentId::new).await?,
        treatments: numbers(tx, org, patient, "treatment", TreatmentId::new).await?,
        checks: numbers(tx, org, patient, "eligibility_check", CheckId::new).await?,
        inquiries: numbers(tx, org, patient, "eligibility_inquiry", InquiryId::new).await?,
    })
}

async fn numbers<T>(
    tx: &mut Tx,
    org: OrganizationId,
    patient: PatientId,
    table: &str,
    id: fn(i64) -> T,
) -> Result<Vec<T>, StoreError> {
    let sql = format!(
        "SELECT seq FROM {table} WHERE organization_id = $1 AND patient_seq = $2 ORDER BY seq"
    );
    let rows = tx.all(sql, params![org, patient]).await?;
    rows.iter().map(|row| Ok(id(row.int("seq")?))).collect()
}

/// A patient who was merged into another.
#[derive(Debug, Clone)]
pub struct Merged {
    /// Who.
    pub id: PatientId,
    /// The record as it stood, as the program wrote it.
    pub record: String,
    /// When.
    pub at: Timestamp,
}

/// A merge as it is written down.
#[derive(Debug, Clone, Copy)]
pub struct NewMerged<'a> {
    /// Who is merged.
    pub from: PatientId,
    /// Into whom.
    pub into: PatientId,
    /// The record as it stands, for people to go back to.
    pub record: &'a str,
    /// What goes over, for people to go back to.
    pub moved: &'a str,
    /// By whom.
    pub user: Option<UserId>,
    /// When.
    pub at: Timestamp,
}

/// Writes a merge down; those who were merged into the one before lead to the other now.
///
/// # Errors
/// [`StoreError::Duplicate`] when the patient was merged before.
pub async fn insert(
    tx: &mut Tx,
    org: OrganizationId,
    merged: &NewMerged<'_>,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO merged_patient (organization_id, seq, into_seq, record, moved, user_seq,
        merged_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let m = merged;
    tx.execute_one(sql, params![org, m.from, m.into, m.record, m.moved, m.user, m.at]).await?;
    let sql =
        "UPDATE merged_patient SET into_seq = $3 WHERE organization_id = $1 AND into_seq = $2";
    tx.execute(sql, params![org, m.from, m.into]).await.map(drop)
}

/// Gives treatments, checks and questions to the other patient. Payments are moved one by one by
/// the caller, as each of them has a history.
pub async fn hand_over(
    tx: &mut Tx,
    org: OrganizationId,
    (from, into): (PatientId, PatientId),
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE treatment SET patient_seq = $3, version = version + 1,
            modified_at_us = CASE WHEN modified_at_us < $4 THEN $4 ELSE modified_at_us + 1 END
        WHERE organization_id = $1 AND patient_seq = $2";
    tx.execute(sql, params![org, from, into, now]).await?;
    for sql in [
        "UPDATE eligibility_check SET patient_seq = $3
            WHERE organization_id = $1 AND patient_seq = $2",
        "UPDATE eligibility_inquiry SET patient_seq = $3
            WHERE organization_id = $1 AND patient_seq = $2",
    ] {
        tx.execute(sql, params![org, from, into]).await?;
    }
    duplicates::hand_on(tx, org, (from, into)).await?;
    eligibility::rename(tx, org, into).await
}

/// Deletes the record of a patient whose merge is written down. The database refuses it while
/// anything still belongs to them.
pub async fn delete(
    tx: &mut Tx,
    org: OrganizationId,
    patient: PatientId,
) -> Result<(), StoreError> {
    for table in ["email_consent", "coverage", "patient_word"] {
        let sql = format!("DELETE FROM {table} WHERE organization_id = $1 AND patient_seq = $2");
        tx.execute(sql, params![org, patient]).await?;
    }
    let sql = "DELETE FROM patient WHERE organization_id = $1 AND seq = $2";
    tx.execute_one(sql, params![org, patient]).await
}

/// Whom a patient was merged into.
pub async fn heir(
    tx: &mut Tx,
    org: OrganizationId,
    patient: PatientId,
) -> Result<Option<PatientId>, StoreError> {
    let sql = "SELECT into_seq FROM merged_patient WHERE organization_id = $1 AND seq = $2";
    let row = tx.optional(sql, params![org, patient]).await?;
    row.map(|row| Ok(PatientId::new(row.int("into_seq")?))).transpose()
}

/// The numbers of those who were merged into some patients, each with into whom.
pub async fn numbers_into(
    tx: &mut Tx,
    org: OrganizationId,
    patients: &[PatientId],
) -> Result<Vec<(PatientId, PatientId)>, StoreError> {
    if patients.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Statement::default();
    statement.push("SELECT into_seq, seq FROM merged_patient WHERE organization_id = ").bind(org);
    statement.and_one_of("into_seq", patients).push(" ORDER BY into_seq, seq");
    let pair =
        |row: &Row| Ok((PatientId::new(row.int("into_seq")?), PatientId::new(row.int("seq")?)));
    statement.all(tx).await?.iter().map(pair).collect()
}

/// Who was merged into a patient, in the order of their numbers.
pub async fn into(
    tx: &mut Tx,
    org: OrganizationId,
    patient: PatientId,
) -> Result<Vec<Merged>, StoreError> {
    let sql = "SELECT seq, record, merged_at_us FROM merged_patient
        WHERE organization_id = $1 AND into_seq = $2 ORDER BY seq";
    let merged = |row: &Row| {
        Ok(Merged {
            id: PatientId::new(row.int("seq")?),
            record: row.text("record")?,
            at: row.time("merged_at_us")?,
        })
    };
    tx.all(sql, params![org, patient]).await?.iter().map(merged).collect()
}
