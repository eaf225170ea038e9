//! What happened, as other programs are told of it.

use almoner_domain::webhook::{EventId, EventKind};
use almoner_domain::{OrganizationId, PaymentId, RefundId, Status, WebhookId};
use jiff::Timestamp;

use crate::db::{Row, StoreError, Touches, Tx};
use crate::params;

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// The payment.
    pub payment: PaymentId,
    /// The status that it has by then.
    pub status: Status,
    /// The version that it has by then.
    pub version: i64,
    /// The refund, when it is about one.
    pub refund: Option<RefundId>,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookEvent {
    /// The id.
    pub id: EventId,
    /// What happened.
    pub kind: EventKind,
    /// What to; nothing for a trial.
    pub about: Option<About>,
    /// When.
    pub at: Timestamp,
}

/// An event from a row that may hold other columns too.
pub(crate) fn event(row: &Row) -> Result<WebhookEvent, StoreError> {
    let about = match row.opt_int("payment_seq")? {
        None => None,
        Some(payment) => Some(About {
            payment: PaymentId::new(payment),
            status: row.word("status", Status::from_name)?,
            version: row.int("version")?,
            refund: row.opt_int("refund_seq")?.map(RefundId::new),
        }),
    };
    Ok(WebhookEvent {
        id: row.word("event_id", |id| id.parse().ok())?,
        kind: row.word("kind", EventKind::from_name)?,
        about,
        at: row.time("at_us")?,
    })
}

/// Writes an event, and puts it on its way to every endpoint that is enabled, or to one alone.
pub async fn insert(
    tx: &mut Tx,
    org: OrganizationId,
    new: &WebhookEvent,
    only: Option<WebhookId>,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO webhook_event (organization_id, event_id, kind, payment_seq, status,
        version, refund_seq, at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = params![
        org,
        &new.id,
        new.kind.as_str(),
        new.about.map(|about| about.payment),
        new.about.map(|about| about.status.as_str()),
        new.about.map(|about| about.version),
        new.about.and_then(|about| about.refund),
        new.at,
    ];
    tx.gather_one(sql, values).await?;
    let sql = "INSERT INTO webhook_delivery (organization_id, endpoint_seq, event_id, state, tries,
            next_try_at_us, queued_at_us)
        SELECT organization_id, seq, $2, 'waiting', 0, $3, $3 FROM webhook_endpoint
        WHERE organization_id = $1 AND state = 'enabled' AND seq = coalesce($4, seq)";
    tx.gather(sql, params![org, &new.id, new.at, only], Touches::Any).await
}

/// Where a page of the events lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// After this one, the oldest first.
    After(EventId),
    /// Before this one, the newest first.
    Before(EventId),
}

/// Events from a place on, at most `limit`; trials are not among them.
pub async fn list(
    tx: &mut Tx,
    org: OrganizationId,
    place: &Place,
    limit: i64,
) -> Result<Vec<WebhookEvent>, StoreError> {
    let (id, sql) = match place {
        Place::After(id) => (
            id,
            "SELECT * FROM webhook_event WHERE organization_id = $1 AND event_id > $2
                AND payment_seq IS NOT NULL ORDER BY event_id LIMIT $3",
        ),
        Place::Before(id) => (
            id,
            "SELECT * FROM webhook_event WHERE organization_id = $1 AND event_id < $2
                AND payment_seq IS NOT NULL ORDER BY event_id DESC LIMIT $3",
        ),
    };
    tx.all(sql, params![org, id, limit]).await?.iter().map(event).collect()
}

/// The event with that id, unless it is a trial.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    id: &EventId,
) -> Result<Option<WebhookEvent>, StoreError> {
    let sql = "SELECT * FROM webhook_event WHERE organization_id = $1 AND event_id = $2
        AND payment_seq IS NOT NULL";
    tx.optional(sql, params![org, id]).await?.as_ref().map(event).transpose()
}

/// How many events there are, counted up to `limit`; trials are not among them.
pub async fn count(tx: &mut Tx, org: OrganizationId, limit: i64) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) AS n FROM (SELECT 1 AS one FROM webhook_event
        WHERE organization_id = $1 AND payment_seq IS NOT NULL LIMIT $2) AS counted";
    tx.one(sql, params![org, limit]).await?.int("n")
}

/// Whether any event is older than that.
pub async fn any_older(
    tx: &mut Tx,
    org: OrganizationId,
    than: &EventId,
) -> Result<bool, StoreError> {
    let sql = "SELECT 1 AS n FROM webhook_event WHERE organization_id = $1 AND event_id < $2
        ORDER BY event_id LIMIT 1";
    Ok(tx.optional(sql, params![org, than]).await?.is_some())
}

/// Removes deliveries that ended and events that nothing refers to any more, both older than that,
/// at most `limit` of each. Tells how many events went.
pub async fn remove_older(
    tx: &mut Tx,
    org: OrganizationId,
    than: &EventId,
    limit: i64,
) -> Result<u64, StoreError> {
    let sql = "DELETE FROM webhook_delivery
        WHERE organization_id = $1 AND state <> 'waiting' AND event_id IN (
            SELECT event_id FROM webhook_event
            WHERE organization_id = $1 AND event_id < $2 ORDER BY event_id LIMIT $3)";
    tx.execute(sql, params![org, than, limit]).await?;
    let sql = "DELETE FROM webhook_event WHERE organization_id = $1 AND event_id IN (
            SELECT event_id FROM webhook_event AS old
            WHERE organization_id = $1 AND event_id < $2 AND NOT EXISTS (
                SELECT 1 FROM webhook_delivery AS held
                WHERE held.organization_id = $1 AND held.event_id = old.event_id)
            ORDER BY event_id LIMIT $3)";
    tx.execute(sql, params![org, than, limit]).await
}
