//! Takes the deletion of a document back, while its bytes are there.

use almoner_domain::PaymentId;
use almoner_store::{documents, payments};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::record;

/// Restores a deleted document; one that is there stays so.
///
/// # Errors
/// No permission, or there is no such document any more.
pub async fn restore_document(
    app: &App,
    actor: &Actor,
    (payment, number): (PaymentId, i64),
) -> Result<(), Error> {
    actor.must(Action::KeepDocuments)?;
    let org = actor.org();
    let mut tx = app.db.begin().await?;
    payments::lock(&mut tx, org, payment).await?.ok_or(Error::NotFound("payment"))?;
    let document = documents::get(&mut tx, org, (payment, number)).await?;
    let document = document.filter(|document| document.file.is_some());
    let document = document.ok_or(Error::NotFound("document"))?;
    if document.deleted_at.is_none() {
        return Ok(());
    }
    documents::set_deleted(&mut tx, org, (payment, number), None).await?;
    let detail = json!({ "document": number, "name": document.name });
    let subject = ("payment", payment.seq());
    record::happened(app, actor, &mut tx, "document_restored", subject, detail).await?;
    tx.commit().await?;
    Ok(())
}
