//! Gives back what a payer paid a second time: all of it that is left at the processor, from where
//! it was taken. The exception that tells of it stays open until the payer has the money.

use almoner_domain::refund::{RefundRefusal, RefundState};
use almoner_domain::{ExceptionId, RefundId};
use almoner_store::attempts::AttemptId;
use almoner_store::exceptions::{self, Exception, ExceptionKind};
use almoner_store::unapplied::{self, Unapplied};
use almoner_store::unapplied_refunds::{self, NewUnappliedRefund};
use almoner_store::{StoreError, Tx, attempts, counters, disputes};

use crate::apply_dispute::is_open;
use crate::attempt;
use crate::context::{Actor, App};
use crate::counts;
use crate::error::Error;
use crate::permission::{Action, REFUND_LIMIT};
use crate::settle_unapplied::{MADE, write};
use crate::step::locked;

/// Gives it back. Asked again while it is on its way or done, it tells the same refund.
///
/// # Errors
/// No permission, no such exception, an exception of another kind, or a dispute of that money.
pub async fn give_back(app: &App, actor: &Actor, id: ExceptionId) -> Result<RefundId, Error> {
    actor.must(Action::Refund)?;
    match make(app, actor, id).await {
        // Somebody else gave it back at the same moment.
        Err(Error::Store(StoreError::Duplicate(_))) => make(app, actor, id).await,
        other => other,
    }
}

async fn make(app: &App, actor: &Actor, id: ExceptionId) -> Result<RefundId, Error> {
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    let raised = exceptions::get(&mut tx, org, id).await?.ok_or(Error::NotFound("exception"))?;
    let payment = raised.payment.ok_or(Error::NotFound("payment"))?;
    let before = locked(&mut tx, actor, payment, None).await?;
    let money = money_of(&mut tx, actor, &raised).await?;
    let money = money.ok_or(RefundRefusal::NotRefundable)?;
    let number = money.attempt;
    if let Some(live) = unapplied_refunds::live_of_attempt(&mut tx, org, number).await? {
        return Ok(live.id);
    }
    let amount = money.left();
    if raised.is_solved || amount == almoner_domain::Money::ZERO {
        return Err(RefundRefusal::ExceedsRemaining { remaining: amount }.into());
    }
    if amount > REFUND_LIMIT {
        actor.must(Action::RefundWithoutLimit)?;
    }
    let told = disputes::of_payment(&mut tx, org, payment).await?;
    if told.iter().any(|dispute| dispute.attempt == number && is_open(dispute)) {
        return Err(RefundRefusal::Disputed.into());
    }
    let new = NewUnappliedRefund {
        id: RefundId::new(counters::next(&mut tx, org, RefundId::PREFIX).await?),
        attempt: number,
        amount,
        reference: &attempt::new_reference(app, org),
        user: actor.user(),
    };
    unapplied_refunds::insert(&mut tx, org, &new, actor.moment(now, money.location)).await?;
    tx.count(counts::refund(false));
    let made = unapplied_refunds::get(&mut tx, org, new.id).await?;
    let made = made.ok_or(Error::NotFound("refund"))?;
    let step = (MADE, RefundState::Pending, None, now);
    write(app, actor, &mut tx, (&before, &made), step).await?;
    tx.commit().await?;
    Ok(new.id)
}

/// The attempt whose money an exception is about, when it was taken for nothing.
pub(crate) async fn attempt_of(
    tx: &mut Tx,
    actor: &Actor,
    raised: &Exception,
) -> Result<Option<AttemptId>, Error> {
    let org = actor.org();
    Ok(match raised.kind {
        ExceptionKind::SecondCapture => {
            let found = attempts::by_reference(tx, org, &raised.mark).await?;
            found.map(|attempt| attempt.id())
        }
        ExceptionKind::RefundFailed => match raised.mark.parse() {
            Ok(id) => unapplied_refunds::get(tx, org, id).await?.map(|came_back| came_back.attempt),
            Err(_) => None,
        },
        _ => None,
    })
}

/// The money that an exception is about, when it was taken for nothing.
async fn money_of(
    tx: &mut Tx,
    actor: &Actor,
    raised: &Exception,
) -> Result<Option<Unapplied>, Error> {
    match attempt_of(tx, actor, raised).await? {
        Some(attempt) => Ok(unapplied::get(tx, actor.org(), attempt).await?),
        None => Ok(None),
    }
}
