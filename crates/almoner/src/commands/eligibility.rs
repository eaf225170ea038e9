//! `almoner eligibility import FILE…`

use std::fs::File;
use std::path::Path;

use almoner_app::import_eligibility::{Imported, Incoming, import_eligibility};
use almoner_app::receive_file::{NotReceived, Received};
use almoner_app::{Actor, App};

use crate::Failure;
use crate::cli::EligibilityCommand;
use crate::settings::Settings;

/// Imports files, a line for each answer.
pub(crate) async fn run(settings: &Settings, command: EligibilityCommand) -> Result<(), Failure> {
    let EligibilityCommand::Import { files, org } = command;
    let app = super::open(settings).await?;
    let actor = super::organization(&app, org.as_deref()).await?;
    let mut unread = 0;
    for path in &files {
        if !import(&app, &actor, path).await? {
            unread += 1;
        }
    }
    app.db.close().await;
    if unread > 0 {
        let all = files.len();
        return Err(Failure::Failed(format!("nothing could be read from {unread} of {all} files")));
    }
    Ok(())
}

/// Imports a file and tells what became of it; false when nothing could be read from it.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command's answer")]
async fn import(app: &App, actor: &Actor, path: &Path) -> Result<bool, Failure> {
    let shown = path.display();
    let content = File::open(path).map_err(NotReceived::from).and_then(Received::from_reader);
    if let Err(NotReceived::Unheld(error)) = &content {
        eprintln!("{shown}: {error}");
        return Ok(false);
    }
    let file = Incoming { name: path.to_string_lossy().into_owned(), content, patient: None };
    let Imported { checks, counts, warnings, .. } = import_eligibility(app, actor, file).await?;
    for warning in warnings {
        println!("{shown}: {} ({})", warning.message, warning.code);
    }
    match checks {
        Err(reason) => {
            eprintln!("{shown}: {reason}");
            Ok(false)
        }
        Ok(checks) => {
            let untold = counts.all - checks.len();
            for check in checks {
                let place = match (check.duplicate, check.patient) {
                    (true, _) => "imported before".to_owned(),
                    (false, Some(patient)) => format!("of {patient}"),
                    (false, None) => "waits in the inbox".to_owned(),
                };
                let (id, outcome, rows) = (check.id, check.outcome.as_str(), check.benefits);
                println!("{shown}: {id} {outcome}, {rows} benefit rows, {place}");
                for warning in check.warnings {
                    println!("{shown}: {id}: {} ({})", warning.message, warning.code);
                }
            }
            if untold > 0 {
                println!("{shown}: and {untold} more checks");
            }
            Ok(true)
        }
    }
}
