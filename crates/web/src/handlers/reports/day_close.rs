//! What a day brought at each location, and what was counted in its drawer.

use almoner_app::export_report::{Report, export_report};
use almoner_app::permission::Action;
use almoner_app::read_reports::{self, DayCloseView, LocationDay};
use almoner_domain::ledger::Account;
use almoner_domain::report::{DayOfLocation, TAKINGS, Tally};
use almoner_domain::{Invalid, Money, time};
use almoner_store::day_close::DrawerCount;
use axum::extract::{Query, State};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::cell::{Cell, Line, row};
use crate::failure::{Answer, html};
use crate::format;
use crate::handlers::handed_out::{self, AskedFile, Table};
use crate::session::Staff;
use crate::state::Web;
use crate::view::parts::FileLinks;
use crate::view::query::Address;
use crate::view::reports::day_close::{
    Against, CountRow, DayClosePage, DayTable, LedgerRow, PlaceDay,
};

/// The address of a day.
pub(super) fn href(day: Date) -> String {
    Address::new("/reports/day-close").with("day", &day.to_string()).into_text()
}

/// `Sunday, Nov 22, 2026`
pub(super) fn label(day: Date) -> String {
    day.strftime("%A, %b %-d, %Y").to_string()
}

/// What the address says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    day: String,
}

impl Asked {
    /// The day that is asked for; today when none is named.
    fn day(&self, today: Date) -> Result<Date, Invalid> {
        if self.day.trim().is_empty() { Ok(today) } else { time::parse_date("day", &self.day) }
    }
}

/// The page. What cannot be understood is told, and today is shown.
pub(crate) async fn page(
    State(web): State<Web>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Answer {
    let today = staff.actor.date(web.app.now());
    let mut faults = Invalid::default();
    let read = faults.collect(asked.day(today));
    let day = read.unwrap_or(today);
    let view = read_reports::day_close(&web.app, &staff.actor, day).await?;
    let zone = &staff.actor.organization.zone;
    Ok(html(&DayClosePage {
        day: if read.is_some() { day.to_string() } else { asked.day },
        day_label: label(day),
        is_partial: day == today,
        previous: href(day.yesterday().unwrap_or(day)),
        next: (day < today).then(|| href(day.tomorrow().unwrap_or(day))),
        export: FileLinks::of(&href(day)),
        all: together(&view),
        places: view.locations.iter().map(|place| of_place(place, day, zone)).collect(),
        can_count: day <= today && staff.actor.may(Action::CountDrawer),
        errors: faults.into(),
        shell: staff.shell,
    }))
}

/// All locations together, where several took or gave back anything.
fn together(view: &DayCloseView) -> Option<DayTable> {
    let moved = view.locations.iter().filter(|place| place.day != DayOfLocation::default());
    let several = moved.clone().count() > 1;
    let all = moved.fold(DayOfLocation::default(), |all, place| all.plus(&place.day));
    several.then(|| table(&all)).flatten()
}

fn of_place(place: &LocationDay, day: Date, zone: &TimeZone) -> PlaceDay {
    let drawer = place.day.drawer();
    let count_href = Address::new("/reports/day-close/count")
        .with("location", &place.location.id.to_string())
        .with("day", &day.to_string())
        .into_text();
    PlaceDay {
        id: place.location.id,
        name: place.location.fields.name.clone(),
        table: table(&place.day),
        drawer,
        counts: place.counts.iter().map(|count| count_row(count, drawer, zone)).collect(),
        count_href,
    }
}

/// What moved; none where nothing did.
fn table(day: &DayOfLocation) -> Option<DayTable> {
    if *day == DayOfLocation::default() {
        return None;
    }
    let rows = day.tenders.iter().map(|(tender, sums)| (tender.label(), *sums));
    let ledger = TAKINGS.into_iter().map(|account| LedgerRow {
        label: account_label(account),
        booked: day.booked(account),
        ledger: day.in_ledger(account),
    });
    let is_moved = |row: &LedgerRow| row.booked != Money::ZERO || row.ledger != Money::ZERO;
    Some(DayTable {
        rows: rows.collect(),
        total: day.sums(),
        ledger: ledger.filter(is_moved).collect(),
    })
}

fn account_label(account: Account) -> &'static str {
    match account {
        Account::Cash => "Cash",
        Account::Checks => "Checks and money orders",
        Account::Terminal => "Card terminal, HSA/FSA",
        Account::Transfers => "Bank transfers",
        Account::ProcessorClearing => "Card, with refunds on their way",
        _ => "Other",
    }
}

fn count_row(count: &DrawerCount, drawer: (Money, Tally), zone: &TimeZone) -> CountRow {
    let (booked_cash, booked_checks) = count.booked;
    let against = |checks: Tally| (checks, Against::of(checks.amount, booked_checks.amount));
    CountRow {
        id: count.id,
        cash: count.counted.cash,
        cash_against: Against::of(count.counted.cash, booked_cash),
        checks: count.counted.checks.map(against),
        check_count_off: count.counted.checks.map_or(0, |c| c.count - booked_checks.count),
        note: count.note.clone(),
        by: format!("{}, {}", count.counted_by, format::moment(count.at, zone)),
        is_outdated: count.booked != drawer,
    }
}

/// The page as a file.
pub(crate) async fn file(
    State(web): State<Web>,
    staff: Staff,
    file: AskedFile,
    Query(asked): Query<Asked>,
) -> Answer {
    let day = asked.day(staff.actor.date(web.app.now()))?;
    let view = read_reports::day_close(&web.app, &staff.actor, day).await?;
    export_report(&web.app, &staff.actor, &Report::DayClose(day), file.format).await?;
    let tables = tables(&view, day, &staff.actor.organization.zone);
    let name = format!("day-close-{day}");
    handed_out::report((&web, &staff), &file, &name, tables).await
}

fn tables(view: &DayCloseView, day: Date, zone: &TimeZone) -> Vec<Table> {
    let head = row![
        "Day",
        "Location",
        "Tender",
        "Taken (count)",
        "Taken",
        "Reversed (count)",
        "Reversed",
        "Refunded (count)",
        "Refunded",
        "Refunds failed (count)",
        "Refunds failed",
        "Net",
    ];
    let counts_head = row![
        "Day",
        "Location",
        "Counted by",
        "Counted at",
        "Cash counted",
        "Cash in the books",
        "Checks counted (count)",
        "Checks counted",
        "Checks in the books (count)",
        "Checks in the books",
        "Note",
    ];
    let mut moved = vec![head];
    let mut counted = vec![counts_head];
    for place in &view.locations {
        let name = &*place.location.fields.name;
        let lines = place.day.tenders.iter().map(|(tender, sums)| {
            let mut cells = row![day, name, tender.label()];
            for tally in [sums.taken, sums.reversed, sums.refunded, sums.returned] {
                cells.extend(row![tally.count, tally.amount]);
            }
            cells.push(Cell::from(sums.net()));
            cells
        });
        moved.extend(lines);
        counted.extend(place.counts.iter().map(|count| counted_line(count, (day, name), zone)));
    }
    let mut tables = vec![("Day close", moved)];
    if counted.len() > 1 {
        tables.push(("Drawers", counted));
    }
    tables
}

fn counted_line(count: &DrawerCount, (day, place): (Date, &str), zone: &TimeZone) -> Line {
    let (cash, checks) = count.booked;
    let at = Cell::moment(count.at, zone);
    let mut cells = row![day, place, &*count.counted_by, at, count.counted.cash, cash];
    // What was not counted is not zero.
    cells.extend(match count.counted.checks {
        Some(counted) => row![counted.count, counted.amount],
        None => vec![Cell::Blank, Cell::Blank],
    });
    cells.extend(row![checks.count, checks.amount, count.note.clone()]);
    cells
}
