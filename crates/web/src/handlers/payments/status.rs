//! Changing a payment's status: what the way needs, then the change.

use almoner_app::Error;
use almoner_app::change_status::{ChangeStatus, action_for, change_status};
use almoner_app::read::{self, PaymentView};
use almoner_app::void_payment::void_payment;
use almoner_domain::status::{self, By, Needs, Refusal, Status};
use almoner_domain::tender::TenderEntry;
use almoner_domain::{Invalid, PaymentId};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::failure::{self, Answer, html, html_with, unprocessable};
use crate::handlers::parse_id;
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::parts::Errors;
use crate::view::payments::status::StatusPage;

/// What the page is asked for, and what its form sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    #[serde(alias = "status")]
    to: String,
    version: Option<i64>,
    tender_type: String,
    given: String,
    number: String,
    authorization_code: String,
    last_four: String,
    reference: String,
    reason: String,
}

impl Sent {
    fn status(&self) -> Result<Status, Error> {
        let unknown = || Invalid::one("to", "unknown", "Choose a status from the list.");
        Status::from_name(&self.to).ok_or_else(|| unknown().into())
    }

    fn tender(&self) -> TenderEntry {
        TenderEntry {
            kind: self.tender_type.clone(),
            given: self.given.clone(),
            number: self.number.clone(),
            authorization_code: self.authorization_code.clone(),
            last_four: self.last_four.clone(),
            reference: self.reference.clone(),
            received_at: None,
        }
    }
}

/// What a change to that status needs.
pub(crate) async fn form(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Query(sent): Query<Sent>,
) -> Answer {
    let id: PaymentId = parse_id(&id, "payment")?;
    let view = read::payment(&web.app, &staff.actor, id).await?;
    let to = sent.status()?;
    if to == view.payment.status {
        return Ok(Redirect::to(&format!("/payments/{id}")).into_response());
    }
    staff.actor.must(action_for(view.payment.status, to))?;
    if let Err(refusal) = status::decide(view.payment.status, to, By::Staff, view.facts) {
        let allowed = view.choices.iter().map(|choice| choice.0).collect();
        return Err(Error::Status { refusal, allowed }.into());
    }
    let page = page(&web, staff, &view, to, &sent)?;
    Ok(html(&page))
}

fn page(
    web: &Web,
    staff: Staff,
    view: &PaymentView,
    to: Status,
    sent: &Sent,
) -> Result<StatusPage, Error> {
    let payment = &view.payment;
    let needs = status::decide(payment.status, to, By::Staff, view.facts);
    let needs = needs.map_err(|refusal| Error::Status { refusal, allowed: Vec::new() })?;
    let fields = &view.patient.fields;
    Ok(StatusPage {
        shell: staff.shell,
        key: web.form_key(),
        id: payment.id,
        version: payment.version,
        patient: format!("{} {}", fields.first_name, fields.last_name),
        amount: payment.amount,
        from: payment.status,
        to,
        needs,
        explanation: explanation(payment.status, to, needs),
        tender: sent.tender(),
        reason: sent.reason.clone(),
        errors: Errors::default(),
    })
}

fn explanation(from: Status, to: Status, needs: Needs) -> Option<String> {
    let text = match (from, to) {
        _ if needs == Needs::Tender => "Record how the money was taken.",
        (_, Status::Cancelled) => "The patient will no longer owe the amount.",
        (_, Status::Voided) => "The processor is asked to let the held money go.",
        (Status::Draft | Status::Cancelled, Status::Pending) => "The patient will owe the amount.",
        (_, Status::Draft) => "The patient will not owe the amount until it is submitted.",
        (_, Status::Processing) => "The money is on its way, such as a check in the mail.",
        (_, Status::Failed) => "The patient still owes the amount.",
        _ => return None,
    };
    Some(text.to_owned())
}

/// Changes the status.
pub(crate) async fn submit(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Answer {
    let id: PaymentId = parse_id(&id, "payment")?;
    let to = sent.status()?;
    let changed = if to == Status::Voided {
        void_payment(&web.app, &staff.actor, id).await
    } else {
        let input = ChangeStatus {
            payment: id,
            version: sent.version,
            to,
            tender: (to == Status::Paid).then(|| sent.tender()),
            reason: Some(sent.reason.clone()),
        };
        change_status(&web.app, &staff.actor, &input).await
    };
    let home = format!("/payments/{id}");
    match changed {
        Ok(_) => Ok(done(&web, &home, "status_changed")),
        Err(Error::Invalid(faults)) => {
            let view = read::payment(&web.app, &staff.actor, id).await?;
            let mut page = page(&web, staff, &view, to, &sent)?;
            page.errors = faults.into();
            Ok(unprocessable(&page))
        }
        Err(error @ Error::Stale { .. }) => stale(&web, staff, id, to, &sent, error).await,
        Err(other) => Err(other.into()),
    }
}

/// Whether the change that was just made is this very one: by the same person, to the same
/// status, with the same tender. Then the form was sent twice.
fn is_done(staff: &Staff, view: &PaymentView, to: Status, sent: &Sent) -> bool {
    let payment = &view.payment;
    let next = sent.version.map(|shown| shown + 1) == Some(payment.version);
    let newest = view.history.iter().find(|h| h.event.subject_version == Some(payment.version));
    let mine = newest.is_some_and(|named| named.event.user == staff.actor.user());
    let standing = view.tenders.iter().find(|row| row.reversed.is_none());
    let same_tender = to != Status::Paid
        || standing.map(|row| &row.tender) == sent.tender().check(payment.amount).ok().as_ref();
    payment.status == to && next && mine && same_tender
}

/// Someone was faster. When it was this very form, sent twice, its work is done; otherwise the
/// form is shown again with what there is now.
async fn stale(
    web: &Web,
    staff: Staff,
    id: PaymentId,
    to: Status,
    sent: &Sent,
    error: Error,
) -> Answer {
    let view = read::payment(&web.app, &staff.actor, id).await?;
    if is_done(&staff, &view, to, sent) {
        return Ok(done(web, &format!("/payments/{id}"), "status_changed"));
    }
    let from = view.payment.status;
    let mut page = match page(web, staff, &view, to, sent) {
        Ok(page) => page,
        Err(Error::Status { refusal: Refusal::SameStatus(_), .. }) => return Err(error.into()),
        Err(other) => return Err(other.into()),
    };
    page.errors = Errors::whole(format!(
        "Someone else changed this payment meanwhile; it is {} now. Look again, then save.",
        from.label()
    ));
    Ok(html_with(failure::status(&error), &page))
}
