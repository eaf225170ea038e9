//! Takes an event of the processor in: believed, kept once, and applied by a job later.

use almoner_gateways::processor::{Delivery, Event, HeaderMap, WebhookRefusal};
use almoner_store::processor_events::{self, NewEvent};

use crate::context::App;
use crate::counts;
use crate::error::Error;

/// What became of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It is kept, and will be applied.
    Kept,
    /// It was kept before.
    Known,
    /// It is not the processor's, or not of now; nothing is kept.
    Refused(WebhookRefusal),
}

/// Takes a webhook, as it arrived byte for byte.
///
/// # Errors
/// The database failed; the processor will send it again.
pub async fn receive_event(app: &App, body: &[u8], headers: &HeaderMap) -> Result<Received, Error> {
    let received = match app.processor.verify(Delivery { body, headers }, app.now()) {
        Ok(event) if keep(app, &event).await? => Received::Kept,
        Ok(_) => Received::Known,
        Err(refusal) => Received::Refused(refusal),
    };
    let outcome = match &received {
        Received::Kept => "kept",
        Received::Known => "known",
        Received::Refused(_) => "refused",
    };
    counts::webhook(outcome).increment(1);
    Ok(received)
}

/// Keeps an event; false when it was kept before.
pub(crate) async fn keep(app: &App, event: &Event) -> Result<bool, Error> {
    let disbelief = disbelief(app, event);
    let new = NewEvent {
        processor: app.processor.name(),
        id: &event.id,
        kind: &event.kind,
        object: event.object.as_ref().map(|object| (object.kind.as_str(), &*object.id)),
        happened_at: event.created_at,
        received_at: app.now(),
        disbelief,
    };
    let mut tx = app.db.begin().await?;
    let is_new = processor_events::insert(&mut tx, &new).await?;
    tx.commit().await?;
    if let (true, Some(why)) = (is_new, disbelief) {
        tracing::error!(event = event.id, kind = event.kind, why, "an event is not believed");
    }
    Ok(is_new)
}

/// Why an event is not about our account.
fn disbelief(app: &App, event: &Event) -> Option<&'static str> {
    if event.account.is_some() {
        Some("it is about another account")
    } else if event.is_test_money && !app.processor.is_test_money() {
        Some("it is about test money")
    } else if !event.is_test_money && app.processor.is_test_money() {
        Some("it is about real money")
    } else {
        None
    }
}
