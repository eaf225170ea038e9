//! Creating a payment: the patient, the form with its estimate, the payment.

use almoner_app::create_payment::{CreatePayment, create_payment};
use almoner_app::estimate_payment::{EstimateInput, estimate_payment};
use almoner_app::permission::Action;
use almoner_app::read::{self, PatientView};
use almoner_app::{Actor, Error};
use almoner_domain::estimate::{Choices, Estimate, NetworkChoice, RowChoice, Rule};
use almoner_domain::payment::PaymentType;
use almoner_domain::{Invalid, Money, PatientId, TreatmentId, time};
use almoner_store::treatments::Treatment;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::asking;
use super::entry::{Entered, form_names, plain};
use super::panel::{self, Typed};
use crate::failure::{self, Answer, html, html_with};
use crate::format;
use crate::handlers::form_key::FormKey;
use crate::handlers::{find_patient, parse_id, patient_match};
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::parts::{Choice, Errors};
use crate::view::payments::estimate::{Asking, EstimatePanel};
use crate::view::payments::new::{FindFor, NewPaymentPage};

/// What the page is asked for by its address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    q: String,
    patient: String,
    treatment: String,
}

/// What the form sends. `do` is `create`, `draft`, `estimate`, `use_amount` or `run_check`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    key: String,
    #[serde(rename = "do")]
    step: String,
    patient: String,
    #[serde(flatten)]
    entered: Entered,
    network: String,
    service_date: String,
    charge: String,
    choice_rule: String,
    choice_copay: String,
    choice_coinsurance: String,
    choice_deductible: String,
    choice_out_of_pocket: String,
    choice_check: String,
}

impl Sent {
    fn choices(&self) -> Choices {
        Choices {
            rule: Rule::from_name(&self.choice_rule),
            copay: self.choice_copay.parse().ok(),
            coinsurance: RowChoice::from_name(&self.choice_coinsurance),
            deductible: RowChoice::from_name(&self.choice_deductible),
            out_of_pocket: self.choice_out_of_pocket.parse().ok(),
            check: self.choice_check.parse().ok(),
        }
    }

    /// What the estimate is asked for, noting faults of the panel's own fields.
    fn estimate(&self, patient: PatientId, faults: &mut Invalid) -> EstimateInput {
        let charge = (!self.charge.trim().is_empty())
            .then(|| faults.collect(Money::parse_payment("charge", &self.charge)));
        let date = (!self.service_date.trim().is_empty())
            .then(|| faults.collect(time::parse_date("service_date", &self.service_date)));
        EstimateInput {
            patient,
            payment_type: PaymentType::from_name(&self.entered.payment_type),
            treatment: self.entered.treatment.parse().ok(),
            charge: charge.flatten(),
            network: NetworkChoice::from_name(&self.network).unwrap_or_default(),
            service_date: date.flatten(),
            choices: self.choices(),
        }
    }
}

/// The form, or the step before it that finds the patient.
pub(crate) async fn start(
    State(web): State<Web>,
    staff: Staff,
    key: Result<FormKey, Redirect>,
    Query(asked): Query<Asked>,
) -> Answer {
    staff.actor.must(Action::CreatePayment)?;
    let treatment = match &*asked.treatment {
        "" => None,
        id => {
            let id: TreatmentId = parse_id(id, "treatment")?;
            Some(read::treatment(&web.app, &staff.actor, id).await?.0)
        }
    };
    let patient = match (&treatment, &*asked.patient) {
        (Some(treatment), _) => treatment.fields.patient,
        (None, "") => return find_patient::page(&web, staff, FindFor::Payment, asked.q).await,
        (None, id) => parse_id(id, "patient")?,
    };
    let key = match key {
        Ok(FormKey(key)) => key,
        Err(to_key) => return Ok(to_key.into_response()),
    };
    let last = read::last_location(&web.app, &staff.actor).await?;
    let sent = Sent {
        key,
        patient: patient.to_string(),
        entered: Entered {
            treatment: treatment.map(|treatment| treatment.id.to_string()).unwrap_or_default(),
            location: last.map(|location| location.to_string()).unwrap_or_default(),
            ..Entered::default()
        },
        ..Sent::default()
    };
    shown(&web, staff, &sent, Invalid::default()).await
}

/// Shows the form again, with its estimate; Use this amount fills the amount.
pub(crate) async fn again(State(web): State<Web>, staff: Staff, Form(sent): Form<Sent>) -> Answer {
    staff.actor.must(Action::CreatePayment)?;
    shown(&web, staff, &sent, Invalid::default()).await
}

/// A treatment as the form's select shows it.
pub(super) fn treatment_choice(treatment: &Treatment) -> Choice {
    let zone = jiff::tz::TimeZone::get(&treatment.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let codes: Vec<&str> =
        treatment.fields.procedures.iter().map(|procedure| &*procedure.code).collect();
    let day = format::day(treatment.fields.service_at, &zone);
    Choice::new(treatment.id, format!("{}, {day}, {}", treatment.id, codes.join(" ")))
}

/// The locations of the form; none when there is only one.
pub(crate) async fn location_choices(web: &Web, actor: &Actor) -> Result<Vec<Choice>, Error> {
    let locations = read::locations(&web.app, actor).await?;
    let choice = |location: &almoner_store::locations::Location| {
        Choice::new(location.id, location.fields.name.clone())
    };
    let choices: Vec<Choice> = locations.iter().map(choice).collect();
    Ok(if choices.len() > 1 { choices } else { Vec::new() })
}

async fn estimated(
    web: &Web,
    actor: &Actor,
    view: &PatientView,
    sent: &Sent,
    faults: &mut Invalid,
) -> Result<Option<Estimate>, Error> {
    let input = sent.estimate(view.patient.id, faults);
    if !input.payment_type.is_some_and(PaymentType::is_estimated) {
        return Ok(None);
    }
    match estimate_payment(&web.app, actor, &input).await {
        Ok(estimate) => Ok(Some(estimate)),
        Err(Error::Invalid(more)) => {
            faults.0.extend(more.0);
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

/// Asks the payer when that button was pressed, and what the panel says about asking.
async fn asked(
    web: &Web,
    actor: &Actor,
    sent: &Sent,
    (panel, estimate): (&EstimatePanel, &Estimate),
    patient: PatientId,
) -> Result<Option<Asking>, Error> {
    let refused = if sent.step == "run_check" {
        let place = (patient, sent.entered.location.parse().ok());
        asking::ask(web, actor, estimate, place, sent.entered.treatment.parse().ok()).await?
    } else {
        None
    };
    asking::asking(web, actor, patient, (panel, estimate.case), refused.as_ref()).await
}

/// The form with what was typed, what was wrong, and the estimate.
async fn shown(web: &Web, staff: Staff, sent: &Sent, mut faults: Invalid) -> Answer {
    let refused = !faults.0.is_empty();
    let id: PatientId = parse_id(&sent.patient, "patient")?;
    let view = read::patient(&web.app, &staff.actor, id).await?;
    let estimate = estimated(web, &staff.actor, &view, sent, &mut faults).await?;
    let chosen = view.treatments.iter().find(|t| t.id.to_string() == sent.entered.treatment);
    let typed = Typed {
        charge: &sent.charge,
        service_date: &sent.service_date,
        treatment_charge: chosen.and_then(|treatment| treatment.fields.charge()),
    };
    let mut panel = estimate.as_ref().and_then(|estimate| panel::panel(id, estimate, &typed));
    if let (Some(panel), Some(estimate)) = (&mut panel, &estimate) {
        panel.asking = asked(web, &staff.actor, sent, (panel, estimate), id).await?;
    }
    let mut sent = sent.clone();
    let offered = estimate.filter(Estimate::offers_amount).and_then(|estimate| estimate.amount);
    let is_amount_filled = sent.step == "use_amount" && offered.is_some();
    if let Some(amount) = offered.filter(|_| is_amount_filled) {
        sent.entered.amount = plain(amount);
    }
    let errors = Errors::from(faults);
    let page = NewPaymentPage {
        key: if sent.key.is_empty() { web.form_key() } else { sent.key.clone() },
        patient: patient_match(&view.patient),
        entry: sent.entered.entry(&errors),
        treatments: view.treatments.iter().map(treatment_choice).collect(),
        locations: location_choices(web, &staff.actor).await?,
        panel,
        is_amount_filled,
        errors,
        shell: staff.shell,
    };
    if refused {
        return Ok(failure::unprocessable(&page));
    }
    Ok(html(&page))
}

/// Creates the payment.
pub(crate) async fn submit(State(web): State<Web>, staff: Staff, Form(sent): Form<Sent>) -> Answer {
    staff.actor.must(Action::CreatePayment)?;
    let mut faults = Invalid::default();
    let patient: PatientId = parse_id(&sent.patient, "patient")?;
    let fields = sent.entered.fields(staff.actor.date(web.app.now()), &mut faults);
    let estimate = sent.estimate(patient, &mut faults);
    let draft = sent.step == "draft";
    let (Some(amount), true) = (fields.amount, faults.0.is_empty()) else {
        return shown(&web, staff, &sent, faults).await;
    };
    let estimated = fields.kind.is_some_and(PaymentType::is_estimated);
    let input = CreatePayment {
        patient,
        amount,
        kind: fields.kind,
        treatment: fields.treatment,
        location: fields.location,
        due: fields.due,
        confirm_past_due_date: sent.entered.is_past_confirmed(),
        memo: fields.memo,
        draft,
        estimate: estimated.then_some(estimate),
        key: (!sent.key.is_empty()).then(|| sent.key.clone()),
    };
    match create_payment(&web.app, &staff.actor, &input).await {
        Ok(id) => {
            let code = if draft { "draft_saved" } else { "payment_created" };
            Ok(done(&web, &format!("/payments/{id}"), code))
        }
        Err(Error::Invalid(faults)) => shown(&web, staff, &sent, form_names(faults)).await,
        Err(error @ Error::KeyReused) => reused(&web, staff, &sent, &error).await,
        Err(other) => Err(other.into()),
    }
}

/// The form was sent before with other content: it is shown with a new key and the reason.
async fn reused(web: &Web, staff: Staff, sent: &Sent, error: &Error) -> Answer {
    let fresh = Sent { key: web.form_key(), ..sent.clone() };
    let message = "A payment was created from this form before, with other content. To create \
        another one, press Create again.";
    let faults = Invalid::one("", "key_reused", message);
    let response: Response = shown(web, staff, &fresh, faults).await?;
    let (mut parts, body) = response.into_parts();
    parts.status = failure::status(error);
    Ok(Response::from_parts(parts, body))
}

/// Shows a page with the status of an error.
pub(super) fn refused_page(page: &impl askama::Template, error: &Error) -> Response {
    html_with(failure::status(error), page)
}
