//! Files of patients and treatments that are imported.

use almoner_app::begin_import::{NewImport, Told, begin_import, must_import};
use almoner_app::import_rows::{DateOrder, ImportKind, MAX_IMPORT_BYTES, TABLES};
use almoner_app::read_imports::{self, FaultyRows, MAX_FAULTS_SHOWN, MAX_LISTED};
use almoner_app::run_import::run_import;
use almoner_domain::{FieldError, ImportId, LocationId};
use almoner_store::imports::Import;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::words::{
    ImportDates, ImportKindName, ImportStateName, TableKindName, YES_OR_NO, YesOrNo,
};
use crate::api::body::{Asked, Body, CsvBody, FhirBody};
use crate::api::caller::{Caller, Thing, showing};
use crate::api::fields::{self, Fields, FromFields};
use crate::api::json;
use crate::api::listing::{Listed, Total};
use crate::api::once::OnceKey;
use crate::api::problem::{Answer, FieldProblem, Problem};
use crate::csv_file::csv_text;
use crate::handlers::parse_id;
use crate::state::Web;

/// The largest body that is taken.
pub(super) const MAX_BODY_BYTES: usize = MAX_IMPORT_BYTES;
/// What a file is called when nothing is said.
const FILE_NAME: &str = "api.csv";
/// What a bundle is called when nothing is said.
const BUNDLE_NAME: &str = "api.json";
/// The greatest number of a row.
const MAX_ROW: i64 = 1_000_000_000;

pub(super) fn calls() -> OpenApiRouter<Web> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(create_of_bundle))
        .routes(routes!(get))
        .routes(routes!(run))
        .routes(routes!(faults))
        .routes(routes!(faulty_rows))
}

/// An import.
#[derive(Debug, Serialize, ToSchema)]
struct ImportAnswer {
    /// Its id.
    #[schema(value_type = String, example = "IMP-001")]
    id: ImportId,
    /// What is in the file.
    #[schema(value_type = ImportKindName)]
    kind: &'static str,
    /// Where it stands. `checking` and `running` go on by themselves.
    #[schema(value_type = ImportStateName)]
    state: &'static str,
    /// The file's name.
    file_name: String,
    /// Rows of the file.
    rows: i64,
    /// Rows that were looked at so far: checked while it is `checking`, then imported.
    done: i64,
    /// Records that are new; while the rows are checked, that would be.
    added: i64,
    /// Rows whose record is there already, and stays as it is.
    already_there: i64,
    /// Rows that are faulty.
    faulty: i64,
    /// Why it failed.
    failure: Option<String>,
    /// Who handed it in; null for the command line.
    created_by: Option<String>,
    /// When it was handed in.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Import> for ImportAnswer {
    fn from(import: Import) -> Self {
        Self {
            id: import.id,
            kind: import.kind.as_str(),
            state: import.state.as_str(),
            file_name: import.file_name,
            rows: import.counts.rows,
            done: import.counts.done,
            added: import.counts.added,
            already_there: import.counts.there,
            faulty: import.counts.faulty,
            failure: import.failure,
            created_by: import.author_name,
            created_at: import.created_at,
        }
    }
}

/// How a file is read, as it is described.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes what `ImportAsked` reads")]
struct ImportParams {
    /// What is in the file.
    #[param(inline, value_type = TableKindName)]
    kind: String,
    /// The file's name, for people.
    #[param(max_length = 200)]
    file_name: Option<String>,
    /// The order of dates in the whole file; `YYYY-MM-DD` when nothing is said.
    #[param(inline, value_type = Option<ImportDates>)]
    dates: Option<String>,
    /// Where treatments took place whose row does not say.
    #[param(example = "LOC-001")]
    location_id: Option<String>,
    /// Which heading a field has, as `field=Heading`; may be sent for several. The others are
    /// recognised.
    #[param(max_length = 200)]
    map: Option<Vec<String>>,
    /// Whether the rows are imported as soon as all are checked and none is faulty.
    #[param(inline, value_type = Option<YesOrNo>)]
    run: Option<String>,
    /// With `run`: whether faulty rows are left out and the others imported.
    #[param(inline, value_type = Option<YesOrNo>)]
    skip_faulty: Option<String>,
}

/// What a file is handed in with.
struct ImportAsked {
    kind: ImportKind,
    file_name: Option<String>,
    told: Told,
}

impl FromFields for ImportAsked {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let kinds = TABLES.map(|kind| (kind, kind.as_str()));
        let kind = fields.required("kind", fields::word(&kinds));
        let file_name = fields.optional("file_name", fields::line);
        let orders = DateOrder::ALL.map(|order| (order, order.as_str()));
        let dates = fields.optional("dates", fields::word(&orders)).unwrap_or_default();
        let location = fields.optional("location_id", fields::id::<LocationId>);
        let columns = fields.each("map", |json| {
            let pair = fields::line(json)?;
            let parts = pair.split_once('=').map(|(of, at)| (of.to_owned(), at.to_owned()));
            parts.map_or_else(|| fields::wrong("malformed", "Send field=Heading."), Ok)
        });
        let run = fields.optional("run", fields::word(&YES_OR_NO)).unwrap_or_default();
        let skip = fields.optional("skip_faulty", fields::word(&YES_OR_NO));
        let skip_faulty = skip.unwrap_or_default();
        let told = Told { columns, dates, location, run, skip_faulty };
        Some(Self { kind: kind?, file_name, told })
    }
}

/// Import a file
///
/// The body is the file, in UTF-8, with headings in its first line. All rows are checked first; the
/// answer comes before that, so ask for the import until its state is `ready` or `done`. Nothing is
/// imported while a row is faulty, unless `skip_faulty` says so, and the same file again changes
/// nothing. What the columns may be, and what tells one patient from another, is in `imports.md`.
#[utoipa::path(
    post,
    path = "/imports",
    tag = "Imports",
    security(("key" = ["patients:write", "treatments:write"])),
    params(ImportParams),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 201, description = "It is being checked.", body = ImportAnswer)),
)]
async fn create(
    State(web): State<Web>,
    caller: Caller,
    OnceKey(key): OnceKey,
    Asked(asked): Asked<ImportAsked>,
    CsvBody(content): CsvBody,
) -> Answer {
    let ImportAsked { kind, file_name, told } = asked;
    let file_name = file_name.unwrap_or_else(|| FILE_NAME.to_owned());
    let new = NewImport { kind, file_name, content, told: Some(told) };
    begun(&web, &caller, new, key.as_deref()).await
}

/// Takes a file in, and answers with its import.
async fn begun(web: &Web, caller: &Caller, new: NewImport, key: Option<&str>) -> Answer {
    let begun = begin_import(&web.app, &caller.actor, new, key).await.map_err(named)?;
    Ok(json(StatusCode::CREATED, &ImportAnswer::from(begun)))
}

/// How a bundle is imported, as it is described.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes what `BundleAsked` reads")]
struct BundleParams {
    /// The file's name, for people.
    #[param(max_length = 200)]
    file_name: Option<String>,
    /// Where visits were whose place the bundle does not say.
    #[param(example = "LOC-001")]
    location_id: Option<String>,
    /// Whether the bundle is imported as soon as it is checked and without a fault.
    #[param(inline, value_type = Option<YesOrNo>)]
    run: Option<String>,
}

/// What a bundle is handed in with.
struct BundleAsked {
    file_name: Option<String>,
    told: Told,
}

impl FromFields for BundleAsked {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let file_name = fields.optional("file_name", fields::line);
        let location = fields.optional("location_id", fields::id::<LocationId>);
        let run = fields.optional("run", fields::word(&YES_OR_NO)).unwrap_or_default();
        Some(Self { file_name, told: Told { location, run, ..Told::default() } })
    }
}

/// Import a FHIR bundle
///
/// The body is a bundle of FHIR R4. All of it is checked first, and imported whole or not at all;
/// the answer comes before that, so ask for the import until its state is `ready` or `done`. The
/// faults of a bundle name their places, such as `Bundle.entry[12].resource.birthDate`. The same
/// bundle again changes nothing. What is read of it is in `fhir.md`.
#[utoipa::path(
    post,
    path = "/imports/fhir",
    tag = "Imports",
    security(("key" = ["patients:write", "treatments:write"])),
    params(BundleParams),
    request_body(content = String, content_type = "application/fhir+json"),
    responses((status = 201, description = "It is being checked.", body = ImportAnswer)),
)]
async fn create_of_bundle(
    State(web): State<Web>,
    caller: Caller,
    OnceKey(key): OnceKey,
    Asked(BundleAsked { file_name, told }): Asked<BundleAsked>,
    FhirBody(content): FhirBody,
) -> Answer {
    let file_name = file_name.unwrap_or_else(|| BUNDLE_NAME.to_owned());
    let new = NewImport { kind: ImportKind::Fhir, file_name, content, told: Some(told) };
    begun(&web, &caller, new, key.as_deref()).await
}

/// What is wrong, under the names that the query has.
fn named(error: almoner_app::Error) -> Problem {
    match error {
        almoner_app::Error::Invalid(mut faults) => {
            for fault in &mut faults.0 {
                let name = match &*fault.field {
                    "file" => "body",
                    "location" if fault.code == "not_found" => "location_id",
                    "map" => "map",
                    other => {
                        fault.message = format!("{other}: {}", fault.message);
                        "map"
                    }
                };
                name.clone_into(&mut fault.field);
            }
            faults.into()
        }
        other => other.into(),
    }
}

/// List the imports
///
/// The newest hundred, the newest first.
#[utoipa::path(
    get,
    path = "/imports",
    tag = "Imports",
    security(("key" = ["patients:write", "treatments:write"])),
    responses((status = 200, description = "The imports.", body = Listed<ImportAnswer>)),
)]
async fn list(State(web): State<Web>, caller: Caller) -> Answer {
    let found = read_imports::list(&web.app, &caller.actor, None, MAX_LISTED + 1).await?;
    let shown = found.into_iter().map(ImportAnswer::from);
    let mut data: Vec<ImportAnswer> = shown.collect();
    let number = i64::try_from(data.len()).unwrap_or(i64::MAX);
    let is_exact = number <= MAX_LISTED;
    data.truncate(usize::try_from(MAX_LISTED).unwrap_or(usize::MAX));
    let total = Total { number: number.min(MAX_LISTED), is_exact };
    Ok(json(StatusCode::OK, &Listed::new(data, None, (false, false), total)))
}

/// Read an import
#[utoipa::path(
    get,
    path = "/imports/{id}",
    tag = "Imports",
    security(("key" = ["patients:write", "treatments:write"])),
    params(("id" = String, Path, description = "The import's id.", example = "IMP-001")),
    responses((status = 200, description = "The import.", body = ImportAnswer)),
)]
async fn get(State(web): State<Web>, caller: Caller, Path(id): Path<String>) -> Answer {
    must_import(&caller.actor)?;
    let id: ImportId = parse_id(&id, "import")?;
    let found = read_imports::import(&web.app, &caller.actor, id).await?;
    Ok(json(StatusCode::OK, &ImportAnswer::from(found)))
}

/// What an import is run with.
#[derive(Debug, ToSchema)]
#[schema(as = RunImportBody)]
pub(super) struct RunImportBody {
    /// Whether faulty rows are left out and the others imported; without it nothing is imported
    /// while a row is faulty.
    skip_faulty: Option<bool>,
}

impl FromFields for RunImportBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { skip_faulty: fields.optional("skip_faulty", fields::truth) })
    }
}

/// Run an import
///
/// Its rows are imported. Of one that is still being checked, that is what follows, as long as it
/// may. Asking twice changes nothing.
#[utoipa::path(
    post,
    path = "/imports/{id}/run",
    tag = "Imports",
    security(("key" = ["patients:write", "treatments:write"])),
    params(("id" = String, Path, description = "The import's id.", example = "IMP-001")),
    request_body = RunImportBody,
    responses((status = 200, description = "The import, as it stands.", body = ImportAnswer)),
)]
async fn run(
    State(web): State<Web>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<RunImportBody>,
) -> Answer {
    must_import(&caller.actor)?;
    let id: ImportId = parse_id(&id, "import")?;
    let skip_faulty = body.skip_faulty.unwrap_or_default();
    let now_is = run_import(&web.app, &caller.actor, id, skip_faulty).await?;
    Ok(json(StatusCode::OK, &ImportAnswer::from(now_is)))
}

/// Something that is wrong with a row.
#[derive(Debug, Serialize, ToSchema)]
struct RowFault {
    /// The row's number, as a spreadsheet counts it: the headings are row 1.
    row: i64,
    /// What is wrong with it.
    #[serde(flatten)]
    fault: FieldProblem,
}

impl From<(i64, FieldError)> for RowFault {
    fn from((row, fault): (i64, FieldError)) -> Self {
        Self { row, fault: fault.into() }
    }
}

/// What is wrong with the rows of an import.
#[derive(Debug, Serialize, ToSchema)]
struct RowFaults {
    /// The faults, in the order of the rows.
    data: Vec<RowFault>,
    /// What to send as `from_row` for those that follow; null when these are the last.
    next_row: Option<i64>,
}

/// From which row faults are asked for.
struct FaultsAsked {
    from_row: i64,
}

impl FromFields for FaultsAsked {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let from_row = fields.optional("from_row", fields::digits(1..=MAX_ROW));
        Some(Self { from_row: from_row.unwrap_or(1) })
    }
}

/// List the faults of an import
#[utoipa::path(
    get,
    path = "/imports/{id}/faults",
    tag = "Imports",
    security(("key" = ["patients:write", "treatments:write"])),
    params(
        ("id" = String, Path, description = "The import's id.", example = "IMP-001"),
        (
            "from_row" = Option<i64>,
            Query,
            description = "Only those of this row and later ones.",
            minimum = 1,
            maximum = 1_000_000_000,
        ),
    ),
    responses((status = 200, description = "The faults.", body = RowFaults)),
)]
async fn faults(
    State(web): State<Web>,
    caller: Caller,
    Path(id): Path<String>,
    Asked(FaultsAsked { from_row }): Asked<FaultsAsked>,
) -> Answer {
    must_import(&caller.actor)?;
    let id: ImportId = parse_id(&id, "import")?;
    let (app, actor) = (&web.app, &caller.actor);
    let asked = (from_row, MAX_FAULTS_SHOWN + 1);
    let (_, mut found) = read_imports::faults(app, actor, id, asked).await?;
    let most = usize::try_from(MAX_FAULTS_SHOWN).unwrap_or(usize::MAX);
    let mut next_row = None;
    if found.len() > most {
        // The faults of one row are told together.
        next_row = found.last().map(|(row, _)| *row);
        found.retain(|(row, _)| Some(*row) != next_row);
    }
    let data = found.into_iter().map(RowFault::from).collect();
    Ok(json(StatusCode::OK, &RowFaults { data, next_row }))
}

/// Read the faulty rows of an import
///
/// The rows as they came, each with what is wrong in a last column `error`, to be mended and handed
/// in again.
#[utoipa::path(
    get,
    path = "/imports/{id}/faulty-rows",
    tag = "Imports",
    security(("key" = [
        "patients:read", "patients:write", "treatments:read", "treatments:write"
    ])),
    params(("id" = String, Path, description = "The import's id.", example = "IMP-001")),
    responses((
        status = 200,
        description = "The rows.",
        body = String,
        content_type = "text/csv",
    )),
)]
async fn faulty_rows(State(web): State<Web>, caller: Caller, Path(id): Path<String>) -> Answer {
    must_import(&caller.actor)?;
    let id: ImportId = parse_id(&id, "import")?;
    let found = read_imports::faulty_rows(&web.app, &caller.actor, id).await?;
    let FaultyRows { headings, rows, .. } = found;
    let text = csv_text(std::iter::once(headings).chain(rows));
    let kind = [(header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present")];
    Ok(showing(vec![Thing::Import(id)], (kind, text).into_response()))
}
