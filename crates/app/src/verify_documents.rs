//! Proves that the bytes of every document are what was added.

use almoner_domain::PaymentId;
use almoner_gateways::files::FilesError;
use almoner_store::documents::{self, Document};
use futures_util::StreamExt as _;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::read_documents;

/// Documents that are asked the database for at a time.
const BATCH: i64 = 100;

/// How closely documents are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Not at all.
    Skip,
    /// Whether each is there with its size.
    Size,
    /// Whether each is what was added, byte by byte.
    Content,
}

/// What was found: how many documents are well, and the first that is not, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many were looked at, up to the first difference.
    pub count: u64,
    /// The first difference.
    pub difference: Option<String>,
}

/// Looks at the documents of an organization one after the other, a piece of one in memory.
///
/// # Errors
/// The database failed, or the store of documents cannot be reached.
pub async fn verify_documents(app: &App, actor: &Actor, depth: Depth) -> Result<Verified, Error> {
    let mut found = Verified { count: 0, difference: None };
    // Payments and their documents are numbered from one.
    let mut behind = (PaymentId::new(1), 0);
    if depth == Depth::Skip {
        return Ok(found);
    }
    loop {
        let mut tx = app.db.read().await?;
        let batch = documents::after(&mut tx, actor.org(), behind, BATCH).await?;
        drop(tx);
        if batch.is_empty() {
            return Ok(found);
        }
        for (payment, document) in batch {
            behind = (payment, document.number);
            let what = match look(app, actor, &document, depth).await {
                Ok(()) => {
                    found.count += 1;
                    continue;
                }
                Err(Error::Files(FilesError::Missing)) => "is gone",
                Err(Error::Files(FilesError::Changed)) => "is not what was added",
                Err(other) => return Err(other),
            };
            let number = document.number;
            found.difference = Some(format!("document {number} of {payment} {what}"));
            return Ok(found);
        }
    }
}

async fn look(app: &App, actor: &Actor, document: &Document, depth: Depth) -> Result<(), Error> {
    if depth == Depth::Content {
        let mut pieces = read_documents::open(app, actor, document, None).await?;
        while let Some(piece) = pieces.next().await {
            piece?;
        }
        return Ok(());
    }
    let file = document.file.ok_or(FilesError::Missing)?;
    let size = app.files.size(actor.org(), &file).await?;
    if i64::try_from(size) == Ok(document.size_bytes) {
        Ok(())
    } else {
        Err(FilesError::Changed.into())
    }
}
