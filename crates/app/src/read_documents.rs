//! The documents of a payment: what there is, and their content.

use almoner_domain::PaymentId;
use almoner_gateways::files::{FilesError, Pieces};
use almoner_store::documents::{self, Document};
use almoner_store::payments;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use sha2::{Digest as _, Sha256};

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;

/// The documents of a payment, the newest first, with those that can be restored.
///
/// # Errors
/// No permission, no such payment, or the database failed.
pub async fn documents(
    app: &App,
    actor: &Actor,
    payment: PaymentId,
) -> Result<Vec<Document>, Error> {
    actor.must(Action::ReadPayments)?;
    let org = actor.org();
    let mut tx = app.db.read().await?;
    payments::get(&mut tx, org, payment).await?.ok_or(Error::NotFound("payment"))?;
    Ok(documents::of_payment(&mut tx, org, payment).await?)
}

/// A document that is there.
///
/// # Errors
/// No permission, no such document, or the database failed.
pub async fn document(
    app: &App,
    actor: &Actor,
    (payment, number): (PaymentId, i64),
) -> Result<Document, Error> {
    actor.must(Action::ReadPayments)?;
    let mut tx = app.db.read().await?;
    let document = documents::get(&mut tx, actor.org(), (payment, number)).await?;
    let document = document.filter(|document| document.deleted_at.is_none());
    document.ok_or(Error::NotFound("document"))
}

/// A document with its content, piece by piece. The last piece comes only when all of them are
/// what was added; otherwise the content ends with an error, and whoever awaits its length sees
/// that it is not whole.
///
/// # Errors
/// No permission, no such document, or the database or the store of documents failed.
pub async fn content(
    app: &App,
    actor: &Actor,
    place: (PaymentId, i64),
) -> Result<(Document, Pieces), Error> {
    let document = document(app, actor, place).await?;
    let pieces = open(app, actor, &document).await?;
    Ok((document, pieces))
}

/// The content of a document that the caller may see.
pub(crate) async fn open(app: &App, actor: &Actor, document: &Document) -> Result<Pieces, Error> {
    let file = document.file.ok_or(Error::NotFound("document"))?;
    let size_bytes = u64::try_from(document.size_bytes).unwrap_or_default();
    let pieces = app.files.get(actor.org(), &file, size_bytes).await?;
    Ok(proved(pieces, document.hash.clone()))
}

/// What has been read of a content.
struct Reading {
    pieces: Pieces,
    hash: Sha256,
    /// Held back until it is known that another follows, or that the whole is what it was.
    held: Option<Bytes>,
    is_over: bool,
}

fn proved(pieces: Pieces, expected: Vec<u8>) -> Pieces {
    let begin = Reading { pieces, hash: Sha256::new(), held: None, is_over: false };
    stream::unfold(begin, move |mut reading| {
        let expected = expected.clone();
        async move {
            let piece = reading.next(&expected).await?;
            Some((piece, reading))
        }
    })
    .boxed()
}

impl Reading {
    async fn next(&mut self, expected: &[u8]) -> Option<Result<Bytes, FilesError>> {
        while !self.is_over {
            match self.pieces.next().await {
                Some(Ok(piece)) => {
                    self.hash.update(&piece);
                    if let Some(ready) = self.held.replace(piece) {
                        return Some(Ok(ready));
                    }
                }
                Some(Err(error)) => {
                    (self.is_over, self.held) = (true, None);
                    return Some(Err(error));
                }
                None => {
                    self.is_over = true;
                    if self.hash.finalize_reset()[..] != *expected {
                        self.held = None;
                        return Some(Err(FilesError::Changed));
                    }
                }
            }
        }
        self.held.take().map(Ok)
    }
}
