//! What a person has to look at: money that came where none was awaited, or not as it was awaited.

use almoner_domain::{ExceptionId, Money, OrganizationId, PaymentId, UserId};
use jiff::Timestamp;

use crate::db::{Row, StoreError, Tx};
use crate::{counters, params};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExceptionKind {
    /// Money came for a payment that was cancelled.
    LateMoney,
    /// A payment was paid twice.
    SecondCapture,
    /// The processor tells of another amount, currency, page or payment than was asked for.
    Mismatch,
    /// A refund came back.
    RefundFailed,
    /// The processor refunded what nobody refunded here.
    ForeignRefund,
    /// An event is about something that is not known, and was not for a long time.
    UnknownEvent,
}

impl ExceptionKind {
    /// All six.
    pub const ALL: [Self; 6] = [
        Self::LateMoney,
        Self::SecondCapture,
        Self::Mismatch,
        Self::RefundFailed,
        Self::ForeignRefund,
        Self::UnknownEvent,
    ];

    /// The name that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LateMoney => "late_money",
            Self::SecondCapture => "second_capture",
            Self::Mismatch => "mismatch",
            Self::RefundFailed => "refund_failed",
            Self::ForeignRefund => "foreign_refund",
            Self::UnknownEvent => "unknown_event",
        }
    }

    /// The kind with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// An exception as it is raised.
#[derive(Debug, Clone)]
pub struct NewException<'a> {
    /// What happened.
    pub kind: ExceptionKind,
    /// What makes a second telling of the same thing the same, beside the kind.
    pub mark: &'a str,
    /// The payment that it is about.
    pub payment: Option<PaymentId>,
    /// How much came or went, and in which currency.
    pub money: Option<(Money, &'a str)>,
    /// What happened, in words without anything of the patient.
    pub words: &'a str,
}

/// An exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Its id.
    pub id: ExceptionId,
    /// What happened.
    pub kind: ExceptionKind,
    /// The payment that it is about.
    pub payment: Option<PaymentId>,
    /// How much came or went.
    pub amount: Option<Money>,
    /// In which currency.
    pub currency: Option<String>,
    /// What happened, in words.
    pub words: String,
    /// When.
    pub raised_at: Timestamp,
    /// What made a second telling of the same thing the same.
    pub mark: String,
    /// Whether somebody solved it.
    pub is_solved: bool,
}

fn exception(row: &Row) -> Result<Exception, StoreError> {
    Ok(Exception {
        id: ExceptionId::new(row.int("seq")?),
        kind: row.word("kind", ExceptionKind::from_name)?,
        payment: row.opt_int("payment_seq")?.map(PaymentId::new),
        amount: row.opt_money("amount_cents")?,
        currency: row.opt_text("currency")?,
        words: row.text("words")?,
        raised_at: row.time("raised_at_us")?,
        mark: mark(row)?,
        is_solved: row.opt_time("solved_at_us")?.is_some(),
    })
}

/// The mark as it was given, without the kind that is stored before it.
fn mark(row: &Row) -> Result<String, StoreError> {
    let stored = row.text("mark")?;
    Ok(stored.split_once(' ').map_or(stored.clone(), |(_, mark)| mark.to_owned()))
}

/// Raises an exception; `None` when it was raised before.
pub async fn raise(
    tx: &mut Tx,
    org: OrganizationId,
    new: &NewException<'_>,
    now: Timestamp,
) -> Result<Option<ExceptionId>, StoreError> {
    let mark = format!("{} {}", new.kind.as_str(), new.mark);
    let sql = "SELECT 1 AS n FROM money_exception WHERE organization_id = $1 AND mark = $2";
    if tx.optional(sql, params![org, &*mark]).await?.is_some() {
        return Ok(None);
    }
    let id = ExceptionId::new(counters::next(tx, org, ExceptionId::PREFIX).await?);
    let sql = "INSERT INTO money_exception (organization_id, seq, kind, mark, payment_seq,
            amount_cents, currency, words, raised_at_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = params![
        org,
        id,
        new.kind.as_str(),
        mark,
        new.payment,
        new.money.map(|money| money.0),
        new.money.map(|money| money.1),
        new.words,
        now,
    ];
    tx.execute_one(sql, values).await?;
    Ok(Some(id))
}

/// The exception with that id, solved or not.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    id: ExceptionId,
) -> Result<Option<Exception>, StoreError> {
    let sql = "SELECT * FROM money_exception WHERE organization_id = $1 AND seq = $2";
    tx.optional(sql, params![org, id]).await?.as_ref().map(exception).transpose()
}

/// Says what was done about an exception; false when that was said before.
pub async fn solve(
    tx: &mut Tx,
    org: OrganizationId,
    id: ExceptionId,
    (solution, user): (&str, Option<UserId>),
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE money_exception SET solution = $3, solved_by = $4, solved_at_us = $5
        WHERE organization_id = $1 AND seq = $2 AND solved_at_us IS NULL";
    Ok(tx.execute(sql, params![org, id, solution, user, now]).await? == 1)
}

/// The exception of that kind with that mark, solved or not.
pub async fn by_mark(
    tx: &mut Tx,
    org: OrganizationId,
    (kind, mark): (ExceptionKind, &str),
) -> Result<Option<Exception>, StoreError> {
    let mark = format!("{} {mark}", kind.as_str());
    let sql = "SELECT * FROM money_exception WHERE organization_id = $1 AND mark = $2";
    tx.optional(sql, params![org, mark]).await?.as_ref().map(exception).transpose()
}

/// The exceptions of a payment that nobody has solved, oldest first.
pub async fn open_of_payment(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
) -> Result<Vec<Exception>, StoreError> {
    let sql = "SELECT * FROM money_exception
        WHERE organization_id = $1 AND payment_seq = $2 AND solved_at_us IS NULL ORDER BY seq";
    tx.all(sql, params![org, payment]).await?.iter().map(exception).collect()
}

/// The exceptions that nobody has solved, oldest first.
pub async fn open(
    tx: &mut Tx,
    org: OrganizationId,
    limit: i64,
) -> Result<Vec<Exception>, StoreError> {
    let sql = "SELECT * FROM money_exception
        WHERE organization_id = $1 AND solved_at_us IS NULL ORDER BY seq LIMIT $2";
    tx.all(sql, params![org, limit]).await?.iter().map(exception).collect()
}

/// How many such exceptions there are, counted up to `limit`.
pub async fn count_open(tx: &mut Tx, org: OrganizationId, limit: i64) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) AS n FROM (SELECT seq FROM money_exception
        WHERE organization_id = $1 AND solved_at_us IS NULL LIMIT $2) AS waiting";
    tx.one(sql, params![org, limit]).await?.int("n")
}
