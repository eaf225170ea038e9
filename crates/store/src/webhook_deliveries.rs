//! Events on their way to endpoints.

use almoner_domain::webhook::EventId;
use almoner_domain::{OrganizationId, WebhookId};
use jiff::Timestamp;

use crate::db::{Row, StoreError, Tx};
use crate::params;
use crate::webhook_events::{self, WebhookEvent};

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is to be sent.
    Waiting,
    /// The endpoint took it.
    Delivered,
    /// The endpoint did not take it, however often it was tried.
    Failed,
    /// The endpoint was switched off before it was sent.
    Dropped,
}

impl DeliveryState {
    const ALL: [Self; 4] = [Self::Waiting, Self::Delivered, Self::Failed, Self::Dropped];

    /// The name that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// An event on its way to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// To which endpoint.
    pub endpoint: WebhookId,
    /// Which event.
    pub event: WebhookEvent,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub tries: i64,
    /// When it is tried next.
    pub next_try_at: Option<Timestamp>,
    /// Until when a server holds it to send it.
    pub claimed_until: Option<Timestamp>,
    /// The status of the newest answer.
    pub answer: Option<i64>,
    /// Why the newest try failed.
    pub failure: Option<String>,
    /// When it was tried last.
    pub tried_at: Option<Timestamp>,
}

fn delivery(row: &Row) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        endpoint: WebhookId::new(row.int("endpoint_seq")?),
        event: webhook_events::event(row)?,
        state: row.word("state", DeliveryState::from_name)?,
        tries: row.int("tries")?,
        next_try_at: row.opt_time("next_try_at_us")?,
        claimed_until: row.opt_time("claimed_until_us")?,
        answer: row.opt_int("answer")?,
        failure: row.opt_text("failure")?,
        tried_at: row.opt_time("tried_at_us")?,
    })
}

const DELIVERY: &str = "SELECT d.endpoint_seq, d.state, d.tries, d.next_try_at_us,
        d.claimed_until_us, d.answer, d.failure, d.tried_at_us, e.event_id, e.kind, e.payment_seq,
        e.status, e.version, e.refund_seq, e.at_us
    FROM webhook_delivery AS d JOIN webhook_event AS e
        ON e.organization_id = d.organization_id AND e.event_id = d.event_id
    WHERE d.organization_id = $1 AND d.endpoint_seq = $2";

/// The deliveries to an endpoint, the newest first, at most `limit`, of events before that one.
pub async fn list(
    tx: &mut Tx,
    org: OrganizationId,
    (endpoint, before): (WebhookId, Option<&EventId>),
    limit: i64,
) -> Result<Vec<Delivery>, StoreError> {
    let sql = format!(
        "{DELIVERY} AND (CAST($3 AS TEXT) IS NULL OR d.event_id < $3)
        ORDER BY d.event_id DESC LIMIT $4"
    );
    tx.all(sql, params![org, endpoint, before, limit]).await?.iter().map(delivery).collect()
}

/// The delivery of an event to an endpoint.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    (endpoint, event): (WebhookId, &EventId),
) -> Result<Option<Delivery>, StoreError> {
    let sql = format!("{DELIVERY} AND d.event_id = $3");
    tx.optional(sql, params![org, endpoint, event]).await?.as_ref().map(delivery).transpose()
}

/// Whether any delivery is to be sent by now.
pub async fn any_due(tx: &mut Tx, org: OrganizationId, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "SELECT 1 AS n FROM webhook_delivery WHERE organization_id = $1
        AND state = 'waiting' AND next_try_at_us <= $2
        AND (claimed_until_us IS NULL OR claimed_until_us <= $2)
        ORDER BY next_try_at_us LIMIT 1";
    Ok(tx.optional(sql, params![org, now]).await?.is_some())
}

/// Claims deliveries to an endpoint that are to be sent by now until a moment, the longest waiting
/// first. With those that are being sent already they are `limit` at most.
pub async fn claim(
    tx: &mut Tx,
    org: OrganizationId,
    endpoint: WebhookId,
    (now, until): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<Delivery>, StoreError> {
    let sql = "SELECT count(*) AS n FROM webhook_delivery WHERE organization_id = $1
        AND endpoint_seq = $2 AND state = 'waiting' AND claimed_until_us > $3";
    let held = tx.one(sql, params![org, endpoint, now]).await?.int("n")?;
    let free = tx.lock_free();
    let sql = format!(
        "SELECT event_id FROM webhook_delivery WHERE organization_id = $1 AND endpoint_seq = $2
        AND state = 'waiting' AND next_try_at_us <= $3
        AND (claimed_until_us IS NULL OR claimed_until_us <= $3)
        ORDER BY next_try_at_us, event_id LIMIT $4{free}"
    );
    let room = (limit - held).max(0);
    let due = tx.all(sql, params![org, endpoint, now, room]).await?;
    let sql = "UPDATE webhook_delivery SET claimed_until_us = $4, tries = tries + 1
        WHERE organization_id = $1 AND endpoint_seq = $2 AND event_id = $3";
    let mut claimed = Vec::with_capacity(due.len());
    for row in due {
        let event: EventId = row.word("event_id", |id| id.parse().ok())?;
        tx.execute_one(sql, params![org, endpoint, &event, until]).await?;
        claimed.extend(get(tx, org, (endpoint, &event)).await?);
    }
    Ok(claimed)
}

/// Writes where a delivery stands now, unless somebody else holds it by now or it was dropped;
/// false then.
pub async fn set_state(
    tx: &mut Tx,
    org: OrganizationId,
    claimed: &Delivery,
    now_is: &Delivery,
) -> Result<bool, StoreError> {
    let sql = "UPDATE webhook_delivery SET state = $5, tries = $6, next_try_at_us = $7,
            claimed_until_us = NULL, answer = $8, failure = $9, tried_at_us = $10
        WHERE organization_id = $1 AND endpoint_seq = $2 AND event_id = $3
            AND claimed_until_us = $4 AND state = 'waiting'";
    let values = params![
        org,
        claimed.endpoint,
        &claimed.event.id,
        claimed.claimed_until,
        now_is.state.as_str(),
        now_is.tries,
        now_is.next_try_at,
        now_is.answer,
        now_is.failure.clone(),
        now_is.tried_at,
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Has a delivery sent at once: one that ended is tried anew from the beginning. What is being
/// sent is left alone; false then.
pub async fn send_again(
    tx: &mut Tx,
    org: OrganizationId,
    (endpoint, event): (WebhookId, &EventId),
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE webhook_delivery SET state = 'waiting', next_try_at_us = $4,
            tries = CASE WHEN state = 'waiting' AND tries < 2 THEN tries ELSE 0 END
        WHERE organization_id = $1 AND endpoint_seq = $2 AND event_id = $3
            AND (claimed_until_us IS NULL OR claimed_until_us <= $4)";
    Ok(tx.execute(sql, params![org, endpoint, event, now]).await? == 1)
}

/// Drops what waits for an endpoint, which the caller holds. Tells how many.
pub async fn drop_waiting(
    tx: &mut Tx,
    org: OrganizationId,
    endpoint: WebhookId,
) -> Result<u64, StoreError> {
    let sql = "UPDATE webhook_delivery SET state = 'dropped', next_try_at_us = NULL,
            claimed_until_us = NULL
        WHERE organization_id = $1 AND endpoint_seq = $2 AND state = 'waiting'";
    tx.execute(sql, params![org, endpoint]).await
}

/// Drops what is due by now for endpoints that are told of nothing any more: a change that was
/// committed while one was switched off has put it there. Tells how many.
pub async fn drop_stray(
    tx: &mut Tx,
    org: OrganizationId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let sql = "UPDATE webhook_delivery SET state = 'dropped', next_try_at_us = NULL,
            claimed_until_us = NULL
        WHERE organization_id = $1 AND state = 'waiting' AND next_try_at_us <= $2
            AND endpoint_seq NOT IN (SELECT seq FROM webhook_endpoint
                WHERE organization_id = $1 AND state = 'enabled')";
    tx.execute(sql, params![org, now]).await
}
