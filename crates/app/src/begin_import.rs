//! Takes a file of records in. Nothing is imported yet: first it is said how the file is read, then
//! all its rows are checked, then somebody has them imported.

use almoner_domain::{ImportId, Invalid, LocationId};
use almoner_store::author::Author;
use almoner_store::idempotency::{self, Seen};
use almoner_store::imports::{self, Counts, Import, ImportKind, ImportState, ThenRun};
use almoner_store::{Tx, counters, import_files, locations};
use jiff::civil::Date;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::context::{Actor, App, request_hash};
use crate::error::Error;
use crate::import_csv::{self, CsvFile};
use crate::import_eligibility::shown_name;
use crate::import_fields;
use crate::import_rows::{self, DateOrder, ImportSettings, MAX_IMPORT_BYTES, MAX_RECORDS_WHOLE};
use crate::permission::Action;
use crate::record;
use crate::work_on_import::SUBJECT;

/// What keys of requests are told apart by.
const SCOPE: &str = "begin_import";

/// A file that is handed in.
#[derive(Debug, Clone)]
pub struct NewImport {
    /// What is in it.
    pub kind: ImportKind,
    /// Its name.
    pub file_name: String,
    /// Its content.
    pub content: Vec<u8>,
    /// How it is read, when that is said at once; else somebody is asked.
    pub told: Option<Told>,
}

/// How a file is read, said with it. What is not said is recognised by the headings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Fields, each with the heading of its column.
    pub columns: Vec<(String, String)>,
    /// The order of dates.
    pub dates: DateOrder,
    /// Where treatments took place whose row does not say.
    pub location: Option<LocationId>,
    /// Whether the rows are imported at once when none is faulty.
    pub run: bool,
    /// Whether those that are not faulty are imported at once.
    pub skip_faulty: bool,
}

impl Told {
    fn then_run(&self) -> ThenRun {
        match (self.run, self.skip_faulty) {
            (true, true) => ThenRun::Rest,
            (true, false) => ThenRun::Whole,
            (false, _) => ThenRun::Ask,
        }
    }
}

/// What handing files in needs, and seeing what came of it: a file may hold records of either kind.
const ACTIONS: [Action; 2] = [Action::ImportPatients, Action::ImportTreatments];

/// Passes when the actor may import files of records, and see imports.
///
/// # Errors
/// [`Error::Forbidden`] otherwise.
pub fn must_import(actor: &Actor) -> Result<(), Error> {
    ACTIONS.into_iter().try_for_each(|action| actor.must(action))
}

/// Takes a file in; when it is said how it is read, or nothing has to be, its rows are checked
/// next.
///
/// # Errors
/// No permission; a file that cannot be read, columns that are missing or not there.
///
/// # Panics
/// Never: a reader of files does not.
pub async fn begin_import(
    app: &App,
    actor: &Actor,
    new: NewImport,
    key: Option<&str>,
) -> Result<Import, Error> {
    if new.kind == ImportKind::Treatments {
        // Whoever is refused is told of what they wanted.
        actor.must(Action::ImportTreatments)?;
    }
    must_import(actor)?;
    let NewImport { kind, file_name, content, told } = new;
    if content.len() > MAX_IMPORT_BYTES {
        let message = format!("The file is larger than {} MB.", MAX_IMPORT_BYTES / (1024 * 1024));
        return Err(Invalid::one("file", "too_large", message).into());
    }
    let file_hash = Sha256::digest(&content).to_vec();
    let hash = request_hash(&(kind.as_str(), &file_hash, &told));
    let asked = told.clone();
    let today = actor.date(app.now());
    // On a thread of its own, so that a large file keeps no request waiting.
    let looking = tokio::task::spawn_blocking(move || {
        let looked_at = look(kind, &content, asked.as_ref(), today);
        (looked_at, content)
    });
    let (looked_at, content) = looking.await.expect("a reader never panics");
    let (settings, rows) = looked_at?;
    let is_clear = told.is_some() || import_fields::fields(kind).is_empty();
    let import = Import {
        id: ImportId::new(1),
        kind,
        state: if is_clear { ImportState::Checking } else { ImportState::Mapping },
        then_run: told.as_ref().map_or(ThenRun::Ask, Told::then_run),
        file_name: shown_name(&file_name),
        file_hash,
        size_bytes: i64::try_from(content.len()).unwrap_or(i64::MAX),
        settings: settings.write(),
        author: actor.author(),
        author_name: None,
        counts: Counts { rows, ..Counts::default() },
        failure: None,
        created_at: app.now(),
        state_since: app.now(),
        claimed_until: None,
    };
    let once = key.map(|key| (key, &*hash));
    match store(app, actor, (import.clone(), &settings), &content, once).await {
        // A racing request with the same key may have been faster: its import is the answer.
        Err(_) if key.is_some() => store(app, actor, (import, &settings), &content, once).await,
        other => other,
    }
}

async fn store(
    app: &App,
    actor: &Actor,
    (mut import, settings): (Import, &ImportSettings),
    content: &[u8],
    once: Option<(&str, &[u8])>,
) -> Result<Import, Error> {
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    if let Some((key, hash)) = once {
        match idempotency::look(&mut tx, org, SCOPE, key, hash).await? {
            Seen::New => {}
            Seen::Same(seq) => {
                let found = imports::get(&mut tx, org, ImportId::new(seq)).await?;
                return found.ok_or(Error::NotFound("import"));
            }
            Seen::Other => return Err(Error::KeyReused),
        }
    }
    must_be_a_location(&mut tx, actor, settings).await?;
    import.id = ImportId::new(counters::next(&mut tx, org, ImportId::PREFIX).await?);
    imports::insert(&mut tx, org, &import).await?;
    import_files::add(&mut tx, org, import.id, content).await?;
    let detail = json!({ "kind": import.kind.as_str(), "rows": import.counts.rows });
    let subject = (SUBJECT, import.id.seq());
    record::happened(app, actor, &mut tx, "import_begun", subject, detail).await?;
    if let Some((key, hash)) = once {
        idempotency::keep(&mut tx, org, (SCOPE, key), hash, import.id.seq(), now).await?;
    }
    let stored = imports::get(&mut tx, org, import.id).await?;
    tx.commit().await?;
    stored.ok_or(Error::NotFound("import"))
}

/// The location of a file's treatments must be one of the organization's.
pub(crate) async fn must_be_a_location(
    tx: &mut Tx,
    actor: &Actor,
    settings: &ImportSettings,
) -> Result<(), Error> {
    if let Some(location) = settings.location
        && locations::get(tx, actor.org(), location).await?.is_none()
    {
        let message = "There is no such location.";
        return Err(Invalid::one("location", "not_found", message).into());
    }
    Ok(())
}

/// Looks at a file: how it is read, and how many rows it has.
fn look(
    kind: ImportKind,
    content: &[u8],
    told: Option<&Told>,
    today: Date,
) -> Result<(ImportSettings, i64), Invalid> {
    if import_fields::fields(kind).is_empty() {
        let location = told.and_then(|told| told.location);
        let read_on = Some(today);
        let settings = ImportSettings { location, read_on, ..ImportSettings::default() };
        let mut rows = import_rows::open(kind, content.to_vec(), &settings)?;
        let count = std::iter::from_fn(|| rows.next_row()).count();
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        if count > MAX_RECORDS_WHOLE {
            let message = format!(
                "There are {count} records; at most {MAX_RECORDS_WHOLE} are imported at once. Hand \
                it in in parts."
            );
            return Err(Invalid::one("file", "too_many_rows", message));
        }
        return Ok((settings, count));
    }
    if content.trim_ascii_start().starts_with(b"{") {
        let message = "This is no CSV file. If it is a FHIR bundle, choose that.";
        return Err(Invalid::one("file", "not_a_table", message));
    }
    let file = CsvFile::begin(content.to_vec())?;
    let recognised = import_fields::recognised(kind, &file.headings);
    let mut settings = ImportSettings {
        separator: file.separator,
        columns: recognised.into_iter().map(|(name, at)| (name.to_owned(), at)).collect(),
        ..ImportSettings::default()
    };
    if let Some(told) = told {
        settings.dates = told.dates;
        settings.location = told.location;
        say_columns(kind, &file.headings, &mut settings, &told.columns)?;
        import_csv::must_fit(kind, &file.headings, &settings)?;
    }
    Ok((settings, file.count()?))
}

/// Puts fields into the columns with the headings that were named for them.
fn say_columns(
    kind: ImportKind,
    headings: &[String],
    settings: &mut ImportSettings,
    told: &[(String, String)],
) -> Result<(), Invalid> {
    let mut faults = Invalid::default();
    for (name, heading) in told {
        let Some(field) = import_fields::field(kind, name) else {
            let all: Vec<&str> = import_fields::fields(kind).iter().map(|f| f.name).collect();
            let message = format!("There is no field {name}. Choose from: {}.", all.join(", "));
            faults.push("map", "unknown_field", message);
            continue;
        };
        let is_it = |text: &String| text.to_lowercase() == heading.trim().to_lowercase();
        let all = headings.iter().enumerate().filter(|(_, text)| is_it(text));
        let columns: Vec<usize> = all.map(|(column, _)| column).collect();
        match columns[..] {
            [column] => {
                // What was recognised in that column is not meant by it.
                settings.columns.retain(|_, taken| *taken != column);
                settings.columns.insert(field.name.to_owned(), column);
            }
            [] => faults.push("map", "unknown_column", format!("No heading is “{heading}”.")),
            _ => {
                let message = format!("More than one heading is “{heading}”.");
                faults.push("map", "several_columns", message);
            }
        }
    }
    faults.into_result()
}

/// Who handed an import in, as a name; the command line has none.
pub fn author_name(import: &Import) -> &str {
    match (&import.author, &import.author_name) {
        (Some(Author::User(_) | Author::Key(_)), Some(name)) => name,
        _ => "The command line",
    }
}
