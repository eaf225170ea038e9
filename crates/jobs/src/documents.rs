//! Removes the bytes of documents that are over. It has a loop of its own, since the store of
//! documents may be slow or away.

use std::time::Duration;

use almoner_app::{App, read, remove_documents};
use tokio::sync::watch;

use crate::rounds::Rounds;
use crate::{done, in_turn, told};

/// How often it is looked for what is due. Nothing is in a hurry.
const EACH: Duration = Duration::from_mins(1);

/// Runs until `stop` turns true.
pub(crate) async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let mut rounds = Rounds::new(EACH, stop.clone());
    while let Some(round) = rounds.next().await {
        tokio::select! {
            () = once(&app, round) => {}
            // What was begun is taken up again after a restart.
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

async fn once(app: &App, round: u32) {
    let organizations = match read::organizations(app).await {
        Ok(organizations) => organizations,
        Err(error) => return told("remove_documents", Err(error)),
    };
    for actor in in_turn(organizations, round) {
        done("remove_documents", app, remove_documents::remove_documents(app, &actor)).await;
    }
}
