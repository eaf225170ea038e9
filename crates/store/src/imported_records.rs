//! What other systems call our records: a row that names one again is the same record's.

use almoner_domain::{ImportId, OrganizationId};

use crate::db::{StoreError, Tx};
use crate::params;

/// What a system calls a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mark {
    /// Which system says so, or which numbering.
    pub system: String,
    /// The record's number or name there.
    pub value: String,
}

/// The number of the record of a kind (`patient`, `treatment`) that has that mark.
pub async fn find(
    tx: &mut Tx,
    org: OrganizationId,
    kind: &str,
    mark: &Mark,
) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT seq FROM imported_record
        WHERE organization_id = $1 AND kind = $2 AND system = $3 AND value = $4";
    let Mark { system, value } = mark.clone();
    let row = tx.optional(sql, params![org, kind, system, value]).await?;
    row.map(|row| row.int("seq")).transpose()
}

/// Writes down what a system calls a record; what it was said to be before stays.
pub async fn keep(
    tx: &mut Tx,
    org: OrganizationId,
    (kind, seq): (&str, i64),
    marks: &[Mark],
    import: ImportId,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO imported_record (organization_id, kind, system, value, seq, import_seq)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    for Mark { system, value } in marks.iter().cloned() {
        tx.execute(sql, params![org, kind, system, value, seq, import]).await?;
    }
    Ok(())
}

/// What a system calls the record of a kind with that number, if it calls it anything.
pub async fn called(
    tx: &mut Tx,
    org: OrganizationId,
    (kind, seq): (&str, i64),
    system: &str,
) -> Result<Option<String>, StoreError> {
    let sql = "SELECT value FROM imported_record
        WHERE organization_id = $1 AND kind = $2 AND seq = $3 AND system = $4
        ORDER BY value LIMIT 1";
    let row = tx.optional(sql, params![org, kind, seq, system]).await?;
    row.map(|row| row.text("value")).transpose()
}
