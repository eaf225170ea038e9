//! Makes the processor give unapplied money back, and applies what it says of it, as
//! [`settle_refund`](crate::settle_refund) does with refunds: committed before the processor hears
//! of it, asked about before it is made again, and ended by the processor's word.

use almoner_domain::asking::wait_after;
use almoner_domain::refund::RefundState;
use almoner_domain::status::By;
use almoner_domain::{RefundId, ledger};
use almoner_gateways::processor::{self, ProcessorError, RefundCause};
use almoner_store::exceptions::{self, Exception, ExceptionKind, NewException};
use almoner_store::payments::{self, Payment};
use almoner_store::refunds::Told;
use almoner_store::unapplied_refunds::{self, UnappliedRefund};
use almoner_store::{Tx, attempts};
use jiff::Timestamp;
use serde_json::json;

use crate::apply_attempt::Applied;
use crate::apply_refund::{Known, apply_refund, differs, ended};
use crate::context::{Actor, App};
use crate::error::Error;
use crate::exception;
use crate::record::{self, PaymentChange};
use crate::settle_refund::{Ended, Question, answer};
use crate::step::locked;

/// Those that are taken up at a time.
const BATCH: i64 = 20;

/// Asks the processor about all unapplied money that is on its way back and due to be asked about,
/// and applies its answers. Tells how many came to an end.
///
/// # Errors
/// The database failed. A processor that does not answer leaves it on its way.
pub async fn settle_unapplied(app: &App, actor: &Actor) -> Result<usize, Error> {
    let mut ended = 0;
    loop {
        let taken = take_up(app, actor).await?;
        if taken.is_empty() {
            return Ok(ended);
        }
        for refund in &taken {
            if let Err(error) = ask(app, actor, refund).await {
                let id = refund.id;
                tracing::error!(refund = %id, %error, "unapplied money is asked about again");
                continue;
            }
            let mut tx = app.db.read().await?;
            let now_is = unapplied_refunds::get(&mut tx, actor.org(), refund.id).await?;
            ended += usize::from(now_is.is_some_and(|now| now.state != RefundState::Pending));
        }
    }
}

async fn take_up(app: &App, actor: &Actor) -> Result<Vec<UnappliedRefund>, Error> {
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.read().await?;
    if !unapplied_refunds::any_due(&mut tx, org, now).await? {
        return Ok(Vec::new());
    }
    drop(tx);
    let mut tx = app.db.begin().await?;
    let due = unapplied_refunds::due(&mut tx, org, now, BATCH).await?;
    for refund in &due {
        let next = (now + wait_after(refund.asks), refund.asks + 1);
        unapplied_refunds::set_ask(&mut tx, org, refund.id, next).await?;
    }
    tx.commit().await?;
    Ok(due)
}

/// Asks about one, and applies the answer.
async fn ask(app: &App, actor: &Actor, refund: &UnappliedRefund) -> Result<(), Error> {
    let mut tx = app.db.read().await?;
    let taken_by = attempts::get(&mut tx, actor.org(), refund.attempt).await?;
    drop(tx);
    let taken_by = taken_by.ok_or(Error::NotFound("attempt"))?;
    if taken_by.processor != app.processor.name() {
        let name = &taken_by.processor;
        tracing::warn!(refund = %refund.id, name, "a refund's processor is not set up");
        return Ok(());
    }
    let question = Question {
        reference: &refund.reference,
        id: refund.processor_id.as_deref(),
        asks: refund.asks,
        amount: refund.amount,
        cause: Some(RefundCause::Duplicate),
        made_at: refund.made_at,
    };
    match answer(app, &question, &taken_by).await {
        Ok(told) => apply_refund(app, actor, &told).await.map(drop),
        Err(ProcessorError::Refused(why)) => {
            let words = format!("The processor refused it: {why}.");
            refused(app, actor, refund.id, &words).await
        }
        Err(error) => {
            tracing::warn!(refund = %refund.id, %error, "unapplied money stays on its way");
            Ok(())
        }
    }
}

/// What the processor refused for good has failed.
async fn refused(app: &App, actor: &Actor, id: RefundId, words: &str) -> Result<(), Error> {
    let mut tx = app.db.begin().await?;
    let found = unapplied_refunds::get(&mut tx, actor.org(), id).await?;
    let named = found.ok_or(Error::NotFound("refund"))?;
    let ended = Ended { state: RefundState::Failed, id: None, failure: Some(words) };
    let (before, ours) = held(&mut tx, actor, &named).await?;
    end(app, actor, &mut tx, (&before, &ours), (ended, app.now())).await?;
    tx.commit().await?;
    Ok(())
}

/// Its payment, which is locked now, and it as it is then.
async fn held(
    tx: &mut Tx,
    actor: &Actor,
    named: &UnappliedRefund,
) -> Result<(Payment, UnappliedRefund), Error> {
    let before = locked(tx, actor, named.payment(), None).await?;
    let ours = unapplied_refunds::get(tx, actor.org(), named.id).await?;
    Ok((before, ours.ok_or(Error::NotFound("refund"))?))
}

/// Applies what the processor says under that reference, in a transaction that has changed nothing
/// yet. A word that comes late says nothing new.
pub(crate) async fn apply_unapplied(
    app: &App,
    actor: &Actor,
    mut tx: Tx,
    (reference, told): (&str, &processor::Refund),
) -> Result<Applied, Error> {
    let org = actor.org();
    let Some(named) = unapplied_refunds::by_reference(&mut tx, org, reference).await? else {
        return Ok(Applied::Unknown);
    };
    let (before, ours) = held(&mut tx, actor, &named).await?;
    let known = Known {
        id: ours.id,
        payment: ours.payment(),
        amount: ours.amount,
        state: ours.state,
        processor_id: ours.processor_id.as_deref(),
    };
    if differs(app, actor, &mut tx, (&known, told)).await? {
        tx.commit().await?;
        return Ok(Applied::Differs);
    }
    let ended = Ended { id: Some(&told.id), ..ended(&told.standing) };
    if ours.state == RefundState::Settled && ended.state == RefundState::Pending {
        return Ok(Applied::Yes);
    }
    end(app, actor, &mut tx, (&before, &ours), (ended, app.now())).await?;
    tx.commit().await?;
    Ok(Applied::Yes)
}

/// Moves it, whose payment the caller holds as `before`. What says nothing new changes nothing.
async fn end(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (before, refund): (&Payment, &UnappliedRefund),
    (ended, now): (Ended<'_>, Timestamp),
) -> Result<(), Error> {
    let (org, to) = (actor.org(), ended.state);
    if refund.state == RefundState::Pending && to == RefundState::Pending {
        return Ok(unapplied_refunds::set_processor_id(tx, org, refund.id, ended.id).await?);
    }
    if refund.state == to || !refund.state.is_live() {
        return Ok(());
    }
    let told = Told { id: ended.id, failure: ended.failure };
    let on = (now, actor.date(now));
    unapplied_refunds::set_state(tx, org, refund.id, to, told, on).await?;
    let action = if to.is_live() { "unapplied_refund_settled" } else { "unapplied_refund_failed" };
    write(app, actor, tx, (before, refund), (action, to, ended.failure, now)).await?;
    if to == RefundState::Settled {
        return solve(app, actor, tx, refund, now).await;
    }
    came_back(app, actor, tx, refund, (ended, now)).await
}

/// Writes a step of it as a change of its payment, which stands as it stood.
pub(crate) async fn write(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (before, refund): (&Payment, &UnappliedRefund),
    (action, to, reason, at): (&'static str, RefundState, Option<&str>, Timestamp),
) -> Result<(), Error> {
    let from = (action != MADE).then_some(refund.state);
    let mut after = before.clone();
    after.changed(at);
    payments::update_status(tx, actor.org(), &after).await?;
    let mut transfers = ledger::unapplied_refund_changed(from, to, refund.amount);
    for transfer in &mut transfers {
        transfer.location = Some(refund.location);
    }
    let change = PaymentChange {
        before: Some(before),
        after: &after,
        action,
        by: By::Refunds,
        is_step: false,
        reason: reason.map(str::to_owned),
        transfers,
        detail: json!({
            "refund": refund.id,
            "attempt": refund.attempt.1,
            "amount_cents": refund.amount,
            "state": to,
        }),
        at,
    };
    record::payment_changed(app, actor, tx, change).await
}

/// The action of making one.
pub(crate) const MADE: &str = "unapplied_refund_made";

/// The exceptions of a payment that nobody solved and that this solves, or would solve.
async fn about(
    tx: &mut Tx,
    actor: &Actor,
    refund: &UnappliedRefund,
) -> Result<Vec<Exception>, Error> {
    let org = actor.org();
    let taken_by = attempts::get(tx, org, refund.attempt).await?;
    let all = unapplied_refunds::of_payment(tx, org, refund.payment()).await?;
    let of_same = all.iter().filter(|other| other.attempt == refund.attempt);
    let ids: Vec<String> = of_same.map(|other| other.id.to_string()).collect();
    let is_about = |raised: &Exception| match raised.kind {
        ExceptionKind::SecondCapture => {
            taken_by.as_ref().is_some_and(|attempt| attempt.reference == raised.mark)
        }
        ExceptionKind::RefundFailed => ids.contains(&raised.mark),
        _ => false,
    };
    let open = exceptions::open_of_payment(tx, org, refund.payment()).await?;
    Ok(open.into_iter().filter(is_about).collect())
}

/// That the payer has the money solves what was raised about it.
async fn solve(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    refund: &UnappliedRefund,
    now: Timestamp,
) -> Result<(), Error> {
    let solution = format!("{} gave {} back to the payer.", refund.id, refund.amount);
    for raised in about(tx, actor, refund).await? {
        exception::solve(app, actor, tx, &raised, (&solution, now)).await?;
    }
    Ok(())
}

/// The money is the payer's still and here again: staff are told, unless they are about to do
/// something about it anyhow.
async fn came_back(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    refund: &UnappliedRefund,
    (ended, now): (Ended<'_>, Timestamp),
) -> Result<(), Error> {
    if !about(tx, actor, refund).await?.is_empty() {
        return Ok(());
    }
    let why = ended.failure.unwrap_or("The processor does not say why.");
    let words =
        format!("{} came back, so the payer's second money is here again. {why}", refund.id);
    let new = NewException {
        kind: ExceptionKind::RefundFailed,
        mark: &refund.id.to_string(),
        payment: Some(refund.payment()),
        money: Some((refund.amount, &actor.organization.currency)),
        words: &words,
    };
    exception::raise(app, actor, tx, &new, now).await
}
