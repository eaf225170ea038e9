//! A payment as it is answered.

use almoner_app::Actor;
use almoner_app::read_whole::{Estimated, WholePayment};
use almoner_domain::payment::{PaymentType, is_overdue};
use almoner_domain::{LocationId, Money, PatientId, PaymentId, Status, TreatmentId};
use almoner_store::tenders::TenderRow;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::estimates::EstimateAnswer;
use super::super::words::{PaymentKind, PaymentStatus, TenderType};
use crate::state::Web;

/// A payment, with the estimate that its amount was taken from.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PaymentAnswer {
    #[serde(flatten)]
    row: PaymentRow,
    /// The estimate that was kept when it was created; null when there was none.
    estimate: Option<EstimateAnswer>,
}

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PaymentRow {
    /// Its id.
    #[schema(value_type = String, example = "PAY-001")]
    id: PaymentId,
    /// Where it stands.
    #[schema(value_type = PaymentStatus)]
    status: &'static str,
    /// How much is asked for.
    amount_cents: i64,
    /// What was taken of it.
    collected_cents: i64,
    /// What was given back of that, or is on its way back.
    refunded_cents: i64,
    /// What a bank gave back to the payer.
    lost_cents: i64,
    /// What can still be given back.
    remaining_cents: i64,
    /// The currency of all amounts (ISO 4217).
    #[schema(example = "USD")]
    currency: String,
    /// Who owes it.
    patient: PatientName,
    /// For which treatment.
    #[schema(value_type = Option<String>, example = "TRT-001")]
    treatment_id: Option<TreatmentId>,
    /// Where it counts.
    #[schema(value_type = String, example = "LOC-001")]
    location_id: LocationId,
    /// For what.
    #[schema(value_type = Option<PaymentKind>)]
    payment_type: Option<&'static str>,
    /// When it is due.
    #[schema(value_type = Option<String>, format = Date)]
    due_date: Option<Date>,
    /// What it is about.
    memo: Option<String>,
    /// It is owed, and its due date has passed at the clinic.
    overdue: bool,
    /// How the money was taken; null while it was not.
    tender: Option<TenderAnswer>,
    /// When the money was taken.
    #[schema(value_type = Option<String>, format = DateTime)]
    paid_at: Option<Timestamp>,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it changed last; also when its patient was renamed, which is no version of it.
    #[schema(value_type = String, format = DateTime)]
    modified_at: Timestamp,
    /// Counts its changes, from one. The `ETag` is this number.
    version: i64,
    /// Where it may be moved by hand now.
    #[schema(value_type = Vec<PaymentStatus>)]
    allowed_transitions: Vec<&'static str>,
    /// The link by which a payer pays; null when none opens, and for keys that may not issue one
    /// (`payments:write`).
    link: Option<LinkAnswer>,
}

/// Who owes a payment.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PatientName {
    /// The patient's id.
    #[schema(value_type = String, example = "PAT-001")]
    id: PatientId,
    /// First and last name.
    name: String,
}

/// How money was taken.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TenderAnswer {
    /// By what.
    #[serde(rename = "type")]
    #[schema(value_type = TenderType)]
    kind: &'static str,
    /// The cash that was handed over.
    given_cents: Option<i64>,
    /// What was handed back of it.
    change_cents: Option<i64>,
    /// The number of a check or money order.
    number: Option<String>,
    /// The terminal's authorization code.
    authorization_code: Option<String>,
    /// The last four digits of a card.
    last_four: Option<String>,
    /// What else identifies the money.
    reference: Option<String>,
    /// When it was received, as it was said, else when it was entered. The books follow the latter,
    /// which is `paid_at`.
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    /// Who entered it: a member of the staff, or a key; null for the processor.
    taken_by: Option<String>,
}

/// A link by which a payer pays.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LinkAnswer {
    /// Its address. Whoever has it can pay, and sees no patient.
    pub(super) url: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub(super) expires_at: Timestamp,
}

/// The address of a link.
pub(super) fn pay_url(web: &Web, token: &str) -> String {
    format!("{}/pay/{token}", web.settings.base_url)
}

impl PaymentAnswer {
    pub(super) fn new(web: &Web, actor: &Actor, (whole, estimate): Estimated) -> Self {
        let currency = &actor.organization.currency;
        Self {
            row: PaymentRow::new(web, actor, whole),
            estimate: estimate.map(|estimate| EstimateAnswer::new(estimate, currency)),
        }
    }
}

impl PaymentRow {
    pub(super) fn new(web: &Web, actor: &Actor, whole: WholePayment) -> Self {
        let WholePayment { listed, tender, link, ways } = whole;
        let payment = listed.payment;
        let today = actor.date(web.app.now());
        let name = format!("{} {}", listed.first_name, listed.last_name);
        Self {
            id: payment.id,
            status: payment.status.as_str(),
            amount_cents: payment.amount.cents(),
            collected_cents: payment.collected.cents(),
            refunded_cents: payment.refunded.cents(),
            lost_cents: payment.lost.cents(),
            remaining_cents: payment.remaining().cents(),
            currency: actor.organization.currency.clone(),
            patient: PatientName { id: payment.patient, name },
            treatment_id: payment.treatment,
            location_id: payment.location,
            payment_type: payment.kind.map(PaymentType::as_str),
            due_date: payment.due,
            overdue: is_overdue(payment.status, payment.due, today),
            memo: payment.memo,
            tender: tender.map(TenderAnswer::from),
            paid_at: payment.paid_at,
            created_at: payment.created_at,
            modified_at: payment.modified_at,
            version: payment.version,
            allowed_transitions: ways.into_iter().map(Status::as_str).collect(),
            link: link.map(|link| LinkAnswer {
                url: pay_url(web, &link.token),
                expires_at: link.expires_at,
            }),
        }
    }
}

impl From<TenderRow> for TenderAnswer {
    fn from(row: TenderRow) -> Self {
        let tender = row.tender;
        Self {
            kind: tender.kind.as_str(),
            given_cents: tender.given.map(Money::cents),
            change_cents: tender.change(row.amount).map(Money::cents),
            number: tender.number,
            authorization_code: tender.authorization_code,
            last_four: tender.last_four,
            reference: tender.reference,
            received_at: tender.received_at.unwrap_or(row.received_at),
            taken_by: row.taken_by,
        }
    }
}
