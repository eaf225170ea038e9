//! Attempts of a payer at the processor.
//!
//! A row is committed before the processor hears of the attempt, under a reference that it never
//! gave to anything else. While an attempt is live it has a moment at which the processor is asked
//! how it stands; whoever takes it up moves that moment on, so that no two servers ask at once.

use almoner_domain::status::Facts;
use almoner_domain::{Money, OrganizationId, PaymentId};
use jiff::Timestamp;

use crate::asking::Asking;
use crate::db::{Row, StoreError, Touches, Tx};
use crate::params;
use crate::statement::Statement;

const ASKING: Asking = Asking { table: "payment_attempt", key: "payment_seq, attempt_no" };

/// Where an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptState {
    /// Under way.
    Open,
    /// The processor holds the money for us.
    Authorized,
    /// The money was taken.
    Captured,
    /// The processor refused.
    Failed,
    /// The held money was let go.
    Released,
    /// The payer left without paying.
    Expired,
}

impl AttemptState {
    /// All six.
    pub const ALL: [Self; 6] =
        [Self::Open, Self::Authorized, Self::Captured, Self::Failed, Self::Released, Self::Expired];

    /// The name that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::Failed => "failed",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }

    /// The state with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether money may still come of it.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Open | Self::Authorized)
    }
}

/// Names an attempt: the payment, and its number on it, from one.
pub type AttemptId = (PaymentId, i64);

/// An attempt as it begins.
#[derive(Debug, Clone, Copy)]
pub struct NewAttempt<'a> {
    /// The payment.
    pub payment: PaymentId,
    /// Which processor.
    pub processor: &'a str,
    /// What the processor is told instead of our id.
    pub reference: &'a str,
    /// How much.
    pub amount: Money,
    /// When it begins.
    pub started_at: Timestamp,
    /// When the processor's page ends.
    pub expires_at: Timestamp,
    /// When the processor is asked how it stands, unless it tells before.
    pub ask_at: Timestamp,
}

/// An attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The payment.
    pub payment: PaymentId,
    /// Its number on the payment, from one.
    pub number: i64,
    /// Which processor.
    pub processor: String,
    /// What the processor is told instead of our id.
    pub reference: String,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub state: AttemptState,
    /// Why it came to nothing, in words for the payer.
    pub failure: Option<String>,
    /// The processor's id of its page, once that is known.
    pub session: Option<String>,
    /// The processor's id of the payment, once there is one.
    pub processor_payment: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When the processor's page ends; `None` for attempts of earlier versions.
    pub expires_at: Option<Timestamp>,
    /// How often the processor was asked how it stands.
    pub asks: i64,
}

impl Attempt {
    /// Names it.
    pub fn id(&self) -> AttemptId {
        (self.payment, self.number)
    }
}

fn attempt(row: &Row) -> Result<Attempt, StoreError> {
    Ok(Attempt {
        payment: PaymentId::new(row.int("payment_seq")?),
        number: row.int("attempt_no")?,
        processor: row.text("processor")?,
        reference: row.text("reference")?,
        amount: row.money("amount_cents")?,
        state: row.word("state", AttemptState::from_name)?,
        failure: row.opt_text("failure")?,
        session: row.opt_text("session_id")?,
        processor_payment: row.opt_text("processor_payment_id")?,
        started_at: row.time("started_at_us")?,
        expires_at: row.opt_time("expires_at_us")?,
        asks: row.int("asks")?,
    })
}

/// Begins an attempt; the caller holds the payment's row. Tells its number.
///
/// # Errors
/// [`StoreError::Duplicate`] when the reference was given out before.
pub async fn insert(
    tx: &mut Tx,
    org: OrganizationId,
    new: &NewAttempt<'_>,
) -> Result<i64, StoreError> {
    let sql = "INSERT INTO payment_attempt (organization_id, payment_seq, attempt_no, processor,
            state, amount_cents, started_at_us, changed_at_us, reference, expires_at_us, ask_at_us)
        SELECT $1, $2, coalesce(max(attempt_no), 0) + 1, $3, 'open', $4, $5, $5, $6, $7, $8
        FROM payment_attempt WHERE organization_id = $1 AND payment_seq = $2
        RETURNING attempt_no";
    let values = params![
        org,
        new.payment,
        new.processor,
        new.amount,
        new.started_at,
        new.reference,
        new.expires_at,
        new.ask_at,
    ];
    tx.one(sql, values).await?.int("attempt_no")
}

/// Moves an attempt to another state; one that is over is not asked about any more.
pub async fn set_state(
    tx: &mut Tx,
    org: OrganizationId,
    (payment, number): AttemptId,
    (state, failure): (AttemptState, Option<&str>),
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE payment_attempt SET state = $4, failure = $5, changed_at_us = $6,
            ask_at_us = CASE WHEN $4 IN ('open', 'authorized') THEN ask_at_us END
        WHERE organization_id = $1 AND payment_seq = $2 AND attempt_no = $3";
    tx.execute_one(sql, params![org, payment, number, state.as_str(), failure, now]).await
}

/// Keeps the processor's ids of an attempt; one that is known already stays.
pub async fn set_ids(
    tx: &mut Tx,
    org: OrganizationId,
    (payment, number): AttemptId,
    (session, processor_payment): (Option<&str>, Option<&str>),
) -> Result<(), StoreError> {
    let sql = "UPDATE payment_attempt SET session_id = coalesce(session_id, $4),
            processor_payment_id = coalesce(processor_payment_id, $5)
        WHERE organization_id = $1 AND payment_seq = $2 AND attempt_no = $3";
    tx.execute_one(sql, params![org, payment, number, session, processor_payment]).await
}

/// The newest attempt of a payment, if the payer ever tried.
pub async fn newest(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
) -> Result<Option<Attempt>, StoreError> {
    let sql = "SELECT * FROM payment_attempt
        WHERE organization_id = $1 AND payment_seq = $2 ORDER BY attempt_no DESC LIMIT 1";
    tx.optional(sql, params![org, payment]).await?.as_ref().map(attempt).transpose()
}

/// An attempt.
pub async fn get(
    tx: &mut Tx,
    org: OrganizationId,
    (payment, number): AttemptId,
) -> Result<Option<Attempt>, StoreError> {
    let sql = "SELECT * FROM payment_attempt
        WHERE organization_id = $1 AND payment_seq = $2 AND attempt_no = $3";
    tx.optional(sql, params![org, payment, number]).await?.as_ref().map(attempt).transpose()
}

/// The attempt that the processor knows by that reference.
pub async fn by_reference(
    tx: &mut Tx,
    org: OrganizationId,
    reference: &str,
) -> Result<Option<Attempt>, StoreError> {
    let sql = "SELECT * FROM payment_attempt WHERE organization_id = $1 AND reference = $2";
    tx.optional(sql, params![org, reference]).await?.as_ref().map(attempt).transpose()
}

/// The attempt that the processor's payment of that id came of.
pub async fn by_processor_payment(
    tx: &mut Tx,
    org: OrganizationId,
    (processor, id): (&str, &str),
) -> Result<Option<Attempt>, StoreError> {
    let sql = "SELECT * FROM payment_attempt
        WHERE organization_id = $1 AND processor_payment_id = $3 AND processor = $2";
    tx.optional(sql, params![org, processor, id]).await?.as_ref().map(attempt).transpose()
}

/// The attempt that took the money of a payment. Money that a further one took is not applied.
pub async fn that_paid(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
) -> Result<Option<Attempt>, StoreError> {
    let sql = "SELECT * FROM payment_attempt a
        WHERE organization_id = $1 AND payment_seq = $2 AND state = 'captured' AND NOT EXISTS (
            SELECT 1 FROM unapplied_money u WHERE u.organization_id = a.organization_id
                AND u.payment_seq = a.payment_seq AND u.attempt_no = a.attempt_no)
        ORDER BY attempt_no LIMIT 1";
    tx.optional(sql, params![org, payment]).await?.as_ref().map(attempt).transpose()
}

/// The references, amounts and moments of all money that was taken, oldest first.
pub async fn captured(
    tx: &mut Tx,
    org: OrganizationId,
) -> Result<Vec<(String, Money, Timestamp)>, StoreError> {
    let sql = "SELECT reference, amount_cents, changed_at_us FROM payment_attempt
        WHERE organization_id = $1 AND state = 'captured'
        ORDER BY changed_at_us, payment_seq, attempt_no";
    let read = |row: &Row| {
        Ok((row.text("reference")?, row.money("amount_cents")?, row.time("changed_at_us")?))
    };
    tx.all(sql, params![org]).await?.iter().map(read).collect()
}

/// Whether the processor is to be asked about any attempt, without taking anything.
pub async fn any_due(tx: &mut Tx, org: OrganizationId, now: Timestamp) -> Result<bool, StoreError> {
    ASKING.any_due(tx, org, now).await
}

/// Attempts that the processor is to be asked about, the longest due first. They are held until
/// the transaction ends, in which the caller moves each on by [`set_ask`].
pub async fn due(
    tx: &mut Tx,
    org: OrganizationId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Attempt>, StoreError> {
    ASKING.due(tx, org, now, limit).await?.iter().map(attempt).collect()
}

/// Says when the processor is asked about a live attempt next, and how often it was.
pub async fn set_ask(
    tx: &mut Tx,
    org: OrganizationId,
    (payment, number): AttemptId,
    (ask_at, asks): (Timestamp, i64),
) -> Result<(), StoreError> {
    let sql = "UPDATE payment_attempt SET ask_at_us = $4, asks = $5
        WHERE organization_id = $1 AND payment_seq = $2 AND attempt_no = $3
            AND state IN ('open', 'authorized')";
    tx.execute(sql, params![org, payment, number, ask_at, asks]).await.map(drop)
}

/// Lets the processor be asked about every live attempt of a payment at that moment.
pub async fn ask_at(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE payment_attempt SET ask_at_us = $3
        WHERE organization_id = $1 AND payment_seq = $2 AND state IN ('open', 'authorized')";
    tx.gather(sql, params![org, payment, at], Touches::Any).await
}

/// What the status table's conditions look at. Only the newest attempt can be live.
pub async fn facts(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
) -> Result<Facts, StoreError> {
    let newest = newest(tx, org, payment).await?;
    Ok(facts_at(newest.map(|attempt| attempt.state)))
}

/// The same of several payments, in no order; those that nobody tried to pay are left out.
pub async fn facts_of(
    tx: &mut Tx,
    org: OrganizationId,
    payments: &[PaymentId],
) -> Result<Vec<(PaymentId, Facts)>, StoreError> {
    if payments.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Statement::default();
    statement.push("SELECT payment_seq, state FROM payment_attempt a WHERE organization_id = ");
    statement.bind(org).and_one_of("payment_seq", payments).push(
        " AND attempt_no = (SELECT max(b.attempt_no) FROM payment_attempt b
            WHERE b.organization_id = a.organization_id AND b.payment_seq = a.payment_seq)",
    );
    let named = |row: &Row| {
        let state = row.word("state", AttemptState::from_name)?;
        Ok((PaymentId::new(row.int("payment_seq")?), facts_at(Some(state))))
    };
    statement.all(tx).await?.iter().map(named).collect()
}

/// What the newest attempt's state says.
fn facts_at(newest: Option<AttemptState>) -> Facts {
    Facts {
        ever_attempted: newest.is_some(),
        live_attempt: newest.is_some_and(AttemptState::is_live),
        held_authorization: newest == Some(AttemptState::Authorized),
    }
}
