//! Sends the letters that wait, each with the link as it stands then.
//!
//! A letter is claimed and the claim committed, sent outside of any transaction, and what came of
//! it written in a new one. A server that ends anywhere between leaves a claim that runs out; then
//! the letter is sent again, with the same reference.

use almoner_domain::time;
use almoner_gateways::mail::{Letter, MailError};
use almoner_store::mail::{self, Mail, MailState};
use almoner_store::{Tx, links, locations, patients, payments};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::consent_email::consented;
use crate::context::{Actor, App};
use crate::error::Error;
use crate::issue_link::{is_collectable, shown};
use crate::record;

/// How long a letter is held while it is sent: longer than a mailer takes.
const CLAIM: SignedDuration = SignedDuration::from_mins(5);
/// How long after each try the next one comes; after the last, the letter is given up.
const WAITS: [SignedDuration; 5] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(12),
];
/// What a letter is about. It is read on the way, so it says neither who nor what for.
const SUBJECT: &str = "Your payment link";

/// Claims letters that are to be sent, at most `limit`. Each is to be passed to [`post_claimed`].
///
/// # Errors
/// The database failed.
pub async fn claim_mail(app: &App, actor: &Actor, limit: usize) -> Result<Vec<Mail>, Error> {
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.read().await?;
    if limit == 0 || !mail::any_due(&mut tx, org, now).await? {
        return Ok(Vec::new());
    }
    drop(tx);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut tx = app.db.begin().await?;
    let claimed = mail::claim(&mut tx, org, (now, now + CLAIM), limit).await?;
    tx.commit().await?;
    Ok(claimed)
}

/// What a letter says, and where it goes.
struct Written {
    to: String,
    text: String,
}

/// Sends a claimed letter and writes what came of it. `base_url` is where payers find the pages.
///
/// # Errors
/// The database failed; the letter is sent again when its claim has run out.
pub async fn post_claimed(
    app: &App,
    actor: &Actor,
    claimed: &Mail,
    base_url: &str,
) -> Result<(), Error> {
    let tries = usize::try_from(claimed.tries).unwrap_or(usize::MAX);
    if tries > WAITS.len() + 1 {
        let words = "the program was stopped each time that it was sent";
        return ended(app, actor, claimed, (MailState::Refused, Some(words))).await;
    }
    let mut tx = app.db.read().await?;
    let written = written(app, actor, &mut tx, claimed, base_url).await?;
    drop(tx);
    let Some(Written { to, text }) = written else {
        return ended(app, actor, claimed, (MailState::Dropped, None)).await;
    };
    let reference = format!("payment-link-{}-{}", actor.org().0, claimed.seq);
    let letter = Letter {
        reference: &reference,
        from: &actor.organization.name,
        to: &to,
        subject: SUBJECT,
        text: &text,
        at: claimed.queued_at,
    };
    match app.mailer.send(letter).await {
        Ok(()) => ended(app, actor, claimed, (MailState::Sent, None)).await,
        Err(MailError::Refused(words)) => {
            ended(app, actor, claimed, (MailState::Refused, Some(&words))).await
        }
        Err(MailError::NotTaken(words)) => match WAITS.get(tries.saturating_sub(1)) {
            Some(wait) => later(app, actor, claimed, app.now() + *wait, words).await,
            None => ended(app, actor, claimed, (MailState::Refused, Some(&words))).await,
        },
        // Somebody sets one up, or the letter outlives its link and is dropped.
        Err(error @ MailError::NotSetUp) => {
            let at = app.now() + WAITS[WAITS.len() - 1];
            later(app, actor, claimed, at, error.to_string()).await
        }
    }
}

/// The letter; none when it is not needed, or not agreed to, any more.
async fn written(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    claimed: &Mail,
    base_url: &str,
) -> Result<Option<Written>, Error> {
    let (org, now) = (actor.org(), app.now());
    let payment = payments::get(tx, org, claimed.payment).await?;
    let Some(payment) = payment.filter(|payment| is_collectable(payment.status)) else {
        return Ok(None);
    };
    let link = links::newest(tx, org, payment.id).await?.filter(|link| link.is_live(now));
    let patient = patients::get(tx, org, payment.patient).await?;
    let consent = mail::consent(tx, org, payment.patient).await?;
    let (Some(link), Some(patient)) = (link, patient) else {
        return Ok(None);
    };
    let Some(consent) = consented(&patient, consent.as_ref()) else {
        return Ok(None);
    };
    let location = locations::get(tx, org, payment.location).await?;
    let phone = location.and_then(|location| location.fields.phone);
    let link = shown(app, actor, payment.id, &link);
    let clinic = &actor.organization.name;
    let due = payment.due.map(|due| format!(", due {}", time::spelled(due)));
    let text = format!(
        "{clinic} asks you for a payment of {}{}.\n\nSee and pay it here:\n{base_url}/pay/{}\n\n\
        The link works until {}. The payment is {}.\n\n{}\
        If you did not expect this letter, do not pay; call the clinic.\n",
        payment.amount,
        due.unwrap_or_default(),
        link.token,
        time::spelled(link.until),
        payment.id,
        phone.map(|phone| format!("Questions? Call {phone}.\n")).unwrap_or_default(),
    );
    Ok(Some(Written { to: consent.address.clone(), text }))
}

async fn later(
    app: &App,
    actor: &Actor,
    claimed: &Mail,
    at: Timestamp,
    words: String,
) -> Result<(), Error> {
    let now_is = Mail { next_try_at: Some(at), failure: Some(words), ..claimed.clone() };
    let mut tx = app.db.begin().await?;
    mail::set_state(&mut tx, actor.org(), claimed, &now_is).await?;
    tx.commit().await?;
    Ok(())
}

async fn ended(
    app: &App,
    actor: &Actor,
    claimed: &Mail,
    (state, words): (MailState, Option<&str>),
) -> Result<(), Error> {
    let now_is = Mail {
        state,
        next_try_at: None,
        failure: words.map(str::to_owned),
        ended_at: Some(app.now()),
        ..claimed.clone()
    };
    let mut tx = app.db.begin().await?;
    if mail::set_state(&mut tx, actor.org(), claimed, &now_is).await? {
        let action = match state {
            MailState::Sent | MailState::Waiting => "link_mailed",
            MailState::Refused => "link_mail_refused",
            MailState::Dropped => "link_mail_dropped",
        };
        let detail = json!({ "mail": claimed.seq, "because": words });
        let subject = ("payment", claimed.payment.seq());
        record::happened(app, actor, &mut tx, action, subject, detail).await?;
    }
    tx.commit().await?;
    Ok(())
}
