//! Work that happens without a person asking.
//!
//! A job is a function that looks for what is due and does it; running it twice, or on two
//! servers at once, does no harm. To add one, add a line to [`run`]. Questions to payers and to the
//! processor, letters to patients, reminders and removed documents have loops of their own, since
//! they take time.

mod documents;
mod exchange;
mod mail;
mod processor;
mod reminders;

use std::future::Future;
use std::time::Duration;

use almoner_app::{App, Error, read, run_once, seal_audit, sign_in};
use almoner_domain::ambient::Stopwatch;
use metrics::{counter, gauge, histogram};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

/// What the jobs are called in the log and in metrics.
pub const JOBS: [&str; 19] = [
    "apply_events",
    "ask_attempts",
    "ask_payer",
    "claim_mail",
    "claim_questions",
    "collect_answers",
    "give_up_questions",
    "import_payouts",
    "list_payouts",
    "organizations",
    "remind",
    "remove_answers",
    "remove_documents",
    "remove_sessions",
    "seal_audit",
    "send_mail",
    "settle_refunds",
    "settle_unapplied",
    "sweep_events",
];
/// How often audit rows are sealed.
const SHORT: Duration = Duration::from_secs(1);
/// After how many short rounds sessions and kept answers are cleared.
const ROUNDS_BETWEEN_CLEANING: u32 = 600;

/// Runs all jobs until `stop` turns true. `base_url` is where payers find the pages.
pub async fn run(app: App, base_url: String, stop: watch::Receiver<bool>) {
    tokio::join!(
        documents::run(app.clone(), stop.clone()),
        exchange::run(app.clone(), stop.clone()),
        mail::run(app.clone(), base_url, stop.clone()),
        processor::run(app.clone(), stop.clone()),
        reminders::run(app.clone(), stop.clone()),
        run_short(app, stop)
    );
}

async fn run_short(app: App, mut stop: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(SHORT);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut round: u32 = 0;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            changed = stop.changed() => {
                if changed.is_err() || *stop.borrow() {
                    return;
                }
            }
        }
        once(&app, round.is_multiple_of(ROUNDS_BETWEEN_CLEANING)).await;
        round = round.wrapping_add(1);
    }
}

/// One round of all jobs. Each stands alone: what fails is logged and tried in the next round,
/// and keeps no other job and no other organization waiting.
async fn once(app: &App, clean: bool) {
    let organizations = match read::organizations(app).await {
        Ok(organizations) => organizations,
        Err(error) => return told("organizations", Err(error)),
    };
    for actor in &organizations {
        done("seal_audit", app, seal_audit::seal_audit(app, actor)).await;
    }
    if clean {
        for actor in &organizations {
            done("remove_answers", app, run_once::remove_old_answers(app, actor)).await;
        }
        done("remove_sessions", app, sign_in::remove_ended_sessions(app)).await;
    }
}

/// The organizations of a round: each is the first in turn, so that one with much to do keeps no
/// other waiting.
fn in_turn<T>(mut organizations: Vec<T>, round: u32) -> Vec<T> {
    let turn = usize::try_from(round).unwrap_or_default() % organizations.len().max(1);
    organizations.rotate_left(turn);
    organizations
}

/// Does a piece of a job and tells how it went: what fails is logged and tried in the next round.
async fn done<T>(job: &'static str, app: &App, work: impl Future<Output = Result<T, Error>>) {
    let watch = Stopwatch::start();
    let result = work.await;
    histogram!("almoner_job_duration_seconds", "task" => job).record(watch.elapsed());
    if result.is_ok() {
        let now = app.now().as_duration().as_secs_f64();
        gauge!("almoner_job_last_success_timestamp_seconds", "task" => job).set(now);
    }
    told(job, result.map(drop));
}

fn told(job: &'static str, done: Result<(), Error>) {
    let outcome = if done.is_ok() { "done" } else { "failed" };
    counter!("almoner_job_runs_total", "task" => job, "outcome" => outcome).increment(1);
    if let Err(error) = done {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(job, error, "a job will be tried again");
    }
}

#[cfg(test)]
mod tests {
    use super::in_turn;

    #[test]
    fn each_organization_is_the_first_in_turn() {
        let rounds: Vec<_> = (0..4).map(|round| in_turn(vec!['a', 'b', 'c'], round)).collect();
        let expected = [['a', 'b', 'c'], ['b', 'c', 'a'], ['c', 'a', 'b'], ['a', 'b', 'c']];
        assert_eq!(rounds, expected);
        assert!(in_turn(Vec::<char>::new(), 7).is_empty());
    }
}
