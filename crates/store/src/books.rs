//! The books of some days as whole lists: refunds in the order in which they were made, and the
//! ledger's rows.
//!
//! Both are read by their indexes on the day, a batch at a time: each batch begins after the last
//! row of the one before, and reads the rest of that row's day again.

use almoner_domain::ledger::Account;
use almoner_domain::{LocationId, Money, OrganizationId, PatientId, PaymentId, PayoutId, time};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::db::{Row, StoreError, Tx};
use crate::refunds::{self, Refund};
use crate::statement::Statement;

/// Which part of the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Within {
    /// The first and the last day, by the organization's dates.
    pub days: (Date, Date),
    /// Where; everywhere when no location is named.
    pub locations: Vec<LocationId>,
}

/// A refund with what it is about.
#[derive(Debug, Clone)]
pub struct BookedRefund {
    /// The refund.
    pub refund: Refund,
    /// Who was to get it.
    pub patient: PatientId,
    /// The patient's last name.
    pub last_name: String,
    /// The patient's first name.
    pub first_name: String,
    /// When it was done.
    pub settled_at: Option<Timestamp>,
    /// The organization's date on which it failed or was called off.
    pub ended: Option<Date>,
}

/// What a row of the ledger is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A payment.
    Payment(PaymentId),
    /// A payout.
    Payout(PayoutId),
}

impl Source {
    fn key(self) -> (&'static str, i64) {
        match self {
            Self::Payment(id) => ("payment", id.seq()),
            Self::Payout(id) => ("payout", id.seq()),
        }
    }
}

/// A row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is about.
    pub source: Source,
    /// The source's version that it came with.
    pub version: i64,
    /// Which of that version's rows it is, from 1 on.
    pub line: i64,
    /// What happened, in one stored word.
    pub event: String,
    /// The account that is debited.
    pub debit: Account,
    /// The account that is credited.
    pub credit: Account,
    /// How much.
    pub amount: Money,
    /// Where.
    pub location: LocationId,
    /// The organization's date.
    pub day: Date,
    /// The moment.
    pub at: Timestamp,
}

/// Appends where the rows are, from a day on.
fn push_within(statement: &mut Statement, org: OrganizationId, within: &Within, from: Date) {
    statement.push(" WHERE organization_id = ").bind(org).push(" AND business_day BETWEEN ");
    statement.bind(time::date_key(from)).push(" AND ").bind(time::date_key(within.days.1));
    statement.and_locations(&within.locations);
}

/// The next refunds, at most `limit`, after that one.
pub async fn refunds(
    tx: &mut Tx,
    org: OrganizationId,
    within: &Within,
    after: Option<&BookedRefund>,
    limit: usize,
) -> Result<Vec<BookedRefund>, StoreError> {
    let mut statement = Statement::default();
    statement.push(
        "SELECT r.*, u.name AS made_by, p.patient_seq, q.last_name, q.first_name
        FROM (SELECT * FROM refund",
    );
    let from = after.map_or(within.days.0, |last| last.refund.business_day);
    push_within(&mut statement, org, within, from);
    if let Some(last) = after {
        statement.push(" AND (business_day, seq) > (").bind(time::date_key(from)).push(", ");
        statement.bind(last.refund.id).push(")");
    }
    statement.push(&format!(" ORDER BY business_day, seq LIMIT {limit}) AS r"));
    statement.push(
        " JOIN payment p ON p.organization_id = r.organization_id AND p.seq = r.payment_seq
        JOIN patient q ON q.organization_id = p.organization_id AND q.seq = p.patient_seq
        LEFT JOIN staff_user u ON u.organization_id = r.organization_id AND u.seq = r.user_seq
        ORDER BY r.business_day, r.seq",
    );
    statement.all(tx).await?.iter().map(booked_refund).collect()
}

fn booked_refund(row: &Row) -> Result<BookedRefund, StoreError> {
    let ended = row.opt_int("ended_day")?.map(|key| day("ended_day", key)).transpose()?;
    Ok(BookedRefund {
        refund: refunds::refund(row)?,
        patient: PatientId::new(row.int("patient_seq")?),
        last_name: row.text("last_name")?,
        first_name: row.text("first_name")?,
        settled_at: row.opt_time("settled_at_us")?,
        ended,
    })
}

fn day(column: &str, key: i64) -> Result<Date, StoreError> {
    time::date_from_key(key).ok_or_else(|| StoreError::Corrupt(format!("{column} {key}")))
}

/// The next rows of the ledger, at most `limit`, after that one: by day, then by what they are
/// about.
pub async fn ledger(
    tx: &mut Tx,
    org: OrganizationId,
    within: &Within,
    after: Option<&Entry>,
    limit: usize,
) -> Result<Vec<Entry>, StoreError> {
    let mut statement = Statement::default();
    statement.push("SELECT * FROM ledger_transfer");
    let from = after.map_or(within.days.0, |last| last.day);
    push_within(&mut statement, org, within, from);
    if let Some(last) = after {
        let (source, seq) = last.source.key();
        statement.push(" AND (business_day, source, source_seq, version, line) > (");
        statement.bind(time::date_key(from)).push(", ").bind(source).push(", ");
        statement.bind(seq).push(", ").bind(last.version).push(", ").bind(last.line).push(")");
    }
    statement.push(" ORDER BY business_day, source, source_seq, version, line");
    statement.push(&format!(" LIMIT {limit}"));
    statement.all(tx).await?.iter().map(entry).collect()
}

fn entry(row: &Row) -> Result<Entry, StoreError> {
    let (source, seq) = (row.text("source")?, row.int("source_seq")?);
    let source = match &*source {
        "payment" => Source::Payment(PaymentId::new(seq)),
        "payout" => Source::Payout(PayoutId::new(seq)),
        other => return Err(StoreError::Corrupt(format!("source {other:?}"))),
    };
    Ok(Entry {
        source,
        version: row.int("version")?,
        line: row.int("line")?,
        event: row.text("event")?,
        debit: row.word("debit_account", Account::from_name)?,
        credit: row.word("credit_account", Account::from_name)?,
        amount: row.money("amount_cents")?,
        location: LocationId::new(row.int("location_seq")?),
        day: day("business_day", row.int("business_day")?)?,
        at: row.time("at_us")?,
    })
}

/// Which list a count is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Book {
    /// The refunds.
    Refunds,
    /// The ledger's rows.
    Ledger,
}

/// Whether a list has more rows than `rows`. No more than that are looked at.
pub async fn has_more_than(
    tx: &mut Tx,
    org: OrganizationId,
    (book, within): (Book, &Within),
    rows: usize,
) -> Result<bool, StoreError> {
    let table = match book {
        Book::Refunds => "refund",
        Book::Ledger => "ledger_transfer",
    };
    let mut statement = Statement::default();
    statement.push(&format!("SELECT count(*) AS n FROM (SELECT 1 AS one FROM {table}"));
    push_within(&mut statement, org, within, within.days.0);
    statement.push(&format!(" LIMIT 1 OFFSET {rows}) AS more"));
    Ok(statement.one(tx).await?.int("n")? > 0)
}
