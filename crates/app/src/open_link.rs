//! What a payer sees who opens a link: an amount and what can be done about it, and nothing
//! about a patient.

use almoner_domain::{Money, PaymentId, Status};
use almoner_store::attempts::{self, Attempt, AttemptState};
use almoner_store::links::Link;
use almoner_store::payments::Payment;
use almoner_store::{Tx, links, locations, organizations, payments};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::context::{Actor, App};
use crate::counts;
use crate::error::Error;
use crate::issue_link;
use crate::link_keys::LinkName;

/// How long a payer finds the receipt behind the link.
const RECEIPT_DAYS: i64 = 30;

/// What a payer sees.
#[derive(Debug, Clone)]
pub struct PayerView {
    /// The clinic's name.
    pub clinic: String,
    /// Where to call.
    pub phone: Option<String>,
    /// The zone of the dates.
    pub zone: TimeZone,
    /// Which payment.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// When it is due.
    pub due: Option<Date>,
    /// The last day on which the link opens.
    pub until: Date,
    /// What can be done.
    pub state: PayerState,
}

/// How things stand for the payer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayerState {
    /// To be paid.
    Payable,
    /// The last try did not work; to be tried again.
    Failed {
        /// Why, in the payer's words, when the processor said it.
        reason: Option<String>,
    },
    /// Being paid, or otherwise under way.
    Processing {
        /// The payer may not have done their part yet, and can go on with it.
        goes_on: bool,
    },
    /// Paid.
    Paid {
        /// When.
        at: Timestamp,
        /// How much of it was given back or is on its way back.
        refunded: Money,
    },
}

/// Opens a link.
///
/// # Errors
/// [`Error::NotFound`] for a link that is unknown, expired, revoked, or of a payment that is not
/// asked for any more: the payer is told the same in each case.
pub async fn open_link(app: &App, token: &str) -> Result<PayerView, Error> {
    let mut tx = app.db.read().await?;
    let (actor, payment, link) = found(app, &mut tx, token).await?;
    let attempt = attempts::newest(&mut tx, actor.org(), payment.id).await?;
    let state = state(&payment, &link, attempt.as_ref(), app.now());
    let state = state.ok_or(Error::NotFound("payment link"))?;
    let location = locations::get(&mut tx, actor.org(), payment.location).await?;
    counts::link_opened().increment(1);
    Ok(PayerView {
        clinic: actor.organization.name.clone(),
        phone: location.and_then(|location| location.fields.phone),
        until: issue_link::until(&actor, &link),
        zone: actor.organization.zone,
        payment: payment.id,
        amount: payment.amount,
        due: payment.due,
        state,
    })
}

/// The payment behind a token whose seal is ours and which is its payment's newest.
pub(crate) async fn found(
    app: &App,
    tx: &mut Tx,
    token: &str,
) -> Result<(Actor, Payment, Link), Error> {
    let unknown = || Error::NotFound("payment link");
    let name = LinkName::read(token, &app.link_keys).ok_or_else(unknown)?;
    let organization = organizations::get(tx, name.organization).await?.ok_or_else(unknown)?;
    let payment = payments::get(tx, name.organization, name.payment).await?.ok_or_else(unknown)?;
    let link = links::newest(tx, name.organization, name.payment).await?;
    let link = link.filter(|link| link.generation == name.generation).ok_or_else(unknown)?;
    Ok((Actor::system(organization), payment, link))
}

/// What the payer may see; `None` when the link opens nothing any more.
pub(crate) fn state(
    payment: &Payment,
    link: &Link,
    attempt: Option<&Attempt>,
    now: Timestamp,
) -> Option<PayerState> {
    if link.revoked_at.is_some() {
        return None;
    }
    match payment.status {
        Status::Paid | Status::PartiallyRefunded | Status::Refunded => {
            let at = payment.paid_at?;
            let ends = at + SignedDuration::from_hours(24 * RECEIPT_DAYS);
            (now < ends).then_some(PayerState::Paid { at, refunded: payment.refunded })
        }
        // What is under way is told even when the link ended meanwhile.
        Status::Processing => {
            let is_open = attempt.is_some_and(|attempt| attempt.state == AttemptState::Open);
            Some(PayerState::Processing { goes_on: is_open && link.is_live(now) })
        }
        Status::Pending => link.is_live(now).then_some(PayerState::Payable),
        Status::Failed => {
            let reason = attempt.and_then(|attempt| attempt.failure.clone());
            link.is_live(now).then_some(PayerState::Failed { reason })
        }
        Status::Draft | Status::Cancelled | Status::Voided => None,
    }
}
