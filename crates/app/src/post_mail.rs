//! Sends the letters that wait, each as it has to be at that moment.
//!
//! A letter is claimed and the claim committed, sent outside of any transaction, and what came of
//! it written in a new one. A server that ends anywhere between leaves a claim that runs out; then
//! the letter is sent again, with the same reference.

use almoner_gateways::mail::{Letter, MailError};
use almoner_store::mail::{self, Mail, MailKind, MailState};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::letters::{Ready, Written, written};
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
    let Ready { to, subject, text } = match written {
        Written::Ready(ready) => ready,
        Written::Needless => return ended(app, actor, claimed, (MailState::Dropped, None)).await,
        Written::Later(at) => {
            return put_off(app, actor, claimed, (at, claimed.failure.clone())).await;
        }
    };
    let reference = format!("letter-{}-{}", actor.org().0, claimed.seq);
    let letter = Letter {
        reference: &reference,
        from: &actor.organization.name,
        to: &to,
        subject,
        text: &text,
        at: claimed.queued_at,
    };
    match app.mailer.send(letter).await {
        Ok(()) => ended(app, actor, claimed, (MailState::Sent, None)).await,
        // Somebody sets one up, or the letter outlives its link and is dropped.
        Err(error @ MailError::NotSetUp) => {
            let at = app.now() + WAITS[WAITS.len() - 1];
            put_off(app, actor, claimed, (at, Some(error.to_string()))).await
        }
        Err(error) => {
            let (words, wait) = (error.to_string(), WAITS.get(tries.saturating_sub(1)));
            match wait.filter(|_| matches!(error, MailError::NotTaken(_))) {
                Some(wait) => later(app, actor, claimed, app.now() + *wait, words).await,
                None => ended(app, actor, claimed, (MailState::Refused, Some(&words))).await,
            }
        }
    }
}

/// Lets a letter wait that was not tried.
async fn put_off(
    app: &App,
    actor: &Actor,
    claimed: &Mail,
    (at, failure): (Timestamp, Option<String>),
) -> Result<(), Error> {
    let tries = claimed.tries - 1;
    let now_is = Mail { next_try_at: Some(at), tries, failure, ..claimed.clone() };
    stands(app, actor, claimed, &now_is).await
}

async fn later(
    app: &App,
    actor: &Actor,
    claimed: &Mail,
    at: Timestamp,
    words: String,
) -> Result<(), Error> {
    let now_is = Mail { next_try_at: Some(at), failure: Some(words), ..claimed.clone() };
    stands(app, actor, claimed, &now_is).await
}

async fn stands(app: &App, actor: &Actor, claimed: &Mail, now_is: &Mail) -> Result<(), Error> {
    let mut tx = app.db.begin().await?;
    mail::set_state(&mut tx, actor.org(), claimed, now_is).await?;
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
        let what = match state {
            MailState::Waiting => "mail_queued",
            MailState::Sent => "mailed",
            MailState::Refused => "mail_refused",
            MailState::Dropped => "mail_dropped",
        };
        let action = format!("{}_{what}", claimed.kind.name());
        let mut detail = json!({ "mail": claimed.seq, "because": words });
        if let MailKind::Receipt(receipt) = claimed.kind {
            detail["receipt"] = json!(receipt);
        }
        let subject = ("payment", claimed.payment.seq());
        record::happened(app, actor, &mut tx, &action, subject, detail).await?;
    }
    tx.commit().await?;
    Ok(())
}
