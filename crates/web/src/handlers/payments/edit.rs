//! Editing a payment; someone who was slower sees what the faster one changed.

use almoner_app::Error;
use almoner_app::edit_payment::{EditPayment, edit_payment};
use almoner_app::permission::Action;
use almoner_app::read::{self, PaymentView};
use almoner_domain::{Invalid, PaymentId};
use axum::extract::{Path, State};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::create::{location_choices, refused_page, treatment_choice};
use super::entry::{Entered, form_names};
use super::history;
use crate::failure::{Answer, html, unprocessable};
use crate::format;
use crate::handlers::{parse_id, patient_match};
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::parts::Errors;
use crate::view::payments::edit::{Change, Conflict, EditPaymentPage};

/// What the form sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    version: i64,
    #[serde(flatten)]
    entered: Entered,
}

async fn page(
    web: &Web,
    staff: &Staff,
    view: &PaymentView,
    sent: &Entered,
    errors: Errors,
) -> Result<EditPaymentPage, Error> {
    let patient = read::patient(&web.app, &staff.actor, view.patient.id).await?;
    Ok(EditPaymentPage {
        shell: staff.shell.clone(),
        key: web.form_key(),
        id: view.payment.id,
        version: view.payment.version,
        patient: patient_match(&view.patient),
        entry: sent.entry(&errors),
        treatments: patient.treatments.iter().map(treatment_choice).collect(),
        locations: location_choices(web, &staff.actor).await?,
        conflict: None,
        errors,
    })
}

/// The form.
pub(crate) async fn form(State(web): State<Web>, staff: Staff, Path(id): Path<String>) -> Answer {
    staff.actor.must(Action::EditPayment)?;
    let id: PaymentId = parse_id(&id, "payment")?;
    let view = read::payment(&web.app, &staff.actor, id).await?;
    if view.payment.status.is_locked() {
        return Err(Error::Locked(view.payment.status).into());
    }
    let entered = Entered::of(&view.payment);
    Ok(html(&page(&web, &staff, &view, &entered, Errors::default()).await?))
}

/// Saves the payment.
pub(crate) async fn submit(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Answer {
    let id: PaymentId = parse_id(&id, "payment")?;
    let view = read::payment(&web.app, &staff.actor, id).await?;
    let mut faults = Invalid::default();
    // A past date that stands already needs no confirming.
    let kept = view.payment.due.map(|due| due.to_string()) == Some(sent.entered.due_date.clone());
    let mut entered = sent.entered.clone();
    if kept {
        "1".clone_into(&mut entered.confirm_past_due_date);
    }
    let fields = entered.fields(staff.actor.date(web.app.now()), &mut faults);
    let (Some(amount), true) = (fields.amount, faults.0.is_empty()) else {
        let shown = page(&web, &staff, &view, &sent.entered, faults.into()).await?;
        return Ok(unprocessable(&EditPaymentPage { version: sent.version, ..shown }));
    };
    let input = EditPayment {
        payment: id,
        version: sent.version,
        patient: view.payment.patient,
        amount,
        kind: fields.kind,
        treatment: fields.treatment,
        location: fields.location,
        due: fields.due,
        confirm_past_due_date: entered.is_past_confirmed(),
        memo: fields.memo,
    };
    match edit_payment(&web.app, &staff.actor, &input).await {
        Ok(_) => Ok(done(&web, &format!("/payments/{id}"), "payment_saved")),
        Err(Error::Invalid(faults)) => {
            let errors = form_names(faults).into();
            let shown = page(&web, &staff, &view, &sent.entered, errors).await?;
            Ok(unprocessable(&EditPaymentPage { version: sent.version, ..shown }))
        }
        Err(error @ Error::Stale { .. }) => {
            // The form holds what stands now, so that saving it again undoes nobody's change; what
            // was typed is beside it.
            let now = Entered::of(&view.payment);
            let mut shown = page(&web, &staff, &view, &now, Errors::default()).await?;
            shown.conflict = Some(conflict(&staff, &view, &sent.entered));
            Ok(refused_page(&shown, &error))
        }
        Err(other) => Err(other.into()),
    }
}

/// What differs between the payment as it stands and what was typed.
fn conflict(staff: &Staff, view: &PaymentView, mine: &Entered) -> Conflict {
    let now = Entered::of(&view.payment);
    let pairs = [
        ("Amount", &now.amount, &mine.amount),
        ("Payment Type", &now.payment_type, &mine.payment_type),
        ("Treatment", &now.treatment, &mine.treatment),
        ("Location", &now.location, &mine.location),
        ("Due Date", &now.due_date, &mine.due_date),
        ("Memo", &now.memo, &mine.memo),
    ];
    let shown = |text: &str| if text.is_empty() { "—".to_owned() } else { text.to_owned() };
    let differs = pairs.into_iter().filter(|(_, now, mine)| now.trim() != mine.trim());
    let change = |(field, now, mine): (&str, &String, &String)| Change {
        field: field.to_owned(),
        now: shown(now),
        yours: shown(mine),
    };
    let newest = view.history.iter().find(|named| named.event.subject_version.is_some());
    let zone = &staff.actor.organization.zone;
    let by = newest.map(|named| {
        let event = history::events(std::slice::from_ref(named), zone).remove(0);
        let at = format::moment(named.event.at, zone);
        format!("{} at {at}", event.who)
    });
    Conflict { by: by.unwrap_or_default(), changes: differs.map(change).collect() }
}
