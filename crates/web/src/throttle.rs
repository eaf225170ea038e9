//! How often signing in may be tried, and a payment link be opened.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use sha2::{Digest, Sha256};
use tokio::sync::{Semaphore, SemaphorePermit};

/// The longest e-mail address that an account can have, in bytes.
const MAX_EMAIL_BYTES: usize = 254;
/// Passwords that are checked at the same time: each takes 19 MiB and a core.
const MAX_CHECKS: usize = 2;
/// Keys that are remembered before those that are free again are forgotten.
const MAX_KEYS: usize = 10_000;

type Limiter = DefaultKeyedRateLimiter<[u8; 32]>;

/// A key of bounded length, which tells nothing.
fn key(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// Whether every limiter allows one more; a limiter behind one that refuses is not asked.
fn all_allow<const N: usize>(tries: [(&Limiter, [u8; 32]); N]) -> bool {
    tries.into_iter().all(|(limiter, key)| {
        if limiter.len() > MAX_KEYS {
            limiter.retain_recent();
        }
        limiter.check_key(&key).is_ok()
    })
}

/// The limits on signing in.
pub(crate) struct Throttle {
    address: Limiter,
    account: Limiter,
    pair: Limiter,
    checks: Semaphore,
}

/// So many tries in a row, then one each `seconds`.
fn limiter(burst: u32, seconds: u64) -> Limiter {
    let quota = Quota::with_period(Duration::from_secs(seconds)).expect("the period is not zero");
    let burst = NonZeroU32::new(burst).expect("the burst is not zero");
    RateLimiter::keyed(quota.allow_burst(burst))
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Self {
            address: limiter(200, 1),
            account: limiter(100, 5),
            pair: limiter(50, 10),
            checks: Semaphore::new(MAX_CHECKS),
        }
    }

    /// Whether one more try is allowed. Accounts are remembered by a hash, so that a long name
    /// takes no more room than a short one.
    pub(crate) fn allows(&self, client: &str, email: &str) -> bool {
        let account = email.trim().to_lowercase();
        if account.len() > MAX_EMAIL_BYTES {
            return false;
        }
        let tries = [
            (&self.address, key(client)),
            (&self.account, key(&account)),
            (&self.pair, key(&format!("{client} {account}"))),
        ];
        all_allow(tries)
    }

    /// Waits for a place among the passwords that are checked at the same time.
    pub(crate) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        self.checks.acquire().await.ok()
    }
}

/// The limits on opening payment links.
pub(crate) struct PayerThrottle {
    address: Limiter,
    link: Limiter,
}

impl PayerThrottle {
    pub(crate) fn new() -> Self {
        // A waiting room shares one address; a page that waits for the processor asks often.
        Self { address: limiter(240, 1), link: limiter(60, 2) }
    }

    /// Whether a link may be opened once more.
    pub(crate) fn allows(&self, client: &str, token: &str) -> bool {
        all_allow([(&self.address, key(client)), (&self.link, key(token))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_limited_from_many_addresses_and_an_address_for_many_accounts() {
        let throttle = Throttle::new();
        let allowed = |tries: &mut dyn Iterator<Item = (String, String)>| {
            tries.filter(|(client, email)| throttle.allows(client, email)).count()
        };
        let mut clients = (0..500).map(|n| (format!("10.0.0.{n}"), "Ann@x.example".to_owned()));
        assert!(allowed(&mut clients) <= 101);
        let mut accounts = (0..500).map(|n| ("10.1.1.1".to_owned(), format!("u{n}@x.example")));
        assert!(allowed(&mut accounts) <= 202);
        assert!(!throttle.allows("10.2.2.2", &"x".repeat(255)));
    }

    #[test]
    fn a_link_is_limited_from_many_addresses_and_an_address_for_many_links() {
        let throttle = PayerThrottle::new();
        let count = |tries: &mut dyn Iterator<Item = (String, String)>| {
            tries.filter(|(client, token)| throttle.allows(client, token)).count()
        };
        let mut clients = (0..500).map(|n| (format!("10.0.{}.{n}", n % 7), "1-7-1-x".to_owned()));
        assert!((60..=62).contains(&count(&mut clients)));
        let mut tokens = (0..500).map(|n| ("10.1.1.1".to_owned(), format!("2-{n}-1-x")));
        assert!((240..=242).contains(&count(&mut tokens)));
    }
}
