//! Checks and imports the rows of files beside everything else: a large file keeps nobody waiting.

use std::time::Duration;

use almoner_app::work_on_import::{due, go_on, take_up};
use almoner_app::{Actor, App, Error, read};
use almoner_domain::ImportId;
use tokio::sync::watch;

use crate::rounds::Rounds;
use crate::{done, in_turn, told};

/// How often imports that go on by themselves are looked for.
const SHORT: Duration = Duration::from_secs(1);

/// Runs until `stop` turns true.
pub(crate) async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let mut rounds = Rounds::new(SHORT, stop.clone());
    while let Some(round) = rounds.next().await {
        tokio::select! {
            () = once(&app, round) => {}
            // Rows that are not committed are done after a restart.
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

async fn once(app: &App, round: u32) {
    let organizations = match read::organizations(app).await {
        Ok(organizations) => organizations,
        Err(error) => return told("import_records", Err(error)),
    };
    for actor in in_turn(organizations, round) {
        match due(app, &actor).await {
            Ok(ids) => {
                for id in ids {
                    done("import_records", app, work_on(app, &actor, id)).await;
                }
            }
            Err(error) => told("import_records", Err(error)),
        }
    }
}

/// Takes an import up, and goes on to its end.
async fn work_on(app: &App, actor: &Actor, id: ImportId) -> Result<(), Error> {
    if let Some(mut work) = take_up(app, actor, id).await? {
        while go_on(app, &mut work).await? {}
    }
    Ok(())
}
