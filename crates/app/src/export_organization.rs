//! Writes all that belongs to an organization into one archive, while the server goes on working.
//!
//! The command line alone asks for it: whoever reaches the database reads all of it anyway. That
//! it was taken away is in the audit log, and in the archive. Rows are of one moment; documents,
//! which never change, follow after it, so that no transaction waits for their store.

use std::io::{Read, Seek, Write};

use almoner_gateways::files::FilesError;
use almoner_store::StoreError;
use almoner_store::archive::{self, Of, Reading, TakenTable};
use almoner_store::copy::Teller;
use almoner_store::db::{Tx, Value, schema_version};
use futures_util::TryStreamExt as _;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::context::{Actor, App};
use crate::org_archive::reading::Archive;
use crate::org_archive::writing::Writing;
use crate::org_archive::{
    self, ArchiveError, DOCUMENT_LIST, Document, Documents, FORMAT, KIND, MANIFEST, Manifest,
    README, Table, Whose,
};
use crate::record;

/// Writes the archive, and reads it again before it is believed.
///
/// # Errors
/// The database or the store of documents failed, a document is not what was added, or the
/// archive could not be written.
pub async fn export_organization(
    app: &App,
    actor: &Actor,
    to: impl Read + Write + Seek,
    teller: &mut Teller<'_>,
) -> Result<Manifest, ArchiveError> {
    let of = Of { org: actor.org(), made_at: app.now() };
    note(app, actor).await?;
    let mut writing = Writing::new(to);
    let mut snapshot = app.db.snapshot().await?;
    let tables = archive::tables(&mut snapshot).await?;
    let (rows, documents) = write_tables(&mut snapshot, &tables, of, &mut writing, teller).await?;
    drop(snapshot);
    let documents = write_documents(app, of, &documents, &mut writing, teller).await?;
    let organization =
        Whose { name: actor.organization.name.clone(), slug: actor.organization.slug.clone() };
    let readme = org_archive::readme(&organization, of.made_at);
    let readme = writing.whole(README, readme.as_bytes())?;
    let manifest = Manifest {
        kind: KIND.to_owned(),
        format: FORMAT,
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        schema_version: schema_version(),
        made_at: of.made_at,
        organization,
        tables: rows,
        documents,
        readme,
    };
    writing.whole(MANIFEST, manifest.text().as_bytes())?;
    prove(writing.finish()?, &tables, &manifest, teller)?;
    Ok(manifest)
}

/// Notes in the audit log that somebody takes all of it away.
async fn note(app: &App, actor: &Actor) -> Result<(), ArchiveError> {
    let mut tx = app.db.begin().await?;
    let subject = ("organization", actor.org().0);
    record::happened(app, actor, &mut tx, "organization_exported", subject, json!({})).await?;
    Ok(tx.commit().await?)
}

async fn write_tables<W: Write + Seek>(
    snapshot: &mut Tx,
    tables: &[TakenTable],
    of: Of,
    writing: &mut Writing<W>,
    teller: &mut Teller<'_>,
) -> Result<(Vec<Table>, Vec<Document>), ArchiveError> {
    let mut told = Vec::with_capacity(tables.len());
    for table in tables {
        told.push(archive::told(snapshot, table, of).await?);
    }
    teller.begin("exported", told.iter().map(|told| told.0).sum());
    let (mut written, mut documents) = (Vec::with_capacity(tables.len()), Vec::new());
    for (table, told) in tables.iter().zip(told) {
        let file = org_archive::table_file(table.name());
        writing.begin(&file)?;
        let mut lines = Vec::new();
        let mut sum = Sum::default();
        let mut reading = Reading::begin(snapshot, table, of);
        loop {
            let piece = reading.piece().await?;
            if piece.is_empty() {
                break;
            }
            for row in piece.chunks(table.columns.len()) {
                org_archive::rows::encode(&mut lines, &table.columns, row);
                sum.add(table, row);
                if table.name() == "document" {
                    let document = Document::of_row(table, row);
                    let unreadable = |column| StoreError::Corrupt(format!("document's {column}"));
                    documents.extend(document.map_err(unreadable)?);
                }
            }
            writing.add(&lines)?;
            lines.clear();
            teller.add(i64::try_from(piece.len() / table.columns.len()).unwrap_or_default());
        }
        if sum.told(table) != told {
            let line = format!("{file}: {} of {} rows were read", sum.rows, told.0);
            return Err(ArchiveError::Refused(line));
        }
        written.push(Table {
            name: table.name().to_owned(),
            rows: told.0,
            cents: told.1,
            columns: org_archive::columns(table),
            content: writing.end(),
        });
    }
    teller.end();
    Ok((written, documents))
}

/// What rows come to, counted here and not by an engine.
#[derive(Debug, Default)]
pub(crate) struct Sum {
    rows: i64,
    cents: i128,
}

impl Sum {
    /// Adds a row.
    pub(crate) fn add(&mut self, table: &TakenTable, row: &[Value]) {
        self.rows += 1;
        for place in table.amounts() {
            if let Some(Value::Int(Some(cents))) = row.get(place) {
                self.cents += i128::from(*cents);
            }
        }
    }

    /// What an engine would tell.
    pub(crate) fn told(&self, table: &TakenTable) -> (i64, Option<i64>) {
        let cents = table.amounts().next().and_then(|_| i64::try_from(self.cents).ok());
        (self.rows, cents)
    }
}

async fn write_documents<W: Write + Seek>(
    app: &App,
    of: Of,
    documents: &[Document],
    writing: &mut Writing<W>,
    teller: &mut Teller<'_>,
) -> Result<Documents, ArchiveError> {
    let count = u64::try_from(documents.len()).unwrap_or(u64::MAX);
    teller.begin("documents", i64::try_from(count).unwrap_or(i64::MAX));
    let mut bytes = 0;
    for document in documents {
        let entry = document.entry();
        let failed = |error| ArchiveError::Document(entry.file.clone(), error);
        writing.begin_as_it_is(&entry.file)?;
        let pieces = app.files.get(of.org, &document.file, document.size_bytes).await;
        let mut pieces = pieces.map_err(failed)?;
        let mut hash = Sha256::new();
        while let Some(piece) = pieces.try_next().await.map_err(failed)? {
            hash.update(&piece);
            writing.add(&piece)?;
        }
        if hash.finalize()[..] != *document.hash {
            return Err(failed(FilesError::Changed));
        }
        bytes += writing.end().bytes;
        teller.add(1);
    }
    teller.end();
    writing.begin(DOCUMENT_LIST)?;
    for document in documents {
        writing.add(document.line().as_bytes())?;
    }
    Ok(Documents { count, bytes, list: writing.end() })
}

/// Reads what was written, to the last byte.
fn prove<F: Read + Seek>(
    written: F,
    tables: &[TakenTable],
    manifest: &Manifest,
    teller: &mut Teller<'_>,
) -> Result<(), ArchiveError> {
    let mut archive = Archive::open(written)?;
    if archive.manifest() != manifest {
        return Err(ArchiveError::Refused(format!("{MANIFEST} is not what was written")));
    }
    teller.begin("read again", manifest.rows());
    let content = archive.prove(tables, teller)?;
    for document in &content.documents {
        archive.document(document)?;
    }
    teller.end();
    Ok(())
}
