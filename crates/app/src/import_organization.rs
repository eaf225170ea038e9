//! Brings an archive of an organization into a database where it is new.
//!
//! All of the archive is read and proved first. Then the documents are written, before anything
//! refers to them, and only to where none is: the store may be another database's as well. Then
//! all rows, in one transaction, are written, read again, compared with the archive, and verified
//! as `almoner verify` does. Whatever fails leaves no row and takes back the documents that it
//! wrote. Where the program is killed, documents may be left that nothing refers to. They are not
//! told from somebody's: the archive goes to another store then, or they are removed by hand.

use std::io::{Read, Seek};

use almoner_domain::OrganizationId;
use almoner_domain::text::hex;
use almoner_store::archive::{self, Of, Piece, Reading, TakenTable};
use almoner_store::copy::Teller;
use almoner_store::db::Tx;
use almoner_store::organizations::{self, Organization};
use almoner_store::{StoreError, verify};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::context::{Actor, App};
use crate::org_archive::reading::Archive;
use crate::org_archive::{ArchiveError, Document, Manifest, rows};
use crate::record;

/// An organization that was brought in.
#[derive(Debug)]
pub struct Imported {
    /// The organization.
    pub organization: Organization,
    /// What was in the archive.
    pub manifest: Manifest,
}

/// An archive that can be brought in, as far as it says itself.
pub struct ReadyArchive<F>(Archive<F>);

/// Opens an archive, without a look at any database.
///
/// # Errors
/// It is none, or is of another version.
pub fn open_archive<F: Read + Seek>(file: F) -> Result<ReadyArchive<F>, ArchiveError> {
    Archive::open(file).map(ReadyArchive)
}

/// Brings the organization in.
///
/// # Errors
/// The archive is not what it must be, the organization or one of its accounts is there already,
/// or the database or the store of documents failed. Then nothing has changed.
pub async fn import_organization<F: Read + Seek>(
    app: &App,
    ready: ReadyArchive<F>,
    teller: &mut Teller<'_>,
) -> Result<Imported, ArchiveError> {
    let mut archive = ready.0;
    let mut tx = app.db.read().await?;
    let tables = archive::tables(&mut tx).await?;
    must_be_new(&mut tx, archive.manifest()).await?;
    let org = organizations::next_id(&mut tx).await?;
    drop(tx);
    teller.begin("proved", archive.manifest().rows());
    let documents = archive.prove(&tables, teller)?.documents;
    teller.end();
    let mut kept = 0;
    let done = async {
        keep_documents(app, org, &mut archive, (&documents, &mut kept), teller).await?;
        write(app, org, &mut archive, &tables, teller).await
    };
    let (tx, organization) = match done.await {
        Ok(written) => written,
        Err(error) => {
            take_back(app, org, &documents[..kept]).await;
            return Err(error);
        }
    };
    if let Err(error) = tx.commit().await {
        // Only its answer may be lost.
        match is_free(app, org).await {
            Ok(true) => take_back(app, org, &documents[..kept]).await,
            Ok(false) => {}
            Err(_) => tracing::warn!(org = org.0, "whether its documents are needed is not known"),
        }
        return Err(error.into());
    }
    Ok(Imported { organization, manifest: archive.manifest().clone() })
}

/// Whether no organization has that number, when all are done who were about to take it.
async fn is_free(app: &App, org: OrganizationId) -> Result<bool, StoreError> {
    let mut tx = app.db.begin().await?;
    archive::alone(&mut tx).await?;
    Ok(organizations::get(&mut tx, org).await?.is_none())
}

async fn must_be_new(tx: &mut Tx, manifest: &Manifest) -> Result<(), ArchiveError> {
    let slug = &manifest.organization.slug;
    if organizations::by_slug(tx, slug).await?.is_none() {
        return Ok(());
    }
    Err(ArchiveError::Refused(format!(
        "there is an organization {slug} here already; import it into a database of its own"
    )))
}

/// Writes the documents, each where none is; counts those that were written, so that they can be
/// taken back.
async fn keep_documents<F: Read + Seek>(
    app: &App,
    org: OrganizationId,
    archive: &mut Archive<F>,
    (documents, kept): (&[Document], &mut usize),
    teller: &mut Teller<'_>,
) -> Result<(), ArchiveError> {
    teller.begin("documents", i64::try_from(documents.len()).unwrap_or(i64::MAX));
    for document in documents {
        let content = archive.document(document)?;
        let made = app.files.create(org, &document.file, content).await;
        if !made.map_err(|error| ArchiveError::Document(document.entry().file, error))? {
            return Err(occupied(org, document));
        }
        *kept += 1;
        teller.add(1);
    }
    teller.end();
    Ok(())
}

/// A document is where one is to be written.
fn occupied(org: OrganizationId, document: &Document) -> ArchiveError {
    let (name, file) = (document.entry().file, hex(&document.file));
    ArchiveError::Refused(format!(
        "a document is there already where {name} is to be kept ({}/{file}); it may be another \
         database's, and was left as it is. Name another --files",
        org.0
    ))
}

/// Removes the documents again. One that cannot be removed is one that nothing refers to.
async fn take_back(app: &App, org: OrganizationId, documents: &[Document]) {
    for document in documents {
        if let Err(error) = app.files.remove(org, &document.file).await {
            let (file, error) = (hex(&document.file), &error as &dyn std::error::Error);
            tracing::warn!(file, error, "a file that nothing refers to could not be removed");
        }
    }
}

/// Writes all rows and proves them; they are there once the transaction is committed.
async fn write<F: Read + Seek>(
    app: &App,
    org: OrganizationId,
    archive: &mut Archive<F>,
    tables: &[TakenTable],
    teller: &mut Teller<'_>,
) -> Result<(Tx, Organization), ArchiveError> {
    let of = Of { org, made_at: archive.manifest().made_at };
    let mut tx = app.db.begin().await?;
    let rules = archive::begin(&mut tx).await?;
    if organizations::next_id(&mut tx).await? != org {
        let line = "another organization was added meanwhile; begin again";
        return Err(ArchiveError::Refused(line.to_owned()));
    }
    must_be_new(&mut tx, archive.manifest()).await?;
    teller.begin("imported", archive.manifest().rows());
    for (place, table) in tables.iter().enumerate() {
        write_table(&mut tx, org, (&mut *archive, tables, place), teller).await?;
        archive::filled(&mut tx, table, archive.manifest().tables[place].rows).await?;
    }
    archive::end(&mut tx, rules).await?;
    teller.end();
    teller.begin("compared", archive.manifest().rows());
    for (place, table) in tables.iter().enumerate() {
        compare(&mut tx, of, table, (archive.manifest(), place), teller).await?;
    }
    if let Some((email, slug)) = archive::account_elsewhere(&mut tx, org).await? {
        return Err(ArchiveError::Refused(format!(
            "{email} signs in to {slug} here, and an address signs in to one organization; import \
            it into a database of its own"
        )));
    }
    for finding in verify::verify(&mut tx, org, None).await? {
        if let Some(difference) = finding.difference {
            return Err(ArchiveError::Refused(format!("its books are not right: {difference}")));
        }
    }
    let organization = organizations::get(&mut tx, org).await?;
    let organization = organization.ok_or(crate::Error::NotFound("organization"))?;
    note(app, &organization, archive.manifest(), &mut tx).await?;
    Ok((tx, organization))
}

async fn write_table<F: Read + Seek>(
    tx: &mut Tx,
    org: OrganizationId,
    (archive, tables, place): (&mut Archive<F>, &[TakenTable], usize),
    teller: &mut Teller<'_>,
) -> Result<(), ArchiveError> {
    let table = &tables[place];
    let mut reading = archive.table(tables, place)?;
    let mut is_over = false;
    while !is_over {
        let mut piece = Piece::default();
        while !is_over && !piece.is_full() {
            match reading.next()? {
                Some(row) => piece.add(row),
                None => is_over = true,
            }
        }
        let rows = piece.rows();
        if rows > 0 {
            let written = archive::insert(tx, table, org, piece).await;
            written.map_err(|error| unfit(table, error))?;
            teller.add(rows);
        }
    }
    Ok(())
}

/// Says in which table rows are that the schema does not let in.
fn unfit(table: &TakenTable, error: StoreError) -> ArchiveError {
    match error {
        StoreError::Refused(_) | StoreError::Duplicate(_) | StoreError::Other(_) => {
            let (table, error) = (table.name(), chain(&error));
            ArchiveError::Refused(format!("rows of {table} are not such as can be here: {error}"))
        }
        other => other.into(),
    }
}

/// An error with its reasons.
fn chain(error: &dyn std::error::Error) -> String {
    let reasons = std::iter::successors(error.source(), |error| error.source());
    reasons.fold(error.to_string(), |line, reason| format!("{line}: {reason}"))
}

/// Reads a table again from where it was written; it must be what the archive has.
async fn compare(
    tx: &mut Tx,
    of: Of,
    table: &TakenTable,
    (manifest, place): (&Manifest, usize),
    teller: &mut Teller<'_>,
) -> Result<(), ArchiveError> {
    let (name, must) = (table.name(), &manifest.tables[place]);
    let differs = |what: &str| {
        Err(ArchiveError::Refused(format!("{name} is not as it was in the archive: {what}")))
    };
    if archive::told(tx, table, of).await? != (must.rows, must.cents) {
        return differs("its rows or its sum");
    }
    let (mut hash, mut lines) = (Sha256::new(), Vec::new());
    let mut reading = Reading::begin(tx, table, of);
    loop {
        let piece = reading.piece().await?;
        if piece.is_empty() {
            break;
        }
        for row in piece.chunks(table.columns.len()) {
            rows::encode(&mut lines, &table.columns, row);
        }
        hash.update(&lines);
        lines.clear();
        teller.add(i64::try_from(piece.len() / table.columns.len()).unwrap_or_default());
    }
    if hex(&hash.finalize()) == must.content.sha256 { Ok(()) } else { differs("its SHA-256") }
}

/// Notes in the audit log where all of it came from.
async fn note(
    app: &App,
    organization: &Organization,
    manifest: &Manifest,
    tx: &mut Tx,
) -> Result<(), ArchiveError> {
    let actor = Actor::system(organization.clone());
    let detail = json!({
        "exported_at": manifest.made_at,
        "program_version": manifest.program_version,
        "rows": manifest.rows(),
        "documents": manifest.documents.count,
    });
    let subject = ("organization", organization.id.0);
    record::happened(app, &actor, tx, "organization_imported", subject, detail).await?;
    Ok(())
}
