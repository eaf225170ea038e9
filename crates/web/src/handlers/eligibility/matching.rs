//! Whose a check is: the question, the answer, and taking the answer back.

use almoner_app::compare_person::{Compared, PersonField};
use almoner_app::match_check::match_check;
use almoner_app::permission::Action;
use almoner_app::unmatch_check::unmatch_check;
use almoner_app::{Error, read, read_inbox};
use almoner_domain::{CheckId, Invalid, PatientId};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::detail::page_with;
use crate::failure::{Answer, html, unprocessable};
use crate::format;
use crate::handlers::form_key::FormKey;
use crate::handlers::parse_id;
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::eligibility::inbox::{Candidate, MatchPage, Side, UnmatchPage};
use crate::view::parts::{Errors, PatientRef};

/// What the matching form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SentMatch {
    patient: String,
    /// The differences that were shown beside the button, parted by commas.
    seen: String,
}

/// Says whose a check is. Differences that the form did not show are shown first.
pub(crate) async fn submit(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Form(sent): Form<SentMatch>,
) -> Answer {
    let id: CheckId = parse_id(&id, "check")?;
    staff.actor.must(Action::ImportEligibility)?;
    let Ok(patient) = sent.patient.parse::<PatientId>() else {
        let faults = Invalid::one("q", "required", "Find the patient, then choose them.");
        return Ok(unprocessable(&page_with(&web, staff, id, None, faults.into()).await?));
    };
    let home = format!("/eligibility/{id}");
    let (row, _, compared) = read_inbox::comparison(&web.app, &staff.actor, id, patient).await?;
    if row.patient == Some(patient) {
        // The same form, sent twice, has done its work.
        return Ok(done(&web, &home, "check_matched"));
    }
    let compared = candidate(&compared);
    let seen: Vec<&str> = sent.seen.split(',').collect();
    let differing = compared.sides.iter().filter(|side| side.differs);
    let is_new = |side: &Side| !seen.contains(&side.name);
    if row.patient.is_none() && differing.into_iter().any(is_new) {
        let page = MatchPage {
            shell: staff.shell,
            id,
            outcome: row.outcome,
            payer: row.payer,
            candidate: compared,
            key: web.form_key(),
        };
        return Ok(html(&page));
    }
    match match_check(&web.app, &staff.actor, id, patient).await {
        Ok(()) => Ok(done(&web, &home, "check_matched")),
        Err(error @ Error::NotFound(_)) => {
            // Of two tabs the other may have been faster.
            let view = read::check(&web.app, &staff.actor, id).await?;
            if view.row.patient == Some(patient) {
                return Ok(done(&web, &home, "check_matched"));
            }
            Err(error.into())
        }
        Err(other) => Err(other.into()),
    }
}

/// A patient beside what the payer says.
pub(super) fn candidate(candidate: &read_inbox::Candidate) -> Candidate {
    let fields = &candidate.patient.fields;
    let name = format!("{} {}", fields.first_name, fields.last_name);
    Candidate {
        patient: PatientRef { id: candidate.patient.id, name },
        reasons: reasons(&candidate.compared),
        sides: sides(&candidate.compared),
    }
}

/// What speaks for a patient.
fn reasons(compared: &[Compared]) -> Vec<&'static str> {
    let is_same = |field: PersonField| {
        let pair = compared.iter().find(|pair| pair.field == field);
        pair.is_some_and(|pair| pair.theirs.is_some() && pair.ours.is_some() && !pair.differs)
    };
    let known = [
        (PersonField::MemberId, "Same member ID"),
        (PersonField::DateOfBirth, "Same date of birth"),
        (PersonField::LastName, "Same last name"),
    ];
    known.into_iter().filter(|(field, _)| is_same(*field)).map(|(_, reason)| reason).collect()
}

/// Fields of a person on both sides, as people read them. What neither side knows is left out.
pub(super) fn sides(compared: &[Compared]) -> Vec<Side> {
    let shown = |field: PersonField, value: &String| match (field, &**value) {
        (PersonField::DateOfBirth, date) => {
            date.parse().map_or_else(|_| value.clone(), format::date)
        }
        (PersonField::Sex, "F") => "Female".to_owned(),
        (PersonField::Sex, "M") => "Male".to_owned(),
        (PersonField::Sex, "X") => "Other".to_owned(),
        _ => value.clone(),
    };
    let known = compared.iter().filter(|pair| pair.theirs.is_some() || pair.ours.is_some());
    let side = |pair: &Compared| Side {
        name: pair.field.as_str(),
        label: pair.field.label(),
        theirs: pair.theirs.as_ref().map(|value| shown(pair.field, value)),
        ours: pair.ours.as_ref().map(|value| shown(pair.field, value)),
        differs: pair.differs,
    };
    known.map(side).collect()
}

/// What the form that takes a check back sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SentUnmatch {
    key: String,
    patient: String,
    reason: String,
}

/// The form that takes a check back from its patient.
pub(crate) async fn unmatch_form(
    State(web): State<Web>,
    staff: Staff,
    FormKey(key): FormKey,
    Path(id): Path<String>,
) -> Answer {
    let id: CheckId = parse_id(&id, "check")?;
    staff.actor.must(Action::UnmatchCheck)?;
    let sent = SentUnmatch { key, ..SentUnmatch::default() };
    match unmatch_page(&web, staff, id, sent, Errors::default()).await? {
        Some(page) => Ok(html(&page)),
        None => Ok(Redirect::to(&format!("/eligibility/{id}")).into_response()),
    }
}

/// The form; nothing when the check has no patient.
async fn unmatch_page(
    web: &Web,
    staff: Staff,
    id: CheckId,
    sent: SentUnmatch,
    errors: Errors,
) -> Result<Option<UnmatchPage>, Error> {
    let view = read::check(&web.app, &staff.actor, id).await?;
    let Some(patient) = &view.patient else {
        return Ok(None);
    };
    let fields = &patient.fields;
    let name = format!("{} {}", fields.first_name, fields.last_name);
    Ok(Some(UnmatchPage {
        shell: staff.shell,
        id,
        patient: PatientRef { id: patient.id, name },
        payer: view.row.payer.clone(),
        reason: sent.reason,
        key: sent.key,
        errors,
    }))
}

/// Takes a check back from the patient whom the form showed.
pub(crate) async fn unmatch(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Form(sent): Form<SentUnmatch>,
) -> Answer {
    let id: CheckId = parse_id(&id, "check")?;
    staff.actor.must(Action::UnmatchCheck)?;
    let home = format!("/eligibility/{id}");
    let patient: PatientId = parse_id(&sent.patient, "check of this patient")?;
    let error = match unmatch_check(&web.app, &staff.actor, (id, patient), &sent.reason).await {
        Ok(()) => return Ok(done(&web, &home, "check_unmatched")),
        Err(error) => error,
    };
    match error {
        Error::Invalid(faults) => match unmatch_page(&web, staff, id, sent, faults.into()).await? {
            Some(page) => Ok(unprocessable(&page)),
            None => Ok(Redirect::to(&home).into_response()),
        },
        Error::NotFound(_) => {
            // The same form, sent twice, has done its work.
            let view = read::check(&web.app, &staff.actor, id).await?;
            if view.row.patient.is_none() {
                return Ok(done(&web, &home, "check_unmatched"));
            }
            Err(error.into())
        }
        other => Err(other.into()),
    }
}
