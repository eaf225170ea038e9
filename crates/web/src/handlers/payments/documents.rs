//! The documents of a payment: added, shown, handed out, renamed, deleted, restored.

use almoner_app::add_document::{AddDocument, Added, add_document};
use almoner_app::delete_document::delete_document;
use almoner_app::permission::Action;
use almoner_app::read_documents;
use almoner_app::receive_file::{NotReceived, Received, Receiving};
use almoner_app::rename_document::rename_document;
use almoner_app::restore_document::restore_document;
use almoner_app::{Actor, Error};
use almoner_domain::document::RESTORABLE_DAYS;
use almoner_domain::{Invalid, PaymentId};
use almoner_store::documents::Document;
use axum::extract::multipart::{Field, Multipart, MultipartError, MultipartRejection};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use axum_extra::extract::Form;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::detail::filled;
use crate::failure::{Answer, html, unprocessable};
use crate::format;
use crate::handlers::attachment::{self, Shown};
use crate::handlers::parse_id;
use crate::session::{Staff, done};
use crate::state::Web;
use crate::uploads::Place;
use crate::view::payments::documents::{
    DeletedRow, DocumentRow, DocumentsBlock, MIB, Sent, size_text,
};

/// Files that are taken at a time.
pub(crate) const MAX_AT_ONCE: usize = 20;
/// The longest key of a form.
const MAX_KEY_BYTES: usize = 100;

fn place((payment, number): (String, String)) -> Result<(PaymentId, i64), Error> {
    let payment = parse_id(&payment, "payment")?;
    Ok((payment, number.parse().map_err(|_| Error::NotFound("document"))?))
}

/// The documents of a payment as its page shows them.
pub(super) async fn block(
    web: &Web,
    actor: &Actor,
    payment: PaymentId,
) -> Result<DocumentsBlock, Error> {
    let found = read_documents::documents(&web.app, actor, payment).await?;
    let (zone, now) = (&actor.organization.zone, web.app.now());
    let (deleted, there): (Vec<_>, Vec<_>) =
        found.iter().partition(|document| document.deleted_at.is_some());
    Ok(DocumentsBlock {
        can_add: actor.may(Action::KeepDocuments),
        key: web.form_key(),
        max_mb: web.app.max_document_bytes / MIB,
        sent: Vec::new(),
        rows: there.into_iter().map(|document| row(document, zone)).collect(),
        deleted: deleted.into_iter().filter_map(|row| deleted_row(row, zone, now)).collect(),
        refused_name: None,
    })
}

fn row(document: &Document, zone: &TimeZone) -> DocumentRow {
    let by = document.added_by.as_deref().unwrap_or("Almoner");
    DocumentRow {
        number: document.number,
        name: document.name.clone(),
        facts: format!("{} · {}", document.kind.label(), size_text(document.size_bytes)),
        added: format!("{by} · {}", format::moment(document.added_at, zone)),
        image: document.kind.shown_size(document.size_px),
        size_bytes: document.size_bytes,
    }
}

/// A deleted document, while it can be restored.
fn deleted_row(document: &Document, zone: &TimeZone, now: Timestamp) -> Option<DeletedRow> {
    let deleted_at = document.deleted_at?;
    let until = deleted_at + SignedDuration::from_hours(24 * RESTORABLE_DAYS);
    let by = document.deleted_by.as_deref().unwrap_or("Almoner");
    (now < until).then(|| DeletedRow {
        number: document.number,
        name: document.name.clone(),
        deleted: format!("{by} · {}", format::moment(deleted_at, zone)),
        until: format::moment(until, zone),
    })
}

/// Adds the files of the form, each as it comes. The pages' module sends each file alone, and
/// shows its part of the answer.
pub(crate) async fn add(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    headers: HeaderMap,
    held: Place,
    upload: Result<Multipart, MultipartRejection>,
) -> Answer {
    let id: PaymentId = parse_id(&id, "payment")?;
    let is_live = headers.contains_key("x-live");
    staff.actor.must(Action::KeepDocuments)?;
    if !almoner_app::read_payments::payment_exists(&web.app, &staff.actor, id).await? {
        return Err(Error::NotFound("payment").into());
    }
    let mut sent = Vec::new();
    let fault = match upload {
        Ok(upload) => taken(&web, &staff.actor, (id, &held), upload, &mut sent).await?,
        Err(_) => None,
    };
    if let Some(error) = sent.iter_mut().find_map(|sent: &mut Taken| sent.failure.take())
        && (is_live || sent.len() == 1)
    {
        return Err(error.into());
    }
    let all_well = sent.iter().all(|sent| sent.sent.fault.is_none());
    if fault.is_none() && all_well && !sent.is_empty() && !is_live {
        return Ok(done(&web, &format!("/payments/{id}"), "documents_added"));
    }
    let missing = sent.is_empty().then(|| ("required", "Choose a file.".to_owned()));
    let mut faults = Invalid::default();
    for (code, message) in fault.into_iter().chain(missing) {
        faults.push("files", code, message);
    }
    for sent in &sent {
        if let Some(fault) = &sent.sent.fault {
            faults.push("files", "not_taken", format!("{}: {fault}", sent.sent.name));
        }
    }
    let mut page = filled(&web, staff, id).await?;
    page.documents.sent = sent.into_iter().map(|sent| sent.sent).collect();
    // The module shows its own part; a browser would note another status as a failure of ours.
    if faults.0.is_empty() || (is_live && !page.documents.sent.is_empty()) {
        return Ok(html(&page));
    }
    page.errors = faults.into();
    Ok(unprocessable(&page))
}

/// What became of a file, and the failure of ours that stood in its way.
struct Taken {
    sent: Sent,
    failure: Option<Error>,
}

/// What is wrong with a form as a whole: a code and words.
type Fault = (&'static str, String);

/// Takes the files of a form, one after the other, so that one at most is held. Gives what ended
/// the form early.
async fn taken(
    web: &Web,
    actor: &Actor,
    (payment, held): (PaymentId, &Place),
    mut upload: Multipart,
    sent: &mut Vec<Taken>,
) -> Result<Option<Fault>, Error> {
    let mut key = None;
    loop {
        let field = match upload.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => return Ok(None),
            Err(error) => return Ok(Some(cut_off(&error))),
        };
        match field.name() {
            Some("key") => match field.text().await {
                Ok(text) if text.len() <= MAX_KEY_BYTES => key = Some(text),
                Ok(_) => return Err(Error::KeyReused),
                Err(error) => return Ok(Some(cut_off(&error))),
            },
            Some("files") if sent.len() == MAX_AT_ONCE => {
                let text = format!("At most {MAX_AT_ONCE} files are taken at a time.");
                return Ok(Some(("too_many", text)));
            }
            Some("files") => {
                let name = field.file_name().unwrap_or_default().to_owned();
                let content = match content(field, web.app.max_document_bytes).await {
                    Ok(content) => content,
                    Err(error) => return Ok(Some(cut_off(&error))),
                };
                // A browser sends one without name and content when none was chosen.
                let is_empty = content.as_ref().is_ok_and(|content| content.size_bytes() == 0);
                if !name.is_empty() || !is_empty {
                    let document = AddDocument { payment, name, content, key: key.clone() };
                    sent.push(one(web, actor, document, held).await?);
                }
            }
            _ => {}
        }
    }
}

/// A file as it comes. One that is too large is read to its end all the same, for others follow.
async fn content(
    mut field: Field<'_>,
    max_bytes: usize,
) -> Result<Result<Received, NotReceived>, MultipartError> {
    let mut receiving = Ok(Receiving::up_to(max_bytes));
    while let Some(bytes) = field.chunk().await? {
        receiving = receiving.and_then(|mut receiving| {
            receiving.add(&bytes)?;
            Ok(receiving)
        });
    }
    Ok(receiving.and_then(Receiving::end))
}

/// Adds a file. What was begun goes on when the browser goes away; that one cannot be kept now
/// hides nothing of what became of the others.
async fn one(
    web: &Web,
    actor: &Actor,
    document: AddDocument,
    held: &Place,
) -> Result<Taken, Error> {
    let name = shown_name(&document.name);
    let (app, actor, held) = (web.app.clone(), actor.clone(), held.clone());
    let adding = tokio::spawn(async move {
        let _held = held;
        add_document(&app, &actor, document).await
    });
    let added = adding.await.expect("adding a document does not panic");
    let sent = |fault| Sent { name: name.clone(), fault };
    match added {
        Ok(Added { name, .. }) => Ok(Taken { sent: Sent { name, fault: None }, failure: None }),
        Err(Error::Invalid(faults)) => {
            let words: Vec<String> = faults.0.into_iter().map(|fault| fault.message).collect();
            Ok(Taken { sent: sent(Some(words.join(" "))), failure: None })
        }
        Err(error @ (Error::Files(_) | Error::Store(_))) => {
            tracing::error!(error = crate::failure::chain(&error), "a document was not kept");
            let why = "It could not be kept now. Send it again in a minute.".to_owned();
            Ok(Taken { sent: sent(Some(why)), failure: Some(error) })
        }
        Err(other) => Err(other),
    }
}

/// The name of a file that is not taken, short enough to be shown.
fn shown_name(name: &str) -> String {
    let short = crate::view::parts::cut(name, 100);
    if short.trim().is_empty() { "File without a name".to_owned() } else { short }
}

fn cut_off(error: &MultipartError) -> Fault {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let text = "The files are too large together; send fewer at once.";
        return ("too_large", text.to_owned());
    }
    let text = "The upload was cut off; the files that are not listed were not added.";
    ("not_received", text.to_owned())
}

/// A document, to be kept.
pub(crate) async fn content_of(
    State(web): State<Web>,
    staff: Staff,
    Path(ids): Path<(String, String)>,
    asked: attachment::Asked,
) -> Answer {
    let document = read_documents::document(&web.app, &staff.actor, place(ids)?).await?;
    handed_out(&web, &staff.actor, (Shown::Attached, &document), &asked).await
}

/// A document as an image on a page.
pub(crate) async fn image(
    State(web): State<Web>,
    staff: Staff,
    Path(ids): Path<(String, String)>,
    asked: attachment::Asked,
) -> Answer {
    let document = read_documents::document(&web.app, &staff.actor, place(ids)?).await?;
    if document.kind.shown_size(document.size_px).is_none() {
        return Err(Error::NotFound("image").into());
    }
    handed_out(&web, &staff.actor, (Shown::Inline, &document), &asked).await
}

async fn handed_out(
    web: &Web,
    actor: &Actor,
    (shown, document): (Shown, &Document),
    asked: &attachment::Asked,
) -> Answer {
    match asked.of(document) {
        Ok(range) => Ok(attachment::document((&web.app, actor), shown, document, range).await?),
        Err(outside) => Ok((StatusCode::RANGE_NOT_SATISFIABLE, [outside.header()]).into_response()),
    }
}

/// What the form of a name sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SentName {
    name: String,
}

/// Gives a document another name.
pub(crate) async fn rename(
    State(web): State<Web>,
    staff: Staff,
    Path(ids): Path<(String, String)>,
    Form(sent): Form<SentName>,
) -> Answer {
    let (payment, number) = place(ids)?;
    match rename_document(&web.app, &staff.actor, (payment, number), &sent.name).await {
        Ok(()) => Ok(done(&web, &format!("/payments/{payment}"), "document_renamed")),
        Err(Error::Invalid(mut faults)) => {
            let mut page = filled(&web, staff, payment).await?;
            for fault in &mut faults.0 {
                fault.field = format!("name-{number}");
            }
            page.errors = faults.into();
            page.documents.refused_name = Some((number, sent.name));
            Ok(unprocessable(&page))
        }
        Err(other) => Err(other.into()),
    }
}

/// Deletes a document.
pub(crate) async fn delete(
    State(web): State<Web>,
    staff: Staff,
    Path(ids): Path<(String, String)>,
) -> Answer {
    let (payment, number) = place(ids)?;
    delete_document(&web.app, &staff.actor, (payment, number)).await?;
    Ok(done(&web, &format!("/payments/{payment}"), "document_deleted"))
}

/// Takes the deletion of a document back.
pub(crate) async fn restore(
    State(web): State<Web>,
    staff: Staff,
    Path(ids): Path<(String, String)>,
) -> Answer {
    let (payment, number) = place(ids)?;
    restore_document(&web.app, &staff.actor, (payment, number)).await?;
    Ok(done(&web, &format!("/payments/{payment}"), "document_restored"))
}

/// The largest form with documents that is read.
pub(crate) fn max_form_bytes(web: &Web) -> usize {
    MAX_AT_ONCE * web.app.max_document_bytes + MIB
}
