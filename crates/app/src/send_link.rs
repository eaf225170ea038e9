//! Asks for a payment's link to be sent by e-mail. The letter itself is sent by a job.

use almoner_domain::{Invalid, PatientId, PaymentId, Status};
use almoner_store::mail::{self, Consent, Mail, MailKind, MailState};
use almoner_store::{Tx, links, patients, payments};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::consent_email::consented;
use crate::context::{Actor, App};
use crate::error::Error;
use crate::issue_link::{IssueLink, is_collectable, issued};
use crate::permission::Action;
use crate::record;

/// Letters of a payment that a page shows at most.
pub(crate) const MAX_SHOWN: i64 = 5;
/// After a letter was sent, asking for the same again within this time sends no second one: a
/// button pressed twice, a request that is repeated because its answer was lost.
pub const PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// What came of asking for a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It will be sent.
    Queued,
    /// It was asked for before, and will be sent.
    AlreadyWaiting,
    /// The same was sent less than [`PAUSE`] ago.
    JustSent,
    /// The patient has no e-mail address.
    NoAddress,
    /// The patient did not agree to e-mail at that address.
    NoConsent,
    /// The payment's status is one in which nothing can be collected.
    NotCollectable,
    /// There is no such payment.
    NotFound,
}

impl Asked {
    /// What people and programs read of it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Queued => "The letter will be sent.",
            Self::AlreadyWaiting => "A letter is waiting to be sent.",
            Self::JustSent => "A letter was sent just now.",
            Self::NoAddress => "The patient has no e-mail address.",
            Self::NoConsent => "The patient did not agree to e-mail at the address on file.",
            Self::NotCollectable => "The payment's status does not allow it to be collected.",
            Self::NotFound => "There is no such payment.",
        }
    }

    /// Passes what is, or will be, sent.
    pub(crate) fn into_result(self) -> Result<(), Error> {
        let code = match self {
            Self::Queued | Self::AlreadyWaiting | Self::JustSent => return Ok(()),
            Self::NotFound => return Err(Error::NotFound("payment")),
            Self::NoAddress => "no_address",
            Self::NoConsent => "no_consent",
            Self::NotCollectable => "not_collectable",
        };
        Err(Invalid::one("mail", code, self.words()).into())
    }
}

/// Whether letters about a payment can be sent, and what became of those that were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mails {
    /// A mail server is set up.
    pub is_set_up: bool,
    /// The patient has an e-mail address.
    pub has_address: bool,
    /// The patient agreed, for the address that is on file.
    pub is_agreed: bool,
    /// The letters that ask for the payment, the newest first.
    pub that_ask: Vec<Mail>,
    /// The letters with a receipt, the newest first.
    pub with_receipts: Vec<Mail>,
}

/// The letters about a payment.
///
/// # Errors
/// No permission, no such payment, or the database failed.
pub async fn mails(app: &App, actor: &Actor, payment: PaymentId) -> Result<Mails, Error> {
    actor.must(Action::IssueLink)?;
    let org = actor.org();
    let mut tx = app.db.read().await?;
    let payment = payments::get(&mut tx, org, payment).await?;
    let payment = payment.ok_or(Error::NotFound("payment"))?;
    let agreed = agreed(&mut tx, actor, payment.patient).await?;
    Ok(Mails {
        is_set_up: app.mailer.is_set_up(),
        has_address: agreed != Err(Asked::NoAddress),
        is_agreed: agreed.is_ok(),
        that_ask: mail::that_ask(&mut tx, org, payment.id, MAX_SHOWN).await?,
        with_receipts: mail::with_receipts(&mut tx, org, payment.id, MAX_SHOWN).await?,
    })
}

/// When a patient agreed to be sent letters by e-mail, at the address that is on file.
///
/// # Errors
/// No permission, no such patient, or the database failed.
pub async fn email_consent(
    app: &App,
    actor: &Actor,
    patient: PatientId,
) -> Result<Option<Timestamp>, Error> {
    actor.must(Action::ReadPatients)?;
    let mut tx = app.db.read().await?;
    let patient = patients::get(&mut tx, actor.org(), patient).await?;
    let patient = patient.ok_or(Error::NotFound("patient"))?;
    let consent = mail::consent(&mut tx, actor.org(), patient.id).await?;
    Ok(consented(&patient, consent.as_ref()).map(|consent| consent.given_at))
}

/// The consent of a patient, or what is missing.
pub(crate) async fn agreed(
    tx: &mut Tx,
    actor: &Actor,
    patient: PatientId,
) -> Result<Result<Consent, Asked>, Error> {
    let patient = patients::get(tx, actor.org(), patient).await?;
    let patient = patient.ok_or(Error::NotFound("patient"))?;
    if patient.fields.email.is_none() {
        return Ok(Err(Asked::NoAddress));
    }
    let consent = mail::consent(tx, actor.org(), patient.id).await?;
    Ok(consented(&patient, consent.as_ref()).cloned().ok_or(Asked::NoConsent))
}

/// Passes when there is a mail server.
pub(crate) fn must_be_set_up(app: &App) -> Result<(), Invalid> {
    let message = "No mail server is set up.";
    let is_set_up = app.mailer.is_set_up();
    is_set_up.then_some(()).ok_or_else(|| Invalid::one("mail", "not_set_up", message))
}

/// Puts a letter with the payment's link among those that are to be sent; the link is issued when
/// there is none, also for a letter that waits. While one waits, or was sent just now, no second
/// one is added.
///
/// # Errors
/// No permission, no such payment, no mail server, a patient who has no address or did not agree, a
/// status in which nothing can be collected.
pub async fn send_link(app: &App, actor: &Actor, payment: PaymentId) -> Result<(), Error> {
    actor.must(Action::IssueLink)?;
    must_be_set_up(app)?;
    ask(app, actor, payment).await?.into_result()
}

/// Asks for a letter in a transaction of its own.
pub(crate) async fn ask(app: &App, actor: &Actor, id: PaymentId) -> Result<Asked, Error> {
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    let Some(payment) = payments::lock(&mut tx, org, id).await? else {
        return Ok(Asked::NotFound);
    };
    if !is_collectable(payment.status) && payment.status != Status::Draft {
        return Ok(Asked::NotCollectable);
    }
    let consent = match agreed(&mut tx, actor, payment.patient).await? {
        Ok(consent) => consent,
        Err(missing) => return Ok(missing),
    };
    let newest = mail::newest(&mut tx, org, id, None).await?;
    let link = links::newest(&mut tx, org, id).await?.filter(|link| link.is_live(now));
    let has_link = link.is_some();
    // What was sent before the link was replaced, or to an address before, is no use.
    let useful_since = link.map(|link| link.issued_at.max(consent.given_at));
    // Nor is one that is being sent right now without a link that holds.
    let is_held = |mail: &Mail| mail.claimed_until.is_some_and(|until| until > now);
    let newest = newest.filter(|mail| has_link || !is_held(mail));
    let same = same_again(newest.as_ref(), useful_since, now);
    let asked = IssueLink { payment: id, until: None, replaces: None };
    if let Some(same) = same {
        if same == Asked::AlreadyWaiting && !has_link {
            // Without a link it would be dropped at its turn.
            issued(app, actor, &mut tx, asked, now).await?;
            tx.commit().await?;
        }
        return Ok(same);
    }
    let (_, link) = issued(app, actor, &mut tx, asked, now).await?;
    let kind = MailKind::Link;
    let number = mail::queue(&mut tx, org, (id, kind), actor.user(), now).await?;
    let detail = json!({ "mail": number, "generation": link.generation });
    let subject = ("payment", id.seq());
    record::happened(app, actor, &mut tx, "link_mail_queued", subject, detail).await?;
    tx.commit().await?;
    Ok(Asked::Queued)
}

/// What is said in place of a second letter, when the newest one will do.
pub(crate) fn same_again(
    newest: Option<&Mail>,
    useful_since: Option<Timestamp>,
    now: Timestamp,
) -> Option<Asked> {
    let newest = newest?;
    match newest.state {
        MailState::Waiting => Some(Asked::AlreadyWaiting),
        MailState::Sent => {
            let sent_at = newest.ended_at.filter(|at| now.duration_since(*at) < PAUSE)?;
            (useful_since? <= sent_at).then_some(Asked::JustSent)
        }
        MailState::Refused | MailState::Dropped => None,
    }
}
