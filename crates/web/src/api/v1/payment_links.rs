//! Payment links, sent by e-mail.

use almoner_app::send_link::Asked;
use almoner_app::send_links::{MAX_PAYMENTS, send_links};
use almoner_domain::PaymentId;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::body::Body;
use crate::api::caller::Caller;
use crate::api::fields::{Fields, FromFields, id, list};
use crate::api::json;
use crate::api::problem::Answer;
use crate::state::Web;

pub(super) fn calls() -> OpenApiRouter<Web> {
    OpenApiRouter::default().routes(routes!(send))
}

/// Which payments are asked for.
#[derive(Debug, ToSchema)]
pub(super) struct SendLinksBody {
    /// 1 to 200 payments.
    #[schema(
        value_type = Vec<String>,
        min_items = 1,
        max_items = 200,
        example = json!(["PAY-001", "PAY-002"])
    )]
    payment_ids: Vec<PaymentId>,
}

impl FromFields for SendLinksBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let payment_ids = fields.required("payment_ids", list(1..=MAX_PAYMENTS, id))?;
        Some(Self { payment_ids })
    }
}

/// What came of each payment.
#[derive(Debug, Serialize, ToSchema)]
struct SentLinks {
    /// One for each that was named, in that order.
    data: Vec<SentLink>,
}

/// What came of a payment.
#[derive(Debug, Serialize, ToSchema)]
struct SentLink {
    /// Which.
    #[schema(example = "PAY-001")]
    payment_id: String,
    /// What came of it.
    outcome: SentOutcome,
    /// The same for people.
    message: String,
}

/// `queued`, `already_waiting` and `just_sent` are well; the others say what is missing.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SentOutcome {
    Queued,
    AlreadyWaiting,
    JustSent,
    NoAddress,
    NoConsent,
    NotCollectable,
    NotFound,
}

impl From<Asked> for SentOutcome {
    fn from(asked: Asked) -> Self {
        match asked {
            Asked::Queued => Self::Queued,
            Asked::AlreadyWaiting => Self::AlreadyWaiting,
            Asked::JustSent => Self::JustSent,
            Asked::NoAddress => Self::NoAddress,
            Asked::NoConsent => Self::NoConsent,
            Asked::NotCollectable => Self::NotCollectable,
            Asked::NotFound => Self::NotFound,
        }
    }
}

/// Send payment links by e-mail
///
/// Each payment stands alone: its link is issued when it has none (a draft is submitted first), and
/// a letter with it is sent to the patient, when the patient agreed to e-mail at the address on
/// file. While a letter waits, and for ten minutes after it was sent, no second one is added.
#[utoipa::path(
    post,
    path = "/payment-links/send",
    tag = "Payments",
    security(("key" = ["payments:write"])),
    request_body = SendLinksBody,
    responses((status = 200, description = "What came of each.", body = SentLinks)),
)]
async fn send(State(web): State<Web>, caller: Caller, Body(body): Body<SendLinksBody>) -> Answer {
    let asked = send_links(&web.app, &caller.actor, &body.payment_ids).await?;
    let sent = |(payment, asked): (PaymentId, Asked)| SentLink {
        payment_id: payment.to_string(),
        outcome: asked.into(),
        message: asked.words().to_owned(),
    };
    Ok(json(StatusCode::OK, &SentLinks { data: asked.into_iter().map(sent).collect() }))
}
