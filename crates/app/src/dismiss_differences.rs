//! Notes that what a payer says of a patient otherwise does not matter.

use almoner_domain::CheckId;
use almoner_store::eligibility;
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::record;

/// Dismisses the differences that a check shows. When they are dismissed already, nothing happens.
///
/// # Errors
/// No permission, no such check.
pub async fn dismiss_differences(app: &App, actor: &Actor, check: CheckId) -> Result<(), Error> {
    actor.must(Action::SavePatient)?;
    let org = actor.org();
    let mut tx = app.db.begin().await?;
    eligibility::get(&mut tx, org, check).await?.ok_or(Error::NotFound("check"))?;
    if !eligibility::dismiss_differences(&mut tx, org, check, app.now()).await? {
        return Ok(());
    }
    let subject = ("eligibility_check", check.seq());
    record::happened(app, actor, &mut tx, "differences_dismissed", subject, json!({})).await?;
    tx.commit().await?;
    Ok(())
}
