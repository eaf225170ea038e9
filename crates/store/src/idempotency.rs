//! Requests that were carried out once: the same key again gives the same answer.

use almoner_domain::OrganizationId;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::db::{StoreError, Tx};
use crate::params;

/// What is known of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It is new, and now taken.
    New,
    /// The same request was carried out and led to the row with this number.
    Same(i64),
    /// Another request was carried out under it.
    Other,
}

/// A key as it is stored: keys come from outside, may be long and may hold any letters.
fn stored(key: &str) -> String {
    almoner_domain::text::hex(&Sha256::digest(key))
}

/// Looks a key up. A racing request with the same key fails on [`keep`].
pub async fn look(
    tx: &mut Tx,
    org: OrganizationId,
    scope: &str,
    key: &str,
    request_hash: &[u8],
) -> Result<Seen, StoreError> {
    let sql = "SELECT request_hash, result_seq FROM idempotency
        WHERE organization_id = $1 AND scope = $2 AND key = $3";
    let Some(row) = tx.optional(sql, params![org, scope, stored(key)]).await? else {
        return Ok(Seen::New);
    };
    if row.bytes("request_hash")? == request_hash {
        Ok(Seen::Same(row.int("result_seq")?))
    } else {
        Ok(Seen::Other)
    }
}

/// Keeps what a key led to.
///
/// # Errors
/// [`StoreError::Duplicate`] when a racing request with the same key was faster.
pub async fn keep(
    tx: &mut Tx,
    org: OrganizationId,
    (scope, key): (&str, &str),
    request_hash: &[u8],
    result_seq: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO idempotency (organization_id, scope, key, request_hash, result_seq,
        created_at_us) VALUES ($1, $2, $3, $4, $5, $6)";
    let key = stored(key);
    tx.gather_one(sql, params![org, scope, key, request_hash, result_seq, now]).await
}
