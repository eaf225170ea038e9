//! The records around payments, as other programs read them: a page of a list, or one whole.
//!
//! A program that hands a record in gets it back as it stands; that is no reading of what others
//! entered, and needs only the permission to hand it in.

use almoner_domain::list::Place;
use almoner_domain::{LocationId, PatientId, PhysicianId, TreatmentId, name, text};
use almoner_store::imported_records::{self, Mark};
use almoner_store::locations::{self, Location};
use almoner_store::merged;
use almoner_store::patients::{self, Coverage, Patient};
use almoner_store::physicians::{self, Physician};
use almoner_store::record_list::{self, Narrowed, RecordPage, Records};
use almoner_store::treatments::{self, Treatment};
use almoner_store::{StoreError, Tx};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::judge_record::PATIENT;
use crate::permission::Action;

/// A page of a list: the rows and their keys, both in the list's order.
#[derive(Debug, Clone)]
pub struct RecordsView<T> {
    /// The records.
    pub rows: Vec<T>,
    /// Their keys, the total, and whether other pages precede and follow.
    pub page: RecordPage,
}

/// A patient with all that stands on the record.
#[derive(Debug, Clone)]
pub struct PatientRecord {
    /// The patient.
    pub patient: Patient,
    /// Coverages, the primary one first.
    pub coverages: Vec<Coverage>,
    /// The numbers of those who were merged into the patient.
    pub merged: Vec<PatientId>,
}

/// Which patients are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatientsAsked {
    /// All of them.
    All,
    /// Those whose record changed then or later.
    ChangedSince(Timestamp),
    /// Those whose name has all the words; the one whose id or medical record number it is.
    Search(String),
    /// The one whose medical record number it is.
    Mrn(String),
    /// The one who has that mark in another system.
    Marked(String, String),
    /// Those who were born on that day and whose name has all the words, when there are any.
    Born(Date, String),
}

/// Which treatments are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TreatmentsAsked {
    /// All of them.
    All,
    /// Those that changed then or later.
    ChangedSince(Timestamp),
    /// A patient's; or only those of them with overdue payments.
    OfPatient(PatientId, bool),
    /// Those with overdue payments.
    Overdue,
}

/// The page at a place, of at most so many rows.
pub type PageAt = (Place, i64);

/// The rows of a page in its order, when they were read in any.
fn in_order<T>(page: &RecordPage, mut rows: Vec<T>, seq: impl Fn(&T) -> i64) -> Vec<T> {
    rows.sort_by_key(|row| page.rows.iter().position(|cursor| cursor.seq == seq(row)));
    rows
}

/// A page of patients.
///
/// # Errors
/// No permission, or the database failed.
pub async fn patients(
    app: &App,
    actor: &Actor,
    asked: &PatientsAsked,
    at: PageAt,
) -> Result<RecordsView<PatientRecord>, Error> {
    actor.must(Action::ReadPatients)?;
    let org = actor.org();
    let mut tx = app.read_for(actor).await?;
    let narrowed = match asked {
        PatientsAsked::All => Narrowed::Not,
        PatientsAsked::ChangedSince(since) => Narrowed::ChangedSince(*since),
        PatientsAsked::Born(day, q) => Narrowed::Born(*day, name::search_words(q)),
        PatientsAsked::Marked(system, value) => {
            let mark = Mark { system: system.clone(), value: value.clone() };
            let seq = imported_records::find(&mut tx, org, PATIENT, &mark).await?;
            let found = match seq {
                Some(seq) => current(&mut tx, actor, PatientId::new(seq)).await?,
                None => None,
            };
            return match found {
                Some(patient) => alone(&mut tx, actor, patient).await,
                None => Ok(nobody()),
            };
        }
        PatientsAsked::Mrn(mrn) => {
            return match patients::by_mrn(&mut tx, org, mrn).await? {
                Some(patient) => alone(&mut tx, actor, patient).await,
                None => Ok(nobody()),
            };
        }
        PatientsAsked::Search(q) => match exact(&mut tx, actor, q).await? {
            Some(patient) => return alone(&mut tx, actor, patient).await,
            None => match name::search_words(q) {
                words if words.is_empty() => return Ok(nobody()),
                words => Narrowed::Named(words),
            },
        },
    };
    let page = record_list::page(&mut tx, org, (Records::Patients, &narrowed), at).await?;
    let ids: Vec<PatientId> = page.rows.iter().map(|row| PatientId::new(row.seq)).collect();
    let found = patients::some(&mut tx, org, &ids).await?;
    let found = in_order(&page, found, |patient| patient.id.seq());
    Ok(RecordsView { rows: whole(&mut tx, actor, found).await?, page })
}

/// The patient whom a search names wholly.
async fn exact(tx: &mut Tx, actor: &Actor, q: &str) -> Result<Option<Patient>, StoreError> {
    if let Ok(id) = q.trim().parse::<PatientId>() {
        return current(tx, actor, id).await;
    }
    match text::line("q", q).ok().flatten() {
        Some(mrn) => patients::by_mrn(tx, actor.org(), &mrn).await,
        None => Ok(None),
    }
}

/// The patient with that id, or whom they were merged into.
async fn current(tx: &mut Tx, actor: &Actor, id: PatientId) -> Result<Option<Patient>, StoreError> {
    if let Some(found) = patients::get(tx, actor.org(), id).await? {
        return Ok(Some(found));
    }
    match merged::heir(tx, actor.org(), id).await? {
        Some(heir) => patients::get(tx, actor.org(), heir).await,
        None => Ok(None),
    }
}

fn nobody() -> RecordsView<PatientRecord> {
    let page = RecordPage { total_is_exact: true, ..RecordPage::default() };
    RecordsView { rows: Vec::new(), page }
}

/// A list of one patient.
async fn alone(
    tx: &mut Tx,
    actor: &Actor,
    patient: Patient,
) -> Result<RecordsView<PatientRecord>, Error> {
    let rows = whole(tx, actor, vec![patient]).await?;
    let page = RecordPage { total: 1, total_is_exact: true, ..RecordPage::default() };
    Ok(RecordsView { rows, page })
}

/// Patients with all that stands on their records.
async fn whole(
    tx: &mut Tx,
    actor: &Actor,
    found: Vec<Patient>,
) -> Result<Vec<PatientRecord>, StoreError> {
    let ids: Vec<PatientId> = found.iter().map(|patient| patient.id).collect();
    let coverages = patients::coverages_of(tx, actor.org(), &ids).await?;
    let merged = merged::numbers_into(tx, actor.org(), &ids).await?;
    let record = |patient: Patient| {
        let own = coverages.iter().filter(|(whose, _)| *whose == patient.id);
        let into = merged.iter().filter(|(into, _)| *into == patient.id);
        PatientRecord {
            coverages: own.map(|(_, coverage)| coverage.clone()).collect(),
            merged: into.map(|(_, other)| *other).collect(),
            patient,
        }
    };
    Ok(found.into_iter().map(record).collect())
}

/// The patient with that id, or whom they were merged into.
///
/// # Errors
/// No permission, no such patient, or the database failed.
pub async fn patient(app: &App, actor: &Actor, id: PatientId) -> Result<PatientRecord, Error> {
    actor.must(Action::ReadPatients)?;
    patient_record(app, actor, id).await
}

/// The patient whom somebody handed in just now.
///
/// # Errors
/// No permission, no such patient, or the database failed.
pub async fn saved_patient(
    app: &App,
    actor: &Actor,
    id: PatientId,
) -> Result<PatientRecord, Error> {
    actor.must(Action::SavePatient)?;
    patient_record(app, actor, id).await
}

async fn patient_record(app: &App, actor: &Actor, id: PatientId) -> Result<PatientRecord, Error> {
    let mut tx = app.read_for(actor).await?;
    let found = current(&mut tx, actor, id).await?.ok_or(Error::NotFound("patient"))?;
    let record = whole(&mut tx, actor, vec![found]).await?.pop();
    record.ok_or(Error::NotFound("patient"))
}

/// A page of treatments.
///
/// # Errors
/// No permission, or the database failed.
pub async fn treatments(
    app: &App,
    actor: &Actor,
    asked: TreatmentsAsked,
    at: PageAt,
) -> Result<RecordsView<Treatment>, Error> {
    actor.must(Action::ReadTreatments)?;
    let org = actor.org();
    let today = actor.date(app.now());
    let mut tx = app.read_for(actor).await?;
    let narrowed = match asked {
        TreatmentsAsked::All => Narrowed::Not,
        TreatmentsAsked::ChangedSince(since) => Narrowed::ChangedSince(since),
        TreatmentsAsked::OfPatient(patient, is_overdue) => {
            let patient = match patients::get(&mut tx, org, patient).await? {
                Some(_) => patient,
                None => merged::heir(&mut tx, org, patient).await?.unwrap_or(patient),
            };
            Narrowed::OfPatient(patient, is_overdue.then_some(today))
        }
        TreatmentsAsked::Overdue => Narrowed::OverdueOn(today),
    };
    let page = record_list::page(&mut tx, org, (Records::Treatments, &narrowed), at).await?;
    let ids: Vec<TreatmentId> = page.rows.iter().map(|row| TreatmentId::new(row.seq)).collect();
    let found = treatments::some(&mut tx, org, &ids, today).await?;
    Ok(RecordsView { rows: in_order(&page, found, |treatment| treatment.id.seq()), page })
}

/// A treatment.
///
/// # Errors
/// No permission, no such treatment, or the database failed.
pub async fn treatment(app: &App, actor: &Actor, id: TreatmentId) -> Result<Treatment, Error> {
    actor.must(Action::ReadTreatments)?;
    treatment_record(app, actor, id).await
}

/// The treatment that somebody handed in just now.
///
/// # Errors
/// No permission, no such treatment, or the database failed.
pub async fn saved_treatment(
    app: &App,
    actor: &Actor,
    id: TreatmentId,
) -> Result<Treatment, Error> {
    actor.must(Action::SaveTreatment)?;
    treatment_record(app, actor, id).await
}

async fn treatment_record(app: &App, actor: &Actor, id: TreatmentId) -> Result<Treatment, Error> {
    let today = actor.date(app.now());
    let mut tx = app.read_for(actor).await?;
    let found = treatments::get(&mut tx, actor.org(), id, today).await?;
    found.ok_or(Error::NotFound("treatment"))
}

/// A page of locations, in the order in which they were added.
///
/// # Errors
/// No permission, or the database failed.
pub async fn locations(
    app: &App,
    actor: &Actor,
    at: PageAt,
) -> Result<RecordsView<Location>, Error> {
    actor.must(Action::ReadSettings)?;
    let org = actor.org();
    let mut tx = app.read_for(actor).await?;
    let page = record_list::page(&mut tx, org, (Records::Locations, &Narrowed::Not), at).await?;
    let ids: Vec<LocationId> = page.rows.iter().map(|row| LocationId::new(row.seq)).collect();
    let found = locations::some(&mut tx, org, &ids).await?;
    Ok(RecordsView { rows: in_order(&page, found, |location| location.id.seq()), page })
}

/// A page of physicians, in the order in which they were added.
///
/// # Errors
/// No permission, or the database failed.
pub async fn physicians(
    app: &App,
    actor: &Actor,
    at: PageAt,
) -> Result<RecordsView<Physician>, Error> {
    actor.must(Action::ReadSettings)?;
    let org = actor.org();
    let mut tx = app.read_for(actor).await?;
    let page = record_list::page(&mut tx, org, (Records::Physicians, &Narrowed::Not), at).await?;
    let ids: Vec<PhysicianId> = page.rows.iter().map(|row| PhysicianId::new(row.seq)).collect();
    let found = physicians::some(&mut tx, org, &ids).await?;
    Ok(RecordsView { rows: in_order(&page, found, |physician| physician.id.seq()), page })
}
