//! What waits for a person's decision: checks without a patient, files that could not be read, and
//! the patients whom a check may be about.

use almoner_domain::checks::CheckRequest;
use almoner_domain::{CheckId, PatientId, text};
use almoner_store::check_list::{self, CheckPage, ListedCheck};
use almoner_store::eligibility::{self, CheckRow, UnreadFile};
use almoner_store::eligibility_files::{self, KeptFile};
use almoner_store::patients::{self, Patient};
use almoner_store::{StoreError, Tx};

use crate::check_answer::StoredAnswer;
use crate::compare_person::{self, Compared};
use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;

/// Unread files that the inbox shows at most.
const MAX_UNREAD: i64 = 50;
/// How far what waits in the inbox is counted.
pub const MAX_COUNTED: i64 = 1_000;
/// Patients that are offered for a check at most.
const MAX_CANDIDATES: usize = 4;
/// Patients that are looked at for that, by number and by birth.
const MAX_LOOKED_AT: i64 = 20;

/// How much waits for a person's decision, each counted up to [`MAX_COUNTED`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InboxCount {
    /// Checks without a patient.
    pub checks: i64,
    /// Files that could not be read.
    pub files: i64,
}

pub(crate) async fn inbox_count(tx: &mut Tx, actor: &Actor) -> Result<InboxCount, StoreError> {
    let org = actor.org();
    Ok(InboxCount {
        checks: check_list::count_waiting(tx, org, MAX_COUNTED).await?,
        files: eligibility::count_unread_files(tx, org, MAX_COUNTED).await?,
    })
}

/// A patient whom a waiting check may be about, beside what the payer says.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Who.
    pub patient: Patient,
    /// Each field on both sides.
    pub compared: Vec<Compared>,
}

/// A check that waits for a patient.
#[derive(Debug, Clone)]
pub struct WaitingCheck {
    /// The check.
    pub listed: ListedCheck,
    /// Whom the payer spoke of.
    pub answer: StoredAnswer,
    /// Who it may be, the likeliest first.
    pub candidates: Vec<Candidate>,
}

/// The inbox: what waits for a person's decision.
#[derive(Debug, Clone)]
pub struct InboxView {
    /// The checks of this page.
    pub waiting: Vec<WaitingCheck>,
    /// Where the page stands.
    pub page: CheckPage,
    /// The newest files that could not be read.
    pub unread: Vec<UnreadFile>,
    /// How much there is of both.
    pub count: InboxCount,
}

/// A page of the inbox; whatever the request says, only what waits is listed.
///
/// # Errors
/// No permission, or the database failed.
pub async fn inbox(app: &App, actor: &Actor, request: &CheckRequest) -> Result<InboxView, Error> {
    actor.must(Action::ReadChecks)?;
    let org = actor.org();
    let request = CheckRequest { waiting: true, ..request.clone() };
    let mut tx = app.db.read().await?;
    let page = check_list::page(&mut tx, org, &request, &actor.organization.zone).await?;
    let mut waiting = Vec::with_capacity(page.rows.len());
    for listed in &page.rows {
        let text = listed.answer.as_deref().unwrap_or("{}");
        let answer = StoredAnswer::read(text)?;
        let candidates = candidates(&mut tx, actor, &answer, &listed.payer).await?;
        waiting.push(WaitingCheck { listed: listed.clone(), answer, candidates });
    }
    let unread = eligibility::unread_files(&mut tx, org, MAX_UNREAD).await?;
    let count = inbox_count(&mut tx, actor).await?;
    Ok(InboxView { waiting, page, unread, count })
}

/// The patients whom an answer may be about: with its member id, or with its date of birth and last
/// name. Whether one of them is the right one, only a person can say.
pub(crate) async fn candidates(
    tx: &mut Tx,
    actor: &Actor,
    answer: &StoredAnswer,
    payer: &str,
) -> Result<Vec<Candidate>, StoreError> {
    let org = actor.org();
    let person = &answer.patient;
    let member_id = compare_person::member_id(answer);
    let born = person.date_of_birth.zip(person.last_name.as_deref());
    let mut found = Vec::new();
    for patient in patients::likely(tx, org, member_id, born, MAX_LOOKED_AT).await? {
        let coverages = patients::coverages(tx, org, patient.id).await?;
        let compared = compare_person::compare(answer, payer, &patient, &coverages);
        found.push(Candidate { patient, compared });
    }
    // A stable order: those with the most in common first, then as they were added.
    found.sort_by_key(|candidate| std::cmp::Reverse(in_common(&candidate.compared)));
    found.truncate(MAX_CANDIDATES);
    Ok(found)
}

/// How much of who somebody is both sides say alike.
fn in_common(compared: &[Compared]) -> usize {
    let alike = |pair: &&Compared| {
        pair.field.tells_who() && pair.theirs.is_some() && pair.ours.is_some() && !pair.differs
    };
    compared.iter().filter(alike).count()
}

/// A patient beside what a check says of them, before they are said to be the same.
///
/// # Errors
/// No permission, no such check or patient, or the database failed.
pub async fn comparison(
    app: &App,
    actor: &Actor,
    id: CheckId,
    patient: PatientId,
) -> Result<(CheckRow, StoredAnswer, Candidate), Error> {
    actor.must(Action::ReadChecks)?;
    let org = actor.org();
    let mut tx = app.db.read().await?;
    let row = eligibility::get(&mut tx, org, id).await?.ok_or(Error::NotFound("check"))?;
    let patient = patients::get(&mut tx, org, patient).await?.ok_or(Error::NotFound("patient"))?;
    let answer = StoredAnswer::read(&row.answer)?;
    let coverages = patients::coverages(&mut tx, org, patient.id).await?;
    let compared = compare_person::compare(&answer, &row.payer, &patient, &coverages);
    Ok((row, answer, Candidate { patient, compared }))
}

/// An unreadable file as it came: its name and content. It is named by the hash of its content, in
/// hexadecimal digits; a file that was read belongs to its checks and is no such file.
///
/// # Errors
/// No permission, no such unreadable file, or the database failed.
pub async fn unread_file(app: &App, actor: &Actor, hash: &str) -> Result<KeptFile, Error> {
    actor.must(Action::ReadChecks)?;
    let org = actor.org();
    let hash = text::unhex(hash).ok_or(Error::NotFound("file"))?;
    let mut tx = app.db.read().await?;
    if !eligibility::is_unreadable(&mut tx, org, &hash).await? {
        return Err(Error::NotFound("file"));
    }
    eligibility_files::get(&mut tx, org, &hash).await?.ok_or(Error::NotFound("file"))
}
