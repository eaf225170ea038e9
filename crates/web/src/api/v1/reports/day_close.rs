//! What a day brought at each location, and what was counted in its drawer.

use almoner_app::read_reports::{self, DayCloseView, LocationDay};
use almoner_domain::report::{DayOfLocation, TAKINGS, TenderSums};
use almoner_domain::{DrawerCountId, LocationId, Money};
use almoner_store::day_close::DrawerCount;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::records::known_locations;
use super::super::words::{TakingsAccount, TenderType};
use super::{CountAndSum, is_picked, locations};
use crate::api::body::Asked;
use crate::api::caller::Caller;
use crate::api::fields::{self, Fields, FromFields};
use crate::api::json;
use crate::api::problem::Answer;
use crate::state::Web;

pub(super) fn calls() -> OpenApiRouter<Web> {
    OpenApiRouter::default().routes(routes!(day_close))
}

/// Which day, at which locations.
#[derive(Debug)]
struct DayAsked {
    date: Option<Date>,
    locations: Vec<LocationId>,
}

impl FromFields for DayAsked {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let date = fields.optional("date", fields::date);
        Some(Self { date, locations: locations(fields) })
    }
}

/// What a day brought.
#[derive(Debug, Serialize, ToSchema)]
struct DayCloseAnswer {
    /// The day, by the clinic's dates.
    #[schema(value_type = String, format = Date)]
    date: Date,
    /// The day has passed; otherwise the numbers still grow.
    is_over: bool,
    /// The currency of all amounts (ISO 4217).
    #[schema(example = "USD")]
    currency: String,
    /// Each location, by name, also where nothing moved.
    locations: Vec<LocationDayAnswer>,
    /// These locations together.
    total: DaySums,
}

/// What a day brought at a location.
#[derive(Debug, Serialize, ToSchema)]
struct LocationDayAnswer {
    /// Where.
    #[schema(value_type = String, example = "LOC-001")]
    location_id: LocationId,
    /// Its name.
    name: String,
    /// By tender; those that nothing was moved by are left out.
    tenders: Vec<TenderDay>,
    /// All tenders together.
    total: DaySums,
    /// The accounts that takings go to: what the tenders say, and what the ledger has.
    ledger: Vec<AccountDay>,
    /// The ledger says the same in every account.
    agrees: bool,
    /// What should be in the drawer: the cash, and the checks and money orders.
    drawer: DrawerSums,
    /// What was counted in the drawer, the newest first.
    counts: Vec<DrawerCountAnswer>,
}

/// What a day brought by one tender.
#[derive(Debug, Serialize, ToSchema)]
struct TenderDay {
    /// Which.
    #[serde(rename = "type")]
    #[schema(value_type = TenderType)]
    kind: &'static str,
    #[serde(flatten)]
    sums: DaySums,
}

/// What a day brought: each event counts on its own date.
#[derive(Debug, Serialize, ToSchema)]
struct DaySums {
    /// Taken that day.
    taken: CountAndSum,
    /// Taken back that day, whenever it had been taken.
    reversed: CountAndSum,
    /// Refunds that were made that day, on their way or done.
    refunded: CountAndSum,
    /// Refunds that failed that day, whenever they had been made.
    refunds_failed: CountAndSum,
    /// What the day adds to what was collected.
    net_cents: i64,
}

/// An account of the ledger on a day.
#[derive(Debug, Serialize, ToSchema)]
struct AccountDay {
    /// Which; refunds that are on their way belong to the processor's.
    #[schema(value_type = TakingsAccount)]
    account: &'static str,
    /// What the tenders that go to it add up to.
    booked_cents: i64,
    /// What the ledger has.
    ledger_cents: i64,
}

/// What is, or should be, in a drawer.
#[derive(Debug, Serialize, ToSchema)]
struct DrawerSums {
    /// Notes and coins.
    cash_cents: i64,
    /// Checks and money orders; null where only cash was counted.
    checks: Option<CountAndSum>,
}

/// A count of a drawer.
#[derive(Debug, Serialize, ToSchema)]
struct DrawerCountAnswer {
    /// Its id.
    #[schema(value_type = String, example = "CNT-001")]
    id: DrawerCountId,
    /// What was counted.
    counted: DrawerSums,
    /// What should have been there by then.
    booked: DrawerSums,
    /// Something else should be there by now.
    is_outdated: bool,
    /// What else was said.
    note: Option<String>,
    /// Who counted.
    counted_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    counted_at: Timestamp,
}

impl From<TenderSums> for DaySums {
    fn from(sums: TenderSums) -> Self {
        Self {
            net_cents: sums.net().cents(),
            taken: sums.taken.into(),
            reversed: sums.reversed.into(),
            refunded: sums.refunded.into(),
            refunds_failed: sums.returned.into(),
        }
    }
}

fn count_answer(count: DrawerCount, is_outdated: bool) -> DrawerCountAnswer {
    let sums = |cash: Money, checks: Option<_>| DrawerSums {
        cash_cents: cash.cents(),
        checks: checks.map(CountAndSum::from),
    };
    let (booked_cash, booked_checks) = count.booked;
    DrawerCountAnswer {
        id: count.id,
        counted: sums(count.counted.cash, count.counted.checks),
        booked: sums(booked_cash, Some(booked_checks)),
        is_outdated,
        note: count.note,
        counted_by: count.counted_by,
        counted_at: count.at,
    }
}

impl From<LocationDay> for LocationDayAnswer {
    fn from(place: LocationDay) -> Self {
        let day = place.day;
        let (cash, checks) = day.drawer();
        let tender = |(kind, sums): (&almoner_domain::tender::TenderType, &TenderSums)| TenderDay {
            kind: kind.as_str(),
            sums: (*sums).into(),
        };
        let account = |account| AccountDay {
            account: almoner_domain::ledger::Account::as_str(account),
            booked_cents: day.booked(account).cents(),
            ledger_cents: day.in_ledger(account).cents(),
        };
        let counts = place.counts.into_iter();
        let count = |count: DrawerCount| {
            let is_outdated = count.booked != (cash, checks);
            count_answer(count, is_outdated)
        };
        Self {
            location_id: place.location.id,
            name: place.location.fields.name,
            tenders: day.tenders.iter().map(tender).collect(),
            total: day.sums().into(),
            ledger: TAKINGS.into_iter().map(account).collect(),
            agrees: day.agrees(),
            drawer: DrawerSums { cash_cents: cash.cents(), checks: Some(checks.into()) },
            counts: counts.map(count).collect(),
        }
    }
}

/// Close a day
///
/// What was taken, taken back, refunded and came back on a day, by location and tender, beside what
/// the ledger has of it, and what was counted in the drawers: the numbers of the page. Each event
/// counts on its own date.
#[utoipa::path(
    get,
    path = "/reports/day-close",
    tag = "Reports",
    security(("key" = ["payments:read"])),
    params(
        (
            "date" = Option<String>, Query, format = Date,
            description = "The day; today when nothing is said.", example = "2026-11-23",
        ),
        (
            "location" = Option<Vec<String>>, Query,
            description = "Of these locations only; sent once for each.",
            example = json!(["LOC-001"]),
        ),
    ),
    responses((status = 200, description = "What the day brought.", body = DayCloseAnswer)),
)]
async fn day_close(
    State(web): State<Web>,
    caller: Caller,
    Asked(asked): Asked<DayAsked>,
) -> Answer {
    known_locations(&web, &caller, &asked.locations).await?;
    let today = caller.actor.date(web.app.now());
    let date = asked.date.unwrap_or(today);
    let DayCloseView { mut locations } =
        read_reports::day_close(&web.app, &caller.actor, date).await?;
    locations.retain(|place| is_picked(&asked.locations, place.location.id));
    let days = locations.iter().map(|place| &place.day);
    let all = days.fold(DayOfLocation::default(), |all, day| all.plus(day));
    let answer = DayCloseAnswer {
        date,
        is_over: date < today,
        currency: caller.actor.organization.currency.clone(),
        locations: locations.into_iter().map(LocationDayAnswer::from).collect(),
        total: all.sums().into(),
    };
    Ok(json(StatusCode::OK, &answer))
}
