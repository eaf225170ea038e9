//! Reads what the processor paid out, and what does not fit the books.

use almoner_domain::{Money, PayoutId};
use almoner_gateways::processor::{MovementKind, PayoutStanding};
use almoner_store::Tx;
use almoner_store::payouts::{self, Movement, NotPaidOut, Payout, PayoutState, Totals};
use jiff::SignedDuration;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;

/// Payouts that are listed at most.
pub const MAX_PAYOUTS: i64 = 100;
/// Payments that are listed at most as not paid out.
pub const MAX_NOT_PAID_OUT: i64 = 100;
/// After so long money that was taken should be in a payout.
pub const PAID_OUT_WITHIN: SignedDuration = SignedDuration::from_hours(10 * 24);

/// For so long it is told that it is not.
const NOT_PAID_OUT_FOR: SignedDuration = SignedDuration::from_hours(100 * 24);

/// A payout with what it comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutView {
    /// The payout.
    pub payout: Payout,
    /// How it stands, in words.
    pub standing: String,
    /// Whether the money is at the processor again.
    pub is_back: bool,
    /// What its movements come to; `None` until all are here, which is not zero.
    pub totals: Option<Totals>,
    /// How much of it nothing here explains; `None` where that is not known.
    pub difference: Option<Money>,
    /// Its movements: what is not explained first. Empty in a list.
    pub movements: Vec<Movement>,
}

/// What was paid out, and what was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutsView {
    /// The newest first.
    pub payouts: Vec<PayoutView>,
    /// What was taken since the first payout that is known, and no payout has; the oldest first.
    pub not_paid_out: Vec<NotPaidOut>,
}

/// The payouts, at most [`MAX_PAYOUTS`].
///
/// # Errors
/// No permission, or the database failed.
pub async fn payouts(app: &App, actor: &Actor) -> Result<PayoutsView, Error> {
    actor.must(Action::ReadPayouts)?;
    let (org, name, now) = (actor.org(), app.processor.name(), app.now());
    let mut tx = app.db.read().await?;
    let mut views = Vec::new();
    for payout in payouts::newest(&mut tx, org, MAX_PAYOUTS).await? {
        views.push(view(&mut tx, actor, payout).await?);
    }
    let not_paid_out = match payouts::oldest(&mut tx, org, name).await? {
        Some(oldest) => {
            let within = (oldest.max(now - NOT_PAID_OUT_FOR), now - PAID_OUT_WITHIN);
            payouts::not_paid_out(&mut tx, org, name, within, MAX_NOT_PAID_OUT).await?
        }
        // Before the first payout nothing is known of what was paid out.
        None => Vec::new(),
    };
    Ok(PayoutsView { payouts: views, not_paid_out })
}

/// A payout with its movements.
///
/// # Errors
/// No permission, no such payout, or the database failed.
pub async fn payout(app: &App, actor: &Actor, id: PayoutId) -> Result<PayoutView, Error> {
    actor.must(Action::ReadPayouts)?;
    let mut tx = app.db.read().await?;
    let found = payouts::get(&mut tx, actor.org(), id).await?;
    let mut view = view(&mut tx, actor, found.ok_or(Error::NotFound("payout"))?).await?;
    view.movements = payouts::movements(&mut tx, actor.org(), id).await?;
    view.movements.sort_by_key(|movement| movement.unexplained() == Money::ZERO);
    Ok(view)
}

/// What a movement is, in words.
pub fn kind_in_words(movement: &Movement) -> String {
    MovementKind::from_name(&movement.kind).words()
}

async fn view(tx: &mut Tx, actor: &Actor, payout: Payout) -> Result<PayoutView, Error> {
    let totals = match payout.state {
        PayoutState::Itemised => Some(payouts::totals(tx, actor.org(), payout.id).await?),
        PayoutState::Waiting | PayoutState::Whole => None,
    };
    let left = |totals: Totals| payout.amount.minus(totals.net);
    let difference = totals.map(|totals| totals.difference.plus(left(totals)));
    let standing = PayoutStanding::from_name(&payout.standing);
    Ok(PayoutView {
        standing: standing.words().to_owned(),
        is_back: standing.is_back(),
        payout,
        totals,
        difference,
        movements: Vec::new(),
    })
}
