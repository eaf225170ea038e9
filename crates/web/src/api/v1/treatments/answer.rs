//! A treatment, as other programs are told.

use almoner_domain::Money;
use almoner_domain::foreign_code::ForeignCode;
use almoner_store::treatments::{Overdue, Procedure, Treatment};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::words::TreatmentState;

/// A treatment.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TreatmentAnswer {
    /// Its id.
    #[schema(example = "TRT-001")]
    id: String,
    /// Whose it is.
    patient: TreatedPatient,
    /// By whom.
    #[schema(example = "PHY-001")]
    physician_id: Option<String>,
    /// Where.
    #[schema(example = "LOC-001")]
    location_id: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    service_at: Timestamp,
    /// Where it stands.
    #[schema(value_type = TreatmentState)]
    status: &'static str,
    /// What is done.
    procedures: Vec<TreatedProcedure>,
    /// What is done in codes of other systems than CPT and HCPCS, which came with an import.
    foreign_codes: Vec<TreatedForeignCode>,
    /// The sum of the charges; null when one of them is not known, or when there is none.
    #[schema(value_type = Option<i64>)]
    charge_cents: Option<Money>,
    /// What of its payments is overdue today.
    overdue: OverdueAnswer,
    /// Grows with every change; the `ETag`.
    version: i64,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it changed last. Its payments have no part in that.
    #[schema(value_type = String, format = DateTime)]
    modified_at: Timestamp,
}

/// Whose a treatment is.
#[derive(Debug, Serialize, ToSchema)]
struct TreatedPatient {
    /// The patient's id.
    #[schema(example = "PAT-001")]
    id: String,
    /// The patient's name.
    #[schema(example = "Ann Sample")]
    name: String,
}

/// A CPT or HCPCS code of a treatment.
#[derive(Debug, Serialize, ToSchema)]
struct TreatedProcedure {
    /// The code.
    #[schema(example = "99213")]
    code: String,
    /// Its modifiers.
    #[schema(example = json!(["25"]))]
    modifiers: Vec<String>,
    /// The charge.
    #[schema(value_type = Option<i64>)]
    charge_cents: Option<Money>,
}

/// A code of another system than CPT and HCPCS, as it was sent.
#[derive(Debug, Serialize, ToSchema)]
struct TreatedForeignCode {
    /// The address of the system.
    #[schema(example = "http://snomed.info/sct")]
    system: Option<String>,
    /// The code.
    code: String,
    /// What the sender calls it.
    display: Option<String>,
}

/// What of a treatment's payments is overdue.
#[derive(Debug, Serialize, ToSchema)]
struct OverdueAnswer {
    /// How many payments.
    count: i64,
    /// How much they are.
    #[schema(value_type = i64)]
    amount_cents: Money,
    /// For how many days the oldest has been; null when none is.
    days: Option<i32>,
}

impl OverdueAnswer {
    fn new(overdue: Overdue, today: Date) -> Self {
        let days = |since| today.since(since).ok().map(|span: jiff::Span| span.get_days());
        let Overdue { count, amount, since } = overdue;
        Self { count, amount_cents: amount, days: since.and_then(days) }
    }
}

impl From<Procedure> for TreatedProcedure {
    fn from(procedure: Procedure) -> Self {
        let modifiers = procedure.modifiers.split(' ').filter(|modifier| !modifier.is_empty());
        Self {
            code: procedure.code,
            modifiers: modifiers.map(str::to_owned).collect(),
            charge_cents: procedure.charge,
        }
    }
}

impl From<ForeignCode> for TreatedForeignCode {
    fn from(code: ForeignCode) -> Self {
        let ForeignCode { system, code, display } = code;
        Self { system, code, display }
    }
}

impl TreatmentAnswer {
    /// A treatment as it stands today.
    pub(super) fn new(treatment: Treatment, today: Date) -> Self {
        let charge_cents = treatment.fields.charge();
        let (fields, foreign_codes) = (treatment.fields, treatment.foreign_codes);
        let patient =
            TreatedPatient { id: fields.patient.to_string(), name: treatment.patient_spoken };
        Self {
            id: treatment.id.to_string(),
            patient,
            physician_id: fields.physician.map(|physician| physician.to_string()),
            location_id: fields.location.to_string(),
            service_at: fields.service_at,
            status: fields.status.as_str(),
            procedures: fields.procedures.into_iter().map(TreatedProcedure::from).collect(),
            foreign_codes: foreign_codes.into_iter().map(TreatedForeignCode::from).collect(),
            charge_cents,
            overdue: OverdueAnswer::new(treatment.overdue, today),
            version: treatment.version,
            created_at: treatment.created_at,
            modified_at: treatment.modified_at,
        }
    }
}
