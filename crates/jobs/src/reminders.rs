//! Reminds of what is due. Several servers do it at once; each payment is reminded of by one.

use std::time::Duration;

use almoner_app::App;
use almoner_app::remind::remind;
use tokio::sync::watch;

use crate::rounds::Rounds;
use crate::{done, organizations};

/// How often payments that are due are looked for.
const EVERY: Duration = Duration::from_mins(2);
/// Payments of one organization that are reminded of in a round; the next round goes on.
const MAX_IN_A_ROUND: usize = 500;

/// Runs until `stop` turns true.
pub(crate) async fn run(app: App, stop: watch::Receiver<bool>) {
    let mut rounds = Rounds::new(EVERY, stop);
    while rounds.next().await.is_some() {
        for actor in &organizations("remind", &app).await {
            done("remind", &app, remind(&app, actor, MAX_IN_A_ROUND)).await;
        }
    }
}
