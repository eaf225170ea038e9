//! How old is what is outstanding, by location.

use almoner_app::read_reports;
use almoner_domain::LocationId;
use almoner_domain::report::{Age, Aging};
use axum::extract::State;
use axum::http::StatusCode;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::records::known_locations;
use super::{CountAndSum, is_picked, locations};
use crate::api::body::Asked;
use crate::api::caller::Caller;
use crate::api::fields::{Fields, FromFields};
use crate::api::json;
use crate::api::problem::Answer;
use crate::state::Web;

pub(super) fn calls() -> OpenApiRouter<Web> {
    OpenApiRouter::default().routes(routes!(aging))
}

/// At which locations.
#[derive(Debug)]
struct AgingAsked(Vec<LocationId>);

impl FromFields for AgingAsked {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self(locations(fields)))
    }
}

/// How old is what is outstanding.
#[derive(Debug, Serialize, ToSchema)]
struct AgingAnswer {
    /// The clinic's date, on which it holds.
    #[schema(value_type = String, format = Date)]
    date: Date,
    /// The currency of all amounts (ISO 4217).
    #[schema(example = "USD")]
    currency: String,
    /// Each location, by name.
    locations: Vec<LocationAges>,
    /// These locations together.
    total: Ages,
}

/// How old is what is outstanding at a location.
#[derive(Debug, Serialize, ToSchema)]
struct LocationAges {
    /// Where.
    #[schema(value_type = String, example = "LOC-001")]
    location_id: LocationId,
    /// Its name.
    name: String,
    #[serde(flatten)]
    ages: Ages,
}

/// What is outstanding: drafted, awaited or being processed, by when it was due.
#[derive(Debug, Serialize, ToSchema)]
struct Ages {
    /// Without a due date.
    no_due_date: CountAndSum,
    /// Due today or later.
    not_due: CountAndSum,
    /// Due up to 30 days ago.
    overdue_1_30: CountAndSum,
    /// Due 31 to 60 days ago.
    overdue_31_60: CountAndSum,
    /// Due 61 to 90 days ago.
    overdue_61_90: CountAndSum,
    /// Due more than 90 days ago.
    overdue_over_90: CountAndSum,
    /// All that is outstanding.
    outstanding: CountAndSum,
    /// What of it is overdue.
    overdue: CountAndSum,
    /// Failed payments that are overdue: they are owed as well, and not outstanding.
    failed_overdue: CountAndSum,
}

impl From<&Aging> for Ages {
    fn from(aging: &Aging) -> Self {
        let of = |age| aging.of(age).into();
        Self {
            no_due_date: of(Age::NoDueDate),
            not_due: of(Age::NotDue),
            overdue_1_30: of(Age::To30),
            overdue_31_60: of(Age::To60),
            overdue_61_90: of(Age::To90),
            overdue_over_90: of(Age::Over90),
            outstanding: aging.total().into(),
            overdue: aging.overdue().into(),
            failed_overdue: aging.failed().into(),
        }
    }
}

/// See how old is what is outstanding
///
/// As it is now: what is outstanding at each location by how long ago it was due.
#[utoipa::path(
    get,
    path = "/reports/aging",
    tag = "Reports",
    security(("key" = ["payments:read"])),
    params((
        "location" = Option<Vec<String>>, Query,
        description = "Of these locations only; sent once for each.", example = json!(["LOC-001"]),
    )),
    responses((status = 200, description = "What is outstanding.", body = AgingAnswer)),
)]
async fn aging(
    State(web): State<Web>,
    caller: Caller,
    Asked(AgingAsked(picked)): Asked<AgingAsked>,
) -> Answer {
    known_locations(&web, &caller, &picked).await?;
    let mut view = read_reports::aging(&web.app, &caller.actor).await?;
    view.locations.retain(|(location, _)| is_picked(&picked, location.id));
    let all = view.locations.iter().fold(Aging::default(), |all, (_, one)| all.plus(one));
    let ages = |(location, aging): (almoner_store::locations::Location, Aging)| LocationAges {
        location_id: location.id,
        name: location.fields.name,
        ages: Ages::from(&aging),
    };
    let answer = AgingAnswer {
        date: view.today,
        currency: caller.actor.organization.currency.clone(),
        locations: view.locations.into_iter().map(ages).collect(),
        total: Ages::from(&all),
    };
    Ok(json(StatusCode::OK, &answer))
}
