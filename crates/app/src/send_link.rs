//! Asks for a payment's link to be sent by e-mail. The letter itself is sent by a job.

use almoner_domain::{Invalid, PaymentId};
use almoner_store::mail::{self, Mail, MailState};
use almoner_store::{patients, payments};
use jiff::Timestamp;
use serde_json::json;

use crate::consent_email::consented;
use crate::context::{Actor, App};
use crate::error::Error;
use crate::issue_link::{IssueLink, issued};
use crate::permission::Action;
use crate::record;

/// Letters of a payment that a page shows at most.
const MAX_SHOWN: i64 = 5;

/// Whether the link of a payment can be sent, and what became of those that were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mails {
    /// A mail server is set up.
    pub is_set_up: bool,
    /// The patient agreed, for the address that is on file.
    pub is_agreed: bool,
    /// The letters, the newest first.
    pub sent: Vec<Mail>,
}

/// The letters of a payment.
///
/// # Errors
/// No permission, no such payment, or the database failed.
pub async fn mails(app: &App, actor: &Actor, payment: PaymentId) -> Result<Mails, Error> {
    actor.must(Action::IssueLink)?;
    let org = actor.org();
    let mut tx = app.db.read().await?;
    let payment = payments::get(&mut tx, org, payment).await?;
    let payment = payment.ok_or(Error::NotFound("payment"))?;
    let patient = patients::get(&mut tx, org, payment.patient).await?;
    let consent = mail::consent(&mut tx, org, payment.patient).await?;
    Ok(Mails {
        is_set_up: app.mailer.is_set_up(),
        is_agreed: patient.is_some_and(|patient| consented(&patient, consent.as_ref()).is_some()),
        sent: mail::of_payment(&mut tx, org, payment.id, MAX_SHOWN).await?,
    })
}

/// When a patient agreed to be sent links by e-mail, at the address that is on file.
///
/// # Errors
/// No permission, no such patient, or the database failed.
pub async fn email_consent(
    app: &App,
    actor: &Actor,
    patient: almoner_domain::PatientId,
) -> Result<Option<Timestamp>, Error> {
    actor.must(Action::ReadPatients)?;
    let mut tx = app.db.read().await?;
    let patient = patients::get(&mut tx, actor.org(), patient).await?;
    let patient = patient.ok_or(Error::NotFound("patient"))?;
    let consent = mail::consent(&mut tx, actor.org(), patient.id).await?;
    Ok(consented(&patient, consent.as_ref()).map(|consent| consent.given_at))
}

/// Puts a letter with the payment's link among those that are to be sent; the link is issued when
/// there is none. While one waits, no second one is added.
///
/// # Errors
/// No permission, no such payment, no mail server, a patient who did not agree, a status in which
/// nothing can be collected.
pub async fn send_link(app: &App, actor: &Actor, payment: PaymentId) -> Result<(), Error> {
    actor.must(Action::IssueLink)?;
    if !app.mailer.is_set_up() {
        let message = "No mail server is set up.";
        return Err(Invalid::one("mail", "not_set_up", message).into());
    }
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    let asked = IssueLink { payment, until: None, replaces: None };
    let (payment, link) = issued(app, actor, &mut tx, asked, now).await?;
    let patient = patients::get(&mut tx, org, payment.patient).await?;
    let consent = mail::consent(&mut tx, org, payment.patient).await?;
    if patient.is_none_or(|patient| consented(&patient, consent.as_ref()).is_none()) {
        let message = "The patient did not agree to e-mail at the address on file.";
        return Err(Invalid::one("mail", "no_consent", message).into());
    }
    let newest = mail::of_payment(&mut tx, org, payment.id, 1).await?;
    if newest.iter().any(|mail| mail.state == MailState::Waiting) {
        return Ok(());
    }
    let number = mail::queue(&mut tx, org, payment.id, actor.user(), now).await?;
    let detail = json!({ "mail": number, "generation": link.generation });
    let subject = ("payment", payment.id.seq());
    record::happened(app, actor, &mut tx, "link_mail_queued", subject, detail).await?;
    tx.commit().await?;
    Ok(())
}
