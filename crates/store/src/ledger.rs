//! The ledger's rows; the database refuses to change or delete them.

use almoner_domain::ledger::Transfer;
use almoner_domain::{LocationId, OrganizationId, PaymentId, PayoutId, time};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::db::{StoreError, Tx};
use crate::params;

/// When and where a change of a payment happened.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The moment.
    pub at: Timestamp,
    /// The organization's date at that moment.
    pub day: Date,
    /// The payment's location.
    pub location: LocationId,
}

/// Writes the transfers of a payment's change to `version`.
pub async fn insert(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
    version: i64,
    moment: Moment,
    transfers: &[Transfer],
) -> Result<(), StoreError> {
    write(tx, org, ("payment", payment.seq(), version), moment, transfers).await
}

/// Writes the transfers of a payout's change to `version`.
pub async fn insert_of_payout(
    tx: &mut Tx,
    org: OrganizationId,
    (payout, version): (PayoutId, i64),
    moment: Moment,
    transfers: &[Transfer],
) -> Result<(), StoreError> {
    write(tx, org, ("payout", payout.seq(), version), moment, transfers).await
}

async fn write(
    tx: &mut Tx,
    org: OrganizationId,
    (source, seq, version): (&str, i64, i64),
    moment: Moment,
    transfers: &[Transfer],
) -> Result<(), StoreError> {
    let sql = "INSERT INTO ledger_transfer (organization_id, source, source_seq, version, line,
        event, debit_account, credit_account, amount_cents, location_seq, business_day, at_us)
        VALUES ($1, $12, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    for (line, transfer) in (1_i64..).zip(transfers) {
        let (debit, credit) = (transfer.debit.as_str(), transfer.credit.as_str());
        let day = time::date_key(moment.day);
        let values = params![
            org,
            seq,
            version,
            line,
            transfer.event,
            debit,
            credit,
            transfer.amount,
            transfer.location.unwrap_or(moment.location),
            day,
            moment.at,
            source,
        ];
        tx.gather_one(sql, values).await?;
    }
    Ok(())
}
