//! `PaymentIntents` and charges.

use serde_json::{Value, json};

use crate::answer::ApiError;
use crate::form::Form;
use crate::world::{World, text_of, with_nulls};
use crate::{lists, money};

/// What a cancellation may say.
pub(crate) const CANCEL_PLAYS: [&str; 1] = ["cancellation_reason"];
/// What a list of charges may ask for.
pub(crate) const CHARGES_PLAYS: [&str; 5] =
    ["limit", "starting_after", "ending_before", "created", "payment_intent"];

/// How long held money can be taken, in seconds: a week.
pub(crate) const HOLD_SECONDS: i64 = 7 * 24 * 60 * 60;

/// The payment of a session: the one that was begun, or a new one.
pub(crate) fn begin(world: &mut World, session: &str) -> String {
    let begun = world.text(session, "payment_intent");
    if !begun.is_empty() {
        return begun;
    }
    let data = world.get(&format!("{session}/payment")).cloned().unwrap_or_default();
    let id = world.id("pi");
    let amount = world.int(session, "amount_total");
    let intent = json!({
        "id": id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": { "tip": {} },
        "amount_received": 0,
        "automatic_payment_methods": null,
        "capture_method": data["capture_method"],
        "client_secret": format!("{id}_secret_fake"),
        "confirmation_method": "automatic",
        "created": world.now,
        "currency": "usd",
        "livemode": false,
        "metadata": data["metadata"],
        "payment_method_options": { "card": { "request_three_d_secure": "automatic" } },
        "payment_method_types": world.get(session).map(|session| &session["payment_method_types"]),
        "statement_descriptor_suffix": data["suffix"],
        "status": "requires_payment_method",
    });
    let nulls = [
        "application",
        "application_fee_amount",
        "canceled_at",
        "cancellation_reason",
        "customer",
        "description",
        "last_payment_error",
        "latest_charge",
        "next_action",
        "on_behalf_of",
        "payment_method",
        "payment_record",
        "processing",
        "receipt_email",
        "review",
        "setup_future_usage",
        "shipping",
        "source",
        "statement_descriptor",
        "transfer_data",
        "transfer_group",
    ];
    world.add(with_nulls(intent, &nulls));
    world.set(session, "payment_intent", id.as_str());
    world.event("payment_intent.created", &id);
    id
}

/// A charge of a payment: `succeeded`, `pending` or `failed`.
pub(crate) fn charge(world: &mut World, payment: &str, card: &str, status: &str) -> String {
    let id = world.id("ch");
    let (amount, now) = (world.int(payment, "amount"), world.now);
    let metadata = world.get(payment).map(|intent| intent["metadata"].clone());
    let last4 = card.get(card.len().saturating_sub(4)..).unwrap_or_default();
    let charge = json!({
        "id": id,
        "object": "charge",
        "amount": amount,
        "amount_captured": 0,
        "amount_refunded": 0,
        "billing_details": { "address": { "city": null, "country": "US", "line1": null,
            "line2": null, "postal_code": "10001", "state": null }, "email": null,
            "name": null, "phone": null, "tax_id": null },
        "calculated_statement_descriptor": "SAMPLE* CLINIC",
        "captured": false,
        "created": now,
        "currency": "usd",
        "disputed": false,
        "fraud_details": {},
        "livemode": false,
        "metadata": metadata,
        "outcome": { "advice_code": null, "network_advice_code": null,
            "network_decline_code": null, "network_status": "approved_by_network",
            "reason": null, "risk_level": "normal", "seller_message": "Payment complete.",
            "type": "authorized" },
        "paid": status == "succeeded",
        "payment_intent": payment,
        "payment_method": format!("pm_fake{last4}"),
        "payment_method_details": { "type": "card", "card": { "brand": "visa",
            "capture_before": now + HOLD_SECONDS, "last4": last4, "country": "US",
            "exp_month": 12, "exp_year": 2034, "funding": "credit" } },
        "refunded": false,
        "status": status,
    });
    let nulls = [
        "application",
        "application_fee",
        "application_fee_amount",
        "balance_transaction",
        "customer",
        "description",
        "failure_balance_transaction",
        "failure_code",
        "failure_message",
        "on_behalf_of",
        "receipt_email",
        "receipt_number",
        "receipt_url",
        "review",
        "shipping",
        "source",
        "source_transfer",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer",
        "transfer_data",
        "transfer_group",
    ];
    world.add(with_nulls(charge, &nulls));
    world.set(payment, "latest_charge", id.as_str());
    id
}

/// Money is taken: the charge is booked with its fee.
pub(crate) fn take(world: &mut World, payment: &str) {
    let charge = world.text(payment, "latest_charge");
    let amount = world.int(payment, "amount");
    world.set(&charge, "status", "succeeded");
    world.set(&charge, "paid", true);
    world.set(&charge, "captured", true);
    world.set(&charge, "amount_captured", amount);
    let booked = money::book(world, ("charge", "charge"), &charge, amount);
    world.set(&charge, "balance_transaction", booked);
    world.set(payment, "amount_capturable", 0);
    world.set(payment, "amount_received", amount);
    world.set(payment, "status", "succeeded");
}

/// `GET /v1/payment_intents/{id}`
pub(crate) fn retrieve(world: &mut World, ids: &[&str], _form: &Form) -> Result<Value, ApiError> {
    find(world, ids[0]).cloned()
}

fn find<'a>(world: &'a World, id: &str) -> Result<&'a Value, ApiError> {
    let missing = || ApiError::missing("payment_intent", id, "intent");
    world.of_kind("payment_intent", id).ok_or_else(missing)
}

/// `GET /v1/payment_intents`
pub(crate) fn list(world: &mut World, _ids: &[&str], form: &Form) -> Result<Value, ApiError> {
    lists::page(world, ("payment_intent", "/v1/payment_intents"), form, |_| true)
}

/// `POST /v1/payment_intents/{id}/capture`: all of what is held.
pub(crate) fn capture(world: &mut World, ids: &[&str], _form: &Form) -> Result<Value, ApiError> {
    let id = ids[0];
    let status = text_of(find(world, id)?, "status");
    if status != "requires_capture" {
        return Err(unexpected(id, "captured", &status, "requires_capture"));
    }
    take(world, id);
    let charge = world.text(id, "latest_charge");
    world.event("charge.captured", &charge);
    world.event("payment_intent.succeeded", id);
    let session = session_of(world, id);
    if let Some(session) = session {
        world.set(&session, "payment_status", "paid");
    }
    find(world, id).cloned()
}

/// `POST /v1/payment_intents/{id}/cancel`
pub(crate) fn cancel(world: &mut World, ids: &[&str], form: &Form) -> Result<Value, ApiError> {
    let id = ids[0];
    let status = text_of(find(world, id)?, "status");
    if status != "requires_capture" {
        // Stripe also cancels payments that were not confirmed; a session's are its own.
        return Err(unexpected(id, "canceled", &status, "requires_capture"));
    }
    let reason = form.get("cancellation_reason").map(str::to_owned);
    let_go(world, id, reason.as_deref());
    find(world, id).cloned()
}

/// Held money goes back, by request or because its time is over.
pub(crate) fn let_go(world: &mut World, payment: &str, reason: Option<&str>) {
    let charge = world.text(payment, "latest_charge");
    let amount = world.int(&charge, "amount");
    world.set(payment, "status", "canceled");
    world.set(payment, "amount_capturable", 0);
    world.set(payment, "canceled_at", world.now);
    world.set(payment, "cancellation_reason", reason);
    world.set(&charge, "refunded", true);
    world.set(&charge, "amount_refunded", amount);
    world.event("charge.refunded", &charge);
    world.event("payment_intent.canceled", payment);
}

fn unexpected(id: &str, verb: &str, status: &str, wanted: &str) -> ApiError {
    let message = format!(
        "This PaymentIntent ({id}) could not be {verb} because it has a status of {status}. \
         Only a PaymentIntent with one of the following statuses may be {verb}: {wanted}."
    );
    ApiError::refused(Some("payment_intent_unexpected_state"), "", message)
}

/// The session that a payment was made on.
pub(crate) fn session_of(world: &World, payment: &str) -> Option<String> {
    let mut sessions = world.all("checkout.session");
    let found = sessions.find(|session| session["payment_intent"] == *payment)?;
    Some(text_of(found, "id"))
}

/// `GET /v1/charges/{id}`
pub(crate) fn retrieve_charge(
    world: &mut World,
    ids: &[&str],
    _form: &Form,
) -> Result<Value, ApiError> {
    let missing = || ApiError::missing("charge", ids[0], "charge");
    world.of_kind("charge", ids[0]).cloned().ok_or_else(missing)
}

/// `GET /v1/charges`
pub(crate) fn list_charges(
    world: &mut World,
    _ids: &[&str],
    form: &Form,
) -> Result<Value, ApiError> {
    let payment = form.get("payment_intent");
    lists::page(world, ("charge", "/v1/charges"), form, |charge| {
        payment.is_none_or(|id| charge["payment_intent"] == *id)
    })
}
