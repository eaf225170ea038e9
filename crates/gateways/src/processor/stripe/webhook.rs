//! Whether a webhook is Stripe's, and of now.

use jiff::Timestamp;

use super::{wire, words};
use crate::Secret;
use crate::processor::{Delivery, Event, Object, WebhookRefusal, signed};

/// The header that carries the signatures.
pub const SIGNATURE_HEADER: &str = "stripe-signature";

/// Checks the signatures, then reads the event.
pub(super) fn verify(
    delivery: Delivery<'_>,
    now: Timestamp,
    secrets: &[Secret],
) -> Result<Event, WebhookRefusal> {
    signed::check(SIGNATURE_HEADER, delivery, now, secrets)?;
    let event = serde_json::from_slice(delivery.body).map_err(|_| WebhookRefusal::NotAnEvent)?;
    Ok(read(event))
}

/// An event, in our words.
pub(super) fn read(event: wire::Event) -> Event {
    let object = event.data.object;
    let named = object.object.as_deref().map(words::object).zip(object.id);
    Event {
        id: event.id,
        kind: event.r#type,
        object: named.map(|(kind, id)| Object { kind, id }),
        account: event.account,
        is_test_money: !event.livemode,
        created_at: wire::moment(event.created),
    }
}
