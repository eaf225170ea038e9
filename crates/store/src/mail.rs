//! Letters to patients that are to be sent, and who agreed to be sent any.

use almoner_domain::{OrganizationId, PatientId, PaymentId, ReceiptId, UserId, time};
use jiff::Timestamp;
use jiff::civil::Date;

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

/// What a letter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailKind {
    /// The payment's link, which somebody sends.
    Link,
    /// A receipt, which somebody sends.
    Receipt(ReceiptId),
    /// A reminder that the payment is due.
    Reminder {
        /// So many days after the due date; before it, less than zero.
        step_days: i64,
        /// The due date that it was for.
        due: Date,
    },
}

/// The kinds in the order in which they are sent: what somebody waits for comes first.
const KINDS: [&str; 3] = ["link", "receipt", "reminder"];

impl MailKind {
    /// The name that is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Link => KINDS[0],
            Self::Receipt(_) => KINDS[1],
            Self::Reminder { .. } => KINDS[2],
        }
    }

    fn receipt(self) -> Option<ReceiptId> {
        match self {
            Self::Receipt(id) => Some(id),
            Self::Link | Self::Reminder { .. } => None,
        }
    }

    fn step(self) -> (Option<i64>, Option<i64>) {
        match self {
            Self::Reminder { step_days, due } => (Some(step_days), Some(time::date_key(due))),
            Self::Link | Self::Receipt(_) => (None, None),
        }
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        let due = row.opt_int("due_key")?.and_then(time::date_from_key);
        let kind = row.text("kind")?;
        match (&*kind, row.opt_int("receipt_seq")?, row.opt_int("step_days")?, due) {
            ("link", None, None, None) => Ok(Self::Link),
            ("receipt", Some(seq), None, None) => Ok(Self::Receipt(ReceiptId::new(seq))),
            ("reminder", None, Some(step_days), Some(due)) => Ok(Self::Reminder { step_days, due }),
            _ => Err(StoreError::Corrupt(format!("a letter of kind {kind:?}"))),
        }
    }
}

/// A letter about a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Its number.
    pub seq: i64,
    /// Of which payment.
    pub payment: PaymentId,
    /// What it is.
    pub kind: MailKind,
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
        kind: MailKind::read(row)?,
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
///
/// # Errors
/// [`StoreError::Duplicate`] for a reminder that there was already.
pub async fn queue(
    tx: &mut Tx,
    org: OrganizationId,
    (payment, kind): (PaymentId, MailKind),
    user: Option<UserId>,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let seq = counters::next(tx, org, COUNTER).await?;
    let sql = "INSERT INTO mail (organization_id, seq, payment_seq, kind, receipt_seq, step_days,
        due_key, state, tries, next_try_at_us, user_seq, queued_at_us)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', 0, $8, $9, $8)";
    let (step_days, due) = kind.step();
    let values = params![org, seq, payment, kind.name(), kind.receipt(), step_days, due, now, user];
    tx.execute_one(sql, values).await?;
    Ok(seq)
}

/// The letters that ask for a payment, the newest first, at most `limit`.
pub async fn that_ask(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
    limit: i64,
) -> Result<Vec<Mail>, StoreError> {
    let sql = "SELECT * FROM mail WHERE organization_id = $1 AND payment_seq = $2
        AND kind <> 'receipt' ORDER BY seq DESC LIMIT $3";
    tx.all(sql, params![org, payment, limit]).await?.iter().map(mail).collect()
}

/// The letters with a receipt of a payment, the newest first, at most `limit`.
pub async fn with_receipts(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
    limit: i64,
) -> Result<Vec<Mail>, StoreError> {
    let sql = "SELECT * FROM mail WHERE organization_id = $1 AND payment_seq = $2
        AND kind = 'receipt' ORDER BY seq DESC LIMIT $3";
    tx.all(sql, params![org, payment, limit]).await?.iter().map(mail).collect()
}

/// The newest letter of a payment that has its link, or has that receipt.
pub async fn newest(
    tx: &mut Tx,
    org: OrganizationId,
    payment: PaymentId,
    receipt: Option<ReceiptId>,
) -> Result<Option<Mail>, StoreError> {
    let kind = receipt.map_or(MailKind::Link, MailKind::Receipt);
    let sql = "SELECT * FROM mail WHERE organization_id = $1 AND payment_seq = $2 AND kind = $3
        AND coalesce(receipt_seq, 0) = $4 ORDER BY seq DESC LIMIT 1";
    let values = params![org, payment, kind.name(), receipt.map_or(0, ReceiptId::seq)];
    tx.optional(sql, values).await?.as_ref().map(mail).transpose()
}

const DUE: &str = "organization_id = $1 AND state = 'waiting' AND next_try_at_us <= $2
    AND (claimed_until_us IS NULL OR claimed_until_us <= $2)";

/// Whether any letter is to be sent by now.
pub async fn any_due(tx: &mut Tx, org: OrganizationId, now: Timestamp) -> Result<bool, StoreError> {
    let sql = format!("SELECT 1 AS n FROM mail WHERE {DUE} LIMIT 1");
    Ok(tx.optional(sql, params![org, now]).await?.is_some())
}

/// Claims letters that are to be sent by now until a moment: those that somebody waits for first,
/// then the longest waiting.
pub async fn claim(
    tx: &mut Tx,
    org: OrganizationId,
    (now, until): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<Mail>, StoreError> {
    let free = tx.lock_free();
    let sql = format!(
        "SELECT seq FROM mail WHERE {DUE} AND kind = $4
        ORDER BY next_try_at_us, seq LIMIT $3{free}"
    );
    let mut due = Vec::new();
    for kind in KINDS {
        let room = limit - i64::try_from(due.len()).unwrap_or(limit);
        due.extend(tx.all(sql.clone(), params![org, now, room, kind]).await?);
    }
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
        failure = $6, ended_at_us = $7, tries = $8
        WHERE organization_id = $1 AND seq = $2 AND claimed_until_us = $3 AND state = 'waiting'";
    let m = now_is.clone();
    let state = m.state.as_str();
    let values = params![
        org,
        m.seq,
        claimed.claimed_until,
        state,
        m.next_try_at,
        m.failure,
        m.ended_at,
        m.tries
    ];
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

/// Gives a patient's consent to the one whom they are merged into, who has none.
pub async fn hand_consent_on(
    tx: &mut Tx,
    org: OrganizationId,
    (from, into): (PatientId, PatientId),
) -> Result<(), StoreError> {
    let sql = "UPDATE email_consent SET patient_seq = $3
        WHERE organization_id = $1 AND patient_seq = $2";
    tx.execute_one(sql, params![org, from, into]).await
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
