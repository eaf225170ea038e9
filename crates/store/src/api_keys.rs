//! Keys of other programs. Only a hash of the secret is stored.

use almoner_domain::scope::Scopes;
use almoner_domain::{KeyId, OrganizationId};
use jiff::Timestamp;

use crate::db::{Row, StoreError, Tx};
use crate::organizations::{self, Organization};
use crate::params;

/// A key.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// The id.
    pub id: KeyId,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub scopes: Scopes,
    /// SHA-256 of its secret.
    pub secret_hash: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends; `None` when it does not end by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to about a minute.
    pub used_at: Option<Timestamp>,
}

fn api_key(row: &Row) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        id: KeyId::new(row.int("seq")?),
        name: row.text("name")?,
        scopes: row.word("scopes", |names| Scopes::parse(names).ok())?,
        secret_hash: row.bytes("secret_hash")?,
        created_at: row.time("created_at_us")?,
        expires_at: row.opt_time("expires_at_us")?,
        revoked_at: row.opt_time("revoked_at_us")?,
        used_at: row.opt_time("used_at_us")?,
    })
}

/// Adds a key.
pub async fn insert(tx: &mut Tx, org: OrganizationId, key: &ApiKey) -> Result<(), StoreError> {
    let sql = "INSERT INTO api_key (organization_id, seq, name, scopes, secret_hash,
        created_at_us, expires_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let (name, hash) = (key.name.as_str(), key.secret_hash.as_slice());
    let scopes = key.scopes.to_string();
    let values = params![org, key.id, name, scopes, hash, key.created_at, key.expires_at];
    tx.execute_one(sql, values).await
}

/// The key with that id, and whose it is. Every request asks this, so that it is one question.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    id: KeyId,
) -> Result<Option<(ApiKey, Organization)>, StoreError> {
    let sql = "SELECT k.*, o.slug, o.name AS organization_name, o.time_zone, o.currency
        FROM api_key k JOIN organization o ON o.organization_id = k.organization_id
        WHERE k.organization_id = $1 AND k.seq = $2";
    let both = |row: Row| {
        let organization = organizations::organization_called(&row, "organization_name")?;
        Ok((api_key(&row)?, organization))
    };
    tx.optional(sql, params![org, id]).await?.map(both).transpose()
}

/// All keys, in the order in which they were made.
pub async fn all(tx: &mut Tx, org: OrganizationId) -> Result<Vec<ApiKey>, StoreError> {
    let sql = "SELECT * FROM api_key WHERE organization_id = $1 ORDER BY seq";
    tx.all(sql, params![org]).await?.iter().map(api_key).collect()
}

/// Revokes a key; false when there is none that is not revoked already.
pub async fn revoke(
    tx: &mut Tx,
    org: OrganizationId,
    id: KeyId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE api_key SET revoked_at_us = $3
        WHERE organization_id = $1 AND seq = $2 AND revoked_at_us IS NULL";
    Ok(tx.execute(sql, params![org, id, now]).await? == 1)
}

/// Notes that a key was used.
pub async fn touch(
    tx: &mut Tx,
    org: OrganizationId,
    id: KeyId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE api_key SET used_at_us = $3 WHERE organization_id = $1 AND seq = $2";
    tx.execute(sql, params![org, id, now]).await.map(drop)
}
