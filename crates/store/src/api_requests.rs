//! Requests of other programs that carry an idempotency key, and the answers to them.

use almoner_domain::{KeyId, OrganizationId};
use jiff::Timestamp;

use crate::db::{Row, StoreError, Tx};
use crate::params;

/// Rows that are removed in one transaction at most.
pub const MAX_REMOVED: i64 = 500;

/// Which request it is: whose, to which route, under which idempotency key.
#[derive(Debug, Clone)]
pub struct Place {
    /// The organization.
    pub org: OrganizationId,
    /// The key of the program that asks.
    pub key: KeyId,
    /// The method and the route, such as `POST /api/v1/estimates`.
    pub route: String,
    /// SHA-256 of the idempotency key.
    pub idempotency_hash: Vec<u8>,
}

/// A request that was received.
#[derive(Debug, Clone)]
pub struct ApiRequest {
    /// SHA-256 of what was asked.
    pub request_hash: Vec<u8>,
    /// When it was received first.
    pub received_at: Timestamp,
    /// When the run that is or was under way began.
    pub started_at: Timestamp,
    /// The answer; `None` while it is under way.
    pub answer: Option<KeptAnswer>,
}

/// An answer as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The status.
    pub status: i64,
    /// What else belongs to it, as JSON.
    pub head: String,
    /// The compressed body; `None` when it was too large to be kept.
    pub body: Option<Vec<u8>>,
}

fn request(row: &Row) -> Result<ApiRequest, StoreError> {
    let answer = match row.opt_int("status")? {
        Some(status) => {
            let head = row.text("head")?;
            Some(KeptAnswer { status, head, body: row.opt_bytes("body")? })
        }
        None => None,
    };
    Ok(ApiRequest {
        request_hash: row.bytes("request_hash")?,
        received_at: row.time("received_at_us")?,
        started_at: row.time("started_at_us")?,
        answer,
    })
}

/// Takes the place for a run; false when it is taken. Of requests that race, one gets it.
pub async fn take(
    tx: &mut Tx,
    place: &Place,
    request_hash: &[u8],
    run: &[u8],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "INSERT INTO api_request (organization_id, key_seq, route, idempotency_hash,
            request_hash, run_id, received_at_us, started_at_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING";
    let Place { org, key, route, idempotency_hash } = place.clone();
    let values = params![org, key, route, idempotency_hash, request_hash, run, now];
    Ok(tx.execute(sql, values).await? == 1)
}

/// What stands at a place, locked until the transaction ends.
pub async fn lock(tx: &mut Tx, place: &Place) -> Result<Option<ApiRequest>, StoreError> {
    let lock = tx.lock();
    let sql = format!(
        "SELECT * FROM api_request WHERE organization_id = $1 AND key_seq = $2 AND route = $3
        AND idempotency_hash = $4{lock}"
    );
    let Place { org, key, route, idempotency_hash } = place.clone();
    let row = tx.optional(sql, params![org, key, route, idempotency_hash]).await?;
    row.as_ref().map(request).transpose()
}

/// Whether the request at a place is still without an answer.
pub async fn is_open(tx: &mut Tx, place: &Place) -> Result<bool, StoreError> {
    let sql = "SELECT 1 AS one FROM api_request WHERE organization_id = $1 AND key_seq = $2
        AND route = $3 AND idempotency_hash = $4 AND status IS NULL AND started_at_us > 0";
    let Place { org, key, route, idempotency_hash } = place.clone();
    Ok(tx.optional(sql, params![org, key, route, idempotency_hash]).await?.is_some())
}

/// Gives a place that is locked to another run; what stood there is forgotten.
pub async fn retake(
    tx: &mut Tx,
    place: &Place,
    request_hash: &[u8],
    run: &[u8],
    (received, started): (Timestamp, Timestamp),
) -> Result<(), StoreError> {
    let sql = "UPDATE api_request SET request_hash = $5, run_id = $6, received_at_us = $7,
            started_at_us = $8, status = NULL, head = NULL, body = NULL
        WHERE organization_id = $1 AND key_seq = $2 AND route = $3 AND idempotency_hash = $4";
    let Place { org, key, route, idempotency_hash } = place.clone();
    let values = params![org, key, route, idempotency_hash, request_hash, run, received, started];
    tx.execute_one(sql, values).await
}

/// Keeps the answer of a run; false when another run has taken its place.
pub async fn keep(
    tx: &mut Tx,
    place: &Place,
    run: &[u8],
    answer: &KeptAnswer,
) -> Result<bool, StoreError> {
    let sql = "UPDATE api_request SET status = $6, head = $7, body = $8
        WHERE organization_id = $1 AND key_seq = $2 AND route = $3 AND idempotency_hash = $4
            AND run_id = $5 AND status IS NULL";
    let Place { org, key, route, idempotency_hash } = place.clone();
    let KeptAnswer { status, head, body } = answer.clone();
    let values = params![org, key, route, idempotency_hash, run, status, head, body];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Frees the place of a run that came to nothing. It keeps when the request was received: what the
/// run had committed before it failed is known by that to the run that takes over.
pub async fn free(tx: &mut Tx, place: &Place, run: &[u8]) -> Result<(), StoreError> {
    let sql = "UPDATE api_request SET started_at_us = 0 WHERE organization_id = $1
        AND key_seq = $2 AND route = $3 AND idempotency_hash = $4 AND run_id = $5
        AND status IS NULL";
    let Place { org, key, route, idempotency_hash } = place.clone();
    tx.execute(sql, params![org, key, route, idempotency_hash, run]).await.map(drop)
}

/// Removes requests that were received before that moment, at most [`MAX_REMOVED`]; tells how
/// many.
pub async fn remove_before(
    tx: &mut Tx,
    org: OrganizationId,
    before: Timestamp,
) -> Result<u64, StoreError> {
    let sql = "DELETE FROM api_request WHERE organization_id = $1
        AND (key_seq, route, idempotency_hash) IN (
            SELECT key_seq, route, idempotency_hash FROM api_request
            WHERE organization_id = $1 AND received_at_us < $2 ORDER BY received_at_us LIMIT $3)";
    tx.execute(sql, params![org, before, MAX_REMOVED]).await
}
