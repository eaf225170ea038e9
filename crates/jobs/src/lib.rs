//! Work that happens without a person asking.
//!
//! A job is a function that looks for what is due and does it; running it twice, or on two
//! servers at once, does no harm. To add one, add a line to [`run`]. Questions to payers and to the
//! processor, letters to patients, reminders, removed documents, files that are imported and events
//! for other programs have loops of their own, since they take time.

mod documents;
mod exchange;
mod imports;
mod mail;
mod processor;
mod reminders;
mod rounds;
mod webhooks;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use almoner_app::{Actor, App, Error, read, run_once, seal_audit, sign_in};
use almoner_domain::ambient::Stopwatch;
use metrics::{counter, gauge, histogram};
use tokio::sync::watch;
use tokio::task::JoinSet;

use rounds::Rounds;

/// What the jobs are called in the log and in metrics.
pub const JOBS: [&str; 23] = [
    "apply_events",
    "ask_attempts",
    "ask_payer",
    "claim_deliveries",
    "claim_mail",
    "claim_questions",
    "collect_answers",
    "give_up_questions",
    "import_payouts",
    "import_records",
    "list_payouts",
    "organizations",
    "remind",
    "remove_answers",
    "remove_documents",
    "remove_events",
    "remove_sessions",
    "seal_audit",
    "send_mail",
    "send_webhooks",
    "settle_refunds",
    "settle_unapplied",
    "sweep_events",
];
/// How often audit rows are sealed.
const SHORT: Duration = Duration::from_secs(1);
/// How long after it broke off a loop begins again.
const PAUSE: Duration = Duration::from_secs(5);
/// After how many short rounds sessions and kept answers are cleared.
const ROUNDS_BETWEEN_CLEANING: u32 = 600;

/// Runs all jobs until `stop` turns true. `base_url` is where payers find the pages.
pub async fn run(app: App, base_url: String, stop: watch::Receiver<bool>) {
    let every = (&stop, PAUSE);
    tokio::join!(
        kept_up("remove_documents", every, || documents::run(app.clone(), stop.clone())),
        kept_up("claim_questions", every, || exchange::run(app.clone(), stop.clone())),
        kept_up("import_records", every, || imports::run(app.clone(), stop.clone())),
        kept_up("claim_mail", every, || mail::run(app.clone(), base_url.clone(), stop.clone())),
        kept_up("settle_refunds", every, || processor::run(app.clone(), stop.clone())),
        kept_up("remind", every, || reminders::run(app.clone(), stop.clone())),
        kept_up("claim_deliveries", every, || webhooks::run(app.clone(), stop.clone())),
        kept_up("seal_audit", every, || run_short(app.clone(), stop.clone()))
    );
}

/// Runs a loop, and begins it again when it broke off: a fault in one kind of work must neither end
/// that work for good without a word, nor the others. `job` is what the loop does first.
async fn kept_up<F>(
    job: &'static str,
    (stop, pause): (&watch::Receiver<bool>, Duration),
    begin: impl Fn() -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let mut stop = stop.clone();
    loop {
        let mut running = JoinSet::new();
        running.spawn(begin());
        if !matches!(running.join_next().await, Some(Err(_))) {
            return;
        }
        counter!("almoner_job_runs_total", "task" => job, "outcome" => "failed").increment(1);
        tracing::error!(job, "a loop of jobs broke off, and begins again");
        let asked_to_stop = stop.wait_for(|stop| *stop);
        if tokio::time::timeout(pause, asked_to_stop).await.is_ok() {
            return;
        }
    }
}

async fn run_short(app: App, stop: watch::Receiver<bool>) {
    let mut rounds = Rounds::new(SHORT, stop);
    while let Some(round) = rounds.next().await {
        once(&app, round.is_multiple_of(ROUNDS_BETWEEN_CLEANING)).await;
    }
}

/// One round of all jobs. Each stands alone: what fails is logged and tried in the next round,
/// and keeps no other job and no other organization waiting.
async fn once(app: &App, clean: bool) {
    let organizations = organizations("organizations", app).await;
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

/// Whom a job works for. Where they cannot be read, that is told, and there is nobody in this
/// round.
async fn organizations(job: &'static str, app: &App) -> Vec<Actor> {
    match read::organizations(app).await {
        Ok(organizations) => organizations,
        Err(error) => {
            told(job, Err(error));
            Vec::new()
        }
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
/// The work is on the heap, since a loop would carry the room for all of it.
fn done<'a, T: 'a>(
    job: &'static str,
    app: &'a App,
    work: impl Future<Output = Result<T, Error>> + Send + 'a,
) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
    Box::pin(async move {
        let watch = Stopwatch::start();
        let result = work.await.map(drop);
        histogram!("almoner_job_duration_seconds", "task" => job).record(watch.elapsed());
        if result.is_ok() {
            let now = app.now().as_duration().as_secs_f64();
            gauge!("almoner_job_last_success_timestamp_seconds", "task" => job).set(now);
        }
        told(job, result);
    })
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
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_loop_that_breaks_off_begins_again_until_it_is_asked_to_stop() {
        let (ask, stop) = watch::channel(false);
        let begun = Arc::new(AtomicU32::new(0));
        let looping = || {
            let (begun, mut stop) = (Arc::clone(&begun), stop.clone());
            async move {
                let times = begun.fetch_add(1, Ordering::SeqCst);
                assert!(times >= 2, "a fault of the work");
                let _ = stop.wait_for(|stop| *stop).await;
            }
        };
        let ending = async {
            while begun.load(Ordering::SeqCst) < 3 {
                tokio::task::yield_now().await;
            }
            ask.send(true).expect("somebody listens");
        };
        tokio::join!(kept_up("remind", (&stop, Duration::ZERO), looping), ending);
        assert_eq!(begun.load(Ordering::SeqCst), 3);
    }

    #[test]
    fn each_organization_is_the_first_in_turn() {
        let rounds: Vec<_> = (0..4).map(|round| in_turn(vec!['a', 'b', 'c'], round)).collect();
        let expected = [['a', 'b', 'c'], ['b', 'c', 'a'], ['c', 'a', 'b'], ['a', 'b', 'c']];
        assert_eq!(rounds, expected);
        assert!(in_turn(Vec::<char>::new(), 7).is_empty());
    }
}
