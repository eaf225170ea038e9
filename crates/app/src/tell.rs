//! Writes the events that other programs are told of, in the transaction of what happened.

use almoner_domain::webhook::{EventId, EventKind};
use almoner_domain::{RefundId, WebhookId};
use almoner_store::payments::Payment;
use almoner_store::webhook_events::{self, About, WebhookEvent};
use almoner_store::{StoreError, Tx};
use jiff::Timestamp;

use crate::context::{Actor, App};

/// What happened to a payment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'a> {
    /// What.
    pub(crate) kind: EventKind,
    /// The payment, as it is by then.
    pub(crate) payment: &'a Payment,
    /// The refund, when it is about one.
    pub(crate) refund: Option<RefundId>,
}

impl<'a> Told<'a> {
    /// Something about a payment alone.
    pub(crate) fn of(kind: EventKind, payment: &'a Payment) -> Self {
        Self { kind, payment, refund: None }
    }

    /// Something about a refund of a payment.
    pub(crate) fn of_refund(kind: EventKind, payment: &'a Payment, refund: RefundId) -> Self {
        Self { kind, payment, refund: Some(refund) }
    }
}

/// Tells every endpoint that is enabled.
pub(crate) async fn told(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    Told { kind, payment, refund }: Told<'_>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let Payment { id, status, version, .. } = *payment;
    let about = Some(About { payment: id, status, version, refund });
    let event = WebhookEvent { id: EventId::new(app.event_id(at)), kind, about, at };
    webhook_events::insert(tx, actor.org(), &event, None).await
}

/// Tells one endpoint that nothing happened.
pub(crate) async fn trial(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    endpoint: WebhookId,
    at: Timestamp,
) -> Result<EventId, StoreError> {
    let id = EventId::new(app.event_id(at));
    let event = WebhookEvent { id: id.clone(), kind: EventKind::Test, about: None, at };
    webhook_events::insert(tx, actor.org(), &event, Some(endpoint)).await?;
    Ok(id)
}
