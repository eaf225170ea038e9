//! Disputes: what payers ask their banks to take back.

use almoner_domain::{Money, OrganizationId, PaymentId};
use jiff::Timestamp;

use crate::attempts::AttemptId;
use crate::db::{Row, StoreError, Tx};
use crate::params;

/// A dispute, as the processor told it last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// The processor's id.
    pub id: String,
    /// The attempt that took the money.
    pub attempt: AttemptId,
    /// How much is disputed.
    pub amount: Money,
    /// In which currency.
    pub currency: String,
    /// How it stands, by its stored name.
    pub standing: String,
    /// The bank's reason, in the processor's word.
    pub reason: String,
    /// Until when evidence is taken.
    pub answer_by: Option<Timestamp>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When the processor was asked about it.
    pub fetched_at: Timestamp,
}

fn dispute(row: &Row) -> Result<Dispute, StoreError> {
    Ok(Dispute {
        id: row.text("dispute_id")?,
        attempt: (PaymentId::new(row.int("payment_seq")?), row.int("attempt_no")?),
        amount: row.money("amount_cents")?,
        currency: row.text("currency")?,
        standing: row.text("standing")?,
        reason: row.text("reason")?,
        answer_by: row.opt_time("answer_by_us")?,
        opened_at: row.time("opened_at_us")?,
        fetched_at: row.time("fetched_at_us")?,
    })
}

/// Keeps how a dispute stands, unless something fetched later is kept; the caller holds the
/// payment's row.
pub async fn keep(
    tx: &mut Tx,
    org: OrganizationId,
    processor: &str,
    told: &Dispute,
) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO dispute (organization_id, processor, dispute_id, payment_seq, attempt_no,
            amount_cents, currency, standing, reason, answer_by_us, opened_at_us, fetched_at_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (organization_id, processor, dispute_id) DO UPDATE SET
            amount_cents = excluded.amount_cents, standing = excluded.standing,
            reason = excluded.reason, answer_by_us = excluded.answer_by_us,
            fetched_at_us = excluded.fetched_at_us
        WHERE dispute.fetched_at_us <= excluded.fetched_at_us";
    let d = told.clone();
    let values = params![
        org,
        processor,
        d.id,
        d.attempt.0,
        d.attempt.1,
        d.amount,
        d.currency,
        d.standing,
        d.reason,
        d.answer_by,
        d.opened_at,
        d.fetched_at,
    ];
    tx.execute(sql, values).await.map(drop)
}

/// The dispute with that id.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    processor: &str,
    id: &str,
) -> Result<Option<Dispute>, StoreError> {
    let sql =
        "SELECT * FROM dispute WHERE organization_id = $1 AND processor = $2 AND dispute_id = $3";
    tx.optional(sql, params![org, processor, id]).await?.as_ref().map(dispute).transpose()
}

/// The disputes of a payment, oldest first.
pub async fn of_payment(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
) -> Result<Vec<Dispute>, StoreError> {
    let sql = "SELECT * FROM dispute WHERE organization_id = $1 AND payment_seq = $2
        ORDER BY opened_at_us, dispute_id";
    tx.all(sql, params![org, payment]).await?.iter().map(dispute).collect()
}
