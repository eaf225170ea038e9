//! Questions to payers as pages list them: where each stands, in words.

use almoner_app::permission::Action;
use almoner_app::{Actor, Error, read_inquiries};
use almoner_domain::estimate::labels::service_type_label;
use almoner_domain::inquiry::{ASK_AGAIN_AFTER, InquiryState, MAX_TRIES};
use almoner_domain::{Invalid, PatientId};
use almoner_store::inquiries::{Asked, Inquiry, ListedInquiry};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::words::sentence;
use crate::format;
use crate::state::Web;
use crate::view::inquiries::{AgainForm, AskedList, AskedRow, CheckEntry};
use crate::view::parts::{Link, PatientRef};

/// Whether this member may ask payers, and there is somebody to carry the question.
pub(crate) fn may_ask(web: &Web, actor: &Actor) -> bool {
    actor.may(Action::ImportEligibility) && web.app.clearinghouse.is_set_up()
}

/// The questions that somebody looks after, of all patients or of one; `parts` are those of the
/// page that an answer changes.
pub(crate) async fn asked_list(
    web: &Web,
    actor: &Actor,
    patient: Option<PatientId>,
    parts: &'static str,
) -> Result<AskedList, Error> {
    let listed = read_inquiries::unsettled(&web.app, actor, patient).await?;
    let row = |listed: &ListedInquiry| row(web, actor, listed, patient.is_none());
    Ok(AskedList { rows: listed.iter().map(row).collect(), parts })
}

fn row(web: &Web, actor: &Actor, listed: &ListedInquiry, names_patient: bool) -> AskedRow {
    let inquiry = &listed.inquiry;
    let asked = &inquiry.asked;
    let patient = PatientRef { id: asked.patient, name: listed.patient_name.clone() };
    AskedRow {
        id: asked.id,
        patient: names_patient.then_some(patient),
        payer: asked.payer.clone(),
        about: about(asked),
        state: inquiry.state,
        words: listed_words(inquiry, web.app.now(), &actor.organization.zone),
        check: inquiry.check.filter(|_| inquiry.state == InquiryState::Answered),
        again: again(web, actor, inquiry),
    }
}

/// What happened so far. An answer that is still listed names somebody else.
fn listed_words(inquiry: &Inquiry, now: Timestamp, zone: &TimeZone) -> String {
    let words = words(inquiry, now, zone);
    if inquiry.state == InquiryState::Answered {
        format!("{words} The answer names another person, so somebody has to look at it.")
    } else {
        words
    }
}

/// About what and for which day: `Office visit, Nov 23, 2026`.
pub(super) fn about(asked: &Asked) -> String {
    let service = service_type_label(&asked.service_type).unwrap_or(&asked.service_type);
    format!("{service}, {}", format::date(asked.service_date))
}

/// Whether asking the same again may help: nothing is awaited any more, or for too long.
pub(crate) fn may_ask_again(inquiry: &Inquiry, now: Timestamp) -> bool {
    match inquiry.state {
        InquiryState::Failed | InquiryState::Expired => true,
        InquiryState::Sent => inquiry.asked_at.is_some_and(|at| at + ASK_AGAIN_AFTER <= now),
        InquiryState::Waiting | InquiryState::Answered => false,
    }
}

/// The form that asks the same again, when that may help.
pub(super) fn again(web: &Web, actor: &Actor, inquiry: &Inquiry) -> Option<AgainForm> {
    let asked = &inquiry.asked;
    (may_ask_again(inquiry, web.app.now()) && may_ask(web, actor)).then(|| AgainForm {
        key: web.form_key(),
        patient: asked.patient,
        entry: CheckEntry {
            coverage: asked.rank.to_string(),
            service_type: asked.service_type.clone(),
            service_date: asked.service_date.to_string(),
            location: asked.location.to_string(),
            physician: asked.physician.map(|id| id.to_string()).unwrap_or_default(),
        },
    })
}

/// What happened to a question so far, and what comes next.
pub(crate) fn words(inquiry: &Inquiry, now: Timestamp, zone: &TimeZone) -> String {
    let asked = format!("Asked {}", format::ago(inquiry.asked.created_at, now, zone));
    let awaited = || format!("{asked}; the payer has not answered yet.");
    let why = inquiry.failure.as_deref().map(sentence);
    match inquiry.state {
        InquiryState::Waiting => {
            let is_held = inquiry.claimed_until.is_some_and(|until| until > now);
            let (Some(why), Some(next), false) = (why, inquiry.next_try_at, is_held) else {
                return awaited();
            };
            let next = format::clock(next, zone);
            let try_no = inquiry.tries + 1;
            format!("{asked}. {why} It is asked again at {next} (try {try_no} of {MAX_TRIES}).")
        }
        InquiryState::Sent => match why {
            Some(why) => format!("{asked}. {why} The payer will answer by itself."),
            None => awaited(),
        },
        InquiryState::Answered => {
            let at = inquiry.answered_at.map(|at| format::ago(at, now, zone)).unwrap_or_default();
            format!("Answered {at}.")
        }
        InquiryState::Failed | InquiryState::Expired => {
            format!("{asked}. {}", why.unwrap_or_default())
        }
    }
}

/// Where what keeps a question from being asked is mended.
pub(crate) fn ways(faults: &Invalid, patient: PatientId, rank: &str) -> Vec<Link> {
    let rank = if rank == "2" { "secondary" } else { "primary" };
    let edit = format!("/patients/{patient}/edit");
    let mut ways: Vec<Link> = Vec::new();
    for fault in &faults.0 {
        let way = match &*fault.field {
            "coverage" if fault.code == "required" => {
                Link::new(format!("{edit}#f-primary_payer"), "Add the patient's coverage")
            }
            name @ ("payer"
            | "payer_id"
            | "member_id"
            | "relationship"
            | "subscriber_first_name"
            | "subscriber_last_name"
            | "subscriber_date_of_birth") => {
                let label = "Edit the patient's coverage";
                Link::new(format!("{edit}#f-{rank}_{name}"), label)
            }
            name @ ("first_name" | "last_name" | "date_of_birth") => {
                Link::new(format!("{edit}#f-{name}"), "Edit the patient")
            }
            "npi" => Link::new("/settings/locations", "See the locations' NPIs"),
            "clearinghouse" => Link::new("/eligibility", "Import an eligibility check"),
            _ => continue,
        };
        if ways.iter().all(|known| known.label != way.label) {
            ways.push(way);
        }
    }
    ways
}

#[cfg(test)]
mod tests {
    use almoner_domain::insured::Relationship;
    use almoner_domain::{InquiryId, LocationId};
    use jiff::SignedDuration;
    use jiff::civil::Date;

    use super::*;

    fn inquiry(state: InquiryState, failure: Option<&str>) -> Inquiry {
        let at: Timestamp = "2026-03-10T15:00:00Z".parse().unwrap();
        let next = (state == InquiryState::Waiting).then(|| at + SignedDuration::from_secs(30));
        Inquiry {
            asked: Asked {
                id: InquiryId::new(1),
                patient: PatientId::new(1),
                rank: 1,
                payer: "Sample Health Plan".to_owned(),
                payer_id: "00042".to_owned(),
                member_id: None,
                relationship: Relationship::Subscriber,
                service_type: "98".to_owned(),
                service_date: Date::constant(2026, 3, 12),
                location: LocationId::new(1),
                physician: None,
                npi: "1234567893".to_owned(),
                trace: "T".to_owned(),
                clearinghouse: "scripted".to_owned(),
                question: String::new(),
                user: None,
                created_at: at,
            },
            state,
            tries: 1,
            next_try_at: next,
            claimed_until: None,
            asked_at: Some(at),
            failure: failure.map(str::to_owned),
            check: None,
            answered_at: (state == InquiryState::Answered).then_some(at),
        }
    }

    fn told(inquiry: &Inquiry, seconds: i64) -> String {
        let now = inquiry.asked.created_at + SignedDuration::from_secs(seconds);
        words(inquiry, now, &TimeZone::get("America/New_York").unwrap())
    }

    #[test]
    fn each_state_is_told_in_words() {
        let waiting = InquiryState::Waiting;
        let awaited = "Asked 12 s ago; the payer has not answered yet.";
        assert_eq!(told(&inquiry(waiting, None), 12), awaited);
        assert_eq!(told(&inquiry(InquiryState::Sent, None), 12), awaited);
        let mut busy = inquiry(waiting, Some("the clearinghouse did not take the question: busy"));
        let expected = "Asked 12 s ago. The clearinghouse did not take the question: busy. It is \
            asked again at 11:00:30 AM (try 2 of 5).";
        assert_eq!(told(&busy, 12), expected);
        busy.claimed_until = Some(busy.asked.created_at + SignedDuration::from_mins(3));
        assert_eq!(told(&busy, 12), awaited, "just now it is being asked");
        let failed = inquiry(InquiryState::Failed, Some("it was refused"));
        assert_eq!(told(&failed, 120), "Asked 2 min ago. It was refused.");
        let answered = inquiry(InquiryState::Answered, None);
        assert_eq!(told(&answered, 7_200), "Answered 2 h ago.");
        assert_eq!(about(&answered.asked), "Office visit, Mar 12, 2026");
    }

    #[test]
    fn what_is_missing_leads_to_where_it_is_mended() {
        let mut faults = Invalid::one("payer_id", "missing", "The payer ID is missing.");
        faults.push("member_id", "missing", "The member id is missing.");
        faults.push("npi", "missing", "There is no NPI.");
        faults.push("service_type", "unknown", "Choose from the list.");
        let ways = ways(&faults, PatientId::new(7), "2");
        let ways: Vec<_> = ways.iter().map(|way| &*way.href).collect();
        assert_eq!(ways, ["/patients/PAT-007/edit#f-secondary_payer_id", "/settings/locations"]);
    }
}
