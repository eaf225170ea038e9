//! Taking a tender back that was entered in error or came back unpaid.

use almoner_app::permission::Action;
use almoner_app::reverse_tender::{ReverseTender, reverse_tender};
use almoner_domain::PaymentId;
use almoner_domain::refund::ReversalReason;
use almoner_domain::text::MAX_NOTE_BYTES;
use axum::extract::{Path, State};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::words;
use super::answer::PaymentAnswer;
use super::{standing, told};
use crate::api::body::Body;
use crate::api::caller::Caller;
use crate::api::etag::{IfMatch, IfMatchParam};
use crate::api::fields::{self, Fields, FromFields};
use crate::api::problem::Answer;
use crate::handlers::parse_id;
use crate::state::Web;

pub(super) fn calls() -> OpenApiRouter<Web> {
    OpenApiRouter::default().routes(routes!(reverse))
}

/// Why a tender is taken back.
#[derive(Debug, ToSchema)]
pub(super) struct ReversalBody {
    /// `entered_in_error`: the payment is awaited again; `returned_unpaid`: it failed.
    #[schema(value_type = words::ReversalReason)]
    reason: ReversalReason,
    /// What else there is to say.
    #[schema(max_length = 10_000)]
    notes: Option<String>,
}

impl FromFields for ReversalBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let reasons = ReversalReason::ALL.map(|reason| (reason, reason.as_str()));
        let reason = fields.required("reason", fields::word(&reasons));
        let notes = fields.optional("notes", fields::paragraph(MAX_NOTE_BYTES)).flatten();
        Some(Self { reason: reason?, notes })
    }
}

/// Take a tender back
///
/// Of a payment that was paid by hand and has no refunds. No money moves to the patient: that is a
/// refund.
#[utoipa::path(
    post,
    path = "/payments/{id}/reversal",
    tag = "Payments",
    security(("key" = ["payments:read", "refunds:write"])),
    params(
        ("id" = String, Path, description = "The payment's id.", example = "PAY-001"),
        IfMatchParam,
    ),
    request_body = ReversalBody,
    responses((
        status = 200, description = "The payment as it stands now.", body = PaymentAnswer,
        headers(("ETag" = String, description = "Its version.")),
    )),
)]
async fn reverse(
    State(web): State<Web>,
    caller: Caller,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(ReversalBody { reason, notes }): Body<ReversalBody>,
) -> Answer {
    caller.actor.must(Action::ReadPayments)?;
    let id: PaymentId = parse_id(&id, "payment")?;
    let input = ReverseTender { payment: id, version: if_match.version(), reason, notes };
    reverse_tender(&web.app, &caller.actor, &input).await.map_err(told)?;
    standing(&web, &caller, id).await
}
