//! Applies what happened at the processor.
//!
//! An event only says that something happened; what it is about is fetched and applied as it is
//! now. So events may come twice, late and in any order. Whoever takes an event up moves its next
//! moment on and commits that first, so that no two servers apply it at once and a server that
//! ends anywhere between takes it up again.

use almoner_domain::OrganizationId;
use almoner_domain::asking::wait_after;
use almoner_gateways::processor::{self, Fact, Object, ObjectKind, ProcessorError};
use almoner_store::attempts::{self, Attempt};
use almoner_store::exceptions::{self, ExceptionKind, NewException};
use almoner_store::processor_events::{self, Event, EventState};
use almoner_store::{Tx, refunds, unapplied_refunds};
use jiff::{SignedDuration, Timestamp};

use crate::apply_attempt::{Applied, apply_attempt};
use crate::apply_dispute::apply_dispute;
use crate::apply_refund::{apply_refund, foreign_refund};
use crate::context::{Actor, App};
use crate::error::Error;
use crate::import_payouts::heard_of;
use crate::{exception, read};

/// Events that are taken up at a time.
const BATCH: i64 = 20;
/// After the first try, the wait for what the processor or a request of ours is about to finish.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(30);
/// After so many tries nothing more is expected: five minutes, an hour, and thirty days.
const TRIES_MAX: i64 = 33;
/// After so many tries something that belongs to no page of ours will not do so later.
const TRIES_FOR_OURS: i64 = 3;

/// What is to become of an event.
enum Verdict {
    Applied,
    /// It is about nothing of ours.
    Ignored(String),
    /// It is not believed; a person has to look.
    Quarantined(String),
    /// It is tried again.
    Later(String),
}

/// Applies every event that is due. Tells how many were taken up.
///
/// # Errors
/// The database failed. What the processor does not answer is asked again later.
pub async fn apply_events(app: &App) -> Result<usize, Error> {
    let mut seen = 0;
    loop {
        let taken = take_up(app).await?;
        if taken.is_empty() {
            return Ok(seen);
        }
        let organizations = read::organizations(app).await?;
        for event in &taken {
            let verdict = match apply(app, &organizations, event).await {
                Ok(verdict) => verdict,
                Err(error) => {
                    tracing::error!(event = event.id, %error, "an event will be applied again");
                    Verdict::Later(error.to_string())
                }
            };
            write(app, &organizations, event, verdict).await?;
            seen += 1;
        }
    }
}

async fn take_up(app: &App) -> Result<Vec<Event>, Error> {
    let (processor, now) = (app.processor.name(), app.now());
    let mut tx = app.db.read().await?;
    if !processor_events::any_due(&mut tx, processor, now).await? {
        return Ok(Vec::new());
    }
    drop(tx);
    let mut tx = app.db.begin().await?;
    let due = processor_events::due(&mut tx, processor, now, BATCH).await?;
    for event in &due {
        let next = (next(event.tries, now), event.tries + 1);
        processor_events::set_next(&mut tx, processor, &event.id, next).await?;
    }
    tx.commit().await?;
    Ok(due)
}

fn next(tries: i64, now: Timestamp) -> Timestamp {
    now + if tries == 0 { FIRST_WAIT } else { wait_after(tries - 1) }
}

/// Fetches what an event is about and applies it.
async fn apply(app: &App, organizations: &[Actor], event: &Event) -> Result<Verdict, Error> {
    let Some((kind, id)) = event.object.clone() else {
        return Ok(Verdict::Ignored("it is about nothing that can be fetched".to_owned()));
    };
    let object = Object { kind: ObjectKind::from_name(&kind), id };
    let asked_at = app.now();
    Ok(match app.processor.fetch(&object).await {
        Ok(Fact::Attempt(told)) => of_attempt(app, organizations, &told).await?,
        Ok(Fact::Refund(told)) => of_refund(app, organizations, &told).await?,
        Ok(Fact::Dispute(told)) => of_dispute(app, organizations, (&told, asked_at)).await?,
        Ok(Fact::Payout(told)) => {
            if heard_of(app, (&told, asked_at)).await? {
                Verdict::Applied
            } else {
                Verdict::Ignored("several organizations share the account".to_owned())
            }
        }
        Ok(Fact::Missing) => Verdict::Later("the processor does not know it".to_owned()),
        Ok(Fact::NotOurs) => match object.kind {
            // The search for its page may be behind.
            ObjectKind::Payment | ObjectKind::Charge if event.tries + 1 < TRIES_FOR_OURS => {
                Verdict::Later("it belongs to no page of ours".to_owned())
            }
            _ => Verdict::Ignored("it is not ours".to_owned()),
        },
        Err(error @ ProcessorError::NotSupported) => Verdict::Ignored(error.to_string()),
        Err(error) => Verdict::Later(error.to_string()),
    })
}

/// The organization whose reference it is. One that was brought in from elsewhere has references
/// that begin with the number that it had there, which may be another one's here. So the number
/// is only where the search begins, and decides where nobody has the reference.
async fn owner<'a>(
    app: &App,
    organizations: &'a [Actor],
    reference: Option<&str>,
) -> Result<Option<&'a Actor>, Error> {
    let Some((reference, (number, _))) = reference.and_then(|r| Some((r, r.split_once('-')?)))
    else {
        return Ok(None);
    };
    let named = organizations.iter().find(|actor| actor.org().0.to_string() == number);
    let mut tx = app.db.read().await?;
    for actor in named.into_iter().chain(organizations) {
        if has(&mut tx, actor.org(), reference).await? {
            return Ok(Some(actor));
        }
    }
    Ok(named)
}

/// Whether an organization has something that the processor knows by that reference.
async fn has(tx: &mut Tx, org: OrganizationId, reference: &str) -> Result<bool, Error> {
    Ok(attempts::by_reference(tx, org, reference).await?.is_some()
        || refunds::by_reference(tx, org, reference).await?.is_some()
        || unapplied_refunds::by_reference(tx, org, reference).await?.is_some())
}

async fn of_attempt(
    app: &App,
    organizations: &[Actor],
    told: &processor::Attempt,
) -> Result<Verdict, Error> {
    let Some(actor) = owner(app, organizations, told.reference.as_deref()).await? else {
        return Ok(Verdict::Ignored("it is not ours".to_owned()));
    };
    Ok(match apply_attempt(app, actor, told).await {
        Ok(Applied::Yes) => Verdict::Applied,
        Ok(Applied::Unknown) => Verdict::Later("there is no such attempt here".to_owned()),
        Ok(Applied::Differs) => Verdict::Quarantined("it is not as it was asked for".to_owned()),
        // Failed after succeeded stays refused.
        Err(Error::Status { refusal, .. }) => Verdict::Quarantined(refusal.to_string()),
        Err(error) => return Err(error),
    })
}

/// The attempt that a payment of the processor came of, and whose it is.
async fn that_made<'a>(
    app: &App,
    organizations: &'a [Actor],
    payment: Option<&str>,
) -> Result<Option<(&'a Actor, Attempt)>, Error> {
    let Some(payment) = payment else {
        return Ok(None);
    };
    let mut tx = app.db.read().await?;
    for actor in organizations {
        let id = (app.processor.name(), payment);
        if let Some(found) = attempts::by_processor_payment(&mut tx, actor.org(), id).await? {
            return Ok(Some((actor, found)));
        }
    }
    Ok(None)
}

async fn of_refund(
    app: &App,
    organizations: &[Actor],
    told: &processor::Refund,
) -> Result<Verdict, Error> {
    if let Some(actor) = owner(app, organizations, told.reference.as_deref()).await? {
        return Ok(match apply_refund(app, actor, told).await? {
            Applied::Yes => Verdict::Applied,
            Applied::Unknown => Verdict::Later("there is no such refund here".to_owned()),
            Applied::Differs => Verdict::Quarantined("it is not as it was made".to_owned()),
        });
    }
    match that_made(app, organizations, told.payment.as_deref()).await? {
        Some((actor, attempt)) => {
            foreign_refund(app, actor, &attempt, told).await?;
            Ok(Verdict::Applied)
        }
        None => Ok(Verdict::Ignored("it is not ours".to_owned())),
    }
}

async fn of_dispute(
    app: &App,
    organizations: &[Actor],
    (told, asked_at): (&processor::Dispute, Timestamp),
) -> Result<Verdict, Error> {
    let by_payment = that_made(app, organizations, told.payment.as_deref()).await?;
    let by_reference = owner(app, organizations, told.reference.as_deref()).await?;
    let found = match (by_payment, by_reference) {
        (Some(found), _) => Some(found),
        // A webhook of the capture may not have come yet.
        (None, Some(actor)) => {
            let mut tx = app.db.read().await?;
            let reference = told.reference.as_deref().unwrap_or_default();
            let attempt = attempts::by_reference(&mut tx, actor.org(), reference).await?;
            attempt.map(|attempt| (actor, attempt))
        }
        (None, None) => return Ok(Verdict::Ignored("it is not ours".to_owned())),
    };
    let Some((actor, attempt)) = found else {
        return Ok(Verdict::Later("there is no such attempt here".to_owned()));
    };
    apply_dispute(app, actor, &attempt, (told, asked_at)).await?;
    Ok(Verdict::Applied)
}

/// Writes what became of an event. One that was tried often enough is left to a person, who is
/// told where there is no doubt whom to tell.
async fn write(
    app: &App,
    organizations: &[Actor],
    event: &Event,
    verdict: Verdict,
) -> Result<(), Error> {
    let is_given_up = matches!(verdict, Verdict::Later(_)) && event.tries + 1 >= TRIES_MAX;
    let (state, words) = match verdict {
        Verdict::Applied => (EventState::Applied, None),
        Verdict::Ignored(words) => (EventState::Ignored, Some(words)),
        Verdict::Later(words) if !is_given_up => (EventState::Waiting, Some(words)),
        Verdict::Quarantined(words) | Verdict::Later(words) => {
            (EventState::Quarantined, Some(words))
        }
    };
    let mut tx = app.db.begin().await?;
    let name = app.processor.name();
    processor_events::set_state(&mut tx, name, &event.id, (state, words.as_deref())).await?;
    if state == EventState::Quarantined {
        let why = words.as_deref().unwrap_or_default();
        tracing::error!(event = event.id, kind = event.kind, why, "an event is not applied");
        if let ([only], true) = (organizations, is_given_up) {
            let words = format!("The processor told of {}, but {why}.", event.kind);
            let new = NewException {
                kind: ExceptionKind::UnknownEvent,
                mark: &event.id,
                payment: None,
                money: None,
                words: &words,
            };
            exception::raise(app, only, &mut tx, &new, app.now()).await?;
        }
    }
    if let ([only], EventState::Applied | EventState::Ignored) = (organizations, state) {
        let known = (ExceptionKind::UnknownEvent, &*event.id);
        if let Some(raised) = exceptions::by_mark(&mut tx, only.org(), known).await? {
            let solution = format!(
                "The processor was asked again: {}.",
                words.unwrap_or_else(|| "what it told is in the books now".to_owned(),)
            );
            exception::solve(app, only, &mut tx, &raised, (&solution, app.now())).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}
