//! Whether a patient agrees to e-mail.

use almoner_app::consent_email::consent_email;
use almoner_app::permission::Action;
use almoner_app::{Actor, Error, send_link};
use almoner_domain::PatientId;
use almoner_store::patients::Patient;
use axum::extract::{Path, State};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::failure::Answer;
use crate::format;
use crate::handlers::parse_id;
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::patients::ConsentBlock;

/// What a patient's page says of it; nothing without an e-mail address.
pub(crate) async fn block(
    web: &Web,
    actor: &Actor,
    patient: &Patient,
) -> Result<Option<ConsentBlock>, Error> {
    if patient.fields.email.is_none() {
        return Ok(None);
    }
    let agreed_at = send_link::email_consent(&web.app, actor, patient.id).await?;
    Ok(Some(ConsentBlock {
        key: web.form_key(),
        since: agreed_at.map(|at| format::day(at, &actor.organization.zone)),
        can_change: actor.may(Action::SavePatient),
    }))
}

/// What the form about e-mail sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    /// `1` when the patient agreed.
    agreed: String,
}

/// Notes whether a patient agrees to e-mail.
pub(crate) async fn submit(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Answer {
    let id: PatientId = parse_id(&id, "patient")?;
    let agreed = sent.agreed == "1";
    consent_email(&web.app, &staff.actor, id, agreed).await?;
    let code = if agreed { "consent_given" } else { "consent_withdrawn" };
    Ok(done(&web, &format!("/patients/{id}"), code))
}
