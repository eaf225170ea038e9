//! The seals of payment links: what a link names, and proof that only this program named it.
//!
//! A token is `ORGANIZATION-PAYMENT-GENERATION-SEAL`. The seal is an HMAC over the rest with a
//! key that is kept outside the database, so that neither a copy of the database nor a log of
//! numbers makes a link, and a link can be shown again at any time without being stored.

use almoner_domain::{OrganizationId, PaymentId};
use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The length of a key: as much as SHA-256 takes in whole.
pub const KEY_BYTES: usize = 32;
/// How much of the HMAC a token carries: 160 bits.
const SEAL_BYTES: usize = 20;
/// What the seal is for, so that no other use of the key makes one.
const PURPOSE: &[u8] = b"almoner payment link 1\0";

/// The keys that seal links. The first one seals; all of them open, so that a new key can be put
/// in front while links sealed by the old one are still about.
pub struct LinkKeys {
    newest: [u8; KEY_BYTES],
    older: Vec<[u8; KEY_BYTES]>,
}

impl LinkKeys {
    /// Keys, the newest first.
    pub fn new(newest: [u8; KEY_BYTES], older: Vec<[u8; KEY_BYTES]>) -> Self {
        Self { newest, older }
    }

    /// The key that seals.
    pub(crate) fn newest(&self) -> &[u8; KEY_BYTES] {
        &self.newest
    }

    /// Every key, the newest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &[u8; KEY_BYTES]> {
        std::iter::once(&self.newest).chain(&self.older)
    }
}

impl std::fmt::Debug for LinkKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LinkKeys({})", 1 + self.older.len())
    }
}

/// What a link names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkName {
    /// Whose payment.
    pub organization: OrganizationId,
    /// Which payment.
    pub payment: PaymentId,
    /// Which of the payment's links.
    pub generation: i64,
}

impl LinkName {
    /// The token that stands in the link's address.
    pub fn token(&self, keys: &LinkKeys) -> String {
        let name = self.text();
        let seal = sealed(&keys.newest, &name).finalize().into_bytes();
        format!("{name}-{}", Base64UrlUnpadded::encode_string(&seal[..SEAL_BYTES]))
    }

    /// What a token names, when its seal is ours.
    pub fn read(token: &str, keys: &LinkKeys) -> Option<Self> {
        let mut parts = token.splitn(4, '-');
        let mut number = || parts.next()?.parse::<i64>().ok().filter(|number| *number > 0);
        let (organization, payment, generation) = (number()?, number()?, number()?);
        let text = parts.next()?;
        let mut seal = [0; SEAL_BYTES];
        let read = Base64UrlUnpadded::decode(text, &mut seal).ok()?;
        // One way of writing it, so that a link has one address.
        if read.len() != SEAL_BYTES || Base64UrlUnpadded::encode_string(read) != text {
            return None;
        }
        let name = Self {
            organization: OrganizationId(organization),
            payment: PaymentId::new(payment),
            generation,
        };
        // The text is made again, so that `01` and `+1` are no second name for `1`.
        let text = name.text();
        let fits = |key| sealed(key, &text).verify_truncated_left(read).is_ok();
        let is_ours = keys.all().any(fits) && token.starts_with(&format!("{text}-"));
        is_ours.then_some(name)
    }

    fn text(&self) -> String {
        format!("{}-{}-{}", self.organization.0, self.payment.seq(), self.generation)
    }
}

fn sealed(key: &[u8; KEY_BYTES], text: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    mac.update(PURPOSE);
    mac.update(text.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> LinkName {
        let organization = OrganizationId(3);
        LinkName { organization, payment: PaymentId::new(894), generation: 2 }
    }

    fn keys(newest: u8, older: &[u8]) -> LinkKeys {
        let key = |byte: u8| [byte; KEY_BYTES];
        LinkKeys::new(key(newest), older.iter().copied().map(key).collect())
    }

    #[test]
    fn a_token_names_its_link_and_is_the_same_each_time() {
        let token = name().token(&keys(1, &[]));
        assert!(token.starts_with("3-894-2-") && token.len() == 8 + 27, "{token}");
        assert_eq!(token, name().token(&keys(1, &[9])));
        assert_eq!(LinkName::read(&token, &keys(1, &[])), Some(name()));
    }

    #[test]
    fn a_new_key_in_front_leaves_old_links_alive() {
        let token = name().token(&keys(1, &[]));
        assert_eq!(LinkName::read(&token, &keys(2, &[1])), Some(name()));
        assert_eq!(LinkName::read(&token, &keys(2, &[])), None);
    }

    #[test]
    fn whatever_is_changed_opens_nothing() {
        let keys = keys(1, &[]);
        let token = name().token(&keys);
        let (head, seal) = ("3-894-2", &token["3-894-2-".len()..]);
        for place in 0..token.len() {
            let mut other = token.clone().into_bytes();
            other[place] = if other[place] == b'7' { b'8' } else { b'7' };
            let other = String::from_utf8_lossy(&other).into_owned();
            assert_eq!(LinkName::read(&other, &keys), None, "{other}");
        }
        for other in [
            "",
            "-",
            "---",
            "3-894-2",
            "3-894-2-",
            &format!("{head}-{}", &seal[..26]),
            &format!("{head}-{seal}A"),
            &format!("03-894-2-{seal}"),
            &format!("3-894-+2-{seal}"),
            &format!("3-894-0-{seal}"),
            &format!("3--894-2-{seal}"),
            &format!("{token}-"),
        ] {
            assert_eq!(LinkName::read(other, &keys), None, "{other}");
        }
    }
}
