//! Changing a payment's status by hand.

use almoner_app::change_status::{ChangeStatus, change_status};
use almoner_domain::status::Status;
use almoner_domain::tender::{TenderEntry, TenderType};
use almoner_domain::{Money, PaymentId, estimate};
use axum::extract::{Path, State};
use jiff::Timestamp;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::words::{HandTenderType, PaymentStatus};
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
    OpenApiRouter::default().routes(routes!(change))
}

/// Where a payment is to go.
#[derive(Debug, ToSchema)]
pub(super) struct StatusBody {
    /// One of the payment's `allowed_transitions`.
    #[schema(value_type = PaymentStatus)]
    status: Status,
    /// How the money was taken; needed for `paid`, and refused with any other status.
    tender: Option<TenderBody>,
    /// Why; needed when a cancelled payment is taken up again.
    #[schema(max_length = 200)]
    reason: Option<String>,
}

/// How money was taken.
#[derive(Debug, ToSchema)]
pub(super) struct TenderBody {
    /// By what.
    #[schema(value_type = HandTenderType)]
    r#type: TenderType,
    /// The cash that was handed over; not less than the amount.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000_000_i64)]
    given_cents: Option<Money>,
    /// The number of a check or money order.
    #[schema(max_length = 200)]
    number: Option<String>,
    /// The terminal's authorization code.
    #[schema(max_length = 200)]
    authorization_code: Option<String>,
    /// The last four digits of a card, and never more of it.
    #[schema(pattern = "^[0-9]{4}$")]
    last_four: Option<String>,
    /// What else identifies the money; needed for `other`.
    #[schema(max_length = 200)]
    reference: Option<String>,
    /// When it was received. It is kept with the tender; the books follow the moment at which it
    /// is entered.
    #[schema(value_type = Option<String>, format = DateTime)]
    received_at: Option<Timestamp>,
}

impl FromFields for StatusBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let statuses = Status::ALL.map(|status| (status, status.as_str()));
        let status = fields.required("status", fields::word(&statuses));
        let tender = fields.group("tender");
        let reason = fields.optional("reason", fields::line);
        let status = status?;
        if status != Status::Paid && fields.has("tender") {
            fields.fault("tender", "only_with_paid", "Send a tender with the status paid alone.");
        }
        Some(Self { status, tender, reason })
    }
}

impl FromFields for TenderBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let kinds = TenderType::BY_HAND.map(|kind| (kind, kind.as_str()));
        let kind = fields.required("type", fields::word(&kinds));
        let given_cents = fields.optional("given_cents", fields::cents(estimate::MAX_CHARGE));
        let number = fields.optional("number", fields::line);
        let authorization_code = fields.optional("authorization_code", fields::line);
        // Never more of a card's number than that.
        let last_four = fields.optional("last_four", fields::all_digits(4, "not_four_digits"));
        let reference = fields.optional("reference", fields::line);
        let received_at = fields.optional("received_at", fields::moment);
        let r#type = kind?;
        Some(Self {
            r#type,
            given_cents,
            number,
            authorization_code,
            last_four,
            reference,
            received_at,
        })
    }
}

impl From<TenderBody> for TenderEntry {
    fn from(body: TenderBody) -> Self {
        Self {
            kind: body.r#type.as_str().to_owned(),
            given: body.given_cents.map(Money::to_plain).unwrap_or_default(),
            number: body.number.unwrap_or_default(),
            authorization_code: body.authorization_code.unwrap_or_default(),
            last_four: body.last_four.unwrap_or_default(),
            reference: body.reference.unwrap_or_default(),
            received_at: body.received_at,
        }
    }
}

/// Change a payment's status
///
/// Along the ways that are open now. Where there is none, also to the status that it has already,
/// the answer is 409 with the `allowed_transitions`. `partially_refunded` and `refunded` follow
/// from refunds.
#[utoipa::path(
    post,
    path = "/payments/{id}/status",
    tag = "Payments",
    security(("key" = ["payments:read", "payments:write"])),
    params(
        ("id" = String, Path, description = "The payment's id.", example = "PAY-001"),
        IfMatchParam,
    ),
    request_body = StatusBody,
    responses((
        status = 200, description = "The payment as it stands now.", body = PaymentAnswer,
        headers(("ETag" = String, description = "Its version.")),
    )),
)]
async fn change(
    State(web): State<Web>,
    caller: Caller,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<StatusBody>,
) -> Answer {
    let id: PaymentId = parse_id(&id, "payment")?;
    let input = ChangeStatus {
        payment: id,
        version: if_match.version(),
        to: body.status,
        tender: body.tender.map(TenderEntry::from),
        reason: body.reason,
    };
    change_status(&web.app, &caller.actor, &input).await.map_err(told)?;
    standing(&web, &caller, id).await
}
