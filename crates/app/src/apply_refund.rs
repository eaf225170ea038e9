//! Applies what the processor says of a refund, whoever brings its word.

use almoner_domain::refund::RefundState;
use almoner_domain::{Money, PaymentId, RefundId};
use almoner_gateways::processor::{self, RefundStanding};
use almoner_store::attempts::Attempt;
use almoner_store::exceptions::{ExceptionKind, NewException};
use almoner_store::{Tx, refunds};

use crate::apply_attempt::Applied;
use crate::context::{Actor, App};
use crate::error::Error;
use crate::exception;
use crate::settle_refund::{Ended, end};
use crate::settle_unapplied::apply_unapplied;
use crate::step::locked;

/// Applies it to the refund that it names. A word that comes late says nothing new.
///
/// # Errors
/// The database failed.
pub(crate) async fn apply_refund(
    app: &App,
    actor: &Actor,
    told: &processor::Refund,
) -> Result<Applied, Error> {
    let org = actor.org();
    let Some(reference) = told.reference.as_deref() else {
        return Ok(Applied::Unknown);
    };
    let mut tx = app.db.begin().await?;
    let Some(named) = refunds::by_reference(&mut tx, org, reference).await? else {
        return apply_unapplied(app, actor, tx, (reference, told)).await;
    };
    let before = locked(&mut tx, actor, named.payment, None).await?;
    // The refund is read again now that its payment is locked.
    let ours = refunds::get(&mut tx, org, named.id).await?.ok_or(Error::NotFound("refund"))?;
    let known = Known {
        id: ours.id,
        payment: ours.payment,
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
        // It was on its way before it settled.
        return Ok(Applied::Yes);
    }
    end(app, actor, &mut tx, (&before, &ours), (ended, app.now())).await?;
    tx.commit().await?;
    Ok(Applied::Yes)
}

/// What is known here of money that goes back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    /// Its id.
    pub(crate) id: RefundId,
    /// The payment that it is of.
    pub(crate) payment: PaymentId,
    /// How much.
    pub(crate) amount: Money,
    /// Where it stands.
    pub(crate) state: RefundState,
    /// The processor's id, once it is known.
    pub(crate) processor_id: Option<&'a str>,
}

/// Whether the processor tells of another refund than was made; a person has to look then.
pub(crate) async fn differs(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (ours, told): (&Known<'_>, &processor::Refund),
) -> Result<bool, Error> {
    let Some(what) = difference(actor, ours, told) else {
        return Ok(false);
    };
    let words =
        format!("The processor tells of refund {}, but {what}. Nothing was changed.", ours.id);
    let new = NewException {
        kind: ExceptionKind::Mismatch,
        mark: told.reference.as_deref().unwrap_or_default(),
        payment: Some(ours.payment),
        money: Some((told.amount, &told.currency)),
        words: &words,
    };
    exception::raise(app, actor, tx, &new, app.now()).await?;
    Ok(true)
}

/// In what the processor's refund is not ours.
fn difference(actor: &Actor, ours: &Known<'_>, told: &processor::Refund) -> Option<&'static str> {
    let is_done = matches!(told.standing, RefundStanding::Settled | RefundStanding::Pending);
    if ours.processor_id.is_some_and(|id| id != told.id) {
        Some("under another id")
    } else if told.currency != actor.organization.currency {
        Some("the money is of another currency")
    } else if told.amount != ours.amount {
        Some("the amount is another one")
    } else if is_done && !ours.state.is_live() && ours.processor_id.is_none() {
        // It was refused as far as we know, and its amount may have been refunded again.
        Some("it was taken to have failed")
    } else {
        None
    }
}

/// Where a refund ended; as before while it is under way, or when the processor's word is unknown.
pub(crate) fn ended(standing: &RefundStanding) -> Ended<'static> {
    let failed = |words| Ended { state: RefundState::Failed, id: None, failure: Some(words) };
    match standing {
        RefundStanding::Settled => Ended { state: RefundState::Settled, id: None, failure: None },
        RefundStanding::Failed(why) => failed(why.words()),
        RefundStanding::Cancelled => failed("It was called off at the processor."),
        RefundStanding::Pending | RefundStanding::NeedsPayer | RefundStanding::Unknown(_) => {
            Ended { state: RefundState::Pending, id: None, failure: None }
        }
    }
}

/// Tells staff of a refund that was made at the processor and not here.
pub(crate) async fn foreign_refund(
    app: &App,
    actor: &Actor,
    attempt: &Attempt,
    told: &processor::Refund,
) -> Result<(), Error> {
    let mut tx = app.db.begin().await?;
    let new = NewException {
        kind: ExceptionKind::ForeignRefund,
        mark: &told.id,
        payment: Some(attempt.payment),
        money: Some((told.amount, &told.currency)),
        words: "Somebody refunded this payment at the processor and not here, so that the books \
            do not know of it.",
    };
    exception::raise(app, actor, &mut tx, &new, app.now()).await?;
    tx.commit().await?;
    Ok(())
}
