//! Reads the reports: what a day brought, what came in by month, how old is what is outstanding.

use std::collections::BTreeMap;

use almoner_domain::report::{Aging, DayOfLocation};
use almoner_domain::{LocationId, time};
use almoner_store::day_close::{self, DrawerCount};
use almoner_store::locations::{self, Location};
use almoner_store::report_sums::{self, CollectedRow};
use jiff::civil::Date;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::permission::Action;

/// Counts of drawers that are shown of one day at most.
pub const MAX_COUNTS: i64 = 500;

/// What a day brought.
#[derive(Debug, Clone)]
pub struct DayCloseView {
    /// Every location, by name.
    pub locations: Vec<LocationDay>,
}

/// What a day brought at a location.
#[derive(Debug, Clone)]
pub struct LocationDay {
    /// The location.
    pub location: Location,
    /// What moved, and what the ledger has of it.
    pub day: DayOfLocation,
    /// What was counted in the drawer, the newest first.
    pub counts: Vec<DrawerCount>,
}

/// What a day brought at each location, by the organization's dates.
///
/// # Errors
/// No permission, or the database failed.
pub async fn day_close(app: &App, actor: &Actor, day: Date) -> Result<DayCloseView, Error> {
    actor.must(Action::ReadReports)?;
    let org = actor.org();
    let mut tx = app.read_for(actor).await?;
    let mut moved = day_close::of_day(&mut tx, org, day).await?;
    let mut counts: BTreeMap<LocationId, Vec<DrawerCount>> = BTreeMap::new();
    for count in day_close::counts_of_day(&mut tx, org, day, MAX_COUNTS).await? {
        counts.entry(count.location).or_default().push(count);
    }
    let locations = locations::all(&mut tx, org).await?;
    let locations = locations.into_iter().map(|location| LocationDay {
        day: moved.remove(&location.id).unwrap_or_default(),
        counts: counts.remove(&location.id).unwrap_or_default(),
        location,
    });
    Ok(DayCloseView { locations: locations.collect() })
}

/// What came in, by month, location, type of payment and tender.
#[derive(Debug, Clone)]
pub struct CollectionsView {
    /// All locations, by name.
    pub locations: Vec<Location>,
    /// What came in, by month, then location, type and tender.
    pub rows: Vec<CollectedRow>,
}

/// What came in within the months of two dates, both included, at these locations (all when none
/// is named).
///
/// # Errors
/// No permission, or the database failed.
pub async fn collections(
    app: &App,
    actor: &Actor,
    (from, to): (Date, Date),
    places: &[LocationId],
) -> Result<CollectionsView, Error> {
    actor.must(Action::ReadReports)?;
    let mut tx = app.read_for(actor).await?;
    let months = (time::month_key(from), time::month_key(to));
    let rows = report_sums::collections(&mut tx, actor.org(), months, places).await?;
    Ok(CollectionsView { locations: locations::all(&mut tx, actor.org()).await?, rows })
}

/// How old is what is outstanding.
#[derive(Debug, Clone)]
pub struct AgingView {
    /// The organization's date.
    pub today: Date,
    /// Every location that is looked at, by name, with what is outstanding there.
    pub locations: Vec<(Location, Aging)>,
}

/// How old is what is outstanding today, at every location.
///
/// # Errors
/// No permission, or the database failed.
pub async fn aging(app: &App, actor: &Actor) -> Result<AgingView, Error> {
    actor.must(Action::ReadReports)?;
    let today = actor.date(app.now());
    let mut tx = app.read_for(actor).await?;
    let mut sums = report_sums::aging(&mut tx, actor.org(), today).await?;
    let all = locations::all(&mut tx, actor.org()).await?;
    let locations = all.into_iter().map(|location| {
        let aging = sums.remove(&location.id).unwrap_or_default();
        (location, aging)
    });
    Ok(AgingView { today, locations: locations.collect() })
}
