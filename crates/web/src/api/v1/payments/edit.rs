//! A payment: read, and edited.

use almoner_app::edit_payment::{EditPayment, edit_payment};
use almoner_app::permission::Action;
use almoner_app::read_whole;
use almoner_domain::money::MAX_PAYMENT;
use almoner_domain::payment::PaymentType;
use almoner_domain::text::MAX_MEMO_BYTES;
use almoner_domain::{LocationId, Money, PatientId, PaymentId, TreatmentId};
use almoner_store::payments::Payment;
use axum::extract::{Path, State};
use jiff::civil::Date;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::words::PaymentKind;
use super::answer::PaymentAnswer;
use super::{standing, told};
use crate::api::body::Body;
use crate::api::caller::Caller;
use crate::api::etag::{IfMatch, IfMatchParam};
use crate::api::fields::{self, Change, Fields, FromFields};
use crate::api::problem::Answer;
use crate::handlers::parse_id;
use crate::state::Web;

pub(super) fn calls() -> OpenApiRouter<Web> {
    OpenApiRouter::default().routes(routes!(read, edit))
}

/// Read a payment
///
/// The `ETag` is its version, for `If-Match`.
#[utoipa::path(
    get,
    path = "/payments/{id}",
    tag = "Payments",
    security(("key" = ["payments:read"])),
    params(("id" = String, Path, description = "The payment's id.", example = "PAY-001")),
    responses((
        status = 200, description = "The payment.", body = PaymentAnswer,
        headers(("ETag" = String, description = "Its version.")),
    )),
)]
async fn read(State(web): State<Web>, caller: Caller, Path(id): Path<String>) -> Answer {
    standing(&web, &caller, parse_id(&id, "payment")?).await
}

/// What is to change of a payment. What is left out stays, and `null` empties a field that may be
/// empty.
#[derive(Debug, ToSchema)]
pub(super) struct PaymentEditBody {
    /// Who owes it.
    #[schema(value_type = Option<String>, pattern = "^PAT-[0-9]+$", example = "PAT-001")]
    patient_id: Option<PatientId>,
    /// How much.
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 99_999_999, example = 12_550)]
    amount_cents: Option<Money>,
    /// For what.
    #[schema(value_type = Option<PaymentKind>)]
    payment_type: Change<PaymentType>,
    /// For which treatment of the patient.
    #[schema(value_type = Option<String>, pattern = "^TRT-[0-9]+$", example = "TRT-001")]
    treatment_id: Change<TreatmentId>,
    /// Where it counts. A treatment's own location comes before it.
    #[schema(value_type = Option<String>, pattern = "^LOC-[0-9]+$", example = "LOC-001")]
    location_id: Option<LocationId>,
    /// When it is due.
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-23")]
    due_date: Change<Date>,
    /// The due date may have passed. One that stands already needs no confirming.
    confirm_past_due_date: Option<bool>,
    /// What it is about.
    #[schema(value_type = Option<String>, max_length = 2_000)]
    memo: Change<String>,
}

impl FromFields for PaymentEditBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let amounts = fields::integer(1..=MAX_PAYMENT.cents());
        let kinds = PaymentType::ALL.map(|kind| (kind, kind.as_str()));
        let memo = fields.change("memo", fields::paragraph(MAX_MEMO_BYTES));
        Some(Self {
            patient_id: fields.optional("patient_id", fields::id),
            amount_cents: fields.optional("amount_cents", amounts).map(Money::from_cents),
            payment_type: fields.change("payment_type", fields::word(&kinds)),
            treatment_id: fields.change("treatment_id", fields::id),
            location_id: fields.optional("location_id", fields::id),
            due_date: fields.change("due_date", fields::date),
            confirm_past_due_date: fields.optional("confirm_past_due_date", fields::truth),
            memo: memo.flatten(),
        })
    }
}

impl PaymentEditBody {
    /// The payment as it stands, with what is to change of it.
    fn onto(&self, payment: Payment) -> EditPayment {
        EditPayment {
            payment: payment.id,
            version: payment.version,
            patient: self.patient_id.unwrap_or(payment.patient),
            amount: self.amount_cents.unwrap_or(payment.amount),
            kind: self.payment_type.over(payment.kind),
            treatment: self.treatment_id.over(payment.treatment),
            location: self.location_id.or(Some(payment.location)),
            due: self.due_date.over(payment.due),
            confirm_past_due_date: self.confirm_past_due_date.unwrap_or_default(),
            memo: self.memo.over(payment.memo),
        }
    }
}

/// Edit a payment
///
/// While no money was taken. Send the `ETag` that you saw as `If-Match`, and nobody's change is
/// undone unseen; without it, only the fields that are sent are written over what stands.
#[utoipa::path(
    patch,
    path = "/payments/{id}",
    tag = "Payments",
    security(("key" = ["payments:read", "payments:write"])),
    params(
        ("id" = String, Path, description = "The payment's id.", example = "PAY-001"),
        IfMatchParam,
    ),
    request_body = PaymentEditBody,
    responses((
        status = 200, description = "The payment as it stands now.", body = PaymentAnswer,
        headers(("ETag" = String, description = "Its version.")),
    )),
)]
async fn edit(
    State(web): State<Web>,
    caller: Caller,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<PaymentEditBody>,
) -> Answer {
    caller.actor.must(Action::ReadPayments)?;
    caller.actor.must(Action::EditPayment)?;
    let id: PaymentId = parse_id(&id, "payment")?;
    let change = || async {
        let (found, _) = read_whole::get(&web.app, &caller.actor, id).await?;
        let payment = found.listed.payment;
        if_match.check(payment.version)?;
        edit_payment(&web.app, &caller.actor, &body.onto(payment)).await
    };
    if_match.on_what_stands(change).await.map_err(told)?;
    standing(&web, &caller, id).await
}
