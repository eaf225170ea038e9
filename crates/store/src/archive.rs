//! The rows of one organization, as an archive of it takes them away and brings them elsewhere.
//!
//! An archive does not say which number an organization has: rows leave without it and get that of
//! where they arrive, while all other numbers stay. [`TAKEN`] decides for each table what of it is
//! taken; a new table needs a line there, and a test says when one is missing.

use almoner_domain::OrganizationId;
use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;
use jiff::Timestamp;

use crate::copy::content::AMOUNT;
use crate::db::{Kind, Row, Rules, Shape, StoreError, Tx, Value};
use crate::params;

/// Rows that are held in memory together at most.
const PIECE_ROWS_MAX: usize = 2_000;
/// How many bytes they are, after which no more are added.
const PIECE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Rows from which on a server is told to look at a table that was filled.
const LOOK_AT_ROWS_MIN: i64 = 1_000;
/// The column that no archive has.
const OWNER: &str = "organization_id";
/// Stands in an expression for the moment of the archive.
const MADE_AT: &str = "MADE_AT";

/// What of a table is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// All rows as they are.
    Whole,
    /// All rows, with an expression instead of a column.
    Instead(&'static [(&'static str, &'static str)]),
    /// The rows of which this is true; the row is `t`.
    Where(&'static str),
    /// Nothing; the words say why.
    Nothing,
}

use Taken::{Instead, Nothing, Where, Whole};

const ANSWERS: &str = "answers to requests that are repeated, which are kept for a day";
const WEBHOOKS: &str = "what other programs are told; its secrets are made by a key that is not in \
    the database, so the endpoints are added again";
const EVENTS: &str = "what the processor told; it belongs to its account and is asked for again";

/// What each table holds, in words for whoever opens an archive, and what of it is taken, in the
/// order of [`crate::copy::TABLES`].
pub const TAKEN: [(&str, Taken, &str); 65] = [
    ("organization", Whole, "the clinic: its name, time zone and currency"),
    ("counter", Whole, "the last number given out for each kind of id"),
    ("location", Whole, "locations of the clinic"),
    ("physician", Whole, "physicians"),
    // With the hashes of passwords: nobody is to be locked out of their own clinic.
    ("staff_user", Whole, "accounts of the staff, with hashes of their passwords"),
    ("session", Nothing, "who is signed in; everybody signs in again"),
    ("saved_view", Whole, "lists of payments that somebody kept under a name"),
    // The rows name who did what. None of them opens anything elsewhere.
    (
        "api_key",
        Instead(&[
            // Nothing of it; of nothing, one engine would make what is missing.
            (
                "secret_hash",
                "CASE length(t.secret_hash) WHEN 0 THEN t.secret_hash
                    ELSE substr(t.secret_hash, 1, 0) END",
            ),
            ("revoked_at_us", "coalesce(t.revoked_at_us, MADE_AT)"),
        ]),
        "names of other programs' keys; the keys themselves are not here, and all are revoked",
    ),
    ("api_request", Nothing, ANSWERS),
    ("patient", Whole, "patients"),
    ("patient_word", Whole, "words of patients' names, for the search"),
    ("coverage", Whole, "patients' insurances"),
    ("email_consent", Whole, "who agreed to be sent e-mail, and at which address"),
    ("possible_duplicate", Whole, "pairs of patients who may be one person"),
    ("merged_patient", Whole, "patients who were merged into others, as they were before"),
    ("treatment", Whole, "treatments"),
    ("treatment_procedure", Whole, "procedures of treatments, with what is charged"),
    ("treatment_foreign_code", Whole, "codes of other systems on treatments, as they came"),
    ("eligibility_file", Whole, "files with payers' answers"),
    ("eligibility_file_part", Whole, "the content of those files, in parts"),
    ("eligibility_check", Whole, "payers' answers about patients"),
    ("eligibility_benefit", Whole, "lines of those answers"),
    ("eligibility_inquiry", Whole, "questions to payers, and what became of them"),
    ("eligibility_settings", Whole, "what the clinic sets for its estimates"),
    ("eligibility_code_range", Whole, "service types of procedure codes"),
    ("payment", Whole, "payments"),
    ("payment_transition", Whole, "each step of a payment from one status to another"),
    ("payment_estimate", Whole, "the estimate that a payment was created from"),
    // A link is made from its row by a key outside of the database, there by that of there.
    ("payment_link", Whole, "which payment links there are; a row makes no link"),
    ("payment_attempt", Whole, "attempts to pay at the processor"),
    ("tender", Whole, "money that was taken"),
    ("tender_reversal", Whole, "tenders that were taken back"),
    ("refund", Whole, "refunds"),
    ("receipt", Whole, "receipts by their numbers"),
    ("dispute", Whole, "what payers disputed at their banks"),
    ("unapplied_money", Whole, "money that was taken for nothing"),
    ("unapplied_refund", Whole, "such money that was given back"),
    ("money_exception", Whole, "what somebody had, or has, to look at"),
    ("payout", Whole, "what the processor paid out"),
    ("payout_movement", Whole, "what a payout is made of"),
    ("payout_share", Whole, "how much of a payout each location has"),
    ("processor_event", Nothing, EVENTS),
    ("mail", Whole, "letters to patients, and what became of them; neither text nor address"),
    ("reminder_settings", Whole, "when the clinic reminds of what is due"),
    // What was deleted is not handed over.
    (
        "stored_file",
        Where(
            "t.state = 'kept' AND EXISTS (SELECT 1 FROM document d
                WHERE d.organization_id = t.organization_id AND d.file_id = t.file_id
                    AND d.deleted_at_us IS NULL)",
        ),
        "the numbers under which documents are kept",
    ),
    (
        "document",
        Instead(&[("file_id", "CASE WHEN t.deleted_at_us IS NULL THEN t.file_id END")]),
        "documents of payments; those that were deleted have a row and no file",
    ),
    ("note", Whole, "notes on payments"),
    ("note_version", Whole, "what notes said before they were edited"),
    ("ledger_transfer", Whole, "the ledger: each row debits one account and credits another"),
    ("audit_seal", Whole, "the seals of the audit log, each over the one before it"),
    ("audit_event", Whole, "the audit log: who did, and who saw, what"),
    ("idempotency", Nothing, ANSWERS),
    ("rollup_status", Whole, "sums of payments by status"),
    ("rollup_month", Whole, "sums of money by month"),
    ("rollup_day", Whole, "numbers of payments by day"),
    ("rollup_due", Whole, "sums of payments by due date"),
    ("rollup_taken", Whole, "sums of money by month, type and tender"),
    ("drawer_count", Whole, "what was counted in drawers"),
    ("webhook_endpoint", Nothing, WEBHOOKS),
    ("webhook_event", Nothing, WEBHOOKS),
    ("webhook_delivery", Nothing, WEBHOOKS),
    ("import", Whole, "files of other systems that were imported, or are being"),
    ("import_part", Whole, "the content of those that are being imported, in parts"),
    ("import_fault", Whole, "rows of those files that had a fault, and which"),
    ("imported_record", Whole, "what other systems call the records that came from them"),
];

/// Whose rows, and when the archive of them is or was made.
#[derive(Debug, Clone, Copy)]
pub struct Of {
    /// The organization.
    pub org: OrganizationId,
    /// When.
    pub made_at: Timestamp,
}

/// A table of which an archive has rows.
#[derive(Debug, Clone)]
pub struct TakenTable {
    /// The table as the database has it.
    shape: Shape,
    /// The columns that an archive has, in order: all but the organization's number.
    pub columns: Vec<(String, Kind)>,
    taken: Taken,
}

impl TakenTable {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.shape.name
    }

    /// Where a column's value stands in a row.
    ///
    /// # Panics
    /// When there is no such column: the program and its schema differ.
    pub fn place(&self, column: &str) -> usize {
        let found = self.columns.iter().position(|(name, _)| name == column);
        found.unwrap_or_else(|| panic!("{} has a column {column}", self.name()))
    }

    /// The places of the columns that hold amounts.
    pub fn amounts(&self) -> impl Iterator<Item = usize> + '_ {
        let columns = self.columns.iter().enumerate();
        columns.filter(|(_, (name, kind))| is_amount(name, *kind)).map(|(place, _)| place)
    }

    /// Which rows, as the end of a statement about `t`.
    fn which(&self) -> String {
        let more = if let Where(condition) = self.taken { condition } else { "TRUE" };
        format!("FROM \"{}\" t WHERE t.{OWNER} = $1 AND {more}", self.name())
    }

    /// What is read of a column.
    fn read(&self, column: &str, of: Of) -> String {
        let instead = match self.taken {
            Instead(columns) => columns.iter().find(|(name, _)| *name == column),
            Whole | Where(_) | Nothing => None,
        };
        let moment = almoner_domain::time::micros(of.made_at).to_string();
        instead.map_or_else(
            || format!("t.\"{column}\""),
            |(_, expression)| expression.replace(MADE_AT, &moment),
        )
    }
}

fn is_amount(name: &str, kind: Kind) -> bool {
    kind == Kind::Int && name.ends_with(AMOUNT)
}

/// The tables of which an archive has rows, each after those that its rows refer to.
///
/// # Errors
/// The database failed, or does not have a table of this version.
pub async fn tables(tx: &mut Tx) -> Result<Vec<TakenTable>, StoreError> {
    let mut shapes = tx.shapes().await?;
    let mut tables = Vec::with_capacity(TAKEN.len());
    for (name, taken, _) in TAKEN {
        if taken == Nothing {
            continue;
        }
        let found = shapes.iter().position(|shape| shape.name == name);
        let place = found.ok_or_else(|| StoreError::Corrupt(format!("table {name}")))?;
        let shape = shapes.swap_remove(place);
        let columns = shape.columns.iter().filter(|(name, _)| name != OWNER).cloned().collect();
        tables.push(TakenTable { shape, columns, taken });
    }
    Ok(tables)
}

/// How many rows there are and what their amounts add up to, as the engine says; `None` where the
/// table has no amounts.
pub async fn told(
    tx: &mut Tx,
    table: &TakenTable,
    of: Of,
) -> Result<(i64, Option<i64>), StoreError> {
    let sum = |place: usize| format!("coalesce(sum(t.\"{}\"), 0)", table.columns[place].0);
    let sums: Vec<String> = table.amounts().map(sum).collect();
    let sum = if sums.is_empty() { "NULL".to_owned() } else { sums.join(" + ") };
    let which = table.which();
    let sql = format!("SELECT count(*) AS n, CAST({sum} AS BIGINT) AS cents {which}");
    let row = tx.one(sql, params![of.org]).await?;
    Ok((row.int("n")?, row.opt_int("cents")?))
}

/// The rows of a table while they are read, in the order of its key.
pub struct Reading<'a> {
    table: &'a TakenTable,
    rows: BoxStream<'a, Result<Row, StoreError>>,
}

impl<'a> Reading<'a> {
    /// Begins with the first row.
    pub fn begin(tx: &'a mut Tx, table: &'a TakenTable, of: Of) -> Self {
        let read = |(name, _): &(String, Kind)| table.read(name, of);
        let columns: Vec<String> = table.columns.iter().map(read).collect();
        let columns = columns.join(", ");
        // By the columns of the table: what is read instead of one has another name.
        let order = tx.order_by_key("t.", &table.shape);
        let sql = format!("SELECT {columns} {} ORDER BY {order}", table.which());
        Self { table, rows: tx.stream(sql, params![of.org]) }
    }

    /// The values of the next rows, one after the other; empty at the end.
    pub async fn piece(&mut self) -> Result<Vec<Value>, StoreError> {
        let (mut values, mut bytes) = (Vec::new(), 0);
        for _ in 0..PIECE_ROWS_MAX {
            let Some(row) = self.rows.try_next().await? else { break };
            for (place, (_, kind)) in self.table.columns.iter().enumerate() {
                let value = row.value(place, *kind)?;
                bytes += size_bytes(&value);
                values.push(value);
            }
            if bytes >= PIECE_BYTES_MAX {
                break;
            }
        }
        Ok(values)
    }
}

/// About how much memory a value takes.
pub fn size_bytes(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::Int(_) => 0,
            Value::Text(text) => text.as_ref().map_or(0, String::len),
            Value::Bytes(bytes) => bytes.as_ref().map_or(0, Vec::len),
        }
}

/// Rows of an archive while they come, to be held until it is time to write them.
#[derive(Debug, Default)]
pub struct Piece {
    values: Vec<Value>,
    bytes: usize,
    rows: usize,
}

impl Piece {
    /// Adds a row.
    pub fn add(&mut self, row: Vec<Value>) {
        self.bytes += row.iter().map(size_bytes).sum::<usize>();
        self.rows += 1;
        self.values.extend(row);
    }

    /// Whether it is time to write them.
    pub fn is_full(&self) -> bool {
        self.rows >= PIECE_ROWS_MAX || self.bytes >= PIECE_BYTES_MAX
    }

    /// How many rows there are.
    pub fn rows(&self) -> i64 {
        i64::try_from(self.rows).unwrap_or(i64::MAX)
    }
}

/// Readies a database for the rows of an archive: nobody else adds an organization meanwhile, and
/// the triggers are laid aside, as the rows have been through them once.
pub async fn begin(tx: &mut Tx) -> Result<Rules, StoreError> {
    alone(tx).await?;
    tx.lay_triggers_aside().await
}

/// Waits for whoever adds an organization; nobody else adds one until the transaction ends.
pub async fn alone(tx: &mut Tx) -> Result<(), StoreError> {
    tx.keep_others_from_adding().await
}

/// Writes rows of a table as an organization's.
///
/// # Errors
/// [`StoreError::Refused`] or [`StoreError::Duplicate`] when the rows do not obey the schema.
pub async fn insert(
    tx: &mut Tx,
    table: &TakenTable,
    org: OrganizationId,
    piece: Piece,
) -> Result<(), StoreError> {
    let names = table.columns.iter().map(|(name, _)| &**name);
    let columns: Vec<&str> = std::iter::once(OWNER).chain(names).collect();
    let mut values = Vec::with_capacity(piece.rows * columns.len());
    let mut row = piece.values.into_iter();
    for _ in 0..piece.rows {
        values.push(Value::from(org));
        values.extend(row.by_ref().take(table.columns.len()));
    }
    tx.fill_columns(table.name(), &columns, values).await
}

/// Lets a server look at a table that so many rows came to.
pub async fn filled(tx: &mut Tx, table: &TakenTable, rows: i64) -> Result<(), StoreError> {
    if rows >= LOOK_AT_ROWS_MIN { tx.look_at(&[table.name()]).await } else { Ok(()) }
}

/// Puts back what [`begin`] laid aside.
pub async fn end(tx: &mut Tx, rules: Rules) -> Result<(), StoreError> {
    tx.put_rules_back(rules).await
}

/// The first of an organization's accounts whose e-mail address signs in to another one.
pub async fn account_elsewhere(
    tx: &mut Tx,
    org: OrganizationId,
) -> Result<Option<(String, String)>, StoreError> {
    let sql = "SELECT u.email, o.slug FROM staff_user u
        JOIN staff_user x ON x.email = u.email AND x.organization_id <> u.organization_id
        JOIN organization o ON o.organization_id = x.organization_id
        WHERE u.organization_id = $1 ORDER BY u.seq LIMIT 1";
    let row = tx.optional(sql, params![org]).await?;
    row.map(|row| Ok((row.text("email")?, row.text("slug")?))).transpose()
}
