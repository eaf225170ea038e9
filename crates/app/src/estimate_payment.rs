//! Estimates what a patient owes, from the most recent eligibility check.

use almoner_domain::estimate::{
    self, ChargeSource, Check, Choices, Estimate, NetworkChoice, Request, VisitClass,
};
use almoner_domain::payment::PaymentType;
use almoner_domain::{Invalid, LocationId, Money, PatientId, TreatmentId, name, text, time};
use almoner_store::patients::{self, Coverage};
use almoner_store::treatments::{self, Treatment};
use almoner_store::{Tx, eligibility, eligibility_settings, locations};
use jiff::civil::Date;
use serde::Serialize;

use crate::check_answer::{self, StoredAnswer};
use crate::context::{Actor, App, request_hash};
use crate::error::Error;
use crate::permission::Action;

/// The greatest number of a patient's checks that an estimate looks at.
const MAX_CHECKS: i64 = 20;

/// What an estimate is asked for.
#[derive(Debug, Clone, Serialize)]
pub struct EstimateInput {
    /// Whose.
    pub patient: PatientId,
    /// For what.
    pub payment_type: Option<PaymentType>,
    /// For which treatment of the patient.
    pub treatment: Option<TreatmentId>,
    /// Where; the treatment's location when there is one, else the organization's first.
    pub location: Option<LocationId>,
    /// The expected charge; the treatment's own charges when none is said.
    pub charge: Option<Money>,
    /// In or out of network; what the clinic sets as its default when none is said.
    pub network: Option<NetworkChoice>,
    /// The day of the service; the treatment's, else today.
    pub service_date: Option<Date>,
    /// What staff chose where the payer left a choice.
    pub choices: Choices,
}

/// Estimates.
///
/// # Errors
/// No permission, no such patient, a treatment of another patient.
pub async fn estimate_payment(
    app: &App,
    actor: &Actor,
    input: &EstimateInput,
) -> Result<Estimate, Error> {
    actor.must(Action::Estimate)?;
    let mut tx = app.db.read().await?;
    estimate_within(app, actor, &mut tx, input).await
}

/// Whether there is a location with that id, for whoever asks for an estimate at it.
///
/// # Errors
/// No permission, or the database failed.
pub async fn location_exists(app: &App, actor: &Actor, id: LocationId) -> Result<bool, Error> {
    actor.must(Action::Estimate)?;
    let mut tx = app.db.read().await?;
    Ok(locations::get(&mut tx, actor.org(), id).await?.is_some())
}

/// Estimates within a transaction that the caller began.
pub(crate) async fn estimate_within(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    input: &EstimateInput,
) -> Result<Estimate, Error> {
    let org = actor.org();
    let today = actor.date(app.now());
    let patient = patients::get(tx, org, input.patient).await?;
    patient.ok_or(Error::NotFound("patient"))?;
    let treatment = match input.treatment {
        Some(id) => Some(own_treatment(tx, actor, input.patient, id, today).await?),
        None => None,
    };
    let settings = eligibility_settings::get(tx, org).await?.settings;
    let (charge, charge_source) = charge(input, treatment.as_ref());
    let service = treatment.as_ref().map(service_date);
    let codes = treatment.iter().flat_map(|treatment| &treatment.fields.procedures);
    let request = Request {
        payment_type: input.payment_type,
        charge,
        charge_source,
        network: input.network.unwrap_or(settings.default_network),
        service_date: input.service_date.or(service).unwrap_or(today),
        today,
        procedures: codes.map(|procedure| procedure.code.clone()).collect(),
        visit_class: visit_class(tx, actor, input, treatment.as_ref()).await?,
        choices: input.choices.clone(),
        stale_after_days: settings.stale_after_days,
    };
    let checks = checks_of(tx, actor, input.patient).await?;
    Ok(estimate::estimate_with(&request, &checks, &settings))
}

/// A short text that differs when an estimate says something else: another check, another
/// result, another figure, another warning. The day on which it is asked has no part in it.
pub fn fingerprint(estimate: &Estimate) -> String {
    const SHOWN_BYTES: usize = 16;
    let figures = [
        &estimate.copay,
        &estimate.coinsurance,
        &estimate.deductible_remaining,
        &estimate.out_of_pocket_remaining,
    ];
    let figures = figures.map(|figure| (figure.state, figure.value, &figure.rows));
    let warnings: Vec<_> =
        estimate.warnings.iter().map(|warning| (warning.code, warning.row)).collect();
    let result = (estimate.case, estimate.amount, estimate.range, estimate.rule);
    let asked = (estimate.inputs.payment_type, estimate.network, estimate.service_date);
    let said = (&estimate.procedures, warnings);
    let hash =
        request_hash(&(estimate.engine_version, estimate.check, result, asked, figures, said));
    text::hex(&hash[..SHOWN_BYTES])
}

/// The expected charge and where it comes from.
fn charge(
    input: &EstimateInput,
    treatment: Option<&Treatment>,
) -> (Option<Money>, Option<ChargeSource>) {
    let own = treatment.and_then(|treatment| treatment.fields.charge());
    match input.charge.or(own) {
        None => (None, None),
        charge if charge == own => (charge, Some(ChargeSource::Treatment)),
        charge => (charge, Some(ChargeSource::Stated)),
    }
}

/// What kind of visit the place gives: the treatment's, else the one chosen, else the first.
async fn visit_class(
    tx: &mut Tx,
    actor: &Actor,
    input: &EstimateInput,
    treatment: Option<&Treatment>,
) -> Result<Option<VisitClass>, Error> {
    let place = treatment.map(|treatment| treatment.fields.location).or(input.location);
    let location = match place {
        Some(id) => locations::get(tx, actor.org(), id).await?,
        None => locations::all(tx, actor.org()).await?.into_iter().next(),
    };
    let class = location.and_then(|location| location.fields.visit_class);
    Ok(class.as_deref().and_then(VisitClass::from_name))
}

/// The treatment, when it is one of the patient's.
pub(crate) async fn own_treatment(
    tx: &mut Tx,
    actor: &Actor,
    patient: PatientId,
    id: TreatmentId,
    today: Date,
) -> Result<Treatment, Error> {
    let treatment = treatments::get(tx, actor.org(), id, today).await?;
    let own = treatment.filter(|treatment| treatment.fields.patient == patient);
    let message = "Choose a treatment of this patient.";
    own.ok_or_else(|| Invalid::one("treatment_id", "not_the_patients", message).into())
}

/// The day of a treatment at its location.
pub(crate) fn service_date(treatment: &Treatment) -> Date {
    let zone = time::parse_zone("time_zone", &treatment.time_zone);
    let zone = zone.unwrap_or(jiff::tz::TimeZone::UTC);
    time::local_date(treatment.fields.service_at, &zone)
}

/// A patient's checks, those of the primary coverage first, each group newest first.
async fn checks_of(tx: &mut Tx, actor: &Actor, patient: PatientId) -> Result<Vec<Check>, Error> {
    let org = actor.org();
    let primary = patients::coverages(tx, org, patient).await?.into_iter().next();
    let rows = eligibility::of_patient(tx, org, patient, MAX_CHECKS).await?;
    let mut checks = Vec::with_capacity(rows.len());
    for row in rows {
        let answer = StoredAnswer::read(&row.answer)?;
        let is_primary =
            primary.as_ref().is_some_and(|coverage| fits(coverage, &row.payer, &answer));
        let benefits = eligibility::benefits(tx, org, row.id).await?;
        let check = Check {
            id: row.id,
            checked_on: actor.date(row.checked_at),
            outcome: row.outcome,
            payer: row.payer,
            plan: row.plan,
            dates: answer.dates,
            benefits: check_answer::benefits(&benefits)?,
            rejections: answer.rejections,
        };
        checks.push((!is_primary, check));
    }
    checks.sort_by_key(|check| check.0);
    Ok(checks.into_iter().map(|check| check.1).collect())
}

fn fits(coverage: &Coverage, payer: &str, answer: &StoredAnswer) -> bool {
    match (&coverage.member_id, &answer.patient.member_id) {
        (Some(ours), Some(theirs)) => ours.eq_ignore_ascii_case(theirs),
        _ => name::normalize(&coverage.payer) == name::normalize(payer),
    }
}
