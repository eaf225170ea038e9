//! Notes on payments.

use almoner_app::add_note::{AddNote, add_note};
use almoner_app::read_notes;
use almoner_domain::PaymentId;
use almoner_store::notes::Note;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::body::Body;
use crate::api::caller::{Caller, Thing, showing};
use crate::api::fields::{self, Fields, FromFields};
use crate::api::json;
use crate::api::listing::Listed;
use crate::api::once::OnceKey;
use crate::api::problem::Answer;
use crate::handlers::parse_id;
use crate::state::Web;

pub(super) fn calls() -> OpenApiRouter<Web> {
    OpenApiRouter::default().routes(routes!(list, add))
}

/// A note to be added.
#[derive(Debug, ToSchema)]
pub(super) struct NoteBody {
    /// Plain text with line breaks.
    #[schema(value_type = String, min_length = 1, max_length = 10_000, example = "Called.")]
    note: String,
}

impl FromFields for NoteBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { note: fields.required("note", |json| fields::text(json).map(str::to_owned))? })
    }
}

/// A note.
#[derive(Debug, Serialize, ToSchema)]
struct NoteAnswer {
    /// Its number on the payment, from one.
    number: i64,
    /// Who wrote it: a member of the staff, or a key.
    author: String,
    /// What it says.
    note: String,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was edited last.
    #[schema(value_type = Option<String>, format = DateTime)]
    edited_at: Option<Timestamp>,
    /// What it said before it was edited, the newest first.
    earlier: Vec<EarlierNote>,
}

/// What a note said before it was edited.
#[derive(Debug, Serialize, ToSchema)]
struct EarlierNote {
    /// What it said.
    note: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    written_at: Timestamp,
}

impl From<Note> for NoteAnswer {
    fn from(note: Note) -> Self {
        let earlier = note.earlier.into_iter();
        Self {
            number: note.number,
            author: note.author_name,
            note: note.body,
            created_at: note.created_at,
            edited_at: note.edited_at,
            earlier: earlier
                .map(|text| EarlierNote { note: text.body, written_at: text.written_at })
                .collect(),
        }
    }
}

/// List the notes on a payment
///
/// All of them on one page, the newest first.
#[utoipa::path(
    get,
    path = "/payments/{id}/notes",
    tag = "Payments",
    security(("key" = ["payments:read"])),
    params(("id" = String, Path, description = "The payment's id.", example = "PAY-001")),
    responses((status = 200, description = "The notes.", body = Listed<NoteAnswer>)),
)]
async fn list(State(web): State<Web>, caller: Caller, Path(id): Path<String>) -> Answer {
    let id: PaymentId = parse_id(&id, "payment")?;
    let notes = read_notes::notes(&web.app, &caller.actor, id).await?;
    let notes = notes.into_iter().map(NoteAnswer::from).collect();
    let answer = Listed::whole(notes, None);
    Ok(showing(vec![Thing::Payment(id)], json(StatusCode::OK, &answer)))
}

/// The number of a note that was added.
#[derive(Debug, Serialize, ToSchema)]
struct AddedNote {
    /// Its number on the payment, from one.
    number: i64,
}

/// Add a note to a payment
///
/// Whatever the payment's status. Nobody edits the note of a program.
#[utoipa::path(
    post,
    path = "/payments/{id}/notes",
    tag = "Payments",
    security(("key" = ["payments:write"])),
    params(("id" = String, Path, description = "The payment's id.", example = "PAY-001")),
    request_body = NoteBody,
    responses((status = 201, description = "It was added.", body = AddedNote)),
)]
async fn add(
    State(web): State<Web>,
    caller: Caller,
    OnceKey(key): OnceKey,
    Path(id): Path<String>,
    Body(NoteBody { note }): Body<NoteBody>,
) -> Answer {
    let payment: PaymentId = parse_id(&id, "payment")?;
    let input = AddNote { payment, body: note, key };
    let number = add_note(&web.app, &caller.actor, input).await?;
    Ok(json(StatusCode::CREATED, &AddedNote { number }))
}
