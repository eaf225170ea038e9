//! What pages show of questions to payers.

use almoner_domain::{CheckId, InquiryId, PatientId};
use almoner_store::inquiries::{self, Inquiry, InquiryQuery, ListedInquiry};
use almoner_store::locations::{self, Location};
use almoner_store::physicians::{self, Physician};
use almoner_store::staff;
use jiff::SignedDuration;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;

/// Questions that a list shows at most.
const MAX_LISTED: i64 = 50;
/// How long a question that was never answered is shown for somebody to look after it.
const LOOK_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A question with the names that it refers to.
#[derive(Debug, Clone)]
pub struct InquiryView {
    /// The question and its patient's name.
    pub listed: ListedInquiry,
    /// Where.
    pub location: Option<Location>,
    /// Who treats.
    pub physician: Option<Physician>,
    /// Who asked.
    pub asked_by: Option<String>,
}

/// A question.
///
/// # Errors
/// No permission, no such question, or the database failed.
pub async fn inquiry(app: &App, actor: &Actor, id: InquiryId) -> Result<InquiryView, Error> {
    actor.must(Action::ReadChecks)?;
    let org = actor.org();
    let mut tx = app.db.read().await?;
    let listed = inquiries::get_listed(&mut tx, org, id).await?;
    let listed = listed.ok_or(Error::NotFound("question"))?;
    let asked = &listed.inquiry.asked;
    let location = locations::get(&mut tx, org, asked.location).await?;
    let physician = match asked.physician {
        Some(id) => physicians::get(&mut tx, org, id).await?,
        None => None,
    };
    let asked_by = match asked.user {
        Some(id) => staff::get(&mut tx, org, id).await?.map(|user| user.name),
        None => None,
    };
    Ok(InquiryView { listed, location, physician, asked_by })
}

/// The questions that people still look after, newest first: open ones, those of the last days that
/// were never answered, and those whose answer waits for somebody to say whose it is. Only one
/// patient's when a patient is named.
///
/// # Errors
/// No permission, or the database failed.
pub async fn unsettled(
    app: &App,
    actor: &Actor,
    patient: Option<PatientId>,
) -> Result<Vec<ListedInquiry>, Error> {
    actor.must(Action::ReadChecks)?;
    let query = InquiryQuery { patient, since: Some(app.now() - LOOK_AFTER) };
    let mut tx = app.db.read().await?;
    let mut found = inquiries::unsettled(&mut tx, actor.org(), &query, MAX_LISTED).await?;
    found.extend(inquiries::in_inbox(&mut tx, actor.org(), patient, MAX_LISTED).await?);
    found.sort_by_key(|listed| std::cmp::Reverse(listed.inquiry.asked.id));
    Ok(found)
}

/// The question that a check answers, when it answers one of ours.
///
/// # Errors
/// No permission, or the database failed.
pub async fn of_check(app: &App, actor: &Actor, check: CheckId) -> Result<Option<Inquiry>, Error> {
    actor.must(Action::ReadChecks)?;
    let mut tx = app.db.read().await?;
    Ok(inquiries::of_check(&mut tx, actor.org(), check).await?)
}
