//! What happened to a payment.

use almoner_app::read;
use almoner_domain::PaymentId;
use almoner_store::audit::NamedEvent;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::caller::{Caller, Thing, showing};
use crate::api::json;
use crate::api::listing::Listed;
use crate::api::problem::Answer;
use crate::handlers::parse_id;
use crate::handlers::payments::history::{who, words};
use crate::state::Web;

pub(super) fn calls() -> OpenApiRouter<Web> {
    OpenApiRouter::default().routes(routes!(list))
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
struct HistoryEntry {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who: `staff`, `key`, `payer`, `processor`, `refunds`, `reversal`, `job` or `system`.
    actor: String,
    /// The name of whoever it was, for people.
    by: String,
    /// What was done, such as `payment_created`, `status_changed`, `refund_made`.
    #[schema(example = "status_changed")]
    action: String,
    /// The payment's version after it, when that grew.
    version: Option<i64>,
    /// What was done, for people.
    #[schema(example = "Pending → Paid")]
    summary: String,
    /// The details, for people.
    note: Option<String>,
    /// The details; which there are depends on the action.
    #[schema(value_type = Object)]
    detail: Value,
}

impl From<NamedEvent> for HistoryEntry {
    fn from(named: NamedEvent) -> Self {
        let (summary, note) = words(&named);
        let by = who(&named);
        let event = named.event;
        Self {
            at: event.at,
            actor: event.actor,
            by,
            action: event.action,
            version: event.subject_version,
            summary,
            note,
            detail: serde_json::from_str(&event.detail).unwrap_or_default(),
        }
    }
}

/// Read what happened to a payment
///
/// On one page, the newest first, 200 at most.
#[utoipa::path(
    get,
    path = "/payments/{id}/history",
    tag = "Payments",
    security(("key" = ["payments:read"])),
    params(("id" = String, Path, description = "The payment's id.", example = "PAY-001")),
    responses((status = 200, description = "What happened.", body = Listed<HistoryEntry>)),
)]
async fn list(State(web): State<Web>, caller: Caller, Path(id): Path<String>) -> Answer {
    let id: PaymentId = parse_id(&id, "payment")?;
    let view = read::payment(&web.app, &caller.actor, id).await?;
    let entries = view.history.into_iter().map(HistoryEntry::from).collect();
    let answer = Listed::whole(entries, Some(read::MAX_HISTORY));
    Ok(showing(vec![Thing::Payment(id)], json(StatusCode::OK, &answer)))
}
