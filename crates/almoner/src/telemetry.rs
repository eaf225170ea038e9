//! Log lines. They never hold patient data: what is logged is ids, counts and durations.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::Failure;
use crate::settings::Settings;

/// Starts writing log lines to stderr.
///
/// # Errors
/// [`Failure::Usage`] when the filter cannot be understood.
pub(crate) fn start(settings: &Settings) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&settings.log)
        .map_err(|error| Failure::Usage(format!("--log {}: {error}", settings.log)))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if settings.json_logs {
        lines.json().finish().try_init()
    } else {
        lines.with_ansi(false).finish().try_init()
    };
    started.map_err(|error| Failure::of(&error))
}
