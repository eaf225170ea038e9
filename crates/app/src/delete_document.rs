//! Deletes a document. It can be restored for thirty days; then its bytes are removed.

use almoner_domain::PaymentId;
use almoner_store::{documents, payments};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::record;

/// Deletes a document; one that is deleted stays so.
///
/// # Errors
/// No permission, or no such document.
pub async fn delete_document(
    app: &App,
    actor: &Actor,
    (payment, number): (PaymentId, i64),
) -> Result<(), Error> {
    actor.must(Action::KeepDocuments)?;
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    payments::lock(&mut tx, org, payment).await?.ok_or(Error::NotFound("payment"))?;
    let document = documents::get(&mut tx, org, (payment, number)).await?;
    let document = document.ok_or(Error::NotFound("document"))?;
    if document.deleted_at.is_some() {
        return Ok(());
    }
    let deleted = Some((actor.user(), now));
    documents::set_deleted(&mut tx, org, (payment, number), deleted).await?;
    let detail = json!({ "document": number, "name": document.name });
    let subject = ("payment", payment.seq());
    record::happened_at(app, actor, &mut tx, ("document_deleted", subject, now), detail).await?;
    tx.commit().await?;
    Ok(())
}
