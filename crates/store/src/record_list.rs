//! Lists of records for other programs: in the order of their numbers, or of their last changes
//! for a program that keeps a copy.
//!
//! A page is a walk along one index, from where the page before it ended, so that it costs the
//! same among few and among many. Here only keys are read; who asks reads the rows. What little a
//! filter leaves is collected and sorted instead, as the walk would pass over very many to find
//! it. Totals are counted up to [`MAX_EXACT_TOTAL`].
//!
//! What changes while a list is walked forth by its changes moves to its end, and is met there once
//! more. A change has the moment at which it was begun, and comes to light when it is committed:
//! a walk may have passed its place by then. So whoever keeps a copy begins each walk
//! [`OVERLAP_MINUTES`] before the moment at which the one before it began, and misses none that was
//! committed within them.

use almoner_domain::list::{Cursor, MAX_EXACT_TOTAL, Place};
use almoner_domain::{OrganizationId, PatientId, time};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::db::{Row, StoreError, Tx};
use crate::named::named;
use crate::statement::{NumberSet, Statement};

/// How long before its last walk whoever keeps a copy begins the next one.
pub const OVERLAP_MINUTES: i64 = 5;

/// What is open and on a treatment, in the very words of the indexes that hold it.
const IS_OPEN: &str = " AND treatment_seq IS NOT NULL AND (status = 'draft' OR status = 'pending' \
    OR status = 'processing' OR status = 'failed')";

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Records {
    /// Patients.
    Patients,
    /// Treatments.
    Treatments,
    /// Payments; by their changes or of a patient, as `payment_list` has the other orders.
    Payments,
    /// Locations.
    Locations,
    /// Physicians.
    Physicians,
}

/// What narrows a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Narrowed {
    /// Nothing: all are listed.
    Not,
    /// Patients, treatments and payments that changed then or later, in the order of their changes.
    ChangedSince(Timestamp),
    /// Patients whose name has all these words.
    Named(Vec<String>),
    /// Patients who were born on that day and whose name has all these words.
    Born(Date, Vec<String>),
    /// Payments of a patient.
    Owed(PatientId),
    /// Treatments of a patient; with the date, only those with payments that were due before it.
    OfPatient(PatientId, Option<Date>),
    /// Treatments with payments that were due before this date.
    OverdueOn(Date),
}

/// A page of keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordPage {
    /// Its keys, in the list's order.
    pub rows: Vec<Cursor>,
    /// How many there are; more than so many when it is not exact.
    pub total: i64,
    /// Whether the total is exact.
    pub total_is_exact: bool,
    /// Whether rows precede.
    pub has_previous: bool,
    /// Whether rows follow.
    pub has_next: bool,
}

/// What the database knows of a filter before the page is read.
enum Known {
    /// Nothing that it would need.
    Nothing,
    /// The patients whom words name: those alone are looked up.
    Patients(NumberSet),
    /// So many that the next one is near: each is tested.
    Many(Vec<String>),
    /// Little is overdue, and is collected.
    LittleOverdue(Date),
    /// So much is overdue that the next is near: what is open is walked along.
    MuchOverdue(Date),
}

/// A list that is asked for.
struct List<'a> {
    org: OrganizationId,
    records: Records,
    narrowed: &'a Narrowed,
    known: Known,
}

/// The page at a place, of at most `limit` rows. A page is not asked for by its number here.
pub async fn page(
    tx: &mut Tx,
    org: OrganizationId,
    (records, narrowed): (Records, &Narrowed),
    (place, limit): (Place, i64),
) -> Result<RecordPage, StoreError> {
    let known = known(tx, org, narrowed).await?;
    let list = List { org, records, narrowed, known };
    let (total, total_is_exact) = list.total(tx).await?;
    let rows = list.statement(place, limit + 1).all(tx).await?;
    let cursor = |row: &Row| {
        let key = if list.is_by_change() { Some(row.int("sort_key")?) } else { None };
        Ok::<_, StoreError>(Cursor { key, rank: 0, seq: row.int("seq")? })
    };
    let mut rows: Vec<Cursor> = rows.iter().map(cursor).collect::<Result<_, _>>()?;
    let has_more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if has_more {
        rows.pop();
    }
    let is_back = matches!(place, Place::Before(_) | Place::Last);
    if is_back {
        rows.reverse();
    }
    let is_cut = matches!(place, Place::After(_) | Place::Before(_));
    let (has_previous, has_next) = if is_back { (has_more, is_cut) } else { (is_cut, has_more) };
    Ok(RecordPage { rows, total, total_is_exact, has_previous, has_next })
}

/// The statement that reads the keys of a page, for tests that ask how it is carried out.
#[cfg(feature = "testing")]
pub async fn page_statement(
    tx: &mut Tx,
    org: OrganizationId,
    (records, narrowed): (Records, &Narrowed),
    (place, limit): (Place, i64),
) -> Result<(String, Vec<crate::db::Value>), StoreError> {
    let known = known(tx, org, narrowed).await?;
    Ok(List { org, records, narrowed, known }.statement(place, limit + 1).into_parts())
}

async fn known(tx: &mut Tx, org: OrganizationId, narrowed: &Narrowed) -> Result<Known, StoreError> {
    match narrowed {
        Narrowed::Not
        | Narrowed::ChangedSince(_)
        | Narrowed::Born(..)
        | Narrowed::Owed(_)
        | Narrowed::OfPatient(..) => Ok(Known::Nothing),
        Narrowed::Named(words) => {
            let found = named(tx, org, words).await?;
            Ok(if found.is_all {
                Known::Patients(found.patients)
            } else {
                Known::Many(words.clone())
            })
        }
        &Narrowed::OverdueOn(today) => {
            let mut statement = Statement::default();
            statement.push("SELECT count(*) AS n FROM (SELECT seq FROM payment");
            push_overdue(&mut statement, (org, today), "due_key");
            statement.push(&format!(" LIMIT {}) AS found", MAX_EXACT_TOTAL + 1));
            let payments = statement.one(tx).await?.int("n")?;
            Ok(if payments <= MAX_EXACT_TOTAL {
                Known::LittleOverdue(today)
            } else {
                Known::MuchOverdue(today)
            })
        }
    }
}

/// Appends which payments are overdue on treatments.
fn push_overdue(
    statement: &mut Statement,
    (org, today): (OrganizationId, Date),
    due_key: &'static str,
) {
    statement.push(" WHERE organization_id = ").bind(org).push(IS_OPEN);
    statement.push(&format!(" AND {due_key} < ")).bind(time::date_key(today));
}

impl Records {
    fn table(self) -> &'static str {
        match self {
            Self::Patients => "patient",
            Self::Treatments => "treatment",
            Self::Payments => "payment",
            Self::Locations => "location",
            Self::Physicians => "physician",
        }
    }
}

impl List<'_> {
    fn is_by_change(&self) -> bool {
        matches!(self.narrowed, Narrowed::ChangedSince(_))
    }

    /// Whether a record may be met several times.
    fn is_repeated(&self) -> bool {
        matches!(self.known, Known::LittleOverdue(_) | Known::MuchOverdue(_))
    }

    /// What is read, and its column of the record's number.
    fn source(&self) -> (&'static str, &'static str) {
        match self.known {
            // No index is walked in the order of a sum, so that the one by due dates is read.
            Known::LittleOverdue(_) => ("payment", "treatment_seq + 0"),
            Known::MuchOverdue(_) => ("payment", "treatment_seq"),
            _ => (self.records.table(), "seq"),
        }
    }

    /// Appends which rows are listed.
    fn push_rows(&self, statement: &mut Statement) {
        match self.known {
            Known::LittleOverdue(today) => {
                return push_overdue(statement, (self.org, today), "due_key");
            }
            Known::MuchOverdue(today) => {
                return push_overdue(statement, (self.org, today), "due_key + 0");
            }
            _ => statement.push(" WHERE organization_id = ").bind(self.org),
        };
        match &self.known {
            Known::Patients(found) => {
                statement.and_in("seq", found);
            }
            Known::Many(words) => {
                // No index holds this text, so that the walk is not left for one. A server takes a
                // choice for met by every other row, and so does not read and sort all of them.
                statement.push(" AND CASE WHEN 1 = 1");
                statement.and_named("(name_search || '')", words);
                statement.push(" THEN 1 = 1 ELSE 1 = 0 END");
            }
            _ => {}
        }
        if let Narrowed::Owed(patient) = self.narrowed {
            statement.push(" AND patient_seq = ").bind(*patient);
        }
        if let Narrowed::Born(day, words) = self.narrowed {
            // The few who were born on that day are tested for the name.
            statement.push(" AND birth_day = ").bind(time::date_key(*day));
            statement.and_named("(name_search || '')", words);
        }
        if let Narrowed::OfPatient(patient, overdue_on) = self.narrowed {
            statement.push(" AND patient_seq = ").bind(*patient);
            if let Some(today) = overdue_on {
                statement.push(" AND EXISTS (SELECT 1 FROM payment");
                push_overdue(statement, (self.org, *today), "due_key");
                statement.push(" AND treatment_seq = treatment.seq)");
            }
        }
    }

    /// Appends that a row changed since; a page that begins later needs no such bound.
    fn push_since(&self, statement: &mut Statement) {
        if let Narrowed::ChangedSince(since) = self.narrowed {
            statement.push(" AND modified_at_us >= ").bind(time::micros(*since));
        }
    }

    /// The statement that reads the keys at a place, at most so many.
    fn statement(&self, place: Place, limit: i64) -> Statement {
        let (table, seq) = self.source();
        let (cursor, is_back) = match place {
            Place::First | Place::Number(_) => (None, false),
            Place::Last => (None, true),
            Place::After(cursor) => (Some(cursor), false),
            Place::Before(cursor) => (Some(cursor), true),
        };
        let (relation, direction) = if is_back { ("<", "DESC") } else { (">", "ASC") };
        let mut statement = Statement::default();
        let distinct = if self.is_repeated() { "DISTINCT " } else { "" };
        let key = if self.is_by_change() { ", modified_at_us AS sort_key" } else { "" };
        statement.push(&format!("SELECT {distinct}{seq} AS seq{key} FROM {table}"));
        self.push_rows(&mut statement);
        if is_back || cursor.is_none() {
            self.push_since(&mut statement);
        }
        match cursor {
            Some(Cursor { key: Some(key), seq, .. }) if self.is_by_change() => {
                statement.push(&format!(" AND (modified_at_us, seq) {relation} ("));
                statement.bind(key).push(", ").bind(seq).push(")");
            }
            Some(cursor) => {
                statement.push(&format!(" AND {seq} {relation} ")).bind(cursor.seq);
            }
            None => {}
        }
        let first = if self.is_by_change() {
            format!("modified_at_us {direction}, ")
        } else {
            String::new()
        };
        statement.push(&format!(" ORDER BY {first}{seq} {direction} LIMIT {limit}"));
        statement
    }

    /// How many there are, and whether that is exact.
    async fn total(&self, tx: &mut Tx) -> Result<(i64, bool), StoreError> {
        if matches!(self.known, Known::Many(_)) {
            return Ok((crate::named::MAX_NAMED, false));
        }
        let (table, seq) = self.source();
        let mut statement = Statement::default();
        let counted = if self.is_repeated() { "DISTINCT seq" } else { "*" };
        statement.push(&format!(
            "SELECT count({counted}) AS n, count(*) AS looked_at FROM (SELECT {seq} AS seq \
            FROM {table}"
        ));
        match self.known {
            // As many as are counted; along the due dates, where none is passed over.
            Known::MuchOverdue(today) => {
                push_overdue(&mut statement, (self.org, today), "due_key");
            }
            _ => self.push_rows(&mut statement),
        }
        self.push_since(&mut statement);
        statement.push(&format!(" LIMIT {}) AS found", MAX_EXACT_TOTAL + 1));
        let row = statement.one(tx).await?;
        let (n, is_exact) = (row.int("n")?, row.int("looked_at")? <= MAX_EXACT_TOTAL);
        Ok((if is_exact { n } else { (n - 1).max(0) }, is_exact))
    }
}
