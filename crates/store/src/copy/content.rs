//! What a database holds, told so that two can be compared whatever engines they are on.
//!
//! Of each table: how many rows there are and what its amounts add up to, as the engine itself
//! says, and a SHA-256 over all rows in the order of the key. A row is hashed value by value: a
//! letter for its kind, then eight bytes of a number, or the length and the bytes of anything else.

use std::fmt;

use almoner_domain::text::{hex, unhex};
use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;
use sha2::{Digest as _, Sha256};

use super::{CopyError, Teller};
use crate::db::{Kind, Row, Shape, StoreError, Tx, Value};

/// Rows that are held in memory together at most.
const PIECE_ROWS_MAX: usize = 5_000;
/// How many bytes they are, after which no more are added.
const PIECE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// An amount's column ends so.
pub(crate) const AMOUNT: &str = "_cents";

/// What a table holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableContent {
    /// Its name.
    pub table: String,
    /// How many rows.
    pub rows: i64,
    /// All amounts in them, added up; `None` where it has none.
    pub cents: Option<i64>,
    /// SHA-256 over all rows.
    pub checksum: [u8; 32],
}

/// What a database holds: its tables by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content(Vec<TableContent>);

impl Content {
    /// The content of these tables.
    pub(super) fn new(mut tables: Vec<TableContent>) -> Self {
        tables.sort_by(|one, other| one.table.cmp(&other.table));
        Self(tables)
    }

    /// The tables, by name.
    pub fn tables(&self) -> &[TableContent] {
        &self.0
    }

    /// How many rows there are in all.
    pub fn rows(&self) -> i64 {
        self.0.iter().map(|table| table.rows).sum()
    }

    /// One SHA-256 over all tables.
    pub fn checksum(&self) -> [u8; 32] {
        Sha256::digest(self.to_string()).into()
    }

    /// The first difference, as a sentence without anything about a patient.
    pub fn difference(&self, other: &Self) -> Option<String> {
        for (one, other) in self.0.iter().zip(&other.0) {
            let table = &one.table;
            if *table != other.table {
                return Some(format!("it has no table {}", table.min(&other.table)));
            }
            let amount = |cents: Option<i64>| cents.unwrap_or_default();
            let pairs =
                [("rows", one.rows, other.rows), ("cents", amount(one.cents), amount(other.cents))];
            for (what, one, other) in pairs {
                if one != other {
                    return Some(format!("{table} has {other} {what} instead of {one}"));
                }
            }
            if one != other {
                return Some(format!("the rows of {table} have another SHA-256"));
            }
        }
        let (one, other) = (self.0.len(), other.0.len());
        (one != other).then(|| format!("it has {other} tables instead of {one}"))
    }

    /// What [`fmt::Display`] wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let table = |line: &str| {
            let mut words = line.split(' ');
            let mut word = || words.next();
            let (table, rows, cents, checksum) = (word()?, word()?, word()?, word()?);
            Some(TableContent {
                table: table.to_owned(),
                rows: rows.parse().ok()?,
                cents: if cents == "-" { None } else { Some(cents.parse().ok()?) },
                checksum: unhex(checksum)?.try_into().ok()?,
            })
        };
        text.lines().map(table).collect::<Option<Vec<_>>>().map(Self::new)
    }
}

/// A line a table: its name, rows, cents or a dash, and checksum.
impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for TableContent { table, rows, cents, checksum } in &self.0 {
            let cents = cents.map_or_else(|| "-".to_owned(), |cents| cents.to_string());
            writeln!(f, "{table} {rows} {cents} {}", hex(checksum))?;
        }
        Ok(())
    }
}

/// How many rows a table has and what its amounts add up to, as the engine says.
pub(super) async fn told(tx: &mut Tx, shape: &Shape) -> Result<(i64, Option<i64>), StoreError> {
    let sums: Vec<String> = shape
        .columns
        .iter()
        .filter(|(name, kind)| *kind == Kind::Int && name.ends_with(AMOUNT))
        .map(|(name, _)| format!("coalesce(sum(\"{name}\"), 0)"))
        .collect();
    let sum = if sums.is_empty() { "NULL".to_owned() } else { sums.join(" + ") };
    let sql =
        format!("SELECT count(*) AS n, CAST({sum} AS BIGINT) AS cents FROM \"{}\"", shape.name);
    let row = tx.one(sql, Vec::new()).await?;
    Ok((row.int("n")?, row.opt_int("cents")?))
}

/// What a table holds.
pub(super) async fn of_table(
    tx: &mut Tx,
    shape: &Shape,
    teller: &mut Teller<'_>,
) -> Result<TableContent, CopyError> {
    let told = told(tx, shape).await?;
    let mut reading = Reading::begin(tx, shape);
    loop {
        let piece = reading.piece().await?;
        if piece.is_empty() {
            return reading.end(told);
        }
        teller.add(i64::try_from(piece.len() / shape.columns.len()).unwrap_or_default());
    }
}

/// A table that is being read from its first row to its last.
pub(super) struct Reading<'a> {
    shape: &'a Shape,
    rows: BoxStream<'a, Result<Row, StoreError>>,
    count: i64,
    /// The row that is being read, as it is hashed.
    row: Vec<u8>,
    hash: Sha256,
}

impl<'a> Reading<'a> {
    pub(super) fn begin(tx: &'a mut Tx, shape: &'a Shape) -> Self {
        Self { shape, rows: tx.rows(shape), count: 0, row: Vec::new(), hash: Sha256::new() }
    }

    /// The values of the next rows; empty at the end.
    pub(super) async fn piece(&mut self) -> Result<Vec<Value>, StoreError> {
        let (mut values, mut bytes) = (Vec::new(), 0);
        for _ in 0..PIECE_ROWS_MAX {
            let Some(row) = self.rows.try_next().await? else { break };
            self.row.clear();
            for (place, (_, kind)) in self.shape.columns.iter().enumerate() {
                let value = row.value(place, *kind)?;
                encode(&mut self.row, &value);
                values.push(value);
            }
            self.hash.update(&self.row);
            self.count += 1;
            bytes += self.row.len();
            if bytes >= PIECE_BYTES_MAX {
                break;
            }
        }
        Ok(values)
    }

    /// What was read, which must be as much as the engine told of.
    pub(super) fn end(self, (rows, cents): (i64, Option<i64>)) -> Result<TableContent, CopyError> {
        let table = self.shape.name.clone();
        if self.count != rows {
            let read = self.count;
            return Err(CopyError::Differs(format!("{read} of {rows} rows of {table} were read")));
        }
        Ok(TableContent { table, rows, cents, checksum: self.hash.finalize().into() })
    }
}

/// Appends a value as it is hashed.
fn encode(row: &mut Vec<u8>, value: &Value) {
    let (letter, bytes) = match value {
        Value::Int(Some(number)) => {
            row.push(b'i');
            return row.extend_from_slice(&number.to_be_bytes());
        }
        Value::Text(Some(text)) => (b't', text.as_bytes()),
        Value::Bytes(Some(bytes)) => (b'b', &**bytes),
        Value::Int(None) | Value::Text(None) | Value::Bytes(None) => return row.push(b'-'),
    };
    row.push(letter);
    row.extend_from_slice(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
    row.extend_from_slice(bytes);
}
