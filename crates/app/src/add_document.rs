//! Adds a document to a payment, whatever its status.
//!
//! The bytes are kept outside of the database, so they cannot be written in its transaction. A row
//! says that they are about to be; then they are written; then the document refers to them. What
//! is cut off in between is removed by `remove_documents`.

use almoner_domain::document::DocumentKind;
use almoner_domain::{Invalid, OrganizationId, PaymentId};
use almoner_store::documents::{self, NewDocument};
use almoner_store::idempotency::{self, Seen};
use almoner_store::stored_files::{self, FileId};
use almoner_store::{Tx, payments};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::context::{Actor, App, request_hash};
use crate::error::Error;
use crate::judge_document::{self, Judged};
use crate::permission::Action;
use crate::receive_file::{NotReceived, Received};
use crate::record;

/// Documents that a payment has at most, deleted ones with them.
pub const MAX_DOCUMENTS: i64 = 200;
/// How long bytes may lie there without a document that refers to them. Writing them takes
/// minutes at most.
const UNCLAIMED_AT_MOST: SignedDuration = SignedDuration::from_hours(24);
/// What keys of forms are kept under.
const SCOPE: &str = "add_document";

/// A document to be added.
#[derive(Debug)]
pub struct AddDocument {
    /// To which payment.
    pub payment: PaymentId,
    /// The name of the file.
    pub name: String,
    /// The file, or why it did not come.
    pub content: Result<Received, NotReceived>,
    /// The form's key: the same file is added once under it.
    pub key: Option<String>,
}

/// A document that was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// Its number on the payment.
    pub number: i64,
    /// What it is called.
    pub name: String,
}

/// Adds the document, or finds that the same form added it before.
///
/// # Errors
/// No permission, no such payment, a file that is not taken, or the store of documents or the
/// database failed.
pub async fn add_document(app: &App, actor: &Actor, input: AddDocument) -> Result<Added, Error> {
    actor.must(Action::KeepDocuments)?;
    let AddDocument { payment, name, content, key } = input;
    let (content, judged) = judged(content, &name).await?;
    let hash = content.hash().to_vec();
    let size_bytes = i64::try_from(content.size_bytes()).unwrap_or(i64::MAX);
    let name = judged.kind.name(&name);
    let asked = Asked { payment, request_hash: request_hash(&(payment, &name, &hash)), key };
    let file: FileId = app.random();
    if let Some(number) = begin(app, actor, &asked, &file).await? {
        return Ok(Added { number, name });
    }
    app.files.put(actor.org(), &file, content).await?;
    let Judged { kind, size_px } = judged;
    let (user, key) = (actor.user(), actor.key_id());
    let new = NewDocument { name, kind, size_bytes, hash, size_px, file, user, key };
    let number = commit(app, actor, &asked, &new).await?;
    Ok(Added { number, name: new.name })
}

/// What tells a request from another.
struct Asked {
    payment: PaymentId,
    request_hash: Vec<u8>,
    key: Option<String>,
}

impl Asked {
    /// A form sends many files under one key, so each of them has its own.
    fn key(&self) -> Option<String> {
        let hash = almoner_domain::text::hex(&self.request_hash);
        self.key.as_ref().map(|key| format!("{key}:{hash}"))
    }

    /// The document that the same request added before, unless it was deleted since.
    async fn before(&self, tx: &mut Tx, org: OrganizationId) -> Result<Option<i64>, Error> {
        let Some(key) = self.key() else {
            return Ok(None);
        };
        let seen = idempotency::look(tx, org, SCOPE, &key, &self.request_hash).await?;
        let Seen::Same(number) = seen else {
            return Ok(None);
        };
        let document = documents::get(tx, org, (self.payment, number)).await?;
        Ok(document.filter(|document| document.deleted_at.is_none()).map(|_| number))
    }
}

/// What the file is, when it is taken.
async fn judged(
    content: Result<Received, NotReceived>,
    name: &str,
) -> Result<(Received, Judged), Error> {
    let refused = |code: &str, message: String| Invalid::one("files", code, message);
    let mut content = content.map_err(|error| match error {
        NotReceived::TooLarge(_) => refused("too_large", sentence(&error)).into(),
        NotReceived::Unheld(error) => Error::Files(error.into()),
    })?;
    let name = name.to_owned();
    let judging = tokio::task::spawn_blocking(move || {
        let judged = judge_document::judge(&mut content, &name);
        judged.map(|judged| (content, judged))
    });
    let judged = judging.await.map_err(std::io::Error::other).and_then(|judged| judged);
    let (content, judged) = judged.map_err(|error| Error::Files(error.into()))?;
    let judged = judged.map_err(|refusal| {
        let (code, message) = refusal.told();
        refused(code, message)
    })?;
    Ok((content, judged))
}

fn sentence(error: &NotReceived) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

/// Notes that bytes are about to be written; gives the document that is there already.
async fn begin(
    app: &App,
    actor: &Actor,
    asked: &Asked,
    file: &FileId,
) -> Result<Option<i64>, Error> {
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    let payment = payments::get(&mut tx, org, asked.payment).await?;
    payment.ok_or(Error::NotFound("payment"))?;
    if let Some(number) = asked.before(&mut tx, org).await? {
        return Ok(Some(number));
    }
    room(&mut tx, org, asked.payment).await?;
    stored_files::begin(&mut tx, org, file, now + UNCLAIMED_AT_MOST).await?;
    tx.commit().await?;
    Ok(None)
}

/// Passes when the payment may have one more document.
async fn room(tx: &mut Tx, org: OrganizationId, payment: PaymentId) -> Result<(), Error> {
    if documents::count(tx, org, payment).await? < MAX_DOCUMENTS {
        return Ok(());
    }
    let message = format!("A payment has at most {MAX_DOCUMENTS} documents.");
    Err(Invalid::one("files", "too_many", message).into())
}

/// Has the document refer to its bytes, which are written by now.
async fn commit(app: &App, actor: &Actor, asked: &Asked, new: &NewDocument) -> Result<i64, Error> {
    let (org, now) = (actor.org(), app.now());
    let mut tx = app.db.begin().await?;
    let payment = payments::lock(&mut tx, org, asked.payment).await?;
    let payment = payment.ok_or(Error::NotFound("payment"))?.id;
    if let Some(number) = asked.before(&mut tx, org).await? {
        // The same request came twice at once, and the other was faster.
        stored_files::let_go(&mut tx, org, &new.file, now).await?;
        tx.commit().await?;
        return Ok(number);
    }
    room(&mut tx, org, payment).await?;
    if !stored_files::keep(&mut tx, org, &new.file).await? {
        let message = "The file took too long to be kept. Send it again.";
        return Err(Invalid::one("files", "too_late", message).into());
    }
    let number = documents::insert(&mut tx, org, payment, new, now).await?;
    added(app, actor, &mut tx, (payment, number, now), new).await?;
    if let Some(key) = asked.key()
        && idempotency::look(&mut tx, org, SCOPE, &key, &asked.request_hash).await? == Seen::New
    {
        let (place, hash) = ((SCOPE, &*key), &asked.request_hash);
        idempotency::keep(&mut tx, org, place, hash, number, now).await?;
    }
    tx.commit().await?;
    Ok(number)
}

async fn added(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    (payment, number, now): (PaymentId, i64, Timestamp),
    new: &NewDocument,
) -> Result<(), Error> {
    let NewDocument { name, kind, size_bytes, hash, .. } = new;
    let detail = json!({
        "document": number,
        "name": name,
        "kind": DocumentKind::as_str(*kind),
        "size_bytes": size_bytes,
        "sha256": almoner_domain::text::hex(hash),
    });
    let subject = ("payment", payment.seq());
    record::happened_at(app, actor, tx, ("document_added", subject, now), detail).await
}
