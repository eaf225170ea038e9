//! Edits a note, by its author and for a short time; what it said before is kept.

use almoner_domain::text::{self, MAX_NOTE_BYTES};
use almoner_domain::{Invalid, PaymentId};
use almoner_store::author::Author;
use almoner_store::notes::{self, Note};
use almoner_store::payments;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;
use crate::record;

/// How long after it was written a note may be edited.
pub const EDITABLE: SignedDuration = SignedDuration::from_mins(15);

/// Another text for a note.
#[derive(Debug, Clone)]
pub struct EditNote {
    /// On which payment.
    pub payment: PaymentId,
    /// The note's number.
    pub number: i64,
    /// The version that the author saw.
    pub version: i64,
    /// What it says from now on.
    pub body: String,
}

/// Whether this actor may edit a note at that moment.
pub fn is_editable(actor: &Actor, note: &Note, now: Timestamp) -> bool {
    let is_author = match note.author {
        Author::User(user) => actor.user() == Some(user),
        Author::Key(key) => actor.key_id() == Some(key),
    };
    is_author && now <= note.created_at + EDITABLE
}

/// Gives a note another text.
///
/// # Errors
/// No permission, no such note, somebody else's note or one that is too old, an empty or too long
/// text, or a note that was edited meanwhile.
pub async fn edit_note(app: &App, actor: &Actor, input: EditNote) -> Result<(), Error> {
    actor.must(Action::AddNote)?;
    let body = text::paragraph("note", &input.body, MAX_NOTE_BYTES)?;
    let body = body.ok_or_else(|| Invalid::one("note", "required", "A note says something."))?;
    let (org, now, payment) = (actor.org(), app.now(), input.payment);
    let mut tx = app.db.begin().await?;
    payments::lock(&mut tx, org, payment).await?.ok_or(Error::NotFound("payment"))?;
    let note = notes::get(&mut tx, org, (payment, input.number)).await?;
    let note = note.ok_or(Error::NotFound("note"))?;
    if note.body == body {
        return Ok(());
    }
    if !is_editable(actor, &note, now) {
        let message = "A note is edited by its author, within 15 minutes. Add another note.";
        return Err(Invalid::one("note", "too_late", message).into());
    }
    if note.version != input.version {
        return Err(Error::Stale { current: note.version });
    }
    notes::edit(&mut tx, org, payment, (&note, &body), now).await?;
    let (subject, detail) = (("payment", payment.seq()), json!({ "note": note.number }));
    record::happened_at(app, actor, &mut tx, ("note_edited", subject, now), detail).await?;
    tx.commit().await?;
    Ok(())
}
