//! Money that was taken, and the reversals of what was entered in error or came back unpaid.

use almoner_domain::payment::PaymentType;
use almoner_domain::refund::ReversalReason;
use almoner_domain::tender::{Tender, TenderType};
use almoner_domain::{LocationId, Money, OrganizationId, PaymentId, time};
use jiff::Timestamp;

use crate::author::Author;
use crate::db::{Row, StoreError, Tx};
use crate::ledger::Moment;
use crate::params;
use crate::statement::Statement;

/// A tender as it was recorded.
#[derive(Debug, Clone)]
pub struct TenderRow {
    /// The payment's version when it became Paid.
    pub version: i64,
    /// What the payment was for.
    pub kind: Option<PaymentType>,
    /// How it was paid.
    pub tender: Tender,
    /// How much.
    pub amount: Money,
    /// Where.
    pub location: LocationId,
    /// By whom, when it was entered by hand.
    pub taken_by: Option<String>,
    /// When.
    pub received_at: Timestamp,
    /// Why it was taken back, when it was.
    pub reversed: Option<ReversalReason>,
}

/// Records a tender of a payment of that type.
pub async fn insert(
    tx: &mut Tx,
    org: OrganizationId,
    (payment, version, kind): (PaymentId, i64, Option<PaymentType>),
    (tender, amount): (&Tender, Money),
    author: Option<Author>,
    moment: Moment,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO tender (organization_id, payment_seq, version, kind, amount_cents,
        given_cents, number, authorization_code, last_four, reference, location_seq, user_seq,
        received_at_us, business_day, payment_kind, key_seq, said_received_at_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    let t = tender.clone();
    let (user, key) = Author::columns(author);
    let day = time::date_key(moment.day);
    let values = params![
        org,
        payment,
        version,
        t.kind.as_str(),
        amount,
        t.given,
        t.number,
        t.authorization_code,
        t.last_four,
        t.reference,
        moment.location,
        user,
        moment.at,
        day,
        kind.map(PaymentType::as_str),
        key,
        t.received_at,
    ];
    tx.gather_one(sql, values).await
}

fn tender_row(row: &Row) -> Result<TenderRow, StoreError> {
    let reversed = row.opt_text("reversal")?;
    let kind = row.opt_text("payment_kind")?;
    Ok(TenderRow {
        version: row.int("version")?,
        kind: kind.as_deref().and_then(PaymentType::from_name),
        tender: Tender {
            kind: row.word("kind", TenderType::from_name)?,
            given: row.opt_money("given_cents")?,
            number: row.opt_text("number")?,
            authorization_code: row.opt_text("authorization_code")?,
            last_four: row.opt_text("last_four")?,
            reference: row.opt_text("reference")?,
            received_at: row.opt_time("said_received_at_us")?,
        },
        amount: row.money("amount_cents")?,
        location: LocationId::new(row.int("location_seq")?),
        taken_by: row.opt_text("taken_by")?,
        received_at: row.time("received_at_us")?,
        reversed: reversed.as_deref().and_then(ReversalReason::from_name),
    })
}

const SELECT: &str = "SELECT t.*, coalesce(u.name, k.name) AS taken_by, r.reason AS reversal
    FROM tender t
    LEFT JOIN staff_user u ON u.organization_id = t.organization_id AND u.seq = t.user_seq
    LEFT JOIN api_key k ON k.organization_id = t.organization_id AND k.seq = t.key_seq
    LEFT JOIN tender_reversal r ON r.organization_id = t.organization_id
        AND r.payment_seq = t.payment_seq AND r.tender_version = t.version";

/// The tenders of a payment, newest first; only the newest can stand.
pub async fn of_payment(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
) -> Result<Vec<TenderRow>, StoreError> {
    let sql = format!(
        "{SELECT} WHERE t.organization_id = $1 AND t.payment_seq = $2 ORDER BY t.version DESC"
    );
    tx.all(sql, params![org, payment]).await?.iter().map(tender_row).collect()
}

/// The tender that stands: taken and not reversed.
pub async fn standing(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
) -> Result<Option<TenderRow>, StoreError> {
    let all = of_payment(tx, org, payment).await?;
    Ok(all.into_iter().find(|row| row.reversed.is_none()))
}

/// The tenders that stand, of several payments, in no order.
pub async fn standing_of(
    tx: &mut Tx,
    org: OrganizationId,
    payments: &[PaymentId],
) -> Result<Vec<(PaymentId, TenderRow)>, StoreError> {
    if payments.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Statement::default();
    statement.push(SELECT).push(" WHERE t.organization_id = ").bind(org);
    statement.and_one_of("t.payment_seq", payments).push(" AND r.reason IS NULL");
    let named = |row: &Row| Ok((PaymentId::new(row.int("payment_seq")?), tender_row(row)?));
    statement.all(tx).await?.iter().map(named).collect()
}

/// A reversal to be recorded.
#[derive(Debug, Clone)]
pub struct Reversal {
    /// The payment's version after the reversal.
    pub version: i64,
    /// The version of the tender that is taken back.
    pub tender_version: i64,
    /// Why.
    pub reason: ReversalReason,
    /// What else there is to say.
    pub notes: Option<String>,
    /// How much.
    pub amount: Money,
    /// By whom.
    pub author: Author,
}

/// Records a reversal.
pub async fn reverse(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
    reversal: &Reversal,
    moment: Moment,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO tender_reversal (organization_id, payment_seq, version,
        tender_version, reason, notes, amount_cents, location_seq, user_seq, at_us, business_day,
        key_seq)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let (user, key) = Author::columns(Some(reversal.author));
    let day = time::date_key(moment.day);
    let values = params![
        org,
        payment,
        reversal.version,
        reversal.tender_version,
        reversal.reason.as_str(),
        reversal.notes.clone(),
        reversal.amount,
        moment.location,
        user,
        moment.at,
        day,
        key,
    ];
    tx.execute_one(sql, values).await
}
