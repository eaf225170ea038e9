//! The balance: what is booked, disputed and paid out.

use serde_json::{Value, json};

use crate::answer::ApiError;
use crate::form::Form;
use crate::lists;
use crate::world::{World, text_of, with_nulls};

/// What a list of bookings may ask for.
pub(crate) const TRANSACTIONS_PLAYS: [&str; 7] =
    ["limit", "starting_after", "ending_before", "created", "payout", "source", "type"];
/// What a list of disputes may ask for.
pub(crate) const DISPUTES_PLAYS: [&str; 6] =
    ["limit", "starting_after", "ending_before", "created", "charge", "payment_intent"];
/// What a list of events may ask for.
pub(crate) const EVENTS_PLAYS: [&str; 5] =
    ["limit", "starting_after", "ending_before", "created", "type"];

const DAY_SECONDS: i64 = 24 * 60 * 60;
/// When booked money can be paid out, in seconds.
const AVAILABLE_AFTER: i64 = 2 * DAY_SECONDS;
/// How long the account has to answer a dispute, in seconds.
const EVIDENCE_SECONDS: i64 = 9 * DAY_SECONDS;
/// How long events are kept, in seconds.
const EVENTS_KEPT: i64 = 30 * DAY_SECONDS;
/// A card payment costs 2.9 % and 30 cents; a dispute 15 dollars.
const FEE_PER_MILLE: i64 = 29;
const FEE_FIXED: i64 = 30;
const DISPUTE_FEE: i64 = 1500;

/// Books an amount; gives the booking's id. A charge and a dispute cost a fee.
pub(crate) fn book(
    world: &mut World,
    (kind, category): (&str, &str),
    source: &str,
    amount: i64,
) -> String {
    let fee = match category {
        "charge" => (amount * FEE_PER_MILLE + 500) / 1000 + FEE_FIXED,
        "dispute" => DISPUTE_FEE,
        _ => 0,
    };
    let details = json!([{ "amount": fee, "application": null, "currency": "usd",
        "description": "Stripe processing fees", "type": "stripe_fee" }]);
    let id = world.id("txn");
    let booked = json!({
        "id": id,
        "object": "balance_transaction",
        "amount": amount,
        "available_on": if category == "payout" { world.now } else { world.now + AVAILABLE_AFTER },
        "balance_type": "payments",
        "created": world.now,
        "currency": "usd",
        "description": null,
        "exchange_rate": null,
        "fee": fee,
        "fee_details": if fee == 0 { json!([]) } else { details },
        "net": amount - fee,
        "reporting_category": category,
        "source": source,
        "status": "pending",
        "type": kind,
    });
    world.add(booked)
}

/// How a dispute begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisputePlan {
    /// All of the charge is taken.
    Whole,
    /// So many cents are taken.
    Part(i64),
    /// The bank only asks, and takes nothing.
    Inquiry,
}

pub(crate) fn dispute(
    world: &mut World,
    charge: &str,
    (reason, plan): (&str, DisputePlan),
) -> String {
    let id = world.id("dp");
    let whole = world.int(charge, "amount_captured");
    let amount = if let DisputePlan::Part(cents) = plan { cents } else { whole };
    let is_inquiry = plan == DisputePlan::Inquiry;
    let payment = world.text(charge, "payment_intent");
    assert!(amount > 0, "{charge} took money");
    let object = json!({
        "id": id,
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge,
        "created": world.now,
        "currency": "usd",
        "enhanced_eligibility_types": [],
        "evidence": {},
        "evidence_details": { "due_by": world.now + EVIDENCE_SECONDS, "has_evidence": false,
            "past_due": false, "submission_count": 0, "enhanced_eligibility": {} },
        "is_charge_refundable": false,
        "livemode": false,
        "metadata": {},
        "payment_intent": payment,
        "reason": reason,
        "status": if is_inquiry { "warning_needs_response" } else { "needs_response" },
    });
    world.add(object);
    if is_inquiry {
        // A refund is what settles it.
        world.set(&id, "is_charge_refundable", true);
    } else {
        move_disputed(world, &id, ("dispute", -amount));
    }
    world.set(charge, "disputed", true);
    world.event("charge.dispute.created", &id);
    if !is_inquiry {
        world.event("charge.dispute.funds_withdrawn", &id);
    }
    id
}

/// Books disputed money and says so in the dispute.
fn move_disputed(world: &mut World, dispute: &str, (category, amount): (&str, i64)) {
    let booked = book(world, ("adjustment", category), dispute, amount);
    let booked = world.get(&booked).cloned().unwrap_or_default();
    let mut all = world.get(dispute).map(|dispute| dispute["balance_transactions"].clone());
    if let Some(list) = all.as_mut().and_then(Value::as_array_mut) {
        list.push(booked);
    }
    world.set(dispute, "balance_transactions", all.unwrap_or_default());
}

pub(crate) fn close_dispute(world: &mut World, dispute: &str, won: bool) {
    let amount = world.int(dispute, "amount");
    world.set(dispute, "status", if won { "won" } else { "lost" });
    if won {
        move_disputed(world, dispute, ("dispute_reversal", amount));
        world.set(dispute, "is_charge_refundable", true);
        world.event("charge.dispute.funds_reinstated", dispute);
    }
    world.event("charge.dispute.closed", dispute);
}

/// The bank looks again at what it decided, and takes the money again if it had given it back.
pub(crate) fn reopen_dispute(world: &mut World, dispute: &str) {
    let (amount, status) = (world.int(dispute, "amount"), world.text(dispute, "status"));
    world.set(dispute, "status", "under_review");
    world.set(dispute, "is_charge_refundable", false);
    if status == "won" {
        move_disputed(world, dispute, ("dispute", -amount));
        world.event("charge.dispute.funds_withdrawn", dispute);
    }
    world.event("charge.dispute.updated", dispute);
}

/// What can be paid out and was not.
fn due(world: &World) -> Vec<(String, i64)> {
    let is_due = |booked: &&Value| {
        !world.paid_out.contains_key(&text_of(booked, "id"))
            && booked["reporting_category"] != "payout"
            && booked["available_on"].as_i64().is_some_and(|at| at <= world.now)
    };
    let due = world.all("balance_transaction").filter(is_due);
    due.map(|booked| (text_of(booked, "id"), booked["net"].as_i64().unwrap_or_default())).collect()
}

pub(crate) fn pay_out(world: &mut World) -> Option<String> {
    let due = due(world);
    let amount: i64 = due.iter().map(|(_, net)| net).sum();
    // What is owed to the processor is taken from the bank.
    if amount == 0 {
        return None;
    }
    let id = world.id("po");
    let payout = json!({
        "id": id,
        "object": "payout",
        "amount": amount,
        "arrival_date": world.now + DAY_SECONDS,
        "automatic": true,
        "created": world.now,
        "currency": "usd",
        "description": "STRIPE PAYOUT",
        "destination": "ba_fake00000001",
        "livemode": false,
        "metadata": {},
        "method": "standard",
        "reconciliation_status": "completed",
        "source_type": "card",
        "status": "in_transit",
        "type": "bank_account",
    });
    let nulls = [
        "application_fee",
        "application_fee_amount",
        "balance_transaction",
        "failure_code",
        "failure_balance_transaction",
        "failure_message",
        "original_payout",
        "reversed_by",
        "statement_descriptor",
        "trace_id",
    ];
    world.add(with_nulls(payout, &nulls));
    let booked = book(world, ("payout", "payout"), &id, -amount);
    world.set(&id, "balance_transaction", booked.as_str());
    world.paid_out.insert(booked, id.clone());
    for (transaction, _) in due {
        world.set(&transaction, "status", "available");
        world.paid_out.insert(transaction, id.clone());
    }
    world.event("payout.created", &id);
    Some(id)
}

pub(crate) fn settle_payout(world: &mut World, payout: &str, succeeds: bool) {
    if succeeds {
        world.set(payout, "status", "paid");
        world.event("payout.paid", payout);
        return;
    }
    let amount = world.int(payout, "amount");
    world.set(payout, "status", "failed");
    world.set(payout, "failure_code", "account_closed");
    let booked = book(world, ("payout_failure", "payout_reversal"), payout, amount);
    world.set(payout, "failure_balance_transaction", booked);
    world.event("payout.failed", payout);
}

/// What was booked and is in no payout.
pub(crate) fn in_balance(world: &World) -> Vec<Value> {
    let is_in = |booked: &&Value| {
        !world.paid_out.contains_key(&text_of(booked, "id"))
            && booked["reporting_category"] != "payout"
    };
    world.all("balance_transaction").filter(is_in).cloned().collect()
}

/// Money becomes available.
pub(crate) fn time_passed(world: &mut World) {
    for (transaction, _) in due(world) {
        world.set(&transaction, "status", "available");
    }
}

/// `GET /v1/balance_transactions/{id}`
pub(crate) fn retrieve(world: &mut World, ids: &[&str], _form: &Form) -> Result<Value, ApiError> {
    let missing = || ApiError::missing("balance transaction", ids[0], "id");
    world.of_kind("balance_transaction", ids[0]).cloned().ok_or_else(missing)
}

/// `GET /v1/balance_transactions`
pub(crate) fn list(world: &mut World, _ids: &[&str], form: &Form) -> Result<Value, ApiError> {
    let (payout, source, kind) = (form.get("payout"), form.get("source"), form.get("type"));
    if let Some(id) = payout {
        let missing = || ApiError::missing("payout", id, "payout");
        world.of_kind("payout", id).ok_or_else(missing)?;
    }
    let kinds = ("balance_transaction", "/v1/balance_transactions");
    lists::page(world, kinds, form, |booked| {
        let paid_out = world.paid_out.get(&text_of(booked, "id"));
        payout.is_none_or(|id| paid_out.is_some_and(|payout| payout == id))
            && source.is_none_or(|id| booked["source"] == *id)
            && kind.is_none_or(|kind| booked["type"] == *kind)
    })
}

/// `GET /v1/disputes/{id}`
pub(crate) fn retrieve_dispute(
    world: &mut World,
    ids: &[&str],
    _form: &Form,
) -> Result<Value, ApiError> {
    let missing = || ApiError::missing("dispute", ids[0], "dispute");
    world.of_kind("dispute", ids[0]).cloned().ok_or_else(missing)
}

/// `GET /v1/disputes`
pub(crate) fn list_disputes(
    world: &mut World,
    _ids: &[&str],
    form: &Form,
) -> Result<Value, ApiError> {
    let (charge, payment) = (form.get("charge"), form.get("payment_intent"));
    lists::page(world, ("dispute", "/v1/disputes"), form, |dispute| {
        charge.is_none_or(|id| dispute["charge"] == *id)
            && payment.is_none_or(|id| dispute["payment_intent"] == *id)
    })
}

/// `GET /v1/payouts/{id}`
pub(crate) fn retrieve_payout(
    world: &mut World,
    ids: &[&str],
    _form: &Form,
) -> Result<Value, ApiError> {
    let missing = || ApiError::missing("payout", ids[0], "payout");
    world.of_kind("payout", ids[0]).cloned().ok_or_else(missing)
}

/// `GET /v1/payouts`
pub(crate) fn list_payouts(
    world: &mut World,
    _ids: &[&str],
    form: &Form,
) -> Result<Value, ApiError> {
    lists::page(world, ("payout", "/v1/payouts"), form, |_| true)
}

/// `GET /v1/events/{id}`
pub(crate) fn retrieve_event(
    world: &mut World,
    ids: &[&str],
    _form: &Form,
) -> Result<Value, ApiError> {
    let missing = || ApiError::missing("event", ids[0], "id");
    let event = world.of_kind("event", ids[0]).filter(|event| is_kept(event, world.now));
    event.cloned().ok_or_else(missing)
}

/// `GET /v1/events`
pub(crate) fn list_events(
    world: &mut World,
    _ids: &[&str],
    form: &Form,
) -> Result<Value, ApiError> {
    let (kind, now) = (form.get("type"), world.now);
    lists::page(world, ("event", "/v1/events"), form, |event| {
        kind.is_none_or(|kind| event["type"] == *kind) && is_kept(event, now)
    })
}

fn is_kept(event: &Value, now: i64) -> bool {
    event["created"].as_i64().is_some_and(|at| at + EVENTS_KEPT > now)
}
