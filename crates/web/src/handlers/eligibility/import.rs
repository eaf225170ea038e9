//! The import of payers' answers.

use std::collections::BTreeMap;

use almoner_app::import_eligibility::{self, Imported, Incoming, import_eligibility};
use almoner_app::permission::Action;
use almoner_app::receive_file::{NotReceived, Received, Receiving};
use almoner_app::{Actor, Error, read};
use almoner_domain::{CheckId, Invalid, PatientId};
use almoner_store::check_list::ListedCheck;
use axum::extract::State;
use axum::extract::multipart::{Field, Multipart, MultipartError, MultipartRejection};

use super::list::{listed_row, with_errors};
use super::words::sentence;
use crate::failure::{Answer, html, unprocessable};
use crate::session::Staff;
use crate::state::Web;
use crate::uploads::Place;
use crate::view::eligibility::import::{Counts, ImportedCheck, ImportedFile, ImportedPage};
use crate::view::parts::plural;

/// The code of a check that names another person than was said.
pub(super) const MISMATCH: &str = "patient_mismatch";

/// Checks of one file that are shown at most; the others are in the list.
const MAX_SHOWN: usize = 50;

/// Imports the files, one after the other, and tells what became of each. The pages' module sends
/// each file alone, and shows its part of the answer.
pub(crate) async fn submit(
    State(web): State<Web>,
    staff: Staff,
    held: Place,
    upload: Result<Multipart, MultipartRejection>,
) -> Answer {
    staff.actor.must(Action::ImportEligibility)?;
    let files = match upload {
        Ok(upload) => received(upload).await,
        Err(_) => Err(Invalid::one("files", "required", "Choose a file.")),
    };
    let files = match files {
        Ok(files) => files,
        Err(faults) => {
            return Ok(unprocessable(&with_errors(&web, staff, faults.into()).await?));
        }
    };
    let mut told = Vec::with_capacity(files.len());
    for file in files {
        told.push(one(&web, &staff.actor, file, &held).await?);
    }
    Ok(html(&ImportedPage { shell: staff.shell, files: told }))
}

/// What became of one file. That one cannot be stored now must not hide what became of the others.
async fn one(
    web: &Web,
    actor: &Actor,
    file: Incoming,
    held: &Place,
) -> Result<ImportedFile, Error> {
    let name = file.name.clone();
    match import(web, actor, file, held).await {
        Ok(imported) => {
            let checks = shown(imported.checks.as_deref().unwrap_or_default());
            let ids: Vec<CheckId> = checks.iter().map(|check| check.id).collect();
            let listed = read::listed_checks(&web.app, actor, &ids).await?;
            Ok(imported_file(actor, imported, &listed))
        }
        Err(Error::Store(error)) => {
            tracing::error!(error = %error, "a file was not imported");
            let why = "The database could not keep all of this file now. Import it again: what is \
                here already is recognised.";
            Ok(ImportedFile {
                name,
                error: Some(why.to_owned()),
                counts: Counts::default(),
                checks: Vec::new(),
                warnings: Vec::new(),
            })
        }
        Err(other) => Err(other),
    }
}

/// Imports a file. What was begun goes on when the browser goes away, or waits no longer.
async fn import(web: &Web, actor: &Actor, file: Incoming, held: &Place) -> Result<Imported, Error> {
    let (app, actor, held) = (web.app.clone(), actor.clone(), held.clone());
    let importing = tokio::spawn(async move {
        let _held = held;
        import_eligibility(&app, &actor, file).await
    });
    importing.await.expect("an import does not panic")
}

/// The files of the form; a browser sends one without name and content when none was chosen.
async fn received(mut upload: Multipart) -> Result<Vec<Incoming>, Invalid> {
    let mut files = Vec::new();
    let mut patient = None;
    while let Some(field) = upload.next_field().await.map_err(|error| cut_off(&error))? {
        match field.name() {
            Some("files") => {
                let name = field.file_name().unwrap_or_default().to_owned();
                let content = content(field).await.map_err(|error| cut_off(&error))?;
                let is_empty = content.as_ref().is_ok_and(|content| content.size_bytes() == 0);
                if !name.is_empty() || !is_empty {
                    files.push(Incoming { name, content, patient: None });
                }
            }
            Some("patient") => {
                let typed = field.text().await.map_err(|error| cut_off(&error))?;
                patient = chosen(typed.trim())?;
            }
            _ => {}
        }
    }
    if files.is_empty() {
        return Err(Invalid::one("files", "required", "Choose a file."));
    }
    for file in &mut files {
        file.patient = patient;
    }
    Ok(files)
}

/// A file as it comes. One that is too large is read to its end all the same, for others follow.
async fn content(mut field: Field<'_>) -> Result<Result<Received, NotReceived>, MultipartError> {
    let mut receiving = Ok(Receiving::new());
    while let Some(bytes) = field.chunk().await? {
        receiving = receiving.and_then(|mut receiving| {
            receiving.add(&bytes)?;
            Ok(receiving)
        });
    }
    Ok(receiving.and_then(Receiving::end))
}

fn chosen(typed: &str) -> Result<Option<PatientId>, Invalid> {
    let unknown = |_| Invalid::one("patient", "unknown", "Choose a patient.");
    if typed.is_empty() { Ok(None) } else { typed.parse().map(Some).map_err(unknown) }
}

fn cut_off(error: &MultipartError) -> Invalid {
    let limit = import_eligibility::MAX_FILE_BYTES / (1024 * 1024);
    let message = if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        format!("The files are too large together; send fewer at once, each up to {limit} MB.")
    } else {
        "The upload was cut off; nothing was imported. Please try again.".to_owned()
    };
    Invalid::one("files", "not_received", message)
}

/// The checks that are shown: first those about which something is to be done.
fn shown(checks: &[import_eligibility::ImportedCheck]) -> Vec<&import_eligibility::ImportedCheck> {
    let mut shown: Vec<_> = checks.iter().collect();
    shown.sort_by_key(|check| (!check.waits(), check.duplicate));
    shown.truncate(MAX_SHOWN);
    shown
}

fn imported_file(
    actor: &Actor,
    imported: Imported,
    listed: &BTreeMap<CheckId, ListedCheck>,
) -> ImportedFile {
    let (checks, error) = match imported.checks {
        Ok(checks) => (checks, None),
        Err(why) => (Vec::new(), Some(sentence(&why))),
    };
    let check = |check: &import_eligibility::ImportedCheck| {
        let row = listed_row(actor, listed.get(&check.id)?);
        Some(ImportedCheck { row, first: check.duplicate.then_some(check.id), note: note(check) })
    };
    let import_eligibility::Counts { all, duplicates, waiting } = imported.counts;
    ImportedFile {
        name: imported.name,
        error,
        counts: Counts { all, duplicates, waiting },
        checks: shown(&checks).into_iter().filter_map(check).collect(),
        warnings: imported.warnings.iter().map(|warning| sentence(&warning.message)).collect(),
    }
}

/// Why a check waits, or how much of it deserves care.
fn note(check: &import_eligibility::ImportedCheck) -> Option<String> {
    let warnings = &check.warnings;
    if let Some(warning) = warnings.iter().find(|warning| warning.code == MISMATCH) {
        return Some(warning.message.clone());
    }
    let count = i64::try_from(warnings.len()).unwrap_or(i64::MAX);
    (count > 0).then(|| plural(count, "warning"))
}
