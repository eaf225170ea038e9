//! Columns that a migration adds and only the program can fill, because databases disagree about
//! lower case and accents.
//!
//! Each is filled in small steps after the schema is made, by one server or by several at once;
//! when there is nothing left to fill, asking costs one look into an index that is empty.

use almoner_domain::checks::payer_key;

use crate::db::{Db, StoreError};
use crate::params;

/// Rows that are filled in one transaction.
const MAX_STEP_ROWS: i64 = 500;

/// Makes the keys of payers that checks of earlier versions lack.
pub(crate) async fn payer_keys(db: &Db) -> Result<(), StoreError> {
    loop {
        let mut tx = db.begin().await?;
        let sql = "SELECT organization_id, seq, payer FROM eligibility_check
            WHERE payer_sort = '' ORDER BY organization_id, seq LIMIT $1";
        let rows = tx.all(sql, params![MAX_STEP_ROWS]).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let sql = "UPDATE eligibility_check SET payer_sort = $3
            WHERE organization_id = $1 AND seq = $2";
        for row in &rows {
            let key = payer_key(&row.text("payer")?);
            let (org, seq) = (row.int("organization_id")?, row.int("seq")?);
            tx.execute(sql, params![org, seq, key]).await?;
        }
        tx.commit().await?;
    }
}
