//! Notes on a payment. What a note said before it was edited is kept.

use almoner_domain::{KeyId, OrganizationId, PaymentId, UserId};
use jiff::Timestamp;

use crate::author::Author;
use crate::db::{Row, StoreError, Tx};
use crate::params;

/// A note.
#[derive(Debug, Clone)]
pub struct Note {
    /// Its number on the payment, from one.
    pub number: i64,
    /// Who wrote it.
    pub author: Author,
    /// The author's name.
    pub author_name: String,
    /// What it says.
    pub body: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// Counts its texts, from one.
    pub version: i64,
    /// When it was edited last.
    pub edited_at: Option<Timestamp>,
    /// What it said before, the newest first.
    pub earlier: Vec<EarlierText>,
}

/// What a note said before it was edited.
#[derive(Debug, Clone)]
pub struct EarlierText {
    /// What it said.
    pub body: String,
    /// Since when.
    pub written_at: Timestamp,
}

/// Adds a note; the caller holds the payment's row.
pub async fn insert(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
    (author, body): (Author, &str),
    now: Timestamp,
) -> Result<i64, StoreError> {
    let sql = "INSERT INTO note
            (organization_id, payment_seq, note_no, user_seq, key_seq, body, created_at_us)
        SELECT $1, $2, coalesce(max(note_no), 0) + 1, $3, $4, $5, $6 FROM note
        WHERE organization_id = $1 AND payment_seq = $2
        RETURNING note_no";
    let (user, key) = Author::columns(Some(author));
    tx.one(sql, params![org, payment, user, key, body, now]).await?.int("note_no")
}

const SELECT: &str = "SELECT n.*, coalesce(u.name, k.name) AS name FROM note n
    LEFT JOIN staff_user u ON u.organization_id = n.organization_id AND u.seq = n.user_seq
    LEFT JOIN api_key k ON k.organization_id = n.organization_id AND k.seq = n.key_seq
    WHERE n.organization_id = $1 AND n.payment_seq = $2";

fn note(row: &Row) -> Result<Note, StoreError> {
    let user = row.opt_int("user_seq")?.map(|seq| Author::User(UserId::new(seq)));
    let key = row.opt_int("key_seq")?.map(|seq| Author::Key(KeyId::new(seq)));
    Ok(Note {
        number: row.int("note_no")?,
        author: user.or(key).ok_or_else(|| StoreError::Corrupt("note's author".to_owned()))?,
        author_name: row.text("name")?,
        body: row.text("body")?,
        created_at: row.time("created_at_us")?,
        version: row.int("version")?,
        edited_at: row.opt_time("edited_at_us")?,
        earlier: Vec::new(),
    })
}

/// The notes of a payment with their earlier texts, the newest first.
pub async fn of_payment(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
) -> Result<Vec<Note>, StoreError> {
    let rows = tx.all(format!("{SELECT} ORDER BY n.note_no DESC"), params![org, payment]).await?;
    let mut notes: Vec<Note> = rows.iter().map(note).collect::<Result<_, _>>()?;
    let sql = "SELECT note_no, body, written_at_us FROM note_version
        WHERE organization_id = $1 AND payment_seq = $2 ORDER BY note_no DESC, version DESC";
    for row in tx.all(sql, params![org, payment]).await? {
        let (number, body) = (row.int("note_no")?, row.text("body")?);
        let earlier = EarlierText { body, written_at: row.time("written_at_us")? };
        if let Some(note) = notes.iter_mut().find(|note| note.number == number) {
            note.earlier.push(earlier);
        }
    }
    Ok(notes)
}

/// A note by its number, without its earlier texts.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    (payment, number): (PaymentId, i64),
) -> Result<Option<Note>, StoreError> {
    let sql = format!("{SELECT} AND n.note_no = $3");
    let row = tx.optional(sql, params![org, payment, number]).await?;
    row.as_ref().map(note).transpose()
}

/// Gives a note another text and keeps the one that it had; the caller holds the payment's row.
pub async fn edit(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
    (before, body): (&Note, &str),
    now: Timestamp,
) -> Result<(), StoreError> {
    let (number, version) = (before.number, before.version);
    let written_at = before.edited_at.unwrap_or(before.created_at);
    let sql = "INSERT INTO note_version
        (organization_id, payment_seq, note_no, version, body, written_at_us)
        VALUES ($1, $2, $3, $4, $5, $6)";
    let kept = params![org, payment, number, version, before.body.as_str(), written_at];
    tx.execute_one(sql, kept).await?;
    let sql = "UPDATE note SET body = $4, version = version + 1, edited_at_us = $5
        WHERE organization_id = $1 AND payment_seq = $2 AND note_no = $3 AND version = $6";
    tx.execute_one(sql, params![org, payment, number, body, now, version]).await
}
