//! What goes wrong on purpose.

use std::collections::VecDeque;
use std::time::Duration;

/// A fault of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 429, before anything is done.
    RateLimited,
    /// 409: another request with the same key is running. Nothing is done.
    Conflict,
    /// 424: a party behind Stripe failed. Nothing is done.
    Dependency,
    /// 500, and nothing is done; kept under the key.
    ServerErrorBefore,
    /// 500, after it was done; kept under the key.
    ServerErrorAfter,
    /// The connection is reset before anything is done.
    ResetBefore,
    /// The connection is reset after it was done.
    ResetAfter,
    /// No answer ever comes, and nothing is done.
    SilenceBefore,
    /// No answer ever comes, though it was done.
    SilenceAfter,
    /// It is done, and the answer comes late; meanwhile its key is in use.
    Slow(Duration),
    /// It is done, and the answer breaks off in the middle.
    CutOff,
    /// It is done, and the answer is not what Stripe writes.
    Garbage,
    /// 500 with `Stripe-Should-Retry: true`, before anything is done; not kept.
    ShouldRetry,
}

/// The faults that are to come, in order, each for the next request to its endpoint.
#[derive(Default)]
pub(crate) struct Faults {
    waiting: VecDeque<(String, Fault)>,
}

impl Faults {
    pub(crate) fn add(&mut self, endpoint: &str, fault: Fault) {
        self.waiting.push_back((endpoint.to_owned(), fault));
    }

    /// Takes the first fault for that endpoint.
    pub(crate) fn take(&mut self, endpoint: &str) -> Option<Fault> {
        let at = self.waiting.iter().position(|(wanted, _)| wanted == endpoint)?;
        self.waiting.remove(at).map(|(_, fault)| fault)
    }
}

impl Fault {
    /// The fault of that name, for tests in other languages.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "rate_limited" => Self::RateLimited,
            "conflict" => Self::Conflict,
            "server_error_before" => Self::ServerErrorBefore,
            "server_error_after" => Self::ServerErrorAfter,
            "reset_before" => Self::ResetBefore,
            "reset_after" => Self::ResetAfter,
            "garbage" => Self::Garbage,
            "should_retry" => Self::ShouldRetry,
            _ => return None,
        })
    }
}
