//! Removes the bytes of documents that were deleted long ago, and bytes to which no document ever
//! came to refer.

use almoner_domain::document::RESTORABLE_DAYS;
use almoner_store::stored_files::FileId;
use almoner_store::{documents, stored_files};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::record;

/// Documents or files that are taken up at a time.
const BATCH: i64 = 100;
/// After how long a file whose removal did not succeed is taken up again. No removal takes as
/// long, so that two servers never have hold of the same one.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// Removes what is due, and gives how many files that were.
///
/// # Errors
/// The database or the store of documents failed; what is due is taken up again.
pub async fn remove_documents(app: &App, actor: &Actor) -> Result<usize, Error> {
    let now = app.now();
    let until = now - SignedDuration::from_hours(24 * RESTORABLE_DAYS);
    let mut tx = app.db.read().await?;
    let is_any = documents::any_long_deleted(&mut tx, actor.org(), until).await?
        || stored_files::any_due(&mut tx, actor.org(), now).await?;
    drop(tx);
    if !is_any {
        return Ok(0);
    }
    end_long_deleted(app, actor, (until, now)).await?;
    let mut removed = 0;
    let mut failed = None;
    for file in take_due(app, actor, now).await? {
        match remove(app, actor, &file).await {
            Ok(()) => removed += 1,
            // The others may still go.
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(removed), Err)
}

/// From now on these documents cannot be restored.
async fn end_long_deleted(
    app: &App,
    actor: &Actor,
    (until, now): (Timestamp, Timestamp),
) -> Result<(), Error> {
    let org = actor.org();
    let mut tx = app.db.begin().await?;
    for (place, file) in documents::long_deleted(&mut tx, org, until, BATCH).await? {
        documents::remove(&mut tx, org, place).await?;
        stored_files::let_go(&mut tx, org, &file, now).await?;
        let (subject, detail) = (("payment", place.0.seq()), json!({ "document": place.1 }));
        let what = ("document_removed", subject, now);
        record::happened_at(app, actor, &mut tx, what, detail).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn take_due(app: &App, actor: &Actor, now: Timestamp) -> Result<Vec<FileId>, Error> {
    let mut tx = app.db.begin().await?;
    let times = (now, now + AGAIN_AFTER);
    let due = stored_files::take_due(&mut tx, actor.org(), times, BATCH).await?;
    tx.commit().await?;
    Ok(due)
}

async fn remove(app: &App, actor: &Actor, file: &FileId) -> Result<(), Error> {
    app.files.remove(actor.org(), file).await?;
    let mut tx = app.db.begin().await?;
    stored_files::forget(&mut tx, actor.org(), file).await?;
    tx.commit().await?;
    Ok(())
}
