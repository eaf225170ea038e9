//! What pages show. Each question is asked here, where the permission to read is checked.

use std::collections::BTreeMap;

use almoner_domain::checks::CheckRequest;
use almoner_domain::estimate::{Benefit, Estimate};
use almoner_domain::status::{self, Facts, Needs, Status};
use almoner_domain::{
    CheckId, LocationId, OrganizationId, PatientId, PaymentId, PhysicianId, TreatmentId,
};
use almoner_store::audit::{self, NamedEvent};
use almoner_store::check_list::{self, CheckPage, ListedCheck, Payer};
use almoner_store::eligibility::{self, CheckRow, Decisions, UnreadFile};
use almoner_store::eligibility_files::{self, KeptFile};
use almoner_store::eligibility_settings::{self, StoredSettings};
use almoner_store::locations::{self, Location};
use almoner_store::notes::{self, Note};
use almoner_store::patients::{self, Balance, Coverage, Owed, Patient, PatientPage};
use almoner_store::payments::{self, EstimateSnapshot, Payment};
use almoner_store::physicians::{self, Physician};
use almoner_store::refunds::{self, Refund};
use almoner_store::staff;
use almoner_store::tenders::{self, TenderRow};
use almoner_store::treatments::{self, Overdue, Treatment, TreatmentQuery};
use almoner_store::{StoreError, Tx, attempts, suggestions};

use crate::change_status::action_for;
use crate::check_answer::{self, StoredAnswer};
use crate::compare_person::{self, Compared};
use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::read_inbox::{Candidate, InboxCount, candidates, inbox_count};
use crate::save_eligibility_settings;

/// Entries of a history that a page shows at most.
pub const MAX_HISTORY: i64 = 200;
/// Payments, treatments and checks that a patient's or treatment's page shows at most.
const MAX_RELATED: i64 = 50;
/// Unread files that are listed at most.
const MAX_UNREAD: i64 = 50;
/// Payers that the list of checks offers to be narrowed to at most.
const MAX_PAYERS_OFFERED: i64 = 200;

/// A payment's page.
#[derive(Debug, Clone)]
pub struct PaymentView {
    /// The payment.
    pub payment: Payment,
    /// Who owes it.
    pub patient: Patient,
    /// Where it counts.
    pub location: Location,
    /// What it is for.
    pub treatment: Option<Treatment>,
    /// How money was taken, newest first.
    pub tenders: Vec<TenderRow>,
    /// What was given back, oldest first.
    pub refunds: Vec<Refund>,
    /// Notes, newest first.
    pub notes: Vec<Note>,
    /// What happened, newest first.
    pub history: Vec<NamedEvent>,
    /// What the processor is doing.
    pub facts: Facts,
    /// Where this member may move it now, and what that needs.
    pub choices: Vec<(Status, Needs)>,
    /// What the amount was taken from.
    pub estimate: Option<(EstimateSnapshot, Option<Estimate>)>,
}

/// A payment's page.
///
/// # Errors
/// No permission, no such payment, or the database failed.
pub async fn payment(app: &App, actor: &Actor, id: PaymentId) -> Result<PaymentView, Error> {
    actor.must(Action::ReadPayments)?;
    let org = actor.org();
    let mut tx = app.read_for(actor).await?;
    let payment = payments::get(&mut tx, org, id).await?.ok_or(Error::NotFound("payment"))?;
    let patient = patients::get(&mut tx, org, payment.patient).await?;
    let location = locations::get(&mut tx, org, payment.location).await?;
    let today = actor.date(app.now());
    let treatment = match payment.treatment {
        Some(id) => treatments::get(&mut tx, org, id, today).await?,
        None => None,
    };
    let facts = attempts::facts(&mut tx, org, id).await?;
    let mut choices = status::staff_choices(payment.status, facts);
    choices.retain(|choice| actor.may(action_for(payment.status, choice.0)));
    let estimate = payments::estimate(&mut tx, org, id).await?;
    Ok(PaymentView {
        patient: patient.ok_or(Error::NotFound("patient"))?,
        location: location.ok_or(Error::NotFound("location"))?,
        treatment,
        tenders: tenders::of_payment(&mut tx, org, id).await?,
        refunds: refunds::of_payment(&mut tx, org, id).await?,
        notes: notes::of_payment(&mut tx, org, id).await?,
        history: audit::of_subject(&mut tx, org, "payment", id.seq(), MAX_HISTORY).await?,
        facts,
        choices,
        estimate: estimate.map(|kept| {
            let read = serde_json::from_str(&kept.snapshot).ok();
            (kept, read)
        }),
        payment,
    })
}

/// At most `limit` patients whose name has all the words, for whoever is still typing it.
///
/// # Errors
/// No permission, or the database failed.
pub async fn suggested_patients(
    app: &App,
    actor: &Actor,
    words: &[String],
    limit: usize,
) -> Result<Vec<Patient>, Error> {
    actor.must(Action::ReadPatients)?;
    let mut tx = app.read_for(actor).await?;
    Ok(suggestions::suggest(&mut tx, actor.org(), words, limit).await?)
}

/// A page of patients and what they owe.
#[derive(Debug, Clone)]
pub struct PatientsView {
    /// The rows.
    pub page: PatientPage,
    /// What those of them owe who owe anything.
    pub owed: BTreeMap<PatientId, Owed>,
}

/// A page of patients and what they owe.
///
/// # Errors
/// No permission, or the database failed.
pub async fn patients_with_balance(
    app: &App,
    actor: &Actor,
    words: &[String],
    descending: bool,
    range: (i64, i64),
) -> Result<PatientsView, Error> {
    actor.must(Action::ReadPatients)?;
    let org = actor.org();
    let mut tx = app.read_for(actor).await?;
    let page = patients::find(&mut tx, org, words, descending, range).await?;
    let ids: Vec<PatientId> = page.rows.iter().map(|patient| patient.id).collect();
    let owed = patients::owed(&mut tx, org, &ids, actor.date(app.now())).await?;
    Ok(PatientsView { page, owed: owed.into_iter().collect() })
}

/// Whether there is a patient with that id, for whoever hands in a check for them.
///
/// # Errors
/// No permission, or the database failed.
pub async fn patient_exists(app: &App, actor: &Actor, id: PatientId) -> Result<bool, Error> {
    actor.must(Action::ImportEligibility)?;
    let mut tx = app.db.read().await?;
    Ok(patients::get(&mut tx, actor.org(), id).await?.is_some())
}

/// The patient with that medical record number.
///
/// # Errors
/// No permission, or the database failed.
pub async fn patient_by_mrn(app: &App, actor: &Actor, mrn: &str) -> Result<Option<Patient>, Error> {
    actor.must(Action::ReadPatients)?;
    let mut tx = app.read_for(actor).await?;
    Ok(patients::by_mrn(&mut tx, actor.org(), mrn).await?)
}

/// A patient's page.
#[derive(Debug, Clone)]
pub struct PatientView {
    /// The patient.
    pub patient: Patient,
    /// Coverages, the primary one first.
    pub coverages: Vec<Coverage>,
    /// What is owed, collected and refunded.
    pub balance: Balance,
    /// What is overdue.
    pub overdue: Overdue,
    /// The newest payments.
    pub payments: Vec<Payment>,
    /// The latest treatments.
    pub treatments: Vec<Treatment>,
    /// The most recent checks.
    pub checks: Vec<CheckRow>,
    /// What the payer says of the patient in the most recent check, beside what is on file.
    pub compared: Option<ComparedCheck>,
}

/// What the most recent check says of its patient.
#[derive(Debug, Clone)]
pub struct ComparedCheck {
    /// The check.
    pub id: CheckId,
    /// The payer says itself that its data differ from what it was asked about.
    pub is_flagged: bool,
    /// Somebody decided that the differences do not matter.
    pub is_dismissed: bool,
    /// Each field on both sides.
    pub fields: Vec<Compared>,
}

/// A patient's page.
///
/// # Errors
/// No permission, no such patient, or the database failed.
pub async fn patient(app: &App, actor: &Actor, id: PatientId) -> Result<PatientView, Error> {
    actor.must(Action::ReadPatients)?;
    let org = actor.org();
    let today = actor.date(app.now());
    let mut tx = app.read_for(actor).await?;
    let patient = patients::get(&mut tx, org, id).await?.ok_or(Error::NotFound("patient"))?;
    let owed = patients::owed(&mut tx, org, &[id], today).await?;
    let coverages = patients::coverages(&mut tx, org, id).await?;
    let checks = eligibility::of_patient(&mut tx, org, id, MAX_RELATED).await?;
    let compared = match checks.first() {
        Some(row) => Some(compared(&mut tx, org, row, (&patient, &coverages)).await?),
        None => None,
    };
    Ok(PatientView {
        patient,
        overdue: owed.first().map(|entry| entry.1.overdue).unwrap_or_default(),
        coverages,
        balance: patients::balance(&mut tx, org, id).await?,
        payments: payments::of_patient(&mut tx, org, id, MAX_RELATED).await?,
        treatments: treatments::of_patient(&mut tx, org, id, today, MAX_RELATED).await?,
        checks,
        compared,
    })
}

async fn compared(
    tx: &mut Tx,
    org: OrganizationId,
    row: &CheckRow,
    (patient, coverages): (&Patient, &[Coverage]),
) -> Result<ComparedCheck, StoreError> {
    let answer = StoredAnswer::read(&row.answer)?;
    let decisions = eligibility::decisions(tx, org, row.id).await?;
    Ok(ComparedCheck {
        id: row.id,
        is_flagged: answer.patient.changed,
        is_dismissed: decisions.differences_dismissed_at.is_some(),
        fields: compare_person::compare(&answer, &row.payer, patient, coverages),
    })
}

/// A page of treatments and how many there are in all.
///
/// # Errors
/// No permission, or the database failed.
pub async fn treatments(
    app: &App,
    actor: &Actor,
    query: &TreatmentQuery,
    range: (i64, i64),
) -> Result<(Vec<Treatment>, i64), Error> {
    actor.must(Action::ReadTreatments)?;
    let today = actor.date(app.now());
    let mut tx = app.read_for(actor).await?;
    Ok(treatments::find(&mut tx, actor.org(), query, today, range).await?)
}

/// A treatment's page: the treatment and its payments.
///
/// # Errors
/// No permission, no such treatment, or the database failed.
pub async fn treatment(
    app: &App,
    actor: &Actor,
    id: TreatmentId,
) -> Result<(Treatment, Vec<Payment>), Error> {
    actor.must(Action::ReadTreatments)?;
    let org = actor.org();
    let today = actor.date(app.now());
    let mut tx = app.read_for(actor).await?;
    let treatment = treatments::get(&mut tx, org, id, today).await?;
    let treatment = treatment.ok_or(Error::NotFound("treatment"))?;
    let payments = payments::of_treatment(&mut tx, org, id, MAX_RELATED).await?;
    Ok((treatment, payments))
}

/// The page of all checks.
#[derive(Debug, Clone)]
pub struct ChecksView {
    /// The rows.
    pub page: CheckPage,
    /// The payers that the list can be narrowed to.
    pub payers: Vec<Payer>,
    /// Whether there are payers beyond those.
    pub has_more_payers: bool,
    /// What waits for a person's decision.
    pub inbox: InboxCount,
    /// There is no check at all yet.
    pub is_first_use: bool,
}

/// A page of checks, by the organization's days.
///
/// # Errors
/// No permission, or the database failed.
pub async fn checks(app: &App, actor: &Actor, request: &CheckRequest) -> Result<ChecksView, Error> {
    actor.must(Action::ReadChecks)?;
    let org = actor.org();
    let mut tx = app.read_for(actor).await?;
    let page = check_list::page(&mut tx, org, request, &actor.organization.zone).await?;
    let mut payers = check_list::payers(&mut tx, org, MAX_PAYERS_OFFERED + 1).await?;
    let offered = usize::try_from(MAX_PAYERS_OFFERED).unwrap_or(usize::MAX);
    let has_more_payers = payers.len() > offered;
    payers.truncate(offered);
    let is_first_use = page.rows.is_empty() && check_list::is_empty(&mut tx, org).await?;
    let inbox = inbox_count(&mut tx, actor).await?;
    Ok(ChecksView { page, payers, has_more_payers, inbox, is_first_use })
}

/// Those of the checks that exist, as lists show them.
///
/// # Errors
/// No permission, or the database failed.
pub async fn listed_checks(
    app: &App,
    actor: &Actor,
    ids: &[CheckId],
) -> Result<BTreeMap<CheckId, ListedCheck>, Error> {
    actor.must(Action::ReadChecks)?;
    let mut tx = app.read_for(actor).await?;
    let mut found = BTreeMap::new();
    for &id in ids {
        if let Some(listed) = eligibility::get_listed(&mut tx, actor.org(), id).await? {
            found.insert(id, listed);
        }
    }
    Ok(found)
}

/// The newest files from which nothing could be read.
///
/// # Errors
/// No permission, or the database failed.
pub async fn unread_files(app: &App, actor: &Actor) -> Result<Vec<UnreadFile>, Error> {
    actor.must(Action::ReadChecks)?;
    let mut tx = app.read_for(actor).await?;
    Ok(eligibility::unread_files(&mut tx, actor.org(), MAX_UNREAD).await?)
}

/// A check's page.
#[derive(Debug, Clone)]
pub struct CheckView {
    /// The check.
    pub row: CheckRow,
    /// Whom the payer spoke of, rejections, warnings.
    pub answer: StoredAnswer,
    /// Every benefit row.
    pub benefits: Vec<Benefit>,
    /// Whose it is, once it is matched.
    pub patient: Option<Patient>,
    /// What the payer says of that patient beside what is on file; nothing while it waits.
    pub compared: Vec<Compared>,
    /// What people decided about it.
    pub decisions: Decisions,
    /// Who it may be while it waits, the likeliest first.
    pub candidates: Vec<Candidate>,
}

/// A check's page.
///
/// # Errors
/// No permission, no such check, or the database failed.
pub async fn check(app: &App, actor: &Actor, id: CheckId) -> Result<CheckView, Error> {
    actor.must(Action::ReadChecks)?;
    let mut tx = app.read_for(actor).await?;
    let mut view = bare_check(&mut tx, actor.org(), id).await?;
    if let Some(patient) = &view.patient {
        let coverages = patients::coverages(&mut tx, actor.org(), patient.id).await?;
        view.compared = compare_person::compare(&view.answer, &view.row.payer, patient, &coverages);
    } else {
        view.candidates = candidates(&mut tx, actor, &view.answer, &view.row.payer).await?;
    }
    Ok(view)
}

/// The checks that somebody handed in just now, in that order, for whoever may hand them in.
/// Nothing is compared with our own records.
///
/// # Errors
/// No permission, no such check, or the database failed.
pub async fn imported_checks(
    app: &App,
    actor: &Actor,
    ids: &[CheckId],
) -> Result<Vec<CheckView>, Error> {
    actor.must(Action::ImportEligibility)?;
    let mut tx = app.db.read().await?;
    let mut views = Vec::with_capacity(ids.len());
    for &id in ids {
        views.push(bare_check(&mut tx, actor.org(), id).await?);
    }
    Ok(views)
}

/// A check that was not compared with anything yet.
async fn bare_check(tx: &mut Tx, org: OrganizationId, id: CheckId) -> Result<CheckView, Error> {
    let row = eligibility::get(tx, org, id).await?.ok_or(Error::NotFound("check"))?;
    let patient = match row.patient {
        Some(id) => patients::get(tx, org, id).await?,
        None => None,
    };
    let answer = StoredAnswer::read(&row.answer)?;
    let benefits = check_answer::benefits(&eligibility::benefits(tx, org, id).await?)?;
    let decisions = eligibility::decisions(tx, org, id).await?;
    let (compared, candidates) = (Vec::new(), Vec::new());
    Ok(CheckView { row, answer, benefits, patient, compared, decisions, candidates })
}

/// The untouched file of a check. Its content is asked for in parts.
///
/// # Errors
/// No permission, no such check, or the database failed.
pub async fn check_file(app: &App, actor: &Actor, id: CheckId) -> Result<KeptFile, Error> {
    actor.must(Action::ReadChecks)?;
    let org = actor.org();
    let mut tx = app.read_for(actor).await?;
    let row = eligibility::get(&mut tx, org, id).await?.ok_or(Error::NotFound("check"))?;
    let file = eligibility_files::get(&mut tx, org, &row.file_hash).await?;
    file.ok_or_else(|| StoreError::Corrupt("eligibility file".to_owned()).into())
}

/// A part of the content of a file, counted from 0; `None` behind the last.
///
/// # Errors
/// No permission, no such file, or the database failed.
pub async fn file_part(
    app: &App,
    actor: &Actor,
    hash: &[u8],
    part_no: i64,
) -> Result<Option<Vec<u8>>, Error> {
    actor.must(Action::ReadChecks)?;
    let org = actor.org();
    let mut tx = app.read_for(actor).await?;
    eligibility_files::get(&mut tx, org, hash).await?.ok_or(Error::NotFound("file"))?;
    Ok(eligibility_files::part(&mut tx, org, hash, part_no).await?)
}

/// All locations.
///
/// # Errors
/// No permission, or the database failed.
pub async fn locations(app: &App, actor: &Actor) -> Result<Vec<Location>, Error> {
    actor.must(Action::ReadSettings)?;
    let mut tx = app.read_for(actor).await?;
    Ok(locations::all(&mut tx, actor.org()).await?)
}

/// A location.
///
/// # Errors
/// No permission, no such location, or the database failed.
pub async fn location(app: &App, actor: &Actor, id: LocationId) -> Result<Location, Error> {
    actor.must(Action::ReadSettings)?;
    let mut tx = app.db.read().await?;
    locations::get(&mut tx, actor.org(), id).await?.ok_or(Error::NotFound("location"))
}

/// All physicians.
///
/// # Errors
/// No permission, or the database failed.
pub async fn physicians(app: &App, actor: &Actor) -> Result<Vec<Physician>, Error> {
    actor.must(Action::ReadSettings)?;
    let mut tx = app.read_for(actor).await?;
    Ok(physicians::all(&mut tx, actor.org()).await?)
}

/// A physician.
///
/// # Errors
/// No permission, no such physician, or the database failed.
pub async fn physician(app: &App, actor: &Actor, id: PhysicianId) -> Result<Physician, Error> {
    actor.must(Action::ReadSettings)?;
    let mut tx = app.db.read().await?;
    physicians::get(&mut tx, actor.org(), id).await?.ok_or(Error::NotFound("physician"))
}

/// The location that the member last chose for a payment.
///
/// # Errors
/// The database failed.
pub async fn last_location(app: &App, actor: &Actor) -> Result<Option<LocationId>, Error> {
    let Some(user) = actor.user() else {
        return Ok(None);
    };
    let mut tx = app.db.read().await?;
    let user = staff::get(&mut tx, actor.org(), user).await?;
    Ok(user.and_then(|user| user.last_location))
}

/// The organization with that number.
///
/// # Errors
/// The database failed.
pub async fn organizations(app: &App) -> Result<Vec<Actor>, Error> {
    let mut tx = app.db.read().await?;
    let all = almoner_store::organizations::all(&mut tx).await?;
    Ok(all.into_iter().map(Actor::system).collect())
}

/// Proves that every cent of an organization is accounted for.
///
/// # Errors
/// The database failed.
pub async fn verify(
    app: &App,
    org: OrganizationId,
    anchor: Option<&[u8]>,
) -> Result<Vec<almoner_store::verify::Finding>, Error> {
    let mut tx = app.db.read().await?;
    Ok(almoner_store::verify::verify(&mut tx, org, anchor).await?)
}

/// What the clinic sets for its estimates.
#[derive(Debug, Clone)]
pub struct SettingsView {
    /// The settings and their version.
    pub stored: StoredSettings,
    /// The last change, once there was one.
    pub last_change: Option<NamedEvent>,
}

/// What the clinic sets for its estimates.
///
/// # Errors
/// No permission, or the database failed.
pub async fn eligibility_settings(app: &App, actor: &Actor) -> Result<SettingsView, Error> {
    actor.must(Action::ReadSettings)?;
    let org = actor.org();
    let mut tx = app.db.read().await?;
    let stored = eligibility_settings::get(&mut tx, org).await?;
    let subject = save_eligibility_settings::SUBJECT;
    Ok(SettingsView { stored, last_change: audit::newest(&mut tx, org, subject).await? })
}
