//! Refunds a payment in full or in part. The database itself refuses what is too much.

use almoner_domain::refund::{self, RefundAmount, RefundReason, RefundRefusal, RefundState};
use almoner_domain::status::By;
use almoner_domain::tender::TenderType;
use almoner_domain::text::{self, MAX_NOTE_BYTES};
use almoner_domain::webhook::EventKind;
use almoner_domain::{Invalid, Money, PaymentId, RefundId, Status, ledger};
use almoner_store::idempotency::{self, Seen};
use almoner_store::payments::{self, Payment};
use almoner_store::receipts::Source;
use almoner_store::refunds::{self, NewRefund, Refund};
use almoner_store::rollups::Moved;
use almoner_store::{StoreError, Tx, counters, rollups, tenders};
use jiff::Timestamp;
use serde_json::json;

use crate::context::{Actor, App, request_hash};
use crate::error::Error;
use crate::issue_receipts::issue;
use crate::permission::{Action, REFUND_LIMIT};
use crate::record::{self, PaymentChange};
use crate::step::locked;
use crate::tell::{Told, told};
use crate::{apply_dispute, attempt, counts};

/// A refund to be made.
#[derive(Debug, Clone)]
pub struct RefundPayment {
    /// Of which payment.
    pub payment: PaymentId,
    /// The version that it has to have, when that matters.
    pub version: Option<i64>,
    /// How much.
    pub amount: RefundAmount,
    /// Why.
    pub reason: RefundReason,
    /// What else there is to say; required for [`RefundReason::Other`].
    pub notes: Option<String>,
    /// The form's key, so that a second click or a retry refunds nothing.
    pub key: Option<String>,
}

/// What a refund would do, for the page that asks to confirm it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundSummary {
    /// This refund.
    pub amount: Money,
    /// Refunded before.
    pub refunded_before: Money,
    /// What will remain.
    pub remaining_after: Money,
    /// The tender that the money goes back to.
    pub tender: TenderType,
}

const SCOPE: &str = "refund_payment";

fn check_notes(reason: RefundReason, notes: Option<&str>) -> Result<Option<String>, Error> {
    let notes = text::paragraph("notes", notes.unwrap_or_default(), MAX_NOTE_BYTES)?;
    if reason == RefundReason::Other && notes.is_none() {
        return Err(Invalid::one("notes", "required", "Say what the other reason is.").into());
    }
    Ok(notes)
}

/// The limit is on all refunds of a payment together, so that parts do not go around it.
fn check_limit(actor: &Actor, refunded: Money, amount: Money) -> Result<(), Error> {
    let action = if refunded.plus(amount) > REFUND_LIMIT {
        Action::RefundWithoutLimit
    } else {
        Action::Refund
    };
    actor.must(action)
}

/// Computes what a refund would do; changes nothing.
///
/// # Errors
/// The same as [`refund_payment`].
pub async fn summarize(
    app: &App,
    actor: &Actor,
    input: &RefundPayment,
) -> Result<RefundSummary, Error> {
    actor.must(Action::Refund)?;
    check_notes(input.reason, input.notes.as_deref())?;
    let mut tx = app.db.read().await?;
    let payment = payments::get(&mut tx, actor.org(), input.payment).await?;
    let payment = payment.ok_or(Error::NotFound("payment"))?;
    let refunded = payment.refunded;
    let amount = refund::decide(payment.status, payment.remaining(), input.amount)?;
    check_limit(actor, refunded, amount)?;
    let tender = standing_tender(&mut tx, actor, payment.id).await?;
    check_disputes(&mut tx, actor, payment.id).await?;
    Ok(RefundSummary {
        amount,
        refunded_before: refunded,
        remaining_after: payment.remaining().minus(amount),
        tender,
    })
}

async fn standing_tender(
    tx: &mut Tx,
    actor: &Actor,
    payment: PaymentId,
) -> Result<TenderType, Error> {
    let tender = tenders::standing(tx, actor.org(), payment).await?;
    tender.map(|row| row.tender.kind).ok_or(Error::Refund(RefundRefusal::NotRefundable))
}

/// While the bank decides about the money, a refund could give it back twice.
async fn check_disputes(tx: &mut Tx, actor: &Actor, payment: PaymentId) -> Result<(), Error> {
    if apply_dispute::blocks_refunds(tx, actor, payment).await? {
        return Err(RefundRefusal::Disputed.into());
    }
    Ok(())
}

/// Makes the refund. Money taken by hand is given back by hand and settled at once; what went
/// through the processor is on its way until the processor says so.
///
/// # Errors
/// No permission, no such payment, more than remains, a remainder that changed, a key that was
/// used for something else.
pub async fn refund_payment(
    app: &App,
    actor: &Actor,
    input: &RefundPayment,
) -> Result<RefundId, Error> {
    actor.must(Action::Refund)?;
    let notes = check_notes(input.reason, input.notes.as_deref())?;
    let input = RefundPayment { notes, ..input.clone() };
    match make(app, actor, &input).await {
        Err(Error::Store(StoreError::Duplicate(_))) if input.key.is_some() => {
            make(app, actor, &input).await
        }
        Err(Error::Store(StoreError::Refused(_))) => {
            Err(Error::Refund(RefundRefusal::ExceedsRemaining {
                remaining: remaining(app, actor, input.payment).await?,
            }))
        }
        other => other,
    }
}

/// A refund that was made, for whoever may make them.
///
/// # Errors
/// No permission, no such refund, or the database failed.
pub async fn made_refund(app: &App, actor: &Actor, id: RefundId) -> Result<Refund, Error> {
    actor.must(Action::Refund)?;
    let mut tx = app.db.read().await?;
    refunds::get(&mut tx, actor.org(), id).await?.ok_or(Error::NotFound("refund"))
}

async fn remaining(app: &App, actor: &Actor, id: PaymentId) -> Result<Money, Error> {
    let mut tx = app.db.read().await?;
    let payment = payments::get(&mut tx, actor.org(), id).await?;
    Ok(payment.map_or(Money::ZERO, |payment| payment.remaining()))
}

/// What tells the same refund from another.
fn fingerprint(input: &RefundPayment) -> Vec<u8> {
    let amount = match input.amount {
        RefundAmount::Full { expected_remaining } => ("full", expected_remaining),
        RefundAmount::Partial(part) => ("partial", Some(part)),
    };
    request_hash(&(input.payment, amount, input.reason, &input.notes))
}

async fn make(app: &App, actor: &Actor, input: &RefundPayment) -> Result<RefundId, Error> {
    let (org, now) = (actor.org(), app.now());
    let hash = fingerprint(input);
    let mut tx = app.db.begin().await?;
    let before = locked(&mut tx, actor, input.payment, None).await?;
    if let Some(key) = &input.key {
        match idempotency::look(&mut tx, org, SCOPE, key, &hash).await? {
            Seen::New => {}
            Seen::Same(seq) => return Ok(RefundId::new(seq)),
            Seen::Other => return Err(Error::KeyReused),
        }
    }
    if input.version.is_some_and(|shown| shown != before.version) {
        return Err(Error::Stale { current: before.version });
    }
    let amount = refund::decide(before.status, before.remaining(), input.amount)?;
    check_limit(actor, before.refunded, amount)?;
    let tender = standing_tender(&mut tx, actor, before.id).await?;
    check_disputes(&mut tx, actor, before.id).await?;
    let by_hand = tender != TenderType::CardProcessor;
    let id = RefundId::new(counters::next(&mut tx, org, RefundId::PREFIX).await?);
    let new = NewRefund {
        id,
        payment: before.id,
        amount,
        reason: input.reason,
        notes: input.notes.clone(),
        state: if by_hand { RefundState::Settled } else { RefundState::Pending },
        tender,
        kind: before.kind,
        reference: (!by_hand).then(|| attempt::new_reference(app, org)),
        author: actor.author(),
    };
    let moment = actor.moment(now, before.location);
    refunds::insert(&mut tx, org, &new, moment).await?;
    tx.count(counts::refund(by_hand));
    write(app, actor, &mut tx, (&before, now), &new).await?;
    if by_hand {
        issue(app, actor, &mut tx, before.id, (Source::Refund(id), amount)).await?;
    }
    if let Some(key) = &input.key {
        idempotency::keep(&mut tx, org, (SCOPE, key), &hash, id.seq(), now).await?;
    }
    tx.commit().await?;
    Ok(id)
}

/// The payment after its refunds changed: the database has counted them; the version grows.
pub(crate) async fn recounted(
    tx: &mut Tx,
    actor: &Actor,
    before: &Payment,
    at: Timestamp,
) -> Result<Payment, Error> {
    let counted = payments::get(tx, actor.org(), before.id).await?;
    let mut after = counted.ok_or(Error::NotFound("payment"))?;
    assert_eq!(
        after.status,
        refund::derived_status(after.collected, after.refunded),
        "the database derives the status from the refunds"
    );
    after.changed(at);
    payments::update_status(tx, actor.org(), &after).await?;
    Ok(after)
}

async fn write(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (before, at): (&Payment, Timestamp),
    new: &NewRefund,
) -> Result<(), Error> {
    let after = recounted(tx, actor, before, at).await?;
    let change = PaymentChange {
        before: Some(before),
        after: &after,
        action: "refund_made",
        by: By::Refunds,
        is_step: true,
        reason: Some(new.reason.label().to_owned()),
        transfers: ledger::refund_changed(None, new.state, new.amount, new.tender),
        detail: json!({
            "refund": new.id,
            "amount_cents": new.amount,
            "reason": new.reason,
            "state": new.state,
            "from": before.status,
            "to": after.status,
        }),
        at,
    };
    record::payment_changed(app, actor, tx, change).await?;
    let event = Told::of_refund(EventKind::RefundCreated, &after, new.id);
    told(app, actor, tx, event, at).await?;
    if new.state == RefundState::Settled {
        let event = Told::of_refund(EventKind::RefundSettled, &after, new.id);
        told(app, actor, tx, event, at).await?;
    }
    let (org, day) = (actor.org(), actor.date(at));
    let moved =
        Moved { kind: new.kind, tender: new.tender, gross: Money::ZERO, refunded: new.amount };
    rollups::money_moved(tx, org, after.location, day, moved).await?;
    Ok(())
}

/// Whether a payment can be refunded at all.
pub fn is_refundable(status: Status) -> bool {
    matches!(status, Status::Paid | Status::PartiallyRefunded)
}
