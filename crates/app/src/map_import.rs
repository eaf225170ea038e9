//! Says how the file of an import is read; then its rows are checked. It may be said again as long
//! as nothing is imported.

use std::collections::BTreeMap;

use almoner_domain::{ImportId, Invalid, LocationId};
use almoner_store::import_files;
use almoner_store::imports::{self, ImportState, ThenRun};
use serde_json::json;

use crate::begin_import::{must_be_a_location, must_import};
use crate::context::{Actor, App};
use crate::error::Error;
use crate::import_csv::{self, CsvFile};
use crate::import_rows::{DateOrder, ImportSettings};
use crate::record;
use crate::work_on_import::SUBJECT;

/// What a person chose.
#[derive(Debug, Clone, Default)]
pub struct Chosen {
    /// Fields, each with the column that holds it, counted from 0.
    pub columns: BTreeMap<String, usize>,
    /// The order of dates.
    pub dates: DateOrder,
    /// Where treatments took place whose row does not say.
    pub location: Option<LocationId>,
}

/// Has the rows checked as they were said to be read.
///
/// # Errors
/// No permission, no such import, one that goes on already, columns that are missing.
pub async fn map_import(
    app: &App,
    actor: &Actor,
    id: ImportId,
    chosen: Chosen,
) -> Result<(), Error> {
    must_import(actor)?;
    let org = actor.org();
    let mut tx = app.db.begin().await?;
    let import = imports::lock(&mut tx, org, id).await?.ok_or(Error::NotFound("import"))?;
    if !matches!(import.state, ImportState::Mapping | ImportState::Ready) {
        let message = "This import goes on already; its columns cannot be changed now.";
        return Err(Invalid::one("state", "not_now", message).into());
    }
    let old = ImportSettings::read(&import.settings)?;
    let Chosen { columns, dates, location } = chosen;
    let settings = ImportSettings { dates, columns, location, ..old };
    let content = import_files::content(&mut tx, org, id, 1).await?;
    let file = CsvFile::open(content, settings.separator)?;
    import_csv::must_fit(import.kind, &file.headings, &settings)?;
    must_be_a_location(&mut tx, actor, &settings).await?;
    imports::set_settings(&mut tx, org, id, &settings.write(), ThenRun::Ask).await?;
    imports::set_state(&mut tx, org, id, (ImportState::Checking, app.now()), None).await?;
    let subject = (SUBJECT, id.seq());
    let detail = json!({ "dates": settings.dates.as_str() });
    record::happened(app, actor, &mut tx, "import_mapped", subject, detail).await?;
    tx.commit().await?;
    Ok(())
}
