//! Sums kept in the same transaction as each change, so that cards and counts cost the same at
//! any size.
//!
//! The rows of a change are touched in a fixed order (status, then due, then month, then what was
//! taken in it, then day), each kind sorted by its key, so that transactions never wait for each
//! other in a circle.

use std::collections::BTreeMap;

use almoner_domain::payment::PaymentType;
use almoner_domain::tender::TenderType;
use almoner_domain::{LocationId, Money, OrganizationId, time};
use jiff::civil::Date;

use crate::db::{StoreError, Tx};
use crate::params;
use crate::payments::Payment;

/// Changes of one counted row: how many, how much, how much refunded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Change {
    n: i64,
    amount: Money,
    refunded: Money,
}

impl Change {
    fn add(&mut self, n: i64, payment: &Payment) {
        let signed = |money: Money| Money::from_cents(money.cents() * n);
        self.n += n;
        self.amount = self.amount.plus(signed(payment.amount));
        self.refunded = self.refunded.plus(signed(payment.refunded));
    }
}

/// Counts a payment where it now is, and no longer where it was.
pub async fn payment_moved(
    tx: &mut Tx,
    org: OrganizationId,
    before: Option<&Payment>,
    after: &Payment,
) -> Result<(), StoreError> {
    let mut by_status: BTreeMap<(i64, &str), Change> = BTreeMap::new();
    let mut by_due: BTreeMap<(i64, &str, i64), Change> = BTreeMap::new();
    let sides = before.map(|payment| (payment, -1)).into_iter().chain([(after, 1)]);
    for (payment, n) in sides {
        let (location, status) = (payment.location.seq(), payment.status.as_str());
        by_status.entry((location, status)).or_default().add(n, payment);
        if let Some(due) = payment.due.filter(|_| payment.status.can_be_overdue()) {
            let key = (location, status, time::date_key(due));
            by_due.entry(key).or_default().add(n, payment);
        }
    }
    let nothing = Change::default();
    let sql = "INSERT INTO rollup_status (organization_id, location_seq, status, shard, n,
            amount_cents, refunded_cents) VALUES ($1, $2, $3, 0, $4, $5, $6)
        ON CONFLICT (organization_id, location_seq, status, shard) DO UPDATE SET
            n = rollup_status.n + excluded.n,
            amount_cents = rollup_status.amount_cents + excluded.amount_cents,
            refunded_cents = rollup_status.refunded_cents + excluded.refunded_cents";
    for ((location, status), change) in by_status.into_iter().filter(|row| row.1 != nothing) {
        let Change { n, amount, refunded } = change;
        tx.execute_one(sql, params![org, location, status, n, amount, refunded]).await?;
    }
    let sql = "INSERT INTO rollup_due (organization_id, location_seq, status, due_day, shard, n,
            amount_cents) VALUES ($1, $2, $3, $4, 0, $5, $6)
        ON CONFLICT (organization_id, location_seq, status, due_day, shard) DO UPDATE SET
            n = rollup_due.n + excluded.n,
            amount_cents = rollup_due.amount_cents + excluded.amount_cents";
    for ((location, status, day), change) in by_due.into_iter().filter(|row| row.1 != nothing) {
        let Change { n, amount, .. } = change;
        tx.execute_one(sql, params![org, location, status, day, n, amount]).await?;
    }
    Ok(())
}

/// Money that moved: what it was for, by which tender, and how much; negative takes it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// The payment's type when it moved.
    pub kind: Option<PaymentType>,
    /// How it was paid.
    pub tender: TenderType,
    /// Taken.
    pub gross: Money,
    /// Refunded.
    pub refunded: Money,
}

/// Counts money taken and money refunded in the month of `day`.
pub async fn money_moved(
    tx: &mut Tx,
    org: OrganizationId,
    location: LocationId,
    day: Date,
    moved: Moved,
) -> Result<(), StoreError> {
    let Moved { kind, tender, gross, refunded } = moved;
    let sql = "INSERT INTO rollup_month (organization_id, month, location_seq, shard, gross_cents,
            refunded_cents) VALUES ($1, $2, $3, 0, $4, $5)
        ON CONFLICT (organization_id, month, location_seq, shard) DO UPDATE SET
            gross_cents = rollup_month.gross_cents + excluded.gross_cents,
            refunded_cents = rollup_month.refunded_cents + excluded.refunded_cents";
    let month = time::month_key(day);
    tx.execute_one(sql, params![org, month, location, gross, refunded]).await?;
    let sql = "INSERT INTO rollup_taken (organization_id, month, location_seq, payment_kind,
            tender_kind, shard, gross_cents, refunded_cents) VALUES ($1, $2, $3, $4, $5, 0, $6, $7)
        ON CONFLICT (organization_id, month, location_seq, payment_kind, tender_kind, shard)
        DO UPDATE SET
            gross_cents = rollup_taken.gross_cents + excluded.gross_cents,
            refunded_cents = rollup_taken.refunded_cents + excluded.refunded_cents";
    let kind = kind.map_or("", PaymentType::as_str);
    let values = params![org, month, location, kind, tender.as_str(), gross, refunded];
    tx.execute_one(sql, values).await
}

/// Counts a new payment on the day of its creation.
pub async fn payment_created(
    tx: &mut Tx,
    org: OrganizationId,
    location: LocationId,
    day: Date,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO rollup_day (organization_id, day, location_seq, shard, n)
        VALUES ($1, $2, $3, 0, 1)
        ON CONFLICT (organization_id, day, location_seq, shard) DO UPDATE SET
            n = rollup_day.n + excluded.n";
    tx.execute_one(sql, params![org, time::date_key(day), location]).await
}
