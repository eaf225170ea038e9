//! Says that two patients who look alike are two people, so that nobody is asked again.

use almoner_domain::{Invalid, PatientId};
use almoner_store::{duplicates, patients};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::record;

/// Writes it down on both.
///
/// # Errors
/// No permission, no such patients, or the database failed.
pub async fn keep_apart(
    app: &App,
    actor: &Actor,
    (one, other): (PatientId, PatientId),
) -> Result<(), Error> {
    actor.must(Action::MergePatients)?;
    if one == other {
        let message = "Choose another patient; this is the same one.";
        return Err(Invalid::one("other", "same", message).into());
    }
    let (org, now) = (actor.org(), app.now());
    let (low, high) = (one.min(other), one.max(other));
    let mut tx = app.db.begin().await?;
    for id in [low, high] {
        patients::lock(&mut tx, org, id).await?.ok_or(Error::NotFound("patient"))?;
    }
    duplicates::set_two_people(&mut tx, org, (low, high), actor.user(), now).await?;
    for (id, beside) in [(low, high), (high, low)] {
        let detail = json!({ "beside": beside });
        let subject = ("patient", id.seq());
        record::happened(app, actor, &mut tx, "patients_kept_apart", subject, detail).await?;
    }
    tx.commit().await?;
    Ok(())
}
