//! Takes back a tender that was entered in error or came back unpaid. It moves no money to the
//! patient: that is a refund.

use almoner_domain::refund::ReversalReason;
use almoner_domain::status::{By, Status};
use almoner_domain::tender::TenderType;
use almoner_domain::text::{self, MAX_NOTE_BYTES};
use almoner_domain::{Money, PaymentId, ledger};
use almoner_store::payments::{self, Payment};
use almoner_store::rollups::Moved;
use almoner_store::tenders::{self, Reversal};
use almoner_store::{refunds, rollups};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::record::{self, PaymentChange};
use crate::step::{locked, moved};

/// A tender to be taken back.
#[derive(Debug, Clone)]
pub struct ReverseTender {
    /// Of which payment.
    pub payment: PaymentId,
    /// The version that the form showed.
    pub version: Option<i64>,
    /// Why.
    pub reason: ReversalReason,
    /// What else there is to say.
    pub notes: Option<String>,
}

/// Reverses the tender; the payment is awaited again, or failed.
///
/// # Errors
/// No permission, no such payment, a version that moved on, a payment that is not Paid by hand
/// or has refunds.
pub async fn reverse_tender(
    app: &App,
    actor: &Actor,
    input: &ReverseTender,
) -> Result<Payment, Error> {
    actor.must(Action::ReverseTender)?;
    let author = actor.author().ok_or(Error::Forbidden(Action::ReverseTender))?;
    let notes = input.notes.as_deref().unwrap_or_default();
    let notes = text::paragraph("notes", notes, MAX_NOTE_BYTES)?;
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    let before = locked(&mut tx, actor, input.payment, input.version).await?;
    if before.status != Status::Paid {
        return Err(Error::Reversal("Only a payment that is Paid has a tender to reverse."));
    }
    if refunds::of_payment(&mut tx, org, before.id).await?.iter().any(|r| r.state.is_live()) {
        return Err(Error::Reversal("A tender with refunds cannot be reversed."));
    }
    let tender = tenders::standing(&mut tx, org, before.id).await?;
    let tender = tender.filter(|row| row.tender.kind != TenderType::CardProcessor);
    let tender = tender.ok_or(Error::Reversal(
        "Money that came through the processor is refunded, not reversed.",
    ))?;
    let after = moved(&before, input.reason.leads_to(), now);
    payments::update_status(&mut tx, org, &after).await?;
    let kind = tender.tender.kind;
    let change = PaymentChange {
        before: Some(&before),
        after: &after,
        action: "tender_reversed",
        by: By::Reversal,
        is_step: true,
        reason: Some(input.reason.label().to_owned()),
        transfers: ledger::tender_reversed(tender.amount, kind),
        detail: json!({
            "tender": kind,
            "amount_cents": tender.amount,
            "reason": input.reason,
            "from": before.status,
            "to": after.status,
        }),
        at: now,
    };
    record::payment_changed(app, actor, &mut tx, change).await?;
    let reversal = Reversal {
        version: after.version,
        tender_version: tender.version,
        reason: input.reason,
        notes,
        amount: tender.amount,
        author,
    };
    let moment = actor.moment(now, tender.location);
    tenders::reverse(&mut tx, org, before.id, &reversal, moment).await?;
    let gross = Money::ZERO.minus(tender.amount);
    let back = Moved { kind: tender.kind, tender: kind, gross, refunded: Money::ZERO };
    rollups::money_moved(&mut tx, org, tender.location, moment.day, back).await?;
    tx.commit().await?;
    Ok(after)
}
