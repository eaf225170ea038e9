//! Gives a check that waits in the inbox to a patient.

use almoner_domain::{CheckId, PatientId};
use almoner_store::{Tx, eligibility, patients};
use serde_json::json;

use crate::check_answer::StoredAnswer;
use crate::compare_person::{compare, differing};
use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::record;

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
    give_check(app, actor, &mut tx, check, patient).await?;
    tx.commit().await?;
    Ok(())
}

/// Gives a waiting check to a patient, and writes down in what the payer's picture of the person is
/// another than the clinic's.
pub(crate) async fn give_check(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    check: CheckId,
    patient: PatientId,
) -> Result<(), Error> {
    let org = actor.org();
    let found = patients::lock_current(tx, org, patient).await?;
    let found = found.ok_or(Error::NotFound("patient"))?;
    let patient = found.id;
    if !eligibility::set_patient(tx, org, check, patient).await? {
        return Err(Error::NotFound("waiting eligibility check"));
    }
    let row = eligibility::get(tx, org, check).await?.ok_or(Error::NotFound("check"))?;
    let answer = StoredAnswer::read(&row.answer)?;
    let coverages = patients::coverages(tx, org, patient).await?;
    let differs = differing(&compare(&answer, &row.payer, &found, &coverages));
    let detail = json!({ "patient": patient, "differs": differs });
    let subject = ("eligibility_check", check.seq());
    record::happened(app, actor, tx, "check_matched", subject, detail).await
}
