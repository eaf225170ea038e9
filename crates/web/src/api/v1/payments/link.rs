//! The link by which a payer pays.

use almoner_app::issue_link::{self, IssueLink, NewestLink, Until};
use almoner_domain::PaymentId;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use jiff::Timestamp;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::{LinkAnswer, pay_url};
use super::told;
use crate::api::body::Body;
use crate::api::caller::Caller;
use crate::api::fields::{self, Fields, FromFields};
use crate::api::json;
use crate::api::problem::Answer;
use crate::handlers::parse_id;
use crate::state::Web;

pub(super) fn calls() -> OpenApiRouter<Web> {
    OpenApiRouter::default().routes(routes!(issue, revoke))
}

/// What link is asked for.
#[derive(Debug, ToSchema)]
pub(super) struct LinkBody {
    /// When it is to end; after 30 days, with the clinic's day, when nothing is said.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// Another one than the one that opens now, which ends.
    reissue: Option<bool>,
}

impl FromFields for LinkBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            expires_at: fields.optional("expires_at", fields::moment),
            reissue: fields.optional("reissue", fields::truth),
        })
    }
}

/// Issue a payment link
///
/// The one that opens already is given again, unless it ends at another time than is asked for, or
/// another one is to take its place. A draft is submitted first.
#[utoipa::path(
    post,
    path = "/payments/{id}/link",
    tag = "Payments",
    security(("key" = ["payments:write"])),
    params(("id" = String, Path, description = "The payment's id.", example = "PAY-001")),
    request_body = LinkBody,
    responses((status = 201, description = "The link.", body = LinkAnswer)),
)]
async fn issue(
    State(web): State<Web>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<LinkBody>,
) -> Answer {
    let payment: PaymentId = parse_id(&id, "payment")?;
    let replaces = if body.reissue == Some(true) {
        match issue_link::newest_link(&web.app, &caller.actor, payment).await? {
            Some(NewestLink::Live(link)) => Some(link.generation),
            _ => None,
        }
    } else {
        None
    };
    let input = IssueLink { payment, until: body.expires_at.map(Until::Moment), replaces };
    let issued = issue_link::issue_link(&web.app, &caller.actor, input).await.map_err(told)?;
    let url = pay_url(&web, &issued.token);
    let answer = LinkAnswer { url, expires_at: issued.expires_at };
    Ok(json(StatusCode::CREATED, &answer))
}

/// End a payment link
///
/// Whoever opens it finds nothing any more. Where there is none, nothing happens.
#[utoipa::path(
    delete,
    path = "/payments/{id}/link",
    tag = "Payments",
    security(("key" = ["payments:write"])),
    params(("id" = String, Path, description = "The payment's id.", example = "PAY-001")),
    responses((status = 204, description = "None opens any more.")),
)]
async fn revoke(State(web): State<Web>, caller: Caller, Path(id): Path<String>) -> Answer {
    let payment: PaymentId = parse_id(&id, "payment")?;
    issue_link::revoke_link(&web.app, &caller.actor, payment).await.map_err(told)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
