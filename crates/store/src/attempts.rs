//! Attempts of a payer at the processor.

use almoner_domain::status::Facts;
use almoner_domain::{Money, OrganizationId, PaymentId};
use jiff::Timestamp;

use crate::db::{StoreError, Tx};
use crate::params;

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
}

/// The newest attempt of a payment.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Its number on the payment, from one.
    pub number: i64,
    /// Which processor.
    pub processor: String,
    /// Where it stands.
    pub state: AttemptState,
    /// When it began.
    pub started_at: Timestamp,
}

/// Begins an attempt; the caller holds the payment's row.
pub async fn insert(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
    processor: &str,
    amount: Money,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let sql = "INSERT INTO payment_attempt (organization_id, payment_seq, attempt_no, processor,
            state, amount_cents, started_at_us, changed_at_us)
        SELECT $1, $2, coalesce(max(attempt_no), 0) + 1, $3, 'open', $4, $5, $5
        FROM payment_attempt WHERE organization_id = $1 AND payment_seq = $2
        RETURNING attempt_no";
    tx.one(sql, params![org, payment, processor, amount, now]).await?.int("attempt_no")
}

/// Moves an attempt to another state.
pub async fn set_state(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
    number: i64,
    state: AttemptState,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE payment_attempt SET state = $4, changed_at_us = $5
        WHERE organization_id = $1 AND payment_seq = $2 AND attempt_no = $3";
    tx.execute_one(sql, params![org, payment, number, state.as_str(), now]).await
}

/// The newest attempt of a payment, if the payer ever tried.
pub async fn newest(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
) -> Result<Option<Attempt>, StoreError> {
    let sql = "SELECT attempt_no, processor, state, started_at_us FROM payment_attempt
        WHERE organization_id = $1 AND payment_seq = $2 ORDER BY attempt_no DESC LIMIT 1";
    let Some(row) = tx.optional(sql, params![org, payment]).await? else {
        return Ok(None);
    };
    Ok(Some(Attempt {
        number: row.int("attempt_no")?,
        processor: row.text("processor")?,
        state: row.word("state", AttemptState::from_name)?,
        started_at: row.time("started_at_us")?,
    }))
}

/// What the status table's conditions look at. Only the newest attempt can be live.
pub async fn facts(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
) -> Result<Facts, StoreError> {
    let newest = newest(tx, org, payment).await?;
    let state = newest.map(|attempt| attempt.state);
    Ok(Facts {
        ever_attempted: state.is_some(),
        live_attempt: matches!(state, Some(AttemptState::Open | AttemptState::Authorized)),
        held_authorization: state == Some(AttemptState::Authorized),
    })
}
