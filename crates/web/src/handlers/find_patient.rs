//! The step before a form that needs a patient.

use almoner_app::permission::Action;
use almoner_app::{Actor, Error, read};
use almoner_domain::{PatientId, name};
use axum::response::{IntoResponse, Redirect};

use super::patient_match;
use crate::failure::{Answer, html};
use crate::session::Staff;
use crate::state::Web;
use crate::view::parts::{Errors, PatientMatch};
use crate::view::payments::new::{FindFor, FindPatientPage};

/// Patients whom a search shows at most.
const MAX_RESULTS: usize = 10;

/// Patients whose name has all words of `q`, and whether there are more; none for no words.
pub(crate) async fn matches(
    web: &Web,
    actor: &Actor,
    q: &str,
) -> Result<(Vec<PatientMatch>, bool), Error> {
    let words = name::search_words(q);
    if words.is_empty() {
        return Ok((Vec::new(), false));
    }
    let found = read::suggested_patients(&web.app, actor, &words, MAX_RESULTS + 1).await?;
    let shown = found.iter().take(MAX_RESULTS).map(patient_match).collect();
    Ok((shown, found.len() > MAX_RESULTS))
}

/// The page with its results; an exact id goes straight to the form.
pub(crate) async fn page(web: &Web, staff: Staff, purpose: FindFor, q: String) -> Answer {
    if let Ok(id) = q.trim().parse::<PatientId>() {
        let form = format!("{}?patient={id}", purpose.path());
        return Ok(Redirect::to(&form).into_response());
    }
    let (results, has_more) = matches(web, &staff.actor, &q).await?;
    Ok(html(&FindPatientPage {
        can_add: staff.actor.may(Action::SavePatient),
        shell: staff.shell,
        purpose,
        q,
        results,
        has_more,
        errors: Errors::default(),
    }))
}
