//! Rows that the processor is asked about: the tables of attempts, refunds, unapplied refunds and
//! payouts have the same two columns for it, when it is asked next and how often it was.

use almoner_domain::OrganizationId;
use jiff::Timestamp;

use crate::db::{Row, StoreError, Tx};
use crate::params;

/// A table whose rows are asked about, and what tells its rows apart within an organization.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking {
    /// The table.
    pub(crate) table: &'static str,
    /// The columns of its key after the organization's.
    pub(crate) key: &'static str,
}

impl Asking {
    /// Whether any row is due, without taking anything.
    pub(crate) async fn any_due(
        self,
        tx: &mut Tx,
        org: OrganizationId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let table = self.table;
        // The order keeps a server to the index, though it plans for any moment and takes rows that
        // are due for common.
        let sql = format!(
            "SELECT 1 AS n FROM {table} WHERE organization_id = $1 AND ask_at_us <= $2
            ORDER BY ask_at_us LIMIT 1"
        );
        Ok(tx.optional(sql, params![org, now]).await?.is_some())
    }

    /// The rows that are due, the longest due first. They are held until the transaction ends, in
    /// which the caller moves each on; those that somebody else holds are left out.
    pub(crate) async fn due(
        self,
        tx: &mut Tx,
        org: OrganizationId,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<Row>, StoreError> {
        let (Self { table, key }, free) = (self, tx.lock_free());
        let sql = format!(
            "SELECT * FROM {table} WHERE organization_id = $1 AND ask_at_us <= $2
            ORDER BY ask_at_us, {key} LIMIT $3{free}"
        );
        tx.all(sql, params![org, now, limit]).await
    }
}
