//! Refunds: never more than was taken, and not while the bank decides.

use serde_json::{Value, json};

use crate::answer::ApiError;
use crate::form::Form;
use crate::world::{World, metadata, text_of, with_nulls};
use crate::{card, checkout, lists, money};

/// What a refund may say.
pub(crate) const CREATE_PLAYS: [&str; 5] =
    ["charge", "payment_intent", "amount", "reason", "metadata"];
/// What a list of refunds may ask for.
pub(crate) const LIST_PLAYS: [&str; 6] =
    ["limit", "starting_after", "ending_before", "created", "charge", "payment_intent"];

/// How a refund begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundPlan {
    /// It succeeds at once, as card refunds do.
    Succeeds,
    /// It is pending until a test settles it.
    Pending,
    /// The payer must do something first.
    RequiresAction,
    /// It fails at once.
    Fails,
}

impl RefundPlan {
    /// The plan of that name, for tests in other languages.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "succeeds" => Self::Succeeds,
            "pending" => Self::Pending,
            "requires_action" => Self::RequiresAction,
            "fails" => Self::Fails,
            _ => return None,
        })
    }
}

/// `POST /v1/refunds`
pub(crate) fn create(world: &mut World, _ids: &[&str], form: &Form) -> Result<Value, ApiError> {
    let charge = charge_of(world, form)?;
    let left = world.int(&charge, "amount_captured") - world.int(&charge, "amount_refunded");
    let amount = form.int("amount").unwrap_or(left);
    check(world, &charge, (amount, left))?;
    checkout::check_metadata("metadata", &form.below("metadata"))?;
    let id = world.id("re");
    let payment = world.text(&charge, "payment_intent");
    let by_card = match world.cards.get(&payment).map(String::as_str) {
        Some(card::REFUND_PENDING) => RefundPlan::Pending,
        _ => RefundPlan::Succeeds,
    };
    let plan = world.refund_plans.pop_front().unwrap_or(by_card);
    let status = match plan {
        RefundPlan::Succeeds => "succeeded",
        RefundPlan::Pending | RefundPlan::Fails => "pending",
        RefundPlan::RequiresAction => "requires_action",
    };
    let refund = json!({
        "id": id,
        "object": "refund",
        "amount": amount,
        "charge": charge,
        "created": world.now,
        "currency": "usd",
        "destination_details": { "type": "card", "card": { "type": "refund",
            "reference_status": "pending", "reference_type": "acquirer_reference_number" } },
        "metadata": metadata(&form.below("metadata")),
        "payment_intent": payment,
        "reason": form.get("reason"),
        "status": status,
    });
    let nulls = [
        "balance_transaction",
        "customer",
        "failure_balance_transaction",
        "payment_method",
        "pending_reason",
        "receipt_number",
        "source_transfer_reversal",
        "transfer_reversal",
    ];
    world.add(with_nulls(refund, &nulls));
    let booked = money::book(world, ("refund", "refund"), &id, -amount);
    world.set(&id, "balance_transaction", booked);
    count(world, &charge, amount);
    world.event("charge.refunded", &charge);
    world.event("refund.created", &id);
    if plan == RefundPlan::Fails {
        settle(world, &id, false);
    }
    Ok(world.get(&id).cloned().unwrap_or_default())
}

fn charge_of(world: &World, form: &Form) -> Result<String, ApiError> {
    match (form.get("charge"), form.get("payment_intent")) {
        (Some(_), Some(_)) | (None, None) => {
            let message = "One of the following params should be provided for this request: \
                payment_intent or charge.";
            Err(ApiError::refused(Some("parameter_missing"), "", message.to_owned()))
        }
        (Some(id), None) => {
            let missing = || ApiError::missing("charge", id, "charge");
            Ok(text_of(world.of_kind("charge", id).ok_or_else(missing)?, "id"))
        }
        (None, Some(id)) => {
            let missing = || ApiError::missing("payment_intent", id, "payment_intent");
            let payment = world.of_kind("payment_intent", id).ok_or_else(missing)?;
            if payment["status"] != "succeeded" {
                let message = format!(
                    "This PaymentIntent ({id}) does not have a successful charge to refund."
                );
                return Err(ApiError::refused(None, "payment_intent", message));
            }
            Ok(text_of(payment, "latest_charge"))
        }
    }
}

fn check(world: &World, charge: &str, (amount, left): (i64, i64)) -> Result<(), ApiError> {
    let disputes = world.all("dispute").filter(|dispute| dispute["charge"] == *charge);
    if disputes.into_iter().any(|dispute| dispute["is_charge_refundable"] == false) {
        let message = format!("Charge {charge} has been charged back; cannot issue a refund.");
        return Err(ApiError::refused(Some("charge_disputed"), "", message));
    }
    if left == 0 {
        let message = format!("Charge {charge} has already been refunded.");
        return Err(ApiError::refused(Some("charge_already_refunded"), "", message));
    }
    if amount < 1 {
        let message = "This value must be greater than or equal to 1.".to_owned();
        return Err(ApiError::invalid(Some("parameter_invalid_integer"), "amount", message));
    }
    if amount > left {
        let dollars = |cents: i64| format!("${}.{:02}", cents / 100, cents % 100);
        let message = format!(
            "Refund amount ({}) is greater than unrefunded amount on charge ({})",
            dollars(amount),
            dollars(left)
        );
        return Err(ApiError::refused(None, "amount", message));
    }
    Ok(())
}

/// Counts a refund against its charge; a negative amount is one that came back.
fn count(world: &mut World, charge: &str, amount: i64) {
    let refunded = world.int(charge, "amount_refunded") + amount;
    world.set(charge, "amount_refunded", refunded);
    world.set(charge, "refunded", refunded == world.int(charge, "amount_captured"));
}

pub(crate) fn settle(world: &mut World, refund: &str, succeeds: bool) {
    let status = world.text(refund, "status");
    let is_live = matches!(&*status, "pending" | "requires_action" | "succeeded");
    assert!(is_live, "{refund} can still end: it is {status}");
    if succeeds {
        world.set(refund, "status", "succeeded");
        world.event("refund.updated", refund);
        return;
    }
    world.set(refund, "failure_reason", "expired_or_canceled_card");
    come_back(world, refund, "failed");
    world.event("refund.failed", refund);
}

/// The money of a refund is the account's again.
fn come_back(world: &mut World, refund: &str, status: &str) {
    let (charge, amount) = (world.text(refund, "charge"), world.int(refund, "amount"));
    world.set(refund, "status", status);
    let booked = money::book(world, ("refund_failure", "refund_failure"), refund, amount);
    world.set(refund, "failure_balance_transaction", booked);
    count(world, &charge, -amount);
}

/// `GET /v1/refunds/{id}`
pub(crate) fn retrieve(world: &mut World, ids: &[&str], _form: &Form) -> Result<Value, ApiError> {
    let missing = || ApiError::missing("refund", ids[0], "id");
    world.of_kind("refund", ids[0]).cloned().ok_or_else(missing)
}

/// `GET /v1/refunds`
pub(crate) fn list(world: &mut World, _ids: &[&str], form: &Form) -> Result<Value, ApiError> {
    let (charge, payment) = (form.get("charge"), form.get("payment_intent"));
    if let Some(id) = payment {
        let missing = || ApiError::missing("payment_intent", id, "payment_intent");
        world.of_kind("payment_intent", id).ok_or_else(missing)?;
    }
    lists::page(world, ("refund", "/v1/refunds"), form, |refund| {
        charge.is_none_or(|id| refund["charge"] == *id)
            && payment.is_none_or(|id| refund["payment_intent"] == *id)
    })
}

/// `POST /v1/refunds/{id}/cancel`: only while the payer is to do something.
pub(crate) fn cancel(world: &mut World, ids: &[&str], form: &Form) -> Result<Value, ApiError> {
    let status = text_of(&retrieve(world, ids, form)?, "status");
    if status != "requires_action" {
        let message =
            format!("Only a refund that requires action can be canceled; it is {status}.");
        return Err(ApiError::refused(None, "", message));
    }
    come_back(world, ids[0], "canceled");
    world.event("refund.updated", ids[0]);
    retrieve(world, ids, form)
}
