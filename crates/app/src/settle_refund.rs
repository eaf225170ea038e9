//! Makes refunds at the processor, and applies what it says of them.
//!
//! A refund is committed before the processor hears of it. Whoever takes it up moves its next
//! moment on and commits that before it asks. After the first time the processor is asked whether
//! it knows the refund before it is asked to make it.

use almoner_domain::asking::wait_after;
use almoner_domain::refund::{RefundReason, RefundState};
use almoner_domain::status::By;
use almoner_domain::webhook::EventKind;
use almoner_domain::{Money, RefundId, ledger};
use almoner_gateways::processor::{
    Doubt, ProcessorError, Refund as Told, RefundCause, RefundKey, RefundOrder,
};
use almoner_store::attempts::{self, Attempt};
use almoner_store::exceptions::{ExceptionKind, NewException};
use almoner_store::payments::Payment;
use almoner_store::receipts::Source;
use almoner_store::refunds::{self, Refund};
use almoner_store::rollups::Moved;
use almoner_store::{Tx, rollups};
use jiff::Timestamp;
use serde_json::json;

use crate::apply_refund::apply_refund;
use crate::context::{Actor, App};
use crate::error::Error;
use crate::issue_receipts::issue;
use crate::record::{self, PaymentChange};
use crate::refund_payment::recounted;
use crate::step::locked;
use crate::{attempt, exception, tell};

/// Refunds that are taken up at a time.
const BATCH: i64 = 20;

/// Asks the processor about every refund that is due, and applies its answers. Tells how many
/// came to an end.
///
/// # Errors
/// The database failed. A processor that does not answer leaves its refund pending.
pub async fn settle_refunds(app: &App, actor: &Actor) -> Result<usize, Error> {
    let mut ended = 0;
    loop {
        let taken = take_up(app, actor).await?;
        if taken.is_empty() {
            return Ok(ended);
        }
        for refund in &taken {
            // What fails for one keeps no other waiting.
            if let Err(error) = ask(app, actor, refund).await {
                tracing::error!(refund = %refund.id, %error, "a refund is asked about again");
                continue;
            }
            let mut tx = app.db.read().await?;
            let now_is = refunds::get(&mut tx, actor.org(), refund.id).await?;
            ended += usize::from(now_is.is_some_and(|now| now.state != RefundState::Pending));
        }
    }
}

async fn take_up(app: &App, actor: &Actor) -> Result<Vec<Refund>, Error> {
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.read().await?;
    if !refunds::any_due(&mut tx, org, now).await? {
        return Ok(Vec::new());
    }
    drop(tx);
    let mut tx = app.db.begin().await?;
    let due = refunds::due(&mut tx, org, now, BATCH).await?;
    for refund in &due {
        let next = (now + wait_after(refund.asks), refund.asks + 1);
        refunds::set_ask(&mut tx, org, refund.id, next).await?;
    }
    tx.commit().await?;
    Ok(due)
}

/// Asks about a refund, and applies the answer.
async fn ask(app: &App, actor: &Actor, refund: &Refund) -> Result<(), Error> {
    let mut tx = app.db.read().await?;
    let paid_by = attempts::that_paid(&mut tx, actor.org(), refund.payment).await?;
    drop(tx);
    let (Some(paid_by), Some(reference)) = (paid_by, &refund.reference) else {
        tracing::error!(refund = %refund.id, "no attempt took what this refund gives back");
        return Ok(());
    };
    if paid_by.processor != app.processor.name() {
        let name = &paid_by.processor;
        tracing::warn!(refund = %refund.id, name, "a refund's processor is not set up");
        return Ok(());
    }
    let question = Question {
        reference,
        id: refund.processor_id.as_deref(),
        asks: refund.asks,
        amount: refund.amount,
        cause: cause(refund.reason),
        made_at: refund.made_at,
    };
    match answer(app, &question, &paid_by).await {
        Ok(told) => apply_refund(app, actor, &told).await.map(drop),
        Err(ProcessorError::Refused(why)) => {
            let words = format!("The processor refused it: {why}.");
            refused(app, actor, refund.id, &words).await
        }
        Err(error) => {
            tracing::warn!(refund = %refund.id, %error, "a refund stays pending");
            Ok(())
        }
    }
}

/// What the processor is asked about money that goes back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    /// Our reference.
    pub(crate) reference: &'a str,
    /// The processor's id, once it is known.
    pub(crate) id: Option<&'a str>,
    /// How often it was asked before.
    pub(crate) asks: i64,
    /// How much goes back.
    pub(crate) amount: Money,
    /// Why, as far as the processor may know.
    pub(crate) cause: Option<RefundCause>,
    /// When it was committed here.
    pub(crate) made_at: Timestamp,
}

/// What the processor says of a refund; it is made when the processor does not know it.
pub(crate) async fn answer(
    app: &App,
    question: &Question<'_>,
    paid_by: &Attempt,
) -> Result<Told, ProcessorError> {
    let payment = paid_by.processor_payment.as_deref();
    let Question { reference, id, .. } = *question;
    if let (Some(payment), true) = (payment, question.asks > 0) {
        let key = RefundKey { reference, refund: id, payment };
        match app.processor.find_refund(key).await {
            Ok(Some(found)) => return Ok(found),
            // It was made, and cannot be made again.
            Ok(None) if id.is_some() => return Err(ProcessorError::Unknown(Doubt::Unreadable)),
            Ok(None) => {}
            // That the question was refused says nothing of the refund.
            Err(ProcessorError::Refused(_)) => {
                return Err(ProcessorError::Unknown(Doubt::Unreadable));
            }
            Err(error) => return Err(error),
        }
    }
    let order = RefundOrder {
        reference,
        attempt: attempt::key(paid_by),
        payment,
        amount: question.amount,
        cause: question.cause,
        asked_at: question.made_at,
    };
    app.processor.refund(order, app.now()).await
}

/// What the processor may know of the reason.
fn cause(reason: RefundReason) -> Option<RefundCause> {
    match reason {
        RefundReason::PatientRequest => Some(RefundCause::RequestedByCustomer),
        RefundReason::DuplicateCharge => Some(RefundCause::Duplicate),
        RefundReason::BillingError
        | RefundReason::ServiceNotRendered
        | RefundReason::InsuranceAdjustment
        | RefundReason::Other => None,
    }
}

/// A refund that the processor refused for good has failed.
async fn refused(app: &App, actor: &Actor, id: RefundId, words: &str) -> Result<(), Error> {
    move_to(app, actor, id, Ended { state: RefundState::Failed, id: None, failure: Some(words) })
        .await
}

/// Moves a refund to the state that the processor told; the same state again changes nothing.
///
/// # Errors
/// No such refund, or the database refused the step.
pub async fn settle_refund(
    app: &App,
    actor: &Actor,
    id: RefundId,
    to: RefundState,
) -> Result<(), Error> {
    move_to(app, actor, id, Ended { state: to, id: None, failure: None }).await
}

async fn move_to(app: &App, actor: &Actor, id: RefundId, ended: Ended<'_>) -> Result<(), Error> {
    let org = actor.org();
    let mut tx = app.db.begin().await?;
    let found = refunds::get(&mut tx, org, id).await?.ok_or(Error::NotFound("refund"))?;
    let before = locked(&mut tx, actor, found.payment, None).await?;
    // The refund is read again now that its payment is locked.
    let refund = refunds::get(&mut tx, org, id).await?.ok_or(Error::NotFound("refund"))?;
    end(app, actor, &mut tx, (&before, &refund), (ended, app.now())).await?;
    tx.commit().await?;
    Ok(())
}

/// Where a refund stands by the processor's word.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended<'a> {
    /// Its state.
    pub(crate) state: RefundState,
    /// The processor's id of it.
    pub(crate) id: Option<&'a str>,
    /// Why it failed.
    pub(crate) failure: Option<&'a str>,
}

/// Moves a refund, whose payment the caller holds as `before`, and the payment with it. What says
/// nothing new changes nothing.
pub(crate) async fn end(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (before, refund): (&Payment, &Refund),
    (ended, now): (Ended<'_>, Timestamp),
) -> Result<(), Error> {
    let (org, to) = (actor.org(), ended.state);
    if refund.state == RefundState::Pending && to == RefundState::Pending {
        return Ok(refunds::set_processor_id(tx, org, refund.id, ended.id).await?);
    }
    if refund.state == to || !refund.state.is_live() {
        return Ok(());
    }
    let told = refunds::Told { id: ended.id, failure: ended.failure };
    refunds::set_state(tx, org, refund.id, to, told, (now, actor.date(now))).await?;
    let after = recounted(tx, actor, before, now).await?;
    let change = PaymentChange {
        before: Some(before),
        after: &after,
        action: if to.is_live() { "refund_settled" } else { "refund_failed" },
        by: By::Refunds,
        is_step: before.status != after.status,
        reason: ended.failure.map(str::to_owned),
        transfers: ledger::refund_changed(Some(refund.state), to, refund.amount, refund.tender),
        detail: json!({ "refund": refund.id, "amount_cents": refund.amount, "state": to }),
        at: now,
    };
    record::payment_changed(app, actor, tx, change).await?;
    let kind = if to.is_live() { EventKind::RefundSettled } else { EventKind::RefundFailed };
    tell::told(app, actor, tx, tell::Told::of_refund(kind, &after, refund.id), now).await?;
    if !to.is_live() {
        take_back(app, actor, tx, refund, (ended, now)).await?;
    }
    if to == RefundState::Settled {
        let source = Source::Refund(refund.id);
        issue(app, actor, tx, refund.payment, (source, refund.amount)).await?;
    }
    Ok(())
}

/// A failed refund is taken back on its own date, at the location where it was made, and staff
/// are told: the patient waits for the money.
async fn take_back(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    refund: &Refund,
    (ended, now): (Ended<'_>, Timestamp),
) -> Result<(), Error> {
    let refunded = Money::ZERO.minus(refund.amount);
    let (kind, tender) = (refund.kind, refund.tender);
    let back = Moved { kind, tender, gross: Money::ZERO, refunded };
    rollups::money_moved(tx, actor.org(), refund.location, actor.date(now), back).await?;
    let why = ended.failure.unwrap_or("The processor does not say why.");
    let words = format!("Refund {} failed, so the money is still here. {why}", refund.id);
    let new = NewException {
        kind: ExceptionKind::RefundFailed,
        mark: &refund.id.to_string(),
        payment: Some(refund.payment),
        money: Some((refund.amount, &actor.organization.currency)),
        words: &words,
    };
    exception::raise(app, actor, tx, &new, now).await
}
