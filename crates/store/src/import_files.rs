//! What belongs to an import: the file as it came, in parts, and what is wrong with its rows.

use almoner_domain::{FieldError, ImportId, OrganizationId};

use crate::db::{Row, StoreError, Tx};
use crate::eligibility_files::PART_BYTES;
use crate::params;

/// Stores a file in parts.
pub async fn add(
    tx: &mut Tx,
    org: OrganizationId,
    id: ImportId,
    content: &[u8],
) -> Result<(), StoreError> {
    let sql = "INSERT INTO import_part (organization_id, import_seq, part_no, content)
        VALUES ($1, $2, $3, $4)";
    for (part_no, part) in (0_i64..).zip(content.chunks(PART_BYTES)) {
        tx.execute_one(sql, params![org, id, part_no, part]).await?;
    }
    Ok(())
}

/// The file, as far as its first parts go; empty once it was removed.
pub async fn content(
    tx: &mut Tx,
    org: OrganizationId,
    id: ImportId,
    parts: i64,
) -> Result<Vec<u8>, StoreError> {
    let sql = "SELECT content FROM import_part WHERE organization_id = $1 AND import_seq = $2
        AND part_no = $3";
    let mut content = Vec::new();
    for part_no in 0..parts {
        let Some(row) = tx.optional(sql, params![org, id, part_no]).await? else {
            break;
        };
        content.append(&mut row.bytes("content")?);
    }
    Ok(content)
}

/// Removes the file: nothing is to be read in it any more.
pub async fn remove(tx: &mut Tx, org: OrganizationId, id: ImportId) -> Result<(), StoreError> {
    let sql = "DELETE FROM import_part WHERE organization_id = $1 AND import_seq = $2";
    tx.execute(sql, params![org, id]).await.map(drop)
}

/// Writes down what is wrong with a row.
pub async fn add_faults(
    tx: &mut Tx,
    org: OrganizationId,
    (id, row_no): (ImportId, i64),
    faults: &[FieldError],
) -> Result<(), StoreError> {
    let sql = "INSERT INTO import_fault (organization_id, import_seq, row_no, fault_no, field,
        code, message) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    for (fault_no, fault) in (1_i64..).zip(faults) {
        let FieldError { field, code, message } = fault.clone();
        tx.execute_one(sql, params![org, id, row_no, fault_no, field, code, message]).await?;
    }
    Ok(())
}

/// Forgets what was wrong: the rows are checked anew.
pub async fn remove_faults(
    tx: &mut Tx,
    org: OrganizationId,
    id: ImportId,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM import_fault WHERE organization_id = $1 AND import_seq = $2";
    tx.execute(sql, params![org, id]).await.map(drop)
}

/// What is wrong with the rows from one on, at most so many faults, each with its row.
pub async fn faults(
    tx: &mut Tx,
    org: OrganizationId,
    id: ImportId,
    (from_row, limit): (i64, i64),
) -> Result<Vec<(i64, FieldError)>, StoreError> {
    let sql = "SELECT row_no, field, code, message FROM import_fault
        WHERE organization_id = $1 AND import_seq = $2 AND row_no >= $3
        ORDER BY row_no, fault_no LIMIT $4";
    let fault = |row: &Row| {
        let (field, code) = (row.text("field")?, row.text("code")?);
        Ok((row.int("row_no")?, FieldError { field, code, message: row.text("message")? }))
    };
    tx.all(sql, params![org, id, from_row, limit]).await?.iter().map(fault).collect()
}

/// The numbers of the rows that are faulty, in their order.
pub async fn faulty_rows(
    tx: &mut Tx,
    org: OrganizationId,
    id: ImportId,
) -> Result<Vec<i64>, StoreError> {
    let sql = "SELECT DISTINCT row_no FROM import_fault
        WHERE organization_id = $1 AND import_seq = $2 ORDER BY row_no";
    tx.all(sql, params![org, id]).await?.iter().map(|row| row.int("row_no")).collect()
}
