//! Reversing a tender that was entered in error or came back unpaid.

use almoner_app::Error;
use almoner_app::permission::Action;
use almoner_app::read::{self, PaymentView};
use almoner_app::reverse_tender::{ReverseTender, reverse_tender};
use almoner_domain::refund::ReversalReason;
use almoner_domain::{Invalid, PaymentId, Status};
use axum::extract::{Path, State};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::detail::tender_line;
use crate::failure::{Answer, html, unprocessable};
use crate::handlers::parse_id;
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::parts::Errors;
use crate::view::payments::refund::ReversalPage;

/// What the form sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    version: Option<i64>,
    reason: String,
    notes: String,
}

fn page(web: &Web, staff: &Staff, view: &PaymentView, sent: &Sent) -> Result<ReversalPage, Error> {
    let standing = view.tenders.iter().find(|row| row.reversed.is_none());
    let standing = standing.filter(|_| view.payment.status == Status::Paid);
    let standing =
        standing.ok_or(Error::Reversal("Only a payment that is Paid has a tender to reverse."))?;
    let line = tender_line(standing, &staff.actor.organization.zone);
    let detail = line.detail.map(|detail| format!(", {detail}")).unwrap_or_default();
    let fields = &view.patient.fields;
    Ok(ReversalPage {
        shell: staff.shell.clone(),
        key: web.form_key(),
        id: view.payment.id,
        version: view.payment.version,
        patient: format!("{} {}", fields.first_name, fields.last_name),
        amount: view.payment.amount,
        tender: format!("{}{detail}", line.kind.label()),
        reasons: ReversalReason::ALL.to_vec(),
        reason: sent.reason.clone(),
        notes: sent.notes.clone(),
        errors: Errors::default(),
    })
}

/// The form.
pub(crate) async fn form(State(web): State<Web>, staff: Staff, Path(id): Path<String>) -> Answer {
    staff.actor.must(Action::ReverseTender)?;
    let id: PaymentId = parse_id(&id, "payment")?;
    let view = read::payment(&web.app, &staff.actor, id).await?;
    Ok(html(&page(&web, &staff, &view, &Sent::default())?))
}

/// Reverses the tender.
pub(crate) async fn submit(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Answer {
    let id: PaymentId = parse_id(&id, "payment")?;
    let reversed = match ReversalReason::from_name(&sent.reason) {
        Some(reason) => {
            let notes = Some(sent.notes.clone());
            let input = ReverseTender { payment: id, version: sent.version, reason, notes };
            reverse_tender(&web.app, &staff.actor, &input).await
        }
        None => Err(Invalid::one("reason", "required", "Choose a reason.").into()),
    };
    match reversed {
        Ok(_) => Ok(done(&web, &format!("/payments/{id}"), "tender_reversed")),
        Err(Error::Invalid(faults)) => {
            let view = read::payment(&web.app, &staff.actor, id).await?;
            let mut shown = page(&web, &staff, &view, &sent)?;
            shown.errors = faults.into();
            Ok(unprocessable(&shown))
        }
        Err(other) => Err(other.into()),
    }
}
