//! Keys of other programs: made, listed, revoked.

use std::fmt;

use almoner_domain::scope::Scopes;
use almoner_domain::text::{hex, unhex};
use almoner_domain::{Invalid, KeyId, OrganizationId, text};
use almoner_store::api_keys::{self, ApiKey};
use almoner_store::counters;
use jiff::SignedDuration;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::record;

/// What every key begins with, so that a lost one is recognised wherever it turns up.
const PREFIX: &str = "alm";
/// The longest text that is looked at as a key, in bytes.
const MAX_KEY_BYTES: usize = 128;
/// The bytes of a key that nobody can guess.
const SECRET_BYTES: usize = 32;
/// The longest life of a key, in days: ten years.
pub const MAX_LIFE_DAYS: i64 = 3_650;

/// A key as its holder shows it: `alm_<organization>_<number>_<secret>`. The two numbers lead to
/// the one row that the secret is held against.
#[derive(Clone)]
pub struct KeyToken {
    org: OrganizationId,
    id: KeyId,
    secret: [u8; SECRET_BYTES],
}

/// The secret never reaches a log line.
impl fmt::Debug for KeyToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyToken({} of {})", self.id, self.org.0)
    }
}

fn number(digits: &str) -> Option<i64> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|&number| plain && number > 0)
}

impl KeyToken {
    /// Reads a key.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_KEY_BYTES {
            return None;
        }
        let mut parts = text.split('_');
        let mut next = || parts.next();
        let (prefix, org, id, secret) = (next()?, next()?, next()?, next()?);
        if prefix != PREFIX || next().is_some() {
            return None;
        }
        Some(Self {
            org: OrganizationId(number(org)?),
            id: KeyId::new(number(id)?),
            secret: unhex(secret)?.try_into().ok()?,
        })
    }

    /// The whole key, secret included: for the one moment in which it is handed over.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}_{}_{}_{}", self.org.0, self.id.seq(), hex(&self.secret))
    }

    /// The organization that it belongs to.
    pub(crate) fn org(&self) -> OrganizationId {
        self.org
    }

    /// Which key it is.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// What is stored of the secret. It has 256 bits of chance, so a plain hash cannot be tried
    /// back.
    pub(crate) fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.secret).to_vec()
    }
}

/// A key to be made.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub scopes: Scopes,
    /// After how many days it ends; `None` when it does not end by itself.
    pub life_days: Option<i64>,
}

/// Makes a key. Its secret is known to nobody but the caller.
///
/// # Errors
/// No permission, no name, a life that is too short or too long.
pub async fn create_key(app: &App, actor: &Actor, input: NewKey) -> Result<KeyToken, Error> {
    actor.must(Action::ManageKeys)?;
    let name = text::required_line("name", "a name for the key", &input.name)?;
    if input.life_days.is_some_and(|days| !(1..=MAX_LIFE_DAYS).contains(&days)) {
        let message = format!("A key lives between 1 and {MAX_LIFE_DAYS} days.");
        return Err(Invalid::one("expires", "out_of_range", message).into());
    }
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    let id = KeyId::new(counters::next(&mut tx, org, KeyId::PREFIX).await?);
    let token = KeyToken { org, id, secret: app.random() };
    let key = ApiKey {
        id,
        name,
        scopes: input.scopes,
        secret_hash: token.hash(),
        created_at: now,
        expires_at: input.life_days.map(|days| now + SignedDuration::from_hours(24 * days)),
        revoked_at: None,
        used_at: None,
    };
    api_keys::insert(&mut tx, org, &key).await?;
    let detail = json!({
        "name": key.name,
        "scopes": key.scopes.to_string(),
        "expires_at": key.expires_at,
    });
    record::happened(app, actor, &mut tx, "key_created", ("api_key", id.seq()), detail).await?;
    tx.commit().await?;
    Ok(token)
}

/// All keys, without their secrets, which nobody has any more.
///
/// # Errors
/// No permission, or the database failed.
pub async fn list_keys(app: &App, actor: &Actor) -> Result<Vec<ApiKey>, Error> {
    actor.must(Action::ManageKeys)?;
    let mut tx = app.db.read().await?;
    Ok(api_keys::all(&mut tx, actor.org()).await?)
}

/// Revokes a key: from now on it opens nothing. Doing it again changes nothing.
///
/// # Errors
/// No permission, or no such key.
pub async fn revoke_key(app: &App, actor: &Actor, id: KeyId) -> Result<(), Error> {
    actor.must(Action::ManageKeys)?;
    let mut tx = app.db.begin().await?;
    let key = api_keys::get(&mut tx, actor.org(), id).await?;
    key.ok_or(Error::NotFound("key"))?;
    if api_keys::revoke(&mut tx, actor.org(), id, app.now()).await? {
        let subject = ("api_key", id.seq());
        record::happened(app, actor, &mut tx, "key_revoked", subject, json!({})).await?;
    }
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> KeyToken {
        KeyToken { org: OrganizationId(12), id: KeyId::new(3), secret: [0xa5; SECRET_BYTES] }
    }

    #[test]
    fn a_key_reads_back_and_does_not_show_its_secret() {
        let token = token();
        let read = KeyToken::parse(&token.reveal()).expect("it reads back");
        assert_eq!((read.org, read.id, read.secret), (token.org, token.id, token.secret));
        assert!(token.reveal().starts_with("alm_12_3_a5"));
        assert!(!format!("{token:?}").contains("a5a5"));
    }

    #[test]
    fn what_is_no_key_is_not_looked_up() {
        let good = token().reveal();
        let wrong = [
            String::new(),
            "alm".to_owned(),
            good.replacen("alm", "ALM", 1),
            good.replacen("12", "-12", 1),
            good.replacen("12", "+12", 1),
            good.replacen("_3_", "_0_", 1),
            good.replacen("_3_", "_99999999999999999999_", 1),
            format!("{good}_"),
            format!("{good}0"),
            good[..good.len() - 2].to_owned(),
            good.replace("a5a5", "zz"),
            "_".repeat(5_000),
        ];
        for wrong in wrong {
            assert!(KeyToken::parse(&wrong).is_none(), "{wrong}");
        }
    }
}
