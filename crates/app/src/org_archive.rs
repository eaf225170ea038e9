//! The archive of an organization: one zip file with every row, every document, and what each
//! must be.
//!
//! `almoner.json` says what there is ([`Manifest`]), `tables/` has a file a table with a JSON
//! object a row, `documents/` the documents, which `documents.jsonl` lists, and `README.txt` says
//! all of that to a person who has no Almoner. Files are read and written piece by piece; what
//! grows with their number is a line a document.

pub(crate) mod reading;
pub(crate) mod rows;
pub(crate) mod writing;

use std::fmt::Write as _;

use almoner_domain::PaymentId;
use almoner_domain::document::DocumentKind;
use almoner_gateways::files::FilesError;
use almoner_store::StoreError;
use almoner_store::archive::{TAKEN, Taken, TakenTable};
use almoner_store::db::{Kind, Value};
use almoner_store::stored_files::FileId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// What the first line of `almoner.json` is about.
pub(crate) const KIND: &str = "almoner organization";
/// The version of the archive's form.
pub const FORMAT: i64 = 1;
/// What the archive says of itself.
pub(crate) const MANIFEST: &str = "almoner.json";
/// What it says to people.
pub(crate) const README: &str = "README.txt";
/// The list of the documents.
pub(crate) const DOCUMENT_LIST: &str = "documents.jsonl";

/// Why an archive was not written, or not brought in.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is not what it must be, or does not fit here.
    #[error("{0}")]
    Refused(String),
    /// A document could not be read or kept.
    #[error("{0}")]
    Document(String, #[source] FilesError),
    /// The archive could not be written.
    #[error("the archive could not be written")]
    Unwritten(#[source] std::io::Error),
    /// The program refused.
    #[error(transparent)]
    App(#[from] Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A file of the archive as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name.
    pub file: String,
    /// How long it is.
    pub bytes: u64,
    /// SHA-256 of it, in hexadecimal digits.
    pub sha256: String,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// `integer`, `text` or `base64`.
    pub kind: String,
}

/// A table as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Its name.
    #[serde(rename = "table")]
    pub name: String,
    /// How many rows.
    pub rows: i64,
    /// All amounts in them, added up; none where it has none.
    pub cents: Option<i64>,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// Its file.
    pub content: Entry,
}

/// Whose archive it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whose {
    /// The name that people read.
    pub name: String,
    /// The name on the command line.
    pub slug: String,
}

/// The documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Documents {
    /// How many there are.
    pub count: u64,
    /// How long all of them are.
    pub bytes: u64,
    /// The list of them.
    pub list: Entry,
}

/// What is in an archive, and how it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// What this is.
    pub kind: String,
    /// The version of its form.
    pub format: i64,
    /// The version of the program that wrote it.
    pub program_version: String,
    /// The version of the schema that its rows are of.
    pub schema_version: i64,
    /// When.
    pub made_at: Timestamp,
    /// Of whom.
    pub organization: Whose,
    /// The tables, each after those that it refers to.
    pub tables: Vec<Table>,
    /// The documents.
    pub documents: Documents,
    /// What is said to people.
    pub readme: Entry,
}

impl Manifest {
    /// As it stands in the archive.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("a manifest is plain values") + "\n"
    }

    /// How many rows there are in all.
    pub fn rows(&self) -> i64 {
        self.tables.iter().map(|table| table.rows).sum()
    }
}

/// The file of a table.
pub(crate) fn table_file(table: &str) -> String {
    format!("tables/{table}.jsonl")
}

/// The columns of a table, as the archive names them.
pub(crate) fn columns(table: &TakenTable) -> Vec<Column> {
    let word = |kind| match kind {
        Kind::Int => "integer",
        Kind::Text => "text",
        Kind::Bytes => "base64",
    };
    let column =
        |(name, kind): &(String, Kind)| Column { name: name.clone(), kind: word(*kind).to_owned() };
    table.columns.iter().map(column).collect()
}

/// A document of the archive.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) payment: PaymentId,
    pub(crate) number: i64,
    pub(crate) name: String,
    pub(crate) kind: DocumentKind,
    pub(crate) size_bytes: u64,
    pub(crate) hash: Vec<u8>,
    pub(crate) file: FileId,
}

/// A document's line in the list.
#[derive(Serialize)]
struct Line<'a> {
    file: String,
    payment: String,
    number: i64,
    name: &'a str,
    kind: &'a str,
    bytes: u64,
    sha256: String,
}

impl Document {
    /// The document of a row of its table; `None` when its bytes are not taken, and an error that
    /// names the column when the row is of no document.
    pub(crate) fn of_row(table: &TakenTable, row: &[Value]) -> Result<Option<Self>, &'static str> {
        let value = |column: &str| row.get(table.place(column));
        let number = |column: &'static str| match value(column) {
            Some(Value::Int(Some(number))) if *number > 0 => Ok(*number),
            _ => Err(column),
        };
        let text = |column: &'static str| match value(column) {
            Some(Value::Text(Some(text))) => Ok(text.clone()),
            _ => Err(column),
        };
        let Some(Value::Bytes(Some(file))) = value("file_id") else { return Ok(None) };
        let Some(Value::Bytes(Some(hash))) = value("content_hash") else {
            return Err("content_hash");
        };
        Ok(Some(Self {
            payment: PaymentId::new(number("payment_seq")?),
            number: number("document_no")?,
            name: text("name")?,
            kind: DocumentKind::from_name(&text("kind")?).ok_or("kind")?,
            size_bytes: u64::try_from(number("size_bytes")?).map_err(|_| "size_bytes")?,
            hash: hash.clone(),
            file: file.as_slice().try_into().map_err(|_| "file_id")?,
        }))
    }

    /// What its file is called, such as `documents/PAY-001-1.pdf`: what people call it may be more
    /// than every machine takes for a name.
    pub(crate) fn entry(&self) -> Entry {
        let (payment, number, kind) = (self.payment, self.number, self.kind.as_str());
        let file = format!("documents/{payment}-{number}.{kind}");
        Entry { file, bytes: self.size_bytes, sha256: almoner_domain::text::hex(&self.hash) }
    }

    /// Its line in the list.
    pub(crate) fn line(&self) -> String {
        let Entry { file, bytes, sha256 } = self.entry();
        let (payment, number) = (self.payment.to_string(), self.number);
        let (name, kind) = (&*self.name, self.kind.as_str());
        let line = Line { file, payment, number, name, kind, bytes, sha256 };
        serde_json::to_string(&line).expect("a line is plain values") + "\n"
    }
}

/// What the archive says to people.
pub(crate) fn readme(whose: &Whose, made_at: Timestamp) -> String {
    let mut text = format!(
        "All that Almoner held of {} on {made_at}.\n\n{ABOUT}",
        whose.name.replace(char::is_control, " ")
    );
    text.push_str("\nThe tables:\n\n");
    let of = |is_taken: bool| {
        TAKEN.iter().filter(move |(_, taken, _)| (*taken != Taken::Nothing) == is_taken)
    };
    for (table, _, words) in of(true) {
        let _ = writeln!(text, "  {:<38} {words}", table_file(table));
    }
    text.push_str("\nNot in here, and why:\n\n");
    for (table, _, words) in of(false) {
        let _ = writeln!(text, "  {table:<18} {words}");
    }
    text
}

/// What every archive says.
const ABOUT: &str = "\
THIS ARCHIVE HOLDS PATIENTS' DATA: names, dates of birth, insurances, what they owe and paid, and
documents. It also holds the hashes of the staff's passwords. Keep it where nobody else reads it,
hand it to nobody who may not see all of it, and delete it when it is not needed any more.

`almoner org import FILE` brings it into another Almoner. Nothing of it needs Almoner to be read:

  almoner.json      what is in here: each table's rows, sum, columns and SHA-256
  tables/           a file a table: text in UTF-8, a JSON object a line and row
  documents/        the documents, named by payment and number
  documents.jsonl   what each document is called, how long it is, and its SHA-256

In the tables, a column that ends in

  _cents            is an amount in cents
  _us               is a moment: microseconds since 1970-01-01 00:00 UTC
  _day              is a date such as 20261127
  _seq, _no         is a number within the clinic: payment_seq 1 is PAY-001

A column of which almoner.json says base64 holds bytes, written so; null is what is not known. A
program that reads lines of JSON, such as a script or a spreadsheet's import, reads all of it.
`sha256sum` tells whether a file is what almoner.json says.
";
