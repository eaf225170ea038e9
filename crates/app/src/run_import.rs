//! Has the rows of a checked import imported, or drops the import.

use almoner_domain::{ImportId, Invalid};
use almoner_store::import_files;
use almoner_store::imports::{self, Import, ImportState, ThenRun};
use serde_json::json;

use crate::begin_import::must_import;
use crate::context::{Actor, App};
use crate::error::Error;
use crate::record;
use crate::work_on_import::{SUBJECT, start};

/// Has the rows imported: all of them, or with `skip_faulty` those that are not faulty. While they
/// are still being checked, this is what follows. Asking twice changes nothing.
///
/// # Errors
/// No permission, no such import; faulty rows that were not said to be left out; an import that
/// cannot be run.
pub async fn run_import(
    app: &App,
    actor: &Actor,
    id: ImportId,
    skip_faulty: bool,
) -> Result<Import, Error> {
    must_import(actor)?;
    let org = actor.org();
    let mut tx = app.db.begin().await?;
    let import = imports::lock(&mut tx, org, id).await?.ok_or(Error::NotFound("import"))?;
    match import.state {
        ImportState::Running | ImportState::Done => return Ok(import),
        ImportState::Checking => {
            let then =
                if skip_faulty && !import.kind.is_whole() { ThenRun::Rest } else { ThenRun::Whole };
            imports::set_settings(&mut tx, org, id, &import.settings, then).await?;
        }
        ImportState::Ready => {
            let faulty = import.counts.faulty;
            if faulty > 0 && (!skip_faulty || import.kind.is_whole()) {
                let message = format!(
                    "{faulty} of the rows are faulty, so nothing was imported. Mend the file, or \
                    have the other rows imported."
                );
                return Err(Invalid::one("skip_faulty", "has_faults", message).into());
            }
            start(app, actor, &mut tx, &import).await?;
        }
        ImportState::Mapping => {
            let message = "Say first how the columns are read.";
            return Err(Invalid::one("state", "not_mapped", message).into());
        }
        ImportState::Failed | ImportState::Discarded => {
            let message = "This import is over. Hand the file in again.";
            return Err(Invalid::one("state", "over", message).into());
        }
    }
    let now_is = imports::get(&mut tx, org, id).await?.ok_or(Error::NotFound("import"))?;
    tx.commit().await?;
    Ok(now_is)
}

/// Drops an import of which nothing was imported, with its file; of one that is done, the file
/// alone is removed, with the faulty rows in it. Doing it twice changes nothing.
///
/// # Errors
/// No permission, no such import, one that is being imported.
pub async fn discard_import(app: &App, actor: &Actor, id: ImportId) -> Result<(), Error> {
    must_import(actor)?;
    let org = actor.org();
    let mut tx = app.db.begin().await?;
    let import = imports::lock(&mut tx, org, id).await?.ok_or(Error::NotFound("import"))?;
    match import.state {
        ImportState::Discarded => return Ok(()),
        ImportState::Running => {
            let message = "Its rows are being imported.";
            return Err(Invalid::one("state", "not_now", message).into());
        }
        ImportState::Mapping
        | ImportState::Checking
        | ImportState::Ready
        | ImportState::Done
        | ImportState::Failed => {}
    }
    let action = if import.state == ImportState::Done {
        "import_file_removed"
    } else {
        let state = (ImportState::Discarded, app.now());
        imports::set_state(&mut tx, org, id, state, None).await?;
        import_files::remove_faults(&mut tx, org, id).await?;
        "import_discarded"
    };
    import_files::remove(&mut tx, org, id).await?;
    record::happened(app, actor, &mut tx, action, (SUBJECT, id.seq()), json!({})).await?;
    tx.commit().await?;
    Ok(())
}
