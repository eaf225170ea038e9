//! Estimates: what a patient is likely to owe.

mod answer;
mod body;

use almoner_app::Error;
use almoner_app::estimate_payment::{EstimateInput, estimate_payment, location_exists};
use almoner_domain::CheckId;
use almoner_domain::estimate::{Case, Estimate};
use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) use self::answer::EstimateAnswer;
pub(super) use self::body::EstimateBody;
use crate::api::body::Body;
use crate::api::caller::{Caller, Thing, showing};
use crate::api::json;
use crate::api::problem::{Answer, Problem};
use crate::state::Web;

pub(super) fn calls() -> OpenApiRouter<Web> {
    OpenApiRouter::default().routes(routes!(estimate))
}

/// Estimate what a patient is likely to owe
///
/// From the patient's most recent eligibility check, that of the primary coverage before others,
/// and with what the clinic sets: the service types of its visits and codes, its network, and after
/// how many days a check counts as stale. Every figure names the payer's rows that it came from,
/// and no amount is given when none can be known: then `case` says why. Nothing is stored.
#[utoipa::path(
    post,
    path = "/estimates",
    tag = "Estimates",
    security(("key" = ["estimates:read"])),
    request_body = EstimateBody,
    responses((status = 200, description = "The estimate.", body = EstimateAnswer)),
)]
async fn estimate(
    State(web): State<Web>,
    caller: Caller,
    Body(body): Body<EstimateBody>,
) -> Answer {
    let input = body.into_input();
    if let Some(id) = input.location
        && !location_exists(&web.app, &caller.actor, id).await?
    {
        let message = "There is no such location at this clinic.";
        return Err(Problem::field("location_id", "not_found", message));
    }
    let estimate = known(&web, &caller, &input).await?;
    let currency = &caller.actor.organization.currency;
    let answer = json(StatusCode::OK, &EstimateAnswer::new(estimate, currency));
    Ok(showing(vec![Thing::Patient(input.patient)], answer))
}

/// The estimate, when the check that it names is one of the patient's.
pub(super) async fn known(
    web: &Web,
    caller: &Caller,
    input: &EstimateInput,
) -> Result<Estimate, Problem> {
    let estimate = estimate_payment(&web.app, &caller.actor, input).await.map_err(told)?;
    refuse_unknown_check(input.choices.check, &estimate)?;
    Ok(estimate)
}

/// Whoever names a patient that is not there is told at the field.
fn told(error: Error) -> Problem {
    match error {
        Error::NotFound("patient") => {
            let message = "There is no such patient at this clinic.";
            Problem::field("patient_id", "not_found", message)
        }
        other => other.into(),
    }
}

/// A person who picks a check sees which one is used instead; a program would not look.
fn refuse_unknown_check(chosen: Option<CheckId>, estimate: &Estimate) -> Result<(), Problem> {
    let is_used = chosen.is_none() || estimate.check == chosen;
    if !is_used && estimate.case != Case::NotApplicable {
        let message = "There is no such check among the patient's recent ones.";
        return Err(Problem::field("choices.check", "not_found", message));
    }
    Ok(())
}
