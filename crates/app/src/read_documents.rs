//! The documents of a payment: what there is, and their content.

use std::ops::Range;

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

/// The content of a document that [`document`] gave, or one range of its bytes, piece by piece. The
/// last piece comes only when all of the document is what was added; otherwise it ends with an
/// error, and whoever awaits its length sees that it is not whole. A range is proved like that too,
/// so the store is read to the end for it.
///
/// # Errors
/// No permission, or the store of documents failed.
pub async fn content(
    app: &App,
    actor: &Actor,
    document: &Document,
    range: Option<Range<u64>>,
) -> Result<Pieces, Error> {
    actor.must(Action::ReadPayments)?;
    open(app, actor, document, range).await
}

/// The content of a document that the caller may see.
pub(crate) async fn open(
    app: &App,
    actor: &Actor,
    document: &Document,
    range: Option<Range<u64>>,
) -> Result<Pieces, Error> {
    let file = document.file.ok_or(Error::NotFound("document"))?;
    let size_bytes = u64::try_from(document.size_bytes).unwrap_or_default();
    let pieces = app.files.get(actor.org(), &file, size_bytes).await?;
    let reading = Reading {
        pieces,
        hash: Sha256::new(),
        expected: document.hash.clone(),
        range: range.unwrap_or(0..size_bytes),
        at: 0,
        held: None,
        is_over: false,
    };
    Ok(stream::unfold(reading, async |mut reading| {
        let piece = reading.next().await?;
        Some((piece, reading))
    })
    .boxed())
}

/// What has been read of a content.
struct Reading {
    pieces: Pieces,
    hash: Sha256,
    expected: Vec<u8>,
    /// The bytes that are handed out.
    range: Range<u64>,
    /// How many have been read.
    at: u64,
    /// Held back until it is known that another follows, or that the whole is what it was.
    held: Option<Bytes>,
    is_over: bool,
}

impl Reading {
    async fn next(&mut self) -> Option<Result<Bytes, FilesError>> {
        while !self.is_over {
            match self.pieces.next().await {
                Some(Ok(piece)) => {
                    self.hash.update(&piece);
                    let wanted = self.cut(&piece);
                    if !wanted.is_empty()
                        && let Some(ready) = self.held.replace(wanted)
                    {
                        return Some(Ok(ready));
                    }
                }
                Some(Err(error)) => {
                    (self.is_over, self.held) = (true, None);
                    return Some(Err(error));
                }
                None => {
                    self.is_over = true;
                    if self.hash.finalize_reset()[..] != *self.expected {
                        self.held = None;
                        return Some(Err(FilesError::Changed));
                    }
                }
            }
        }
        self.held.take().map(Ok)
    }

    /// What of the next piece is within the range.
    fn cut(&mut self, piece: &Bytes) -> Bytes {
        let begin = self.at;
        self.at += u64::try_from(piece.len()).unwrap_or(u64::MAX);
        let place = |byte: u64| {
            usize::try_from(byte.saturating_sub(begin)).unwrap_or(usize::MAX).min(piece.len())
        };
        let (from, to) = (place(self.range.start), place(self.range.end));
        piece.slice(from.min(to)..to)
    }
}
