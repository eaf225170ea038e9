//! A whole database copied into an empty one, whichever engines they are on, and proved.
//!
//! Rows are read in one snapshot and written in one transaction, table by table, in the order of
//! [`TABLES`]. Before the caller may commit, all of it is read again from where it was written and
//! compared with what was read ([`content`]); whoever is cut off leaves an empty database. Triggers
//! are laid aside meanwhile: the rows have been through them once. A new table needs a line in
//! [`TABLES`], after the tables that it refers to; a test says when one is missing.

pub mod content;

use futures_util::future::join;

use crate::db::{Db, Shape, StoreError, Tx};
use crate::params;
use content::{Content, Reading, TableContent};
use jiff::Timestamp;

/// All tables whose rows are copied, each after those that its rows refer to.
pub const TABLES: [&str; 65] = [
    "organization",
    "counter",
    "location",
    "physician",
    "staff_user",
    "session",
    "saved_view",
    "api_key",
    "api_request",
    "patient",
    "patient_word",
    "coverage",
    "email_consent",
    "possible_duplicate",
    "merged_patient",
    "treatment",
    "treatment_procedure",
    "treatment_foreign_code",
    "eligibility_file",
    "eligibility_file_part",
    "eligibility_check",
    "eligibility_benefit",
    "eligibility_inquiry",
    "eligibility_settings",
    "eligibility_code_range",
    "payment",
    "payment_transition",
    "payment_estimate",
    "payment_link",
    "payment_attempt",
    "tender",
    "tender_reversal",
    "refund",
    "receipt",
    "dispute",
    "unapplied_money",
    "unapplied_refund",
    "money_exception",
    "payout",
    "payout_movement",
    "payout_share",
    "processor_event",
    "mail",
    "reminder_settings",
    "stored_file",
    "document",
    "note",
    "note_version",
    "ledger_transfer",
    "audit_seal",
    "audit_event",
    "idempotency",
    "rollup_status",
    "rollup_month",
    "rollup_day",
    "rollup_due",
    "rollup_taken",
    "drawer_count",
    "webhook_endpoint",
    "webhook_event",
    "webhook_delivery",
    "import",
    "import_part",
    "import_fault",
    "imported_record",
];

/// The tables that grow with patients and payments: those which lie in partitions, each
/// organization's rows in one, where that is asked for. The others stay small, or are asked for
/// before it is known whose a row is.
pub const PARTITIONED: [&str; 34] = [
    "patient",
    "patient_word",
    "coverage",
    "email_consent",
    "possible_duplicate",
    "treatment",
    "treatment_procedure",
    "treatment_foreign_code",
    "eligibility_file",
    "eligibility_file_part",
    "eligibility_check",
    "eligibility_benefit",
    "eligibility_inquiry",
    "payment",
    "payment_transition",
    "payment_estimate",
    "payment_link",
    "payment_attempt",
    "tender",
    "tender_reversal",
    "refund",
    "receipt",
    "payout_movement",
    "payout_share",
    "mail",
    "stored_file",
    "document",
    "note",
    "note_version",
    "ledger_transfer",
    "audit_event",
    "webhook_event",
    "webhook_delivery",
    "imported_record",
];

/// How many partitions a table can have.
pub const PARTITIONS: std::ops::RangeInclusive<i64> = 2..=128;

/// Tables whose rows come with the schema; they are compared and not copied.
pub const OF_THE_SCHEMA: [&str; 1] = ["status_way"];

/// The table in which a backup keeps what it must hold; no other database has it.
const RECORD: &str = "backup_record";

/// Rows from which on a server is told to look at a table that was filled.
const LOOK_AT_ROWS_MIN: i64 = 1_000;

/// Why a copy is not to be believed, or was not begun.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Something is there already.
    #[error("{}", occupied(table))]
    Occupied {
        /// The first table with rows.
        table: &'static str,
    },
    /// The two databases are not of one version.
    #[error("the two databases do not have the same table {table}; is one changed by hand?")]
    Shapes {
        /// The first table that differs.
        table: String,
    },
    /// What arrived is not what was sent.
    #[error("the copy is not what was copied: {0}")]
    Differs(String),
    /// Somebody went on writing to what was copied.
    #[error("{table} changed while it was copied; stop whoever writes to it and begin again")]
    NotStill {
        /// The first table whose rows have become more or less.
        table: String,
    },
    /// A database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn occupied(table: &str) -> String {
    match table {
        "organization" => "the database to write to holds an organization already".to_owned(),
        table => format!("the database to write to is not empty: {table} has rows"),
    }
}

/// How far a copy has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// What is being done.
    pub what: &'static str,
    /// How many rows, or indexes, that is done with.
    pub done: i64,
    /// How many there are.
    pub all: i64,
    /// How many rows were read or written in all.
    pub rows: i64,
}

/// Whoever is told how far it has come.
pub struct Teller<'a> {
    tell: &'a mut dyn FnMut(Progress),
    at: Progress,
}

impl<'a> Teller<'a> {
    /// Nothing is done yet.
    pub fn new(tell: &'a mut dyn FnMut(Progress)) -> Self {
        Self { tell, at: Progress { what: "", done: 0, all: 0, rows: 0 } }
    }

    /// Begins something else of which there are so many.
    pub fn begin(&mut self, what: &'static str, all: i64) {
        self.at = Progress { what, done: 0, all, ..self.at };
        (self.tell)(self.at);
    }

    /// So many more are done.
    pub fn add(&mut self, rows: i64) {
        self.at.done += rows;
        self.at.rows += rows;
        (self.tell)(self.at);
    }

    /// All are done.
    pub fn end(&mut self) {
        self.at.done = self.at.all;
        (self.tell)(self.at);
    }
}

/// Copies all that `from` sees into `to`, which must be empty and of this version, and proves it.
/// Where so many partitions are asked for, the large tables of `to` get them first. Nothing is kept
/// until `to` is committed.
///
/// # Errors
/// Says which table is not empty, or differs; then `to` must not be committed.
pub async fn copy(
    from: &mut Tx,
    to: &mut Tx,
    partitions: Option<i64>,
    teller: &mut Teller<'_>,
) -> Result<Content, CopyError> {
    let shapes = same_shapes(from, to).await?;
    to.keep_others_out().await?;
    must_be_empty(to).await?;
    let aside = to.lay_aside(&TABLES).await?;
    if let Some(partitions) = partitions {
        to.partition(&PARTITIONED, partitions).await?;
    }
    let mut sent = Vec::with_capacity(shapes.len());
    for shape in &shapes {
        sent.push(content::told(from, shape).await?);
    }
    teller.begin("copied", sent.iter().map(|told| told.0).sum());
    let mut read = Vec::with_capacity(shapes.len());
    for (shape, told) in shapes.iter().zip(sent) {
        read.push(if OF_THE_SCHEMA.contains(&&*shape.name) {
            content::of_table(from, shape, teller).await?
        } else {
            copy_table((from, to), shape, told, teller).await?
        });
    }
    teller.begin("indexes made", aside.indexes());
    to.put_back(aside).await?;
    teller.end();
    let read = Content::new(read);
    teller.begin("compared", read.rows());
    let mut written = Vec::with_capacity(shapes.len());
    for shape in &shapes {
        written.push(content::of_table(to, shape, teller).await?);
    }
    match read.difference(&Content::new(written)) {
        None => Ok(read),
        Some(difference) => Err(CopyError::Differs(difference)),
    }
}

/// Has the large tables of an empty database lie in so many partitions.
///
/// # Errors
/// [`StoreError::Unfit`] when it has some already or cannot have any.
pub async fn partition(tx: &mut Tx, partitions: i64) -> Result<(), StoreError> {
    let aside = tx.lay_aside(&TABLES).await?;
    tx.partition(&PARTITIONED, partitions).await?;
    tx.put_back(aside).await
}

/// The tables of both databases, in the order in which they are copied.
async fn same_shapes(from: &mut Tx, to: &mut Tx) -> Result<Vec<Shape>, CopyError> {
    let (mut sent, taken) = (from.shapes().await?, to.shapes().await?);
    sent.retain(|shape| shape.name != RECORD);
    let mut shapes = Vec::with_capacity(sent.len());
    for table in OF_THE_SCHEMA.iter().chain(&TABLES) {
        let missing = || CopyError::Shapes { table: (*table).to_owned() };
        let place = sent.iter().position(|shape| shape.name == *table).ok_or_else(missing)?;
        let shape = sent.remove(place);
        if !taken.contains(&shape) {
            return Err(missing());
        }
        shapes.push(shape);
    }
    match sent.pop() {
        None => Ok(shapes),
        Some(shape) => Err(CopyError::Shapes { table: shape.name }),
    }
}

/// Whether a database holds an organization, whatever its version, or none at all.
pub async fn is_taken(db: &Db) -> Result<bool, StoreError> {
    let mut tx = db.read().await?;
    if tx.shapes().await?.iter().all(|shape| shape.name != TABLES[0]) {
        return Ok(false);
    }
    let found = tx.optional("SELECT 1 AS it FROM organization LIMIT 1", Vec::new()).await?;
    Ok(found.is_some())
}

async fn must_be_empty(to: &mut Tx) -> Result<(), CopyError> {
    for table in TABLES {
        let sql = format!("SELECT 1 AS it FROM {table} LIMIT 1");
        if to.optional(sql, Vec::new()).await?.is_some() {
            return Err(CopyError::Occupied { table });
        }
    }
    Ok(())
}

/// Copies a table: while rows are written, the next are read.
async fn copy_table(
    (from, to): (&mut Tx, &mut Tx),
    shape: &Shape,
    told: (i64, Option<i64>),
    teller: &mut Teller<'_>,
) -> Result<TableContent, CopyError> {
    let columns: Vec<&str> = shape.columns.iter().map(|(name, _)| &**name).collect();
    let mut reading = Reading::begin(from, shape);
    let mut piece = reading.piece().await?;
    while !piece.is_empty() {
        let rows = i64::try_from(piece.len() / columns.len()).unwrap_or_default();
        let writing = to.fill_columns(&shape.name, &columns, piece);
        let (written, next) = join(writing, reading.piece()).await;
        written?;
        piece = next?;
        teller.add(rows);
    }
    let read = reading.end(told)?;
    if read.rows >= LOOK_AT_ROWS_MIN {
        to.look_at(&[&*shape.name]).await?;
    }
    Ok(read)
}

/// What a database of any version holds, of all its tables.
pub async fn read_content(tx: &mut Tx, teller: &mut Teller<'_>) -> Result<Content, CopyError> {
    let mut shapes = tx.shapes().await?;
    shapes.retain(|shape| shape.name != RECORD);
    let mut all = 0;
    for shape in &shapes {
        all += content::told(tx, shape).await?.0;
    }
    teller.begin("read", all);
    let mut tables = Vec::with_capacity(shapes.len());
    for shape in &shapes {
        tables.push(content::of_table(tx, shape, teller).await?);
    }
    Ok(Content::new(tables))
}

/// Makes sure that a database which was copied has not been written to since: by the number of
/// rows of each table, as whatever matters adds one.
///
/// # Errors
/// [`CopyError::NotStill`] when it was.
pub async fn must_be_still(db: &Db, copied: &Content) -> Result<(), CopyError> {
    let mut now = db.snapshot().await?;
    for shape in now.shapes().await? {
        let told = content::told(&mut now, &shape).await?;
        let then = copied.tables().iter().find(|table| table.table == shape.name);
        if then.is_some_and(|then| (then.rows, then.cents) != told) {
            return Err(CopyError::NotStill { table: shape.name });
        }
    }
    Ok(())
}

/// Writes into a copy what it holds, which makes it a backup.
pub async fn record(to: &mut Tx, content: &Content, made_at: Timestamp) -> Result<(), StoreError> {
    let sql = format!(
        "CREATE TABLE {RECORD} (made_at_us BIGINT NOT NULL PRIMARY KEY, content TEXT NOT NULL)"
    );
    to.execute(sql, Vec::new()).await?;
    let sql = format!("INSERT INTO {RECORD} (made_at_us, content) VALUES ($1, $2)");
    to.execute_one(sql, params![made_at, content.to_string()]).await
}

/// When a backup was made and what it was to hold then; `None` of a database that is no backup.
pub async fn recorded(tx: &mut Tx) -> Result<Option<(Timestamp, Content)>, StoreError> {
    if tx.shapes().await?.iter().all(|shape| shape.name != RECORD) {
        return Ok(None);
    }
    let row = tx.one(format!("SELECT made_at_us, content FROM {RECORD}"), Vec::new()).await?;
    let content = Content::parse(&row.text("content")?)
        .ok_or_else(|| StoreError::Corrupt("record of the backup".to_owned()))?;
    Ok(Some((row.time("made_at_us")?, content)))
}
