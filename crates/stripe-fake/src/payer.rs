//! What the payer and the payer's bank do on a hosted page.

use serde_json::{Value, json};

use crate::world::{World, text_of};
use crate::{Paid, card, checkout, money, payments};

/// Why a test card is refused: error code, and the bank's code.
fn refusal(card: &str) -> Option<(&'static str, &'static str)> {
    Some(match card {
        card::DECLINED => ("card_declined", "generic_decline"),
        card::INSUFFICIENT_FUNDS => ("card_declined", "insufficient_funds"),
        card::STOLEN => ("card_declined", "stolen_card"),
        card::EXPIRED => ("expired_card", "expired_card"),
        card::INCORRECT_CVC => ("incorrect_cvc", "incorrect_cvc"),
        card::PROCESSING_ERROR => ("processing_error", "processing_error"),
        _ => return None,
    })
}

pub(crate) fn pay(world: &mut World, session: &str, number: &str) -> Paid {
    assert_eq!(world.text(session, "status"), "open", "the page of {session} is open");
    let payment = payments::begin(world, session);
    world.cards.insert(payment.clone(), number.to_owned());
    if let Some(refusal) = refusal(number) {
        return decline(world, &payment, number, refusal);
    }
    if number == card::AUTHENTICATE {
        world.set(&payment, "status", "requires_action");
        world.event("payment_intent.requires_action", &payment);
        return Paid::MustAuthenticate;
    }
    charge(world, session, &payment, number)
}

pub(crate) fn authenticate(world: &mut World, session: &str, succeeds: bool) -> Paid {
    let payment = world.text(session, "payment_intent");
    let status = world.text(&payment, "status");
    assert_eq!(status, "requires_action", "authentication is awaited of {session}");
    if succeeds {
        return charge(world, session, &payment, card::AUTHENTICATE);
    }
    let code = "payment_intent_authentication_failure";
    refuse(world, &payment, (code, None));
    Paid::Declined(code.to_owned())
}

fn decline(
    world: &mut World,
    payment: &str,
    number: &str,
    (code, bank): (&'static str, &'static str),
) -> Paid {
    let charge = payments::charge(world, payment, number, "failed");
    world.set(&charge, "failure_code", code);
    world.set(&charge, "failure_message", "Your card was declined.");
    world.event("charge.failed", &charge);
    refuse(world, payment, (code, Some(bank)));
    Paid::Declined(bank.to_owned())
}

fn refuse(world: &mut World, payment: &str, (code, bank): (&str, Option<&str>)) {
    let kind = if bank.is_some() { "card_error" } else { "invalid_request_error" };
    let mut error = json!({ "code": code, "message": "Your card was declined.", "type": kind });
    if let Some(bank) = bank {
        error["decline_code"] = json!(bank);
    }
    world.set(payment, "last_payment_error", error);
    world.set(payment, "status", "requires_payment_method");
    world.event("payment_intent.payment_failed", payment);
}

fn charge(world: &mut World, session: &str, payment: &str, number: &str) -> Paid {
    world.set(payment, "last_payment_error", Value::Null);
    world.set(session, "status", "complete");
    world.set(session, "url", Value::Null);
    let held = world.text(payment, "capture_method") == "manual";
    if number == card::SLOW {
        payments::charge(world, payment, number, "pending");
        world.set(payment, "status", "processing");
        world.event("payment_intent.processing", payment);
    } else if held {
        let charge = payments::charge(world, payment, number, "succeeded");
        let amount = world.int(payment, "amount");
        world.set(payment, "status", "requires_capture");
        world.set(payment, "amount_capturable", amount);
        world.event("charge.succeeded", &charge);
        world.event("payment_intent.amount_capturable_updated", payment);
    } else {
        let charge = payments::charge(world, payment, number, "succeeded");
        payments::take(world, payment);
        world.set(session, "payment_status", "paid");
        world.event("charge.succeeded", &charge);
        world.event("payment_intent.succeeded", payment);
    }
    world.event("checkout.session.completed", session);
    if number == card::DISPUTED {
        let charge = world.text(payment, "latest_charge");
        money::dispute(world, &charge, ("fraudulent", money::DisputePlan::Whole));
    }
    Paid::Done(world.text(session, "success_url"))
}

pub(crate) fn settle(world: &mut World, session: &str, succeeds: bool) {
    let payment = world.text(session, "payment_intent");
    assert_eq!(world.text(&payment, "status"), "processing", "the bank of {session} is awaited");
    let charge = world.text(&payment, "latest_charge");
    if succeeds {
        payments::take(world, &payment);
        world.set(session, "payment_status", "paid");
        world.event("charge.succeeded", &charge);
        world.event("payment_intent.succeeded", &payment);
        world.event("checkout.session.async_payment_succeeded", session);
    } else {
        world.set(&charge, "status", "failed");
        world.event("charge.failed", &charge);
        refuse(world, &payment, ("card_declined", Some("insufficient_funds")));
        world.event("checkout.session.async_payment_failed", session);
    }
}

/// What ends by itself as time goes on.
pub(crate) fn time_passed(world: &mut World) {
    let now = world.now;
    let is_over = |session: &&Value| {
        session["status"] == "open" && session["expires_at"].as_i64().is_some_and(|end| end <= now)
    };
    let over: Vec<String> = world
        .all("checkout.session")
        .filter(is_over)
        .map(|session| text_of(session, "id"))
        .collect();
    for session in over {
        checkout::end(world, &session);
    }
    let is_held = |payment: &&Value| {
        payment["status"] == "requires_capture"
            && payment["created"].as_i64().is_some_and(|at| at + payments::HOLD_SECONDS <= now)
    };
    let held: Vec<String> =
        world.all("payment_intent").filter(is_held).map(|payment| text_of(payment, "id")).collect();
    for payment in held {
        payments::let_go(world, &payment, Some("automatic"));
    }
    money::time_passed(world);
}
