//! Asks the processor about attempts of which it told nothing for a while.
//!
//! Whoever takes an attempt up moves its next moment on and commits that before it asks, so that
//! no two servers ask at once and a server that ends anywhere between asks again in time.

use almoner_domain::Status;
use almoner_domain::asking::wait_after;
use almoner_gateways::processor::ProcessorError;
use almoner_store::attempts::{self, Attempt, AttemptState};
use almoner_store::payments;
use jiff::{SignedDuration, Timestamp};

use crate::apply_attempt::apply_attempt;
use crate::attempt;
use crate::context::{Actor, App};
use crate::error::Error;

/// Attempts that are taken up at a time.
const BATCH: i64 = 20;
/// How long after its page ended an attempt is asked about: the processor's clock may differ.
const AFTER_THE_PAGE: SignedDuration = SignedDuration::from_mins(1);

/// Asks about every attempt that is due, and applies the answers. Tells how many were asked about.
///
/// # Errors
/// The database failed. A processor that does not answer is asked again later.
pub async fn ask_attempts(app: &App, actor: &Actor) -> Result<usize, Error> {
    let mut asked = 0;
    loop {
        let taken = take_up(app, actor).await?;
        if taken.is_empty() {
            return Ok(asked);
        }
        for attempt in &taken {
            // What fails for one keeps no other waiting.
            match ask(app, actor, attempt).await {
                Ok(()) => asked += 1,
                Err(error) => {
                    let payment = attempt.payment;
                    tracing::error!(%payment, %error, "an attempt is asked about again");
                }
            }
        }
    }
}

async fn take_up(app: &App, actor: &Actor) -> Result<Vec<Attempt>, Error> {
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.read().await?;
    if !attempts::any_due(&mut tx, org, now).await? {
        return Ok(Vec::new());
    }
    drop(tx);
    let mut tx = app.db.begin().await?;
    let due = attempts::due(&mut tx, org, now, BATCH).await?;
    for attempt in &due {
        let asks = attempt.asks + 1;
        attempts::set_ask(&mut tx, org, attempt.id(), (next(attempt, now), asks)).await?;
    }
    tx.commit().await?;
    Ok(due)
}

/// When an attempt is asked about after this time: soon after its page ended, if that is earlier.
fn next(attempt: &Attempt, now: Timestamp) -> Timestamp {
    let regular = now + wait_after(attempt.asks + 1);
    let ended = attempt.expires_at.map(|at| at + AFTER_THE_PAGE).filter(|&at| at > now);
    ended.map_or(regular, |ended| ended.min(regular))
}

async fn ask(app: &App, actor: &Actor, attempt: &Attempt) -> Result<(), Error> {
    if attempt.processor != app.processor.name() {
        let name = &attempt.processor;
        tracing::warn!(payment = %attempt.payment, name, "an attempt's processor is not set up");
        return Ok(());
    }
    let mut tx = app.db.read().await?;
    let payment = payments::get(&mut tx, actor.org(), attempt.payment).await?;
    drop(tx);
    let is_awaited = payment.is_some_and(|payment| payment.status == Status::Processing);
    let key = attempt::key(attempt);
    let answer = if attempt.state == AttemptState::Open && !is_awaited {
        // Nobody is to pay on that page any more.
        app.processor.expire(key).await
    } else {
        app.processor.attempt(key).await
    };
    match answer {
        Ok(told) => match apply_attempt(app, actor, &told).await {
            // An outcome that cannot follow stays refused, however often it is told.
            Err(Error::Status { refusal, .. }) => {
                tracing::error!(payment = %attempt.payment, %refusal, "an answer is not applied");
                Ok(())
            }
            other => other.map(drop),
        },
        // Invented money is told of by whoever invents it.
        Err(ProcessorError::NotSupported) => Ok(()),
        Err(error) => {
            tracing::warn!(payment = %attempt.payment, %error, "an attempt stays unknown");
            Ok(())
        }
    }
}
