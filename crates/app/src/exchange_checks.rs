//! Carries questions to payers and brings their answers back.
//!
//! A question is claimed and the claim committed, asked outside of any transaction, and what came
//! of it written in a new one. A server that ends anywhere between leaves a claim that runs out;
//! then the question is asked again, which does no harm. What the clearinghouse holds for us is
//! taken away there only once it is committed here.

use std::time::Duration;

use almoner_domain::InquiryId;
use almoner_domain::inquiry::{ANSWER_WITHIN, Event, InquiryState, MAX_TRIES};
use almoner_gateways::clearinghouse::{Answer, ClearinghouseError, Delivery, Question, Reply};
use almoner_store::inquiries::{self, Inquiry};
use almoner_x12 as x12;
use jiff::SignedDuration;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::import_eligibility::{ImportFile, import_eligibility, import_reply};
use crate::inquiry_step::{self, Told};
use crate::match_answer::references;
use crate::read;

/// How long a clearinghouse is listened to; payers answer at once within a minute or not at all.
const ASK_WITHIN: Duration = Duration::from_secs(90);
/// How long a question is held while it is asked: longer than the asking, the import and a slow
/// database together.
const CLAIM: SignedDuration = SignedDuration::from_mins(3);
/// Deliveries that are held in memory at a time.
const MAX_DELIVERIES: usize = 20;
/// Questions that are given up in one round.
const MAX_GIVEN_UP: i64 = 100;

/// Claims questions that are due, at most `limit`. Each is to be passed to [`ask_claimed`].
///
/// # Errors
/// The database failed.
pub async fn claim_due(app: &App, actor: &Actor, limit: usize) -> Result<Vec<Inquiry>, Error> {
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.read().await?;
    if limit == 0 || !inquiries::any_due(&mut tx, org, now).await? {
        return Ok(Vec::new());
    }
    drop(tx);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut tx = app.db.begin().await?;
    let claimed = inquiries::claim(&mut tx, org, (now, now + CLAIM), MAX_TRIES, limit).await?;
    tx.commit().await?;
    Ok(claimed)
}

/// Asks a claimed question and writes what came of it.
///
/// # Errors
/// The database failed; the question is asked again when its claim has run out.
pub async fn ask_claimed(app: &App, actor: &Actor, claimed: &Inquiry) -> Result<(), Error> {
    let asked = &claimed.asked;
    if asked.clearinghouse != app.clearinghouse.name() {
        let words = "it was written for another clearinghouse than the one that is set up now";
        return tell(app, actor, claimed, Event::Refused, words.to_owned()).await;
    }
    let question = Question { reference: &asked.trace, text: &asked.question };
    match in_time(app.clearinghouse.ask(question)).await {
        Ok(Reply::Later) => tell(app, actor, claimed, Event::Taken, String::new()).await,
        Ok(Reply::Answered(content)) => take_reply(app, actor, claimed, content).await,
        Err(error) => {
            let event = match &error {
                ClearinghouseError::NotSetUp | ClearinghouseError::Refused(_) => Event::Refused,
                ClearinghouseError::NotTaken(_) | ClearinghouseError::NoAnswer(_) => {
                    Event::NotCarried
                }
            };
            tell(app, actor, claimed, event, error.to_string()).await
        }
    }
}

async fn in_time<T>(answer: Answer<'_, T>) -> Result<T, ClearinghouseError> {
    let late = || ClearinghouseError::NoAnswer("it took too long".to_owned());
    tokio::time::timeout(ASK_WITHIN, answer).await.unwrap_or_else(|_| Err(late()))
}

/// Imports what came back on the spot. A text that is no answer to the question is kept, and the
/// question asked again.
async fn take_reply(
    app: &App,
    actor: &Actor,
    claimed: &Inquiry,
    content: Vec<u8>,
) -> Result<(), Error> {
    let (answers, content) = answers_of(content).await;
    // Of several answers at once, none is sure to be that of the question.
    let inquiry = Some(claimed.asked.id).filter(|_| answers.len() == 1);
    let name = format!("{}.271", claimed.asked.id);
    let file = ImportFile { name, content, patient: None };
    let imported = import_reply(app, actor, file, inquiry).await?;
    let words = match &imported.checks {
        Err(why) => format!("the answer could not be read: {why}"),
        Ok(checks) if checks.is_empty() => "the answer holds nothing".to_owned(),
        Ok(_) => "the answer is to another question".to_owned(),
    };
    // Says nothing new when the import has moved the question on.
    tell(app, actor, claimed, Event::NotCarried, words).await
}

/// Writes what was told of a question, unless somebody else holds it by now.
async fn tell(
    app: &App,
    actor: &Actor,
    claimed: &Inquiry,
    event: Event,
    words: String,
) -> Result<(), Error> {
    let mut tx = app.db.begin().await?;
    let found = inquiries::lock(&mut tx, actor.org(), claimed.asked.id).await?;
    let now_is = found.ok_or(Error::NotFound("question"))?;
    if now_is.claimed_until == claimed.claimed_until {
        let words = Some(words).filter(|words| !words.is_empty());
        let told = Told { event, check: None, words };
        inquiry_step::take(app, actor, &mut tx, &now_is, told).await?;
    }
    // Committed even when nothing was written, so that the row is free at once.
    tx.commit().await?;
    Ok(())
}

/// Gives up questions whose answer is not awaited any more, and those that were cut off each time
/// that they were asked. Tells how many.
///
/// # Errors
/// The database failed.
pub async fn give_up(app: &App, actor: &Actor) -> Result<usize, Error> {
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.read().await?;
    let late = inquiries::overdue(&mut tx, org, now - ANSWER_WITHIN, MAX_GIVEN_UP).await?;
    let cut = inquiries::cut_off(&mut tx, org, now, MAX_TRIES, MAX_GIVEN_UP).await?;
    drop(tx);
    let given_up = late.len() + cut.len();
    let hours = ANSWER_WITHIN.as_hours();
    let late = late.into_iter().map(|id| (id, InquiryState::Sent, Event::TimedOut));
    let cut = cut.into_iter().map(|id| (id, InquiryState::Waiting, Event::NotCarried));
    for (id, from, event) in late.chain(cut) {
        let words = match event {
            Event::TimedOut => format!("no answer came within {hours} hours"),
            _ => "the program was stopped each time that it was asked".to_owned(),
        };
        end(app, actor, id, from, Told { event, check: None, words: Some(words) }).await?;
    }
    Ok(given_up)
}

async fn end(
    app: &App,
    actor: &Actor,
    id: InquiryId,
    from: InquiryState,
    told: Told,
) -> Result<(), Error> {
    let mut tx = app.db.begin().await?;
    let found = inquiries::lock(&mut tx, actor.org(), id).await?;
    let now_is = found.ok_or(Error::NotFound("question"))?;
    let is_claimed = now_is.claimed_until.is_some_and(|until| until > app.now());
    if now_is.state == from && !is_claimed {
        inquiry_step::take(app, actor, &mut tx, &now_is, told).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Imports what the clearinghouse holds for us, and takes away there what is committed here.
/// Tells how many deliveries were imported.
///
/// A delivery that cannot be given to exactly one organization stays where it is: another
/// organization's patients are nobody else's business.
///
/// # Errors
/// The database failed. A clearinghouse that does not answer is asked again in the next round.
pub async fn collect_answers(app: &App) -> Result<usize, Error> {
    let deliveries = match in_time(app.clearinghouse.waiting(MAX_DELIVERIES)).await {
        Ok(deliveries) => deliveries,
        Err(error) => {
            tracing::warn!(%error, "answers could not be collected");
            return Ok(0);
        }
    };
    if deliveries.is_empty() {
        return Ok(0);
    }
    let organizations = read::organizations(app).await?;
    let mut collected = 0;
    for delivery in deliveries {
        match deliver(app, &organizations, delivery).await {
            Ok(true) => collected += 1,
            Ok(false) => tracing::warn!("a delivery belongs to no single organization; it stays"),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "a delivery will be imported again");
            }
        }
    }
    Ok(collected)
}

/// Imports a delivery; false when it is nobody's.
async fn deliver(app: &App, organizations: &[Actor], delivery: Delivery) -> Result<bool, Error> {
    let Delivery { name, content } = delivery;
    let (owner, content) = match organizations {
        [only] => (Some(only), content),
        several => addressee(app, several, content).await?,
    };
    let Some(actor) = owner else {
        return Ok(false);
    };
    let file = ImportFile { name: name.clone(), content, patient: None };
    import_eligibility(app, actor, file).await?;
    if let Err(error) = in_time(app.clearinghouse.taken(&name)).await {
        tracing::warn!(%error, "an imported delivery could not be taken away");
    }
    Ok(true)
}

/// The only organization that asked what a delivery answers.
async fn addressee<'a>(
    app: &App,
    organizations: &'a [Actor],
    content: Vec<u8>,
) -> Result<(Option<&'a Actor>, Vec<u8>), Error> {
    let (answers, content) = answers_of(content).await;
    let mut tx = app.db.read().await?;
    let mut owner: Option<&Actor> = None;
    for references in answers.iter().map(references) {
        for actor in organizations {
            if inquiries::by_trace(&mut tx, actor.org(), &references).await?.is_none() {
                continue;
            }
            if owner.is_some_and(|owner| owner.org() != actor.org()) {
                return Ok((None, content));
            }
            owner = Some(actor);
        }
    }
    Ok((owner, content))
}

/// The answers of what a clearinghouse brought, read on a thread of their own.
async fn answers_of(content: Vec<u8>) -> (Vec<x12::Answer>, Vec<u8>) {
    let reading = tokio::task::spawn_blocking(move || {
        let mut reader = x12::Reader::new(&content[..]);
        let next = || reader.next_transaction().expect("memory can be read");
        let answers = std::iter::from_fn(next).flat_map(|transaction| transaction.answers);
        (answers.collect(), content)
    });
    reading.await.expect("the reader never panics")
}
