//! Counts and times what is asked of outside parties: one layer around each trait, put there by the
//! settings when somebody watches. Which party, what for, what came of it: nothing else is told.
//!
//! A function that is added to one of the traits needs its line here, even when it has a default.

mod clearinghouse;
mod mailer;
mod processor;

use std::future::Future;
use std::sync::Arc;

use almoner_domain::ambient::Stopwatch;
use almoner_domain::trace::EXPORTED;
use metrics::{counter, histogram};
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::clearinghouse::{Clearinghouse, ClearinghouseError};
use crate::mail::{MailError, Mailer};
use crate::processor::{Processor, ProcessorError};

/// A party that is measured.
struct Measured<T: ?Sized>(Arc<T>);

/// A processor that is measured.
pub fn processor(inner: Arc<dyn Processor>) -> Arc<dyn Processor> {
    Arc::new(Measured(inner))
}

/// A clearinghouse that is measured.
pub fn clearinghouse(inner: Arc<dyn Clearinghouse>) -> Arc<dyn Clearinghouse> {
    Arc::new(Measured(inner))
}

/// A mailer that is measured.
pub fn mailer(inner: Arc<dyn Mailer>) -> Arc<dyn Mailer> {
    Arc::new(Measured(inner))
}

/// What a call came to, in the words of the label.
const DONE: &str = "done";
const NOT_DONE: &str = "not_done";
const REFUSED: &str = "refused";
const UNKNOWN: &str = "unknown";
const NOT_SET_UP: &str = "not_set_up";

/// An error whose kind is a label.
trait Failed {
    fn outcome(&self) -> &'static str;
}

impl Failed for ProcessorError {
    fn outcome(&self) -> &'static str {
        match self {
            Self::NotSupported => NOT_SET_UP,
            Self::NotDone(_) => NOT_DONE,
            Self::Refused(_) => REFUSED,
            Self::Unknown(_) => UNKNOWN,
        }
    }
}

impl Failed for ClearinghouseError {
    fn outcome(&self) -> &'static str {
        match self {
            Self::NotSetUp => NOT_SET_UP,
            Self::Refused(_) => REFUSED,
            Self::NotTaken(_) => NOT_DONE,
            Self::NoAnswer(_) => UNKNOWN,
        }
    }
}

impl Failed for MailError {
    fn outcome(&self) -> &'static str {
        match self {
            Self::NotSetUp => NOT_SET_UP,
            Self::Refused(_) => REFUSED,
            Self::NotTaken(_) => NOT_DONE,
        }
    }
}

/// Carries a call out, and tells what came of it.
async fn measured<T, E: Failed>(
    (party, call): (&'static str, &'static str),
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let span = tracing::info_span!(
        target: EXPORTED, "outside call",
        otel.name = format!("{party} {call}"), otel.kind = "client", party, call, outcome = Empty
    );
    let watch = Stopwatch::start();
    let done = work.instrument(span.clone()).await;
    let outcome = done.as_ref().err().map_or(DONE, Failed::outcome);
    span.record("outcome", outcome);
    let labels = [("party", party), ("call", call)];
    histogram!("almoner_outside_call_duration_seconds", &labels).record(watch.elapsed());
    let labels = [("party", party), ("call", call), ("outcome", outcome)];
    counter!("almoner_outside_calls_total", &labels).increment(1);
    done
}
