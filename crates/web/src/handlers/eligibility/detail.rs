//! A check's own page.

use almoner_app::check_answer::{AnswerPerson, StoredAnswer};
use almoner_app::permission::Action;
use almoner_app::read::{self, CheckView};
use almoner_app::{Actor, Error, read_inquiries};
use almoner_domain::CheckId;
use almoner_domain::estimate::Outcome;
use almoner_store::patients::Patient;
use axum::extract::{Path, State};
use axum_extra::extract::Query;
use serde::Deserialize;

use super::{advice, benefits, differences, inbox, matching, words};
use crate::failure::{Answer, html};
use crate::format;
use crate::handlers::find_patient;
use crate::handlers::parse_id;
use crate::handlers::rows::named;
use crate::session::Staff;
use crate::state::Web;
use crate::view::eligibility::detail::{BenefitRow, CheckPage, Differences, Matching};
use crate::view::parts::{Errors, Fact, PatientRef, plural};

/// Rows of benefits that the page shows at most, and as many of the subscriber's. Real answers have
/// some hundreds; the raw text holds all.
const MAX_ROWS_SHOWN: usize = 2_000;

/// What the page is asked for by its address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    q: Option<String>,
}

/// The page.
pub(crate) async fn page(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    let id: CheckId = parse_id(&id, "check")?;
    Ok(html(&page_with(&web, staff, id, asked.q, Errors::default()).await?))
}

/// The page with what was wrong with the form that matches it.
pub(super) async fn page_with(
    web: &Web,
    staff: Staff,
    id: CheckId,
    q: Option<String>,
    errors: Errors,
) -> Result<CheckPage, Error> {
    let actor = &staff.actor;
    let view = read::check(&web.app, actor, id).await?;
    let matching = matching(web, actor, &view, q, errors).await?;
    let patient = |patient: &Patient| PatientRef {
        id: patient.id,
        name: format!("{} {}", patient.fields.first_name, patient.fields.last_name),
    };
    let inquiry = read_inquiries::of_check(&web.app, actor, id).await?;
    let ways = advice::Ways {
        check: id,
        patient: view.row.patient,
        can_edit: actor.may(Action::SavePatient),
        can_match: actor.may(Action::ImportEligibility),
        can_set: actor.may(Action::ChangeSettings),
    };
    let rejections = view.answer.rejections.iter();
    let warnings = view.answer.warnings.iter();
    let rows = &view.benefits[..view.benefits.len().min(MAX_ROWS_SHOWN)];
    let context = view.answer.context.iter().take(MAX_ROWS_SHOWN);
    let context: Vec<BenefitRow> = context.map(|row| benefits::row(row, true)).collect();
    let all = view.benefits.len() + view.answer.context.len();
    let hidden = i64::try_from(all - rows.len() - context.len()).unwrap_or(i64::MAX);
    let (sections, more_sections) = benefits::sections(rows);
    Ok(CheckPage {
        id,
        outcome: view.row.outcome,
        headline: headline(view.row.outcome).to_owned(),
        payer: view.row.payer.clone(),
        plan: view.row.plan.clone(),
        patient: view.patient.as_ref().map(patient),
        coverage: coverage(&view.answer),
        statuses: benefits::statuses(rows),
        rejections: rejections.map(|rejection| advice::rejection(rejection, ways)).collect(),
        inquiry: inquiry.map(|inquiry| inquiry.asked.id),
        matching,
        differences: told_differences(web, actor, &view),
        sections,
        more_sections,
        has_cost_sharing: view.benefits.iter().any(benefits::is_cost_sharing),
        context,
        hidden_rows: (hidden > 0).then(|| plural(hidden, "more row")),
        person: person(&view.answer),
        facts: facts(actor, &view),
        warnings: warnings.map(|warning| words::sentence(&warning.message)).collect(),
        can_unmatch: view.patient.is_some() && actor.may(Action::UnmatchCheck),
        shell: staff.shell,
    })
}

fn headline(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Active => "Coverage is active",
        Outcome::Inactive => "Coverage is not active",
        Outcome::Review => "The payer says both that coverage is active and that it is not",
        Outcome::Rejected => "The payer could not answer",
        Outcome::Unknown => "The payer does not say whether coverage is active",
    }
}

/// Whom the coverage is of, and its dates.
fn coverage(answer: &StoredAnswer) -> Vec<Fact> {
    let relation = if answer.is_dependent {
        let subscriber = named(&answer.subscriber);
        subscriber.map_or_else(|| "A dependent".to_owned(), |name| format!("A dependent of {name}"))
    } else {
        "The subscriber".to_owned()
    };
    let dates = answer.dates.iter().map(words::date).map(|(label, days)| Fact::new(label, days));
    std::iter::once(Fact::new("The patient is", relation)).chain(dates).collect()
}

/// What the payer says of the patient otherwise, whether or not it says itself that this is so.
fn told_differences(web: &Web, actor: &Actor, view: &CheckView) -> Option<Differences> {
    let patient = view.patient.as_ref()?;
    let place = differences::Place {
        key: web.form_key(),
        check: view.row.id,
        patient: patient.id,
        version: patient.version,
        back: "check",
        can_edit: actor.may(Action::SavePatient),
    };
    let zone = &actor.organization.zone;
    let dismissed = view.decisions.differences_dismissed_at.map(|at| format::moment(at, zone));
    let is_flagged = view.answer.patient.changed;
    differences::told(place, &view.row.payer, &view.compared, (is_flagged, dismissed))
}

/// The form that says whose a waiting check is; it searches for the payer's name at first.
async fn matching(
    web: &Web,
    actor: &Actor,
    view: &CheckView,
    q: Option<String>,
    errors: Errors,
) -> Result<Option<Matching>, Error> {
    if view.patient.is_some() || !actor.may(Action::ImportEligibility) {
        return Ok(None);
    }
    let q = q.or_else(|| named(&view.answer.patient)).unwrap_or_default();
    let (results, _) = find_patient::matches(web, actor, &q).await?;
    Ok(Some(Matching {
        key: web.form_key(),
        reason: inbox::reason(&view.answer, view.decisions.put_back.as_deref()),
        candidates: view.candidates.iter().map(matching::candidate).collect(),
        q,
        results,
        can_add: actor.may(Action::SavePatient),
        errors,
    }))
}

fn facts(actor: &Actor, view: &CheckView) -> Vec<Fact> {
    let zone = &actor.organization.zone;
    let answer = &view.answer;
    let mut facts = vec![
        Fact::new("Checked", format::moment(view.row.checked_at, zone)),
        Fact::new("Imported", format::moment(view.row.imported_at, zone)),
    ];
    let lines = [
        ("Payer's phone", answer.payer_phone.clone()),
        ("Reference", Some(answer.reference.clone()).filter(|text| !text.is_empty())),
        ("Trace", Some(answer.traces.join(", ")).filter(|text| !text.is_empty())),
    ];
    facts.extend(lines.into_iter().filter_map(|(label, text)| Some(Fact::new(label, text?))));
    facts
}

/// The person as the payer knows them, and the subscriber when that is somebody else.
fn person(answer: &StoredAnswer) -> Vec<Fact> {
    let mut facts = person_facts("", &answer.patient);
    if answer.is_dependent {
        facts.extend(person_facts("Subscriber's ", &answer.subscriber));
    }
    facts
}

fn person_facts(whose: &str, person: &AnswerPerson) -> Vec<Fact> {
    let sex = person.sex.as_deref().map(|sex| match sex {
        "F" => "Female".to_owned(),
        "M" => "Male".to_owned(),
        "X" => "Other".to_owned(),
        "U" => "Unknown".to_owned(),
        other => other.to_owned(),
    });
    let lines = [
        ("name", named(person)),
        ("member ID", person.member_id.clone()),
        ("date of birth", person.date_of_birth.map(format::date)),
        ("sex", sex),
        ("address", person.address.clone()),
        ("group number", person.group_number.clone()),
    ];
    let known = lines.into_iter().filter_map(|(label, value)| {
        let label =
            if whose.is_empty() { format::capital(label) } else { format!("{whose}{label}") };
        Some(Fact::new(label, value?))
    });
    known.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_about_a_dependent_say_whose_they_are() {
        let known = AnswerPerson { member_id: Some("M1".to_owned()), ..AnswerPerson::default() };
        assert_eq!(person_facts("", &known)[0].label, "Member ID");
        assert_eq!(person_facts("Subscriber's ", &known)[0].label, "Subscriber's member ID");
    }

    #[test]
    fn a_dependent_is_told_with_the_subscriber() {
        let subscriber =
            AnswerPerson { last_name: Some("SAMPLE".to_owned()), ..AnswerPerson::default() };
        let answer = StoredAnswer { is_dependent: true, subscriber, ..StoredAnswer::default() };
        assert_eq!(coverage(&answer)[0].value, "A dependent of SAMPLE");
        assert_eq!(coverage(&StoredAnswer::default())[0].value, "The subscriber");
    }
}
