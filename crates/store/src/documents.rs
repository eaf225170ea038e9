//! The documents of payments: what is known of each; its bytes are kept elsewhere.

use almoner_domain::document::DocumentKind;
use almoner_domain::{KeyId, OrganizationId, PaymentId, UserId};
use jiff::Timestamp;

use crate::db::{Row, StoreError, Tx};
use crate::params;
use crate::stored_files::{FileId, file_id};

/// A document that is added.
#[derive(Debug, Clone)]
pub struct NewDocument {
    /// Its name.
    pub name: String,
    /// What it is, by its content.
    pub kind: DocumentKind,
    /// How long it is.
    pub size_bytes: i64,
    /// SHA-256 of the content.
    pub hash: Vec<u8>,
    /// Width and height of an image that could be measured.
    pub size_px: Option<(i64, i64)>,
    /// Where its bytes are.
    pub file: FileId,
    /// Who added it, when it was a member of the staff.
    pub user: Option<UserId>,
    /// Who added it, when it was another program.
    pub key: Option<KeyId>,
}

/// A document.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its number on the payment, from one.
    pub number: i64,
    /// Its name.
    pub name: String,
    /// What it is, by its content.
    pub kind: DocumentKind,
    /// How long it is.
    pub size_bytes: i64,
    /// SHA-256 of the content.
    pub hash: Vec<u8>,
    /// Width and height of an image that could be measured.
    pub size_px: Option<(i64, i64)>,
    /// Where its bytes are; `None` once they were removed.
    pub file: Option<FileId>,
    /// Who added it: a member of the staff, or another program.
    pub added_by: Option<String>,
    /// When it was added.
    pub added_at: Timestamp,
    /// Who deleted it.
    pub deleted_by: Option<String>,
    /// When it was deleted; `None` while it is there.
    pub deleted_at: Option<Timestamp>,
}

const SELECT: &str = "SELECT d.*, coalesce(u.name, k.name) AS added_by, x.name AS deleted_by
    FROM document d
    LEFT JOIN staff_user u ON u.organization_id = d.organization_id AND u.seq = d.user_seq
    LEFT JOIN api_key k ON k.organization_id = d.organization_id AND k.seq = d.key_seq
    LEFT JOIN staff_user x ON x.organization_id = d.organization_id AND x.seq = d.deleted_by_seq
    WHERE d.organization_id = $1";

fn document(row: &Row) -> Result<Document, StoreError> {
    Ok(Document {
        number: row.int("document_no")?,
        name: row.text("name")?,
        kind: row.word("kind", DocumentKind::from_name)?,
        size_bytes: row.int("size_bytes")?,
        hash: row.bytes("content_hash")?,
        size_px: row.opt_int("width_px")?.zip(row.opt_int("height_px")?),
        file: row.opt_bytes("file_id")?.map(file_id).transpose()?,
        added_by: row.opt_text("added_by")?,
        added_at: row.time("added_at_us")?,
        deleted_by: row.opt_text("deleted_by")?,
        deleted_at: row.opt_time("deleted_at_us")?,
    })
}

/// Adds a document and gives its number; the caller holds the payment's row.
pub async fn insert(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
    new: &NewDocument,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let sql = "INSERT INTO document (organization_id, payment_seq, document_no, name, kind,
            size_bytes, content_hash, width_px, height_px, file_id, user_seq, key_seq, added_at_us)
        SELECT $1, $2, coalesce(max(document_no), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
        FROM document WHERE organization_id = $1 AND payment_seq = $2
        RETURNING document_no";
    let NewDocument { name, kind, size_bytes, hash, size_px, file, user, key } = new;
    let (width, height) = (size_px.map(|size| size.0), size_px.map(|size| size.1));
    let values = params![
        org,
        payment,
        name.as_str(),
        kind.as_str(),
        *size_bytes,
        hash.as_slice(),
        width,
        height,
        &file[..],
        *user,
        *key,
        now,
    ];
    tx.one(sql, values).await?.int("document_no")
}

/// The documents of a payment, the newest first: those that are there, and those that were deleted
/// and still have their bytes.
pub async fn of_payment(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
) -> Result<Vec<Document>, StoreError> {
    let sql = format!(
        "{SELECT} AND d.payment_seq = $2 AND d.file_id IS NOT NULL ORDER BY d.document_no DESC"
    );
    let rows = tx.all(sql, params![org, payment]).await?;
    rows.iter().map(document).collect()
}

/// How many documents a payment has that have their bytes.
pub async fn count(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) AS n FROM document
        WHERE organization_id = $1 AND payment_seq = $2 AND file_id IS NOT NULL";
    tx.one(sql, params![org, payment]).await?.int("n")
}

/// A document of a payment by its number.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    (payment, number): (PaymentId, i64),
) -> Result<Option<Document>, StoreError> {
    let sql = format!("{SELECT} AND d.payment_seq = $2 AND d.document_no = $3");
    let row = tx.optional(sql, params![org, payment, number]).await?;
    row.as_ref().map(document).transpose()
}

/// Gives a document another name.
pub async fn rename(
    tx: &mut Tx,
    org: OrganizationId,
    (payment, number): (PaymentId, i64),
    name: &str,
) -> Result<(), StoreError> {
    let sql = "UPDATE document SET name = $4
        WHERE organization_id = $1 AND payment_seq = $2 AND document_no = $3";
    tx.execute_one(sql, params![org, payment, number, name]).await
}

/// Marks a document as deleted by someone, or with `None` as there again.
pub async fn set_deleted(
    tx: &mut Tx,
    org: OrganizationId,
    (payment, number): (PaymentId, i64),
    deleted: Option<(Option<UserId>, Timestamp)>,
) -> Result<(), StoreError> {
    let sql = "UPDATE document SET deleted_by_seq = $4, deleted_at_us = $5
        WHERE organization_id = $1 AND payment_seq = $2 AND document_no = $3";
    let (user, at) = (deleted.and_then(|deleted| deleted.0), deleted.map(|deleted| deleted.1));
    tx.execute_one(sql, params![org, payment, number, user, at]).await
}

/// Whether any document was deleted up to a moment and still has its bytes.
pub async fn any_long_deleted(
    tx: &mut Tx,
    org: OrganizationId,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "SELECT 1 AS n FROM document WHERE organization_id = $1
        AND deleted_at_us <= $2 AND deleted_at_us IS NOT NULL AND file_id IS NOT NULL LIMIT 1";
    Ok(tx.optional(sql, params![org, until]).await?.is_some())
}

/// Documents that were deleted up to a moment and still have their bytes, the earliest first. They
/// are held until the transaction ends; those that somebody else holds are left out.
pub async fn long_deleted(
    tx: &mut Tx,
    org: OrganizationId,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<((PaymentId, i64), FileId)>, StoreError> {
    let free = tx.lock_free();
    let sql = format!(
        "SELECT payment_seq, document_no, file_id FROM document WHERE organization_id = $1
            AND deleted_at_us <= $2 AND deleted_at_us IS NOT NULL AND file_id IS NOT NULL
        ORDER BY deleted_at_us LIMIT $3{free}"
    );
    let rows = tx.all(sql, params![org, until, limit]).await?;
    let found = |row: &Row| {
        let place = (PaymentId::new(row.int("payment_seq")?), row.int("document_no")?);
        Ok((place, file_id(row.bytes("file_id")?)?))
    };
    rows.iter().map(found).collect()
}

/// Notes that a deleted document has no bytes any more.
pub async fn remove(
    tx: &mut Tx,
    org: OrganizationId,
    (payment, number): (PaymentId, i64),
) -> Result<(), StoreError> {
    let sql = "UPDATE document SET file_id = NULL
        WHERE organization_id = $1 AND payment_seq = $2 AND document_no = $3";
    tx.execute_one(sql, params![org, payment, number]).await
}

/// Documents with bytes behind a place, in their order, for those who look at all of them.
pub async fn after(
    tx: &mut Tx,
    org: OrganizationId,
    (payment, number): (PaymentId, i64),
    limit: i64,
) -> Result<Vec<(PaymentId, Document)>, StoreError> {
    let sql = format!(
        "{SELECT} AND (d.payment_seq, d.document_no) > ($2, $3) AND d.file_id IS NOT NULL
        ORDER BY d.payment_seq, d.document_no LIMIT $4"
    );
    let rows = tx.all(sql, params![org, payment, number, limit]).await?;
    let placed = |row: &Row| Ok((PaymentId::new(row.int("payment_seq")?), document(row)?));
    rows.iter().map(placed).collect()
}
