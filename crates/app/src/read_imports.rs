//! Shows imports: all of them, what one would do, and what is wrong with its rows.

use std::collections::BTreeMap;

use almoner_domain::{FieldError, ImportId, Invalid};
use almoner_store::import_files;
use almoner_store::imports::{self, Import, ImportState};

use crate::begin_import::must_import;
use crate::context::{Actor, App};
use crate::error::Error;
use crate::import_csv::CsvFile;
use crate::import_fields;
use crate::import_rows::{self, ImportRow, ImportSettings, Names};
use crate::permission::Action;

/// Rows that are shown before they are imported.
pub const MAX_PREVIEW_ROWS: usize = 20;
/// First cells of a column that are shown beside it.
pub const SAMPLE_CELLS: usize = 3;
/// Faults that a page shows, or one answer of the interface.
pub const MAX_FAULTS_SHOWN: i64 = 100;
/// Imports that a page shows, or one answer of the interface.
pub const MAX_LISTED: i64 = 100;
/// Parts of the file that are read for a preview.
const PREVIEW_PARTS: i64 = 4;

/// The newest imports, of those before one; at most `limit`.
///
/// # Errors
/// No permission.
pub async fn list(
    app: &App,
    actor: &Actor,
    before: Option<ImportId>,
    limit: i64,
) -> Result<Vec<Import>, Error> {
    must_import(actor)?;
    let mut tx = app.db.read().await?;
    Ok(imports::list(&mut tx, actor.org(), before, limit).await?)
}

/// An import.
///
/// # Errors
/// No permission, or no such import.
pub async fn import(app: &App, actor: &Actor, id: ImportId) -> Result<Import, Error> {
    must_import(actor)?;
    let mut tx = app.db.read().await?;
    imports::get(&mut tx, actor.org(), id).await?.ok_or(Error::NotFound("import"))
}

/// A column of a file, for whoever says what is in it.
#[derive(Debug, Clone)]
pub struct ImportColumn {
    /// Its heading.
    pub heading: String,
    /// Its first cells.
    pub samples: Vec<String>,
}

/// The columns of an import's file, and how they are read by now.
///
/// # Errors
/// No permission, no such import, a file that is not there any more.
pub async fn columns(
    app: &App,
    actor: &Actor,
    id: ImportId,
) -> Result<(Import, Vec<ImportColumn>, ImportSettings), Error> {
    let import = import(app, actor, id).await?;
    let settings = ImportSettings::read(&import.settings)?;
    let mut tx = app.db.read().await?;
    let content = import_files::content(&mut tx, actor.org(), id, PREVIEW_PARTS).await?;
    if content.is_empty() || import_fields::fields(import.kind).is_empty() {
        return Ok((import, Vec::new(), settings));
    }
    let file = CsvFile::open(content, settings.separator)?;
    let headings = file.headings.clone();
    let columns = headings.into_iter().zip(file.samples(SAMPLE_CELLS));
    let columns = columns.map(|(heading, samples)| ImportColumn { heading, samples }).collect();
    Ok((import, columns, settings))
}

/// What an import would do.
#[derive(Debug)]
pub struct Preview {
    /// The import.
    pub import: Import,
    /// Its first rows, as they are read.
    pub rows: Vec<ImportRow>,
    /// What the patients in them are called.
    pub names: Names,
    /// The first of its faults, each with its row.
    pub faults: Vec<(i64, FieldError)>,
}

/// What an import would do, or did.
///
/// # Errors
/// No permission, or no such import.
///
/// # Panics
/// Never: a reader of files does not.
pub async fn preview(app: &App, actor: &Actor, id: ImportId) -> Result<Preview, Error> {
    let import = import(app, actor, id).await?;
    let settings = ImportSettings::read(&import.settings)?;
    let org = actor.org();
    let mut tx = app.db.read().await?;
    // A bundle is read whole, and only where its rows are shown.
    let parts = match import.state {
        _ if !import.kind.is_whole() => PREVIEW_PARTS,
        ImportState::Ready | ImportState::Done => i64::MAX,
        _ => 0,
    };
    let content = import_files::content(&mut tx, org, id, parts).await?;
    let is_whole = i64::try_from(content.len()).unwrap_or(i64::MAX) == import.size_bytes;
    let faults = import_files::faults(&mut tx, org, id, (0, MAX_FAULTS_SHOWN)).await?;
    drop(tx);
    let mut rows = Vec::new();
    if !content.is_empty() {
        let kind = import.kind;
        let reading = tokio::task::spawn_blocking(move || {
            let mut all = import_rows::open(kind, content, &settings)?;
            let first = std::iter::from_fn(|| all.next_row()).take(MAX_PREVIEW_ROWS);
            Ok::<Vec<ImportRow>, Invalid>(first.collect())
        });
        rows = reading.await.expect("a reader never panics")?;
        if !is_whole && rows.len() < MAX_PREVIEW_ROWS {
            // The last one may be cut off.
            rows.pop();
        }
    }
    let mut names = Names::default();
    rows.iter().filter_map(|row| row.record.as_ref().ok()).for_each(|record| names.add(record));
    Ok(Preview { import, rows, names, faults })
}

/// The faults of an import from a row on, each with its row; at most `limit`.
///
/// # Errors
/// No permission, or no such import.
pub async fn faults(
    app: &App,
    actor: &Actor,
    id: ImportId,
    (from_row, limit): (i64, i64),
) -> Result<(Import, Vec<(i64, FieldError)>), Error> {
    let import = import(app, actor, id).await?;
    let mut tx = app.db.read().await?;
    let faults = import_files::faults(&mut tx, actor.org(), id, (from_row, limit)).await?;
    Ok((import, faults))
}

/// The faulty rows of a file as they came, with what is wrong with each.
#[derive(Debug)]
pub struct FaultyRows {
    /// The import.
    pub import: Import,
    /// The headings of the file, and one for what is wrong.
    pub headings: Vec<String>,
    /// The rows, each with what is wrong as its last cell.
    pub rows: Vec<Vec<String>>,
}

/// The heading of what is wrong.
const ERROR_HEADING: &str = "error";

/// The faulty rows of an import, to be mended and handed in again.
///
/// # Errors
/// No permission, no such import, or a file that is not kept any more.
///
/// # Panics
/// Never: a reader of files does not.
pub async fn faulty_rows(app: &App, actor: &Actor, id: ImportId) -> Result<FaultyRows, Error> {
    actor.must(Action::ReadPatients)?;
    actor.must(Action::ReadTreatments)?;
    let import = import(app, actor, id).await?;
    let (org, kind) = (actor.org(), import.kind);
    let settings = ImportSettings::read(&import.settings)?;
    let mut tx = app.db.read().await?;
    let content = import_files::content(&mut tx, org, id, i64::MAX).await?;
    let faults = import_files::faults(&mut tx, org, id, (0, i64::MAX)).await?;
    drop(tx);
    if content.is_empty() {
        return Err(Error::NotFound("file of faulty rows"));
    }
    let mut wrong: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for (row, fault) in faults {
        let label = import_fields::label(kind, &fault.field);
        wrong.entry(row).or_default().push(format!("{label}: {}", fault.message));
    }
    let reading = tokio::task::spawn_blocking(move || {
        let mut all = import_rows::open(kind, content, &settings)?;
        let mut headings = all.headings().to_vec();
        let width = headings.len();
        headings.push(ERROR_HEADING.to_owned());
        let with_words = |row: ImportRow| {
            let words = wrong.get(&row.number)?.join(" ");
            let mut cells = row.cells;
            // A row with more cells than headings keeps them, before what is wrong.
            cells.resize(width.max(cells.len()), String::new());
            cells.push(words);
            Some(cells)
        };
        let rows = std::iter::from_fn(|| all.next_row()).filter_map(with_words).collect();
        Ok::<_, Error>((headings, rows))
    });
    let (headings, rows) = reading.await.expect("a reader never panics")?;
    Ok(FaultyRows { import, headings, rows })
}
