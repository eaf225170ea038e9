//! Letters to patients that are to be sent, and who agreed to be sent any.

use almoner_domain::{OrganizationId, PatientId, PaymentId, UserId};
use jiff::Timestamp;

use crate::counters;
use crate::db::{Row, StoreError, Tx};
use crate::params;

/// What letters are counted as.
const COUNTER: &str = "MAIL";

/// Where a letter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailState {
    /// It is to be sent.
    Waiting,
    /// The mail server took it.
    Sent,
    /// The mail server refused it, or did not take it however often it was tried.
    Refused,
    /// It was not needed any more when it was to be sent.
    Dropped,
}

impl MailState {
    const ALL: [Self; 4] = [Self::Waiting, Self::Sent, Self::Refused, Self::Dropped];

    /// The name that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::Dropped => "dropped",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A letter with the link of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Its number.
    pub seq: i64,
    /// Of which payment.
    pub payment: PaymentId,
    /// Where it stands.
    pub state: MailState,
    /// How often it was tried to send it.
    pub tries: i64,
    /// When it is tried next.
    pub next_try_at: Option<Timestamp>,
    /// Until when a server holds it to send it.
    pub claimed_until: Option<Timestamp>,
    /// Why it was not taken.
    pub failure: Option<String>,
    /// When it was asked for.
    pub queued_at: Timestamp,
    /// When it was sent, refused or dropped.
    pub ended_at: Option<Timestamp>,
}

fn mail(row: &Row) -> Result<Mail, StoreError> {
    Ok(Mail {
        seq: row.int("seq")?,
        payment: PaymentId::new(row.int("payment_seq")?),
        state: row.word("state", MailState::from_name)?,
        tries: row.int("tries")?,
        next_try_at: row.opt_time("next_try_at_us")?,
        claimed_until: row.opt_time("claimed_until_us")?,
        failure: row.opt_text("failure")?,
        queued_at: row.time("queued_at_us")?,
        ended_at: row.opt_time("ended_at_us")?,
    })
}

/// Puts a letter among those that are to be sent, and gives its number.
pub async fn queue(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
    user: Option<UserId>,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let seq = counters::next(tx, org, COUNTER).await?;
    let sql = "INSERT INTO mail (organization_id, seq, payment_seq, state, tries, next_try_at_us,
        user_seq, queued_at_us) VALUES ($1, $2, $3, 'waiting', 0, $4, $5, $4)";
    tx.execute_one(sql, params![org, seq, payment, now, user]).await?;
    Ok(seq)
}

/// The letters of a payment, the newest first, at most `limit`.
pub async fn of_payment(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
    limit: i64,
) -> Result<Vec<Mail>, StoreError> {
    let sql = "SELECT * FROM mail WHERE organization_id = $1 AND payment_seq = $2
        ORDER BY seq DESC LIMIT $3";
    tx.all(sql, params![org, payment, limit]).await?.iter().map(mail).collect()
}

const DUE: &str = "organization_id = $1 AND state = 'waiting' AND next_try_at_us <= $2
    AND (claimed_until_us IS NULL OR claimed_until_us <= $2)";

/// Whether any letter is to be sent by now.
pub async fn any_due(tx: &mut Tx, org: OrganizationId, now: Timestamp) -> Result<bool, StoreError> {
    let sql = format!("SELECT 1 AS n FROM mail WHERE {DUE} LIMIT 1");
    Ok(tx.optional(sql, params![org, now]).await?.is_some())
}

/// Claims letters that are to be sent by now until a moment, the longest waiting first.
pub async fn claim(
    tx: &mut Tx,
    org: OrganizationId,
    (now, until): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<Mail>, StoreError> {
    let free = tx.lock_free();
    let sql =
        format!("SELECT seq FROM mail WHERE {DUE} ORDER BY next_try_at_us, seq LIMIT $3{free}");
    let due = tx.all(sql, params![org, now, limit]).await?;
    let sql = "UPDATE mail SET claimed_until_us = $3, tries = tries + 1
        WHERE organization_id = $1 AND seq = $2 RETURNING *";
    let mut claimed = Vec::with_capacity(due.len());
    for row in due {
        claimed.push(mail(&tx.one(sql, params![org, row.int("seq")?, until]).await?)?);
    }
    Ok(claimed)
}

/// Writes where a letter stands now, unless somebody else holds it by now; false then.
pub async fn set_state(
    tx: &mut Tx,
    org: OrganizationId,
    claimed: &Mail,
    now_is: &Mail,
) -> Result<bool, StoreError> {
    let sql = "UPDATE mail SET state = $4, next_try_at_us = $5, claimed_until_us = NULL,
        failure = $6, ended_at_us = $7
        WHERE organization_id = $1 AND seq = $2 AND claimed_until_us = $3 AND state = 'waiting'";
    let m = now_is.clone();
    let state = m.state.as_str();
    let values =
        params![org, m.seq, claimed.claimed_until, state, m.next_try_at, m.failure, m.ended_at];
    Ok(tx.execute(sql, values).await? == 1)
}

/// What a patient agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// At which address.
    pub address: String,
    /// When.
    pub given_at: Timestamp,
}

/// What a patient agreed to be sent by e-mail, if anything.
pub async fn consent(
    tx: &mut Tx,
    org: OrganizationId,
    patient: PatientId,
) -> Result<Option<Consent>, StoreError> {
    let sql = "SELECT address, given_at_us FROM email_consent
        WHERE organization_id = $1 AND patient_seq = $2";
    let row = tx.optional(sql, params![org, patient]).await?;
    let read = |row: &Row| {
        Ok(Consent { address: row.text("address")?, given_at: row.time("given_at_us")? })
    };
    row.as_ref().map(read).transpose()
}

/// Takes a consent back; false when there was none.
pub async fn withdraw_consent(
    tx: &mut Tx,
    org: OrganizationId,
    patient: PatientId,
) -> Result<bool, StoreError> {
    let sql = "DELETE FROM email_consent WHERE organization_id = $1 AND patient_seq = $2";
    Ok(tx.execute(sql, params![org, patient]).await? == 1)
}

/// Records a consent in place of the one before.
pub async fn give_consent(
    tx: &mut Tx,
    org: OrganizationId,
    patient: PatientId,
    consent: &Consent,
    user: Option<UserId>,
) -> Result<(), StoreError> {
    withdraw_consent(tx, org, patient).await?;
    let sql = "INSERT INTO email_consent (organization_id, patient_seq, address, user_seq,
        given_at_us) VALUES ($1, $2, $3, $4, $5)";
    let values = params![org, patient, consent.address.clone(), user, consent.given_at];
    tx.execute_one(sql, values).await
}
