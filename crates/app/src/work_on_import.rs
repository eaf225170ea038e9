//! Checks the rows of an import, and imports them: in small transactions, each of which leaves the
//! counts true, so that whoever takes the import up after a crash goes on behind the last row.
//!
//! Whoever works on an import has claimed it for a while, and each transaction makes sure of that
//! claim before it writes; two programs never do the same rows.

use std::collections::HashSet;

use almoner_domain::{FieldError, ImportId, Invalid, PatientId, time};
use almoner_store::author::Author;
use almoner_store::imports::{self, Counts, Import, ImportKind, ImportState, ThenRun};
use almoner_store::physicians::Physician;
use almoner_store::{StoreError, Tx, api_keys, counters, import_files, imported_records, staff};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::context::{Actor, App, KeyHolder, Member};
use crate::error::Error;
use crate::import_rows::{self, ImportRow, ImportSettings, Rows};
use crate::judge_record::{
    COVERAGE, Judge, New, PATIENT, PHYSICIAN, PROCEDURE, TREATMENT, Verdict,
};
use crate::{import_fhir, record, save_patient, save_physician, save_treatment};

/// Rows that one transaction does at most.
pub const MAX_ROWS_AT_ONCE: usize = 200;
/// How long an import is kept from others behind each transaction.
pub const CLAIM: SignedDuration = SignedDuration::from_secs(30);
/// Faults of one row that are written down at most.
const MAX_FAULTS_OF_ROW: usize = 20;
/// Imports that are looked at in one round.
const MAX_DUE: i64 = 10;
/// The subject of the audit rows.
pub(crate) const SUBJECT: &str = "import";

/// An import that was taken up.
pub struct Work {
    actor: Actor,
    id: ImportId,
    kind: ImportKind,
    state: ImportState,
    rows: Box<dyn Rows>,
    judge: Judge,
    /// Rows that were found faulty when they were checked.
    faulty: HashSet<i64>,
    until: Timestamp,
}

/// The imports that go on by themselves and that nobody works on.
///
/// # Errors
/// The database failed.
pub async fn due(app: &App, actor: &Actor) -> Result<Vec<ImportId>, Error> {
    let mut tx = app.db.read().await?;
    Ok(imports::due(&mut tx, actor.org(), app.now(), MAX_DUE).await?)
}

/// Takes an import up; `None` when it does not go on by itself, or when somebody works on it.
///
/// # Errors
/// The database failed.
///
/// # Panics
/// Never: a reader of files does not.
pub async fn take_up(app: &App, actor: &Actor, id: ImportId) -> Result<Option<Work>, Error> {
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    let Some(import) = imports::lock(&mut tx, org, id).await? else { return Ok(None) };
    let claimed = import.claimed_until.is_some_and(|until| until > now);
    if claimed || !import.state.is_under_way() {
        return Ok(None);
    }
    let until = claimed_until(now);
    imports::claim(&mut tx, org, id, until).await?;
    if import.state == ImportState::Checking {
        // What the rows that were checked would have added is not known any more.
        let counts = Counts { rows: import.counts.rows, ..Counts::default() };
        imports::set_counts(&mut tx, org, id, &counts).await?;
        import_files::remove_faults(&mut tx, org, id).await?;
    }
    let done = if import.state == ImportState::Running { import.counts.done } else { 0 };
    let faulty = import_files::faulty_rows(&mut tx, org, id).await?.into_iter().collect();
    let content = import_files::content(&mut tx, org, id, i64::MAX).await?;
    let settings = ImportSettings::read(&import.settings)?;
    let writes = import.state == ImportState::Running;
    let judge = Judge::new(&mut tx, actor, now, (settings.location, writes)).await?;
    let actor = on_behalf(&mut tx, actor, import.author).await?;
    tx.commit().await?;
    let kind = import.kind;
    // On a thread of its own, so that a large file keeps no request waiting.
    let opening = tokio::task::spawn_blocking(move || {
        let mut rows = import_rows::open(kind, content, &settings)?;
        for _ in 0..done {
            rows.next_row();
        }
        Ok(rows)
    });
    match opening.await.expect("a reader never panics") {
        Ok(rows) => {
            let state = import.state;
            Ok(Some(Work { actor, id, kind, state, rows, judge, faulty, until }))
        }
        Err(unreadable) => {
            fail(app, &actor, id, &unreadable).await?;
            Ok(None)
        }
    }
}

/// Until when a claim lasts, as exactly as it is stored: a claim is known by its end.
fn claimed_until(now: Timestamp) -> Timestamp {
    time::from_micros(time::micros(now + CLAIM))
}

/// Whoever handed the import in, for the audit rows of what it brings. What they may do was looked
/// at when they had it run.
async fn on_behalf(tx: &mut Tx, actor: &Actor, author: Option<Author>) -> Result<Actor, Error> {
    let organization = actor.organization.clone();
    Ok(match author {
        None => actor.clone(),
        Some(Author::User(id)) => {
            let user = staff::get(tx, actor.org(), id).await?;
            let user = user.ok_or_else(|| StoreError::Corrupt("author of an import".into()))?;
            let (name, role, list_look) = (user.name, user.role, user.list_look);
            Actor::staff(organization, Member { id, name, role, list_look })
        }
        Some(Author::Key(id)) => {
            let key = api_keys::get(tx, actor.org(), id).await?;
            let (key, _) = key.ok_or_else(|| StoreError::Corrupt("author of an import".into()))?;
            Actor::key(organization, KeyHolder { id, name: key.name, scopes: key.scopes })
        }
    })
}

async fn fail(
    app: &App,
    actor: &Actor,
    id: ImportId,
    why: &almoner_domain::Invalid,
) -> Result<(), Error> {
    let words: Vec<&str> = why.0.iter().map(|fault| &*fault.message).collect();
    let mut tx = app.db.begin().await?;
    let state = (ImportState::Failed, app.now());
    imports::set_state(&mut tx, actor.org(), id, state, Some(&words.join(" "))).await?;
    record::happened(app, actor, &mut tx, "import_failed", (SUBJECT, id.seq()), json!({})).await?;
    tx.commit().await?;
    Ok(())
}

/// Does the next rows; false when there is nothing left to do for whoever took it up.
///
/// # Errors
/// The database failed; the import goes on when it is taken up again.
pub async fn go_on(app: &App, work: &mut Work) -> Result<bool, Error> {
    let (org, id) = (work.actor.org(), work.id);
    // A bundle is there whole or not at all.
    let is_whole = work.kind.is_whole() && work.state == ImportState::Running;
    let most = if is_whole { usize::MAX } else { MAX_ROWS_AT_ONCE };
    let batch: Vec<_> = std::iter::from_fn(|| work.rows.next_row()).take(most).collect();
    let mut tx = app.db.begin().await?;
    let import = imports::lock(&mut tx, org, id).await?;
    let mine =
        |import: &Import| import.state == work.state && import.claimed_until == Some(work.until);
    let Some(import) = import.filter(mine) else { return Ok(false) };
    // Two imports may bring the same record at once: the second one must see the first.
    counters::hold(&mut tx, org, ImportId::PREFIX).await?;
    if work.kind != ImportKind::Treatments {
        counters::hold(&mut tx, org, PatientId::PREFIX).await?;
    }
    let is_end = batch.len() < most;
    let mut counts = import.counts;
    for row in &batch {
        do_row(app, work, &mut tx, row, &mut counts).await?;
    }
    if is_whole && counts.faulty > import.counts.faulty {
        drop(tx);
        let message = "Records changed since the file was checked, and it does not fit them any \
            more. Nothing was imported; hand it in again.";
        fail(app, &work.actor, id, &Invalid::one("file", "changed", message)).await?;
        return Ok(false);
    }
    if is_end {
        counts.rows = counts.done;
        imports::set_counts(&mut tx, org, id, &counts).await?;
        end(app, &work.actor, &mut tx, &Import { counts, ..import }).await?;
    } else {
        work.until = claimed_until(app.now());
        imports::claim(&mut tx, org, id, work.until).await?;
        imports::set_counts(&mut tx, org, id, &counts).await?;
    }
    tx.commit().await?;
    Ok(!is_end)
}

async fn do_row(
    app: &App,
    work: &mut Work,
    tx: &mut Tx,
    row: &ImportRow,
    counts: &mut Counts,
) -> Result<(), Error> {
    counts.done += 1;
    if work.faulty.contains(&row.number) {
        return Ok(());
    }
    let judged = match &row.record {
        Ok(record) => work.judge.judge(tx, &work.actor, record).await,
        Err(faults) => Err(faults.clone().into()),
    };
    match judged {
        Ok(Verdict::New(new)) => {
            if work.state == ImportState::Running {
                save(app, work, tx, new).await?;
            }
            counts.added += 1;
        }
        Ok(Verdict::There(kind, seq, marks)) => {
            if work.state == ImportState::Running {
                let org = work.actor.org();
                imported_records::keep(tx, org, (kind, seq), &marks, work.id).await?;
            }
            counts.there += 1;
        }
        Ok(Verdict::Left) => counts.there += 1,
        Err(Error::Invalid(faults)) => {
            let mut faults: Vec<FieldError> =
                faults.0.into_iter().take(MAX_FAULTS_OF_ROW).collect();
            if let Some(at) = &row.place {
                for fault in &mut faults {
                    fault.field = import_fhir::place_of(at, &fault.field);
                }
            }
            let place = (work.id, row.number);
            import_files::add_faults(tx, work.actor.org(), place, &faults).await?;
            if row.is_note {
                counts.there += 1;
            } else {
                counts.faulty += 1;
            }
        }
        Err(other) => return Err(other),
    }
    Ok(())
}

async fn save(app: &App, work: &mut Work, tx: &mut Tx, new: New) -> Result<(), Error> {
    let (actor, org) = (&work.actor, work.actor.org());
    let (kind, seq, marks) = match new {
        New::Patient(patient, marks) => {
            let (fields, coverages) = *patient;
            let detail = json!({ "import": work.id });
            let saving = save_patient::insert(app, actor, tx, (&fields, &coverages), detail);
            // Who may be the same person stands in the list of possible duplicates.
            let (id, _) = saving.await?;
            (PATIENT, id.seq(), marks)
        }
        New::Treatment(fields, marks) => {
            let id = save_treatment::insert(app, actor, tx, &fields, Some(work.id)).await?;
            (TREATMENT, id.seq(), marks)
        }
        New::Physician(fields, marks) => {
            let id = save_physician::insert(app, actor, tx, &fields, Some(work.id)).await?;
            work.judge.knows(Physician { id, fields });
            (PHYSICIAN, id.seq(), marks)
        }
        New::Coverage(id, coverage, marks) => {
            save_patient::add_coverage(app, actor, tx, (id, *coverage), work.id).await?;
            (COVERAGE, id.seq(), marks)
        }
        New::Procedure(id, code, marks) => {
            save_treatment::add_code(app, actor, tx, (id, &code), work.id).await?;
            (PROCEDURE, id.seq(), marks)
        }
    };
    Ok(imported_records::keep(tx, org, (kind, seq), &marks, work.id).await?)
}

/// All rows were looked at.
async fn end(app: &App, actor: &Actor, tx: &mut Tx, import: &Import) -> Result<(), Error> {
    let (org, now, Counts { faulty, .. }) = (actor.org(), app.now(), import.counts);
    if import.state == ImportState::Running {
        imports::set_state(tx, org, import.id, (ImportState::Done, now), None).await?;
        if faulty == 0 {
            // Nothing is to be read in it any more; of the faulty rows a file can be had.
            import_files::remove(tx, org, import.id).await?;
        }
        let Counts { rows, added, there, faulty, .. } = import.counts;
        let detail = json!({ "rows": rows, "added": added, "there": there, "faulty": faulty });
        let subject = (SUBJECT, import.id.seq());
        return record::happened(app, actor, tx, "import_ended", subject, detail).await;
    }
    let goes_on = match import.then_run {
        ThenRun::Ask => false,
        ThenRun::Whole => faulty == 0,
        ThenRun::Rest => faulty == 0 || !import.kind.is_whole(),
    };
    if goes_on {
        return start(app, actor, tx, import).await;
    }
    Ok(imports::set_state(tx, org, import.id, (ImportState::Ready, now), None).await?)
}

/// Has the rows of a checked import imported that are not faulty.
pub(crate) async fn start(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    import: &Import,
) -> Result<(), Error> {
    let Counts { rows, faulty, .. } = import.counts;
    let counts = Counts { rows, faulty, ..Counts::default() };
    imports::set_counts(tx, actor.org(), import.id, &counts).await?;
    let state = (ImportState::Running, app.now());
    imports::set_state(tx, actor.org(), import.id, state, None).await?;
    let detail = json!({ "rows": rows, "faulty": faulty });
    let subject = (SUBJECT, import.id.seq());
    record::happened(app, actor, tx, "import_started", subject, detail).await
}
