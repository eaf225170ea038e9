//! Files of records that are imported: handed in, said how they are read, checked, and run.

use std::collections::HashSet;

use almoner_app::begin_import::{self, NewImport, Told, author_name, must_import};
use almoner_app::import_fields::{fields, label};
use almoner_app::import_rows::{
    DateOrder, ImportKind, ImportRow as ImportedRow, ImportSettings, MAX_IMPORT_BYTES, OFFERED,
};
use almoner_app::map_import::{Chosen, map_import};
use almoner_app::read_imports::{self, ImportColumn, MAX_FAULTS_SHOWN, Preview};
use almoner_app::receive_file::Receiving;
use almoner_app::run_import::{discard_import, run_import};
use almoner_app::{Actor, Error, read};
use almoner_domain::{ImportId, Invalid};
use almoner_store::imports::{Counts, Import, ImportState};
use almoner_store::locations::Location;
use axum::extract::multipart::{Field, Multipart, MultipartError, MultipartRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum_extra::extract::{Form, Query};
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::io::Read as _;

use super::parse_id;
use crate::cell::{Cell, Line};
use crate::csv_file;
use crate::failure::{Answer, html, unprocessable};
use crate::format;
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::imports::{
    ColumnField, Columns, FaultRow, ImportPage, ImportRow, ImportsPage, PreviewRow, Stage,
};
use crate::view::parts::{Choice, Errors, Fact, count};

const ADDRESS: &str = "/imports";
/// Imports on a page.
const PER_PAGE: i64 = 50;
/// The longest key that is read.
const MAX_KEY_BYTES: usize = 200;
/// Letters of a sample that are shown.
const MAX_SAMPLE_LETTERS: usize = 40;
/// What a form has beside its file.
const MARKS_BYTES: usize = 64 * 1024;
/// The largest form that is read.
pub(crate) const MAX_FORM_BYTES: usize = MAX_IMPORT_BYTES + MARKS_BYTES;

/// Which page of the list is asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    before: String,
}

/// How an import is shown.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Shown {
    columns: String,
}

async fn list_page(
    web: &Web,
    staff: Staff,
    (before, kind): (Option<ImportId>, &str),
    errors: Errors,
) -> Result<ImportsPage, Error> {
    let found = read_imports::list(&web.app, &staff.actor, before, PER_PAGE + 1).await?;
    let shown = usize::try_from(PER_PAGE).unwrap_or(usize::MAX);
    let last = found.get(shown.saturating_sub(1)).filter(|_| found.len() > shown);
    Ok(ImportsPage {
        rows: found.iter().take(shown).map(|import| row(import, &staff.actor)).collect(),
        older: last.map(|last| format!("{ADDRESS}?before={}", last.id)),
        kinds: OFFERED.iter().map(|kind| Choice::new(kind.as_str(), kind_label(*kind))).collect(),
        kind: kind.to_owned(),
        locations: all_locations(web, &staff.actor).await?,
        location: String::new(),
        max_mb: MAX_IMPORT_BYTES / (1024 * 1024),
        key: web.form_key(),
        errors,
        shell: staff.shell,
    })
}

/// All imports.
pub(crate) async fn list(
    State(web): State<Web>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Answer {
    let before = asked.before.parse().ok();
    Ok(html(&list_page(&web, staff, (before, ""), Errors::default()).await?))
}

/// A form as it was sent.
#[derive(Debug, Default)]
struct Sent {
    kind: String,
    location: String,
    key: Option<String>,
    file_name: String,
    content: Vec<u8>,
}

/// Takes a file in.
pub(crate) async fn begin(
    State(web): State<Web>,
    staff: Staff,
    upload: Result<Multipart, MultipartRejection>,
) -> Answer {
    must_import(&staff.actor)?;
    let mut sent = Sent::default();
    let taken = match upload {
        Ok(upload) => received(upload, &mut sent).await,
        Err(_) => Err(Invalid::one("file", "required", "Choose a file.")),
    };
    let begun = match taken {
        Ok(()) => begin_one(&web, &staff.actor, &mut sent).await,
        Err(faults) => Err(faults.into()),
    };
    match begun {
        Ok(import) => Ok(axum::response::IntoResponse::into_response(
            axum::response::Redirect::to(&format!("{ADDRESS}/{}", import.id)),
        )),
        Err(Error::Invalid(faults)) => {
            let page = list_page(&web, staff, (None, &sent.kind), faults.into()).await?;
            Ok(unprocessable(&page))
        }
        Err(other) => Err(other.into()),
    }
}

async fn begin_one(web: &Web, actor: &Actor, sent: &mut Sent) -> Result<Import, Error> {
    let mut faults = Invalid::default();
    let kind = OFFERED.into_iter().find(|kind| kind.as_str() == sent.kind);
    if kind.is_none() {
        faults.push("kind", "unknown", "Choose what is in the file.");
    }
    if sent.file_name.is_empty() && sent.content.is_empty() {
        faults.push("file", "required", "Choose a file.");
    }
    let location = sent.location.trim();
    let location = (!location.is_empty()).then(|| location.parse());
    let Ok(location) = location.transpose() else {
        faults.push("location", "unknown", "Choose from the list.");
        return Err(faults.into());
    };
    let (Some(kind), true) = (kind, faults.0.is_empty()) else { return Err(faults.into()) };
    // Of a table, the columns are asked for next, and the location with them.
    let told = fields(kind).is_empty().then(|| Told { location, ..Told::default() });
    let (file_name, content) = (sent.file_name.clone(), std::mem::take(&mut sent.content));
    let new = NewImport { kind, file_name, content, told };
    begin_import::begin_import(&web.app, actor, new, sent.key.as_deref()).await
}

/// Reads the form; a browser sends a file without name and content when none was chosen.
async fn received(mut upload: Multipart, sent: &mut Sent) -> Result<(), Invalid> {
    while let Some(field) = upload.next_field().await.map_err(|error| cut_off(&error))? {
        match field.name() {
            Some("kind") => sent.kind = text(field).await?,
            Some("location") => sent.location = text(field).await?,
            Some("key") => sent.key = Some(text(field).await?),
            Some("file") => {
                field.file_name().unwrap_or_default().clone_into(&mut sent.file_name);
                sent.content = content(field).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

async fn text(field: Field<'_>) -> Result<String, Invalid> {
    let text = field.text().await.map_err(|error| cut_off(&error))?;
    if text.len() > MAX_KEY_BYTES {
        return Err(Invalid::one("", "too_long", "Open this form again, and send it anew."));
    }
    Ok(text)
}

async fn content(mut field: Field<'_>) -> Result<Vec<u8>, Invalid> {
    let mut receiving = Receiving::up_to(MAX_IMPORT_BYTES);
    while let Some(bytes) = field.chunk().await.map_err(|error| cut_off(&error))? {
        receiving.add(&bytes).map_err(|_| too_large())?;
    }
    let mut content = Vec::new();
    let unread = |_| Invalid::one("file", "not_received", "The file was not kept; try again.");
    let mut received = receiving.end().map_err(|_| too_large())?;
    received.read_to_end(&mut content).map_err(unread)?;
    Ok(content)
}

fn too_large() -> Invalid {
    let message = format!("The file is larger than {} MB.", MAX_IMPORT_BYTES / (1024 * 1024));
    Invalid::one("file", "too_large", message)
}

fn cut_off(error: &MultipartError) -> Invalid {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large();
    }
    let message = "The upload was cut off; nothing was imported. Please try again.";
    Invalid::one("file", "not_received", message)
}

/// An import.
pub(crate) async fn page(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
) -> Answer {
    let id: ImportId = parse_id(&id, "import")?;
    let wants = (shown.columns == "1", None);
    Ok(html(&import_page(&web, staff, id, wants, Errors::default()).await?))
}

/// Does with an import what a button says.
pub(crate) async fn submit(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Answer {
    let id: ImportId = parse_id(&id, "import")?;
    let (app, actor) = (&web.app, &staff.actor);
    let value = |name: &str| {
        let found = sent.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let here = format!("{ADDRESS}/{id}");
    let mut said = None;
    let did = match value("do") {
        "map" => {
            let kind = read_imports::import(app, actor, id).await?.kind;
            let (chosen, faults) = chosen(kind, value);
            said = Some(chosen.clone());
            match faults.into_result() {
                Ok(()) => map_import(app, actor, id, chosen).await.map(|()| None),
                Err(faults) => Err(faults.into()),
            }
        }
        "run" => {
            let skip_faulty = value("skip_faulty") == "1";
            run_import(app, actor, id, skip_faulty).await.map(|_| Some((&*here, "import_started")))
        }
        "discard" => {
            let is_done = read_imports::import(app, actor, id).await?.state == ImportState::Done;
            let said =
                if is_done { (&*here, "import_removed") } else { (ADDRESS, "import_discarded") };
            discard_import(app, actor, id).await.map(|()| Some(said))
        }
        _ => {
            // Whose it is comes before what was asked of it.
            read_imports::import(app, actor, id).await?;
            Err(Invalid::one("", "unknown", "There is no such button.").into())
        }
    };
    match did {
        Ok(Some((to, code))) => Ok(done(&web, to, code)),
        Ok(None) => {
            Ok(axum::response::IntoResponse::into_response(axum::response::Redirect::to(&here)))
        }
        Err(Error::Invalid(faults)) => {
            let wants = (said.is_some(), said);
            let page = import_page(&web, staff, id, wants, bound(faults)).await?;
            Ok(unprocessable(&page))
        }
        Err(other) => Err(other.into()),
    }
}

/// Faults under the names of the page's fields; those that it has no field for concern the whole.
fn bound(faults: Invalid) -> Errors {
    let mut all = Invalid::default();
    for fault in faults.0 {
        let field = match &*fault.field {
            "state" | "skip_faulty" => "",
            "location" if fault.code == "not_found" => "default_location",
            other => other,
        };
        all.push(field, &fault.code, fault.message);
    }
    all.into()
}

/// What the form of the columns says.
fn chosen<'a>(kind: ImportKind, value: impl Fn(&str) -> &'a str) -> (Chosen, Invalid) {
    let mut faults = Invalid::default();
    let mut chosen = Chosen::default();
    for field in fields(kind) {
        let typed = value(field.name);
        match typed.parse() {
            Ok(column) => drop(chosen.columns.insert(field.name.to_owned(), column)),
            Err(_) if typed.is_empty() => {}
            Err(_) => faults.push(field.name, "unknown_column", "Choose a column of the file."),
        }
    }
    match DateOrder::from_name(value("dates")) {
        Some(order) => chosen.dates = order,
        None => faults.push("dates", "unknown", "Choose from the list."),
    }
    let location = value("default_location");
    if !location.is_empty() {
        match location.parse() {
            Ok(id) => chosen.location = Some(id),
            Err(_) => faults.push("default_location", "unknown", "Choose from the list."),
        }
    }
    (chosen, faults)
}

/// The page of an import. `wants` says whether its columns are to be chosen, and what was.
async fn import_page(
    web: &Web,
    staff: Staff,
    id: ImportId,
    (wants_columns, said): (bool, Option<Chosen>),
    errors: Errors,
) -> Result<ImportPage, Error> {
    let actor = &staff.actor;
    let view = read_imports::preview(&web.app, actor, id).await?;
    let import = &view.import;
    let is_open = match import.state {
        ImportState::Mapping => true,
        ImportState::Ready => wants_columns,
        _ => false,
    };
    let stage = if is_open && !fields(import.kind).is_empty() {
        Stage::Columns(Box::new(columns(web, actor, id, said).await?))
    } else {
        stage(import)
    };
    let is_read = matches!(import.state, ImportState::Ready | ImportState::Done);
    let shows_rows = is_read && !matches!(stage, Stage::Columns(_));
    let faulty: HashSet<i64> = view.faults.iter().map(|(row, _)| *row).collect();
    let kind = import.kind;
    let fault = |(row, fault): &(i64, almoner_domain::FieldError)| FaultRow {
        row: *row,
        field: label(kind, &fault.field),
        message: fault.message.clone(),
    };
    let zone = &actor.organization.zone;
    let mut facts = vec![
        Fact::new("File", import.file_name.as_str()),
        Fact::new(if kind.is_whole() { "Records" } else { "Rows" }, count(import.counts.rows)),
        Fact::new("Handed in", format::moment(import.created_at, zone)),
        Fact::new("By", author_name(import)),
    ];
    facts.extend(import.failure.as_deref().map(|why| Fact::new("Why", why)));
    let shown = i64::try_from(view.faults.len()).unwrap_or(i64::MAX);
    Ok(ImportPage {
        import: row(import, actor),
        facts,
        preview: if shows_rows { preview(&view, &faulty, zone) } else { Vec::new() },
        faults: view.faults.iter().filter(|_| shows_rows).map(fault).collect(),
        has_more_faults: shown >= MAX_FAULTS_SHOWN,
        has_faulty: import.counts.faulty > 0,
        has_file: import.counts.faulty > 0 && !view.rows.is_empty(),
        stage,
        key: web.form_key(),
        errors,
        shell: staff.shell,
    })
}

fn stage(import: &Import) -> Stage {
    let Counts { rows, done, faulty, .. } = import.counts;
    match import.state {
        ImportState::Checking => Stage::UnderWay { what: "checked", done, rows },
        ImportState::Running => Stage::UnderWay { what: "imported", done, rows },
        ImportState::Ready => {
            let right = rows - faulty;
            let (number, things) = (count(right), things(import.kind, right));
            let run = match (right, faulty) {
                (0, _) => None,
                (_, 0) => Some(format!("Import {number} {things}")),
                _ => Some(format!("Import the {number} {things} without faults")),
            };
            let run = run.filter(|_| faulty == 0 || !import.kind.is_whole());
            let has_columns = !fields(import.kind).is_empty();
            Stage::Ready { leaves_out: faulty > 0 && run.is_some(), run, has_columns }
        }
        _ => Stage::Over,
    }
}

async fn columns(
    web: &Web,
    actor: &Actor,
    id: ImportId,
    said: Option<Chosen>,
) -> Result<Columns, Error> {
    let (import, columns, known) = read_imports::columns(&web.app, actor, id).await?;
    let settings = match said {
        Some(Chosen { columns, dates, location }) => {
            ImportSettings { columns, dates, location, ..known }
        }
        None => known,
    };
    let named = |(place, column): (usize, &ImportColumn)| {
        let heading = if column.heading.is_empty() { "(no heading)" } else { &*column.heading };
        format!("{}: {}", place + 1, short(heading))
    };
    let headings: Vec<String> = columns.iter().enumerate().map(named).collect();
    let samples = columns.iter().map(|column| {
        let cells: Vec<String> = column.samples.iter().map(|cell| short(cell)).collect();
        cells.join(" · ")
    });
    let field = |field: &almoner_app::import_fields::ImportField| ColumnField {
        name: field.name,
        label: field.label,
        needed: field.required,
        column: settings.columns.get(field.name).map(usize::to_string).unwrap_or_default(),
    };
    let locations = if import.kind == ImportKind::Treatments {
        all_locations(web, actor).await?
    } else {
        Vec::new()
    };
    Ok(Columns {
        choices: headings
            .iter()
            .enumerate()
            .map(|(at, name)| Choice::new(at, name.as_str()))
            .collect(),
        fields: fields(import.kind).iter().map(field).collect(),
        samples: headings.iter().cloned().zip(samples).collect(),
        orders: DateOrder::ALL.iter().map(|order| order_choice(*order)).collect(),
        order: settings.dates.as_str().to_owned(),
        locations,
        location: settings.location.map(|id| id.to_string()).unwrap_or_default(),
    })
}

async fn all_locations(web: &Web, actor: &Actor) -> Result<Vec<Choice>, Error> {
    let all = read::locations(&web.app, actor).await?;
    let choice = |location: &Location| Choice::new(location.id, location.fields.name.as_str());
    Ok(all.iter().map(choice).collect())
}

fn order_choice(order: DateOrder) -> Choice {
    let label = match order {
        DateOrder::YearMonthDay => "2026-11-23 (year, month, day)",
        DateOrder::MonthDayYear => "11/23/2026 (month, day, year)",
        DateOrder::DayMonthYear => "23/11/2026 (day, month, year)",
    };
    Choice::new(order.as_str(), label)
}

fn short(text: &str) -> String {
    let mut letters = text.chars();
    let mut short: String = letters.by_ref().take(MAX_SAMPLE_LETTERS).collect();
    if letters.next().is_some() {
        short.push('…');
    }
    short
}

fn preview(view: &Preview, faulty: &HashSet<i64>, zone: &TimeZone) -> Vec<PreviewRow> {
    let shown = |row: &ImportedRow| {
        let (what, who, when, details) = match &row.record {
            Ok(record) => {
                let at = record.at().map(|at| format::moment(at, zone));
                let when = at.unwrap_or_else(|| record.when());
                (record.what(), record.who(&view.names), when, record.details())
            }
            Err(_) => ("", String::new(), String::new(), String::new()),
        };
        let is_faulty = (row.record.is_err() && !row.is_note) || faulty.contains(&row.number);
        let (who, when) = (short(&who), short(&when));
        PreviewRow { number: row.number, what, who, when, details, is_faulty }
    };
    view.rows.iter().map(shown).collect()
}

/// What a file of a kind is made of, so many of them.
fn things(kind: ImportKind, number: i64) -> &'static str {
    match (kind.is_whole(), number) {
        (true, 1) => "record",
        (true, _) => "records",
        (false, 1) => "row",
        (false, _) => "rows",
    }
}

/// What people read for a kind.
fn kind_label(kind: ImportKind) -> &'static str {
    match kind {
        ImportKind::Patients => "Patients",
        ImportKind::Treatments => "Treatments",
        ImportKind::Fhir => "FHIR bundle",
    }
}

fn row(import: &Import, actor: &Actor) -> ImportRow {
    let standing = match import.state {
        ImportState::Mapping => ("draft", "Columns to choose"),
        ImportState::Checking => ("processing", "Checking"),
        ImportState::Ready => ("pending", "Checked"),
        ImportState::Running => ("processing", "Importing"),
        ImportState::Done => ("paid", "Imported"),
        ImportState::Failed => ("failed", "Not readable"),
        ImportState::Discarded => ("cancelled", "Dropped"),
    };
    ImportRow {
        id: import.id,
        file: import.file_name.clone(),
        kind: kind_label(import.kind),
        standing,
        told: told(import),
        by: author_name(import).to_owned(),
        at: format::moment(import.created_at, &actor.organization.zone),
    }
}

/// How many are done with.
fn so_far(import: &Import, what: &str) -> String {
    let Counts { rows, done, .. } = import.counts;
    format!("{} of {} {} {what}", count(done), count(rows), things(import.kind, rows))
}

/// What came of an import so far, in one line.
fn told(import: &Import) -> String {
    let Counts { added, there, faulty, .. } = import.counts;
    let parts = match import.state {
        ImportState::Mapping | ImportState::Discarded | ImportState::Failed => {
            return String::new();
        }
        ImportState::Checking => return so_far(import, "checked"),
        ImportState::Running => return so_far(import, "imported"),
        ImportState::Ready => [(added, "new"), (there, "there already"), (faulty, "faulty")],
        ImportState::Done => [(added, "added"), (there, "there already"), (faulty, "left out")],
    };
    let parts = parts.iter().enumerate().filter(|(place, (number, _))| *place == 0 || *number > 0);
    let parts = parts.map(|(_, (number, what))| format!("{} {what}", count(*number)));
    parts.collect::<Vec<_>>().join(", ")
}

/// The faulty rows of an import as they came, each with what is wrong, as a file.
pub(crate) async fn faults(State(web): State<Web>, staff: Staff, Path(id): Path<String>) -> Answer {
    let id: ImportId = parse_id(&id, "import")?;
    let rows = read_imports::faulty_rows(&web.app, &staff.actor, id).await?;
    let lines = std::iter::once(rows.headings).chain(rows.rows);
    let lines = lines.map(|cells| cells.into_iter().map(Cell::from).collect::<Line>());
    Ok(csv_file::attached_lines(&format!("{id}-faults.csv"), lines))
}
