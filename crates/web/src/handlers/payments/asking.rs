//! Asking the payer from the create form: the form stays as it is, the panel says what becomes of
//! the question.

use almoner_app::run_check::{RunCheck, run_check};
use almoner_app::{Actor, Error, read, read_inquiries};
use almoner_domain::estimate::service_types::asked_about;
use almoner_domain::estimate::{Case, Estimate};
use almoner_domain::inquiry::InquiryState;
use almoner_domain::payment::PaymentType;
use almoner_domain::{Invalid, LocationId, PatientId, TreatmentId};

use crate::handlers::eligibility::asked::{may_ask, may_ask_again, ways, words};
use crate::state::Web;
use crate::view::parts::{Link, Tone};
use crate::view::payments::estimate::{Asking, EstimatePanel, Notice};

/// Asks the payer of the primary coverage about what the form holds; gives what is missing for
/// that.
pub(super) async fn ask(
    web: &Web,
    actor: &Actor,
    estimate: &Estimate,
    (patient, location): (PatientId, Option<LocationId>),
    treatment: Option<TreatmentId>,
) -> Result<Option<Invalid>, Error> {
    let kind = estimate.inputs.payment_type;
    let visit = kind.filter(|kind| *kind == PaymentType::OfficeVisit);
    let settings = read::eligibility_settings(&web.app, actor).await?.stored.settings;
    let input = RunCheck {
        patient,
        rank: 1,
        service_type: visit.map(|kind| asked_about(Some(kind), &[], &settings).to_owned()),
        service_date: Some(estimate.service_date),
        location,
        physician: None,
        treatment,
    };
    // A second click finds the question of the first one, which is still open.
    match run_check(&web.app, actor, &input, None).await {
        Ok(_) => Ok(None),
        Err(Error::Invalid(faults)) => Ok(Some(faults)),
        Err(other) => Err(other),
    }
}

/// What the panel offers or says about asking the payer.
pub(super) async fn asking(
    web: &Web,
    actor: &Actor,
    patient: PatientId,
    (panel, case): (&EstimatePanel, Case),
    refused: Option<&Invalid>,
) -> Result<Option<Asking>, Error> {
    if !may_ask(web, actor) {
        return Ok(None);
    }
    let helps = matches!(case, Case::NoCheck | Case::Rejected | Case::Inactive)
        || panel.check.as_ref().is_some_and(|check| check.is_stale);
    let newest = read_inquiries::unsettled(&web.app, actor, Some(patient)).await?;
    let newest = newest.first().map(|listed| &listed.inquiry);
    let is_open = newest.is_some_and(|inquiry| inquiry.state.is_open());
    let may_again = newest.is_none_or(|inquiry| may_ask_again(inquiry, web.app.now()));
    if !helps && !is_open && refused.is_none() {
        return Ok(None);
    }
    let zone = &actor.organization.zone;
    let told = match (refused, newest) {
        (Some(faults), _) => {
            let messages: Vec<&str> = faults.0.iter().map(|fault| &*fault.message).collect();
            Some(Notice {
                tone: Tone::Bad,
                title: "The payer was not asked.".to_owned(),
                texts: vec![messages.join(" ")],
                lines: Vec::new(),
                ways: ways(faults, patient, "1"),
            })
        }
        (None, Some(inquiry)) => Some(Notice {
            tone: if is_open { Tone::Info } else { Tone::Warning },
            title: format!("{}.", title(inquiry.state)),
            texts: vec![words(inquiry, web.app.now(), zone)],
            lines: Vec::new(),
            ways: vec![Link::new(
                format!("/inquiries/{}", inquiry.asked.id),
                format!("Look at {}", inquiry.asked.id),
            )],
        }),
        (None, None) => None,
    };
    let label = if newest.is_some() { "Ask again" } else { "Run check" };
    let form = Link::new(format!("/eligibility/new?patient={patient}"), "Choose what is asked");
    Ok(Some(Asking {
        told,
        is_open,
        button: (!is_open || may_again).then_some(label),
        form: (!is_open || may_again).then_some(form),
    }))
}

fn title(state: InquiryState) -> &'static str {
    match state {
        InquiryState::Waiting | InquiryState::Sent => "The payer is being asked",
        InquiryState::Answered => "The payer has answered",
        InquiryState::Failed => "The payer could not be asked",
        InquiryState::Expired => "The payer did not answer",
    }
}
