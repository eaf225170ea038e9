//! Refunds of a payment.

use almoner_app::Actor;
use almoner_app::read;
use almoner_app::refund_payment::{RefundPayment, made_refund, refund_payment};
use almoner_domain::money::MAX_PAYMENT;
use almoner_domain::refund::{RefundAmount, RefundReason};
use almoner_domain::text::MAX_NOTE_BYTES;
use almoner_domain::{Money, PaymentId, RefundId};
use almoner_store::refunds::Refund;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::words::{self, RefundState, TenderType};
use super::told;
use crate::api::body::Body;
use crate::api::caller::{Caller, Thing, showing};
use crate::api::etag::{IfMatch, IfMatchParam};
use crate::api::fields::{self, Fields, FromFields};
use crate::api::json;
use crate::api::listing::Listed;
use crate::api::once::OnceKey;
use crate::api::problem::Answer;
use crate::handlers::parse_id;
use crate::state::Web;

pub(super) fn calls() -> OpenApiRouter<Web> {
    OpenApiRouter::default().routes(routes!(list, refund))
}

/// A refund.
#[derive(Debug, Serialize, ToSchema)]
struct RefundAnswer {
    /// Its id.
    #[schema(value_type = String, example = "REF-001")]
    id: RefundId,
    /// Of which payment.
    #[schema(value_type = String, example = "PAY-001")]
    payment_id: PaymentId,
    /// How much.
    amount_cents: i64,
    /// The currency of the amount (ISO 4217).
    #[schema(example = "USD")]
    currency: String,
    /// Why.
    #[schema(value_type = words::RefundReason)]
    reason: &'static str,
    /// What else there is to say.
    notes: Option<String>,
    /// Where it stands: what was taken by hand is given back by hand and settled at once.
    #[schema(value_type = RefundState)]
    state: &'static str,
    /// How the money was taken that goes back.
    #[schema(value_type = TenderType)]
    tender_type: &'static str,
    /// Who made it: a member of the staff, or a key; null for the processor.
    made_by: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    /// Why it failed, when it did.
    failure: Option<String>,
}

impl RefundAnswer {
    fn new(refund: Refund, actor: &Actor) -> Self {
        Self {
            id: refund.id,
            payment_id: refund.payment,
            amount_cents: refund.amount.cents(),
            currency: actor.organization.currency.clone(),
            reason: refund.reason.as_str(),
            notes: refund.notes,
            state: refund.state.as_str(),
            tender_type: refund.tender.as_str(),
            made_by: refund.made_by,
            made_at: refund.made_at,
            failure: refund.failure,
        }
    }
}

/// How much is to be given back, and why.
#[derive(Debug, ToSchema)]
pub(super) struct RefundBody {
    /// A part; either this or `full`.
    #[schema(minimum = 1, maximum = 99_999_999, example = 2_500)]
    amount_cents: Option<i64>,
    /// All that remains.
    full: Option<bool>,
    /// What you believe remains. When it is another amount by now, nothing is refunded (409,
    /// `remaining_changed`).
    #[schema(minimum = 0, maximum = 99_999_999)]
    expected_remaining_cents: Option<i64>,
    /// Why.
    #[schema(value_type = words::RefundReason)]
    reason: RefundReason,
    /// What else there is to say; needed for `other`.
    #[schema(max_length = 10_000)]
    notes: Option<String>,
}

impl FromFields for RefundBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let most = MAX_PAYMENT.cents();
        let amount_cents = fields.optional("amount_cents", fields::integer(1..=most));
        let full = fields.optional("full", fields::truth);
        let remaining = fields.optional("expected_remaining_cents", fields::integer(0..=most));
        let reasons = RefundReason::ALL.map(|reason| (reason, reason.as_str()));
        let reason = fields.required("reason", fields::word(&reasons));
        let notes = fields.optional("notes", fields::paragraph(MAX_NOTE_BYTES)).flatten();
        let is_full = full == Some(true);
        if is_full && fields.has("amount_cents") {
            fields.fault("amount_cents", "not_both", "Send amount_cents or full, not both.");
        } else if !is_full && !fields.has("amount_cents") {
            fields.fault("amount_cents", "required", "Send amount_cents, or full: true.");
        }
        if !is_full && fields.has("expected_remaining_cents") {
            let message = "Send this with full: true.";
            fields.fault("expected_remaining_cents", "not_both", message);
        }
        let reason = reason?;
        Some(Self { amount_cents, full, expected_remaining_cents: remaining, reason, notes })
    }
}

impl RefundBody {
    fn amount(&self) -> RefundAmount {
        match self.amount_cents {
            Some(part) if self.full != Some(true) => RefundAmount::Partial(Money::from_cents(part)),
            _ => RefundAmount::Full {
                expected_remaining: self.expected_remaining_cents.map(Money::from_cents),
            },
        }
    }
}

/// List the refunds of a payment
///
/// All of them on one page, the newest first.
#[utoipa::path(
    get,
    path = "/payments/{id}/refunds",
    tag = "Payments",
    security(("key" = ["payments:read"])),
    params(("id" = String, Path, description = "The payment's id.", example = "PAY-001")),
    responses((status = 200, description = "The refunds.", body = Listed<RefundAnswer>)),
)]
async fn list(State(web): State<Web>, caller: Caller, Path(id): Path<String>) -> Answer {
    let id: PaymentId = parse_id(&id, "payment")?;
    let view = read::payment(&web.app, &caller.actor, id).await?;
    let newest_first = view.refunds.into_iter().rev();
    let data = newest_first.map(|refund| RefundAnswer::new(refund, &caller.actor)).collect();
    Ok(showing(vec![Thing::Payment(id)], json(StatusCode::OK, &Listed::whole(data, None))))
}

/// Refund a payment
///
/// In part or in full, and never more than remains: then it is 409 with `remaining_cents`, and
/// nothing is refunded, however many ask at the same time.
#[utoipa::path(
    post,
    path = "/payments/{id}/refunds",
    tag = "Payments",
    security(("key" = ["refunds:write"])),
    params(
        ("id" = String, Path, description = "The payment's id.", example = "PAY-001"),
        IfMatchParam,
    ),
    request_body = RefundBody,
    responses((status = 201, description = "It was made.", body = RefundAnswer)),
)]
async fn refund(
    State(web): State<Web>,
    caller: Caller,
    OnceKey(key): OnceKey,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<RefundBody>,
) -> Answer {
    let id: PaymentId = parse_id(&id, "payment")?;
    let input = RefundPayment {
        payment: id,
        version: if_match.version(),
        amount: body.amount(),
        reason: body.reason,
        notes: body.notes,
        key,
    };
    let made = refund_payment(&web.app, &caller.actor, &input).await.map_err(told)?;
    let made = made_refund(&web.app, &caller.actor, made).await?;
    let answer = json(StatusCode::CREATED, &RefundAnswer::new(made, &caller.actor));
    Ok(showing(vec![Thing::Payment(id)], answer))
}
