//! Changes a payment's status by hand, along the ways that are open now.

use almoner_domain::ledger;
use almoner_domain::status::{self, By, Needs, Status};
use almoner_domain::tender::{Tender, TenderEntry};
use almoner_domain::{Invalid, Money, PaymentId, text};
use almoner_store::payments::{self, Payment};
use almoner_store::{Tx, attempts};
use jiff::Timestamp;
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::record::{self, PaymentChange};
use crate::step::{locked, moved, refused, take};
use crate::void_payment::void_payment;

/// A status to be set.
#[derive(Debug, Clone)]
pub struct ChangeStatus {
    /// Of which payment.
    pub payment: PaymentId,
    /// The version that the form showed.
    pub version: Option<i64>,
    /// Where it goes.
    pub to: Status,
    /// How the money was taken, when it goes to Paid.
    pub tender: Option<TenderEntry>,
    /// Why.
    pub reason: Option<String>,
}

/// What a change of this kind is called in the table of permissions.
pub fn action_for(from: Status, to: Status) -> Action {
    match (from, to) {
        (_, Status::Paid) => Action::TakeTender,
        (_, Status::Cancelled) | (Status::Cancelled, _) => Action::CancelPayment,
        (_, Status::Voided) => Action::VoidPayment,
        _ => Action::MovePayment,
    }
}

/// Changes the status.
///
/// # Errors
/// No permission, no such payment, a version that moved on, a way that is not open (audited),
/// a missing tender or reason.
pub async fn change_status(
    app: &App,
    actor: &Actor,
    input: &ChangeStatus,
) -> Result<Payment, Error> {
    actor.must(Action::ReadPayments)?;
    let mut tx = app.db.begin().await?;
    let before = locked(&mut tx, actor, input.payment, input.version).await?;
    let facts = attempts::facts(&mut tx, actor.org(), before.id).await?;
    match status::decide(before.status, input.to, By::Staff, facts) {
        Err(refusal) => {
            drop(tx);
            refused(app, actor, &before, input.to, refusal, facts).await
        }
        // The processor has to let the money go first.
        Ok(_) if input.to == Status::Voided => {
            drop(tx);
            void_payment(app, actor, input.payment).await
        }
        Ok(needs) => {
            actor.must(action_for(before.status, input.to))?;
            let now = app.now();
            let tender = checked(input, needs, before.amount, now)?;
            let after = moved(&before, input.to, now);
            payments::update_status(&mut tx, actor.org(), &after).await?;
            let changed = Changed { before: &before, after: &after, at: now };
            write(app, actor, &mut tx, changed, tender, input.reason.as_deref()).await?;
            if input.to == Status::Cancelled {
                // The payer's page is closed soon, so that nobody pays what is not asked any more.
                attempts::ask_at(&mut tx, actor.org(), before.id, now).await?;
            }
            tx.commit().await?;
            Ok(after)
        }
    }
}

fn checked(
    input: &ChangeStatus,
    needs: Needs,
    amount: Money,
    now: Timestamp,
) -> Result<Option<Tender>, Error> {
    match needs {
        Needs::Nothing => Ok(None),
        Needs::Reason => {
            let reason = text::line("reason", input.reason.as_deref().unwrap_or_default())?;
            reason.ok_or_else(|| Invalid::one("reason", "required", "Say why."))?;
            Ok(None)
        }
        Needs::Tender => {
            let missing = || Invalid::one("tender_type", "required", "Choose how it was paid.");
            let entry = input.tender.as_ref().ok_or_else(missing)?;
            if entry.received_at.is_some_and(|at| at > now) {
                let message = "This moment is yet to come.";
                return Err(Invalid::one("received_at", "in_the_future", message).into());
            }
            Ok(Some(entry.check(amount)?))
        }
    }
}

/// A change of status, at one moment for all that is written of it.
struct Changed<'a> {
    before: &'a Payment,
    after: &'a Payment,
    at: Timestamp,
}

/// Writes what belongs to a status change by hand: the step, the tender, the money.
async fn write(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    Changed { before, after, at }: Changed<'_>,
    tender: Option<Tender>,
    reason: Option<&str>,
) -> Result<(), Error> {
    let kind = tender.as_ref().map(|tender| tender.kind);
    let change = PaymentChange {
        before: Some(before),
        after,
        action: "status_changed",
        by: By::Staff,
        is_step: true,
        reason: text::line("reason", reason.unwrap_or_default())?,
        transfers: ledger::status_changed(Some(before.status), after.status, after.amount, kind),
        detail: json!({ "from": before.status, "to": after.status, "tender": kind }),
        at,
    };
    record::payment_changed(app, actor, tx, change).await?;
    if let Some(tender) = tender {
        take(app, actor, tx, after, &tender).await?;
    }
    Ok(())
}
