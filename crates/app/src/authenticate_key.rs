//! Finds whose a key is.

use almoner_store::api_keys::{self, ApiKey};
use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq as _;

use crate::api_keys::KeyToken;
use crate::context::{Actor, App, KeyHolder};
use crate::error::Error;

/// Use is noted at most this often, so that a request is rarely a write.
const TOUCH: SignedDuration = SignedDuration::from_mins(1);

/// What became of a key that was shown.
#[derive(Debug)]
pub enum KeyCheck {
    /// It is good.
    Good(Box<Actor>),
    /// There is no such key. Why not is not told.
    Unknown,
    /// It was good until it ended.
    Expired,
    /// It was good until it was revoked.
    Revoked,
}

/// Holds a key against its row. Only who knows the secret learns whether the key has ended.
///
/// # Errors
/// The database failed.
pub async fn authenticate_key(app: &App, token: &KeyToken) -> Result<KeyCheck, Error> {
    let now = app.now();
    let mut tx = app.db.read().await?;
    let found = api_keys::get(&mut tx, token.org(), token.id()).await?;
    drop(tx);
    let fits = |key: &ApiKey| bool::from(key.secret_hash.ct_eq(&token.hash()));
    let Some((key, organization)) = found.filter(|(key, _)| fits(key)) else {
        return Ok(KeyCheck::Unknown);
    };
    if key.revoked_at.is_some() {
        return Ok(KeyCheck::Revoked);
    }
    if key.expires_at.is_some_and(|end| end <= now) {
        return Ok(KeyCheck::Expired);
    }
    if is_due(key.used_at, now) {
        let mut tx = app.db.begin().await?;
        api_keys::touch(&mut tx, token.org(), key.id, now).await?;
        tx.commit().await?;
    }
    let holder = KeyHolder { id: key.id, name: key.name, scopes: key.scopes };
    Ok(KeyCheck::Good(Box::new(Actor::key(organization, holder))))
}

fn is_due(used_at: Option<Timestamp>, now: Timestamp) -> bool {
    used_at.is_none_or(|used_at| now.duration_since(used_at) > TOUCH)
}
