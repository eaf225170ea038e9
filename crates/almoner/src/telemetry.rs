//! What the program tells about itself: log lines, metrics and traces. None of it ever holds
//! patient data: it is ids, names of our own, counts and durations.

pub(crate) mod metrics;
mod traces;

use almoner_domain::trace::EXPORTED;
use metrics_exporter_prometheus::PrometheusHandle;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::filter::{FilterExt as _, LevelFilter, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt, registry};

use crate::Failure;
use crate::settings::Settings;

/// What was started, and has to be ended.
pub(crate) struct Telemetry {
    /// What is told as metrics, when somebody may ask.
    pub(crate) metrics: Option<PrometheusHandle>,
    traces: Option<SdkTracerProvider>,
}

/// Starts writing log lines to stderr, and for a server what else the settings say.
///
/// # Errors
/// [`Failure::Usage`] when the filter cannot be understood; [`Failure::Failed`] when something
/// cannot be started.
pub(crate) fn start(settings: &Settings, serves: bool) -> Result<Telemetry, Failure> {
    let watching = &settings.watching;
    let filter = EnvFilter::try_new(&watching.log)
        .map_err(|error| Failure::Usage(format!("--log {}: {error}", watching.log)))?;
    // What is only for a collector would say the same again.
    let others = filter_fn(|about| about.target() != EXPORTED);
    let filter = filter.and(others.with_max_level_hint(LevelFilter::TRACE));
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = if watching.json_logs {
        lines.json().with_span_list(false).with_filter(filter).boxed()
    } else {
        lines.with_ansi(false).with_filter(filter).boxed()
    };
    let endpoint = watching.otlp_endpoint.as_deref().filter(|_| serves);
    let traces = endpoint.map(traces::provider).transpose()?;
    let exported = traces.as_ref().map(|provider| {
        let ours = filter_fn(|about| about.target() == EXPORTED);
        traces::layer(provider).with_filter(ours.with_max_level_hint(LevelFilter::INFO))
    });
    let started = registry().with(lines).with(exported).try_init();
    started.map_err(|error| Failure::of(&error))?;
    let asked = serves && watching.metrics_listen.is_some();
    let metrics = asked.then(metrics::install).transpose()?;
    Ok(Telemetry { metrics, traces })
}

impl Telemetry {
    /// Whether somebody watches what outside parties are asked.
    pub(crate) fn watches(&self) -> bool {
        self.metrics.is_some() || self.traces.is_some()
    }

    /// Sends what was not sent yet, within a deadline.
    pub(crate) async fn end(self) {
        if let Some(provider) = self.traces {
            traces::end(provider).await;
        }
    }
}
