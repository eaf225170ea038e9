//! Sums kept in the same transaction as each change, so that cards and counts cost the same at
//! any size.
//!
//! The rows of a change are touched in a fixed order (status, then due, then month, then what was
//! taken in it, then day), each kind sorted by its key, so that transactions never wait for each
//! other in a circle. So that they rarely wait at all, a sum that most changes touch lies in
//! several rows, its [shards](Tx::shard); whoever reads it adds them up.

use std::collections::BTreeMap;

use almoner_domain::payment::PaymentType;
use almoner_domain::tender::TenderType;
use almoner_domain::{LocationId, Money, OrganizationId, time};
use jiff::civil::Date;

use crate::db::{StoreError, Touches, Tx, Value};
use crate::params;
use crate::payments::Payment;
use crate::statement::Statement;

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
    let shard = tx.shard();
    let by_status = by_status.into_iter().filter(|row| row.1 != nothing);
    let rows = by_status.map(|((location, status), change)| {
        let Change { n, amount, refunded } = change;
        params![org, location, status, shard, n, amount, refunded]
    });
    let head = "INSERT INTO rollup_status (organization_id, location_seq, status, shard, n,
            amount_cents, refunded_cents) VALUES ";
    let tail = " ON CONFLICT (organization_id, location_seq, status, shard) DO UPDATE SET
            n = rollup_status.n + excluded.n,
            amount_cents = rollup_status.amount_cents + excluded.amount_cents,
            refunded_cents = rollup_status.refunded_cents + excluded.refunded_cents";
    add(tx, head, rows.collect(), tail).await?;
    let by_due = by_due.into_iter().filter(|row| row.1 != nothing);
    let rows = by_due.map(|((location, status, day), change)| {
        let Change { n, amount, .. } = change;
        params![org, location, status, day, 0_i64, n, amount]
    });
    let head = "INSERT INTO rollup_due (organization_id, location_seq, status, due_day, shard, n,
            amount_cents) VALUES ";
    let tail = " ON CONFLICT (organization_id, location_seq, status, due_day, shard) DO UPDATE SET
            n = rollup_due.n + excluded.n,
            amount_cents = rollup_due.amount_cents + excluded.amount_cents";
    add(tx, head, rows.collect(), tail).await
}

/// Adds to as many rows as are given, if any, in one statement.
async fn add(tx: &mut Tx, head: &str, rows: Vec<Vec<Value>>, tail: &str) -> Result<(), StoreError> {
    let touches = Touches::Exactly(rows.len() as u64);
    if rows.is_empty() {
        return Ok(());
    }
    let mut statement = Statement::default();
    statement.push(head);
    for (index, row) in rows.into_iter().enumerate() {
        statement.push(if index > 0 { ", (" } else { "(" });
        for (index, value) in row.into_iter().enumerate() {
            statement.push(if index > 0 { ", " } else { "" }).bind(value);
        }
        statement.push(")");
    }
    statement.push(tail);
    statement.gather(tx, touches).await
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
            refunded_cents) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (organization_id, month, location_seq, shard) DO UPDATE SET
            gross_cents = rollup_month.gross_cents + excluded.gross_cents,
            refunded_cents = rollup_month.refunded_cents + excluded.refunded_cents";
    let month = time::month_key(day);
    let shard = tx.shard();
    tx.gather_one(sql, params![org, month, location, shard, gross, refunded]).await?;
    let sql = "INSERT INTO rollup_taken (organization_id, month, location_seq, payment_kind,
            tender_kind, shard, gross_cents, refunded_cents)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (organization_id, month, location_seq, payment_kind, tender_kind, shard)
        DO UPDATE SET
            gross_cents = rollup_taken.gross_cents + excluded.gross_cents,
            refunded_cents = rollup_taken.refunded_cents + excluded.refunded_cents";
    let kind = kind.map_or("", PaymentType::as_str);
    let tender = tender.as_str();
    let values = params![org, month, location, kind, tender, shard, gross, refunded];
    tx.gather_one(sql, values).await
}

/// Counts a new payment on the day of its creation.
pub async fn payment_created(
    tx: &mut Tx,
    org: OrganizationId,
    location: LocationId,
    day: Date,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO rollup_day (organization_id, day, location_seq, shard, n)
        VALUES ($1, $2, $3, $4, 1)
        ON CONFLICT (organization_id, day, location_seq, shard) DO UPDATE SET
            n = rollup_day.n + excluded.n";
    let values = params![org, time::date_key(day), location, tx.shard()];
    tx.gather_one(sql, values).await
}
