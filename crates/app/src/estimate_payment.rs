//! Estimates what a patient owes, from the most recent eligibility check.

use almoner_domain::estimate::{
    self, Check, Choices, Estimate, NetworkChoice, Request, STALE_AFTER_DAYS, VisitClass,
};
use almoner_domain::payment::PaymentType;
use almoner_domain::{Invalid, Money, PatientId, TreatmentId, name, time};
use almoner_store::patients::{self, Coverage};
use almoner_store::treatments::{self, Treatment};
use almoner_store::{Tx, eligibility, locations};
use jiff::civil::Date;
use serde::Serialize;

use crate::check_answer::{self, StoredAnswer};
use crate::context::{Actor, App};
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
    /// The expected charge; the treatment's own charges when none is said.
    pub charge: Option<Money>,
    /// In or out of network.
    pub network: NetworkChoice,
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
    let visit_class = match &treatment {
        Some(treatment) => {
            let location = locations::get(tx, org, treatment.fields.location).await?;
            let class = location.and_then(|location| location.fields.visit_class);
            class.as_deref().and_then(VisitClass::from_name)
        }
        None => None,
    };
    let service = treatment.as_ref().map(service_date);
    let codes = treatment.iter().flat_map(|treatment| &treatment.fields.procedures);
    let request = Request {
        payment_type: input.payment_type,
        charge: input.charge.or_else(|| treatment.as_ref().and_then(|t| t.fields.charge())),
        network: input.network,
        service_date: input.service_date.or(service).unwrap_or(today),
        today,
        procedures: codes.map(|procedure| procedure.code.clone()).collect(),
        visit_class,
        choices: input.choices.clone(),
        stale_after_days: STALE_AFTER_DAYS,
    };
    let checks = checks_of(tx, actor, input.patient).await?;
    Ok(estimate::estimate(&request, &checks))
}

async fn own_treatment(
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

fn service_date(treatment: &Treatment) -> Date {
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
