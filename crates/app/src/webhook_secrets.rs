//! The secrets that deliveries to other programs are signed with.
//!
//! They are made from a salt by the keys that seal payment links, which are kept outside the
//! database: a copy of the database signs nothing, and no secret is stored anywhere. The mark of a
//! key says which one makes a secret, so that a new key can be put in front while the old one is
//! still there. Once a key is gone, so are its secrets: the endpoint needs a new one.

use almoner_domain::{OrganizationId, WebhookId};
use almoner_gateways::webhooks::{SECRET_BYTES, SigningSecret};
use almoner_store::webhook_endpoints::{Endpoint, Seed};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;

use crate::context::App;
use crate::link_keys::{KEY_BYTES, LinkKeys};

/// What a secret is for, so that no other use of the key makes one.
const PURPOSE: &[u8] = b"almoner webhook secret 1\0";
/// What tells keys apart without telling anything of them.
const MARK_PURPOSE: &[u8] = b"almoner webhook key mark 1\0";
/// The length of a mark.
const MARK_BYTES: usize = 8;
/// The length of a salt.
const SALT_BYTES: usize = 16;

fn hmac(key: &[u8; KEY_BYTES], parts: &[&[u8]]) -> [u8; SECRET_BYTES] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn mark(key: &[u8; KEY_BYTES]) -> Vec<u8> {
    hmac(key, &[MARK_PURPOSE])[..MARK_BYTES].to_vec()
}

/// What a new secret is made from, by the newest key.
pub(crate) fn new_seed(app: &App) -> Seed {
    Seed { salt: app.random::<SALT_BYTES>().to_vec(), key_mark: mark(app.link_keys.newest()) }
}

/// The secret of a seed; `None` when the key that makes it is gone.
pub(crate) fn secret(
    keys: &LinkKeys,
    (org, id): (OrganizationId, WebhookId),
    seed: &Seed,
) -> Option<SigningSecret> {
    let key = keys.all().find(|key| mark(key) == seed.key_mark)?;
    let (org, id) = (org.0.to_be_bytes(), id.seq().to_be_bytes());
    Some(SigningSecret::new(hmac(key, &[PURPOSE, &org, &id, &seed.salt])))
}

/// The secrets that sign for an endpoint at that moment, the newest first; none when their keys
/// are gone.
pub(crate) fn that_sign(
    keys: &LinkKeys,
    org: OrganizationId,
    endpoint: &Endpoint,
    now: Timestamp,
) -> Vec<SigningSecret> {
    let older = endpoint.older.iter().filter(|(_, until)| *until > now).map(|(seed, _)| seed);
    let seeds = std::iter::once(&endpoint.seed).chain(older);
    seeds.filter_map(|seed| secret(keys, (org, endpoint.id), seed)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(newest: u8, older: &[u8]) -> LinkKeys {
        let key = |byte: u8| [byte; KEY_BYTES];
        LinkKeys::new(key(newest), older.iter().copied().map(key).collect())
    }

    #[test]
    fn a_secret_is_its_endpoints_and_its_keys_alone() {
        let seed = Seed { salt: vec![5; SALT_BYTES], key_mark: mark(&[1; KEY_BYTES]) };
        let of = |keys: &LinkKeys, org, id, seed: &Seed| {
            secret(keys, (OrganizationId(org), WebhookId::new(id)), seed)
        };
        let first = of(&keys(1, &[]), 1, 1, &seed).expect("the key is there");
        assert_eq!(of(&keys(2, &[1]), 1, 1, &seed), Some(first.clone()), "a new key in front");
        assert_eq!(of(&keys(2, &[3]), 1, 1, &seed), None, "the key is gone");
        let salted = Seed { salt: vec![6; SALT_BYTES], ..seed.clone() };
        for other in [
            of(&keys(1, &[]), 2, 1, &seed),
            of(&keys(1, &[]), 1, 2, &seed),
            of(&keys(1, &[]), 1, 1, &salted),
        ] {
            assert!(other.is_some_and(|other| other != first));
        }
    }
}
