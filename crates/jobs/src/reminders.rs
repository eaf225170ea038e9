//! Reminds of what is due. Several servers do it at once; each payment is reminded of by one.

use std::time::Duration;

use almoner_app::remind::remind;
use almoner_app::{App, read};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::{done, told};

/// How often payments that are due are looked for.
const EVERY: Duration = Duration::from_mins(2);
/// Payments of one organization that are reminded of in a round; the next round goes on.
const MAX_IN_A_ROUND: usize = 500;

/// Runs until `stop` turns true.
pub(crate) async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            changed = stop.changed() => {
                if changed.is_err() || *stop.borrow() {
                    return;
                }
            }
        }
        match read::organizations(&app).await {
            Ok(organizations) => {
                for actor in &organizations {
                    done("remind", &app, remind(&app, actor, MAX_IN_A_ROUND)).await;
                }
            }
            Err(error) => told("remind", Err(error)),
        }
    }
}
