//! Treatments with their codes and charges, and what is overdue on them.

use almoner_domain::foreign_code::ForeignCode;
use almoner_domain::{
    LocationId, Money, OrganizationId, PatientId, PhysicianId, TreatmentId, time,
};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::db::{Row, StoreError, Tx};
use crate::params;
use crate::statement::Statement;

/// Where a treatment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TreatmentStatus {
    /// Will take place.
    Scheduled,
    /// Took place.
    Completed,
    /// Will not take place.
    Cancelled,
}

impl TreatmentStatus {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Scheduled, Self::Completed, Self::Cancelled];

    /// The name that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The name that people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Scheduled => "Scheduled",
            Self::Completed => "Completed",
            Self::Cancelled => "Cancelled",
        }
    }

    /// The status with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// A CPT or HCPCS code of a treatment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Procedure {
    /// The code.
    pub code: String,
    /// Its modifiers, parted by blanks.
    pub modifiers: String,
    /// The charge, when it is known.
    pub charge: Option<Money>,
}

/// A treatment as entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreatmentFields {
    /// Whose.
    pub patient: PatientId,
    /// By whom.
    pub physician: Option<PhysicianId>,
    /// Where.
    pub location: LocationId,
    /// When.
    pub service_at: Timestamp,
    /// Where it stands.
    pub status: TreatmentStatus,
    /// What is done.
    pub procedures: Vec<Procedure>,
}

/// The overdue payments of a treatment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Overdue {
    /// How many.
    pub count: i64,
    /// How much.
    pub amount: Money,
    /// Since when the oldest is due.
    pub since: Option<Date>,
}

/// A treatment.
#[derive(Debug, Clone)]
pub struct Treatment {
    /// The id.
    pub id: TreatmentId,
    /// What was entered.
    pub fields: TreatmentFields,
    /// The patient's name as `Last, First`.
    pub patient_name: String,
    /// The patient's name as `First Last`.
    pub patient_spoken: String,
    /// The physician's name.
    pub physician_name: Option<String>,
    /// The location's name.
    pub location_name: String,
    /// The zone of the location, in which the time of service is shown.
    pub time_zone: String,
    /// Grows with every change.
    pub version: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it changed last.
    pub modified_at: Timestamp,
    /// What is overdue.
    pub overdue: Overdue,
    /// What was done in codes of other systems than CPT and HCPCS.
    pub foreign_codes: Vec<ForeignCode>,
}

impl Treatment {
    /// The codes as lists show them, those of other systems last and with their system.
    pub fn code_labels(&self) -> Vec<String> {
        let own = self.fields.procedures.iter().map(|procedure| procedure.code.clone());
        own.chain(self.foreign_codes.iter().map(ForeignCode::label)).collect()
    }
}

impl TreatmentFields {
    /// The sum of the charges, when all are known.
    pub fn charge(&self) -> Option<Money> {
        let charges: Option<Vec<Money>> = self.procedures.iter().map(|p| p.charge).collect();
        charges.filter(|charges| !charges.is_empty()).map(|charges| charges.into_iter().sum())
    }
}

async fn insert_procedures(
    tx: &mut Tx,
    org: OrganizationId,
    id: TreatmentId,
    procedures: &[Procedure],
) -> Result<(), StoreError> {
    let sql = "INSERT INTO treatment_procedure (organization_id, treatment_seq, line, code,
        modifiers, charge_cents) VALUES ($1, $2, $3, $4, $5, $6)";
    for (line, procedure) in (1_i64..).zip(procedures) {
        let Procedure { code, modifiers, charge } = procedure.clone();
        tx.execute_one(sql, params![org, id, line, code, modifiers, charge]).await?;
    }
    Ok(())
}

/// Adds a treatment.
pub async fn insert(
    tx: &mut Tx,
    org: OrganizationId,
    id: TreatmentId,
    fields: &TreatmentFields,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO treatment (organization_id, seq, patient_seq, physician_seq,
        location_seq, service_at_us, status, version, created_at_us, modified_at_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8)";
    let f = fields;
    let (service_at, status) = (f.service_at, f.status.as_str());
    let values = params![org, id, f.patient, f.physician, f.location, service_at, status, now];
    tx.execute_one(sql, values).await?;
    insert_procedures(tx, org, id, &f.procedures).await
}

/// The treatments of a patient at a location that begin at a moment, the oldest record first.
pub async fn at_moment(
    tx: &mut Tx,
    org: OrganizationId,
    (patient, location, service_at): (PatientId, LocationId, Timestamp),
) -> Result<Vec<TreatmentId>, StoreError> {
    let sql = "SELECT seq FROM treatment WHERE organization_id = $1 AND patient_seq = $2
        AND location_seq = $3 AND service_at_us = $4 ORDER BY seq";
    let rows = tx.all(sql, params![org, patient, location, service_at]).await?;
    rows.iter().map(|row| Ok(TreatmentId::new(row.int("seq")?))).collect()
}

/// Whose a treatment is, and when it begins.
pub async fn whose(
    tx: &mut Tx,
    org: OrganizationId,
    id: TreatmentId,
) -> Result<Option<(PatientId, Timestamp)>, StoreError> {
    let sql = "SELECT patient_seq, service_at_us FROM treatment
        WHERE organization_id = $1 AND seq = $2";
    let row = tx.optional(sql, params![org, id]).await?;
    let whose =
        |row: Row| Ok((PatientId::new(row.int("patient_seq")?), row.time("service_at_us")?));
    row.map(whose).transpose()
}

/// Changes a treatment that is at `version`; false when it has moved on or is missing.
pub async fn update(
    tx: &mut Tx,
    org: OrganizationId,
    (id, version): (TreatmentId, i64),
    fields: &TreatmentFields,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE treatment SET physician_seq = $4, location_seq = $5, service_at_us = $6,
        status = $7, version = version + 1,
        modified_at_us = CASE WHEN modified_at_us < $8 THEN $8 ELSE modified_at_us + 1 END
        WHERE organization_id = $1 AND seq = $2 AND version = $3";
    let f = fields;
    let status = f.status.as_str();
    let values = params![org, id, version, f.physician, f.location, f.service_at, status, now];
    if tx.execute(sql, values).await? == 0 {
        return Ok(false);
    }
    let sql = "DELETE FROM treatment_procedure WHERE organization_id = $1 AND treatment_seq = $2";
    tx.execute(sql, params![org, id]).await?;
    insert_procedures(tx, org, id, &f.procedures).await?;
    Ok(true)
}

const SELECT: &str = "SELECT t.*, p.first_name, p.last_name, l.name AS location_name, l.time_zone,
        d.first_name AS physician_first, d.last_name AS physician_last
    FROM treatment t
    JOIN patient p ON p.organization_id = t.organization_id AND p.seq = t.patient_seq
    JOIN location l ON l.organization_id = t.organization_id AND l.seq = t.location_seq
    LEFT JOIN physician d ON d.organization_id = t.organization_id AND d.seq = t.physician_seq";

/// The treatments of an organization; the condition on the rows follows.
fn select(org: OrganizationId) -> Statement {
    let mut statement = Statement::default();
    statement.push(SELECT).push(" WHERE t.organization_id = ").bind(org);
    statement
}

fn treatment(row: &Row) -> Result<Treatment, StoreError> {
    let physician_first = row.opt_text("physician_first")?;
    let physician_last = row.opt_text("physician_last")?;
    let (first, last) = (row.text("first_name")?, row.text("last_name")?);
    Ok(Treatment {
        id: TreatmentId::new(row.int("seq")?),
        fields: TreatmentFields {
            patient: PatientId::new(row.int("patient_seq")?),
            physician: row.opt_int("physician_seq")?.map(PhysicianId::new),
            location: LocationId::new(row.int("location_seq")?),
            service_at: row.time("service_at_us")?,
            status: row.word("status", TreatmentStatus::from_name)?,
            procedures: Vec::new(),
        },
        patient_name: format!("{last}, {first}"),
        patient_spoken: format!("{first} {last}"),
        physician_name: physician_first
            .zip(physician_last)
            .map(|(first, last)| format!("{first} {last}")),
        location_name: row.text("location_name")?,
        time_zone: row.text("time_zone")?,
        version: row.int("version")?,
        created_at: row.time("created_at_us")?,
        modified_at: row.time("modified_at_us")?,
        overdue: Overdue::default(),
        foreign_codes: Vec::new(),
    })
}

/// Appends ` AND treatment_seq IN (…)`.
fn push_owners(statement: &mut Statement, treatments: &[Treatment]) {
    statement.push(" AND treatment_seq IN (");
    for (index, treatment) in treatments.iter().enumerate() {
        statement.push(if index > 0 { ", " } else { "" }).bind(treatment.id);
    }
    statement.push(")");
}

/// The treatments in the rows, with their codes and what is overdue on `today`: as much is read as
/// they have of both.
async fn whole(
    tx: &mut Tx,
    org: OrganizationId,
    today: Date,
    rows: &[Row],
) -> Result<Vec<Treatment>, StoreError> {
    let mut treatments: Vec<Treatment> = rows.iter().map(treatment).collect::<Result<_, _>>()?;
    if treatments.is_empty() {
        return Ok(treatments);
    }
    let mut statement = Statement::default();
    statement.push("SELECT treatment_seq, code, modifiers, charge_cents FROM treatment_procedure");
    statement.push(" WHERE organization_id = ").bind(org);
    push_owners(&mut statement, &treatments);
    statement.push(" ORDER BY treatment_seq, line");
    for row in statement.all(tx).await? {
        let seq = row.int("treatment_seq")?;
        if let Some(owner) = treatments.iter_mut().find(|treatment| treatment.id.seq() == seq) {
            owner.fields.procedures.push(Procedure {
                code: row.text("code")?,
                modifiers: row.text("modifiers")?,
                charge: row.opt_money("charge_cents")?,
            });
        }
    }
    read_foreign_codes(tx, org, &mut treatments).await?;
    let mut statement = Statement::default();
    statement.push(
        "SELECT treatment_seq, count(*) AS n, CAST(sum(amount_cents) AS BIGINT) AS amount,
            min(due_key) AS since
        FROM payment WHERE organization_id = ",
    );
    statement.bind(org);
    push_owners(&mut statement, &treatments);
    statement.push(" AND status IN ('draft', 'pending', 'processing', 'failed') AND due_key < ");
    statement.bind(time::date_key(today)).push(" GROUP BY treatment_seq");
    for row in statement.all(tx).await? {
        let seq = row.int("treatment_seq")?;
        if let Some(owner) = treatments.iter_mut().find(|treatment| treatment.id.seq() == seq) {
            owner.overdue = Overdue {
                count: row.int("n")?,
                amount: row.money("amount")?,
                since: time::date_from_key(row.int("since")?),
            };
        }
    }
    Ok(treatments)
}

async fn read_foreign_codes(
    tx: &mut Tx,
    org: OrganizationId,
    treatments: &mut [Treatment],
) -> Result<(), StoreError> {
    let mut statement = Statement::default();
    statement.push("SELECT treatment_seq, system, code, display FROM treatment_foreign_code");
    statement.push(" WHERE organization_id = ").bind(org);
    push_owners(&mut statement, treatments);
    statement.push(" ORDER BY treatment_seq, line");
    for row in statement.all(tx).await? {
        let seq = row.int("treatment_seq")?;
        if let Some(owner) = treatments.iter_mut().find(|treatment| treatment.id.seq() == seq) {
            owner.foreign_codes.push(ForeignCode {
                system: row.opt_text("system")?,
                code: row.text("code")?,
                display: row.opt_text("display")?,
            });
        }
    }
    Ok(())
}

/// Adds a CPT or HCPCS code without a charge to a treatment, after those that it has.
pub async fn add_procedure(
    tx: &mut Tx,
    org: OrganizationId,
    id: TreatmentId,
    code: &str,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO treatment_procedure (organization_id, treatment_seq, line, code,
        modifiers) SELECT $1, $2, coalesce(max(line), 0) + 1, $3, ''
        FROM treatment_procedure WHERE organization_id = $1 AND treatment_seq = $2";
    tx.execute_one(sql, params![org, id, code.to_owned()]).await
}

/// Notes that a treatment changed.
pub async fn touch(
    tx: &mut Tx,
    org: OrganizationId,
    id: TreatmentId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE treatment SET version = version + 1,
        modified_at_us = CASE WHEN modified_at_us < $3 THEN $3 ELSE modified_at_us + 1 END
        WHERE organization_id = $1 AND seq = $2";
    tx.execute_one(sql, params![org, id, now]).await
}

/// Adds a code of another system to a treatment, after those that it has.
pub async fn add_foreign_code(
    tx: &mut Tx,
    org: OrganizationId,
    id: TreatmentId,
    code: &ForeignCode,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO treatment_foreign_code (organization_id, treatment_seq, line, system,
        code, display) SELECT $1, $2, coalesce(max(line), 0) + 1, $3, $4, $5
        FROM treatment_foreign_code WHERE organization_id = $1 AND treatment_seq = $2";
    let ForeignCode { system, code, display } = code.clone();
    tx.execute_one(sql, params![org, id, system, code, display]).await
}

/// The treatment with that id.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    id: TreatmentId,
    today: Date,
) -> Result<Option<Treatment>, StoreError> {
    let mut statement = select(org);
    statement.push(" AND t.seq = ").bind(id);
    let rows = statement.all(tx).await?;
    Ok(whole(tx, org, today, &rows).await?.pop())
}

/// The treatments with these ids, in any order; those that are not there are left out.
pub async fn some(
    tx: &mut Tx,
    org: OrganizationId,
    ids: &[TreatmentId],
    today: Date,
) -> Result<Vec<Treatment>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = select(org);
    statement.and_one_of("t.seq", ids);
    let rows = statement.all(tx).await?;
    whole(tx, org, today, &rows).await
}

/// The treatments of a patient, latest service first, at most `limit`.
pub async fn of_patient(
    tx: &mut Tx,
    org: OrganizationId,
    patient: PatientId,
    today: Date,
    limit: i64,
) -> Result<Vec<Treatment>, StoreError> {
    let mut statement = select(org);
    statement.push(" AND t.patient_seq = ").bind(patient);
    statement.push(" ORDER BY t.service_at_us DESC, t.seq DESC LIMIT ").bind(limit);
    let rows = statement.all(tx).await?;
    whole(tx, org, today, &rows).await
}

/// Which treatments a list shows.
#[derive(Debug, Clone, Default)]
pub struct TreatmentQuery {
    /// All words of the patient's name; empty for all patients.
    pub words: Vec<String>,
    /// Only the treatment with this number.
    pub number: Option<i64>,
    /// Only treatments with overdue payments.
    pub overdue: bool,
    /// Earliest service first.
    pub ascending: bool,
}

/// A page of treatments, and how many there are in all.
pub async fn find(
    tx: &mut Tx,
    org: OrganizationId,
    query: &TreatmentQuery,
    today: Date,
    (offset, limit): (i64, i64),
) -> Result<(Vec<Treatment>, i64), StoreError> {
    let condition = |statement: &mut Statement| {
        if !query.words.is_empty() {
            statement.push(" AND t.patient_seq IN (").patients_named(org, &query.words).push(")");
        }
        if let Some(number) = query.number {
            statement.push(" AND t.seq = ").bind(number);
        }
        if query.overdue {
            statement.push(
                " AND EXISTS (SELECT 1 FROM payment x WHERE x.organization_id = t.organization_id
                AND x.treatment_seq = t.seq AND x.status IN ('draft', 'pending', 'processing',
                'failed') AND x.due_key < ",
            );
            statement.bind(time::date_key(today)).push(")");
        }
    };
    let mut count = Statement::default();
    count.push("SELECT count(*) AS n FROM treatment t WHERE t.organization_id = ").bind(org);
    condition(&mut count);
    let total = count.one(tx).await?.int("n")?;
    let mut page = select(org);
    condition(&mut page);
    let order = if query.ascending { "" } else { " DESC" };
    page.push(&format!(" ORDER BY t.service_at_us{order}, t.seq{order} LIMIT ")).bind(limit);
    page.push(" OFFSET ").bind(offset);
    let rows = page.all(tx).await?;
    Ok((whole(tx, org, today, &rows).await?, total))
}
