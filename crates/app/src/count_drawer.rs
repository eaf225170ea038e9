//! Keeps what somebody counted in a location's drawer, beside what the books say at that moment. A
//! later count of the same day is another one: none is ever changed.

use almoner_domain::report::Tally;
use almoner_domain::{DrawerCountId, Invalid, LocationId, Money, text, time};
use almoner_store::day_close::{self, Counted, NewCount};
use almoner_store::idempotency::{self, Seen};
use almoner_store::{StoreError, counters, locations};
use serde::Serialize;
use serde_json::json;

use crate::context::{Actor, App, request_hash};
use crate::error::Error;
use crate::permission::Action;
use crate::record;

/// The most that a drawer is taken to hold: $9,999,999.99.
pub const MAX_DRAWER: Money = Money::from_cents(999_999_999);
/// The most checks that a drawer is taken to hold.
pub const MAX_CHECKS: i64 = 99_999;

/// A count as it is typed.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CountEntry {
    /// `LOC-001`.
    pub location: String,
    /// `YYYY-MM-DD`, the organization's date.
    pub day: String,
    /// The cash, without what stays in the drawer for change.
    pub cash: String,
    /// How many checks and money orders; blank when they were not counted.
    pub check_count: String,
    /// Their sum; blank when they were not counted.
    pub checks: String,
    /// What else there is to say.
    pub note: String,
}

const SCOPE: &str = "count_drawer";

fn drawer_sum(field: &str, text: &str) -> Result<Money, Invalid> {
    let money = Money::parse(field, text)?;
    if money < Money::ZERO {
        return Err(Invalid::one(field, "negative", "What is counted cannot be negative."));
    }
    if money > MAX_DRAWER {
        let message = format!("A drawer cannot hold over {MAX_DRAWER}.");
        return Err(Invalid::one(field, "too_large", message));
    }
    Ok(money)
}

/// The checks; `None` when they were not counted.
fn checked_checks(entry: &CountEntry) -> Result<Option<Tally>, Invalid> {
    let (count, sum) = (entry.check_count.trim(), entry.checks.trim());
    if count.is_empty() && sum.is_empty() {
        return Ok(None);
    }
    let mut faults = Invalid::default();
    let amount = faults.collect(drawer_sum("checks", sum));
    let wrong = || Invalid::one("check_count", "not_a_number", "Enter how many checks there are.");
    let number = count.parse().ok().filter(|count| (0..=MAX_CHECKS).contains(count));
    let count = faults.collect(number.ok_or_else(wrong));
    if let (Some(count), Some(amount)) = (count, amount)
        && (count == 0) != (amount == Money::ZERO)
    {
        let message = "The number of checks and their sum do not go together.";
        faults.push("checks", "mismatch", message);
    }
    faults.into_result()?;
    Ok(count.zip(amount).map(|(count, amount)| Tally { count, amount }))
}

/// What was typed, understood.
struct Checked {
    location: LocationId,
    day: jiff::civil::Date,
    counted: Counted,
    note: Option<String>,
}

fn checked(entry: &CountEntry, today: jiff::civil::Date) -> Result<Checked, Error> {
    let location = entry.location.trim().parse().map_err(|_| Error::NotFound("location"))?;
    let mut faults = Invalid::default();
    let day = faults.collect(time::parse_date("day", &entry.day));
    if day.is_some_and(|day| day > today) {
        faults.push("day", "in_the_future", "This day has not come yet.");
    }
    let cash = faults.collect(drawer_sum("cash", &entry.cash));
    let checks = faults.collect(checked_checks(entry));
    let note = faults.collect(text::line("note", &entry.note));
    faults.clone().into_result()?;
    match (day, cash, checks, note) {
        (Some(day), Some(cash), Some(checks), Some(note)) => {
            Ok(Checked { location, day, counted: Counted { cash, checks }, note })
        }
        _ => Err(faults.into()),
    }
}

/// Keeps a count.
///
/// # Errors
/// No permission, no such location, fields that need attention, a key that was used for something
/// else.
pub async fn count_drawer(
    app: &App,
    actor: &Actor,
    entry: &CountEntry,
    key: Option<&str>,
) -> Result<DrawerCountId, Error> {
    actor.must(Action::CountDrawer)?;
    match attempt(app, actor, entry, key).await {
        // A racing request with the same key was faster: its count is the answer.
        Err(Error::Store(StoreError::Duplicate(_))) if key.is_some() => {
            attempt(app, actor, entry, key).await
        }
        other => other,
    }
}

async fn attempt(
    app: &App,
    actor: &Actor,
    entry: &CountEntry,
    key: Option<&str>,
) -> Result<DrawerCountId, Error> {
    let user = actor.user().ok_or(Error::Forbidden(Action::CountDrawer))?;
    let (org, now) = (actor.org(), app.now());
    let Checked { location, day, counted, note } = checked(entry, actor.date(now))?;
    let hash = request_hash(entry);
    let mut tx = app.db.begin().await?;
    locations::get(&mut tx, org, location).await?.ok_or(Error::NotFound("location"))?;
    if let Some(key) = key {
        match idempotency::look(&mut tx, org, SCOPE, key, &hash).await? {
            Seen::New => {}
            Seen::Same(seq) => return Ok(DrawerCountId::new(seq)),
            Seen::Other => return Err(Error::KeyReused),
        }
    }
    let mut moved = day_close::of_day(&mut tx, org, day).await?;
    let booked = moved.remove(&location).unwrap_or_default().drawer();
    let id = DrawerCountId::new(counters::next(&mut tx, org, DrawerCountId::PREFIX).await?);
    let new = NewCount { id, location, day, counted, booked, note, user, at: now };
    day_close::insert_count(&mut tx, org, &new).await?;
    let detail = json!({
        "location": location,
        "day": day.to_string(),
        "cash_cents": counted.cash,
        "check_count": counted.checks.map(|checks| checks.count),
        "check_cents": counted.checks.map(|checks| checks.amount),
        "booked_cash_cents": booked.0,
        "booked_check_count": booked.1.count,
        "booked_check_cents": booked.1.amount,
    });
    let what = ("drawer_counted", ("drawer_count", id.seq()), now);
    record::happened_at(app, actor, &mut tx, what, detail).await?;
    if let Some(key) = key {
        idempotency::keep(&mut tx, org, (SCOPE, key), &hash, id.seq(), now).await?;
    }
    tx.commit().await?;
    Ok(id)
}
