//! Receipts: one for each tender that was taken and for each refund that was settled.

use almoner_domain::tender::TenderType;
use almoner_domain::{LocationId, Money, OrganizationId, PaymentId, ReceiptId, RefundId};
use jiff::Timestamp;

use crate::db::{Row, StoreError, Tx};
use crate::params;

/// What a receipt is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The tender that was taken when the payment had this version.
    Tender(i64),
    /// A refund that was settled.
    Refund(RefundId),
}

impl Source {
    pub(crate) fn tender(self) -> Option<i64> {
        match self {
            Self::Tender(version) => Some(version),
            Self::Refund(_) => None,
        }
    }

    pub(crate) fn refund(self) -> Option<i64> {
        match self {
            Self::Tender(_) => None,
            Self::Refund(id) => Some(id.seq()),
        }
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        match (row.opt_int("tender_version")?, row.opt_int("refund_seq")?) {
            (Some(version), None) => Ok(Self::Tender(version)),
            (None, Some(seq)) => Ok(Self::Refund(RefundId::new(seq))),
            _ => Err(StoreError::Corrupt("a receipt without its tender or refund".to_owned())),
        }
    }
}

/// A receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its id.
    pub id: ReceiptId,
    /// Of which payment.
    pub payment: PaymentId,
    /// What it is for.
    pub source: Source,
    /// How much.
    pub amount: Money,
    /// How it was taken, and given back.
    pub tender: TenderType,
    /// Where.
    pub location: LocationId,
    /// When the money was taken, or the refund settled.
    pub at: Timestamp,
    /// When that was undone: the tender reversed, or the refund failed after all.
    pub undone_at: Option<Timestamp>,
}

/// Records a receipt.
pub async fn insert(
    tx: &mut Tx,
    org: OrganizationId,
    (id, payment): (ReceiptId, PaymentId),
    source: Source,
    amount: Money,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO receipt (organization_id, seq, payment_seq, tender_version, refund_seq,
        amount_cents) VALUES ($1, $2, $3, $4, $5, $6)";
    let values = params![org, id, payment, source.tender(), source.refund(), amount];
    tx.gather_one(sql, values).await
}

const SELECT: &str = "SELECT r.seq, r.payment_seq, r.tender_version, r.refund_seq, r.amount_cents,
        coalesce(t.kind, f.tender_kind) AS kind,
        coalesce(t.location_seq, f.location_seq) AS location_seq,
        coalesce(t.received_at_us, f.settled_at_us) AS at_us,
        coalesce(v.at_us, f.ended_at_us) AS undone_at_us
    FROM receipt r
    LEFT JOIN tender t ON t.organization_id = r.organization_id
        AND t.payment_seq = r.payment_seq AND t.version = r.tender_version
    LEFT JOIN tender_reversal v ON v.organization_id = r.organization_id
        AND v.payment_seq = r.payment_seq AND v.tender_version = r.tender_version
    LEFT JOIN refund f ON f.organization_id = r.organization_id AND f.seq = r.refund_seq
    WHERE r.organization_id = $1 AND r.payment_seq = $2";

fn receipt(row: &Row) -> Result<Receipt, StoreError> {
    Ok(Receipt {
        id: ReceiptId::new(row.int("seq")?),
        payment: PaymentId::new(row.int("payment_seq")?),
        source: Source::read(row)?,
        amount: row.money("amount_cents")?,
        tender: row.word("kind", TenderType::from_name)?,
        location: LocationId::new(row.int("location_seq")?),
        at: row.time("at_us")?,
        undone_at: row.opt_time("undone_at_us")?,
    })
}

/// The receipts of a payment, oldest first.
pub async fn of_payment(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
) -> Result<Vec<Receipt>, StoreError> {
    // By its value: an order that an index has leads an engine past all receipts before these.
    let sql = format!("{SELECT} ORDER BY r.seq + 0");
    tx.all(sql, params![org, payment]).await?.iter().map(receipt).collect()
}

/// The receipt of a payment with that id.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
    id: ReceiptId,
) -> Result<Option<Receipt>, StoreError> {
    let sql = format!("{SELECT} AND r.seq = $3");
    tx.optional(sql, params![org, payment, id]).await?.as_ref().map(receipt).transpose()
}

/// What happened to a payment before there were receipts, oldest first: tenders and settled
/// refunds without one.
pub async fn missing(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
) -> Result<Vec<(Source, Money)>, StoreError> {
    let sql = "SELECT t.version AS tender_version, CAST(NULL AS BIGINT) AS refund_seq,
            t.amount_cents, t.received_at_us AS at_us
        FROM tender t WHERE t.organization_id = $1 AND t.payment_seq = $2
            AND NOT EXISTS (SELECT 1 FROM receipt r WHERE r.organization_id = $1
                AND r.payment_seq = $2 AND r.tender_version = t.version)
        UNION ALL SELECT NULL, f.seq, f.amount_cents, f.settled_at_us
        FROM refund f WHERE f.organization_id = $1 AND f.payment_seq = $2
            AND f.settled_at_us IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM receipt r WHERE r.organization_id = $1
                AND r.refund_seq = f.seq)
        ORDER BY 4, 1, 2";
    let rows = tx.all(sql, params![org, payment]).await?;
    rows.iter().map(|row| Ok((Source::read(row)?, row.money("amount_cents")?))).collect()
}
