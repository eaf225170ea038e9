//! The sums above the list of payments.

use almoner_app::read_whole;
use almoner_domain::{LocationId, Money, Status};
use almoner_store::cards::{Cards, Collected};
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::records::known_locations;
use crate::api::body::Asked;
use crate::api::caller::Caller;
use crate::api::fields::{self, Fields, FromFields};
use crate::api::json;
use crate::api::problem::Answer;
use crate::state::Web;

pub(super) fn calls() -> OpenApiRouter<Web> {
    OpenApiRouter::default().routes(routes!(summary))
}

/// Of which locations.
#[derive(Debug)]
struct SummaryAsked {
    locations: Vec<LocationId>,
}

impl FromFields for SummaryAsked {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let mut locations = fields.each("location", fields::id::<LocationId>);
        locations.sort_unstable();
        locations.dedup();
        Some(Self { locations })
    }
}

/// What was collected, what is outstanding, and how many payments there are.
#[derive(Debug, Serialize, ToSchema)]
struct PaymentSummary {
    /// What was collected in all.
    collected: CollectedSums,
    /// The same by month: the last twelve, the current one last.
    trend: Vec<MonthSums>,
    /// What is drafted, awaited or being processed.
    outstanding: OutstandingSums,
    /// How many payments have each status.
    by_status: StatusCounts,
    /// The currency of all amounts (ISO 4217).
    #[schema(example = "USD")]
    currency: String,
}

/// What was collected.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the interface names the unit last")]
pub(in crate::api::v1) struct CollectedSums {
    /// Taken and kept.
    net_cents: i64,
    /// Taken, less tenders that were taken back.
    gross_cents: i64,
    /// Given back of it.
    refunded_cents: i64,
}

/// What was collected in a month.
#[derive(Debug, Serialize, ToSchema)]
struct MonthSums {
    /// The month.
    #[schema(example = "2026-11", pattern = "^[0-9]{4}-[0-9]{2}$")]
    month: String,
    #[serde(flatten)]
    sums: CollectedSums,
}

/// What is outstanding, and what of it is overdue.
#[derive(Debug, Serialize, ToSchema)]
struct OutstandingSums {
    /// How much.
    amount_cents: i64,
    /// How many payments.
    count: i64,
    /// What of it, and of what failed, is past its due date.
    overdue_cents: i64,
    /// How many payments that is.
    overdue_count: i64,
}

macro_rules! status_counts {
    ($($name:ident $meaning:literal $status:ident;)+) => {
        /// How many payments have each status.
        #[derive(Debug, Serialize, ToSchema)]
        struct StatusCounts { $(#[doc = $meaning] $name: i64,)+ }

        impl StatusCounts {
            fn new(counts: &[(Status, i64)]) -> Self {
                let count = |status| counts.iter().find(|entry| entry.0 == status);
                Self { $($name: count(Status::$status).map_or(0, |entry| entry.1),)+ }
            }
        }
    };
}

status_counts! {
    draft "Not submitted yet." Draft;
    pending "Awaited." Pending;
    processing "Being processed." Processing;
    paid "Paid." Paid;
    failed "Failed." Failed;
    cancelled "Cancelled." Cancelled;
    voided "With an authorization that was voided." Voided;
    partially_refunded "Given back in part." PartiallyRefunded;
    refunded "Given back." Refunded;
}

impl From<Collected> for CollectedSums {
    fn from(sums: Collected) -> Self {
        let [net_cents, gross_cents, refunded_cents] =
            [sums.net(), sums.gross, sums.refunded].map(Money::cents);
        Self { net_cents, gross_cents, refunded_cents }
    }
}

impl PaymentSummary {
    fn new(cards: Cards, currency: &str) -> Self {
        let month = |(month, sums): (i64, Collected)| MonthSums {
            month: format!("{:04}-{:02}", month / 100, month % 100),
            sums: sums.into(),
        };
        Self {
            collected: cards.collected.into(),
            trend: cards.trend.into_iter().map(month).collect(),
            outstanding: OutstandingSums {
                amount_cents: cards.outstanding.amount.cents(),
                count: cards.outstanding.count,
                overdue_cents: cards.overdue.amount.cents(),
                overdue_count: cards.overdue.count,
            },
            by_status: StatusCounts::new(&cards.by_status),
            currency: currency.to_owned(),
        }
    }
}

/// Sum up payments
///
/// The figures of the cards above the list, from sums that are kept: they cost the same however
/// many payments there are.
#[utoipa::path(
    get,
    path = "/payments/summary",
    tag = "Payments",
    security(("key" = ["payments:read"])),
    params((
        "location" = Option<Vec<String>>, Query,
        description = "Of these locations only; sent once for each.", example = json!(["LOC-001"]),
    )),
    responses((status = 200, description = "The sums.", body = PaymentSummary)),
)]
async fn summary(
    State(web): State<Web>,
    caller: Caller,
    Asked(asked): Asked<SummaryAsked>,
) -> Answer {
    known_locations(&web, &caller, &asked.locations).await?;
    let cards = read_whole::summary(&web.app, &caller.actor, &asked.locations).await?;
    let answer = PaymentSummary::new(cards, &caller.actor.organization.currency);
    Ok(json(StatusCode::OK, &answer))
}
