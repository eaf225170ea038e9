//! Notes on a payment.

use almoner_domain::{OrganizationId, PaymentId, UserId};
use jiff::Timestamp;

use crate::db::{StoreError, Tx};
use crate::params;

/// A note.
#[derive(Debug, Clone)]
pub struct Note {
    /// Its number on the payment, from one.
    pub number: i64,
    /// Who wrote it.
    pub author: String,
    /// What it says.
    pub body: String,
    /// When it was written.
    pub created_at: Timestamp,
}

/// Adds a note; the caller holds the payment's row.
pub async fn insert(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
    user: UserId,
    body: &str,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let sql = "INSERT INTO note
            (organization_id, payment_seq, note_no, user_seq, body, created_at_us)
        SELECT $1, $2, coalesce(max(note_no), 0) + 1, $3, $4, $5 FROM note
        WHERE organization_id = $1 AND payment_seq = $2
        RETURNING note_no";
    tx.one(sql, params![org, payment, user, body, now]).await?.int("note_no")
}

/// The notes of a payment, newest first.
pub async fn of_payment(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
) -> Result<Vec<Note>, StoreError> {
    let sql = "SELECT n.note_no, n.body, n.created_at_us, u.name FROM note n
        JOIN staff_user u ON u.organization_id = n.organization_id AND u.seq = n.user_seq
        WHERE n.organization_id = $1 AND n.payment_seq = $2 ORDER BY n.note_no DESC";
    let rows = tx.all(sql, params![org, payment]).await?;
    let note = |row: &crate::db::Row| {
        Ok(Note {
            number: row.int("note_no")?,
            author: row.text("name")?,
            body: row.text("body")?,
            created_at: row.time("created_at_us")?,
        })
    };
    rows.iter().map(note).collect()
}
