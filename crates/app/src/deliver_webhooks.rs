//! Sends events to other programs.
//!
//! A delivery is claimed and the claim committed, sent outside of any transaction, and what came of
//! it written in a new one. A server that ends anywhere between leaves a claim that runs out; then
//! the event is sent again under the same id, by which the receiver knows it.

use almoner_domain::OrganizationId;
use almoner_domain::webhook::EventId;
use almoner_gateways::webhooks::{Message, NotTaken};
use almoner_store::Tx;
use almoner_store::webhook_deliveries::{self, Delivery, DeliveryState};
use almoner_store::webhook_endpoints::{self, Endpoint, EndpointState};
use almoner_store::webhook_events::{self, WebhookEvent};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::webhook_endpoints::moved;
use crate::webhook_secrets::that_sign;

/// How long a delivery is held while it is sent: longer than sending takes.
const CLAIM: SignedDuration = SignedDuration::from_mins(2);
/// Deliveries that one endpoint gets at a time, so that a slow one keeps no other waiting.
const MAX_PER_ENDPOINT: i64 = 4;
/// How long after each try the next one comes; after the last, three days later, the delivery is
/// given up.
pub const WAITS: [SignedDuration; 9] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
    SignedDuration::from_hours(14),
    SignedDuration::from_hours(16),
    SignedDuration::from_mins(24 * 60 + 30),
];
/// An endpoint at which nothing arrives for so long is switched off.
pub const FAILING_AT_MOST: SignedDuration = SignedDuration::from_hours(72);
/// How long events and deliveries are kept.
pub const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Events that are removed in one transaction.
const REMOVED_AT_ONCE: i64 = 500;

/// Claims deliveries that are to be sent, at most `limit`. Each is to be passed to
/// [`deliver_claimed`].
///
/// # Errors
/// The database failed.
pub async fn claim_deliveries(
    app: &App,
    actor: &Actor,
    limit: usize,
) -> Result<Vec<Delivery>, Error> {
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.read().await?;
    if limit == 0 || !webhook_deliveries::any_due(&mut tx, org, now).await? {
        return Ok(Vec::new());
    }
    drop(tx);
    let mut tx = app.db.begin().await?;
    webhook_deliveries::drop_stray(&mut tx, org, now).await?;
    let mut claimed = Vec::new();
    for endpoint in webhook_endpoints::all(&mut tx, org).await? {
        let room = i64::try_from(limit - claimed.len()).unwrap_or(i64::MAX).min(MAX_PER_ENDPOINT);
        if endpoint.state == EndpointState::Enabled && room > 0 {
            let held = (now, now + CLAIM);
            claimed.extend(webhook_deliveries::claim(&mut tx, org, endpoint.id, held, room).await?);
        }
    }
    tx.commit().await?;
    Ok(claimed)
}

/// What is sent of an event: what it is about, and nothing that a program may not read by asking.
pub(crate) fn body(event: &WebhookEvent) -> String {
    let mut data = json!({});
    if let Some(about) = event.about {
        data = json!({
            "id": about.payment,
            "status": about.status.as_str(),
            "version": about.version,
        });
        if let Some(refund) = about.refund {
            data["refund_id"] = json!(refund);
        }
    }
    let all = json!({ "type": event.kind.as_str(), "timestamp": event.at, "data": data });
    all.to_string()
}

/// Sends a claimed delivery and writes what came of it.
///
/// # Errors
/// The database failed; the event is sent again when its claim has run out.
pub async fn deliver_claimed(app: &App, actor: &Actor, claimed: &Delivery) -> Result<(), Error> {
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.read().await?;
    let found = webhook_endpoints::get(&mut tx, org, claimed.endpoint).await?;
    drop(tx);
    let Some(endpoint) = found.filter(|found| found.state == EndpointState::Enabled) else {
        // Whoever switched it off has dropped what waits.
        return Ok(());
    };
    let secrets = that_sign(&app.link_keys, org, &endpoint, now);
    if secrets.is_empty() {
        let words = "the key that makes its secret is gone; give the endpoint a new secret";
        return not_taken(app, actor, claimed, (None, words.to_owned())).await;
    }
    let (url, id, body) = (&*endpoint.url, claimed.event.id.as_str(), body(&claimed.event));
    let message = Message { url, id, at: now, body: &body, secrets: &secrets };
    match app.webhooks.send(message).await {
        Ok(status) => taken(app, actor, claimed, status).await,
        Err(error) if error.is_gone() => gone(app, actor, claimed, &error).await,
        Err(error) => not_taken(app, actor, claimed, (error.status(), error.to_string())).await,
    }
}

/// Holds the endpoint of a delivery, as whoever changes a delivery does first.
async fn held(
    tx: &mut Tx,
    org: OrganizationId,
    claimed: &Delivery,
) -> Result<Option<Endpoint>, Error> {
    Ok(webhook_endpoints::lock(tx, org, claimed.endpoint).await?)
}

async fn taken(app: &App, actor: &Actor, claimed: &Delivery, status: u16) -> Result<(), Error> {
    let org = actor.org();
    let now_is = Delivery {
        state: DeliveryState::Delivered,
        next_try_at: None,
        answer: Some(status.into()),
        failure: None,
        tried_at: Some(app.now()),
        ..claimed.clone()
    };
    let mut tx = app.db.begin().await?;
    let endpoint = held(&mut tx, org, claimed).await?;
    webhook_deliveries::set_state(&mut tx, org, claimed, &now_is).await?;
    if endpoint.is_some_and(|endpoint| endpoint.failing_since.is_some()) {
        webhook_endpoints::set_failing(&mut tx, org, claimed.endpoint, None).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The endpoint says that it is gone for good: it is told of nothing any more.
async fn gone(app: &App, actor: &Actor, claimed: &Delivery, error: &NotTaken) -> Result<(), Error> {
    let now_is = failed(claimed, (error.status(), error.to_string()), app.now());
    let mut tx = app.db.begin().await?;
    let endpoint = held(&mut tx, actor.org(), claimed).await?;
    let is_ours = webhook_deliveries::set_state(&mut tx, actor.org(), claimed, &now_is).await?;
    if is_ours && endpoint.is_some_and(|endpoint| endpoint.state == EndpointState::Enabled) {
        let to = (claimed.endpoint, EndpointState::Gone);
        moved(app, actor, &mut tx, to, "webhook_gone").await?;
    }
    tx.commit().await?;
    Ok(())
}

fn failed(claimed: &Delivery, (status, words): (Option<u16>, String), now: Timestamp) -> Delivery {
    Delivery {
        state: DeliveryState::Failed,
        next_try_at: None,
        answer: status.map(i64::from),
        failure: Some(words),
        tried_at: Some(now),
        ..claimed.clone()
    }
}

async fn not_taken(
    app: &App,
    actor: &Actor,
    claimed: &Delivery,
    why: (Option<u16>, String),
) -> Result<(), Error> {
    let (org, now) = (actor.org(), app.now());
    let tries = usize::try_from(claimed.tries).unwrap_or(usize::MAX);
    let mut now_is = failed(claimed, why, now);
    if let Some(wait) = WAITS.get(tries.saturating_sub(1)) {
        now_is.state = DeliveryState::Waiting;
        now_is.next_try_at = Some(now + *wait);
    }
    let mut tx = app.db.begin().await?;
    let endpoint = held(&mut tx, org, claimed).await?;
    let is_ours = webhook_deliveries::set_state(&mut tx, org, claimed, &now_is).await?;
    let enabled = endpoint.filter(|found| is_ours && found.state == EndpointState::Enabled);
    match enabled.map(|endpoint| endpoint.failing_since) {
        Some(None) => {
            webhook_endpoints::set_failing(&mut tx, org, claimed.endpoint, Some(now)).await?;
        }
        Some(Some(since)) if now.duration_since(since) >= FAILING_AT_MOST => {
            let to = (claimed.endpoint, EndpointState::Failing);
            moved(app, actor, &mut tx, to, "webhook_given_up").await?;
            tracing::warn!(endpoint = %claimed.endpoint, "a webhook endpoint was switched off");
        }
        Some(Some(_)) | None => {}
    }
    tx.commit().await?;
    Ok(())
}

/// Removes events and deliveries of more than thirty days ago; what waits stays. Tells how many
/// events went.
///
/// # Errors
/// The database failed.
pub async fn remove_old_events(app: &App, actor: &Actor) -> Result<u64, Error> {
    let (org, than) = (actor.org(), EventId::before(app.now() - KEPT));
    let mut tx = app.db.read().await?;
    if !webhook_events::any_older(&mut tx, org, &than).await? {
        return Ok(0);
    }
    drop(tx);
    let mut tx = app.db.begin().await?;
    let removed = webhook_events::remove_older(&mut tx, org, &than, REMOVED_AT_ONCE).await?;
    tx.commit().await?;
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_tried_for_three_days() {
        let all = WAITS.into_iter().fold(SignedDuration::ZERO, |sum, wait| sum + wait);
        assert!(all >= FAILING_AT_MOST && all < FAILING_AT_MOST + SignedDuration::from_mins(10));
    }
}
