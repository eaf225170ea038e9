//! Hands out the books of some days as whole lists, a batch at a time: the refunds that were made,
//! and the ledger's rows.
//!
//! As with the payments (`export_payments`), the audit log says that somebody began and how many
//! rows they got in the end.

use std::collections::BTreeMap;

use almoner_domain::LocationId;
use almoner_store::books::{self, Book, BookedRefund, Entry, Within};
use almoner_store::locations;
use serde_json::{Value, json};

use crate::context::{Actor, App};
use crate::error::Error;
use crate::export_report::{Format, joined};
use crate::permission::Action;
use crate::record;

/// Rows that are read at once. A batch reads the rest of a day again, so they are many.
const BATCH: usize = 5_000;

/// Which books are exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Refunds or ledger.
    pub book: Book,
    /// Of which days and locations.
    pub within: Within,
}

/// Rows as they were read.
#[derive(Debug, Clone)]
pub enum Rows {
    /// Refunds.
    Refunds(Vec<BookedRefund>),
    /// Rows of the ledger.
    Ledger(Vec<Entry>),
}

impl Rows {
    fn count(&self) -> usize {
        match self {
            Self::Refunds(rows) => rows.len(),
            Self::Ledger(rows) => rows.len(),
        }
    }
}

/// An export under way.
#[derive(Debug)]
pub struct Export {
    wanted: Wanted,
    locations: BTreeMap<LocationId, String>,
    /// The last row that was read.
    last: Last,
    rows: usize,
    is_over: bool,
}

#[derive(Debug)]
enum Last {
    Nothing,
    Refund(Box<BookedRefund>),
    Entry(Box<Entry>),
}

/// Whether no more than so many rows would be exported, as of now.
///
/// # Errors
/// No permission, or the database failed.
pub async fn fits(app: &App, actor: &Actor, wanted: &Wanted, rows: usize) -> Result<bool, Error> {
    actor.must(Action::ReadReports)?;
    let mut tx = app.read_for(actor).await?;
    let asked = (wanted.book, &wanted.within);
    Ok(!books::has_more_than(&mut tx, actor.org(), asked, rows).await?)
}

/// Begins an export, and says so in the audit log.
///
/// # Errors
/// No permission, or the database failed.
pub async fn begin_export(
    app: &App,
    actor: &Actor,
    wanted: Wanted,
    format: Format,
) -> Result<Export, Error> {
    actor.must(Action::ReadReports)?;
    let mut tx = app.db.begin().await?;
    let places = locations::all(&mut tx, actor.org()).await?;
    let detail = told(&wanted.within, format);
    let subject = (subject(wanted.book), 0);
    record::happened(app, actor, &mut tx, "export_began", subject, detail).await?;
    tx.commit().await?;
    Ok(Export {
        wanted,
        locations: places.into_iter().map(|place| (place.id, place.fields.name)).collect(),
        last: Last::Nothing,
        rows: 0,
        is_over: false,
    })
}

/// What the audit log calls it.
fn subject(book: Book) -> &'static str {
    match book {
        Book::Refunds => "refunds",
        Book::Ledger => "ledger",
    }
}

fn told(within: &Within, format: Format) -> Value {
    json!({
        "from": within.days.0.to_string(),
        "to": within.days.1.to_string(),
        "locations": (!within.locations.is_empty()).then(|| joined(&within.locations)),
        "format": format.label(),
    })
}

impl Export {
    /// The next rows; none when all were read.
    ///
    /// # Errors
    /// The database failed.
    pub async fn next(&mut self, app: &App, actor: &Actor) -> Result<Option<Rows>, Error> {
        if self.is_over {
            return Ok(None);
        }
        let mut tx = app.read_for(actor).await?;
        let (org, within) = (actor.org(), &self.wanted.within);
        let rows = match self.wanted.book {
            Book::Refunds => {
                let last = if let Last::Refund(last) = &self.last { Some(&**last) } else { None };
                Rows::Refunds(books::refunds(&mut tx, org, within, last, BATCH).await?)
            }
            Book::Ledger => {
                let last = if let Last::Entry(last) = &self.last { Some(&**last) } else { None };
                Rows::Ledger(books::ledger(&mut tx, org, within, last, BATCH).await?)
            }
        };
        drop(tx);
        self.rows += rows.count();
        self.is_over = rows.count() < BATCH;
        match &rows {
            Rows::Refunds(rows) => {
                self.last = rows.last().map_or(Last::Nothing, |l| Last::Refund(l.clone().into()));
            }
            Rows::Ledger(rows) => {
                self.last = rows.last().map_or(Last::Nothing, |l| Last::Entry(l.clone().into()));
            }
        }
        if self.is_over {
            let mut tx = app.db.begin().await?;
            let subject = (subject(self.wanted.book), 0);
            let detail = json!({ "rows": self.rows });
            record::happened(app, actor, &mut tx, "export_ended", subject, detail).await?;
            tx.commit().await?;
        }
        Ok((rows.count() > 0).then_some(rows))
    }

    /// What a location is called.
    pub fn location_name(&self, id: LocationId) -> &str {
        self.locations.get(&id).map_or("", String::as_str)
    }
}
