//! Refunding: the form, the server's summary, the refund.

use almoner_app::Error;
use almoner_app::permission::Action;
use almoner_app::read::{self, PaymentView};
use almoner_app::read_troubles;
use almoner_app::refund_payment::{self, RefundPayment, is_refundable};
use almoner_domain::money::MAX_PAYMENT;
use almoner_domain::refund::{RefundAmount, RefundReason, RefundRefusal, RefundState};
use almoner_domain::{Invalid, Money, PaymentId};
use axum::extract::{Path, State};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::failure::{self, Answer, html, html_with};
use crate::handlers::form_key::FormKey;
use crate::handlers::parse_id;
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::parts::Errors;
use crate::view::payments::refund::{RefundEntry, RefundPage, RefundReviewPage};

/// What the forms send.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    key: String,
    #[serde(rename = "do")]
    step: String,
    kind: String,
    amount: String,
    reason: String,
    notes: String,
    remaining_cents: Option<i64>,
}

impl Sent {
    fn entry(&self) -> RefundEntry {
        RefundEntry {
            kind: self.kind.clone(),
            amount: self.amount.clone(),
            reason: self.reason.clone(),
            notes: self.notes.clone(),
        }
    }

    /// The refund that is asked for; every fault at once.
    fn read(&self, payment: PaymentId, remaining: Money) -> Result<RefundPayment, Invalid> {
        let mut faults = Invalid::default();
        let expected_remaining = self.remaining_cents.map(Money::from_cents);
        let amount = match &*self.kind {
            "full" => Some(RefundAmount::Full { expected_remaining }),
            "partial" => {
                let part = Money::parse_payment("amount", &self.amount);
                let part = faults.collect(part);
                if part.is_some_and(|part| part > remaining) {
                    let refusal = RefundRefusal::ExceedsRemaining { remaining };
                    faults.push("amount", "exceeds_remaining", refusal.to_string());
                }
                part.map(RefundAmount::Partial)
            }
            _ => {
                faults.push("kind", "required", "Choose a full or a partial refund.");
                None
            }
        };
        let reason = RefundReason::from_name(&self.reason);
        if reason.is_none() {
            faults.push("reason", "required", "Choose a reason.");
        }
        if reason == Some(RefundReason::Other) && self.notes.trim().is_empty() {
            faults.push("notes", "required", "Say what the other reason is.");
        }
        match (amount, reason) {
            (Some(amount), Some(reason)) if faults.0.is_empty() => Ok(RefundPayment {
                payment,
                version: None,
                amount,
                reason,
                notes: Some(self.notes.clone()),
                key: (!self.key.is_empty()).then(|| self.key.clone()),
            }),
            _ => Err(faults),
        }
    }
}

fn refundable(view: &PaymentView) -> Result<(), Error> {
    let remaining = view.payment.remaining();
    if !is_refundable(view.payment.status) {
        Err(Error::Refund(RefundRefusal::NotRefundable))
    } else if remaining == Money::ZERO {
        Err(Error::Refund(RefundRefusal::ExceedsRemaining { remaining }))
    } else {
        Ok(())
    }
}

fn form_page(web: &Web, staff: Staff, view: &PaymentView, sent: &Sent) -> RefundPage {
    let (payment, fields) = (&view.payment, &view.patient.fields);
    let key = if sent.key.is_empty() { web.form_key() } else { sent.key.clone() };
    RefundPage {
        shell: staff.shell,
        key,
        id: payment.id,
        patient: format!("{} {}", fields.first_name, fields.last_name),
        collected: payment.collected,
        refunded: payment.refunded,
        remaining: payment.remaining(),
        entry: sent.entry(),
        errors: Errors::default(),
    }
}

/// The form.
pub(crate) async fn form(
    State(web): State<Web>,
    staff: Staff,
    FormKey(key): FormKey,
    Path(id): Path<String>,
) -> Answer {
    staff.actor.must(Action::Refund)?;
    let id: PaymentId = parse_id(&id, "payment")?;
    let view = read::payment(&web.app, &staff.actor, id).await?;
    refundable(&view)?;
    if read_troubles::troubles(&web.app, &staff.actor, id).await?.blocks_refunds() {
        return Err(Error::Refund(RefundRefusal::Disputed).into());
    }
    Ok(html(&form_page(&web, staff, &view, &Sent { key, ..Sent::default() })))
}

/// The summary that is confirmed, or the form again.
pub(crate) async fn review(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Answer {
    let id: PaymentId = parse_id(&id, "payment")?;
    let view = read::payment(&web.app, &staff.actor, id).await?;
    refundable(&view)?;
    if sent.step == "back" {
        return Ok(html(&form_page(&web, staff, &view, &sent)));
    }
    let refund = match sent.read(id, view.payment.remaining()) {
        Ok(refund) => refund,
        Err(faults) => return Ok(again(&web, staff, &view, &sent, &faults.into())),
    };
    let summary = match refund_payment::summarize(&web.app, &staff.actor, &refund).await {
        Ok(summary) => summary,
        Err(error @ (Error::Invalid(_) | Error::Refund(_) | Error::Forbidden(_))) => {
            return Ok(again(&web, staff, &view, &sent, &error));
        }
        Err(other) => return Err(other.into()),
    };
    let fields = &view.patient.fields;
    let remaining_now = summary.remaining_after.plus(summary.amount);
    Ok(html(&RefundReviewPage {
        shell: staff.shell,
        key: sent.key.clone(),
        id,
        patient: format!("{} {}", fields.first_name, fields.last_name),
        entry: sent.entry(),
        collected: view.payment.collected,
        amount: summary.amount,
        refunded_before: summary.refunded_before,
        remaining_now,
        remaining_after: summary.remaining_after,
        way: summary.tender.refund_way().to_owned(),
        reason: refund.reason,
        errors: Errors::default(),
    }))
}

/// The form again, with what was wrong beside its field.
fn again(
    web: &Web,
    staff: Staff,
    view: &PaymentView,
    sent: &Sent,
    error: &Error,
) -> axum::response::Response {
    let errors = match error {
        Error::Invalid(faults) => faults.clone().into(),
        Error::Refund(RefundRefusal::RemainingChanged { .. } | RefundRefusal::Disputed) => {
            Errors::whole(error.to_string())
        }
        Error::Refund(_) if sent.kind == "partial" => {
            Invalid::one("amount", "refused", error.to_string()).into()
        }
        other => Errors::whole(other.to_string()),
    };
    let page = RefundPage { errors, ..form_page(web, staff, view, sent) };
    html_with(failure::status(error), &page)
}

/// Makes the refund.
pub(crate) async fn submit(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Answer {
    let id: PaymentId = parse_id(&id, "payment")?;
    // Whether the amount still fits is for the use case, which holds the payment's row.
    let made = match sent.read(id, MAX_PAYMENT) {
        Ok(refund) => refund_payment::refund_payment(&web.app, &staff.actor, &refund).await,
        Err(faults) => Err(faults.into()),
    };
    match made {
        Ok(made) => {
            let view = read::payment(&web.app, &staff.actor, id).await?;
            let refund = view.refunds.iter().find(|refund| refund.id == made);
            let under_way = refund.is_some_and(|refund| refund.state == RefundState::Pending);
            let code = if under_way { "refund_pending" } else { "refund_made" };
            Ok(done(&web, &format!("/payments/{id}"), code))
        }
        Err(error @ (Error::Invalid(_) | Error::Refund(_))) => {
            let view = read::payment(&web.app, &staff.actor, id).await?;
            refundable(&view)?;
            Ok(again(&web, staff, &view, &sent, &error))
        }
        Err(other) => Err(other.into()),
    }
}
