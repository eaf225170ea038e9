//! Signs staff in and out, and finds whose a session is.

use almoner_domain::OrganizationId;
use almoner_store::organizations;
use almoner_store::sessions;
use almoner_store::staff::{self, StaffUser};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::context::{Actor, App, Member};
use crate::counts;
use crate::credentials::{NOBODY, fits, normal_email};
use crate::error::Error;
use crate::record;
use almoner_domain::text::{hex, unhex};

/// A session ends when it was not used for so long.
pub const IDLE: SignedDuration = SignedDuration::from_mins(15);
/// A session ends so long after it began, however much it is used.
pub const ABSOLUTE: SignedDuration = SignedDuration::from_hours(12);
/// Use is noted at most this often, so that a page view is rarely a write.
pub const TOUCH: SignedDuration = SignedDuration::from_mins(1);
/// A session's cookie: the organization and a secret.
#[derive(Debug, Clone)]
pub struct Token {
    org: OrganizationId,
    secret: Vec<u8>,
}

impl Token {
    /// Reads a cookie.
    pub fn parse(cookie: &str) -> Option<Self> {
        let (org, secret) = cookie.split_once('.')?;
        let secret = unhex(secret).filter(|secret| secret.len() == 32)?;
        Some(Self { org: OrganizationId(org.parse().ok()?), secret })
    }

    /// The cookie's value.
    pub fn cookie(&self) -> String {
        format!("{}.{}", self.org.0, hex(&self.secret))
    }

    fn hash(&self) -> Vec<u8> {
        Sha256::digest(&self.secret).to_vec()
    }
}

/// Signs in and begins a session.
///
/// # Errors
/// [`Error::SignIn`] for a wrong address or password and a closed account alike.
pub async fn sign_in(app: &App, email: &str, password: &str) -> Result<Token, Error> {
    let done = begin_session(app, email, password).await;
    let outcome = match &done {
        Ok(_) => "done",
        Err(Error::SignIn) => "refused",
        Err(_) => "failed",
    };
    counts::sign_in(outcome).increment(1);
    done
}

async fn begin_session(app: &App, email: &str, password: &str) -> Result<Token, Error> {
    let mut tx = app.db.read().await?;
    let user = staff::by_email(&mut tx, &normal_email(email)).await?;
    drop(tx);
    let user = user.filter(|user| user.disabled_at.is_none());
    let stored = user.as_ref().map_or(NOBODY, |user| &user.password_hash).to_owned();
    let typed = password.to_owned();
    let right = tokio::task::spawn_blocking(move || fits(&typed, &stored)).await;
    let user = user.filter(|_| right.unwrap_or(false)).ok_or(Error::SignIn)?;
    let now = app.now();
    let secret: [u8; 32] = app.random();
    let token = Token { org: user.org, secret: secret.to_vec() };
    let mut tx = app.db.begin().await?;
    // A password that was reset meanwhile begins no session any more.
    let now_stored = staff::get(&mut tx, user.org, user.id).await?;
    let same = |stored: &StaffUser| {
        stored.password_hash == user.password_hash && stored.disabled_at.is_none()
    };
    if !now_stored.as_ref().is_some_and(same) {
        return Err(Error::SignIn);
    }
    sessions::insert(&mut tx, user.org, &token.hash(), user.id, now).await?;
    let organization = organizations::get(&mut tx, user.org).await?;
    let organization = organization.ok_or(Error::NotFound("organization"))?;
    let subject = ("user", user.id.seq());
    let actor = Actor::staff(organization, member(user));
    record::happened(app, &actor, &mut tx, "signed_in", subject, json!({})).await?;
    tx.commit().await?;
    Ok(token)
}

/// How long a session still lasts when it is not used; asking does not prolong it. `None` when it
/// is unknown or over.
///
/// # Errors
/// The database failed.
pub async fn time_left(app: &App, token: &Token) -> Result<Option<SignedDuration>, Error> {
    let mut tx = app.db.read().await?;
    let session = sessions::get(&mut tx, token.org, &token.hash()).await?;
    let session = session.filter(|session| session.user.disabled_at.is_none());
    Ok(session.and_then(|session| {
        let end = (session.seen_at + IDLE).min(session.created_at + ABSOLUTE);
        let left = end.duration_since(app.now());
        left.is_positive().then_some(left)
    }))
}

fn member(user: StaffUser) -> Member {
    Member { id: user.id, name: user.name, role: user.role, list_look: user.list_look }
}

fn is_over(since: Timestamp, now: Timestamp, limit: SignedDuration) -> bool {
    now.duration_since(since) > limit
}

/// Whose a session is; `None` when it is unknown or over, or the account is closed.
///
/// # Errors
/// The database failed.
pub async fn authenticate(app: &App, token: &Token) -> Result<Option<Actor>, Error> {
    let (hash, now) = (token.hash(), app.now());
    let mut tx = app.db.read().await?;
    let Some(session) = sessions::get(&mut tx, token.org, &hash).await? else {
        return Ok(None);
    };
    let over = is_over(session.created_at, now, ABSOLUTE) || is_over(session.seen_at, now, IDLE);
    if over || session.user.disabled_at.is_some() {
        return Ok(None);
    }
    let organization = organizations::get(&mut tx, token.org).await?;
    drop(tx);
    if is_over(session.seen_at, now, TOUCH) {
        let mut tx = app.db.begin().await?;
        sessions::touch(&mut tx, token.org, &hash, now).await?;
        tx.commit().await?;
    }
    let member = member(session.user);
    Ok(organization.map(|organization| Actor::staff(organization, member)))
}

/// Ends a session.
///
/// # Errors
/// The database failed.
pub async fn sign_out(app: &App, token: &Token) -> Result<(), Error> {
    let mut tx = app.db.begin().await?;
    sessions::delete(&mut tx, token.org, &token.hash()).await?;
    tx.commit().await?;
    Ok(())
}

/// Removes sessions that are over; tells how many.
///
/// # Errors
/// The database failed.
pub async fn remove_ended_sessions(app: &App) -> Result<u64, Error> {
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let removed = sessions::delete_expired(&mut tx, now - ABSOLUTE, now - IDLE).await?;
    tx.commit().await?;
    Ok(removed)
}
