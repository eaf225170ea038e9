//! Applies what the processor says of a refund that is on its way.

use almoner_domain::refund::RefundState;
use almoner_domain::status::By;
use almoner_domain::{Money, RefundId, ledger};
use almoner_gateways::processor::RefundAnswer;
use almoner_store::receipts::Source;
use almoner_store::refunds::{self, Refund};
use almoner_store::rollups;
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::issue_receipts::issue;
use crate::record::{self, PaymentChange};
use crate::refund_payment::recounted;
use crate::step::locked;

/// Pending refunds that are asked about at a time.
const BATCH: i64 = 100;

/// Asks the processor about every refund that is on its way, and applies its answers. Tells how
/// many came to an end.
///
/// # Errors
/// The database failed. A processor that does not answer leaves its refund pending.
pub async fn settle_refunds(app: &App, actor: &Actor) -> Result<usize, Error> {
    let mut ended = 0;
    let mut after = 0;
    loop {
        let mut tx = app.db.read().await?;
        let pending = refunds::pending(&mut tx, actor.org(), after, BATCH).await?;
        drop(tx);
        let Some(last) = pending.last() else {
            return Ok(ended);
        };
        after = last.id.seq();
        for refund in &pending {
            if let Some(state) = asked(app, actor, refund).await {
                settle_refund(app, actor, refund.id, state).await?;
                ended += 1;
            }
        }
    }
}

/// What the processor says of a refund, when it came to an end.
async fn asked(app: &App, actor: &Actor, refund: &Refund) -> Option<RefundState> {
    let reference = format!("{}-{}", actor.org().0, refund.id);
    match app.processor.refund(&reference, refund.amount).await {
        Ok(RefundAnswer::Settled) => Some(RefundState::Settled),
        Ok(RefundAnswer::Failed) => Some(RefundState::Failed),
        Ok(RefundAnswer::Pending) => None,
        Err(error) => {
            tracing::warn!(refund = %refund.id, %error, "a refund stays pending");
            None
        }
    }
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
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    let found = refunds::get(&mut tx, org, id).await?.ok_or(Error::NotFound("refund"))?;
    let before = locked(&mut tx, actor, found.payment, None).await?;
    // The refund is read again now that its payment is locked.
    let refund = refunds::get(&mut tx, org, id).await?.ok_or(Error::NotFound("refund"))?;
    if refund.state == to || !refund.state.is_live() {
        return Ok(());
    }
    refunds::set_state(&mut tx, org, id, to, (now, actor.date(now))).await?;
    let after = recounted(&mut tx, actor, &before).await?;
    let change = PaymentChange {
        before: Some(&before),
        after: &after,
        action: if to.is_live() { "refund_settled" } else { "refund_failed" },
        by: By::Refunds,
        is_step: before.status != after.status,
        reason: None,
        transfers: ledger::refund_changed(Some(refund.state), to, refund.amount, refund.tender),
        detail: json!({ "refund": id, "amount_cents": refund.amount, "state": to }),
        at: now,
    };
    record::payment_changed(app, actor, &mut tx, change).await?;
    take_back(actor, &mut tx, &refund, to, now).await?;
    if to == RefundState::Settled {
        let (payment, source) = (refund.payment, Source::Refund(id));
        issue(app, actor, &mut tx, payment, (source, refund.amount)).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// A failed refund is taken back on its own date, at the location where it was made.
async fn take_back(
    actor: &Actor,
    tx: &mut almoner_store::Tx,
    refund: &Refund,
    to: RefundState,
    now: jiff::Timestamp,
) -> Result<(), Error> {
    if !to.is_live() {
        let back = Money::ZERO.minus(refund.amount);
        let money = (Money::ZERO, back);
        rollups::money_moved(tx, actor.org(), refund.location, actor.date(now), money).await?;
    }
    Ok(())
}
