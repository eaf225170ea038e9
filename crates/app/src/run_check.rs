//! Asks a payer how a patient is covered. The question is only written here; a job carries it.

use almoner_domain::estimate::EstimateSettings;
use almoner_domain::estimate::labels::service_type_label;
use almoner_domain::estimate::service_types::asked_about;
use almoner_domain::inquiry::ASK_AGAIN_AFTER;
use almoner_domain::{InquiryId, Invalid, LocationId, PatientId, PhysicianId, TreatmentId};
use almoner_store::idempotency::{self, Seen};
use almoner_store::inquiries::{self, Asked, Twin};
use almoner_store::locations::Location;
use almoner_store::patients::{self, Coverage, Patient};
use almoner_store::physicians::{self, Physician};
use almoner_store::treatments::Treatment;
use almoner_store::{StoreError, Tx, counters, eligibility_settings, locations};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::json;

use crate::context::{Actor, App, request_hash};
use crate::error::Error;
use crate::estimate_payment::{own_treatment, service_date};
use crate::permission::Action;
use crate::question::Parts;
use crate::record;

/// The letters of a trace: 32 of them, so that none is more likely than another.
const TRACE_LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Letters of a trace: 130 bits that nobody guesses, and fewer than any field that carries it.
const TRACE_LENGTH: usize = 26;
/// The numbers of interchanges begin again after this one.
const MAX_CONTROL: i64 = 999_999_999;

const SCOPE: &str = "run_check";

/// What is to be asked.
#[derive(Debug, Clone, Serialize)]
pub struct RunCheck {
    /// About whom.
    pub patient: PatientId,
    /// The place of the coverage among the patient's: 1 is the primary one.
    pub rank: i64,
    /// About what; the treatment's codes say it when it is not said, else the whole plan.
    pub service_type: Option<String>,
    /// For which day; the treatment's when it is not said, else today.
    pub service_date: Option<Date>,
    /// Where; the treatment's when it is not said, else the first location.
    pub location: Option<LocationId>,
    /// Who treats; the treatment's when it is not said.
    pub physician: Option<PhysicianId>,
    /// For which treatment of the patient.
    pub treatment: Option<TreatmentId>,
}

/// Writes the question and lets a job carry it. The same question that is under way, or that was
/// written under the same key, is the answer instead of a second one. What was taken more than an
/// hour ago and is not answered may be asked again.
///
/// # Errors
/// No permission; fields that need attention, each under the name of the field in which it is
/// mended (`payer_id` and others of the coverage, `npi`, `clearinghouse`); a key that was used for
/// something else.
pub async fn run_check(
    app: &App,
    actor: &Actor,
    input: &RunCheck,
    key: Option<&str>,
) -> Result<InquiryId, Error> {
    actor.must(Action::ImportEligibility)?;
    if !app.clearinghouse.is_set_up() {
        let message = "No clearinghouse is set up. Import the payer's answer instead.";
        return Err(Invalid::one("clearinghouse", "not_set_up", message).into());
    }
    match attempt(app, actor, input, key).await {
        // A racing request with the same key was faster: its question is the answer.
        Err(Error::Store(StoreError::Duplicate(_))) if key.is_some() => {
            attempt(app, actor, input, key).await
        }
        other => other,
    }
}

async fn attempt(
    app: &App,
    actor: &Actor,
    input: &RunCheck,
    key: Option<&str>,
) -> Result<InquiryId, Error> {
    let (org, now) = (actor.org(), app.now());
    let hash = request_hash(input);
    let mut tx = app.db.begin().await?;
    if let Some(key) = key {
        match idempotency::look(&mut tx, org, SCOPE, key, &hash).await? {
            Seen::New => {}
            Seen::Same(seq) => return Ok(InquiryId::new(seq)),
            Seen::Other => return Err(Error::KeyReused),
        }
    }
    // Locked, so that of two who ask the same at once the second finds the first one's question.
    let patient = patients::lock_current(&mut tx, org, input.patient).await?;
    let patient = patient.ok_or(Error::NotFound("patient"))?;
    let input = &RunCheck { patient: patient.id, ..input.clone() };
    let setting = setting(&mut tx, actor, input, now).await?;
    let twin = setting.twin(&patient, now - ASK_AGAIN_AFTER);
    let id = match inquiries::open_twin(&mut tx, org, &twin).await? {
        Some(twin) => twin,
        None => ask(app, actor, &mut tx, &patient, &setting, now).await?,
    };
    if let Some(key) = key {
        idempotency::keep(&mut tx, org, (SCOPE, key), &hash, id.seq(), now).await?;
    }
    tx.commit().await?;
    Ok(id)
}

/// What is asked about, where and by whom.
struct Setting {
    rank: i64,
    coverage: Coverage,
    service_type: String,
    service_date: Date,
    location: Location,
    physician: Option<Physician>,
}

impl Setting {
    /// The identifier that asks: the physician's, else the location's.
    fn npi(&self) -> Option<&str> {
        let physician = self.physician.as_ref();
        let own = physician.and_then(|physician| physician.fields.npi.as_deref());
        own.or(self.location.fields.npi.as_deref())
    }

    fn twin(&self, patient: &Patient, taken_since: Timestamp) -> Twin<'_> {
        Twin {
            patient: patient.id,
            payer_id: self.coverage.payer_id.as_deref().unwrap_or_default(),
            member_id: self.coverage.member_id.as_deref(),
            relationship: self.coverage.relationship,
            service_type: &self.service_type,
            service_date: self.service_date,
            npi: self.npi().unwrap_or_default(),
            taken_since,
        }
    }
}

async fn setting(
    tx: &mut Tx,
    actor: &Actor,
    input: &RunCheck,
    now: Timestamp,
) -> Result<Setting, Error> {
    let today = actor.date(now);
    let treatment = match input.treatment {
        Some(id) => Some(own_treatment(tx, actor, input.patient, id, today).await?),
        None => None,
    };
    let mut faults = Invalid::default();
    let coverages = patients::coverages(tx, actor.org(), input.patient).await?;
    let coverage = faults.collect(chosen_coverage(coverages, input.rank));
    let settings = eligibility_settings::get(tx, actor.org()).await?.settings;
    let service_type = faults.collect(service_type(input, treatment.as_ref(), &settings));
    let location = noted(place(tx, actor, input, treatment.as_ref()).await, &mut faults)?;
    let physician = noted(physician(tx, actor, input, treatment.as_ref()).await, &mut faults)?;
    let service_date = input.service_date.or(treatment.as_ref().map(service_date));
    match (coverage, service_type, location, physician) {
        (Some(coverage), Some(service_type), Some(location), Some(physician)) => Ok(Setting {
            rank: input.rank,
            coverage,
            service_type,
            service_date: service_date.unwrap_or(today),
            location,
            physician,
        }),
        _ => Err(faults.into()),
    }
}

/// Keeps the value, or notes its faults among others; what is no fault of a field is passed on.
fn noted<T>(result: Result<T, Error>, faults: &mut Invalid) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::Invalid(more)) => {
            faults.0.extend(more.0);
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

fn chosen_coverage(coverages: Vec<Coverage>, rank: i64) -> Result<Coverage, Invalid> {
    if coverages.is_empty() {
        let message = "The patient has no coverage on file, so there is nobody to ask.";
        return Err(Invalid::one("coverage", "required", message));
    }
    let place = usize::try_from(rank).ok().and_then(|rank| rank.checked_sub(1));
    let found = place.and_then(|place| coverages.into_iter().nth(place));
    found.ok_or_else(|| Invalid::one("coverage", "unknown", "Choose a coverage from the list."))
}

fn service_type(
    input: &RunCheck,
    treatment: Option<&Treatment>,
    settings: &EstimateSettings,
) -> Result<String, Invalid> {
    let Some(chosen) = &input.service_type else {
        let codes = treatment.iter().flat_map(|treatment| &treatment.fields.procedures);
        let codes: Vec<String> = codes.map(|procedure| procedure.code.clone()).collect();
        return Ok(asked_about(None, &codes, settings).to_owned());
    };
    if service_type_label(chosen).is_none() {
        let message = "Choose a service type from the list.";
        return Err(Invalid::one("service_type", "unknown", message));
    }
    Ok(chosen.clone())
}

async fn place(
    tx: &mut Tx,
    actor: &Actor,
    input: &RunCheck,
    treatment: Option<&Treatment>,
) -> Result<Location, Error> {
    let org = actor.org();
    let chosen = input.location.or(treatment.map(|treatment| treatment.fields.location));
    let Some(id) = chosen else {
        let first = locations::all(tx, org).await?.into_iter().next();
        return first.ok_or(Error::NotFound("location"));
    };
    let unknown = || Invalid::one("location_id", "unknown", "Choose a location from the list.");
    Ok(locations::get(tx, org, id).await?.ok_or_else(unknown)?)
}

async fn physician(
    tx: &mut Tx,
    actor: &Actor,
    input: &RunCheck,
    treatment: Option<&Treatment>,
) -> Result<Option<Physician>, Error> {
    let chosen = input.physician.or(treatment.and_then(|treatment| treatment.fields.physician));
    let Some(id) = chosen else {
        return Ok(None);
    };
    let unknown = || Invalid::one("physician_id", "unknown", "Choose a physician from the list.");
    let found = physicians::get(tx, actor.org(), id).await?;
    Ok(Some(found.ok_or_else(unknown)?))
}

/// Writes the question with its 270.
async fn ask(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    patient: &Patient,
    setting: &Setting,
    now: Timestamp,
) -> Result<InquiryId, Error> {
    let id = InquiryId::new(counters::next(tx, actor.org(), InquiryId::PREFIX).await?);
    let control = (id.seq() - 1) % MAX_CONTROL + 1;
    let trace = trace(&app.random());
    let npi = setting.npi().unwrap_or_default().to_owned();
    let parts = Parts {
        control: u32::try_from(control).expect("the number has nine digits at most"),
        written_at: actor.organization.zone.to_datetime(now),
        trace: &trace,
        npi: &npi,
        patient,
        coverage: &setting.coverage,
        location: &setting.location,
        physician: setting.physician.as_ref(),
        service_type: &setting.service_type,
        service_date: setting.service_date,
    };
    let question = parts.write(app)?;
    let coverage = setting.coverage.clone();
    let asked = Asked {
        id,
        patient: patient.id,
        rank: setting.rank,
        payer: coverage.payer,
        payer_id: coverage.payer_id.unwrap_or_default(),
        member_id: coverage.member_id,
        relationship: coverage.relationship,
        service_type: setting.service_type.clone(),
        service_date: setting.service_date,
        location: setting.location.id,
        physician: setting.physician.as_ref().map(|physician| physician.id),
        npi,
        trace,
        clearinghouse: app.clearinghouse.name().to_owned(),
        question,
        user: actor.user(),
        created_at: now,
    };
    inquiries::insert(tx, actor.org(), &asked).await?;
    let detail = json!({
        "patient": asked.patient,
        "service_type": asked.service_type,
        "service_date": asked.service_date,
    });
    let subject = ("eligibility_inquiry", id.seq());
    record::happened(app, actor, tx, "check_asked", subject, detail).await?;
    Ok(id)
}

/// A reference that nobody guesses, of letters and digits that every field and file name takes.
fn trace(random: &[u8; TRACE_LENGTH]) -> String {
    random.iter().map(|byte| char::from(TRACE_LETTERS[usize::from(byte % 32)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_letters_and_digits_only() {
        let mut bytes = [0; TRACE_LENGTH];
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::try_from(place * 9).unwrap();
        }
        let trace = trace(&bytes);
        assert_eq!(trace.len(), TRACE_LENGTH);
        assert!(trace.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()), "{trace}");
    }
}
