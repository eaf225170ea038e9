//! Reports: what a day brought, what came in by month, how old is what is outstanding. The numbers
//! are those of the pages.

mod aging;
mod collections;
mod day_close;

use almoner_domain::LocationId;
use almoner_domain::report::Tally;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::api::fields::{self, Fields};
use crate::state::Web;

/// Every report.
pub(super) fn calls() -> OpenApiRouter<Web> {
    OpenApiRouter::default()
        .merge(day_close::calls())
        .merge(collections::calls())
        .merge(aging::calls())
}

/// How many and how much.
#[derive(Debug, Serialize, ToSchema)]
struct CountAndSum {
    /// How many.
    count: i64,
    /// How much.
    amount_cents: i64,
}

impl From<Tally> for CountAndSum {
    fn from(tally: Tally) -> Self {
        Self { count: tally.count, amount_cents: tally.amount.cents() }
    }
}

/// The locations that a report is narrowed to, each once; none means all.
fn locations(fields: &mut Fields<'_>) -> Vec<LocationId> {
    let mut locations = fields.each("location", fields::id::<LocationId>);
    locations.sort_unstable();
    locations.dedup();
    locations
}

/// Whether a location is looked at.
fn is_picked(picked: &[LocationId], location: LocationId) -> bool {
    picked.is_empty() || picked.contains(&location)
}
