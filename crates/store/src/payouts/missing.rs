//! What was taken and is in no payout.

use almoner_domain::{Money, OrganizationId, PaymentId};
use jiff::Timestamp;

use crate::db::{Row, StoreError, Tx};
use crate::params;

/// Money that an attempt took and no payout has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotPaidOut {
    /// The payment.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// When it was taken.
    pub taken_at: Timestamp,
}

/// What was taken between two moments and is in no payout, the oldest first.
pub async fn not_paid_out(
    tx: &mut Tx,
    org: OrganizationId,
    processor: &str,
    (from, until): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<NotPaidOut>, StoreError> {
    let sql = "SELECT a.payment_seq, a.amount_cents, a.changed_at_us FROM payment_attempt a
        WHERE a.organization_id = $1 AND a.processor = $2 AND a.state = 'captured'
            AND a.changed_at_us BETWEEN $3 AND $4
            AND NOT EXISTS (SELECT 1 FROM payout_movement m
                WHERE m.organization_id = a.organization_id AND m.our_kind = 'attempt'
                    AND m.our_payment_seq = a.payment_seq AND m.our_no = a.attempt_no)
        ORDER BY a.changed_at_us, a.payment_seq LIMIT $5";
    let read = |row: &Row| {
        Ok(NotPaidOut {
            payment: PaymentId::new(row.int("payment_seq")?),
            amount: row.money("amount_cents")?,
            taken_at: row.time("changed_at_us")?,
        })
    };
    tx.all(sql, params![org, processor, from, until, limit]).await?.iter().map(read).collect()
}

/// When the oldest payout that is kept was made.
pub async fn oldest(
    tx: &mut Tx,
    org: OrganizationId,
    processor: &str,
) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT created_at_us FROM payout WHERE organization_id = $1 AND processor = $2
        ORDER BY created_at_us LIMIT 1";
    let row = tx.optional(sql, params![org, processor]).await?;
    row.map(|row| row.time("created_at_us")).transpose()
}
