//! Refunds, under our reference.

use jiff::{SignedDuration, Timestamp};

use super::client::{Call, PAGE_ITEMS};
use super::wire::{self, Expandable, List};
use super::{Stripe, attempts, words};
use crate::processor::{
    AttemptStanding, NotDone, ProcessorError, Refund, RefundCause, RefundKey, RefundOrder, Refusal,
};

/// From then on a key may be forgotten, so that what it did is looked up first: Stripe keeps
/// keys for a day at least, and an hour is for clocks and the way.
const LOOK_UP_AFTER: SignedDuration = SignedDuration::from_hours(23);
/// Pages of refunds that one payment may have.
const SEARCH_PAGES_MAX: usize = 10;

/// Makes a refund, once for each reference: within a day Stripe answers the same key the same
/// way, and later the refund is looked for before it is made.
pub(super) async fn refund(
    stripe: &Stripe,
    order: RefundOrder<'_>,
    now: Timestamp,
) -> Result<Refund, ProcessorError> {
    check(&order).map_err(ProcessorError::Refused)?;
    let payment = match order.payment {
        Some(payment) => payment.to_owned(),
        None => payment_of(stripe, order).await?,
    };
    if now.duration_since(order.asked_at) >= LOOK_UP_AFTER {
        let key = RefundKey { reference: order.reference, refund: None, payment: &payment };
        if let Some(found) = find(stripe, key).await? {
            return Ok(found);
        }
    }
    let cause = order.cause.map(|cause| match cause {
        RefundCause::Duplicate => "duplicate",
        RefundCause::RequestedByCustomer => "requested_by_customer",
    });
    let call = Call::post("refund", &["refunds"])
        .once(order.reference)
        .with("payment_intent", payment)
        .with("amount", order.amount.cents().to_string())
        .with("metadata[reference]", order.reference)
        .with_some("reason", cause);
    match stripe.client.send(call).await {
        Ok(refund) => Ok(read(&refund)),
        Err(ProcessorError::Refused(Refusal::TooLarge)) => {
            Err(ProcessorError::Refused(Refusal::TooMuch))
        }
        Err(error) => Err(error),
    }
}

fn check(order: &RefundOrder<'_>) -> Result<(), Refusal> {
    attempts::check_reference(order.reference)?;
    if order.amount.cents() > 0 { Ok(()) } else { Err(Refusal::TooSmall) }
}

/// The payment that an attempt made.
async fn payment_of(stripe: &Stripe, order: RefundOrder<'_>) -> Result<String, ProcessorError> {
    match attempts::look_up(stripe, order.attempt).await?.standing {
        AttemptStanding::Captured(capture) => Ok(capture.payment),
        AttemptStanding::Missing => Err(ProcessorError::Refused(Refusal::NotFound)),
        _ => Err(ProcessorError::Refused(Refusal::WrongState)),
    }
}

/// Looks a refund up: by its id, or else among those of its payment.
pub(super) async fn find(
    stripe: &Stripe,
    key: RefundKey<'_>,
) -> Result<Option<Refund>, ProcessorError> {
    if let Some(id) = key.refund {
        return by_id(stripe, id).await;
    }
    let mut after: Option<String> = None;
    for _ in 0..SEARCH_PAGES_MAX {
        let call = Call::get("search for a refund", &["refunds"])
            .with("payment_intent", key.payment)
            .with("limit", PAGE_ITEMS)
            .with_some("starting_after", after);
        let page: List<wire::Refund> = stripe.client.send(call).await?;
        let ours = |refund: &&wire::Refund| {
            wire::reference(refund.metadata.as_ref()).as_deref() == Some(key.reference)
        };
        if let Some(found) = page.data.iter().find(ours) {
            return Ok(Some(read(found)));
        }
        after = page.data.last().map(|refund| refund.id.clone());
        if !page.has_more || after.is_none() {
            return Ok(None);
        }
    }
    // Not to be taken for "there is none".
    Err(ProcessorError::NotDone(NotDone::TooMuchToSearch))
}

/// The refund of that id; `None` when there is none.
pub(super) async fn by_id(stripe: &Stripe, id: &str) -> Result<Option<Refund>, ProcessorError> {
    let call = Call::get("look a refund up", &["refunds", id]);
    match stripe.client.send::<wire::Refund>(call).await {
        Ok(refund) => Ok(Some(read(&refund))),
        Err(ProcessorError::Refused(Refusal::NotFound)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(refund: &wire::Refund) -> Refund {
    Refund {
        id: refund.id.clone(),
        reference: wire::reference(refund.metadata.as_ref()),
        payment: refund.payment_intent.as_ref().map(Expandable::id).map(str::to_owned),
        charge: refund.charge.as_ref().map(Expandable::id).map(str::to_owned),
        amount: wire::money(refund.amount),
        currency: wire::currency(&refund.currency),
        standing: words::refund(refund.status.as_deref(), refund.failure_reason.as_deref()),
    }
}
