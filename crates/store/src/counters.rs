//! The numbers behind public ids: counted per organization and kind, never used again.

use almoner_domain::OrganizationId;

use crate::db::{StoreError, Tx};
use crate::params;

/// Takes the next number of a kind, such as `PAY`.
pub async fn next(tx: &mut Tx, org: OrganizationId, kind: &str) -> Result<i64, StoreError> {
    let sql = "INSERT INTO counter (organization_id, kind, last) VALUES ($1, $2, 1)
        ON CONFLICT (organization_id, kind) DO UPDATE SET last = counter.last + 1
        RETURNING last";
    tx.changed_int(sql, params![org, kind], "last").await
}

/// Lets nobody else take a number of a kind until the transaction ends: whoever looks whether a
/// thing is there before adding it sees what others added meanwhile.
pub async fn hold(tx: &mut Tx, org: OrganizationId, kind: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO counter (organization_id, kind, last) VALUES ($1, $2, 0)
        ON CONFLICT (organization_id, kind) DO UPDATE SET last = counter.last";
    tx.execute_one(sql, params![org, kind]).await
}
