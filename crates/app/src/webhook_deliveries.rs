//! What other programs were told of: the events, the log of each endpoint's deliveries, a trial,
//! and sending again.

use almoner_domain::webhook::EventId;
use almoner_domain::{Invalid, WebhookId};
use almoner_store::webhook_deliveries::{self, Delivery};
use almoner_store::webhook_endpoints::{Endpoint, EndpointState};
use almoner_store::webhook_events::{self, Place, WebhookEvent};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::webhook_endpoints::{SUBJECT, endpoint, locked};
use crate::{record, tell};

/// Deliveries of a page of the log.
pub const PAGE_ROWS: i64 = 50;
/// Events up to which they are counted.
pub const MAX_COUNTED: i64 = 10_000;

/// A page of an endpoint's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveriesView {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Its deliveries, the newest event first.
    pub deliveries: Vec<Delivery>,
    /// Older ones follow the last of these.
    pub has_more: bool,
}

/// An endpoint and its deliveries, of events before that one.
///
/// # Errors
/// No permission, or no such endpoint.
pub async fn deliveries(
    app: &App,
    actor: &Actor,
    id: WebhookId,
    before: Option<&EventId>,
) -> Result<DeliveriesView, Error> {
    let endpoint = endpoint(app, actor, id).await?;
    let mut tx = app.db.read().await?;
    let place = (id, before);
    let found = webhook_deliveries::list(&mut tx, actor.org(), place, PAGE_ROWS + 1).await?;
    let page = usize::try_from(PAGE_ROWS).unwrap_or(usize::MAX);
    let has_more = found.len() > page;
    let deliveries = found.into_iter().take(page).collect();
    Ok(DeliveriesView { endpoint, deliveries, has_more })
}

/// Puts a trial on its way to an endpoint, and gives its event.
///
/// # Errors
/// No permission, no such endpoint, or it is switched off.
pub async fn send_test(app: &App, actor: &Actor, id: WebhookId) -> Result<EventId, Error> {
    actor.must(Action::ManageWebhooks)?;
    let now = app.now();
    let mut tx = app.db.begin().await?;
    enabled(&locked(&mut tx, actor, id).await?)?;
    let event = tell::trial(app, actor, &mut tx, id, now).await?;
    let detail = json!({ "event": event.as_str() });
    let what = ("webhook_tested", (SUBJECT, id.seq()), now);
    record::happened_at(app, actor, &mut tx, what, detail).await?;
    tx.commit().await?;
    Ok(event)
}

/// Has a delivery sent at once. One that is being sent right now is left alone.
///
/// # Errors
/// No permission, no such delivery, or the endpoint is switched off.
pub async fn send_again(
    app: &App,
    actor: &Actor,
    (id, event): (WebhookId, &EventId),
) -> Result<(), Error> {
    actor.must(Action::ManageWebhooks)?;
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    enabled(&locked(&mut tx, actor, id).await?)?;
    let found = webhook_deliveries::get(&mut tx, org, (id, event)).await?;
    found.ok_or(Error::NotFound("delivery"))?;
    if webhook_deliveries::send_again(&mut tx, org, (id, event), now).await? {
        let detail = json!({ "event": event.as_str() });
        let what = ("webhook_sent_again", (SUBJECT, id.seq()), now);
        record::happened_at(app, actor, &mut tx, what, detail).await?;
    }
    tx.commit().await?;
    Ok(())
}

fn enabled(endpoint: &Endpoint) -> Result<(), Invalid> {
    if endpoint.state == EndpointState::Enabled {
        return Ok(());
    }
    let message = "This endpoint is switched off. Switch it on first.";
    Err(Invalid::one("endpoint", "disabled", message))
}

/// An event; a trial is none.
///
/// # Errors
/// No permission, no such event any more, or the database failed.
pub async fn event(app: &App, actor: &Actor, id: &EventId) -> Result<WebhookEvent, Error> {
    actor.must(Action::ManageWebhooks)?;
    let mut tx = app.db.read().await?;
    let found = webhook_events::get(&mut tx, actor.org(), id).await?;
    found.ok_or(Error::NotFound("event"))
}

/// A page of the events, always the oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventsView {
    /// The events.
    pub events: Vec<WebhookEvent>,
    /// Whether events precede and whether events follow.
    pub more: (bool, bool),
    /// How many there are; [`MAX_COUNTED`] may be more.
    pub total: i64,
}

/// The events from a place on, at most `limit`.
///
/// # Errors
/// No permission, or the database failed.
pub async fn events(
    app: &App,
    actor: &Actor,
    place: &Place,
    limit: i64,
) -> Result<EventsView, Error> {
    actor.must(Action::ManageWebhooks)?;
    let org = actor.org();
    let mut tx = app.db.read().await?;
    let mut events = webhook_events::list(&mut tx, org, place, limit + 1).await?;
    let has_more = i64::try_from(events.len()).is_ok_and(|found| found > limit);
    events.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let more = match place {
        Place::After(id) => {
            let first = Place::Before(events.first().map_or(id, |event| &event.id).clone());
            let precede = webhook_events::list(&mut tx, org, &first, 1).await?;
            (!precede.is_empty(), has_more)
        }
        Place::Before(_) => {
            events.reverse();
            (has_more, !events.is_empty())
        }
    };
    let total = webhook_events::count(&mut tx, org, MAX_COUNTED).await?;
    Ok(EventsView { events, more, total })
}
