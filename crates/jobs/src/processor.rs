//! Asks the processor beside everything else: one that takes its time keeps neither the other jobs
//! waiting nor one kind of its own work behind another.

use std::time::Duration;

use almoner_app::{
    App, apply_events, ask_attempts, import_payouts, settle_refund, settle_unapplied, sweep_events,
};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::rounds::Rounds;
use crate::{done, organizations};

/// How often work that is due is looked for.
const SHORT: Duration = Duration::from_secs(1);
/// How long work that was begun may take to end once the program is asked to stop; what is cut off
/// then is taken up again when it is due next.
const STOP_WITHIN: Duration = Duration::from_secs(3);

/// After how many short rounds the processor is asked what happened that no webhook brought: a day.
const ROUNDS_BETWEEN_SWEEPS: u32 = 24 * 60 * 60;

/// A kind of work; of each, one pass runs at a time.
#[derive(Debug, Clone, Copy)]
enum Work {
    /// What each organization has to ask.
    Of(Each),
    /// What happened at the processor.
    Events,
    /// What happened there and no webhook brought.
    Sweep,
    /// Which payouts there are.
    ListPayouts,
    /// What payouts are made of.
    Payouts,
}

/// What an organization has to ask.
#[derive(Debug, Clone, Copy)]
enum Each {
    /// Refunds that are on their way.
    Refunds,
    /// Second payments that are given back.
    Unapplied,
    /// Attempts of which the processor told nothing for a while.
    Attempts,
}

impl Work {
    const ALL: [Self; 7] = [
        Self::Of(Each::Refunds),
        Self::Of(Each::Unapplied),
        Self::Of(Each::Attempts),
        Self::Events,
        Self::Sweep,
        Self::ListPayouts,
        Self::Payouts,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Of(Each::Refunds) => "settle_refunds",
            Self::Of(Each::Unapplied) => "settle_unapplied",
            Self::Of(Each::Attempts) => "ask_attempts",
            Self::Events => "apply_events",
            Self::Sweep => "sweep_events",
            Self::ListPayouts => "list_payouts",
            Self::Payouts => "import_payouts",
        }
    }

    fn is_due(self, round: u32) -> bool {
        match self {
            Self::Of(_) | Self::Events | Self::Payouts => true,
            Self::Sweep | Self::ListPayouts => round.is_multiple_of(ROUNDS_BETWEEN_SWEEPS),
        }
    }

    async fn pass(self, app: App) {
        let (job, app) = (self.name(), &app);
        match self {
            Self::Of(each) => self.of_organizations(each, app).await,
            Self::Events => done(job, app, apply_events::apply_events(app)).await,
            Self::Sweep => done(job, app, sweep_events::sweep_events(app)).await,
            Self::ListPayouts => done(job, app, import_payouts::list_payouts(app)).await,
            Self::Payouts => done(job, app, import_payouts::import_payouts(app)).await,
        }
    }

    /// What fails in one organization keeps no other waiting.
    async fn of_organizations(self, each: Each, app: &App) {
        let job = self.name();
        for actor in &organizations(job, app).await {
            match each {
                Each::Refunds => done(job, app, settle_refund::settle_refunds(app, actor)).await,
                Each::Unapplied => {
                    done(job, app, settle_unapplied::settle_unapplied(app, actor)).await;
                }
                Each::Attempts => done(job, app, ask_attempts::ask_attempts(app, actor)).await,
            }
        }
    }
}

/// Runs until `stop` turns true.
pub(crate) async fn run(app: App, stop: watch::Receiver<bool>) {
    let mut rounds = Rounds::new(SHORT, stop);
    let mut lanes = Work::ALL.map(|work| (work, JoinSet::new()));
    while let Some(round) = rounds.next().await {
        for (work, running) in &mut lanes {
            while running.try_join_next().is_some() {}
            if running.is_empty() && work.is_due(round) {
                running.spawn(work.pass(app.clone()));
            }
        }
    }
    let ending = async {
        for (_, running) in &mut lanes {
            while running.join_next().await.is_some() {}
        }
    };
    // Dropping the sets ends what is left.
    let _ = tokio::time::timeout(STOP_WITHIN, ending).await;
}
