//! Creating a payment.

use almoner_app::create_payment::{CreatePayment, create_payment};
use almoner_app::estimate_payment::{EstimateInput, location_exists};
use almoner_app::permission::Action;
use almoner_app::read_whole;
use almoner_domain::money::MAX_PAYMENT;
use almoner_domain::payment::PaymentType;
use almoner_domain::text::MAX_MEMO_BYTES;
use almoner_domain::{Invalid, LocationId, Money, PatientId, TreatmentId};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use jiff::civil::Date;
use utoipa::ToSchema;

use super::super::estimates::{self, EstimateBody};
use super::super::words::PaymentKind;
use super::answer::PaymentAnswer;
use super::{answered, told};
use crate::api::body::Body;
use crate::api::caller::Caller;
use crate::api::fields::{self, Fields, FromFields};
use crate::api::once::OnceKey;
use crate::api::problem::{Answer, Problem};
use crate::state::Web;

/// A payment to be created.
#[derive(Debug, ToSchema)]
pub(super) struct PaymentBody {
    /// Who owes it.
    #[schema(value_type = String, pattern = "^PAT-[0-9]+$", example = "PAT-001")]
    patient_id: PatientId,
    /// How much.
    #[schema(value_type = i64, minimum = 1, maximum = 99_999_999, example = 12_550)]
    amount_cents: Money,
    /// For what; what the estimate says, when nothing is said.
    #[schema(value_type = Option<PaymentKind>)]
    payment_type: Option<PaymentType>,
    /// For which treatment of the patient; what the estimate says, when nothing is said.
    #[schema(value_type = Option<String>, pattern = "^TRT-[0-9]+$", example = "TRT-001")]
    treatment_id: Option<TreatmentId>,
    /// Where it counts. A treatment's own location comes before it; without either, the clinic's
    /// first one.
    #[schema(value_type = Option<String>, pattern = "^LOC-[0-9]+$", example = "LOC-001")]
    location_id: Option<LocationId>,
    /// When it is due.
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-23")]
    due_date: Option<Date>,
    /// The due date may have passed.
    confirm_past_due_date: Option<bool>,
    /// What it is about. The payer does not see it.
    #[schema(max_length = 2_000)]
    memo: Option<String>,
    /// It is not submitted yet.
    draft: Option<bool>,
    /// What an estimate was asked for; it is made anew and kept with the payment. Needs
    /// `estimates:read` as well.
    estimate: Option<EstimateBody>,
}

impl FromFields for PaymentBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let patient_id = fields.required("patient_id", fields::id);
        let amounts = fields::integer(1..=MAX_PAYMENT.cents());
        let amount_cents = fields.required("amount_cents", amounts).map(Money::from_cents);
        let kinds = PaymentType::ALL.map(|kind| (kind, kind.as_str()));
        let payment_type = fields.optional("payment_type", fields::word(&kinds));
        let treatment_id = fields.optional("treatment_id", fields::id);
        let location_id = fields.optional("location_id", fields::id);
        let due_date = fields.optional("due_date", fields::date);
        let confirm_past_due_date = fields.optional("confirm_past_due_date", fields::truth);
        let memo = fields.optional("memo", fields::paragraph(MAX_MEMO_BYTES)).flatten();
        let draft = fields.optional("draft", fields::truth);
        let estimate = fields.group("estimate");
        Some(Self {
            patient_id: patient_id?,
            amount_cents: amount_cents?,
            payment_type,
            treatment_id,
            location_id,
            due_date,
            confirm_past_due_date,
            memo,
            draft,
            estimate,
        })
    }
}

impl PaymentBody {
    /// What the use case is asked for. The estimate has to be one of this payment.
    fn into_input(self, key: Option<String>) -> Result<CreatePayment, Invalid> {
        let mut estimate = self.estimate.map(EstimateBody::into_input);
        let (mut kind, mut treatment) = (self.payment_type, self.treatment_id);
        if let Some(asked) = &mut estimate {
            kind = kind.or(asked.payment_type);
            treatment = treatment.or(asked.treatment);
            asked.treatment = asked.treatment.or(treatment);
            asked.location = asked.location.or(self.location_id);
            check_same(asked, (self.patient_id, kind, treatment))?;
        }
        Ok(CreatePayment {
            patient: self.patient_id,
            amount: self.amount_cents,
            kind,
            treatment,
            location: self.location_id,
            due: self.due_date,
            confirm_past_due_date: self.confirm_past_due_date.unwrap_or_default(),
            memo: self.memo,
            draft: self.draft.unwrap_or_default(),
            estimate,
            estimate_seen: None,
            key,
        })
    }
}

/// Passes when an estimate is about that patient, type and treatment.
fn check_same(
    asked: &EstimateInput,
    of: (PatientId, Option<PaymentType>, Option<TreatmentId>),
) -> Result<(), Invalid> {
    let mut faults = Invalid::default();
    for (is_same, field) in [
        (asked.patient == of.0, "estimate.patient_id"),
        (asked.payment_type == of.1, "estimate.payment_type"),
        (asked.treatment == of.2, "estimate.treatment_id"),
    ] {
        if !is_same {
            faults.push(field, "not_the_payments", "Send the same here as for the payment.");
        }
    }
    faults.into_result()
}

/// Passes when the estimate may be asked for, and names what is there.
async fn check_estimate(web: &Web, caller: &Caller, asked: &EstimateInput) -> Result<(), Problem> {
    caller.actor.must(Action::Estimate)?;
    if let Some(id) = asked.location
        && !location_exists(&web.app, &caller.actor, id).await?
    {
        let message = "There is no such location at this clinic.";
        return Err(Problem::field("estimate.location_id", "not_found", message));
    }
    if asked.choices.check.is_some() {
        estimates::known(web, caller, asked).await?;
    }
    Ok(())
}

/// Create a payment
///
/// As a draft, or awaiting its money. A due date that has passed has to be confirmed.
#[utoipa::path(
    post,
    path = "/payments",
    tag = "Payments",
    security(("key" = ["payments:write"])),
    request_body = PaymentBody,
    responses((
        status = 201, description = "It was created.", body = PaymentAnswer,
        headers(("ETag" = String, description = "Its version."), ("Location" = String)),
    )),
)]
pub(super) async fn create(
    State(web): State<Web>,
    caller: Caller,
    OnceKey(key): OnceKey,
    Body(body): Body<PaymentBody>,
) -> Answer {
    caller.actor.must(Action::CreatePayment)?;
    let input = body.into_input(key)?;
    if let Some(asked) = &input.estimate {
        check_estimate(&web, &caller, asked).await?;
    }
    let id = create_payment(&web.app, &caller.actor, &input).await.map_err(told)?;
    let found = read_whole::created(&web.app, &caller.actor, id).await?;
    let mut response = answered(&web, &caller, StatusCode::CREATED, found);
    let place = HeaderValue::from_str(&format!("/api/v1/payments/{id}"));
    let place = place.expect("an id is plain letters");
    response.headers_mut().insert(header::LOCATION, place);
    Ok(response)
}
