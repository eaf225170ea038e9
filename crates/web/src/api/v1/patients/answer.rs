//! A patient, as other programs are told.

use almoner_app::read_records::PatientRecord;
use almoner_store::patients::Coverage;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::words::{InsuredRelationship, PatientSex};

/// A patient.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PatientAnswer {
    /// The id.
    #[schema(example = "PAT-001")]
    id: String,
    /// First name.
    first_name: String,
    /// Last name.
    last_name: String,
    /// Date of birth.
    #[schema(value_type = String, format = Date, example = "1980-02-29")]
    date_of_birth: Date,
    /// What stands on the record.
    #[schema(value_type = Option<PatientSex>)]
    sex: Option<String>,
    /// Medical record number, which no other patient has.
    mrn: Option<String>,
    /// Telephone.
    phone: Option<String>,
    /// E-mail address.
    email: Option<String>,
    /// Postal address.
    address: Option<String>,
    /// Who pays, when it is not the patient.
    guarantor: Option<String>,
    /// At most two, the primary one first.
    coverages: Vec<CoverageAnswer>,
    /// The ids of patients who were merged into this one: they lead here.
    #[schema(example = json!(["PAT-007"]))]
    merged_ids: Vec<String>,
    /// Grows with every change; the `ETag`.
    version: i64,
    /// When the patient was added.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When the record changed last.
    #[schema(value_type = String, format = DateTime)]
    modified_at: Timestamp,
}

/// An insurance of a patient.
#[derive(Debug, Serialize, ToSchema)]
struct CoverageAnswer {
    /// The payer's name.
    payer: String,
    /// The id under which clearinghouses know the payer.
    payer_id: Option<String>,
    /// The member's id at the payer.
    member_id: Option<String>,
    /// The plan's name.
    plan: Option<String>,
    /// What the patient is to the subscriber.
    #[schema(value_type = InsuredRelationship)]
    relationship: &'static str,
    /// The subscriber's first name, when it is not the patient.
    subscriber_first_name: Option<String>,
    /// The subscriber's last name, when it is not the patient.
    subscriber_last_name: Option<String>,
    /// The subscriber's date of birth, when it is not the patient.
    #[schema(value_type = Option<String>, format = Date)]
    subscriber_date_of_birth: Option<Date>,
}

impl From<PatientRecord> for PatientAnswer {
    fn from(record: PatientRecord) -> Self {
        let PatientRecord { patient, coverages, merged } = record;
        let fields = patient.fields;
        Self {
            id: patient.id.to_string(),
            first_name: fields.first_name,
            last_name: fields.last_name,
            date_of_birth: fields.date_of_birth,
            sex: fields.sex,
            mrn: fields.mrn,
            phone: fields.phone,
            email: fields.email,
            address: fields.address,
            guarantor: fields.guarantor,
            coverages: coverages.into_iter().map(CoverageAnswer::from).collect(),
            merged_ids: merged.iter().map(ToString::to_string).collect(),
            version: patient.version,
            created_at: patient.created_at,
            modified_at: patient.modified_at,
        }
    }
}

impl From<Coverage> for CoverageAnswer {
    fn from(coverage: Coverage) -> Self {
        Self {
            payer: coverage.payer,
            payer_id: coverage.payer_id,
            member_id: coverage.member_id,
            plan: coverage.plan,
            relationship: coverage.relationship.as_str(),
            subscriber_first_name: coverage.subscriber_first_name,
            subscriber_last_name: coverage.subscriber_last_name,
            subscriber_date_of_birth: coverage.subscriber_date_of_birth,
        }
    }
}
