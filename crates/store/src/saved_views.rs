//! Lists of payments that members of the staff kept under a name.

use almoner_domain::{OrganizationId, UserId};
use jiff::Timestamp;

use crate::db::{Row, StoreError, Tx};
use crate::params;

/// A list under its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedView {
    /// What it is called.
    pub name: String,
    /// The query string of the list, without its place.
    pub query: String,
}

fn saved_view(row: &Row) -> Result<SavedView, StoreError> {
    Ok(SavedView { name: row.text("name")?, query: row.text("query")? })
}

/// Keeps a list under a name; it takes the place of the one that had the name.
pub async fn save(
    tx: &mut Tx,
    org: OrganizationId,
    user: UserId,
    view: &SavedView,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO saved_view (organization_id, user_seq, name, query, saved_at_us)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (organization_id, user_seq, name)
        DO UPDATE SET query = excluded.query, saved_at_us = excluded.saved_at_us";
    let (name, query) = (&*view.name, &*view.query);
    tx.execute_one(sql, params![org, user, name, query, now]).await
}

/// Forgets a list; it may be gone already.
pub async fn remove(
    tx: &mut Tx,
    org: OrganizationId,
    user: UserId,
    name: &str,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM saved_view
        WHERE organization_id = $1 AND user_seq = $2 AND name = $3";
    tx.execute(sql, params![org, user, name]).await.map(drop)
}

/// Somebody's lists, the one that was kept first at the beginning.
pub async fn of(
    tx: &mut Tx,
    org: OrganizationId,
    user: UserId,
) -> Result<Vec<SavedView>, StoreError> {
    let sql = "SELECT name, query FROM saved_view
        WHERE organization_id = $1 AND user_seq = $2 ORDER BY saved_at_us, name";
    tx.all(sql, params![org, user]).await?.iter().map(saved_view).collect()
}
