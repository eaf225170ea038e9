//! Refunds. The database counts them against what was collected and refuses what is too much.

use almoner_domain::payment::PaymentType;
use almoner_domain::refund::{RefundReason, RefundState};
use almoner_domain::tender::TenderType;
use almoner_domain::{LocationId, Money, OrganizationId, PaymentId, RefundId, time};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::asking::Asking;
use crate::author::Author;
use crate::db::{Row, StoreError, Tx};
use crate::ledger::Moment;
use crate::params;

const ASKING: Asking = Asking { table: "refund", key: "seq" };

/// A refund as it is made.
#[derive(Debug, Clone)]
pub struct NewRefund {
    /// Its id.
    pub id: RefundId,
    /// The payment that it gives back.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// Why.
    pub reason: RefundReason,
    /// What else there is to say.
    pub notes: Option<String>,
    /// On its way, or done at once.
    pub state: RefundState,
    /// The tender that it goes back to.
    pub tender: TenderType,
    /// What the payment was for.
    pub kind: Option<PaymentType>,
    /// What the processor is told instead of our id, when it is to make it.
    pub reference: Option<String>,
    /// By whom.
    pub author: Option<Author>,
}

/// A refund.
#[derive(Debug, Clone)]
pub struct Refund {
    /// Its id.
    pub id: RefundId,
    /// The payment that it gives back.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// Why.
    pub reason: RefundReason,
    /// What else there is to say.
    pub notes: Option<String>,
    /// Where it stands.
    pub state: RefundState,
    /// The tender that it goes back to.
    pub tender: TenderType,
    /// What the payment was for.
    pub kind: Option<PaymentType>,
    /// What the processor is told instead of our id.
    pub reference: Option<String>,
    /// The processor's id, once it is known.
    pub processor_id: Option<String>,
    /// How often the processor was asked about it.
    pub asks: i64,
    /// Why it failed, in words for staff.
    pub failure: Option<String>,
    /// Where it was made.
    pub location: LocationId,
    /// By whom.
    pub made_by: Option<String>,
    /// When it was made.
    pub made_at: Timestamp,
    /// The organization's date when it was made, on which it counts.
    pub business_day: Date,
}

/// What the processor says of a refund beside its state.
#[derive(Debug, Clone, Copy, Default)]
pub struct Told<'a> {
    /// The processor's id.
    pub id: Option<&'a str>,
    /// Why it failed, in words for staff.
    pub failure: Option<&'a str>,
}

/// Records a refund; the payment's refunded amount and status follow at once. One that is on its
/// way is due to be asked about at once.
///
/// # Errors
/// [`StoreError::Refused`] when more would be refunded than was collected.
pub async fn insert(
    tx: &mut Tx,
    org: OrganizationId,
    refund: &NewRefund,
    moment: Moment,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO refund (organization_id, seq, payment_seq, amount_cents, reason, notes,
        state, tender_kind, location_seq, user_seq, made_at_us, business_day, settled_at_us,
        reference, ask_at_us, payment_kind, key_seq)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    let (user, key) = Author::columns(refund.author);
    let ask_at = (refund.state == RefundState::Pending).then_some(moment.at);
    let settled_at = (refund.state == RefundState::Settled).then_some(moment.at);
    let values = params![
        org,
        refund.id,
        refund.payment,
        refund.amount,
        refund.reason.as_str(),
        refund.notes.clone(),
        refund.state.as_str(),
        refund.tender.as_str(),
        moment.location,
        user,
        moment.at,
        time::date_key(moment.day),
        settled_at,
        refund.reference.clone(),
        ask_at,
        refund.kind.map(PaymentType::as_str),
        key,
    ];
    tx.execute_one(sql, values).await
}

/// Moves a refund to another state; the payment's refunded amount and status follow at once.
pub async fn set_state(
    tx: &mut Tx,
    org: OrganizationId,
    id: RefundId,
    state: RefundState,
    told: Told<'_>,
    (at, day): (Timestamp, Date),
) -> Result<(), StoreError> {
    let ended = !state.is_live();
    let settled = (state == RefundState::Settled).then_some(at);
    let sql = "UPDATE refund SET state = $3, settled_at_us = coalesce($4, settled_at_us),
        ended_at_us = $5, ended_day = $6, failure = $7,
        processor_refund_id = coalesce(processor_refund_id, $8),
        ask_at_us = CASE WHEN $3 = 'pending' THEN ask_at_us END
        WHERE organization_id = $1 AND seq = $2";
    let (ended_at, ended_day) = (ended.then_some(at), ended.then_some(time::date_key(day)));
    let name = state.as_str();
    let values = params![org, id, name, settled, ended_at, ended_day, told.failure, told.id];
    tx.execute_one(sql, values).await
}

/// Keeps the processor's id of a refund that is on its way; one that is known already stays.
pub async fn set_processor_id(
    tx: &mut Tx,
    org: OrganizationId,
    id: RefundId,
    processor_id: Option<&str>,
) -> Result<(), StoreError> {
    let sql = "UPDATE refund SET processor_refund_id = coalesce(processor_refund_id, $3)
        WHERE organization_id = $1 AND seq = $2 AND state = 'pending'";
    tx.execute(sql, params![org, id, processor_id]).await.map(drop)
}

pub(crate) fn refund(row: &Row) -> Result<Refund, StoreError> {
    let day = row.int("business_day")?;
    let kind = row.opt_text("payment_kind")?;
    Ok(Refund {
        id: RefundId::new(row.int("seq")?),
        payment: PaymentId::new(row.int("payment_seq")?),
        amount: row.money("amount_cents")?,
        reason: row.word("reason", RefundReason::from_name)?,
        notes: row.opt_text("notes")?,
        state: row.word("state", RefundState::from_name)?,
        tender: row.word("tender_kind", TenderType::from_name)?,
        kind: kind.as_deref().and_then(PaymentType::from_name),
        reference: row.opt_text("reference")?,
        processor_id: row.opt_text("processor_refund_id")?,
        asks: row.int("asks")?,
        failure: row.opt_text("failure")?,
        location: LocationId::new(row.int("location_seq")?),
        made_by: row.opt_text("made_by")?,
        made_at: row.time("made_at_us")?,
        business_day: time::date_from_key(day)
            .ok_or_else(|| StoreError::Corrupt(format!("business_day {day}")))?,
    })
}

const SELECT: &str = "SELECT r.*, coalesce(u.name, k.name) AS made_by FROM refund r
    LEFT JOIN staff_user u ON u.organization_id = r.organization_id AND u.seq = r.user_seq
    LEFT JOIN api_key k ON k.organization_id = r.organization_id AND k.seq = r.key_seq
    WHERE r.organization_id = $1";

/// The refunds of a payment, oldest first.
pub async fn of_payment(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
) -> Result<Vec<Refund>, StoreError> {
    let sql = format!("{SELECT} AND r.payment_seq = $2 ORDER BY r.seq");
    tx.all(sql, params![org, payment]).await?.iter().map(refund).collect()
}

/// The refund with that id.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    id: RefundId,
) -> Result<Option<Refund>, StoreError> {
    let sql = format!("{SELECT} AND r.seq = $2");
    tx.optional(sql, params![org, id]).await?.as_ref().map(refund).transpose()
}

/// The refund that the processor knows by that reference.
pub async fn by_reference(
    tx: &mut Tx,
    org: OrganizationId,
    reference: &str,
) -> Result<Option<Refund>, StoreError> {
    let sql = format!("{SELECT} AND r.reference = $2");
    tx.optional(sql, params![org, reference]).await?.as_ref().map(refund).transpose()
}

/// The references, amounts and moments of all money that the processor gave back, oldest first.
pub async fn given_back(
    tx: &mut Tx,
    org: OrganizationId,
) -> Result<Vec<(String, Money, Timestamp)>, StoreError> {
    let sql = "SELECT reference, amount_cents, settled_at_us FROM refund
        WHERE organization_id = $1 AND state = 'settled' AND reference IS NOT NULL
        ORDER BY settled_at_us, seq";
    let read = |row: &Row| {
        Ok((row.text("reference")?, row.money("amount_cents")?, row.time("settled_at_us")?))
    };
    tx.all(sql, params![org]).await?.iter().map(read).collect()
}

/// Whether the processor is to be asked about any refund, without taking anything.
pub async fn any_due(tx: &mut Tx, org: OrganizationId, now: Timestamp) -> Result<bool, StoreError> {
    ASKING.any_due(tx, org, now).await
}

/// Refunds that the processor is to be asked about, the longest due first. They are held until
/// the transaction ends, in which the caller moves each on by [`set_ask`].
pub async fn due(
    tx: &mut Tx,
    org: OrganizationId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Refund>, StoreError> {
    let mut found = Vec::new();
    for row in ASKING.due(tx, org, now, limit).await? {
        found.extend(get(tx, org, RefundId::new(row.int("seq")?)).await?);
    }
    Ok(found)
}

/// Says when the processor is asked about a refund next, and how often it was.
pub async fn set_ask(
    tx: &mut Tx,
    org: OrganizationId,
    id: RefundId,
    (ask_at, asks): (Timestamp, i64),
) -> Result<(), StoreError> {
    let sql = "UPDATE refund SET ask_at_us = $3, asks = $4
        WHERE organization_id = $1 AND seq = $2 AND state = 'pending'";
    tx.execute(sql, params![org, id, ask_at, asks]).await.map(drop)
}
