//! What is kept outside of the database, by a number made by chance.
//!
//! A file is `storing` from before its bytes are written until the row that refers to it is
//! committed, then `kept`, and `leaving` once nothing refers to it any more. Whatever is not kept
//! has a moment at which a job takes it up, removes its bytes and then its row; what was cut off
//! in any place is therefore found.

use almoner_domain::OrganizationId;
use jiff::Timestamp;

use crate::db::{StoreError, Tx};
use crate::params;

/// What a file is known by.
pub type FileId = [u8; 16];

/// Notes a file whose bytes are about to be written. `due` is when it is removed unless something
/// refers to it by then.
pub async fn begin(
    tx: &mut Tx,
    org: OrganizationId,
    id: &FileId,
    due: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO stored_file (organization_id, file_id, state, due_at_us)
        VALUES ($1, $2, 'storing', $3)";
    tx.execute_one(sql, params![org, &id[..], due]).await
}

/// Keeps a file whose bytes are written; false when it took so long that it is being removed.
pub async fn keep(tx: &mut Tx, org: OrganizationId, id: &FileId) -> Result<bool, StoreError> {
    let sql = "UPDATE stored_file SET state = 'kept', due_at_us = NULL
        WHERE organization_id = $1 AND file_id = $2 AND state = 'storing'";
    Ok(tx.execute(sql, params![org, &id[..]]).await? == 1)
}

/// Lets a file go to which nothing refers any more.
pub async fn let_go(
    tx: &mut Tx,
    org: OrganizationId,
    id: &FileId,
    due: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE stored_file SET state = 'leaving', due_at_us = $3
        WHERE organization_id = $1 AND file_id = $2";
    tx.execute_one(sql, params![org, &id[..], due]).await
}

/// Whether any file is due, without taking anything.
pub async fn any_due(tx: &mut Tx, org: OrganizationId, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "SELECT 1 AS n FROM stored_file
        WHERE organization_id = $1 AND due_at_us <= $2 ORDER BY due_at_us LIMIT 1";
    Ok(tx.optional(sql, params![org, now]).await?.is_some())
}

/// Takes up the files that are due, the longest due first, and moves each on to `again`, when it
/// is taken up once more unless it is gone by then.
pub async fn take_due(
    tx: &mut Tx,
    org: OrganizationId,
    (now, again): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<FileId>, StoreError> {
    let free = tx.lock_free();
    let sql = format!(
        "SELECT file_id FROM stored_file WHERE organization_id = $1 AND due_at_us <= $2
        ORDER BY due_at_us, file_id LIMIT $3{free}"
    );
    let rows = tx.all(sql, params![org, now, limit]).await?;
    let mut taken = Vec::with_capacity(rows.len());
    for row in rows {
        let id = file_id(row.bytes("file_id")?)?;
        let_go(tx, org, &id, again).await?;
        taken.push(id);
    }
    Ok(taken)
}

/// Forgets a file whose bytes are gone.
pub async fn forget(tx: &mut Tx, org: OrganizationId, id: &FileId) -> Result<(), StoreError> {
    let sql = "DELETE FROM stored_file
        WHERE organization_id = $1 AND file_id = $2 AND state = 'leaving'";
    tx.execute(sql, params![org, &id[..]]).await.map(drop)
}

/// A number as it is stored.
pub(crate) fn file_id(bytes: Vec<u8>) -> Result<FileId, StoreError> {
    bytes.try_into().map_err(|_| StoreError::Corrupt("file_id".to_owned()))
}
