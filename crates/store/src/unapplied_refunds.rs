//! Unapplied money that is given back. The database refuses to give back more than was taken, and
//! to give it back twice.

use almoner_domain::refund::RefundState;
use almoner_domain::{LocationId, Money, OrganizationId, PaymentId, RefundId, UserId, time};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::asking::Asking;
use crate::attempts::AttemptId;
use crate::db::{Row, StoreError, Tx};
use crate::ledger::Moment;
use crate::params;
use crate::refunds::Told;

const ASKING: Asking = Asking { table: "unapplied_refund", key: "seq" };

/// Money to be given back; on its way from the start.
#[derive(Debug, Clone, Copy)]
pub struct NewUnappliedRefund<'a> {
    /// Its id, from the numbers of refunds.
    pub id: RefundId,
    /// The attempt that took the money.
    pub attempt: AttemptId,
    /// How much.
    pub amount: Money,
    /// What the processor is told instead of our id.
    pub reference: &'a str,
    /// By whom.
    pub user: Option<UserId>,
}

/// Money that is given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnappliedRefund {
    /// Its id, from the numbers of refunds.
    pub id: RefundId,
    /// The attempt that took the money.
    pub attempt: AttemptId,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub state: RefundState,
    /// What the processor is told instead of our id.
    pub reference: String,
    /// The processor's id, once it is known.
    pub processor_id: Option<String>,
    /// How often the processor was asked about it.
    pub asks: i64,
    /// Why it failed, in words for staff.
    pub failure: Option<String>,
    /// Where the money is counted.
    pub location: LocationId,
    /// By whom.
    pub made_by: Option<String>,
    /// When it was made.
    pub made_at: Timestamp,
}

impl UnappliedRefund {
    /// The payment that was paid twice.
    pub fn payment(&self) -> PaymentId {
        self.attempt.0
    }
}

/// Records that money is given back; the processor is due to be asked at once.
///
/// # Errors
/// [`StoreError::Duplicate`] when it is on its way or was given back already;
/// [`StoreError::Refused`] when it is more than was taken.
pub async fn insert(
    tx: &mut Tx,
    org: OrganizationId,
    new: &NewUnappliedRefund<'_>,
    moment: Moment,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO unapplied_refund (organization_id, seq, payment_seq, attempt_no,
            amount_cents, state, reference, ask_at_us, location_seq, user_seq, made_at_us,
            business_day)
        VALUES ($1, $2, $3, $4, $5, 'pending', $6, $7, $8, $9, $7, $10)";
    let values = params![
        org,
        new.id,
        new.attempt.0,
        new.attempt.1,
        new.amount,
        new.reference,
        moment.at,
        moment.location,
        new.user,
        time::date_key(moment.day),
    ];
    tx.execute_one(sql, values).await
}

/// Moves it to another state.
pub async fn set_state(
    tx: &mut Tx,
    org: OrganizationId,
    id: RefundId,
    state: RefundState,
    told: Told<'_>,
    (at, day): (Timestamp, Date),
) -> Result<(), StoreError> {
    let ended = !state.is_live();
    let sql = "UPDATE unapplied_refund SET state = $3,
            settled_at_us = coalesce($4, settled_at_us), ended_at_us = $5, ended_day = $6,
            failure = $7, processor_refund_id = coalesce(processor_refund_id, $8),
            ask_at_us = CASE WHEN $3 = 'pending' THEN ask_at_us END
        WHERE organization_id = $1 AND seq = $2";
    let values = params![
        org,
        id,
        state.as_str(),
        (state == RefundState::Settled).then_some(at),
        ended.then_some(at),
        ended.then_some(time::date_key(day)),
        told.failure,
        told.id,
    ];
    tx.execute_one(sql, values).await
}

/// Keeps the processor's id while it is on its way; one that is known already stays.
pub async fn set_processor_id(
    tx: &mut Tx,
    org: OrganizationId,
    id: RefundId,
    processor_id: Option<&str>,
) -> Result<(), StoreError> {
    let sql = "UPDATE unapplied_refund
        SET processor_refund_id = coalesce(processor_refund_id, $3)
        WHERE organization_id = $1 AND seq = $2 AND state = 'pending'";
    tx.execute(sql, params![org, id, processor_id]).await.map(drop)
}

fn unapplied_refund(row: &Row) -> Result<UnappliedRefund, StoreError> {
    Ok(UnappliedRefund {
        id: RefundId::new(row.int("seq")?),
        attempt: (PaymentId::new(row.int("payment_seq")?), row.int("attempt_no")?),
        amount: row.money("amount_cents")?,
        state: row.word("state", RefundState::from_name)?,
        reference: row.text("reference")?,
        processor_id: row.opt_text("processor_refund_id")?,
        asks: row.int("asks")?,
        failure: row.opt_text("failure")?,
        location: LocationId::new(row.int("location_seq")?),
        made_by: row.opt_text("made_by")?,
        made_at: row.time("made_at_us")?,
    })
}

const SELECT: &str = "SELECT r.*, u.name AS made_by FROM unapplied_refund r
    LEFT JOIN staff_user u ON u.organization_id = r.organization_id AND u.seq = r.user_seq
    WHERE r.organization_id = $1";

/// What of a payment was taken for nothing and is given back, oldest first.
pub async fn of_payment(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
) -> Result<Vec<UnappliedRefund>, StoreError> {
    let sql = format!("{SELECT} AND r.payment_seq = $2 ORDER BY r.seq");
    tx.all(sql, params![org, payment]).await?.iter().map(unapplied_refund).collect()
}

/// The one with that id.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    id: RefundId,
) -> Result<Option<UnappliedRefund>, StoreError> {
    let sql = format!("{SELECT} AND r.seq = $2");
    tx.optional(sql, params![org, id]).await?.as_ref().map(unapplied_refund).transpose()
}

/// The one that the processor knows by that reference.
pub async fn by_reference(
    tx: &mut Tx,
    org: OrganizationId,
    reference: &str,
) -> Result<Option<UnappliedRefund>, StoreError> {
    let sql = format!("{SELECT} AND r.reference = $2");
    tx.optional(sql, params![org, reference]).await?.as_ref().map(unapplied_refund).transpose()
}

/// The one of an attempt that is on its way or done.
pub async fn live_of_attempt(
    tx: &mut Tx,
    org: OrganizationId,
    (payment, number): AttemptId,
) -> Result<Option<UnappliedRefund>, StoreError> {
    let sql = format!(
        "{SELECT} AND r.payment_seq = $2 AND r.attempt_no = $3
            AND r.state IN ('pending', 'settled')"
    );
    let row = tx.optional(sql, params![org, payment, number]).await?;
    row.as_ref().map(unapplied_refund).transpose()
}

/// Whether the processor is to be asked about any, without taking anything.
pub async fn any_due(tx: &mut Tx, org: OrganizationId, now: Timestamp) -> Result<bool, StoreError> {
    ASKING.any_due(tx, org, now).await
}

/// Those that the processor is to be asked about, the longest due first. They are held until the
/// transaction ends, in which the caller moves each on by [`set_ask`].
pub async fn due(
    tx: &mut Tx,
    org: OrganizationId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<UnappliedRefund>, StoreError> {
    let mut found = Vec::new();
    for row in ASKING.due(tx, org, now, limit).await? {
        found.extend(get(tx, org, RefundId::new(row.int("seq")?)).await?);
    }
    Ok(found)
}

/// Says when the processor is asked about one next, and how often it was.
pub async fn set_ask(
    tx: &mut Tx,
    org: OrganizationId,
    id: RefundId,
    (ask_at, asks): (Timestamp, i64),
) -> Result<(), StoreError> {
    let sql = "UPDATE unapplied_refund SET ask_at_us = $3, asks = $4
        WHERE organization_id = $1 AND seq = $2 AND state = 'pending'";
    tx.execute(sql, params![org, id, ask_at, asks]).await.map(drop)
}
