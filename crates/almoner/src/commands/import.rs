//! `almoner import patients|treatments FILE.csv`, `almoner import fhir BUNDLE.json…`

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use almoner_app::begin_import::{NewImport, Told, begin_import};
use almoner_app::import_fields::label;
use almoner_app::import_rows::{DateOrder, ImportKind, MAX_IMPORT_BYTES};
use almoner_app::read_imports::{self, FaultyRows, import};
use almoner_app::work_on_import::{go_on, take_up};
use almoner_app::{Actor, App, Error};
use almoner_domain::{ImportId, LocationId};
use almoner_store::imports::{Import, ImportState};

use crate::Failure;
use crate::cli::{CsvImport, FhirImport, ImportCommand};
use crate::settings::Settings;

/// How long is waited before it is looked again how far another program has come.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// Faults that are printed; all of them are in the file.
const MAX_PRINTED: usize = 20;

/// Imports a file and tells what became of it.
pub(crate) async fn run(settings: &Settings, command: ImportCommand) -> Result<(), Failure> {
    let (kind, wanted) = match command {
        ImportCommand::Patients(wanted) => (ImportKind::Patients, wanted),
        ImportCommand::Treatments(wanted) => (ImportKind::Treatments, wanted),
        ImportCommand::Fhir(wanted) => return bundles(settings, wanted).await,
    };
    let content = content(&wanted.file)?;
    let told = told(&wanted)?;
    let app = super::open(settings).await?;
    let actor = super::organization(&app, wanted.org.as_deref()).await?;
    let file_name = wanted.file.to_string_lossy().into_owned();
    let new = NewImport { kind, file_name, content, told: Some(told) };
    let begun = begin_import(&app, &actor, new, None).await.map_err(|error| said(kind, error))?;
    let ended = to_the_end(&app, &actor, begun.id).await?;
    let failure = tell(&app, &actor, &wanted.file, &ended).await?;
    app.db.close().await;
    failure.map_or(Ok(()), |line| Err(Failure::Failed(line)))
}

/// Imports bundles one after another, until one has a fault.
async fn bundles(settings: &Settings, wanted: FhirImport) -> Result<(), Failure> {
    let location = location(wanted.location.as_deref())?;
    let app = super::open(settings).await?;
    let actor = super::organization(&app, wanted.org.as_deref()).await?;
    let mut failure = None;
    for path in &wanted.files {
        let told = Some(Told { location, run: true, ..Told::default() });
        let (kind, file_name) = (ImportKind::Fhir, path.to_string_lossy().into_owned());
        let new = NewImport { kind, file_name, content: content(path)?, told };
        let begun = begin_import(&app, &actor, new, None).await;
        let begun = begun.map_err(|error| in_file(path, said(kind, error)))?;
        let ended = to_the_end(&app, &actor, begun.id).await?;
        failure = tell_of_bundle(&app, &actor, path, &ended).await?;
        if failure.is_some() {
            break;
        }
    }
    app.db.close().await;
    failure.map_or(Ok(()), |line| Err(Failure::Failed(line)))
}

fn in_file(path: &Path, failure: Failure) -> Failure {
    match failure {
        Failure::Failed(line) => Failure::Failed(format!("{}: {line}", path.display())),
        usage @ Failure::Usage(_) => usage,
    }
}

/// Tells what became of a bundle: the places of its faults, and what is not taken over.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command's answer")]
async fn tell_of_bundle(
    app: &App,
    actor: &Actor,
    path: &Path,
    ended: &Import,
) -> Result<Option<String>, Failure> {
    if std::io::stderr().is_terminal() {
        eprintln!();
    }
    let (id, counts, path) = (ended.id, ended.counts, path.display());
    if let Some(failure) = &ended.failure {
        return Ok(Some(format!("{path}: {failure}")));
    }
    let (_, said) = read_imports::faults(app, actor, id, (0, i64::MAX)).await?;
    for (_, finding) in said.iter().take(MAX_PRINTED) {
        eprintln!("{}: {}", finding.field, finding.message);
    }
    if said.len() > MAX_PRINTED {
        eprintln!("and {} more, which the page of {id} shows", said.len() - MAX_PRINTED);
    }
    if ended.state == ImportState::Done {
        println!("{id}: {path}: {} added, {} already there", counts.added, counts.there);
        return Ok(None);
    }
    Ok(Some(format!("{path}: nothing was imported: {} resources are faulty", counts.faulty)))
}

fn location(id: Option<&str>) -> Result<Option<LocationId>, Failure> {
    let Some(id) = id else { return Ok(None) };
    let parsed = id.parse::<LocationId>();
    parsed.map(Some).map_err(|error| Failure::Usage(format!("--location: {error}")))
}

fn content(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::Failed(format!("{}: {error}", path.display()));
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut content = Vec::new();
    // One byte more than is taken shows that it is too much.
    file.take(MAX_IMPORT_BYTES as u64 + 1).read_to_end(&mut content).map_err(failed)?;
    Ok(content)
}

fn told(wanted: &CsvImport) -> Result<Told, Failure> {
    let mut columns = Vec::new();
    for pair in &wanted.map {
        let Some((field, heading)) = pair.split_once('=') else {
            let line = format!("--map {pair}: write it as FIELD=HEADING, such as mrn=Chart");
            return Err(Failure::Usage(line));
        };
        columns.push((field.trim().to_owned(), heading.trim().to_owned()));
    }
    let orders = DateOrder::ALL.map(DateOrder::as_str).join(", ");
    let order = DateOrder::from_name(&wanted.dates);
    let unknown = || Failure::Usage(format!("--dates {}: one of {orders}", wanted.dates));
    let location = location(wanted.location.as_deref())?;
    let skip_faulty = wanted.skip_faulty;
    Ok(Told { columns, dates: order.ok_or_else(unknown)?, location, run: true, skip_faulty })
}

/// What is wrong with a file as a whole, in one line.
fn said(kind: ImportKind, error: Error) -> Failure {
    match error {
        Error::Invalid(faults) => {
            let line = |fault: &almoner_domain::FieldError| match &*fault.field {
                "file" | "map" => fault.message.clone(),
                field => format!("{}: {}", label(kind, field), fault.message),
            };
            let lines: Vec<String> = faults.0.iter().map(line).collect();
            Failure::Failed(format!("Nothing was imported. {}", lines.join(" ")))
        }
        other => other.into(),
    }
}

/// Works on an import until it goes on no more by itself. Where a server has taken it up, its
/// progress is told.
async fn to_the_end(app: &App, actor: &Actor, id: ImportId) -> Result<Import, Failure> {
    loop {
        if let Some(mut work) = take_up(app, actor, id).await? {
            loop {
                let more = go_on(app, &mut work).await?;
                progress(&import(app, actor, id).await?);
                if !more {
                    break;
                }
            }
        }
        let now = import(app, actor, id).await?;
        if !now.state.is_under_way() {
            return Ok(now);
        }
        progress(&now);
        if now.claimed_until.is_some() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

/// How far it has come, in a line that is written over where somebody looks on.
fn progress(now: &Import) {
    let mut out = std::io::stderr();
    if !out.is_terminal() {
        return;
    }
    let what = if now.state == ImportState::Running { "imported" } else { "checked" };
    let (done, rows) = (now.counts.done, now.counts.rows);
    // Whoever does not see it misses nothing.
    let _ = write!(out, "\r{done} of {rows} rows {what} ");
}

/// Tells what became of the rows; the line of a failure, when there is one.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command's answer")]
async fn tell(
    app: &App,
    actor: &Actor,
    path: &Path,
    ended: &Import,
) -> Result<Option<String>, Failure> {
    if std::io::stderr().is_terminal() {
        eprintln!();
    }
    let (id, counts) = (ended.id, ended.counts);
    if let Some(failure) = &ended.failure {
        return Ok(Some(format!("{id}: {failure}")));
    }
    if counts.faulty > 0 {
        let rows = read_imports::faulty_rows(app, actor, id).await?;
        let file = errors_file(path);
        write_errors(&file, rows)?;
        let (_, faults) = read_imports::faults(app, actor, id, (0, i64::MAX)).await?;
        for (row, fault) in faults.iter().take(MAX_PRINTED) {
            eprintln!("row {row}: {}: {}", label(ended.kind, &fault.field), fault.message);
        }
        eprintln!("The {} faulty rows are in {}", counts.faulty, file.display());
    }
    if ended.state == ImportState::Done {
        let (rows, added, there, faulty) = (counts.rows, counts.added, counts.there, counts.faulty);
        println!("{id}: {rows} rows, {added} added, {there} already there, {faulty} left out");
        return Ok(None);
    }
    let line = format!(
        "Nothing was imported: {} of {} rows are faulty. Mend the file, or import the others with \
         --skip-faulty.",
        counts.faulty, counts.rows
    );
    Ok(Some(line))
}

/// `patients.csv` has its faulty rows in `patients.csv.errors.csv`.
fn errors_file(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".errors.csv");
    PathBuf::from(name)
}

fn write_errors(path: &Path, rows: FaultyRows) -> Result<(), Failure> {
    let lines = std::iter::once(rows.headings).chain(rows.rows);
    let written = std::fs::write(path, almoner_web::csv_text(lines));
    written.map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))
}
