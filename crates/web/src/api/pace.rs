//! How often a key may ask: so many requests in a row, then at a steady pace.

use std::num::NonZeroU32;
use std::time::Duration;

use almoner_domain::{KeyId, OrganizationId};
use axum::http::HeaderMap;
use axum::http::header::{self, HeaderName, HeaderValue};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Requests that a key may send in a row.
const BURST: u32 = 300;
/// After so long, one more is allowed: ten in a second.
const PERIOD: Duration = Duration::from_millis(100);
/// Keys that are remembered before those that are free again are forgotten.
const MAX_KEYS: usize = 10_000;

/// The pace of every key.
pub(crate) struct Pace(
    DefaultKeyedRateLimiter<(OrganizationId, KeyId), StateInformationMiddleware>,
);

/// Where a key stands after one more request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    /// Requests that it may send at once.
    remaining: u32,
    /// How long the one that is refused has to wait, in seconds.
    wait_seconds: Option<u64>,
}

impl Pace {
    pub(crate) fn new() -> Self {
        let quota = Quota::with_period(PERIOD).expect("the period is not zero");
        let burst = NonZeroU32::new(BURST).expect("the burst is not zero");
        let limiter = RateLimiter::keyed(quota.allow_burst(burst));
        Self(limiter.with_middleware())
    }

    /// Counts a request.
    pub(super) fn count(&self, key: (OrganizationId, KeyId)) -> Standing {
        if self.0.len() > MAX_KEYS {
            self.0.retain_recent();
        }
        match self.0.check_key(&key) {
            Ok(state) => {
                Standing { remaining: state.remaining_burst_capacity(), wait_seconds: None }
            }
            Err(refused) => {
                let wait = refused.wait_time_from(DefaultClock::default().now());
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                Standing { remaining: 0, wait_seconds: Some(seconds.max(1)) }
            }
        }
    }
}

impl Standing {
    /// Whether the request is refused.
    pub(super) fn is_refused(self) -> bool {
        self.wait_seconds.is_some()
    }

    /// Tells the program where it stands.
    pub(super) fn tell(self, headers: &mut HeaderMap) {
        let used = BURST.saturating_sub(self.remaining);
        let reset = (PERIOD * used).as_millis().div_ceil(1_000);
        let mut insert = |name: HeaderName, number: u128| {
            let value = HeaderValue::from_str(&number.to_string()).expect("digits are plain");
            headers.insert(name, value);
        };
        insert(HeaderName::from_static("ratelimit-limit"), u128::from(BURST));
        insert(HeaderName::from_static("ratelimit-remaining"), u128::from(self.remaining));
        insert(HeaderName::from_static("ratelimit-reset"), reset);
        if let Some(seconds) = self.wait_seconds {
            insert(header::RETRY_AFTER, u128::from(seconds));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_a_pace_of_its_own() {
        let pace = Pace::new();
        let key = |number| (OrganizationId(1), KeyId::new(number));
        let allowed = (0..1_000).filter(|_| !pace.count(key(1)).is_refused()).count();
        assert!((300..310).contains(&allowed), "{allowed}");
        let told = |number| {
            let mut headers = HeaderMap::new();
            pace.count(key(number)).tell(&mut headers);
            let names = ["ratelimit-remaining", "ratelimit-reset", "retry-after"];
            names.map(|name| headers.get(name).map(|value| value.to_str().unwrap().to_owned()))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(told(1), [some("0"), some("30"), some("1")]);
        assert_eq!(told(2), [some("299"), some("1"), None]);
    }
}
