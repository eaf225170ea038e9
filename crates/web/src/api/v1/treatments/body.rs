//! A treatment, as another program hands one in.

use almoner_app::save_treatment::{MAX_PROCEDURES, ProcedureEntry, TreatmentEntry};
use almoner_domain::money::MAX_PAYMENT;
use almoner_domain::{LocationId, Money, PatientId, PhysicianId};
use almoner_store::treatments::{Procedure, Treatment, TreatmentStatus};
use jiff::Timestamp;
use utoipa::ToSchema;

use super::super::words::TreatmentState;
use crate::api::fields::{self, Change, Fields, FromFields, Read};
use crate::api::json::Json;

/// The most modifiers of a code.
const MAX_MODIFIERS: usize = 8;
/// The longest modifier.
const MAX_MODIFIER_BYTES: usize = 10;

/// A treatment to be added.
#[derive(Debug, ToSchema)]
pub(super) struct TreatmentBody {
    /// Whose.
    #[schema(value_type = String, pattern = "^PAT-[0-9]+$", example = "PAT-001")]
    patient_id: PatientId,
    /// When.
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T14:30:00Z")]
    service_at: Timestamp,
    /// By whom.
    #[schema(value_type = Option<String>, pattern = "^PHY-[0-9]+$", example = "PHY-001")]
    physician_id: Option<PhysicianId>,
    /// Where.
    #[schema(value_type = String, pattern = "^LOC-[0-9]+$", example = "LOC-001")]
    location_id: LocationId,
    /// Where it stands; `scheduled` when nothing is said.
    #[schema(value_type = Option<TreatmentState>)]
    status: Option<TreatmentStatus>,
    /// What is done: at most 20 codes.
    #[schema(max_items = 20)]
    procedures: Vec<ProcedureBody>,
}

/// What is to change of a treatment. What is left out stays, and `null` empties a field that may
/// be empty.
#[derive(Debug, ToSchema)]
pub(super) struct TreatmentEditBody {
    /// When.
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-11-23T14:30:00Z")]
    service_at: Option<Timestamp>,
    /// By whom.
    #[schema(value_type = Option<String>, pattern = "^PHY-[0-9]+$", example = "PHY-001")]
    physician_id: Change<PhysicianId>,
    /// Where.
    #[schema(value_type = Option<String>, pattern = "^LOC-[0-9]+$", example = "LOC-001")]
    location_id: Option<LocationId>,
    /// Where it stands.
    #[schema(value_type = Option<TreatmentState>)]
    status: Option<TreatmentStatus>,
    /// All codes, at most 20: those that are not sent are taken away.
    #[schema(max_items = 20)]
    procedures: Option<Vec<ProcedureBody>>,
}

/// A CPT or HCPCS code of a treatment.
#[derive(Debug, ToSchema)]
pub(super) struct ProcedureBody {
    /// The code.
    #[schema(min_length = 1, max_length = 7, example = "99213")]
    code: String,
    /// Its modifiers.
    #[schema(max_items = 8, example = json!(["25"]))]
    modifiers: Option<Vec<String>>,
    /// The charge; left out when it is not known.
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 99_999_999, example = 15_000)]
    charge_cents: Option<Money>,
}

impl FromFields for TreatmentBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let patient_id = fields.required("patient_id", fields::id);
        let service_at = fields.required("service_at", fields::moment);
        let physician_id = fields.optional("physician_id", fields::id);
        let location_id = fields.required("location_id", fields::id);
        let status = status(fields);
        let procedures = fields.groups("procedures", 0..=MAX_PROCEDURES);
        if procedures.is_none() {
            // A list that was sent and is wrong is noted already.
            fields.required("procedures", |_| Ok(()));
        }
        Some(Self {
            patient_id: patient_id?,
            service_at: service_at?,
            physician_id,
            location_id: location_id?,
            status,
            procedures: procedures?,
        })
    }
}

fn status(fields: &mut Fields<'_>) -> Option<TreatmentStatus> {
    let statuses = TreatmentStatus::ALL.map(|status| (status, status.as_str()));
    fields.optional("status", fields::word(&statuses))
}

impl FromFields for TreatmentEditBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            service_at: fields.optional("service_at", fields::moment),
            physician_id: fields.change("physician_id", fields::id),
            location_id: fields.optional("location_id", fields::id),
            status: status(fields),
            procedures: fields.groups("procedures", 0..=MAX_PROCEDURES),
        })
    }
}

impl FromFields for ProcedureBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let code = fields.required("code", code);
        let modifiers = fields.optional("modifiers", fields::list(0..=MAX_MODIFIERS, modifier));
        let charges = fields::integer(1..=MAX_PAYMENT.cents());
        let charge_cents = fields.optional("charge_cents", charges).map(Money::from_cents);
        Some(Self { code: code?, modifiers, charge_cents })
    }
}

/// A code that is not blank: a blank line of a form is no procedure, but here it would be one that
/// is lost.
fn code(json: &Json) -> Read<String> {
    let code = fields::owned(json)?;
    if code.trim().is_empty() {
        return fields::wrong("required", "Send the code.");
    }
    Ok(code)
}

fn modifier(json: &Json) -> Read<String> {
    let modifier = fields::owned(json)?;
    let is_one = !modifier.is_empty() && modifier.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_one && modifier.len() <= MAX_MODIFIER_BYTES {
        Ok(modifier)
    } else {
        fields::wrong("malformed", "Send each modifier by itself, such as \"25\".")
    }
}

impl TreatmentBody {
    /// The treatment as the use case takes one.
    pub(super) fn into_entry(self) -> TreatmentEntry {
        TreatmentEntry {
            patient: self.patient_id.to_string(),
            physician: self.physician_id.map(|id| id.to_string()).unwrap_or_default(),
            location: self.location_id.to_string(),
            service_date: String::new(),
            service_time: String::new(),
            service_at: Some(self.service_at),
            status: self.status.map(TreatmentStatus::as_str).unwrap_or_default().to_owned(),
            procedures: self.procedures.iter().map(ProcedureBody::entry).collect(),
        }
    }
}

impl TreatmentEditBody {
    /// The treatment as it stands, with what is to change of it.
    pub(super) fn onto(&self, treatment: Treatment) -> TreatmentEntry {
        let before = treatment.fields;
        let physician = self.physician_id.over(before.physician);
        let procedures = match &self.procedures {
            Some(procedures) => procedures.iter().map(ProcedureBody::entry).collect(),
            None => before.procedures.into_iter().map(standing).collect(),
        };
        TreatmentEntry {
            patient: before.patient.to_string(),
            physician: physician.map(|id| id.to_string()).unwrap_or_default(),
            location: self.location_id.unwrap_or(before.location).to_string(),
            service_date: String::new(),
            service_time: String::new(),
            service_at: Some(self.service_at.unwrap_or(before.service_at)),
            status: self.status.unwrap_or(before.status).as_str().to_owned(),
            procedures,
        }
    }
}

impl ProcedureBody {
    fn entry(&self) -> ProcedureEntry {
        ProcedureEntry {
            code: self.code.clone(),
            modifiers: self.modifiers.as_deref().unwrap_or_default().join(" "),
            charge: self.charge_cents.map(Money::to_plain).unwrap_or_default(),
        }
    }
}

/// A code that stands, as it would be typed.
fn standing(procedure: Procedure) -> ProcedureEntry {
    let Procedure { code, modifiers, charge } = procedure;
    ProcedureEntry { code, modifiers, charge: charge.map(Money::to_plain).unwrap_or_default() }
}
