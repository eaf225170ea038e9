//! Tells other programs of events beside everything else: a receiver that takes its time keeps
//! nobody waiting.

use std::time::Duration;

use almoner_app::deliver_webhooks::{claim_deliveries, deliver_claimed, remove_old_events};
use almoner_app::{App, Error, read};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::rounds::Rounds;
use crate::{done, in_turn};

/// How often deliveries that are to be sent are looked for.
const SHORT: Duration = Duration::from_secs(1);
/// Deliveries that one server sends at a time.
const MAX_AT_ONCE: usize = 16;
/// After how many rounds old events are removed.
const ROUNDS_BETWEEN_CLEANING: u32 = 600;
/// How long deliveries that are being sent may take to end once the program is asked to stop; what
/// is cut off then is sent again when its claim has run out.
const STOP_WITHIN: Duration = Duration::from_secs(3);

/// Runs until `stop` turns true.
pub(crate) async fn run(app: App, stop: watch::Receiver<bool>) {
    let mut rounds = Rounds::new(SHORT, stop);
    let mut sending = JoinSet::new();
    while let Some(round) = rounds.next().await {
        done("claim_deliveries", &app, once(&app, round, &mut sending)).await;
    }
    let ending = async { while sending.join_next().await.is_some() {} };
    // Dropping the set ends what is left.
    let _ = tokio::time::timeout(STOP_WITHIN, ending).await;
}

/// Begins to send what is due, as far as there is room, and now and then removes what is old.
async fn once(app: &App, round: u32, sending: &mut JoinSet<()>) -> Result<(), Error> {
    while sending.try_join_next().is_some() {}
    for actor in in_turn(read::organizations(app).await?, round) {
        let room = MAX_AT_ONCE.saturating_sub(sending.len());
        for delivery in claim_deliveries(app, &actor, room).await? {
            let (app, actor) = (app.clone(), actor.clone());
            sending.spawn(async move {
                done("send_webhooks", &app, deliver_claimed(&app, &actor, &delivery)).await;
            });
        }
        if round.is_multiple_of(ROUNDS_BETWEEN_CLEANING) {
            done("remove_events", app, remove_old_events(app, &actor)).await;
        }
    }
    Ok(())
}
