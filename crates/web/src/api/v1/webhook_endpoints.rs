//! Where other programs are told of events.

use almoner_app::webhook_endpoints::{
    NewEndpoint, WithSecret, add_endpoint, delete_endpoint, endpoint, endpoints,
};
use almoner_domain::WebhookId;
use almoner_domain::text::MAX_LINE_BYTES;
use almoner_store::webhook_endpoints::Endpoint;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::words::EndpointStatus;
use crate::api::body::{Asked, Body};
use crate::api::caller::Caller;
use crate::api::fields::{self, Fields, FromFields};
use crate::api::json;
use crate::api::listing::{Listed, PageParams, Turn};
use crate::api::once::unkept;
use crate::api::problem::Answer;
use crate::handlers::parse_id;
use crate::state::Web;

pub(super) fn calls() -> OpenApiRouter<Web> {
    OpenApiRouter::default().routes(routes!(list, create)).routes(routes!(get, delete))
}

/// An endpoint.
#[derive(Debug, Serialize, ToSchema)]
struct EndpointAnswer {
    /// Its id.
    #[schema(value_type = String, example = "WHK-001")]
    id: WebhookId,
    /// Its address.
    url: String,
    /// What it is for.
    description: Option<String>,
    /// Where it stands; only one that is enabled is told of events.
    #[schema(value_type = EndpointStatus)]
    status: &'static str,
    /// Since when nothing arrives there; null while events do.
    #[schema(value_type = Option<String>, format = DateTime)]
    failing_since: Option<Timestamp>,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Endpoint> for EndpointAnswer {
    fn from(endpoint: Endpoint) -> Self {
        Self {
            id: endpoint.id,
            url: endpoint.url,
            description: endpoint.description,
            status: endpoint.state.as_str(),
            failing_since: endpoint.failing_since,
            created_at: endpoint.created_at,
        }
    }
}

/// An endpoint that was added, with its secret.
#[derive(Debug, Serialize, ToSchema)]
struct NewEndpointAnswer {
    /// The endpoint.
    #[serde(flatten)]
    endpoint: EndpointAnswer,
    /// What its events are signed with, as the libraries of Standard Webhooks take it. It is told
    /// this once.
    #[schema(example = "whsec_SAMPLESAMPLESAMPLESAMPLESAMPLESAMPLESAMPLE=")]
    secret: String,
}

/// An endpoint to be added.
#[derive(Debug, ToSchema)]
pub(super) struct EndpointBody {
    /// Its address, which begins with https and names a host that is public.
    #[schema(max_length = 2_000)]
    url: String,
    /// What it is for.
    #[schema(max_length = 200)]
    description: Option<String>,
}

impl FromFields for EndpointBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let url = fields.required("url", fields::owned);
        let description = fields.optional("description", fields::paragraph(MAX_LINE_BYTES));
        Some(Self { url: url?, description: description.flatten() })
    }
}

/// Which part of the list is asked for.
struct EndpointsAsked(Turn<i64>);

impl FromFields for EndpointsAsked {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Turn::read(fields, |text| text.parse().ok()).map(Self)
    }
}

/// List the webhook endpoints
///
/// In the order in which they were added; 20 at most.
#[utoipa::path(
    get,
    path = "/webhook-endpoints",
    tag = "Webhooks",
    security(("key" = ["webhooks:write"])),
    params(PageParams),
    responses((status = 200, description = "The endpoints.", body = Listed<EndpointAnswer>)),
)]
async fn list(
    State(web): State<Web>,
    caller: Caller,
    Asked(EndpointsAsked(turn)): Asked<EndpointsAsked>,
) -> Answer {
    let all = endpoints(&web.app, &caller.actor).await?;
    let all: Vec<EndpointAnswer> = all.into_iter().map(EndpointAnswer::from).collect();
    let page = Listed::of_few(all, turn, |endpoint| endpoint.id.seq());
    Ok(json(StatusCode::OK, &page))
}

/// Add a webhook endpoint
///
/// It is told of everything that happens from now on. Nothing is sent to addresses on this machine
/// or in private networks.
#[utoipa::path(
    post,
    path = "/webhook-endpoints",
    tag = "Webhooks",
    security(("key" = ["webhooks:write"])),
    request_body = EndpointBody,
    responses((status = 201, description = "It was added.", body = NewEndpointAnswer)),
)]
async fn create(State(web): State<Web>, caller: Caller, Body(body): Body<EndpointBody>) -> Answer {
    let description = body.description.unwrap_or_default();
    let input = NewEndpoint { url: body.url, description };
    let WithSecret { endpoint, secret } = add_endpoint(&web.app, &caller.actor, &input).await?;
    let answer = NewEndpointAnswer { endpoint: endpoint.into(), secret: secret.reveal() };
    Ok(unkept(json(StatusCode::CREATED, &answer)))
}

/// Read a webhook endpoint
#[utoipa::path(
    get,
    path = "/webhook-endpoints/{id}",
    tag = "Webhooks",
    security(("key" = ["webhooks:write"])),
    params(("id" = String, Path, description = "The endpoint's id.", example = "WHK-001")),
    responses((status = 200, description = "The endpoint.", body = EndpointAnswer)),
)]
async fn get(State(web): State<Web>, caller: Caller, Path(id): Path<String>) -> Answer {
    let id: WebhookId = parse_id(&id, "webhook endpoint")?;
    let found = endpoint(&web.app, &caller.actor, id).await?;
    Ok(json(StatusCode::OK, &EndpointAnswer::from(found)))
}

/// Delete a webhook endpoint
///
/// It is told of nothing any more; what waits to be sent there is dropped.
#[utoipa::path(
    delete,
    path = "/webhook-endpoints/{id}",
    tag = "Webhooks",
    security(("key" = ["webhooks:write"])),
    params(("id" = String, Path, description = "The endpoint's id.", example = "WHK-001")),
    responses((status = 204, description = "It is gone.")),
)]
async fn delete(State(web): State<Web>, caller: Caller, Path(id): Path<String>) -> Answer {
    let id: WebhookId = parse_id(&id, "webhook endpoint")?;
    delete_endpoint(&web.app, &caller.actor, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
