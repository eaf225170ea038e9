//! Gives a check that waits in the inbox to a patient.

use almoner_domain::{CheckId, PatientId};
use almoner_store::patients;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::save_patient::give_check;

/// Matches the check to the patient.
///
/// # Errors
/// No permission, no such patient, a check that is not waiting any more.
pub async fn match_check(
    app: &App,
    actor: &Actor,
    check: CheckId,
    patient: PatientId,
) -> Result<(), Error> {
    actor.must(Action::ImportEligibility)?;
    let mut tx = app.db.begin().await?;
    let found = patients::get(&mut tx, actor.org(), patient).await?;
    found.ok_or(Error::NotFound("patient"))?;
    give_check(app, actor, &mut tx, check, patient).await?;
    tx.commit().await?;
    Ok(())
}
