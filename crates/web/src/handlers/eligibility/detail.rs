//! A check's own page, the patient whose it is, and the payer's text.

use almoner_app::check_answer::{AnswerPerson, StoredAnswer};
use almoner_app::match_check::match_check;
use almoner_app::permission::Action;
use almoner_app::read::{self, CheckView};
use almoner_app::{Actor, Error};
use almoner_domain::estimate;
use almoner_domain::{CheckId, Invalid, PatientId};
use almoner_store::patients::Patient;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use axum_extra::extract::{Form, Query};
use futures_util::stream;
use serde::Deserialize;

use super::import::MISMATCH;
use super::{benefits, words};
use crate::failure::{Answer, html, unprocessable};
use crate::format;
use crate::handlers::find_patient;
use crate::handlers::parse_id;
use crate::handlers::rows::{named, outcome};
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::eligibility::{CheckPage, Matching, Rejection};
use crate::view::parts::{Errors, Fact, PatientRef};

/// The longest name that a downloaded file has.
const MAX_NAME_LETTERS: usize = 100;

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
    Ok(html(&filled(&web, staff, id, asked.q, Errors::default()).await?))
}

async fn filled(
    web: &Web,
    staff: Staff,
    id: CheckId,
    q: Option<String>,
    errors: Errors,
) -> Result<CheckPage, Error> {
    let view = read::check(&web.app, &staff.actor, id).await?;
    let matching = matching(web, &staff.actor, &view, q, errors).await?;
    let patient = |patient: &Patient| PatientRef {
        id: patient.id,
        name: format!("{} {}", patient.fields.first_name, patient.fields.last_name),
    };
    let warnings = view.answer.warnings.iter();
    Ok(CheckPage {
        id,
        outcome: outcome(view.row.outcome),
        payer: view.row.payer.clone(),
        plan: view.row.plan.clone(),
        patient: view.patient.as_ref().map(patient),
        facts: facts(&staff.actor, &view),
        rejections: view.answer.rejections.iter().map(rejection).collect(),
        warnings: warnings.map(|warning| words::sentence(&warning.message)).collect(),
        groups: benefits::groups(&view.benefits),
        matching,
        can_download: true,
        shell: staff.shell,
    })
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
    let key = web.form_key();
    Ok(Some(Matching { key, q, results, reason: Some(reason(&view.answer)), errors }))
}

/// Why a check was not matched when it was imported.
fn reason(answer: &StoredAnswer) -> String {
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

fn rejection(rejection: &estimate::Rejection) -> Rejection {
    let codes = [&rejection.code, &rejection.follow_up].into_iter().flatten();
    let codes = codes.map(String::as_str).collect::<Vec<_>>().join(", ");
    Rejection {
        reason: rejection.reason.clone(),
        follow_up: rejection.follow_up_text.clone().unwrap_or_default(),
        concerns: words::concerned(&rejection.loop_name).to_owned(),
        codes: if codes.is_empty() { "not stated".to_owned() } else { codes },
    }
}

fn facts(actor: &Actor, view: &CheckView) -> Vec<Fact> {
    let zone = &actor.organization.zone;
    let answer = &view.answer;
    let mut facts = vec![
        Fact::new("Checked", format::moment(view.row.checked_at, zone)),
        Fact::new("Imported", format::moment(view.row.imported_at, zone)),
    ];
    facts.extend(answer.dates.iter().map(words::date).map(|(label, days)| Fact::new(label, days)));
    facts.extend(person("", &answer.patient));
    if answer.is_dependent {
        facts.extend(person("Subscriber's ", &answer.subscriber));
    }
    let lines = [
        ("Payer's phone", answer.payer_phone.clone()),
        ("Reference", Some(answer.reference.clone()).filter(|text| !text.is_empty())),
        ("Trace", Some(answer.traces.join(", ")).filter(|text| !text.is_empty())),
    ];
    facts.extend(lines.into_iter().filter_map(|(label, text)| Some(Fact::new(label, text?))));
    facts
}

/// A person as the payer knows them.
fn person(whose: &str, person: &AnswerPerson) -> Vec<Fact> {
    let sex = person.sex.as_deref().map(|sex| match sex {
        "F" => "Female".to_owned(),
        "M" => "Male".to_owned(),
        other => other.to_owned(),
    });
    let changed = person.changed.then(|| "The payer's data differ from what was asked".to_owned());
    let lines = [
        ("name", named(person)),
        ("member ID", person.member_id.clone()),
        ("date of birth", person.date_of_birth.map(format::date)),
        ("sex", sex),
        ("address", person.address.clone()),
        ("group number", person.group_number.clone()),
        ("data", changed),
    ];
    let known = lines.into_iter().filter_map(|(label, value)| {
        let label = if whose.is_empty() { capital(label) } else { format!("{whose}{label}") };
        Some(Fact::new(label, value?))
    });
    known.collect()
}

fn capital(label: &str) -> String {
    let (first, rest) = label.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}

/// What the matching form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SentMatch {
    patient: String,
}

/// Says whose a check is.
pub(crate) async fn match_patient(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Form(sent): Form<SentMatch>,
) -> Answer {
    let id: CheckId = parse_id(&id, "check")?;
    let Ok(patient) = sent.patient.parse::<PatientId>() else {
        staff.actor.must(Action::ImportEligibility)?;
        let faults = Invalid::one("q", "required", "Find the patient, then choose them.");
        return Ok(unprocessable(&filled(&web, staff, id, None, faults.into()).await?));
    };
    let home = format!("/eligibility/{id}");
    match match_check(&web.app, &staff.actor, id, patient).await {
        Ok(()) => Ok(done(&web, &home, "check_matched")),
        Err(error @ Error::NotFound(_)) => {
            // The same form, sent twice, has done its work.
            let view = read::check(&web.app, &staff.actor, id).await?;
            if view.row.patient == Some(patient) {
                return Ok(done(&web, &home, "check_matched"));
            }
            Err(error.into())
        }
        Err(other) => Err(other.into()),
    }
}

/// The payer's text as it came, to be kept as a file and never shown as a page. It is handed out
/// part by part.
pub(crate) async fn raw(State(web): State<Web>, staff: Staff, Path(id): Path<String>) -> Answer {
    let id: CheckId = parse_id(&id, "check")?;
    let file = read::check_file(&web.app, &staff.actor, id).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/edi-x12".to_owned()),
        (header::CONTENT_LENGTH, file.size_bytes.to_string()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}\"", plain(&file.name, id)),
        ),
        (header::CONTENT_SECURITY_POLICY, "sandbox".to_owned()),
    ];
    let parts =
        stream::try_unfold((web, staff.actor, 0), move |(web, actor, part_no)| async move {
            let part = read::check_file_part(&web.app, &actor, id, part_no).await?;
            Ok::<_, Error>(part.map(|part| (part, (web, actor, part_no + 1))))
        });
    Ok((headers, Body::from_stream(parts)).into_response())
}

/// A name of a file without anything that a header or a file system minds.
fn plain(name: &str, id: CheckId) -> String {
    let safe = |letter: char| {
        if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '_' }
    };
    let plain: String = name.chars().take(MAX_NAME_LETTERS).map(safe).collect();
    let plain = plain.trim_matches(['.', '_']);
    if plain.is_empty() { format!("{id}.271") } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_downloads_are_plain() {
        let id = CheckId::new(7);
        assert_eq!(plain("a b\"\r\nX: y.271", id), "a_b___X__y.271");
        assert_eq!(plain("..", id), "ELG-007.271");
        assert_eq!(plain("søn.271", id), "s_n.271");
    }

    #[test]
    fn facts_about_a_dependent_say_whose_they_are() {
        let known = AnswerPerson { member_id: Some("M1".to_owned()), ..AnswerPerson::default() };
        assert_eq!(person("", &known)[0].label, "Member ID");
        assert_eq!(person("Subscriber's ", &known)[0].label, "Subscriber's member ID");
    }
}
