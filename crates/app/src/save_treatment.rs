//! Adds and changes treatments.

use almoner_domain::foreign_code::ForeignCode;
use almoner_domain::{
    ImportId, Invalid, LocationId, Money, PatientId, PhysicianId, TreatmentId, text, time,
};
use almoner_store::idempotency::{self, Seen};
use almoner_store::treatments::{self, Procedure, TreatmentFields, TreatmentStatus};
use almoner_store::{Tx, counters, locations, patients, physicians};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::Serialize;
use serde_json::json;

use crate::context::{Actor, App, request_hash};
use crate::error::Error;
use crate::import_rows::ProcedureCode;
use crate::permission::Action;
use crate::record;

/// A treatment as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TreatmentEntry {
    /// `PAT-001`.
    pub patient: String,
    /// `PHY-001` or blank.
    pub physician: String,
    /// `LOC-001`.
    pub location: String,
    /// `YYYY-MM-DD` in the location's zone.
    pub service_date: String,
    /// `HH:MM` in the location's zone.
    pub service_time: String,
    /// The very moment, when it is known; then date and time are not looked at.
    pub service_at: Option<Timestamp>,
    /// The status's stored name; blank means scheduled.
    pub status: String,
    /// The codes; blank ones are none.
    pub procedures: Vec<ProcedureEntry>,
}

/// A code as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ProcedureEntry {
    /// A CPT or HCPCS code.
    pub code: String,
    /// Modifiers, parted by blanks.
    pub modifiers: String,
    /// The charge; blank means unknown.
    pub charge: String,
}

/// The greatest number of codes of a treatment.
pub const MAX_PROCEDURES: usize = 20;
/// The greatest number of codes of other systems that a treatment has.
pub(crate) const MAX_FOREIGN_CODES: usize = 100;
/// The greatest length of a code.
const MAX_CODE_LETTERS: usize = 7;

/// Codes as typed, checked.
pub(crate) fn checked_procedures(
    faults: &mut Invalid,
    entries: &[ProcedureEntry],
) -> Vec<Procedure> {
    let mut procedures = Vec::new();
    if entries.len() > MAX_PROCEDURES {
        let message = format!("A treatment has at most {MAX_PROCEDURES} codes.");
        faults.push("code_1", "too_many", message);
    }
    for (index, entry) in entries.iter().take(MAX_PROCEDURES).enumerate() {
        let field = |name: &str| format!("{name}_{}", index + 1);
        let code = entry.code.trim().to_uppercase();
        let charge = entry.charge.trim();
        if code.is_empty() {
            if !charge.is_empty() {
                faults.push(&field("code"), "required", "Enter the code of this charge.");
            }
            continue;
        }
        let plain = code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if code.len() > MAX_CODE_LETTERS || !plain {
            let message = "A code has up to seven letters and digits, such as 99213.";
            faults.push(&field("code"), "not_a_code", message);
        }
        let modifiers = text::line(&field("modifiers"), &entry.modifiers);
        let modifiers = faults.collect(modifiers).flatten().unwrap_or_default();
        let charge = if charge.is_empty() {
            None
        } else {
            faults.collect(Money::parse_payment(&field("charge"), charge))
        };
        procedures.push(Procedure { code, modifiers, charge });
    }
    procedures
}

fn checked_moment(entry: &TreatmentEntry, zone: &TimeZone) -> Result<Timestamp, Invalid> {
    let date = time::parse_date("service_date", &entry.service_date)?;
    let clock: jiff::civil::Time = match entry.service_time.trim() {
        "" => {
            let message = "Enter the time of the service.";
            return Err(Invalid::one("service_time", "required", message));
        }
        typed => typed.parse().map_err(|_| {
            Invalid::one("service_time", "not_a_time", "Enter a time such as 09:30.")
        })?,
    };
    let moment = zone.to_ambiguous_zoned_datetime(DateTime::from_parts(date, clock));
    if matches!(moment.offset(), AmbiguousOffset::Gap { .. }) {
        let message = "There is no such time on that day: the clocks go forward over it.";
        return Err(Invalid::one("service_time", "skipped_by_clocks", message));
    }
    // Of a time that comes twice, as the clocks go back, the earlier one is meant.
    let wrong = |_| Invalid::one("service_date", "not_a_date", "Enter a date of this century.");
    moment.compatible().map(|moment| moment.timestamp()).map_err(wrong)
}

/// Checks what was typed against the organization's own rows.
async fn checked(
    tx: &mut Tx,
    actor: &Actor,
    entry: &TreatmentEntry,
) -> Result<TreatmentFields, Error> {
    let patient = match entry.patient.parse::<PatientId>() {
        Ok(id) => patients::lock_current(tx, actor.org(), id).await?.map(|patient| patient.id),
        Err(_) => None,
    };
    checked_of(tx, actor, patient, entry).await
}

/// As [`checked`], of a patient whom the caller holds or who is yet to come.
pub(crate) async fn checked_of(
    tx: &mut Tx,
    actor: &Actor,
    patient: Option<PatientId>,
    entry: &TreatmentEntry,
) -> Result<TreatmentFields, Error> {
    let org = actor.org();
    let mut faults = Invalid::default();
    if patient.is_none() {
        faults.push("patient_id", "required", "Choose a patient.");
    }
    let location = match entry.location.parse::<LocationId>() {
        Ok(id) => locations::get(tx, org, id).await?,
        Err(_) => None,
    };
    let mut service_at = None;
    if let Some(location) = &location {
        service_at = match entry.service_at {
            Some(at) => Some(at),
            None => faults.collect(checked_moment(entry, &location.zone())),
        };
    } else {
        faults.push("location_id", "required", "Choose a location.");
    }
    let physician = match entry.physician.trim() {
        "" => None,
        typed => match typed.parse::<PhysicianId>() {
            Ok(id) => physicians::get(tx, org, id).await?.map(|physician| Some(physician.id)),
            Err(_) => None,
        }
        .unwrap_or_else(|| {
            faults.push("physician_id", "unknown", "Choose a physician from the list.");
            None
        }),
    };
    let status = match &*entry.status {
        "" => Some(TreatmentStatus::Scheduled),
        name => TreatmentStatus::from_name(name),
    };
    if status.is_none() {
        faults.push("status", "unknown", "Choose a status from the list.");
    }
    let procedures = checked_procedures(&mut faults, &entry.procedures);
    match (patient, location, service_at, status) {
        (Some(patient), Some(location), Some(service_at), Some(status)) if faults.0.is_empty() => {
            let location = location.id;
            Ok(TreatmentFields { patient, physician, location, service_at, status, procedures })
        }
        _ => Err(faults.into()),
    }
}

/// Adds a treatment.
///
/// # Errors
/// No permission, fields that need attention.
pub async fn add_treatment(
    app: &App,
    actor: &Actor,
    entry: &TreatmentEntry,
    key: Option<&str>,
) -> Result<TreatmentId, Error> {
    actor.must(Action::SaveTreatment)?;
    match attempt(app, actor, entry, key).await {
        // A racing request with the same key may have been faster: its treatment is the answer.
        Err(_) if key.is_some() => attempt(app, actor, entry, key).await,
        other => other,
    }
}

async fn attempt(
    app: &App,
    actor: &Actor,
    entry: &TreatmentEntry,
    key: Option<&str>,
) -> Result<TreatmentId, Error> {
    let (org, now) = (actor.org(), app.now());
    let hash = request_hash(entry);
    let mut tx = app.db.begin().await?;
    if let Some(key) = key {
        match idempotency::look(&mut tx, org, "add_treatment", key, &hash).await? {
            Seen::New => {}
            Seen::Same(seq) => return Ok(TreatmentId::new(seq)),
            Seen::Other => return Err(Error::KeyReused),
        }
    }
    let fields = checked(&mut tx, actor, entry).await?;
    let id = insert(app, actor, &mut tx, &fields, None).await?;
    if let Some(key) = key {
        idempotency::keep(&mut tx, org, ("add_treatment", key), &hash, id.seq(), now).await?;
    }
    tx.commit().await?;
    Ok(id)
}

/// Adds a treatment that was checked; all of it falls with the transaction. When an import brings
/// it, the audit log says which.
pub(crate) async fn insert(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    fields: &TreatmentFields,
    import: Option<ImportId>,
) -> Result<TreatmentId, Error> {
    let org = actor.org();
    let id = TreatmentId::new(counters::next(tx, org, TreatmentId::PREFIX).await?);
    treatments::insert(tx, org, id, fields, app.now()).await?;
    let subject = ("treatment", id.seq());
    let mut detail = json!({ "patient": fields.patient, "location": fields.location });
    if let Some(import) = import {
        detail["import"] = json!(import);
    }
    record::happened(app, actor, tx, "treatment_added", subject, detail).await?;
    Ok(id)
}

/// A code of another system, as it is kept.
///
/// # Errors
/// Says that a part of it is missing or too long.
pub(crate) fn checked_foreign_code(code: &ForeignCode) -> Result<ForeignCode, Invalid> {
    let part = |text: &Option<String>| text::line("code", text.as_deref().unwrap_or_default());
    Ok(ForeignCode {
        system: part(&code.system)?,
        code: text::required_line("code", "a code", &code.code)?,
        display: part(&code.display)?,
    })
}

/// Adds a code that an import brings to a treatment; all of it falls with the transaction.
pub(crate) async fn add_code(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (id, code): (TreatmentId, &ProcedureCode),
    import: ImportId,
) -> Result<(), Error> {
    let (org, now) = (actor.org(), app.now());
    match code {
        ProcedureCode::National(code) => treatments::add_procedure(tx, org, id, code).await?,
        ProcedureCode::Foreign(code) => treatments::add_foreign_code(tx, org, id, code).await?,
    }
    treatments::touch(tx, org, id, now).await?;
    let (subject, detail) =
        (("treatment", id.seq()), json!({ "import": import, "code_added": true }));
    record::happened(app, actor, tx, "treatment_changed", subject, detail).await
}

/// Changes a treatment that is at `version`. Its patient stays.
///
/// # Errors
/// No permission, no such treatment, a version that moved on, fields that need attention.
pub async fn edit_treatment(
    app: &App,
    actor: &Actor,
    (id, version): (TreatmentId, i64),
    entry: &TreatmentEntry,
) -> Result<(), Error> {
    actor.must(Action::SaveTreatment)?;
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    let today = actor.date(now);
    let before = treatments::get(&mut tx, org, id, today).await?;
    let before = before.ok_or(Error::NotFound("treatment"))?;
    let own = TreatmentEntry { patient: before.fields.patient.to_string(), ..entry.clone() };
    let fields = checked(&mut tx, actor, &own).await?;
    if !treatments::update(&mut tx, org, (id, version), &fields, now).await? {
        return Err(Error::Stale { current: before.version });
    }
    let detail = json!({
        "status": [before.fields.status.as_str(), fields.status.as_str()],
        "service_at": [before.fields.service_at.to_string(), fields.service_at.to_string()],
    });
    let subject = ("treatment", id.seq());
    record::happened(app, actor, &mut tx, "treatment_changed", subject, detail).await?;
    tx.commit().await?;
    Ok(())
}
