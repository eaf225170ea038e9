//! The files that payers' answers came in, untouched, in parts.
//!
//! A file is whole once its size is noted, which is done with its last part. Only then do checks
//! refer to it, so a file whose storing was cut off is finished when it is handed in again.

use almoner_domain::OrganizationId;
use jiff::Timestamp;

use crate::db::{StoreError, Tx};
use crate::params;

/// How long every part but the last is.
pub const PART_BYTES: usize = 256 * 1024;

/// A file that is handed in.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// SHA-256 of the content.
    pub hash: Vec<u8>,
    /// Its name, without folders.
    pub name: String,
}

/// Notes a file, and tells whether its content is here already. What was said of the same content
/// before is forgotten, but its name and time stay.
pub async fn begin(
    tx: &mut Tx,
    org: OrganizationId,
    file: &NewFile,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "INSERT INTO eligibility_file (organization_id, file_hash, name, imported_at_us)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (organization_id, file_hash) DO UPDATE SET failure = NULL
        RETURNING size_bytes";
    let NewFile { hash, name } = file.clone();
    let row = tx.one(sql, params![org, hash, name, now]).await?;
    Ok(row.opt_int("size_bytes")?.is_some())
}

/// Adds a part; one that is there stays.
pub async fn add_part(
    tx: &mut Tx,
    org: OrganizationId,
    hash: &[u8],
    (part_no, content): (i64, Vec<u8>),
) -> Result<(), StoreError> {
    let sql = "INSERT INTO eligibility_file_part (organization_id, file_hash, part_no, content)
        VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    tx.execute(sql, params![org, hash, part_no, content]).await.map(drop)
}

/// Notes that every part is there.
pub async fn end(
    tx: &mut Tx,
    org: OrganizationId,
    hash: &[u8],
    size_bytes: i64,
) -> Result<(), StoreError> {
    let sql = "UPDATE eligibility_file SET size_bytes = $3
        WHERE organization_id = $1 AND file_hash = $2";
    tx.execute_one(sql, params![org, hash, size_bytes]).await
}

/// Notes why nothing could be read from a file.
pub async fn set_failure(
    tx: &mut Tx,
    org: OrganizationId,
    hash: &[u8],
    failure: &str,
) -> Result<(), StoreError> {
    let sql = "UPDATE eligibility_file SET failure = $3
        WHERE organization_id = $1 AND file_hash = $2";
    tx.execute_one(sql, params![org, hash, failure]).await
}

/// A file that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    /// SHA-256 of the content.
    pub hash: Vec<u8>,
    /// Its name.
    pub name: String,
    /// How long it is.
    pub size_bytes: i64,
}

/// The file of that content, when it is whole.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    hash: &[u8],
) -> Result<Option<KeptFile>, StoreError> {
    let sql = "SELECT name, size_bytes FROM eligibility_file
        WHERE organization_id = $1 AND file_hash = $2 AND size_bytes IS NOT NULL";
    let row = tx.optional(sql, params![org, hash]).await?;
    let file = |row: crate::db::Row| {
        let (name, size_bytes) = (row.text("name")?, row.int("size_bytes")?);
        Ok(KeptFile { hash: hash.to_vec(), name, size_bytes })
    };
    row.map(file).transpose()
}

/// A part of a file, counted from 0; `None` behind the last.
pub async fn part(
    tx: &mut Tx,
    org: OrganizationId,
    hash: &[u8],
    part_no: i64,
) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT content FROM eligibility_file_part
        WHERE organization_id = $1 AND file_hash = $2 AND part_no = $3";
    let row = tx.optional(sql, params![org, hash, part_no]).await?;
    row.map(|row| row.bytes("content")).transpose()
}
