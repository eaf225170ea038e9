//! Removes the bytes of documents that are over. It has a loop of its own, since the store of
//! documents may be slow or away.

use std::time::Duration;

use almoner_app::{App, remove_documents};
use tokio::sync::watch;

use crate::rounds::in_rounds;
use crate::{done, in_turn, organizations};

/// How often it is looked for what is due. Nothing is in a hurry.
const EACH: Duration = Duration::from_mins(1);

/// Runs until `stop` turns true. What was begun is taken up again after a restart.
pub(crate) async fn run(app: App, stop: watch::Receiver<bool>) {
    in_rounds(EACH, stop, |round| once(app.clone(), round)).await;
}

async fn once(app: App, round: u32) {
    for actor in in_turn(organizations("remove_documents", &app).await, round) {
        done("remove_documents", &app, remove_documents::remove_documents(&app, &actor)).await;
    }
}
