//! The payer, the bank and time, for tests in other languages: `POST /_fake/VERB` with a form.

use serde_json::{Value, json};

use crate::form::Form;
use crate::{Fault, Paid, Parts, RefundPlan, lock, money, payer, refunds, routes, signing};

/// Does what the verb says; an error is said in the answer.
pub(crate) fn perform(parts: &Parts, verb: &str, body: &str) -> Value {
    let form = Form::decode(body).unwrap_or_default();
    let text = |name: &str| form.get(name).unwrap_or_default().to_owned();
    let yes = form.get("succeeds") == Some("true");
    match verb {
        "pay" => paid(&payer::pay(&mut parts.world(), &text("session"), &text("card"))),
        "authenticate" => paid(&payer::authenticate(&mut parts.world(), &text("session"), yes)),
        "settle_payment" => {
            payer::settle(&mut parts.world(), &text("session"), yes);
            Value::Null
        }
        "plan_refund" => match RefundPlan::from_name(&text("plan")) {
            Some(plan) => {
                parts.world().refund_plans.push_back(plan);
                Value::Null
            }
            None => json!({ "unknown": text("plan") }),
        },
        "settle_refund" => {
            refunds::settle(&mut parts.world(), &text("refund"), yes);
            Value::Null
        }
        "dispute" => {
            json!({ "id": money::dispute(
                &mut parts.world(),
                &text("charge"),
                ("fraudulent", money::DisputePlan::Whole),
            ) })
        }
        "close_dispute" => {
            money::close_dispute(&mut parts.world(), &text("dispute"), yes);
            Value::Null
        }
        "pay_out" => json!({ "id": money::pay_out(&mut parts.world()) }),
        "fail_next" => match Fault::from_name(&text("fault")) {
            Some(fault) if routes::is_endpoint(&text("endpoint")) => {
                lock(&parts.faults).add(&text("endpoint"), fault);
                Value::Null
            }
            _ => json!({ "unknown": text("fault") }),
        },
        "advance" => json!({ "now": advance(parts, form.int("seconds").unwrap_or_default()) }),
        "webhooks" => {
            let webhooks = signing::take(parts).into_iter().map(|webhook| {
                json!({ "type": webhook.kind, "body": webhook.body,
                    "signature": webhook.signature })
            });
            Value::Array(webhooks.collect())
        }
        other => json!({ "unknown": other }),
    }
}

/// Moves time on; gives the new time.
pub(crate) fn advance(parts: &Parts, seconds: i64) -> i64 {
    let mut world = parts.world();
    world.now += seconds;
    payer::time_passed(&mut world);
    let now = world.now;
    drop(world);
    lock(&parts.keys).forget_old(now);
    now
}

fn paid(paid: &Paid) -> Value {
    match paid {
        Paid::Done(address) => json!({ "done": address }),
        Paid::MustAuthenticate => json!({ "must_authenticate": true }),
        Paid::Declined(reason) => json!({ "declined": reason }),
    }
}
