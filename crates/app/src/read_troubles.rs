//! Reads what stands in the way of a payment's money: disputes, and what a person has to look at.

use almoner_domain::refund::RefundState;
use almoner_domain::{ExceptionId, Money, PaymentId, RefundId};
use almoner_gateways::processor::DisputeStanding;
use almoner_store::disputes::{self, Dispute};
use almoner_store::exceptions::{self, Exception, ExceptionKind};
use almoner_store::unapplied_refunds::{self, UnappliedRefund};
use almoner_store::{Tx, payments, unapplied};
use jiff::Timestamp;

use crate::apply_dispute::is_open;
use crate::context::{Actor, App};
use crate::error::Error;
use crate::give_back;
use crate::look_again::can_look_again;
use crate::permission::Action;
use crate::refund_payment::is_refundable;

/// Exceptions that are listed at most.
const MAX_EXCEPTIONS: i64 = 100;

/// A dispute, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeView {
    /// How much is disputed.
    pub amount: Money,
    /// How it stands.
    pub standing: String,
    /// The bank's reason.
    pub reason: String,
    /// Until when evidence is taken.
    pub answer_by: Option<Timestamp>,
    /// Whether the bank has yet to decide, which blocks refunds.
    pub is_open: bool,
}

/// Something that a person has to look at, and what there is to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raised {
    /// What happened.
    pub exception: Exception,
    /// Unapplied money that can be given back.
    pub give_back: Option<Money>,
    /// What became of giving it back so far.
    pub given_back: Option<GivenBack>,
    /// Whether its payment can be refunded.
    pub can_refund: bool,
    /// Whether all that there is to do may be to keep the money.
    pub can_keep: bool,
    /// Whether the processor can be asked again.
    pub can_look_again: bool,
}

/// How far giving unapplied money back has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenBack {
    /// The newest try.
    pub id: RefundId,
    /// Where it stands.
    pub state: RefundState,
    /// Why it failed.
    pub failure: Option<String>,
}

/// What stands in the way of a payment's money.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Troubles {
    /// Its disputes, oldest first.
    pub disputes: Vec<DisputeView>,
    /// What nobody has solved, oldest first.
    pub exceptions: Vec<Raised>,
    /// What was paid for nothing and is given back, oldest first.
    pub given_back: Vec<UnappliedRefund>,
}

impl Troubles {
    /// Whether a refund could give the money back twice.
    pub fn blocks_refunds(&self) -> bool {
        self.disputes.iter().any(|dispute| dispute.is_open)
    }
}

fn view(dispute: &Dispute) -> DisputeView {
    DisputeView {
        amount: dispute.amount,
        standing: DisputeStanding::from_name(&dispute.standing).words().to_owned(),
        reason: dispute.reason.replace('_', " "),
        answer_by: dispute.answer_by,
        is_open: is_open(dispute),
    }
}

/// The troubles of a payment.
///
/// # Errors
/// No permission, no such payment, or the database failed.
pub async fn troubles(app: &App, actor: &Actor, id: PaymentId) -> Result<Troubles, Error> {
    actor.must(Action::ReadPayments)?;
    let org = actor.org();
    let mut tx = app.db.read().await?;
    payments::get(&mut tx, org, id).await?.ok_or(Error::NotFound("payment"))?;
    let disputes = disputes::of_payment(&mut tx, org, id).await?;
    let open = exceptions::open_of_payment(&mut tx, org, id).await?;
    Ok(Troubles {
        disputes: disputes.iter().map(view).collect(),
        exceptions: with_ways(&mut tx, actor, open).await?,
        given_back: unapplied_refunds::of_payment(&mut tx, org, id).await?,
    })
}

/// What nobody has solved, oldest first, at most [`MAX_EXCEPTIONS`].
///
/// # Errors
/// No permission, or the database failed.
pub async fn open_exceptions(app: &App, actor: &Actor) -> Result<Vec<Raised>, Error> {
    actor.must(Action::ReadPayments)?;
    let mut tx = app.db.read().await?;
    let open = exceptions::open(&mut tx, actor.org(), MAX_EXCEPTIONS).await?;
    with_ways(&mut tx, actor, open).await
}

/// An exception that nobody has solved, with what there is to do about it.
///
/// # Errors
/// No permission, no such exception, or the database failed.
pub async fn open_exception(app: &App, actor: &Actor, id: ExceptionId) -> Result<Raised, Error> {
    actor.must(Action::ReadPayments)?;
    let mut tx = app.db.read().await?;
    let found = exceptions::get(&mut tx, actor.org(), id).await?;
    let open = found.filter(|found| !found.is_solved).ok_or(Error::NotFound("exception"))?;
    ways(&mut tx, actor, open).await
}

async fn with_ways(tx: &mut Tx, actor: &Actor, open: Vec<Exception>) -> Result<Vec<Raised>, Error> {
    let mut all = Vec::with_capacity(open.len());
    for exception in open {
        all.push(ways(tx, actor, exception).await?);
    }
    Ok(all)
}

/// What there is to do about an exception.
async fn ways(tx: &mut Tx, actor: &Actor, exception: Exception) -> Result<Raised, Error> {
    let org = actor.org();
    let mut raised = Raised {
        give_back: None,
        given_back: None,
        can_refund: false,
        can_keep: exception.kind == ExceptionKind::LateMoney,
        can_look_again: can_look_again(exception.kind),
        exception,
    };
    let Some(id) = raised.exception.payment else {
        return Ok(raised);
    };
    if let Some(attempt) = give_back::attempt_of(tx, actor, &raised.exception).await? {
        let tries = unapplied_refunds::of_payment(tx, org, id).await?;
        let newest = tries.into_iter().rfind(|made| made.attempt == attempt);
        let is_live = newest.as_ref().is_some_and(|newest| newest.state.is_live());
        let money = unapplied::get(tx, org, attempt).await?.map(|money| money.left());
        raised.give_back = money.filter(|&left| left > Money::ZERO && !is_live);
        raised.given_back = newest.map(|newest| GivenBack {
            id: newest.id,
            state: newest.state,
            failure: newest.failure,
        });
    } else if let ExceptionKind::LateMoney | ExceptionKind::RefundFailed = raised.exception.kind {
        let payment = payments::get(tx, org, id).await?.ok_or(Error::NotFound("payment"))?;
        let open = disputes::of_payment(tx, org, id).await?;
        raised.can_refund = is_refundable(payment.status)
            && payment.remaining() > Money::ZERO
            && !open.iter().any(is_open);
    }
    Ok(raised)
}
