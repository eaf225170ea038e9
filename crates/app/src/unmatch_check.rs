//! Takes a check back from a patient whose it is not: it waits in the inbox again.

use almoner_domain::{CheckId, PatientId, name, text};
use almoner_store::eligibility;
use serde_json::json;

use crate::check_answer::StoredAnswer;
use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::record;

/// Takes the check back from that patient. What payments were estimated from it stays with them.
///
/// # Errors
/// No permission, no reason, a check that is not that patient's.
pub async fn unmatch_check(
    app: &App,
    actor: &Actor,
    (check, patient): (CheckId, PatientId),
    reason: &str,
) -> Result<(), Error> {
    actor.must(Action::UnmatchCheck)?;
    let org = actor.org();
    let reason = text::required_line("reason", "why the check is taken back", reason)?;
    let mut tx = app.db.begin().await?;
    let row = eligibility::get(&mut tx, org, check).await?.ok_or(Error::NotFound("check"))?;
    let person = StoredAnswer::read(&row.answer)?.patient;
    let [last, first] = [person.last_name, person.first_name].map(Option::unwrap_or_default);
    let given = name::sort_key(&last, &first);
    if !eligibility::take_back(&mut tx, org, (check, patient), &given, &reason).await? {
        return Err(Error::NotFound("check of this patient"));
    }
    let detail = json!({ "patient": patient, "reason": reason });
    let subject = ("eligibility_check", check.seq());
    record::happened(app, actor, &mut tx, "check_unmatched", subject, detail).await?;
    tx.commit().await?;
    Ok(())
}
