//! Sessions of the staff. Only a hash of the token is stored.

use almoner_domain::{OrganizationId, UserId};
use jiff::Timestamp;

use crate::db::{StoreError, Tx};
use crate::params;
use crate::staff::{StaffUser, staff_user};

/// A session that was found.
#[derive(Debug, Clone)]
pub struct Session {
    /// Whose it is.
    pub user: StaffUser,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used.
    pub seen_at: Timestamp,
}

/// Begins a session.
pub async fn insert(
    tx: &mut Tx,
    org: OrganizationId,
    token_hash: &[u8],
    user: UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO session (organization_id, token_hash, user_seq, created_at_us,
        seen_at_us) VALUES ($1, $2, $3, $4, $4)";
    tx.execute_one(sql, params![org, token_hash, user, now]).await
}

/// The session with that token's hash.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    token_hash: &[u8],
) -> Result<Option<Session>, StoreError> {
    let sql = "SELECT u.*, s.created_at_us AS began_at_us, s.seen_at_us FROM session s
        JOIN staff_user u ON u.organization_id = s.organization_id AND u.seq = s.user_seq
        WHERE s.organization_id = $1 AND s.token_hash = $2";
    let Some(row) = tx.optional(sql, params![org, token_hash]).await? else {
        return Ok(None);
    };
    Ok(Some(Session {
        user: staff_user(&row)?,
        created_at: row.time("began_at_us")?,
        seen_at: row.time("seen_at_us")?,
    }))
}

/// Notes that a session was used.
pub async fn touch(
    tx: &mut Tx,
    org: OrganizationId,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE session SET seen_at_us = $3 WHERE organization_id = $1 AND token_hash = $2";
    tx.execute(sql, params![org, token_hash, now]).await.map(drop)
}

/// Ends a session.
pub async fn delete(tx: &mut Tx, org: OrganizationId, token_hash: &[u8]) -> Result<(), StoreError> {
    let sql = "DELETE FROM session WHERE organization_id = $1 AND token_hash = $2";
    tx.execute(sql, params![org, token_hash]).await.map(drop)
}

/// Ends all sessions of a member of the staff.
pub async fn delete_of(tx: &mut Tx, org: OrganizationId, user: UserId) -> Result<(), StoreError> {
    let sql = "DELETE FROM session WHERE organization_id = $1 AND user_seq = $2";
    tx.execute(sql, params![org, user]).await.map(drop)
}

/// Removes the sessions that began or were last used too long ago.
pub async fn delete_expired(
    tx: &mut Tx,
    began_before: Timestamp,
    seen_before: Timestamp,
) -> Result<u64, StoreError> {
    let sql = "DELETE FROM session WHERE created_at_us < $1 OR seen_at_us < $2";
    tx.execute(sql, params![began_before, seen_before]).await
}
