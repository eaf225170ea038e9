//! Payment links: which there are, until when they hold. The newest one of a payment is the only
//! one that can be live.

use almoner_domain::{OrganizationId, PaymentId, UserId};
use jiff::Timestamp;

use crate::db::{Row, StoreError, Tx};
use crate::params;
use crate::statement::Statement;

/// The newest link of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its number on the payment, from one.
    pub generation: i64,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// When it was ended by hand, or by a newer one.
    pub revoked_at: Option<Timestamp>,
}

impl Link {
    /// Whether it opens anything at that moment.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

/// Issues the next link of a payment and ends the one before; the caller holds the payment's row.
pub async fn issue(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
    (user, expires_at): (Option<UserId>, Timestamp),
    now: Timestamp,
) -> Result<Link, StoreError> {
    revoke(tx, org, payment, now).await?;
    let sql = "INSERT INTO payment_link (organization_id, payment_seq, generation, expires_at_us,
            user_seq, issued_at_us)
        SELECT $1, $2, coalesce(max(generation), 0) + 1, $3, $4, $5 FROM payment_link
        WHERE organization_id = $1 AND payment_seq = $2
        RETURNING generation, issued_at_us, expires_at_us, revoked_at_us";
    let row = tx.one(sql, params![org, payment, expires_at, user, now]).await?;
    link(&row)
}

/// Ends the link of a payment that was not ended before; false when there is none.
pub async fn revoke(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE payment_link SET revoked_at_us = $3
        WHERE organization_id = $1 AND payment_seq = $2 AND revoked_at_us IS NULL";
    Ok(tx.execute(sql, params![org, payment, now]).await? > 0)
}

/// The newest link of a payment, live or not.
pub async fn newest(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
) -> Result<Option<Link>, StoreError> {
    let sql = "SELECT generation, issued_at_us, expires_at_us, revoked_at_us FROM payment_link
        WHERE organization_id = $1 AND payment_seq = $2 ORDER BY generation DESC LIMIT 1";
    tx.optional(sql, params![org, payment]).await?.as_ref().map(link).transpose()
}

/// The links of several payments that were not ended by hand, in no order; some may have expired.
pub async fn standing_of(
    tx: &mut Tx,
    org: OrganizationId,
    payments: &[PaymentId],
) -> Result<Vec<(PaymentId, Link)>, StoreError> {
    if payments.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Statement::default();
    statement.push("SELECT * FROM payment_link WHERE organization_id = ").bind(org);
    statement.and_one_of("payment_seq", payments).push(" AND revoked_at_us IS NULL");
    let named = |row: &Row| Ok((PaymentId::new(row.int("payment_seq")?), link(row)?));
    statement.all(tx).await?.iter().map(named).collect()
}

fn link(row: &Row) -> Result<Link, StoreError> {
    Ok(Link {
        generation: row.int("generation")?,
        issued_at: row.time("issued_at_us")?,
        expires_at: row.time("expires_at_us")?,
        revoked_at: row.opt_time("revoked_at_us")?,
    })
}
