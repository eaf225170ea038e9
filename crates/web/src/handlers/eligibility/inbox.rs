//! What waits for a person's decision: checks without a patient, files that could not be read.

use almoner_app::permission::Action;
use almoner_app::read_inbox::{self, InboxView, WaitingCheck};
use almoner_app::{Actor, check_answer::StoredAnswer};
use almoner_domain::checks::CheckRequest;
use almoner_domain::text;
use almoner_store::eligibility as store;
use axum::extract::State;
use axum_extra::extract::Query;

use super::import::MISMATCH;
use super::list::{listed_row, pager};
use super::words::{advice_on_file, sentence};
use super::{list_query, matching};
use crate::failure::{Answer, html};
use crate::format;
use crate::session::{Listed, Staff};
use crate::state::Web;
use crate::view::eligibility::inbox::{InboxPage, Side, UnreadFile, Waiting};
use crate::view::query::Address;

/// Checks on a page of the inbox: each is shown beside whom it may be about.
const PER_PAGE: i64 = 20;

/// The page.
pub(crate) async fn page(
    State(web): State<Web>,
    staff: Staff,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let mut asked = list_query::read(&pairs);
    let place = asked.request.place;
    asked.request =
        CheckRequest { waiting: true, per_page: PER_PAGE, place, ..CheckRequest::default() };
    let actor = &staff.actor;
    let InboxView { waiting, page, unread, count } =
        read_inbox::inbox(&web.app, actor, &asked.request).await?;
    let href =
        |name: &str, value: &str| Address::new("/eligibility/inbox").with(name, value).into_text();
    let shown = i64::try_from(unread.len()).unwrap_or(i64::MAX);
    let page = InboxPage {
        waiting: waiting.iter().map(|check| waiting_check(actor, check)).collect(),
        pager: pager(&page, &asked, href, Vec::new()),
        unread: unread.iter().map(|file| unread_file(actor, file)).collect(),
        has_more_files: count.files > shown,
        key: web.form_key(),
        can_decide: actor.may(Action::ImportEligibility),
        can_add: actor.may(Action::SavePatient),
        shell: staff.shell,
    };
    Ok(Listed::of(&page.waiting, |check| check.row.id).on(html(&page)))
}

fn waiting_check(actor: &Actor, check: &WaitingCheck) -> Waiting {
    let person = &check.answer.patient;
    let told = |name, label, theirs: Option<String>| Side {
        name,
        label,
        theirs,
        ours: None,
        differs: false,
    };
    let member_id = person.member_id.clone().or(check.answer.subscriber.member_id.clone());
    Waiting {
        row: listed_row(actor, &check.listed),
        reason: reason(&check.answer, check.listed.put_back.as_deref()),
        candidates: check.candidates.iter().map(matching::candidate).collect(),
        person: vec![
            told("date_of_birth", "Date of birth", person.date_of_birth.map(format::date)),
            told("member_id", "Member ID", member_id),
            told("address", "Address", person.address.clone()),
        ],
    }
}

/// Why a check waits.
pub(super) fn reason(answer: &StoredAnswer, put_back: Option<&str>) -> String {
    if let Some(reason) = put_back {
        return format!("It was taken back from a patient: {}", sentence(reason));
    }
    let mismatch = answer.warnings.iter().find(|warning| warning.code == MISMATCH);
    let has_id = answer.patient.member_id.is_some() || answer.subscriber.member_id.is_some();
    match mismatch {
        Some(warning) => warning.message.clone(),
        None if !has_id => "The answer names no member ID to find the patient by.".to_owned(),
        None if answer.patient.date_of_birth.is_none() => {
            "The answer names no date of birth to find the patient by.".to_owned()
        }
        None => "When it was imported, no single patient had this name, date of birth and \
            member ID."
            .to_owned(),
    }
}

fn unread_file(actor: &Actor, file: &store::UnreadFile) -> UnreadFile {
    UnreadFile {
        hash: text::hex(&file.hash),
        name: file.name.clone(),
        reason: sentence(&file.failure),
        advice: advice_on_file(&file.failure),
        imported_at: format::moment(file.imported_at, &actor.organization.zone),
    }
}
