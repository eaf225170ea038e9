//! Creating a payment: the patient, the form with its estimate, the payment.

use almoner_app::create_payment::{CreatePayment, create_payment};
use almoner_app::estimate_payment::{estimate_payment, fingerprint};
use almoner_app::permission::Action;
use almoner_app::read::{self, PatientView};
use almoner_app::{Actor, Error};
use almoner_domain::estimate::Estimate;
use almoner_domain::payment::PaymentType;
use almoner_domain::{Invalid, PatientId, TreatmentId, time};
use almoner_store::treatments::Treatment;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::asking;
use super::entry::{Entered, form_names, plain};
use super::panel::{self, Typed};
use super::panel_entry::PanelEntry;
use crate::failure::{self, Answer, html, html_with};
use crate::format;
use crate::handlers::form_key::FormKey;
use crate::handlers::rows::treatment_zone;
use crate::handlers::{find_patient, parse_id, patient_match};
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::parts::{Choice, Errors};
use crate::view::payments::estimate::{Asking, EstimatePanel};
use crate::view::payments::new::{Filled, FindFor, NewPaymentPage};

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
    #[serde(flatten)]
    panel: PanelEntry,
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
    let codes = treatment.code_labels();
    let day = format::day(treatment.fields.service_at, &treatment_zone(treatment));
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

/// The estimate, for the types that have one; none while what was typed for it is faulty.
async fn estimated(
    web: &Web,
    actor: &Actor,
    patient: PatientId,
    sent: &Sent,
    faults: &mut Invalid,
) -> Result<Option<Estimate>, Error> {
    let entry = sent.panel.about(&sent.entered);
    let mut own = Invalid::default();
    let input = entry.input(patient, &sent.entered, &mut own);
    let is_estimated = input.payment_type.is_some_and(PaymentType::is_estimated);
    let is_faulty = !own.0.is_empty();
    for fault in own.0 {
        if !faults.0.contains(&fault) {
            faults.0.push(fault);
        }
    }
    if !is_estimated || is_faulty {
        return Ok(None);
    }
    let answer = match estimate_payment(&web.app, actor, &input).await {
        // The lines that were chosen are those of a check that does not count any more.
        Ok(estimate) if entry.has_other_choices(&estimate) => {
            let input = entry.without_lines().input(patient, &sent.entered, faults);
            estimate_payment(&web.app, actor, &input).await
        }
        other => other,
    };
    match answer {
        Ok(estimate) => Ok(Some(estimate)),
        Err(Error::Invalid(more)) => {
            faults.0.extend(form_names(more).0);
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

/// Puts the form's treatment among those of the patient's page, which has only the latest.
async fn add_chosen(
    web: &Web,
    actor: &Actor,
    view: &mut PatientView,
    entered: &Entered,
) -> Result<(), Error> {
    let Ok(id) = entered.treatment.parse::<TreatmentId>() else { return Ok(()) };
    if view.treatments.iter().any(|treatment| treatment.id == id) {
        return Ok(());
    }
    match read::treatment(&web.app, actor, id).await {
        Ok((treatment, _)) if treatment.fields.patient == view.patient.id => {
            view.treatments.push(treatment);
            Ok(())
        }
        // It is no treatment of the patient's, which the estimate or the payment tells.
        Ok(_) | Err(Error::NotFound(_)) => Ok(()),
        Err(other) => Err(other),
    }
}

/// The panel: of the estimate, or with what must be mended before there is one.
async fn panel_of(
    web: &Web,
    actor: &Actor,
    view: &PatientView,
    sent: &Sent,
    estimate: Option<&Estimate>,
) -> Result<Option<EstimatePanel>, Error> {
    let kind = PaymentType::from_name(&sent.entered.payment_type);
    if !kind.is_some_and(PaymentType::is_estimated) {
        return Ok(None);
    }
    let chosen = view.treatments.iter().find(|t| t.id.to_string() == sent.entered.treatment);
    let today = actor.date(web.app.now());
    let service_date = |treatment: &Treatment| {
        time::local_date(treatment.fields.service_at, &treatment_zone(treatment))
    };
    let settings = read::eligibility_settings(&web.app, actor).await?.stored.settings;
    let entry = sent.panel.about(&sent.entered);
    let typed = Typed {
        payment_type: &sent.entered.payment_type,
        treatment: &sent.entered.treatment,
        network: &entry.network,
        charge: &entry.charge,
        service_date: &entry.service_date,
        own_charge: chosen.and_then(|treatment| treatment.fields.charge()),
        own_date: chosen.map_or(today, service_date),
        default_network: settings.default_network,
        filled_in: sent.panel.filled_in(&sent.entered),
    };
    Ok(match estimate {
        Some(estimate) => panel::panel(view.patient.id, estimate, &typed),
        None => Some(panel::faulty(&typed)),
    })
}

/// The form with what was typed, what was wrong, and the estimate.
async fn shown(web: &Web, staff: Staff, sent: &Sent, mut faults: Invalid) -> Answer {
    let id: PatientId = parse_id(&sent.patient, "patient")?;
    let mut view = read::patient(&web.app, &staff.actor, id).await?;
    add_chosen(web, &staff.actor, &mut view, &sent.entered).await?;
    let mut sent = sent.clone();
    if sent.panel.has_other_amount(&sent.entered) {
        sent.entered.amount.clear();
    }
    let estimate = estimated(web, &staff.actor, id, &sent, &mut faults).await?;
    let filled = match &estimate {
        Some(estimate) if sent.step == "use_amount" => fill_in(&mut sent, estimate),
        _ => Filled::No,
    };
    let mut panel = panel_of(web, &staff.actor, &view, &sent, estimate.as_ref()).await?;
    if let (Some(panel), Some(estimate)) = (&mut panel, &estimate) {
        panel.asking = asked(web, &staff.actor, &sent, (panel, estimate), id).await?;
    }
    let refused = !faults.0.is_empty();
    let errors = Errors::from(faults);
    let page = NewPaymentPage {
        key: if sent.key.is_empty() { web.form_key() } else { sent.key.clone() },
        patient: patient_match(&view.patient),
        entry: sent.entered.entry(&errors),
        used_amount: sent.panel.filled_in(&sent.entered).map(plain).unwrap_or_default(),
        treatments: view.treatments.iter().map(treatment_choice).collect(),
        locations: location_choices(web, &staff.actor).await?,
        panel,
        filled,
        errors,
        shell: staff.shell,
    };
    if refused {
        return Ok(failure::unprocessable(&page));
    }
    Ok(html(&page))
}

/// Fills in the amount, when the estimate still says what was seen of it.
fn fill_in(sent: &mut Sent, estimate: &Estimate) -> Filled {
    let offered = estimate.amount.filter(|_| estimate.offers_amount());
    let Some(amount) = offered else { return Filled::No };
    if sent.panel.seen() != Some(&fingerprint(estimate)) {
        return Filled::Changed;
    }
    sent.entered.amount = plain(amount);
    sent.panel.used(&sent.entered.amount);
    Filled::Yes
}

/// Creates the payment.
pub(crate) async fn submit(State(web): State<Web>, staff: Staff, Form(sent): Form<Sent>) -> Answer {
    staff.actor.must(Action::CreatePayment)?;
    let mut faults = Invalid::default();
    let patient: PatientId = parse_id(&sent.patient, "patient")?;
    let fields = sent.entered.fields(staff.actor.date(web.app.now()), &mut faults);
    let estimate = sent.panel.about(&sent.entered).input(patient, &sent.entered, &mut faults);
    if sent.panel.has_other_amount(&sent.entered) {
        let message = "The amount came from the estimate for another type or treatment. Enter \
            what is asked for now.";
        faults.push("amount", "of_another_estimate", message);
    }
    let draft = sent.step == "draft";
    let (Some(amount), true) = (fields.amount, faults.0.is_empty()) else {
        return shown(&web, staff, &sent, faults).await;
    };
    // A payment keeps the estimate that was seen, and none that was not.
    let is_estimated = fields.kind.is_some_and(PaymentType::is_estimated);
    let seen = sent.panel.seen().filter(|_| is_estimated).map(str::to_owned);
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
        estimate: seen.is_some().then_some(estimate),
        estimate_seen: seen,
        key: (!sent.key.is_empty()).then(|| sent.key.clone()),
    };
    match create_payment(&web.app, &staff.actor, &input).await {
        Ok(id) => {
            let code = if draft { "draft_saved" } else { "payment_created" };
            Ok(done(&web, &format!("/payments/{id}"), code))
        }
        Err(Error::Invalid(faults)) => shown(&web, staff, &sent, of_the_form(faults)).await,
        Err(error @ Error::KeyReused) => reused(&web, staff, &sent, &error).await,
        Err(other) => Err(other.into()),
    }
}

/// The faults under the form's names of the fields; the estimate as a whole has no field.
fn of_the_form(faults: Invalid) -> Invalid {
    let mut faults = form_names(faults);
    for fault in faults.0.iter_mut().filter(|fault| fault.field == "estimate") {
        fault.field.clear();
    }
    faults
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
