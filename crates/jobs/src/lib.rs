//! Work that happens without a person asking.
//!
//! A job is a function that looks for what is due and does it; running it twice, or on two
//! servers at once, does no harm. To add one, add a line to [`run`]. Questions to payers and to the
//! processor, letters to patients, reminders, removed documents and events for other programs have
//! loops of their own, since they take time.

mod documents;
mod exchange;
mod mail;
mod processor;
mod reminders;
mod webhooks;

use std::time::Duration;

use almoner_app::{App, Error, read, run_once, seal_audit, sign_in};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

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
        webhooks::run(app.clone(), stop.clone()),
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
        told("seal_audit", seal_audit::seal_audit(app, actor).await);
    }
    if clean {
        for actor in &organizations {
            told("remove_answers", run_once::remove_old_answers(app, actor).await.map(drop));
        }
        told("remove_sessions", sign_in::remove_ended_sessions(app).await.map(drop));
    }
}

/// The organizations of a round: each is the first in turn, so that one with much to do keeps no
/// other waiting.
fn in_turn<T>(mut organizations: Vec<T>, round: u32) -> Vec<T> {
    let turn = usize::try_from(round).unwrap_or_default() % organizations.len().max(1);
    organizations.rotate_left(turn);
    organizations
}

fn told(job: &str, done: Result<(), Error>) {
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
