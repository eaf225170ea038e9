//! Metrics for Prometheus, on a listener of their own. Each is counted where it happens; what can
//! only be looked up is looked up when somebody asks. To add one, count it there and add its line
//! to [`TABLE`] and to the table in `docs/OPERATIONS.md`.

use std::time::Duration;

use almoner_app::read_queues::read_queues;
use almoner_app::{App, Error, read};
use almoner_store::queues::Queue;
use almoner_web::{Web, readiness};
use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;

use crate::Failure;

/// Borders between which durations are counted, in seconds.
const BUCKETS_SECONDS: [f64; 13] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// How often durations are sorted into these, so that nobody who does not ask costs memory.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);
/// How long the database may take to answer somebody who asks.
const LOOK_WITHIN: Duration = Duration::from_secs(3);
/// The type of what is answered.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How a metric behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It only grows.
    Counter,
    /// It rises and falls.
    Gauge,
    /// It counts durations.
    Histogram,
}

/// Every metric, in the order of the names.
const TABLE: [(&str, Kind, &str); 25] = [
    ("almoner_build_info", Kind::Gauge, "1; the label is the version that runs."),
    ("almoner_checks_imported_total", Kind::Counter, "Payers' answers that became checks."),
    ("almoner_database_connections", Kind::Gauge, "Open connections of a pool, used or idle."),
    ("almoner_database_connections_max", Kind::Gauge, "Connections that a pool may open."),
    ("almoner_database_up", Kind::Gauge, "1 when the database answers and has our schema."),
    ("almoner_database_wait_failures_total", Kind::Counter, "Connections that did not come."),
    ("almoner_database_wait_seconds", Kind::Histogram, "Wait for a connection, or to write."),
    ("almoner_http_request_duration_seconds", Kind::Histogram, "Until an answer begins."),
    ("almoner_http_requests_in_flight", Kind::Gauge, "Requests that are being answered."),
    ("almoner_http_requests_total", Kind::Counter, "Requests that were answered."),
    ("almoner_job_duration_seconds", Kind::Histogram, "How long a piece of a job took."),
    ("almoner_job_last_success_timestamp_seconds", Kind::Gauge, "When a job last went well."),
    ("almoner_job_runs_total", Kind::Counter, "Pieces of jobs, by what came of them."),
    ("almoner_links_opened_total", Kind::Counter, "Payment links that payers opened."),
    ("almoner_outside_call_duration_seconds", Kind::Histogram, "What outside parties took."),
    ("almoner_outside_calls_total", Kind::Counter, "What outside parties were asked."),
    ("almoner_payment_transitions_total", Kind::Counter, "Payments that changed their status."),
    ("almoner_queue_overdue_seconds", Kind::Gauge, "Since when something due is not taken up."),
    ("almoner_queue_waiting", Kind::Gauge, "What waits; 1000 of a clinic may be more."),
    ("almoner_refunds_total", Kind::Counter, "Refunds that were made."),
    ("almoner_replica_lag_seconds", Kind::Gauge, "How far the replica is behind, at most."),
    ("almoner_replica_reads_total", Kind::Counter, "Reads for a replica, by where they went."),
    ("almoner_replica_usable", Kind::Gauge, "1 when the replica is read from."),
    ("almoner_sign_ins_total", Kind::Counter, "Tries to sign in, by what came of them."),
    ("almoner_webhooks_total", Kind::Counter, "What the processor told, by what came of it."),
];

/// Begins to count.
pub(crate) fn install() -> Result<PrometheusHandle, Failure> {
    let builder = PrometheusBuilder::new().set_buckets(&BUCKETS_SECONDS);
    let handle = builder.and_then(PrometheusBuilder::install_recorder);
    let handle = handle.map_err(|error| Failure::of(&error))?;
    for (name, kind, help) in TABLE {
        match kind {
            Kind::Counter => describe_counter!(name, help),
            Kind::Gauge => describe_gauge!(name, help),
            Kind::Histogram => describe_histogram!(name, Unit::Seconds, help),
        }
    }
    gauge!("almoner_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
    Ok(handle)
}

/// What those who ask are answered from.
#[derive(Clone)]
struct Watched {
    app: App,
    web: Web,
    handle: PrometheusHandle,
}

/// Answers who asks, until it is dropped.
pub(crate) async fn serve(listener: TcpListener, app: App, web: Web, handle: PrometheusHandle) {
    let kept_up = handle.clone();
    let upkeep = async move {
        let mut ticks = tokio::time::interval(UPKEEP_EVERY);
        loop {
            ticks.tick().await;
            kept_up.run_upkeep();
        }
    };
    let router = Router::new()
        .route("/metrics", get(told))
        .route("/healthz", get(|| async { "alive\n" }))
        .route(
            "/readyz",
            get(|State(watched): State<Watched>| async move { readiness(&watched.web).await }),
        )
        .with_state(Watched { app, web, handle });
    tokio::select! {
        ended = axum::serve(listener, router) => {
            if let Err(error) = ended {
                tracing::error!(%error, "metrics are told no more");
            }
        }
        () = upkeep => {}
    }
}

async fn told(State(watched): State<Watched>) -> Response {
    for pool in watched.app.db.pools() {
        let connections =
            |state| gauge!("almoner_database_connections", "pool" => pool.name, "state" => state);
        connections("used").set(pool.used);
        connections("idle").set(pool.idle);
        gauge!("almoner_database_connections_max", "pool" => pool.name).set(pool.max);
    }
    if let Some(is_usable) = watched.app.db.replica_is_usable() {
        gauge!("almoner_replica_usable").set(u8::from(is_usable));
        let lag = watched.app.db.replica_lag().map(|lag| lag.as_secs_f64());
        gauge!("almoner_replica_lag_seconds").set(lag.unwrap_or(f64::NAN));
    }
    let looked = tokio::time::timeout(LOOK_WITHIN, look(&watched.app)).await;
    let is_up = matches!(looked, Ok(Ok(true)));
    gauge!("almoner_database_up").set(u8::from(is_up));
    ([(header::CONTENT_TYPE, TEXT)], watched.handle.render()).into_response()
}

/// Looks up what waits, over all organizations; whether the database has our schema.
async fn look(app: &App) -> Result<bool, Error> {
    if !app.db.is_current().await? {
        return Ok(false);
    }
    let mut waiting = [0_i64; Queue::ALL.len()];
    let mut overdue = [0.0_f64; Queue::ALL.len()];
    for actor in &read::organizations(app).await? {
        let view = read_queues(app, actor).await?;
        for (index, queue) in view.queues.iter().enumerate() {
            // Events are the processor account's, and each organization shows the same.
            waiting[index] = match queue.queue {
                Queue::Events => queue.waiting,
                _ => waiting[index] + queue.waiting,
            };
            let since = queue.due_since(view.now);
            let seconds = since.map_or(0.0, |since| view.now.duration_since(since).as_secs_f64());
            overdue[index] = overdue[index].max(seconds);
        }
    }
    for (index, queue) in Queue::ALL.into_iter().enumerate() {
        let name = queue.as_str();
        let count = u32::try_from(waiting[index]).unwrap_or(u32::MAX);
        gauge!("almoner_queue_waiting", "queue" => name).set(count);
        gauge!("almoner_queue_overdue_seconds", "queue" => name).set(overdue[index]);
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_lists_every_metric_and_no_other() {
        let listed: Vec<&str> = include_str!("../../../../docs/OPERATIONS.md")
            .lines()
            .filter_map(|line| line.strip_prefix("| `almoner_"))
            .filter_map(|rest| rest.split('`').next())
            .collect();
        let names = TABLE.map(|line| line.0.trim_start_matches("almoner_"));
        assert_eq!(listed, names);
        assert!(names.is_sorted());
    }

    #[test]
    fn alerts_are_documented_and_ask_for_metrics_that_there_are() {
        let rules = include_str!("../../../../packaging/alerts.yml");
        let named = |text: &'static str, before: &str| -> Vec<&str> {
            let lines = text.lines().filter_map(|line| line.trim_start().strip_prefix(before));
            lines.filter_map(|rest| rest.split_whitespace().next()).collect()
        };
        let documented = named(include_str!("../../../../docs/OPERATIONS.md"), "| Almoner");
        assert_eq!(named(rules, "- alert: Almoner"), documented);
        let words = rules.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        for word in words.filter(|word| word.starts_with("almoner_")) {
            let name = word.trim_end_matches("_bucket");
            assert!(TABLE.iter().any(|line| line.0 == name), "{name}");
        }
    }

    #[test]
    fn names_say_what_they_count() {
        for (name, kind, help) in TABLE {
            assert_eq!(kind == Kind::Counter, name.ends_with("_total"), "{name}");
            assert!(kind != Kind::Histogram || name.ends_with("_seconds"), "{name}");
            assert!(help.ends_with('.'), "{name}");
        }
    }
}
