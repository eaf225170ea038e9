//! Where other programs are told of events.

use almoner_domain::{OrganizationId, WebhookId};
use jiff::Timestamp;

use crate::db::{Row, StoreError, Tx};
use crate::params;

/// Where an endpoint stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointState {
    /// It is told of events.
    Enabled,
    /// Somebody switched it off.
    Disabled,
    /// It answered that it is gone for good.
    Gone,
    /// Nothing arrived there for days.
    Failing,
    /// Somebody deleted it.
    Deleted,
}

impl EndpointState {
    const ALL: [Self; 5] =
        [Self::Enabled, Self::Disabled, Self::Gone, Self::Failing, Self::Deleted];

    /// The name that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Gone => "gone",
            Self::Failing => "failing",
            Self::Deleted => "deleted",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// What a secret is made from, by a key that is not in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    /// Bytes of chance.
    pub salt: Vec<u8>,
    /// Which key makes the secret.
    pub key_mark: Vec<u8>,
}

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The id.
    pub id: WebhookId,
    /// Its address.
    pub url: String,
    /// What it is for, in somebody's words.
    pub description: Option<String>,
    /// Where it stands.
    pub state: EndpointState,
    /// What its secret is made from.
    pub seed: Seed,
    /// What the secret before is made from, and until when it signs too.
    pub older: Option<(Seed, Timestamp)>,
    /// Since when nothing arrives there.
    pub failing_since: Option<Timestamp>,
    /// When it was added.
    pub created_at: Timestamp,
    /// Since when it stands so.
    pub state_since: Timestamp,
}

fn endpoint(row: &Row) -> Result<Endpoint, StoreError> {
    let older = match (
        row.opt_bytes("older_salt")?,
        row.opt_bytes("older_key_mark")?,
        row.opt_time("older_until_us")?,
    ) {
        (Some(salt), Some(key_mark), Some(until)) => Some((Seed { salt, key_mark }, until)),
        _ => None,
    };
    Ok(Endpoint {
        id: WebhookId::new(row.int("seq")?),
        url: row.text("url")?,
        description: row.opt_text("description")?,
        state: row.word("state", EndpointState::from_name)?,
        seed: Seed { salt: row.bytes("salt")?, key_mark: row.bytes("key_mark")? },
        older,
        failing_since: row.opt_time("failing_since_us")?,
        created_at: row.time("created_at_us")?,
        state_since: row.time("state_since_us")?,
    })
}

/// Adds an endpoint, which is enabled.
///
/// # Errors
/// [`StoreError::Duplicate`] when there is one with that address that is not deleted.
pub async fn insert(tx: &mut Tx, org: OrganizationId, new: &Endpoint) -> Result<(), StoreError> {
    let sql = "INSERT INTO webhook_endpoint (organization_id, seq, url, description, state, salt,
        key_mark, created_at_us, state_since_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)";
    let Endpoint { id, url, description, state, seed, created_at, .. } = new.clone();
    let (salt, key_mark) = (seed.salt, seed.key_mark);
    let state = state.as_str();
    let values = params![org, id, url, description, state, salt, key_mark, created_at];
    tx.execute_one(sql, values).await
}

/// The endpoint with that id, unless it was deleted.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    id: WebhookId,
) -> Result<Option<Endpoint>, StoreError> {
    let sql = "SELECT * FROM webhook_endpoint
        WHERE organization_id = $1 AND seq = $2 AND state <> 'deleted'";
    tx.optional(sql, params![org, id]).await?.as_ref().map(endpoint).transpose()
}

/// As [`get`], and it stays so until the commit. Whoever changes deliveries of an endpoint holds
/// it first.
pub async fn lock(
    tx: &mut Tx,
    org: OrganizationId,
    id: WebhookId,
) -> Result<Option<Endpoint>, StoreError> {
    let lock = tx.lock();
    let sql = format!(
        "SELECT * FROM webhook_endpoint
        WHERE organization_id = $1 AND seq = $2 AND state <> 'deleted'{lock}"
    );
    tx.optional(sql, params![org, id]).await?.as_ref().map(endpoint).transpose()
}

/// All endpoints that were not deleted, in the order in which they were added.
pub async fn all(tx: &mut Tx, org: OrganizationId) -> Result<Vec<Endpoint>, StoreError> {
    let sql = "SELECT * FROM webhook_endpoint
        WHERE organization_id = $1 AND state <> 'deleted' ORDER BY seq";
    tx.all(sql, params![org]).await?.iter().map(endpoint).collect()
}

/// Moves an endpoint, and forgets since when nothing arrived there.
pub async fn set_state(
    tx: &mut Tx,
    org: OrganizationId,
    (id, state): (WebhookId, EndpointState),
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE webhook_endpoint SET state = $3, state_since_us = $4, failing_since_us = NULL
        WHERE organization_id = $1 AND seq = $2";
    tx.execute_one(sql, params![org, id, state.as_str(), now]).await
}

/// Notes since when nothing arrives at an endpoint that is enabled, or that it does.
pub async fn set_failing(
    tx: &mut Tx,
    org: OrganizationId,
    id: WebhookId,
    since: Option<Timestamp>,
) -> Result<(), StoreError> {
    let sql = "UPDATE webhook_endpoint SET failing_since_us = $3
        WHERE organization_id = $1 AND seq = $2 AND state = 'enabled'";
    tx.execute(sql, params![org, id, since]).await.map(drop)
}

/// Gives an endpoint a new secret; the one that it has signs too until then.
pub async fn renew(
    tx: &mut Tx,
    org: OrganizationId,
    (id, seed): (WebhookId, &Seed),
    until: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE webhook_endpoint SET older_salt = salt, older_key_mark = key_mark,
            older_until_us = $5, salt = $3, key_mark = $4
        WHERE organization_id = $1 AND seq = $2";
    let (salt, key_mark) = (seed.salt.as_slice(), seed.key_mark.as_slice());
    tx.execute_one(sql, params![org, id, salt, key_mark, until]).await
}
