//! Documents of payments.

use std::collections::BTreeMap;

use almoner_app::add_document::{AddDocument, add_document};
use almoner_app::permission::Action;
use almoner_app::read_documents;
use almoner_app::receive_file::Receiving;
use almoner_domain::document::DocumentKind;
use almoner_domain::{PaymentId, text};
use almoner_store::documents::Document;
use axum::extract::multipart::{Multipart, MultipartError, MultipartRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, RefOr, Response as Described, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::caller::{Caller, Thing, showing};
use crate::api::json;
use crate::api::listing::Listed;
use crate::api::problem::{Answer, Code, Problem};
use crate::handlers::attachment::{self, Shown};
use crate::handlers::parse_id;
use crate::state::Web;

/// What a body has beside the file: the marks around it.
const MARKS_BYTES: usize = 64 * 1024;

pub(super) fn calls() -> OpenApiRouter<Web> {
    OpenApiRouter::default().routes(routes!(list, add)).routes(routes!(content))
}

/// The largest body that is taken.
pub(super) fn max_body_bytes(web: &Web) -> usize {
    web.app.max_document_bytes + MARKS_BYTES
}

/// A document.
#[derive(Debug, Serialize, ToSchema)]
struct DocumentAnswer {
    /// Its number on the payment, from one.
    number: i64,
    /// Its name.
    #[schema(example = "card.png")]
    name: String,
    /// What it is, by its content: `pdf`, `png`, `jpeg`, `heic`, `tiff`, `txt`, `csv`, `docx` or
    /// `xlsx`.
    #[schema(example = "png")]
    kind: &'static str,
    /// How long it is.
    size_bytes: i64,
    /// SHA-256 of its content, in hexadecimal digits.
    sha256: String,
    /// Who added it: a member of the staff, or a key.
    added_by: Option<String>,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    added_at: Timestamp,
}

impl From<Document> for DocumentAnswer {
    fn from(document: Document) -> Self {
        Self {
            number: document.number,
            name: document.name,
            kind: document.kind.as_str(),
            size_bytes: document.size_bytes,
            sha256: text::hex(&document.hash),
            added_by: document.added_by,
            added_at: document.added_at,
        }
    }
}

/// List the documents of a payment
///
/// All of them on one page, the newest first, without those that were deleted.
#[utoipa::path(
    get,
    path = "/payments/{id}/documents",
    tag = "Payments",
    security(("key" = ["payments:read"])),
    params(("id" = String, Path, description = "The payment's id.", example = "PAY-001")),
    responses((status = 200, description = "The documents.", body = Listed<DocumentAnswer>)),
)]
async fn list(State(web): State<Web>, caller: Caller, Path(id): Path<String>) -> Answer {
    let id: PaymentId = parse_id(&id, "payment")?;
    let found = read_documents::documents(&web.app, &caller.actor, id).await?;
    let there = found.into_iter().filter(|document| document.deleted_at.is_none());
    let answer = Listed::whole(there.map(DocumentAnswer::from).collect(), None);
    Ok(showing(vec![Thing::Payment(id)], json(StatusCode::OK, &answer)))
}

/// A document that was added.
#[derive(Debug, Serialize, ToSchema)]
struct AddedDocument {
    /// Its number on the payment, from one.
    number: i64,
    /// What it is called: made harmless, with an ending that fits its content.
    #[schema(example = "card.png")]
    name: String,
}

/// A form with one file.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes the form, which is read as it comes")]
struct DocumentBody {
    /// The file, with its name.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Add a document to a payment
///
/// One file, as the field `file` of a form; whatever the payment's status. What it is is judged by
/// its content.
#[utoipa::path(
    post,
    path = "/payments/{id}/documents",
    tag = "Payments",
    security(("key" = ["payments:write"])),
    params(("id" = String, Path, description = "The payment's id.", example = "PAY-001")),
    request_body(content = DocumentBody, content_type = "multipart/form-data"),
    responses((status = 201, description = "It was added.", body = AddedDocument)),
)]
async fn add(
    State(web): State<Web>,
    caller: Caller,
    Path(id): Path<String>,
    upload: Result<Multipart, MultipartRejection>,
) -> Answer {
    let payment: PaymentId = parse_id(&id, "payment")?;
    caller.actor.must(Action::KeepDocuments)?;
    let upload = upload.map_err(|_| {
        let detail = "Send the file as the field `file` of `multipart/form-data`.";
        Problem::new(Code::UnsupportedMediaType, detail)
    })?;
    let document = received(payment, upload, web.app.max_document_bytes).await?;
    let added = add_document(&web.app, &caller.actor, document).await.map_err(of_file)?;
    let answer = AddedDocument { number: added.number, name: added.name };
    Ok(json(StatusCode::CREATED, &answer))
}

/// The one file of a form.
async fn received(
    payment: PaymentId,
    mut upload: Multipart,
    max_bytes: usize,
) -> Result<AddDocument, Problem> {
    let mut document = None;
    while let Some(mut field) = upload.next_field().await.map_err(|error| cut_off(&error))? {
        if field.name() != Some("file") || document.is_some() {
            return Err(Problem::field("file", "one_only", "Send one field, `file`."));
        }
        let name = field.file_name().unwrap_or_default().to_owned();
        let mut receiving = Receiving::up_to(max_bytes);
        while let Some(bytes) = field.chunk().await.map_err(|error| cut_off(&error))? {
            receiving.add(&bytes)?;
        }
        let content = Ok(receiving.end()?);
        document = Some(AddDocument { payment, name, content, key: None });
    }
    document.ok_or_else(|| Problem::field("file", "required", "Send a file."))
}

fn cut_off(error: &MultipartError) -> Problem {
    let code = match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Code::PayloadTooLarge,
        _ => Code::MalformedRequest,
    };
    Problem::new(code, code.meaning())
}

/// What is wrong with the file, under the name that the field has here.
fn of_file(error: almoner_app::Error) -> Problem {
    match error {
        almoner_app::Error::Invalid(mut faults) => {
            for fault in &mut faults.0 {
                "file".clone_into(&mut fault.field);
            }
            faults.into()
        }
        other => other.into(),
    }
}

/// The content of a document, whole or in part, of each type that one may be of.
enum DocumentContent {}

impl IntoResponses for DocumentContent {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        let bytes = ObjectBuilder::new().schema_type(Type::String).build();
        let content = ContentBuilder::new().schema(Some(bytes)).build();
        let told = |description: &str| {
            let response = ResponseBuilder::new().description(description);
            let types = DocumentKind::ALL.into_iter().map(DocumentKind::media_type);
            RefOr::T(types.fold(response, |all, kind| all.content(kind, content.clone())).build())
        };
        let whole = told("The content, of the document's own type.");
        let range = told("The range that was asked for.");
        [("200".to_owned(), whole), ("206".to_owned(), range)].into()
    }
}

/// Read a document
///
/// Its content, as it was added. One range of it may be asked for, as by a program that goes on
/// with a download that broke off; `If-Range` takes the `ETag` of what came before.
#[utoipa::path(
    get,
    path = "/payments/{id}/documents/{number}",
    tag = "Payments",
    security(("key" = ["payments:read"])),
    params(
        ("id" = String, Path, description = "The payment's id.", example = "PAY-001"),
        ("number" = i64, Path, description = "The document's number.", example = 1),
    ),
    responses(DocumentContent),
)]
async fn content(
    State(web): State<Web>,
    caller: Caller,
    Path((id, number)): Path<(String, String)>,
    asked: attachment::Asked,
) -> Answer {
    let payment: PaymentId = parse_id(&id, "payment")?;
    let number = number.parse().map_err(|_| almoner_app::Error::NotFound("document"))?;
    let place = (payment, number);
    let document = read_documents::document(&web.app, &caller.actor, place).await?;
    let range = asked.of(&document).map_err(|outside| {
        let (name, value) = outside.header();
        let code = Code::RangeNotSatisfiable;
        Problem::new(code, code.meaning()).with_header(name, value)
    })?;
    let who = (&web.app, &caller.actor);
    let answer = attachment::document(who, Shown::Attached, &document, range).await?;
    Ok(showing(vec![Thing::Document(payment, number)], answer))
}
