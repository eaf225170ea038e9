//! Notes that nothing is to be done about a file that could not be read.

use almoner_domain::text;
use almoner_store::eligibility;
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::record;

/// Takes the file with that content out of the inbox; it is kept. When it is out already, nothing
/// happens.
///
/// # Errors
/// No permission, no such unreadable file.
pub async fn dismiss_file(app: &App, actor: &Actor, hash: &[u8]) -> Result<(), Error> {
    actor.must(Action::ImportEligibility)?;
    let org = actor.org();
    let mut tx = app.db.begin().await?;
    if !eligibility::is_unreadable(&mut tx, org, hash).await? {
        return Err(Error::NotFound("file"));
    }
    if !eligibility::dismiss_file(&mut tx, org, hash, app.now()).await? {
        return Ok(());
    }
    // Files have no number of their own; the content's hash tells which it was.
    let detail = json!({ "file": text::hex(hash) });
    record::happened(app, actor, &mut tx, "file_dismissed", ("eligibility_file", 0), detail)
        .await?;
    tx.commit().await?;
    Ok(())
}
