//! Counts and times what is asked of outside parties: one layer around each trait, put there by the
//! settings when somebody watches. Which party, what for, what came of it: nothing else is told.
//!
//! A function that is added to one of the traits needs its line here, even when it has a default.

mod clearinghouse;
mod mailer;
mod processor;
mod webhooks;

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
use crate::webhooks::{NotTaken, Webhooks};

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

/// A way to other programs that is measured.
pub fn webhooks(inner: Arc<dyn Webhooks>) -> Arc<dyn Webhooks> {
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

impl Failed for NotTaken {
    fn outcome(&self) -> &'static str {
        match self {
            Self::Status(_) | Self::Address(_) => REFUSED,
            Self::NoConnection => NOT_DONE,
            Self::TooSlow | Self::Broke => UNKNOWN,
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;
    use crate::mail::{Letter, Posted};
    use crate::processor::{AttemptKey, Offline, Sandbox};

    /// A mail server that takes nothing, and says so with the address in it.
    struct Refusing;

    impl Mailer for Refusing {
        fn name(&self) -> &'static str {
            "refusing"
        }

        fn send<'a>(&'a self, letter: Letter<'a>) -> Posted<'a> {
            Box::pin(async move { Err(MailError::Refused(letter.to.to_owned())) })
        }
    }

    /// What is told as metrics of some work.
    fn told<T>(work: impl Future<Output = T>) -> (T, String) {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("it starts");
        let done = metrics::with_local_recorder(&recorder, || runtime.block_on(work));
        (done, handle.render())
    }

    #[test]
    fn what_came_of_a_call_is_told_and_nothing_of_what_was_said() {
        let letter = Letter {
            reference: "r",
            from: "Clinic",
            to: "zzcanary@example.org",
            subject: "A payment",
            text: "zzcanary",
            at: Timestamp::UNIX_EPOCH,
        };
        let mailer = mailer(Arc::new(Refusing));
        let (sent, text) = told(mailer.send(letter));
        assert_eq!(sent, Err(MailError::Refused("zzcanary@example.org".to_owned())));
        let line = r#"almoner_outside_calls_total{party="mail",call="send",outcome="refused"} 1"#;
        assert!(text.contains(line), "{text}");
        assert!(text.contains("almoner_outside_call_duration_seconds") && !text.contains("canary"));
    }

    #[test]
    fn a_measured_processor_is_the_one_inside() {
        let sandbox = processor(Arc::new(Sandbox::default()));
        assert_eq!(sandbox.name(), "sandbox");
        assert!(sandbox.takes_cards() && sandbox.is_test_money() && sandbox.hosted().is_some());
        let offline = processor(Arc::new(Offline));
        assert!(!offline.takes_cards() && offline.hosted().is_none());
        let key =
            AttemptKey { reference: "zzcanary", session: None, began_at: Timestamp::UNIX_EPOCH };
        let (answer, text) = told(offline.attempt(key));
        assert_eq!(answer, Err(ProcessorError::NotSupported));
        let labels = r#"{party="processor",call="attempt",outcome="not_set_up"} 1"#;
        assert!(text.contains(labels) && !text.contains("canary"), "{text}");
    }
}
