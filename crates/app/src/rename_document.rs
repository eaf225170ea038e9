//! Gives a document another name.

use almoner_domain::PaymentId;
use almoner_store::{documents, payments};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::record;

/// Renames a document that is there.
///
/// # Errors
/// No permission, no such document, a name that cannot be taken.
pub async fn rename_document(
    app: &App,
    actor: &Actor,
    (payment, number): (PaymentId, i64),
    name: &str,
) -> Result<(), Error> {
    actor.must(Action::KeepDocuments)?;
    let org = actor.org();
    let mut tx = app.db.begin().await?;
    payments::lock(&mut tx, org, payment).await?.ok_or(Error::NotFound("payment"))?;
    let document = documents::get(&mut tx, org, (payment, number)).await?;
    let document = document.filter(|document| document.deleted_at.is_none());
    let document = document.ok_or(Error::NotFound("document"))?;
    let name = document.kind.new_name("name", name)?;
    if name == document.name {
        return Ok(());
    }
    documents::rename(&mut tx, org, (payment, number), &name).await?;
    let detail = json!({ "document": number, "name": [document.name, name] });
    let subject = ("payment", payment.seq());
    record::happened(app, actor, &mut tx, "document_renamed", subject, detail).await?;
    tx.commit().await?;
    Ok(())
}
