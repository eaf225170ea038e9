//! Checks and imports the rows of files beside everything else: a large file keeps nobody waiting.

use std::time::Duration;

use almoner_app::work_on_import::{due, go_on, take_up};
use almoner_app::{Actor, App, Error};
use almoner_domain::ImportId;
use tokio::sync::watch;

use crate::rounds::in_rounds;
use crate::{done, in_turn, organizations, told};

/// How often imports that go on by themselves are looked for.
const SHORT: Duration = Duration::from_secs(1);

/// Runs until `stop` turns true. Rows that are not committed are done after a restart.
pub(crate) async fn run(app: App, stop: watch::Receiver<bool>) {
    in_rounds(SHORT, stop, |round| once(app.clone(), round)).await;
}

async fn once(app: App, round: u32) {
    for actor in in_turn(organizations("import_records", &app).await, round) {
        match due(&app, &actor).await {
            Ok(ids) => {
                for id in ids {
                    done("import_records", &app, work_on(&app, &actor, id)).await;
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
