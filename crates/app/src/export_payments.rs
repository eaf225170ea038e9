//! Hands out payments as a whole list, a batch at a time, so that its length costs no memory.
//!
//! That somebody began and how many rows they got in the end stand in the audit log; an export
//! that broke off has no end there. Each batch is read on its own: what changes meanwhile is
//! exported as it is when its turn comes.

use std::collections::BTreeMap;

use almoner_domain::list::{DueFilter, Filter, PageRequest, Place, Search, Span};
use almoner_domain::{Invalid, LocationId, PaymentId};
use almoner_store::locations;
use almoner_store::payment_list::{self, Calendar, ListedPayment};
use serde_json::{Value, json};

use crate::context::{Actor, App};
use crate::error::Error;
use crate::export_report::{Format, joined};
use crate::permission::Action;
use crate::record;

/// Rows that are read at once.
const BATCH: i64 = 1_000;
/// The most payments that are picked one by one.
pub const MAX_PICKED: usize = 200;

/// Which payments are exported.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// All that a list holds, from its first page to its last.
    List(Box<PageRequest>),
    /// These.
    Picked(Vec<PaymentId>),
}

/// An export under way.
#[derive(Debug)]
pub struct Export {
    /// What is still to be read; nothing after the last batch.
    left: Option<Wanted>,
    calendar: Calendar,
    locations: BTreeMap<LocationId, String>,
    rows: usize,
}

/// Whether no more than so many rows would be exported, as far as that is known: nobody counts the
/// payments of a name that very many have.
///
/// # Errors
/// No permission, or the database failed.
pub async fn fits(app: &App, actor: &Actor, wanted: &Wanted, rows: usize) -> Result<bool, Error> {
    actor.must(Action::Export)?;
    let request = match wanted {
        Wanted::Picked(ids) => return Ok(ids.len() <= rows),
        Wanted::List(request) => request,
    };
    let rows = i64::try_from(rows).unwrap_or(i64::MAX);
    let mut tx = app.read_for(actor).await?;
    let calendar = calendar(app, actor);
    let is_longer =
        payment_list::has_more_than(&mut tx, actor.org(), request, &calendar, rows).await?;
    Ok(!is_longer)
}

fn calendar(app: &App, actor: &Actor) -> Calendar {
    Calendar { zone: actor.organization.zone.clone(), today: actor.date(app.now()) }
}

/// Begins an export, and says so in the audit log.
///
/// # Errors
/// No permission, too many payments that are picked, or the database failed.
pub async fn begin_export(
    app: &App,
    actor: &Actor,
    wanted: Wanted,
    format: Format,
) -> Result<Export, Error> {
    actor.must(Action::Export)?;
    if matches!(&wanted, Wanted::Picked(ids) if !(1..=MAX_PICKED).contains(&ids.len())) {
        let message = format!("Pick 1 to {MAX_PICKED} payments.");
        return Err(Invalid::one("id", "out_of_range", message).into());
    }
    let calendar = calendar(app, actor);
    let mut tx = app.db.begin().await?;
    let places = locations::all(&mut tx, actor.org()).await?;
    let (subject, detail) = (("payments", 0), told(&wanted, format));
    record::happened(app, actor, &mut tx, "export_began", subject, detail).await?;
    tx.commit().await?;
    Ok(Export {
        left: Some(from_the_start(wanted)),
        calendar,
        locations: places.into_iter().map(|place| (place.id, place.fields.name)).collect(),
        rows: 0,
    })
}

fn from_the_start(wanted: Wanted) -> Wanted {
    match wanted {
        Wanted::List(request) => {
            Wanted::List(Box::new(PageRequest { per_page: BATCH, place: Place::First, ..*request }))
        }
        picked @ Wanted::Picked(_) => picked,
    }
}

impl Export {
    /// The next rows; none when all were read.
    ///
    /// # Errors
    /// The database failed.
    pub async fn next(&mut self, app: &App, actor: &Actor) -> Result<Vec<ListedPayment>, Error> {
        let (org, left) = (actor.org(), self.left.take());
        let mut tx = app.read_for(actor).await?;
        let rows = match &left {
            None => return Ok(Vec::new()),
            Some(Wanted::Picked(ids)) => payment_list::named(&mut tx, org, ids).await?,
            Some(Wanted::List(request)) => {
                payment_list::rows(&mut tx, org, request, &self.calendar).await?
            }
        };
        drop(tx);
        self.rows += rows.len();
        if let (Some(Wanted::List(request)), Some(last)) = (left, rows.last())
            && i64::try_from(rows.len()).is_ok_and(|read| read > BATCH)
        {
            let place = Place::After(last.cursor);
            self.left = Some(Wanted::List(Box::new(PageRequest { place, ..*request })));
        } else {
            let mut tx = app.db.begin().await?;
            let (subject, detail) = (("payments", 0), json!({ "rows": self.rows }));
            record::happened(app, actor, &mut tx, "export_ended", subject, detail).await?;
            tx.commit().await?;
        }
        Ok(rows)
    }

    /// What the location of a payment is called.
    pub fn location_name(&self, id: LocationId) -> &str {
        self.locations.get(&id).map_or("", String::as_str)
    }
}

/// What is exported, for the audit log: whose names were searched for is left out.
fn told(wanted: &Wanted, format: Format) -> Value {
    let format = format.label();
    let request = match wanted {
        Wanted::Picked(ids) => return json!({ "payments": joined(ids), "format": format }),
        Wanted::List(request) => request,
    };
    let Filter { statuses, locations, kind, due, created, paid, amount, overdue } = &request.filter;
    json!({
        "search": match request.search {
            Search::All => None,
            Search::Id(_) => Some("an id"),
            Search::Name(_) | Search::Nothing => Some("a name"),
        },
        "status": (!statuses.is_empty()).then(|| {
            statuses.iter().map(|status| status.label()).collect::<Vec<_>>().join(", ")
        }),
        "location": (!locations.is_empty()).then(|| joined(locations)),
        "type": kind.map(almoner_domain::payment::PaymentType::label),
        "due": match due {
            DueFilter::Within(within) => span(within),
            DueFilter::Without => Some("no due date".to_owned()),
        },
        "created": span(created),
        "paid": span(paid),
        "amount": span(amount),
        "overdue": overdue.then_some(true),
        "sort": format!("{} {}", request.sort.as_str(), request.direction.as_str()),
        "format": format,
    })
}

fn span<T: ToString>(span: &Span<T>) -> Option<String> {
    let end = |end: &Option<T>| end.as_ref().map(T::to_string).unwrap_or_default();
    (!span.is_open()).then(|| format!("{} to {}", end(&span.from), end(&span.to)))
}
