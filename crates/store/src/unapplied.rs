//! Money that a second attempt of the same payment took: it is the payer's until it is given back.
//! The database refuses to change or delete these rows.

use almoner_domain::{LocationId, Money, OrganizationId, PaymentId, time};

use crate::attempts::AttemptId;
use crate::db::{Row, StoreError, Tx};
use crate::ledger::Moment;
use crate::params;

/// Records the money of an attempt, written with the payment's change to `version`.
pub async fn insert(
    tx: &mut Tx,
    org: OrganizationId,
    (payment, number): AttemptId,
    (version, amount): (i64, Money),
    moment: Moment,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO unapplied_money (organization_id, payment_seq, attempt_no, version,
        amount_cents, location_seq, at_us, business_day) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let day = time::date_key(moment.day);
    let values = params![org, payment, number, version, amount, moment.location, moment.at, day];
    tx.execute_one(sql, values).await
}

/// Money that was taken for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unapplied {
    /// The attempt that took it.
    pub attempt: AttemptId,
    /// How much.
    pub amount: Money,
    /// How much of it a bank gave back after a dispute.
    pub lost: Money,
    /// Where it is counted.
    pub location: LocationId,
}

impl Unapplied {
    /// What can be given back, unless it is on its way or was given back already.
    pub fn left(&self) -> Money {
        self.amount.minus(self.lost).max(Money::ZERO)
    }
}

/// The money that an attempt took for nothing, if it did.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    (payment, number): AttemptId,
) -> Result<Option<Unapplied>, StoreError> {
    let sql = "SELECT u.payment_seq, u.attempt_no, u.amount_cents, u.location_seq,
            (SELECT CAST(coalesce(sum(d.lost_cents), 0) AS BIGINT) FROM dispute d
                WHERE d.organization_id = u.organization_id AND d.payment_seq = u.payment_seq
                    AND d.attempt_no = u.attempt_no) AS lost_cents
        FROM unapplied_money u
        WHERE u.organization_id = $1 AND u.payment_seq = $2 AND u.attempt_no = $3";
    let read = |row: Row| {
        Ok(Unapplied {
            attempt: (PaymentId::new(row.int("payment_seq")?), row.int("attempt_no")?),
            amount: row.money("amount_cents")?,
            lost: row.money("lost_cents")?,
            location: LocationId::new(row.int("location_seq")?),
        })
    };
    tx.optional(sql, params![org, payment, number]).await?.map(read).transpose()
}
