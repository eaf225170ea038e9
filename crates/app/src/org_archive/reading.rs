//! The files of an archive while it is read. Nothing in it is believed: a name that no archive has,
//! a size that is too large for what it was packed from, a byte that is not what `almoner.json`
//! says, and a line that is no row of its table are each refused by their place.
//!
//! Nothing is ever unpacked under a name that the archive gives.

use std::io::{BufRead as _, BufReader, Read, Seek, SeekFrom};

use almoner_domain::text::hex;
use almoner_store::archive::TakenTable;
use almoner_store::copy::Teller;
use almoner_store::db::{Value, schema_version};
use sha2::{Digest as _, Sha256};
use zip::ZipArchive;
use zip::read::ZipFile;

use super::{
    ArchiveError, DOCUMENT_LIST, Document, Entry, FORMAT, KIND, MANIFEST, Manifest, README, Table,
    Whose, columns, readme, rows, table_file,
};
use crate::export_organization::Sum;
use crate::receive_file::{Received, Receiving};

/// How long `almoner.json` may be.
const MANIFEST_BYTES_MAX: u64 = 1024 * 1024;
/// How long a line of a table may be: a part of a payer's file takes a third of a megabyte.
const LINE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// How many times as long as the archive all its files may be. Rows become a tenth at the best, and
/// documents are not made smaller.
const GROWTH_MAX: u64 = 200;
/// How much is read at a time.
const STEP_BYTES: usize = 64 * 1024;
/// Rows after which it is told how far it has come.
const TELL_ROWS: i64 = 2_000;

/// An archive that is read.
pub(crate) struct Archive<F> {
    zip: ZipArchive<F>,
    manifest: Manifest,
}

/// What an archive's tables say of more than themselves.
#[derive(Debug)]
pub(crate) struct Content {
    /// The documents, in the order of their table.
    pub(crate) documents: Vec<Document>,
}

fn refused<T>(line: impl Into<String>) -> Result<T, ArchiveError> {
    Err(ArchiveError::Refused(line.into()))
}

fn unreadable(file: &str, error: impl std::fmt::Display) -> ArchiveError {
    ArchiveError::Refused(format!("{file} cannot be read: {error}"))
}

impl<F: Read + Seek> Archive<F> {
    /// Opens an archive of this form and of this version's schema.
    ///
    /// # Errors
    /// It is none, or not one that can be taken here.
    pub(crate) fn open(mut file: F) -> Result<Self, ArchiveError> {
        let no_zip = |error: &dyn std::fmt::Display| {
            ArchiveError::Refused(format!("this is no zip file, or its end is cut off: {error}"))
        };
        let size = file.seek(SeekFrom::End(0)).map_err(|error| no_zip(&error))?;
        file.rewind().map_err(|error| no_zip(&error))?;
        let mut zip = ZipArchive::new(file).map_err(|error| no_zip(&error))?;
        let overlap = zip.has_overlapping_entries().map_err(|error| no_zip(&error))?;
        if zip.has_duplicate_names() || overlap {
            return refused("two files of it are in the same place");
        }
        look_at_names(&zip)?;
        look_at_size(&zip, size)?;
        let manifest = read_manifest(&mut zip)?;
        Ok(Self { zip, manifest })
    }

    /// What it says of itself.
    pub(crate) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Reads all but the documents to the last byte, and makes sure that it is for these tables.
    ///
    /// # Errors
    /// Says which file is not what it must be, and where.
    pub(crate) fn prove(
        &mut self,
        tables: &[TakenTable],
        teller: &mut Teller<'_>,
    ) -> Result<Content, ArchiveError> {
        self.fits(tables)?;
        let whose = self.manifest.organization.clone();
        let mut documents = Vec::new();
        for place in 0..tables.len() {
            let mut reading = self.table(tables, place)?;
            while let Some(row) = reading.next()? {
                reading.tell(teller);
                let table = reading.table;
                if table.name() == "document" {
                    let document = Document::of_row(table, &row);
                    let wrong = |column| reading.at(&format!("is no document by its {column}"));
                    documents.extend(document.map_err(wrong)?);
                }
                if table.name() == "organization" && !is_of(table, &row, &whose) {
                    return Err(reading.at("is not of whom almoner.json says"));
                }
            }
        }
        self.prove_list(&documents)?;
        let readme = readme(&self.manifest.organization, self.manifest.made_at);
        self.proves(&self.manifest.readme.clone(), README, readme.as_bytes())?;
        Ok(Content { documents })
    }

    /// Makes sure that the archive has these tables, and nothing that belongs to no table.
    fn fits(&self, tables: &[TakenTable]) -> Result<(), ArchiveError> {
        let said = &self.manifest.tables;
        for (place, table) in tables.iter().enumerate() {
            let name = table.name();
            let Some(found) = said.get(place).filter(|found| found.name == name) else {
                return refused(format!("{MANIFEST} does not have the table {name} in its place"));
            };
            let must = columns(table);
            if let Some(column) = found.columns.iter().find(|column| !must.contains(column)) {
                let column = &column.name;
                return refused(format!("{name} has a column {column:?} that is not known here"));
            }
            if found.columns != must {
                return refused(format!("{name} does not have the columns that it has here"));
            }
            if name == "organization" && found.rows != 1 {
                return refused("it is not of one organization");
            }
        }
        let (is, must) = (said.len(), tables.len());
        if is != must {
            return refused(format!("{MANIFEST} has {is} tables instead of {must}"));
        }
        let files = u64::try_from(self.zip.len()).unwrap_or(u64::MAX);
        // Beside the tables: what it says of itself, what it says to people, and the list.
        let known = u64::try_from(must + 3).unwrap_or(u64::MAX);
        if known.checked_add(self.manifest.documents.count) != Some(files) {
            return refused("it has more or fewer files than almoner.json says");
        }
        Ok(())
    }

    /// The documents are those of the list, and as many and as long as was said.
    fn prove_list(&mut self, documents: &[Document]) -> Result<(), ArchiveError> {
        let count = u64::try_from(documents.len()).unwrap_or(u64::MAX);
        let bytes = documents.iter().map(|document| u128::from(document.size_bytes)).sum::<u128>();
        let said = self.manifest.documents.clone();
        if said.count != count || u128::from(said.bytes) != bytes {
            return refused("almoner.json has more or fewer documents than the table document");
        }
        let list: String = documents.iter().map(Document::line).collect();
        self.proves(&said.list, DOCUMENT_LIST, list.as_bytes())
    }

    /// Makes sure that a file is what it must be.
    fn proves(&mut self, entry: &Entry, name: &str, must: &[u8]) -> Result<(), ArchiveError> {
        if entry.file != name {
            return refused(format!("almoner.json has {:?} instead of {name}", entry.file));
        }
        if usize::try_from(entry.bytes) != Ok(must.len()) {
            return refused(format!("{name} is not as long as it must be"));
        }
        let mut file = Proving::open(&mut self.zip, entry)?;
        let mut content = Vec::new();
        file.read_to_end(&mut content).map_err(|error| unreadable(name, error))?;
        file.end()?;
        if content == must { Ok(()) } else { refused(format!("{name} is not what it must be")) }
    }

    /// The rows of the table in that place.
    ///
    /// # Errors
    /// It is not there.
    pub(crate) fn table<'a>(
        &'a mut self,
        tables: &'a [TakenTable],
        place: usize,
    ) -> Result<Rows<'a, F>, ArchiveError> {
        let (table, said) = (&tables[place], &self.manifest.tables[place]);
        if said.content.file != table_file(table.name()) {
            return refused(format!("almoner.json has {:?}", said.content.file));
        }
        let file = Proving::open(&mut self.zip, &said.content)?;
        Ok(Rows {
            table,
            said,
            file: BufReader::with_capacity(STEP_BYTES, file),
            line: Vec::new(),
            number: 0,
            sum: Sum::default(),
            untold: 0,
        })
    }

    /// A document's content, proved to the last byte.
    ///
    /// # Errors
    /// It is not there, or is not what its row says.
    pub(crate) fn document(&mut self, document: &Document) -> Result<Received, ArchiveError> {
        let entry = document.entry();
        let mut file = Proving::open(&mut self.zip, &entry)?;
        let most = usize::try_from(entry.bytes).unwrap_or(usize::MAX);
        let mut receiving = Receiving::up_to(most);
        let mut step = vec![0; STEP_BYTES];
        loop {
            let read = file.read(&mut step).map_err(|error| unreadable(&entry.file, error))?;
            if read == 0 {
                break;
            }
            let held = receiving.add(&step[..read]);
            held.map_err(|error| unreadable(&entry.file, error))?;
        }
        file.end()?;
        receiving.end().map_err(|error| unreadable(&entry.file, error))
    }
}

/// Whether an organization's row is of whom it is said to be.
fn is_of(table: &TakenTable, row: &[Value], whose: &Whose) -> bool {
    let text = |column: &str| match row.get(table.place(column)) {
        Some(Value::Text(Some(text))) => text.clone(),
        _ => String::new(),
    };
    text("name") == whose.name && text("slug") == whose.slug
}

/// Refuses a name that no archive has, such as one that leads out of a folder.
fn look_at_names<F: Read + Seek>(zip: &ZipArchive<F>) -> Result<(), ArchiveError> {
    for name in zip.file_names_raw() {
        let text = std::str::from_utf8(name).unwrap_or_default();
        let part = |begin: &str, end: &str| text.strip_prefix(begin)?.strip_suffix(end);
        let plain = |part: &str, also: &[u8]| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || also.contains(&byte);
            !part.is_empty() && part.bytes().all(is_plain)
        };
        let document = part("documents/", "").and_then(|name| name.split_once('.'));
        let is_known = [MANIFEST, README, DOCUMENT_LIST].contains(&text)
            || part("tables/", ".jsonl").is_some_and(|table| plain(table, b"_"))
            || document.is_some_and(|(name, kind)| plain(name, b"-") && plain(kind, b""));
        if !is_known {
            let name = String::from_utf8_lossy(name);
            return refused(format!("it has a file {name:?}, which no archive of Almoner has"));
        }
    }
    Ok(())
}

/// Refuses what would become far too large.
fn look_at_size<F: Read + Seek>(zip: &ZipArchive<F>, size: u64) -> Result<(), ArchiveError> {
    let mut unpacked = 0_u64;
    for place in 0..zip.len() {
        let entry = zip.by_index_data(place);
        let entry = entry.map_err(|error| unreadable("the list of its files", error))?;
        unpacked = unpacked.saturating_add(entry.size());
    }
    if unpacked / GROWTH_MAX > size {
        return refused(format!("its files would become {unpacked} bytes, out of {size}"));
    }
    Ok(())
}

fn read_manifest<F: Read + Seek>(zip: &mut ZipArchive<F>) -> Result<Manifest, ArchiveError> {
    let file = zip.by_name(MANIFEST).map_err(|error| unreadable(MANIFEST, error))?;
    let mut text = Vec::new();
    let read = file.take(MANIFEST_BYTES_MAX + 1).read_to_end(&mut text);
    read.map_err(|error| unreadable(MANIFEST, error))?;
    if u64::try_from(text.len()).is_ok_and(|length| length > MANIFEST_BYTES_MAX) {
        return refused(format!("{MANIFEST} is longer than {MANIFEST_BYTES_MAX} bytes"));
    }
    let read = serde_json::from_slice::<serde_json::Value>(&text);
    let said = read.map_err(|error| unreadable(MANIFEST, error))?;
    if said["kind"] != KIND {
        return refused(format!("{MANIFEST} is not of an archive that `almoner org export` wrote"));
    }
    let by = said["program_version"].as_str().unwrap_or("of another version").to_owned();
    if said["format"] != FORMAT {
        let form = &said["format"];
        return refused(format!(
            "it has form {form}, and this almoner knows form {FORMAT}; use the almoner that wrote \
            it ({by}) or a later one"
        ));
    }
    let (is, here) = (&said["schema_version"], schema_version());
    if *is != here {
        return refused(format!(
            "its rows are of schema {is} (almoner {by}) and this almoner has schema {here}; bring \
            both to one version and export again, or import it with the almoner that wrote it and \
            run `almoner migrate` of this one"
        ));
    }
    serde_json::from_value(said).map_err(|error| unreadable(MANIFEST, error))
}

/// A file of the archive while it is read, and what it has been so far.
struct Proving<'a, F: Read> {
    file: ZipFile<'a, F>,
    must: Entry,
    bytes: u64,
    hash: Sha256,
}

impl<'a, F: Read + Seek> Proving<'a, F> {
    fn open(zip: &'a mut ZipArchive<F>, must: &Entry) -> Result<Self, ArchiveError> {
        let name = &must.file;
        let file = zip.by_name(name).map_err(|error| unreadable(name, error))?;
        if file.size() != must.bytes {
            let (is, must) = (file.size(), must.bytes);
            return refused(format!("{name} has {is} bytes instead of {must}"));
        }
        Ok(Self { file, must: must.clone(), bytes: 0, hash: Sha256::new() })
    }
}

impl<F: Read> Proving<'_, F> {
    /// All of it was read; it must have been what it must be.
    fn end(mut self) -> Result<(), ArchiveError> {
        let Entry { file, bytes, sha256 } = &self.must;
        let (is, hash) = (self.bytes, hex(&self.hash.finalize_reset()));
        if is != *bytes {
            return refused(format!("{file} has {is} bytes instead of {bytes}"));
        }
        if hash != *sha256 {
            return refused(format!("{file} has another SHA-256 than it must have"));
        }
        Ok(())
    }
}

impl<F: Read> Read for Proving<'_, F> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(into)?;
        self.hash.update(&into[..read]);
        self.bytes += u64::try_from(read).unwrap_or(u64::MAX);
        if self.bytes > self.must.bytes {
            return Err(std::io::Error::other("it is longer than it says"));
        }
        Ok(read)
    }
}

/// The rows of a table, one after the other.
pub(crate) struct Rows<'a, F: Read> {
    pub(crate) table: &'a TakenTable,
    said: &'a Table,
    file: BufReader<Proving<'a, F>>,
    line: Vec<u8>,
    number: i64,
    sum: Sum,
    untold: i64,
}

impl<F: Read> Rows<'_, F> {
    /// The next row; at the end, all of the table was what it must be.
    ///
    /// # Errors
    /// Says which line is no row, or in what the table differs.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<Value>>, ArchiveError> {
        self.line.clear();
        let mut piece = self.file.by_ref().take(LINE_BYTES_MAX);
        let read = piece.read_until(b'\n', &mut self.line);
        read.map_err(|error| unreadable(&self.said.content.file, error))?;
        if self.line.is_empty() {
            return self.whole().map(|()| None);
        }
        self.number += 1;
        if self.line.pop() != Some(b'\n') {
            return Err(self.at("does not end, or is too long"));
        }
        let row = rows::decode(&self.table.columns, &self.line).map_err(|what| self.at(&what))?;
        self.sum.add(self.table, &row);
        self.untold += 1;
        Ok(Some(row))
    }

    /// Tells now and then how many rows were read.
    pub(crate) fn tell(&mut self, teller: &mut Teller<'_>) {
        if self.untold >= TELL_ROWS || self.number == self.said.rows {
            teller.add(std::mem::take(&mut self.untold));
        }
    }

    /// What is wrong with the row that was read last.
    pub(crate) fn at(&self, what: &str) -> ArchiveError {
        let (file, line) = (&self.said.content.file, self.number);
        ArchiveError::Refused(format!("{file}, line {line} {what}"))
    }

    fn whole(&mut self) -> Result<(), ArchiveError> {
        let file = &self.said.content.file;
        if self.sum.told(self.table) != (self.said.rows, self.said.cents) {
            return refused(format!("{file} does not have the rows or the sum that it must have"));
        }
        let proving = self.file.get_mut();
        let (is, must) = (proving.bytes, proving.must.bytes);
        if is != must || hex(&proving.hash.clone().finalize()) != proving.must.sha256 {
            return refused(format!("{file} has another SHA-256 than it must have"));
        }
        Ok(())
    }
}
