//! Locations of the clinic.

use almoner_app::read_records::{self, PageAt};
use almoner_app::{read, save_location};
use almoner_domain::LocationId;
use almoner_domain::estimate::VisitClass;
use almoner_store::locations::{Location, LocationFields};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::records;
use super::words::EstimateVisitClass;
use crate::api::body::{Asked, Body};
use crate::api::caller::Caller;
use crate::api::fields::{self, Fields, FromFields};
use crate::api::json;
use crate::api::listing::{Listed, PageParams};
use crate::api::once::OnceKey;
use crate::api::problem::Answer;
use crate::handlers::parse_id;
use crate::state::Web;

pub(super) fn calls() -> OpenApiRouter<Web> {
    OpenApiRouter::default().routes(routes!(list, add)).routes(routes!(get))
}

/// A location to be added.
#[derive(Debug, ToSchema)]
pub(super) struct LocationBody {
    /// Its name.
    #[schema(min_length = 1, max_length = 200, example = "Harbor Office")]
    name: String,
    /// The zone of its days and times, by its IANA name.
    #[schema(example = "America/New_York")]
    time_zone: String,
    /// Where it is.
    #[schema(max_length = 200)]
    address: Option<String>,
    /// Whom payers may call.
    #[schema(max_length = 200)]
    phone: Option<String>,
    /// The kind of visit that is given there, when all are of one kind.
    #[schema(value_type = Option<EstimateVisitClass>)]
    visit_class: Option<VisitClass>,
    /// The national provider identifier that asks payers, when no physician is named.
    #[schema(pattern = "^[0-9]{10}$", example = "1234567893")]
    npi: Option<String>,
}

impl FromFields for LocationBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name", fields::owned);
        let time_zone = fields.required("time_zone", fields::owned);
        let address = fields.optional("address", fields::owned);
        let phone = fields.optional("phone", fields::owned);
        let classes = VisitClass::ALL.map(|class| (class, class.as_str()));
        let visit_class = fields.optional("visit_class", fields::word(&classes));
        let npi = fields.optional("npi", fields::all_digits(10, "not_an_npi"));
        Some(Self { name: name?, time_zone: time_zone?, address, phone, visit_class, npi })
    }
}

/// A location.
#[derive(Debug, Serialize, ToSchema)]
struct LocationAnswer {
    /// Its id.
    #[schema(example = "LOC-001")]
    id: String,
    /// Its name.
    name: String,
    /// The zone of its days and times, by its IANA name.
    time_zone: String,
    /// Where it is.
    address: Option<String>,
    /// Whom payers may call.
    phone: Option<String>,
    /// The kind of visit that is given there, when all are of one kind.
    #[schema(value_type = Option<EstimateVisitClass>)]
    visit_class: Option<String>,
    /// The national provider identifier that asks payers, when no physician is named.
    npi: Option<String>,
}

impl From<Location> for LocationAnswer {
    fn from(location: Location) -> Self {
        let LocationFields { name, time_zone, address, phone, visit_class, npi } = location.fields;
        Self { id: location.id.to_string(), name, time_zone, address, phone, visit_class, npi }
    }
}

/// Which part of the list is asked for.
struct LocationsQuery(PageAt);

impl FromFields for LocationsQuery {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        records::turn(fields, false).map(Self)
    }
}

/// List the locations
///
/// In the order in which they were added.
#[utoipa::path(
    get,
    path = "/locations",
    tag = "Locations and physicians",
    security(("key" = ["settings:read"])),
    params(PageParams),
    responses((status = 200, description = "A page.", body = Listed<LocationAnswer>)),
)]
async fn list(
    State(web): State<Web>,
    caller: Caller,
    Asked(LocationsQuery(at)): Asked<LocationsQuery>,
) -> Answer {
    let view = read_records::locations(&web.app, &caller.actor, at).await?;
    Ok(json(StatusCode::OK, &records::listed(view, LocationAnswer::from)))
}

/// Read a location
#[utoipa::path(
    get,
    path = "/locations/{id}",
    tag = "Locations and physicians",
    security(("key" = ["settings:read"])),
    params(("id" = String, Path, description = "The location's id.", example = "LOC-001")),
    responses((status = 200, description = "The location.", body = LocationAnswer)),
)]
async fn get(State(web): State<Web>, caller: Caller, Path(id): Path<String>) -> Answer {
    let id: LocationId = parse_id(&id, "location")?;
    let location = read::location(&web.app, &caller.actor, id).await?;
    Ok(json(StatusCode::OK, &LocationAnswer::from(location)))
}

/// Add a location
#[utoipa::path(
    post,
    path = "/locations",
    tag = "Locations and physicians",
    security(("key" = ["settings:write"])),
    request_body = LocationBody,
    responses((status = 201, description = "It was added.", body = LocationAnswer)),
)]
async fn add(
    State(web): State<Web>,
    caller: Caller,
    OnceKey(key): OnceKey,
    Body(body): Body<LocationBody>,
) -> Answer {
    let fields = LocationFields {
        name: body.name,
        time_zone: body.time_zone,
        address: body.address,
        phone: body.phone,
        visit_class: body.visit_class.map(|class| class.as_str().to_owned()),
        npi: body.npi,
    };
    let location =
        save_location::add_location(&web.app, &caller.actor, &fields, key.as_deref()).await?;
    let path = format!("/locations/{}", location.id);
    Ok(records::created(&path, json(StatusCode::CREATED, &LocationAnswer::from(location))))
}
