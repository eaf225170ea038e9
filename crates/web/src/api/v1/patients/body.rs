//! A patient, as another program hands one in.

use almoner_app::read_records::PatientRecord;
use almoner_app::save_patient::{CoverageEntry, MAX_COVERAGES, PatientEntry};
use almoner_domain::insured::Relationship;
use almoner_store::patients::Coverage;
use jiff::civil::Date;
use utoipa::ToSchema;

use super::super::words::{InsuredRelationship, PatientSex, SEXES};
use crate::api::fields::{self, Change, Fields, FromFields};

/// A patient to be added.
#[derive(Debug, ToSchema)]
pub(super) struct PatientBody {
    /// First name.
    #[schema(min_length = 1, max_length = 200, example = "Ann")]
    first_name: String,
    /// Last name.
    #[schema(min_length = 1, max_length = 200, example = "Sample")]
    last_name: String,
    /// Date of birth.
    #[schema(value_type = String, format = Date, example = "1980-02-29")]
    date_of_birth: Date,
    /// What stands on the record.
    #[schema(value_type = Option<PatientSex>)]
    sex: Option<&'static str>,
    /// Medical record number, which no other patient may have.
    #[schema(max_length = 200)]
    mrn: Option<String>,
    /// Telephone.
    #[schema(max_length = 200)]
    phone: Option<String>,
    /// E-mail address. Letters are sent to it only when the patient agreed to that.
    #[schema(max_length = 200)]
    email: Option<String>,
    /// Postal address.
    #[schema(max_length = 200)]
    address: Option<String>,
    /// Who pays, when it is not the patient.
    #[schema(max_length = 200)]
    guarantor: Option<String>,
    /// At most two, the primary one first.
    #[schema(max_items = 2)]
    coverages: Option<Vec<CoverageBody>>,
    /// The patient is somebody else than those who look alike.
    is_somebody_else: Option<bool>,
}

/// What is to change of a patient. What is left out stays, and `null` empties a field that may be
/// empty.
#[derive(Debug, ToSchema)]
pub(super) struct PatientEditBody {
    /// First name.
    #[schema(min_length = 1, max_length = 200, example = "Ann")]
    first_name: Option<String>,
    /// Last name.
    #[schema(min_length = 1, max_length = 200, example = "Sample")]
    last_name: Option<String>,
    /// Date of birth.
    #[schema(value_type = Option<String>, format = Date, example = "1980-02-29")]
    date_of_birth: Option<Date>,
    /// What stands on the record.
    #[schema(value_type = Option<PatientSex>)]
    sex: Change<&'static str>,
    /// Medical record number, which no other patient may have.
    #[schema(value_type = Option<String>, max_length = 200)]
    mrn: Change<String>,
    /// Telephone.
    #[schema(value_type = Option<String>, max_length = 200)]
    phone: Change<String>,
    /// E-mail address. Letters are sent to it only when the patient agreed to that.
    #[schema(value_type = Option<String>, max_length = 200)]
    email: Change<String>,
    /// Postal address.
    #[schema(value_type = Option<String>, max_length = 200)]
    address: Change<String>,
    /// Who pays, when it is not the patient.
    #[schema(value_type = Option<String>, max_length = 200)]
    guarantor: Change<String>,
    /// All of them, at most two, the primary one first: those that are not sent are taken away.
    #[schema(max_items = 2)]
    coverages: Option<Vec<CoverageBody>>,
}

/// An insurance of a patient.
#[derive(Debug, ToSchema)]
pub(super) struct CoverageBody {
    /// The payer's name.
    #[schema(min_length = 1, max_length = 200, example = "SAMPLE HEALTH PLAN")]
    payer: String,
    /// The id under which clearinghouses know the payer.
    #[schema(max_length = 200)]
    payer_id: Option<String>,
    /// The member's id at the payer. Checks are matched to their patient by it.
    #[schema(max_length = 200, example = "MEMBER-1")]
    member_id: Option<String>,
    /// The plan's name.
    #[schema(max_length = 200)]
    plan: Option<String>,
    /// What the patient is to the subscriber; `self` when nothing is said.
    #[schema(value_type = Option<InsuredRelationship>)]
    relationship: Option<Relationship>,
    /// The subscriber's first name, when it is not the patient.
    #[schema(max_length = 200)]
    subscriber_first_name: Option<String>,
    /// The subscriber's last name, when it is not the patient.
    #[schema(max_length = 200)]
    subscriber_last_name: Option<String>,
    /// The subscriber's date of birth, when it is not the patient.
    #[schema(value_type = Option<String>, format = Date)]
    subscriber_date_of_birth: Option<Date>,
}

impl FromFields for PatientBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let first_name = fields.required("first_name", fields::owned);
        let last_name = fields.required("last_name", fields::owned);
        let date_of_birth = fields.required("date_of_birth", fields::date);
        let sexes = SEXES.map(|sex| (sex, sex));
        let sex = fields.optional("sex", fields::word(&sexes));
        let mrn = fields.optional("mrn", fields::owned);
        let phone = fields.optional("phone", fields::owned);
        let email = fields.optional("email", fields::owned);
        let address = fields.optional("address", fields::owned);
        let guarantor = fields.optional("guarantor", fields::owned);
        let coverages = fields.groups("coverages", 0..=MAX_COVERAGES);
        let is_somebody_else = fields.optional("is_somebody_else", fields::truth);
        Some(Self {
            first_name: first_name?,
            last_name: last_name?,
            date_of_birth: date_of_birth?,
            sex,
            mrn,
            phone,
            email,
            address,
            guarantor,
            coverages,
            is_somebody_else,
        })
    }
}

impl FromFields for PatientEditBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let sexes = SEXES.map(|sex| (sex, sex));
        Some(Self {
            first_name: fields.optional("first_name", fields::owned),
            last_name: fields.optional("last_name", fields::owned),
            date_of_birth: fields.optional("date_of_birth", fields::date),
            sex: fields.change("sex", fields::word(&sexes)),
            mrn: fields.change("mrn", fields::owned),
            phone: fields.change("phone", fields::owned),
            email: fields.change("email", fields::owned),
            address: fields.change("address", fields::owned),
            guarantor: fields.change("guarantor", fields::owned),
            coverages: fields.groups("coverages", 0..=MAX_COVERAGES),
        })
    }
}

impl FromFields for CoverageBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let payer = fields.required("payer", fields::owned);
        let payer_id = fields.optional("payer_id", fields::owned);
        let member_id = fields.optional("member_id", fields::owned);
        let plan = fields.optional("plan", fields::owned);
        let relations = Relationship::ALL.map(|relation| (relation, relation.as_str()));
        let relationship = fields.optional("relationship", fields::word(&relations));
        let subscriber_first_name = fields.optional("subscriber_first_name", fields::owned);
        let subscriber_last_name = fields.optional("subscriber_last_name", fields::owned);
        let subscriber_date_of_birth = fields.optional("subscriber_date_of_birth", fields::date);
        Some(Self {
            payer: payer?,
            payer_id,
            member_id,
            plan,
            relationship,
            subscriber_first_name,
            subscriber_last_name,
            subscriber_date_of_birth,
        })
    }
}

impl PatientBody {
    /// The patient as the use case takes one.
    pub(super) fn into_entry(self) -> PatientEntry {
        let coverages = self.coverages.unwrap_or_default();
        PatientEntry {
            first_name: self.first_name,
            last_name: self.last_name,
            date_of_birth: self.date_of_birth.to_string(),
            sex: self.sex.unwrap_or_default().to_owned(),
            mrn: self.mrn.unwrap_or_default(),
            phone: self.phone.unwrap_or_default(),
            email: self.email.unwrap_or_default(),
            address: self.address.unwrap_or_default(),
            guarantor: self.guarantor.unwrap_or_default(),
            coverages: coverages.iter().map(CoverageBody::entry).collect(),
            is_somebody_else: self.is_somebody_else.unwrap_or_default(),
        }
    }
}

/// What a field holds after a change, as it is typed.
fn after(change: &Change<String>, before: Option<String>) -> String {
    change.over(before).unwrap_or_default()
}

impl PatientEditBody {
    /// The record as it stands, with what is to change of it.
    pub(super) fn onto(&self, record: PatientRecord) -> PatientEntry {
        let before = record.patient.fields;
        let birth = self.date_of_birth.unwrap_or(before.date_of_birth);
        let sex = match self.sex {
            Change::Kept => before.sex,
            Change::To(sex) => sex.map(str::to_owned),
        };
        let coverages = match &self.coverages {
            Some(coverages) => coverages.iter().map(CoverageBody::entry).collect(),
            None => record.coverages.into_iter().map(standing).collect(),
        };
        PatientEntry {
            first_name: self.first_name.clone().unwrap_or(before.first_name),
            last_name: self.last_name.clone().unwrap_or(before.last_name),
            date_of_birth: birth.to_string(),
            sex: sex.unwrap_or_default(),
            mrn: after(&self.mrn, before.mrn),
            phone: after(&self.phone, before.phone),
            email: after(&self.email, before.email),
            address: after(&self.address, before.address),
            guarantor: after(&self.guarantor, before.guarantor),
            coverages,
            is_somebody_else: false,
        }
    }
}

impl CoverageBody {
    fn entry(&self) -> CoverageEntry {
        let typed = |text: &Option<String>| text.clone().unwrap_or_default();
        let born = self.subscriber_date_of_birth;
        CoverageEntry {
            payer: self.payer.clone(),
            member_id: typed(&self.member_id),
            plan: typed(&self.plan),
            payer_id: typed(&self.payer_id),
            relationship: self.relationship.unwrap_or_default().as_str().to_owned(),
            subscriber_first_name: typed(&self.subscriber_first_name),
            subscriber_last_name: typed(&self.subscriber_last_name),
            subscriber_date_of_birth: born.map(|date| date.to_string()).unwrap_or_default(),
        }
    }
}

/// A coverage that stands, as it would be typed.
fn standing(coverage: Coverage) -> CoverageEntry {
    let born = coverage.subscriber_date_of_birth;
    CoverageEntry {
        payer: coverage.payer,
        member_id: coverage.member_id.unwrap_or_default(),
        plan: coverage.plan.unwrap_or_default(),
        payer_id: coverage.payer_id.unwrap_or_default(),
        relationship: coverage.relationship.as_str().to_owned(),
        subscriber_first_name: coverage.subscriber_first_name.unwrap_or_default(),
        subscriber_last_name: coverage.subscriber_last_name.unwrap_or_default(),
        subscriber_date_of_birth: born.map(|date| date.to_string()).unwrap_or_default(),
    }
}
