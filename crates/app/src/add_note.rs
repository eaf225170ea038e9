//! Adds a note to a payment, whatever its status.

use almoner_domain::text::{self, MAX_NOTE_BYTES};
use almoner_domain::{Invalid, PaymentId};
use almoner_store::idempotency::{self, Seen};
use almoner_store::{notes, payments};
use serde_json::json;

use crate::context::{Actor, App, request_hash};
use crate::error::Error;
use crate::permission::Action;
use crate::record;

/// A note to be added.
#[derive(Debug, Clone)]
pub struct AddNote {
    /// On which payment.
    pub payment: PaymentId,
    /// What it says.
    pub body: String,
    /// The form's key, so that a second click adds nothing.
    pub key: Option<String>,
}

/// Adds the note and gives its number.
///
/// # Errors
/// No permission, no such payment, an empty or too long text.
pub async fn add_note(app: &App, actor: &Actor, input: AddNote) -> Result<i64, Error> {
    actor.must(Action::AddNote)?;
    let body = text::paragraph("note", &input.body, MAX_NOTE_BYTES)?;
    let body = body.ok_or_else(|| Invalid::one("note", "required", "Write the note first."))?;
    let author = actor.author().ok_or(Error::Forbidden(Action::AddNote))?;
    let (org, now) = (actor.org(), app.now());
    let hash = request_hash(&(input.payment, &body));
    let mut tx = app.db.begin().await?;
    let payment = payments::lock(&mut tx, org, input.payment).await?;
    let payment = payment.ok_or(Error::NotFound("payment"))?;
    if let Some(key) = &input.key {
        match idempotency::look(&mut tx, org, "add_note", key, &hash).await? {
            Seen::New => {}
            Seen::Same(number) => return Ok(number),
            Seen::Other => return Err(Error::KeyReused),
        }
    }
    let number = notes::insert(&mut tx, org, payment.id, (author, &body), now).await?;
    let subject = ("payment", payment.id.seq());
    record::happened(app, actor, &mut tx, "note_added", subject, json!({ "note": number })).await?;
    if let Some(key) = &input.key {
        idempotency::keep(&mut tx, org, ("add_note", key), &hash, number, now).await?;
    }
    tx.commit().await?;
    Ok(number)
}
