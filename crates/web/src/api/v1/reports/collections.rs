//! What came in by month, location, type of payment and tender.

use almoner_app::read_reports;
use almoner_domain::payment::PaymentType;
use almoner_domain::{LocationId, time};
use almoner_store::cards::Collected;
use almoner_store::report_sums::CollectedRow;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::payments::CollectedSums;
use super::super::records::known_locations;
use super::super::words::{PaymentKind, TenderType};
use super::locations;
use crate::api::body::Asked;
use crate::api::caller::Caller;
use crate::api::fields::{self, Fields, FromFields, Read};
use crate::api::json;
use crate::api::json::Json;
use crate::api::problem::{Answer, Problem};
use crate::state::Web;

/// Months before the last one when no first one is named.
const MONTHS_BEFORE: i32 = 11;
/// Months that a range may have.
const MAX_MONTHS: i32 = 60;

pub(super) fn calls() -> OpenApiRouter<Web> {
    OpenApiRouter::default().routes(routes!(collections))
}

/// Which months, by their first days, and at which locations.
#[derive(Debug)]
struct CollectionsAsked {
    from: Option<Date>,
    to: Option<Date>,
    locations: Vec<LocationId>,
}

/// Reads `2026-11`.
fn month(json: &Json) -> Read<Date> {
    let sent = fields::text(json)?;
    let first = time::parse_date("", &format!("{sent}-01")).ok();
    let read = first.filter(|first| month_name(time::month_key(*first)) == sent);
    read.map_or_else(|| fields::wrong("not_a_month", "Send a month such as 2026-11."), Ok)
}

/// `2026-11` of 202611.
fn month_name(month: i64) -> String {
    format!("{:04}-{:02}", month / 100, month % 100)
}

impl FromFields for CollectionsAsked {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let from = fields.optional("from", month);
        let to = fields.optional("to", month);
        Some(Self { from, to, locations: locations(fields) })
    }
}

impl CollectionsAsked {
    /// The first days of the first and the last month.
    fn span(&self, today: Date) -> Result<(Date, Date), Problem> {
        let to = self.to.unwrap_or(today.first_of_month());
        let from = self.from.unwrap_or(to.saturating_sub(MONTHS_BEFORE.months()));
        if from > to {
            let message = "The last month comes before the first.";
            return Err(Problem::field("to", "before_from", message));
        }
        if from.saturating_add(MAX_MONTHS.months()) <= to {
            let message = format!("Ask for {MAX_MONTHS} months at most.");
            return Err(Problem::field("from", "out_of_range", message));
        }
        Ok((from, to))
    }
}

/// What came in within some months.
#[derive(Debug, Serialize, ToSchema)]
struct CollectionsAnswer {
    /// The first month.
    #[schema(example = "2025-12", pattern = "^[0-9]{4}-[0-9]{2}$")]
    from: String,
    /// The last month.
    #[schema(example = "2026-11", pattern = "^[0-9]{4}-[0-9]{2}$")]
    to: String,
    /// The currency of all amounts (ISO 4217).
    #[schema(example = "USD")]
    currency: String,
    /// By month, location, type and tender; what nothing came in by is left out.
    data: Vec<CollectedPart>,
    /// All together.
    total: CollectedSums,
}

/// What came in within a month at a location, for a type of payment, by a tender.
#[derive(Debug, Serialize, ToSchema)]
struct CollectedPart {
    /// The month.
    #[schema(example = "2026-11", pattern = "^[0-9]{4}-[0-9]{2}$")]
    month: String,
    /// Where.
    #[schema(value_type = String, example = "LOC-001")]
    location_id: LocationId,
    /// For what.
    #[schema(value_type = Option<PaymentKind>)]
    payment_type: Option<&'static str>,
    /// By what.
    #[schema(value_type = TenderType)]
    tender: &'static str,
    #[serde(flatten)]
    sums: CollectedSums,
}

impl From<&CollectedRow> for CollectedPart {
    fn from(row: &CollectedRow) -> Self {
        Self {
            month: month_name(row.month),
            location_id: row.location,
            payment_type: row.kind.map(PaymentType::as_str),
            tender: row.tender.as_str(),
            sums: row.sums.into(),
        }
    }
}

/// Sum up what came in
///
/// What was taken and refunded by month, location, type of payment and tender, from sums that are
/// kept. Each event counts in its own month.
#[utoipa::path(
    get,
    path = "/reports/collections",
    tag = "Reports",
    security(("key" = ["payments:read"])),
    params(
        (
            "from" = Option<String>, Query, pattern = "^[0-9]{4}-[0-9]{2}$",
            description = "The first month; eleven before the last one when nothing is said.",
            example = "2025-12",
        ),
        (
            "to" = Option<String>, Query, pattern = "^[0-9]{4}-[0-9]{2}$",
            description = "The last month, the sixtieth from the first at most; this one when \
                nothing is said.",
            example = "2026-11",
        ),
        (
            "location" = Option<Vec<String>>, Query,
            description = "Of these locations only; sent once for each.",
            example = json!(["LOC-001"]),
        ),
    ),
    responses((status = 200, description = "What came in.", body = CollectionsAnswer)),
)]
async fn collections(
    State(web): State<Web>,
    caller: Caller,
    Asked(asked): Asked<CollectionsAsked>,
) -> Answer {
    let span = asked.span(caller.actor.date(web.app.now()))?;
    known_locations(&web, &caller, &asked.locations).await?;
    let view = read_reports::collections(&web.app, &caller.actor, span, &asked.locations).await?;
    let plus = |all: Collected, row: &CollectedRow| Collected {
        gross: all.gross.plus(row.sums.gross),
        refunded: all.refunded.plus(row.sums.refunded),
    };
    let answer = CollectionsAnswer {
        from: month_name(time::month_key(span.0)),
        to: month_name(time::month_key(span.1)),
        currency: caller.actor.organization.currency.clone(),
        data: view.rows.iter().map(CollectedPart::from).collect(),
        total: view.rows.iter().fold(Collected::default(), plus).into(),
    };
    Ok(json(StatusCode::OK, &answer))
}
