//! Patients, their coverages, and the names that lists sort and search by.

use std::collections::BTreeSet;

use almoner_domain::insured::Relationship;
use almoner_domain::{Money, OrganizationId, PatientId, name, time};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::db::{Row, StoreError, Tx, Value};
use crate::statement::Statement;
use crate::treatments::Overdue;
use crate::{eligibility, merged, params};

/// A patient as entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatientFields {
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Date of birth.
    pub date_of_birth: Date,
    /// `F`, `M` or what else was said.
    pub sex: Option<String>,
    /// Medical record number, unique in the organization.
    pub mrn: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Postal address.
    pub address: Option<String>,
    /// Who pays, when it is not the patient.
    pub guarantor: Option<String>,
}

/// An insurance of a patient.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The payer's name.
    pub payer: String,
    /// The member's id at the payer, when it is known.
    pub member_id: Option<String>,
    /// The plan's name.
    pub plan: Option<String>,
    /// The id under which clearinghouses know the payer.
    pub payer_id: Option<String>,
    /// What the patient is to the subscriber.
    pub relationship: Relationship,
    /// The subscriber's first name, when it is not the patient.
    pub subscriber_first_name: Option<String>,
    /// The subscriber's last name, when it is not the patient.
    pub subscriber_last_name: Option<String>,
    /// The subscriber's date of birth, when it is not the patient.
    pub subscriber_date_of_birth: Option<Date>,
}

/// A patient.
#[derive(Debug, Clone)]
pub struct Patient {
    /// The id.
    pub id: PatientId,
    /// What was entered.
    pub fields: PatientFields,
    /// How many payments there are.
    pub payment_count: i64,
    /// Grows with every change.
    pub version: i64,
    /// When the patient was added.
    pub created_at: Timestamp,
    /// When the record changed last.
    pub modified_at: Timestamp,
}

pub(crate) fn patient(row: &Row) -> Result<Patient, StoreError> {
    let birth = row.int("birth_day")?;
    Ok(Patient {
        id: PatientId::new(row.int("seq")?),
        fields: PatientFields {
            first_name: row.text("first_name")?,
            last_name: row.text("last_name")?,
            date_of_birth: time::date_from_key(birth)
                .ok_or_else(|| StoreError::Corrupt(format!("birth_day {birth}")))?,
            sex: row.opt_text("sex")?,
            mrn: row.opt_text("mrn")?,
            phone: row.opt_text("phone")?,
            email: row.opt_text("email")?,
            address: row.opt_text("address")?,
            guarantor: row.opt_text("guarantor")?,
        },
        payment_count: row.int("payment_count")?,
        version: row.int("version")?,
        created_at: row.time("created_at_us")?,
        modified_at: row.time("modified_at_us")?,
    })
}

/// The key by which a patient is sorted.
pub fn name_sort(fields: &PatientFields) -> String {
    name::sort_key(&fields.last_name, &fields.first_name)
}

/// What the columns from the first name to the keys of searches hold, in their order.
pub(crate) fn columns(fields: &PatientFields) -> Vec<Value> {
    let f = fields.clone();
    let search = name::search_key(&f.last_name, &f.first_name);
    params![
        f.first_name,
        f.last_name,
        time::date_key(f.date_of_birth),
        f.sex,
        f.mrn,
        f.phone,
        f.email,
        f.address,
        f.guarantor,
        name_sort(fields),
        search,
    ]
}

/// The words by whose beginnings a patient is found, each once.
pub(crate) fn words(fields: &PatientFields) -> BTreeSet<String> {
    let search = name::search_key(&fields.last_name, &fields.first_name);
    search.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Adds a patient.
///
/// # Errors
/// [`StoreError::Duplicate`] when another patient has the same medical record number.
pub async fn insert(
    tx: &mut Tx,
    org: OrganizationId,
    id: PatientId,
    fields: &PatientFields,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO patient (organization_id, seq, first_name, last_name, birth_day, sex,
        mrn, phone, email, address, guarantor, name_sort, name_search, payment_count, version,
        created_at_us, modified_at_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, 1, $14, $14)";
    let mut values = params![org, id];
    values.extend(columns(fields));
    values.extend(params![now]);
    tx.execute_one(sql, values).await?;
    insert_words(tx, org, id, fields).await
}

async fn insert_words(
    tx: &mut Tx,
    org: OrganizationId,
    id: PatientId,
    fields: &PatientFields,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO patient_word (organization_id, word, patient_seq) VALUES ($1, $2, $3)";
    for word in words(fields) {
        tx.execute_one(sql, params![org, word, id]).await?;
    }
    Ok(())
}

/// Changes a patient; a new name is written to the sort keys of payments and checks as well.
///
/// # Errors
/// [`StoreError::Duplicate`] when another patient has the same medical record number.
pub async fn update(
    tx: &mut Tx,
    org: OrganizationId,
    before: &Patient,
    fields: &PatientFields,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE patient SET first_name = $3, last_name = $4, birth_day = $5, sex = $6,
        mrn = $7, phone = $8, email = $9, address = $10, guarantor = $11, name_sort = $12,
        name_search = $13, version = version + 1,
        modified_at_us = CASE WHEN modified_at_us < $14 THEN $14 ELSE modified_at_us + 1 END
        WHERE organization_id = $1 AND seq = $2";
    let mut values = params![org, before.id];
    values.extend(columns(fields));
    values.extend(params![now]);
    tx.execute_one(sql, values).await?;
    let names = |fields: &PatientFields| (fields.first_name.clone(), fields.last_name.clone());
    if names(fields) != names(&before.fields) {
        let sort = name_sort(fields);
        // Who owes it is called otherwise, even where that changes no order.
        let sql = "UPDATE payment SET name_sort = $3,
                modified_at_us = CASE WHEN modified_at_us < $4 THEN $4 ELSE modified_at_us + 1 END
            WHERE organization_id = $1 AND patient_seq = $2";
        tx.execute(sql, params![org, before.id, sort, now]).await?;
        let sql = "UPDATE treatment SET
                modified_at_us = CASE WHEN modified_at_us < $3 THEN $3 ELSE modified_at_us + 1 END
            WHERE organization_id = $1 AND patient_seq = $2";
        tx.execute(sql, params![org, before.id, now]).await?;
        eligibility::rename(tx, org, before.id).await?;
        let sql = "DELETE FROM patient_word WHERE organization_id = $1 AND patient_seq = $2";
        tx.execute(sql, params![org, before.id]).await?;
        insert_words(tx, org, before.id, fields).await?;
    }
    Ok(())
}

/// The patient with that id.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    id: PatientId,
) -> Result<Option<Patient>, StoreError> {
    let sql = "SELECT * FROM patient WHERE organization_id = $1 AND seq = $2";
    tx.optional(sql, params![org, id]).await?.as_ref().map(patient).transpose()
}

/// The patient with that id, whose row stays as it is until the commit.
pub async fn lock(
    tx: &mut Tx,
    org: OrganizationId,
    id: PatientId,
) -> Result<Option<Patient>, StoreError> {
    let lock = tx.lock();
    let sql = format!("SELECT * FROM patient WHERE organization_id = $1 AND seq = $2{lock}");
    tx.optional(sql, params![org, id]).await?.as_ref().map(patient).transpose()
}

/// The patient with that id, or whom they were merged into, whose row stays as it is until the
/// commit: what was begun for the one is done for the other.
pub async fn lock_current(
    tx: &mut Tx,
    org: OrganizationId,
    id: PatientId,
) -> Result<Option<Patient>, StoreError> {
    // A merge that is under way is waited for by the first look, and seen by the second.
    if let Some(found) = lock(tx, org, id).await? {
        return Ok(Some(found));
    }
    match merged::heir(tx, org, id).await? {
        Some(heir) => lock(tx, org, heir).await,
        None => Ok(None),
    }
}

/// The patients with these ids, in any order; those who are not there are left out.
pub async fn some(
    tx: &mut Tx,
    org: OrganizationId,
    ids: &[PatientId],
) -> Result<Vec<Patient>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Statement::default();
    statement.push("SELECT * FROM patient WHERE organization_id = ").bind(org);
    statement.and_one_of("seq", ids);
    statement.all(tx).await?.iter().map(patient).collect()
}

/// Counts a new payment on its patient, for the totals of name searches.
pub async fn count_payment(
    tx: &mut Tx,
    org: OrganizationId,
    id: PatientId,
    payment_seq: i64,
) -> Result<(), StoreError> {
    let sql = "UPDATE patient SET payment_count = payment_count + 1,
            first_seq = CASE WHEN first_seq < $3 THEN first_seq ELSE $3 END,
            last_seq = CASE WHEN last_seq > $3 THEN last_seq ELSE $3 END
        WHERE organization_id = $1 AND seq = $2";
    tx.gather_one(sql, params![org, id, payment_seq]).await
}

/// Recounts a patient whose payment was given to another.
pub async fn recount(tx: &mut Tx, org: OrganizationId, id: PatientId) -> Result<(), StoreError> {
    let sql = "UPDATE patient SET (payment_count, first_seq, last_seq) = (
            SELECT count(*), min(p.seq), max(p.seq) FROM payment p
            WHERE p.organization_id = $1 AND p.patient_seq = $2
        ) WHERE organization_id = $1 AND seq = $2";
    tx.execute_one(sql, params![org, id]).await
}

/// A page of patients by name, and how many there are in all.
#[derive(Debug, Clone)]
pub struct PatientPage {
    /// The rows of the page.
    pub rows: Vec<Patient>,
    /// How many match.
    pub total: i64,
}

/// Patients whose name has all the words (all patients when there are none), by name.
pub async fn find(
    tx: &mut Tx,
    org: OrganizationId,
    words: &[String],
    descending: bool,
    (offset, limit): (i64, i64),
) -> Result<PatientPage, StoreError> {
    let condition = |statement: &mut Statement| {
        statement.push("organization_id = ").bind(org);
        if !words.is_empty() {
            statement.push(" AND seq IN (").patients_named(org, words).push(")");
        }
    };
    let mut count = Statement::default();
    count.push("SELECT count(*) AS n FROM patient WHERE ");
    condition(&mut count);
    let total = count.one(tx).await?.int("n")?;
    let mut page = Statement::default();
    page.push("SELECT * FROM patient WHERE ");
    condition(&mut page);
    let order = if descending { "name_sort DESC, seq DESC" } else { "name_sort, seq" };
    page.push(&format!(" ORDER BY {order} LIMIT ")).bind(limit);
    page.push(" OFFSET ").bind(offset);
    let rows = page.all(tx).await?.iter().map(patient).collect::<Result<_, _>>()?;
    Ok(PatientPage { rows, total })
}

/// The patient with that medical record number.
pub async fn by_mrn(
    tx: &mut Tx,
    org: OrganizationId,
    mrn: &str,
) -> Result<Option<Patient>, StoreError> {
    let sql = "SELECT * FROM patient WHERE organization_id = $1 AND mrn = $2";
    tx.optional(sql, params![org, mrn]).await?.as_ref().map(patient).transpose()
}

/// The patients with a name, as it is sorted by, and a date of birth, the oldest record first; at
/// most `limit`.
pub async fn namesakes(
    tx: &mut Tx,
    org: OrganizationId,
    (name_sort, date_of_birth): (&str, Date),
    limit: i64,
) -> Result<Vec<Patient>, StoreError> {
    let sql = "SELECT * FROM patient WHERE organization_id = $1 AND name_sort = $2
        AND birth_day = $3 ORDER BY seq LIMIT $4";
    let values = params![org, name_sort, time::date_key(date_of_birth), limit];
    tx.all(sql, values).await?.iter().map(patient).collect()
}

/// Patients with that member id and date of birth; the caller compares the names.
pub async fn by_member(
    tx: &mut Tx,
    org: OrganizationId,
    member_id: &str,
    date_of_birth: Date,
) -> Result<Vec<Patient>, StoreError> {
    let sql = "SELECT * FROM patient WHERE organization_id = $1 AND birth_day = $3 AND seq IN (
            SELECT patient_seq FROM coverage WHERE organization_id = $1 AND member_id = $2
        ) ORDER BY seq";
    let values = params![org, member_id, time::date_key(date_of_birth)];
    tx.all(sql, values).await?.iter().map(patient).collect()
}

/// Patients whom a check may be about, though its name alone, its number alone or its date of birth
/// alone never decides: those with that member id, and those with that date of birth and last name.
/// Those with the member id come first; at most `limit` of each.
pub async fn likely(
    tx: &mut Tx,
    org: OrganizationId,
    member_id: Option<&str>,
    born: Option<(Date, &str)>,
    limit: i64,
) -> Result<Vec<Patient>, StoreError> {
    let mut found = Vec::new();
    if let Some(member_id) = member_id {
        let sql = "SELECT * FROM patient WHERE organization_id = $1 AND seq IN (
                SELECT patient_seq FROM coverage WHERE organization_id = $1 AND member_id = $2
            ) ORDER BY seq LIMIT $3";
        found = tx.all(sql, params![org, member_id, limit]).await?;
    }
    if let Some((date, last_name)) = born {
        let (from, to) = name::last_name_range(last_name);
        // The few who were born on that day are tested for the name.
        let sql = "SELECT * FROM patient WHERE organization_id = $1 AND birth_day = $2
                AND name_sort || '' >= $3 AND name_sort || '' < $4 ORDER BY seq LIMIT $5";
        found.extend(tx.all(sql, params![org, time::date_key(date), from, to, limit]).await?);
    }
    let mut patients: Vec<Patient> = Vec::with_capacity(found.len());
    for row in &found {
        let next = patient(row)?;
        if patients.iter().all(|known| known.id != next.id) {
            patients.push(next);
        }
    }
    Ok(patients)
}

/// Replaces a patient's coverages; the first is the primary one.
pub async fn set_coverages(
    tx: &mut Tx,
    org: OrganizationId,
    id: PatientId,
    coverages: &[Coverage],
) -> Result<(), StoreError> {
    let sql = "DELETE FROM coverage WHERE organization_id = $1 AND patient_seq = $2";
    tx.execute(sql, params![org, id]).await?;
    let sql = "INSERT INTO coverage (organization_id, patient_seq, rank, payer, member_id, plan,
        payer_id, relationship, subscriber_first_name, subscriber_last_name, subscriber_birth_day)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    for (rank, coverage) in (1_i64..).zip(coverages) {
        let c = coverage.clone();
        let values = params![
            org,
            id,
            rank,
            c.payer,
            c.member_id,
            c.plan,
            c.payer_id,
            c.relationship.as_str(),
            c.subscriber_first_name,
            c.subscriber_last_name,
            c.subscriber_date_of_birth.map(time::date_key),
        ];
        tx.execute_one(sql, values).await?;
    }
    Ok(())
}

fn coverage(row: &Row) -> Result<Coverage, StoreError> {
    Ok(Coverage {
        payer: row.text("payer")?,
        member_id: row.opt_text("member_id")?,
        plan: row.opt_text("plan")?,
        payer_id: row.opt_text("payer_id")?,
        relationship: row.word("relationship", Relationship::from_name)?,
        subscriber_first_name: row.opt_text("subscriber_first_name")?,
        subscriber_last_name: row.opt_text("subscriber_last_name")?,
        subscriber_date_of_birth: row
            .opt_int("subscriber_birth_day")?
            .and_then(time::date_from_key),
    })
}

/// A patient's coverages, the primary one first.
pub async fn coverages(
    tx: &mut Tx,
    org: OrganizationId,
    id: PatientId,
) -> Result<Vec<Coverage>, StoreError> {
    let sql = "SELECT * FROM coverage
        WHERE organization_id = $1 AND patient_seq = $2 ORDER BY rank";
    tx.all(sql, params![org, id]).await?.iter().map(coverage).collect()
}

/// The coverages of some patients, each with whose it is; a patient's primary one comes first.
pub async fn coverages_of(
    tx: &mut Tx,
    org: OrganizationId,
    patients: &[PatientId],
) -> Result<Vec<(PatientId, Coverage)>, StoreError> {
    if patients.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Statement::default();
    statement.push("SELECT * FROM coverage WHERE organization_id = ").bind(org);
    statement.and_one_of("patient_seq", patients).push(" ORDER BY patient_seq, rank");
    let whose = |row: &Row| Ok((PatientId::new(row.int("patient_seq")?), coverage(row)?));
    statement.all(tx).await?.iter().map(whose).collect()
}

/// What a patient owes, and how much of it was paid and refunded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Balance {
    /// Issued and not yet collected.
    pub owed: Money,
    /// Draft, pending and processing.
    pub outstanding: Money,
    /// Collected.
    pub collected: Money,
    /// Refunded, on its way or done.
    pub refunded: Money,
}

/// Sums a patient's payments.
pub async fn balance(
    tx: &mut Tx,
    org: OrganizationId,
    id: PatientId,
) -> Result<Balance, StoreError> {
    let sql = "SELECT
            CAST(coalesce(sum(CASE WHEN status IN ('pending', 'processing', 'failed')
                THEN amount_cents ELSE 0 END), 0) AS BIGINT) AS owed,
            CAST(coalesce(sum(CASE WHEN status IN ('draft', 'pending', 'processing')
                THEN amount_cents ELSE 0 END), 0) AS BIGINT) AS outstanding,
            CAST(coalesce(sum(collected_cents), 0) AS BIGINT) AS collected,
            CAST(coalesce(sum(refunded_cents), 0) AS BIGINT) AS refunded
        FROM payment WHERE organization_id = $1 AND patient_seq = $2";
    let row = tx.one(sql, params![org, id]).await?;
    Ok(Balance {
        owed: row.money("owed")?,
        outstanding: row.money("outstanding")?,
        collected: row.money("collected")?,
        refunded: row.money("refunded")?,
    })
}

/// What a patient owes, and what is overdue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Owed {
    /// Issued and not yet collected.
    pub owed: Money,
    /// What is past its due date; drafts count here, as they do in every list.
    pub overdue: Overdue,
}

/// What each of some patients owes on `today`; who has no open payment is left out.
pub async fn owed(
    tx: &mut Tx,
    org: OrganizationId,
    patients: &[PatientId],
    today: Date,
) -> Result<Vec<(PatientId, Owed)>, StoreError> {
    if patients.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Statement::default();
    statement.push(
        "SELECT patient_seq,
            CAST(sum(CASE WHEN status = 'draft' THEN 0 ELSE amount_cents END) AS BIGINT) AS owed,
            CAST(sum(late) AS BIGINT) AS overdue_count,
            CAST(sum(late * amount_cents) AS BIGINT) AS overdue_amount,
            min(CASE WHEN late = 1 THEN due_key END) AS overdue_since
        FROM (SELECT patient_seq, status, amount_cents, due_key,
                CASE WHEN due_key < ",
    );
    statement.bind(time::date_key(today)).push(
        " THEN 1 ELSE 0 END AS late FROM payment
            WHERE status IN ('draft', 'pending', 'processing', 'failed') AND organization_id = ",
    );
    statement.bind(org).push(" AND patient_seq IN (");
    for (index, &patient) in patients.iter().enumerate() {
        statement.push(if index > 0 { ", " } else { "" }).bind(patient);
    }
    statement.push(")) open_payment GROUP BY patient_seq");
    let owed = |row: &Row| {
        let overdue = Overdue {
            count: row.int("overdue_count")?,
            amount: row.money("overdue_amount")?,
            since: row.opt_int("overdue_since")?.and_then(time::date_from_key),
        };
        let owed = Owed { owed: row.money("owed")?, overdue };
        Ok((PatientId::new(row.int("patient_seq")?), owed))
    };
    statement.all(tx).await?.iter().map(owed).collect()
}
