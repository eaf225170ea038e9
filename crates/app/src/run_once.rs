//! Carries out a request of another program once, however often it is sent under one idempotency
//! key.
//!
//! A run takes its place before it begins, and leaves its answer there. Whoever sends the same
//! again gets that answer; whoever comes while it is under way is told so. A run that is never
//! heard of again (the program was killed) frees its place after [`LEASE`]: what it had committed
//! stands, so a call that creates something hands the idempotency key to its use case as well.

use almoner_domain::{KeyId, OrganizationId, text, time};
use almoner_store::api_requests::{self, ApiRequest, KeptAnswer, MAX_REMOVED, Place};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::context::{Actor, App, request_hash};
use crate::error::Error;

/// How long an answer is kept.
pub const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// After how long a run without an answer is given up. It is longer than any request may take.
pub const LEASE: SignedDuration = SignedDuration::from_mins(2);

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The key of the program that asks.
    pub key: KeyId,
    /// The method and the route, such as `POST /api/v1/estimates`.
    pub route: String,
    /// The idempotency key.
    pub idempotency_key: String,
    /// A hash of all that was asked.
    pub request_hash: Vec<u8>,
}

/// A run that took its place.
#[derive(Debug)]
pub struct Run {
    place: Place,
    id: [u8; 16],
    received_at: Timestamp,
}

impl Run {
    /// A name that every run of the same request has and no other: a run that takes over from one
    /// that failed or was never heard of again has that one's.
    pub fn name(&self) -> String {
        let Place { org, key, route, idempotency_hash } = &self.place;
        let at = time::micros(self.received_at);
        text::hex(&request_hash(&(org.0, key, route, idempotency_hash, at)))
    }
}

/// What became of a request.
#[derive(Debug)]
pub enum Begun {
    /// It is to be carried out.
    New(Run),
    /// It was carried out, with this answer.
    Same(KeptAnswer),
    /// It is under way.
    Running,
    /// Another request was sent under the same idempotency key.
    Other,
}

fn place(org: OrganizationId, sent: &Sent) -> Place {
    Place {
        org,
        key: sent.key,
        route: sent.route.clone(),
        idempotency_hash: Sha256::digest(&sent.idempotency_key).to_vec(),
    }
}

/// Takes the place of a request, or tells what stands there.
///
/// # Errors
/// The database failed.
pub async fn begin(app: &App, org: OrganizationId, sent: &Sent) -> Result<Begun, Error> {
    let (now, place, hash) = (app.now(), place(org, sent), &*sent.request_hash);
    let mut run = Run { place: place.clone(), id: app.random(), received_at: now };
    let mut tx = app.db.begin().await?;
    if api_requests::take(&mut tx, &place, hash, &run.id, now).await? {
        tx.commit().await?;
        return Ok(Begun::New(run));
    }
    let Some(found) = api_requests::lock(&mut tx, &place).await? else {
        // Its run came to nothing between the two statements; whoever asks again takes it.
        return Ok(Begun::Running);
    };
    let received_at = match stands(&found, hash, now) {
        Stands::Old => now,
        Stands::Lost => found.received_at,
        Stands::Other => return Ok(Begun::Other),
        Stands::Answered(answer) => return Ok(Begun::Same(answer.clone())),
        Stands::Running => return Ok(Begun::Running),
    };
    run.received_at = received_at;
    api_requests::retake(&mut tx, &place, hash, &run.id, (received_at, now)).await?;
    tx.commit().await?;
    Ok(Begun::New(run))
}

/// What is found at a place, in the order in which it is looked at.
enum Stands<'a> {
    /// It is no longer kept.
    Old,
    /// Another request was sent.
    Other,
    /// The same, with its answer.
    Answered(&'a KeptAnswer),
    /// The same, by a run that failed or was never heard of again.
    Lost,
    /// The same, under way.
    Running,
}

fn stands<'a>(found: &'a ApiRequest, request_hash: &[u8], now: Timestamp) -> Stands<'a> {
    if now.duration_since(found.received_at) >= KEPT {
        Stands::Old
    } else if found.request_hash != request_hash {
        Stands::Other
    } else if let Some(answer) = &found.answer {
        Stands::Answered(answer)
    } else if now.duration_since(found.started_at) >= LEASE {
        Stands::Lost
    } else {
        Stands::Running
    }
}

/// Whether a request is still under way.
///
/// # Errors
/// The database failed.
pub async fn is_running(app: &App, org: OrganizationId, sent: &Sent) -> Result<bool, Error> {
    let mut tx = app.db.read().await?;
    Ok(api_requests::is_open(&mut tx, &place(org, sent)).await?)
}

/// Leaves the answer of a run. A run whose place was given to another leaves nothing.
///
/// # Errors
/// The database failed.
pub async fn finish(app: &App, run: &Run, answer: &KeptAnswer) -> Result<(), Error> {
    let mut tx = app.db.begin().await?;
    if !api_requests::keep(&mut tx, &run.place, &run.id, answer).await? {
        let key = run.place.key;
        tracing::warn!(%key, "a request took longer than its place was kept");
    }
    tx.commit().await?;
    Ok(())
}

/// Frees the place of a run that failed through no fault of who asked: the request may be sent
/// again.
///
/// # Errors
/// The database failed.
pub async fn give_up(app: &App, run: &Run) -> Result<(), Error> {
    let mut tx = app.db.begin().await?;
    api_requests::free(&mut tx, &run.place, &run.id).await?;
    tx.commit().await?;
    Ok(())
}

/// Removes the answers of an organization that are no longer kept; tells how many.
///
/// # Errors
/// The database failed.
pub async fn remove_old_answers(app: &App, actor: &Actor) -> Result<u64, Error> {
    let before = app.now() - KEPT;
    let mut removed = 0;
    loop {
        let mut tx = app.db.begin().await?;
        let batch = api_requests::remove_before(&mut tx, actor.org(), before).await?;
        tx.commit().await?;
        removed += batch;
        if i64::try_from(batch).unwrap_or(MAX_REMOVED) < MAX_REMOVED {
            return Ok(removed);
        }
    }
}
