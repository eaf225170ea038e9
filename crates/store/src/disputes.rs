//! Disputes: what payers ask their banks to take back.

use almoner_domain::ledger::Disputed;
use almoner_domain::{LocationId, Money, OrganizationId, PaymentId};
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
    /// Where its money is and was taken, as the ledger has it; `None` until the ledger was told.
    pub booked: Option<(Disputed, LocationId)>,
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
        booked: booked(row)?,
    })
}

fn booked(row: &Row) -> Result<Option<(Disputed, LocationId)>, StoreError> {
    let held = row.opt_money("held_cents")?;
    let lost = row.opt_money("lost_cents")?;
    let location = row.opt_int("location_seq")?.map(LocationId::new);
    Ok(held.zip(lost).zip(location).map(|((held, lost), at)| (Disputed { held, lost }, at)))
}

/// Keeps how a dispute stands, unless something fetched later is kept; the caller holds the
/// payment's row. What the ledger has of it stays.
pub async fn keep(
    tx: &mut Tx,
    org: OrganizationId,
    processor: &str,
    told: &Dispute,
) -> Result<(), StoreError> {
    let later = "UPDATE dispute SET amount_cents = $4, standing = $5, reason = $6,
            answer_by_us = $7, fetched_at_us = $8
        WHERE organization_id = $1 AND processor = $2 AND dispute_id = $3 AND fetched_at_us <= $8";
    let first =
        "INSERT INTO dispute (organization_id, processor, dispute_id, amount_cents, standing,
            reason, answer_by_us, fetched_at_us, payment_seq, attempt_no, currency, opened_at_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let d = told.clone();
    let is_known = get(tx, org, processor, &d.id).await?.is_some();
    let mut values =
        params![org, processor, d.id, d.amount, d.standing, d.reason, d.answer_by, d.fetched_at,];
    if is_known {
        return tx.execute(later, values).await.map(drop);
    }
    values.extend(params![d.attempt.0, d.attempt.1, d.currency, d.opened_at]);
    tx.execute_one(first, values).await
}

/// Says where the money of a dispute is, as the ledger has it now.
pub async fn set_booked(
    tx: &mut Tx,
    org: OrganizationId,
    processor: &str,
    id: &str,
    (money, location): (Disputed, LocationId),
) -> Result<(), StoreError> {
    let sql = "UPDATE dispute SET held_cents = $4, lost_cents = $5, location_seq = $6
        WHERE organization_id = $1 AND processor = $2 AND dispute_id = $3";
    let values = params![org, processor, id, money.held, money.lost, location];
    tx.execute_one(sql, values).await
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
