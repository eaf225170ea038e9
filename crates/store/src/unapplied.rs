//! Money that a second attempt of the same payment took: it is the payer's until it is given back.
//! The database refuses to change or delete these rows.

use almoner_domain::{Money, OrganizationId, time};

use crate::attempts::AttemptId;
use crate::db::{StoreError, Tx};
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
