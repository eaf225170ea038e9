//! Physicians of the clinic.

use almoner_app::read_records::{self, PageAt};
use almoner_app::{read, save_physician};
use almoner_domain::PhysicianId;
use almoner_store::physicians::{Physician, PhysicianFields};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::records;
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

/// A physician to be added.
#[derive(Debug, ToSchema)]
pub(super) struct PhysicianBody {
    /// First name.
    #[schema(min_length = 1, max_length = 200, example = "Ida")]
    first_name: String,
    /// Last name.
    #[schema(min_length = 1, max_length = 200, example = "Sample")]
    last_name: String,
    /// The national provider identifier.
    #[schema(pattern = "^[0-9]{10}$", example = "1234567893")]
    npi: Option<String>,
}

impl FromFields for PhysicianBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let first_name = fields.required("first_name", fields::owned);
        let last_name = fields.required("last_name", fields::owned);
        let npi = fields.optional("npi", fields::all_digits(10, "not_an_npi"));
        Some(Self { first_name: first_name?, last_name: last_name?, npi })
    }
}

/// A physician.
#[derive(Debug, Serialize, ToSchema)]
struct PhysicianAnswer {
    /// The id.
    #[schema(example = "PHY-001")]
    id: String,
    /// First name.
    first_name: String,
    /// Last name.
    last_name: String,
    /// The national provider identifier.
    npi: Option<String>,
}

impl From<Physician> for PhysicianAnswer {
    fn from(physician: Physician) -> Self {
        let PhysicianFields { first_name, last_name, npi } = physician.fields;
        Self { id: physician.id.to_string(), first_name, last_name, npi }
    }
}

/// Which part of the list is asked for.
struct PhysiciansQuery(PageAt);

impl FromFields for PhysiciansQuery {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        records::turn(fields, false).map(Self)
    }
}

/// List the physicians
///
/// In the order in which they were added.
#[utoipa::path(
    get,
    path = "/physicians",
    tag = "Locations and physicians",
    security(("key" = ["settings:read"])),
    params(PageParams),
    responses((status = 200, description = "A page.", body = Listed<PhysicianAnswer>)),
)]
async fn list(
    State(web): State<Web>,
    caller: Caller,
    Asked(PhysiciansQuery(at)): Asked<PhysiciansQuery>,
) -> Answer {
    let view = read_records::physicians(&web.app, &caller.actor, at).await?;
    Ok(json(StatusCode::OK, &records::listed(view, PhysicianAnswer::from)))
}

/// Read a physician
#[utoipa::path(
    get,
    path = "/physicians/{id}",
    tag = "Locations and physicians",
    security(("key" = ["settings:read"])),
    params(("id" = String, Path, description = "The physician's id.", example = "PHY-001")),
    responses((status = 200, description = "The physician.", body = PhysicianAnswer)),
)]
async fn get(State(web): State<Web>, caller: Caller, Path(id): Path<String>) -> Answer {
    let id: PhysicianId = parse_id(&id, "physician")?;
    let physician = read::physician(&web.app, &caller.actor, id).await?;
    Ok(json(StatusCode::OK, &PhysicianAnswer::from(physician)))
}

/// Add a physician
#[utoipa::path(
    post,
    path = "/physicians",
    tag = "Locations and physicians",
    security(("key" = ["settings:write"])),
    request_body = PhysicianBody,
    responses((status = 201, description = "The physician was added.", body = PhysicianAnswer)),
)]
async fn add(
    State(web): State<Web>,
    caller: Caller,
    OnceKey(key): OnceKey,
    Body(PhysicianBody { first_name, last_name, npi }): Body<PhysicianBody>,
) -> Answer {
    let fields = PhysicianFields { first_name, last_name, npi };
    let physician =
        save_physician::add_physician(&web.app, &caller.actor, &fields, key.as_deref()).await?;
    let path = format!("/physicians/{}", physician.id);
    Ok(records::created(&path, json(StatusCode::CREATED, &PhysicianAnswer::from(physician))))
}
