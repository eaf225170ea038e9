//! Reads what stands in the way of a payment's money: disputes, and what a person has to look at.

use almoner_domain::{Money, PaymentId};
use almoner_gateways::processor::DisputeStanding;
use almoner_store::disputes::{self, Dispute};
use almoner_store::exceptions::{self, Exception};
use almoner_store::payments;
use jiff::Timestamp;

use crate::apply_dispute::is_open;
use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;

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

/// What stands in the way of a payment's money.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Troubles {
    /// Its disputes, oldest first.
    pub disputes: Vec<DisputeView>,
    /// What nobody has solved, oldest first.
    pub exceptions: Vec<Exception>,
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
    Ok(Troubles {
        disputes: disputes.iter().map(view).collect(),
        exceptions: exceptions::open_of_payment(&mut tx, org, id).await?,
    })
}

/// What nobody has solved, oldest first, at most [`MAX_EXCEPTIONS`].
///
/// # Errors
/// No permission, or the database failed.
pub async fn open_exceptions(app: &App, actor: &Actor) -> Result<Vec<Exception>, Error> {
    actor.must(Action::ReadPayments)?;
    let mut tx = app.db.read().await?;
    Ok(exceptions::open(&mut tx, actor.org(), MAX_EXCEPTIONS).await?)
}
