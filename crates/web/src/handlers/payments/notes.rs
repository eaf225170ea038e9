//! The notes on a payment: added, and edited for a short time by their authors.

use almoner_app::add_note::{self, AddNote};
use almoner_app::edit_note::{self, EditNote, is_editable};
use almoner_app::{Actor, Error};
use almoner_domain::PaymentId;
use almoner_store::notes::Note;
use axum::extract::{Path, State};
use axum_extra::extract::Form;
use jiff::Timestamp;
use serde::Deserialize;

use super::detail::filled;
use crate::failure::{Answer, unprocessable};
use crate::format;
use crate::handlers::parse_id;
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::payments::detail::{EarlierText, NoteEdit, NoteRow};

/// What the form of a note sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SentNote {
    key: String,
    note: String,
}

/// Adds a note.
pub(crate) async fn add(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Form(sent): Form<SentNote>,
) -> Answer {
    let id: PaymentId = parse_id(&id, "payment")?;
    let note = AddNote { payment: id, body: sent.note.clone(), key: Some(sent.key) };
    match add_note::add_note(&web.app, &staff.actor, note).await {
        Ok(_) => Ok(done(&web, &format!("/payments/{id}"), "note_added")),
        Err(Error::Invalid(faults)) => {
            let mut page = filled(&web, staff, id).await?;
            page.errors = faults.into();
            page.note_entry = sent.note;
            Ok(unprocessable(&page))
        }
        Err(other) => Err(other.into()),
    }
}

/// What the form of a note's text sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SentText {
    version: String,
    note: String,
}

/// Gives a note another text.
pub(crate) async fn edit(
    State(web): State<Web>,
    staff: Staff,
    Path((id, number)): Path<(String, String)>,
    Form(sent): Form<SentText>,
) -> Answer {
    let payment: PaymentId = parse_id(&id, "payment")?;
    let number: i64 = number.parse().map_err(|_| Error::NotFound("note"))?;
    let version = sent.version.parse().unwrap_or_default();
    let input = EditNote { payment, number, version, body: sent.note.clone() };
    match edit_note::edit_note(&web.app, &staff.actor, input).await {
        Ok(()) => Ok(done(&web, &format!("/payments/{payment}"), "note_edited")),
        Err(Error::Invalid(mut faults)) => {
            let mut page = filled(&web, staff, payment).await?;
            for fault in &mut faults.0 {
                fault.field = format!("note-{number}");
            }
            page.errors = faults.into();
            if let Some(note) = page.notes.iter_mut().find(|note| note.number == number) {
                // What was typed is kept, even when it comes too late: it can be a note of its own.
                match &mut note.edit {
                    Some(edit) => edit.entry = sent.note,
                    None => page.note_entry = sent.note,
                }
            }
            Ok(unprocessable(&page))
        }
        Err(other) => Err(other.into()),
    }
}

/// A note as its page shows it.
pub(super) fn row(note: &Note, actor: &Actor, now: Timestamp) -> NoteRow {
    let zone = &actor.organization.zone;
    let earlier = |text: &almoner_store::notes::EarlierText| EarlierText {
        at: format::moment(text.written_at, zone),
        text: text.body.clone(),
    };
    NoteRow {
        number: note.number,
        author: note.author_name.clone(),
        at: format::moment(note.created_at, zone),
        text: note.body.clone(),
        edited: note.edited_at.map(|at| format::moment(at, zone)),
        earlier: note.earlier.iter().map(earlier).collect(),
        edit: is_editable(actor, note, now)
            .then(|| NoteEdit { version: note.version, entry: note.body.clone() }),
    }
}
