//! Refunds: once for each reference, never too much, and every way that they end.

use almoner_domain::Money;
use almoner_gateways::processor::{
    Processor as _, ProcessorError, RefundCause, RefundFailure, RefundKey, RefundOrder,
    RefundStanding, Refusal,
};
use almoner_stripe_fake::{RefundPlan, card};
use serde_json::json;

use crate::common::{AMOUNT, BEGIN, Desk, PAYS, captured, key, moment, refund_order};

const HOUR: i64 = 3600;

fn refused<T: std::fmt::Debug>(answer: Result<T, ProcessorError>) -> Refusal {
    match answer {
        Err(ProcessorError::Refused(refusal)) => refusal,
        other => panic!("a refusal was expected: {other:?}"),
    }
}

#[tokio::test]
async fn a_refund_carries_our_reference_and_says_what_it_gives_back() {
    let desk = Desk::open().await;
    let capture = desk.paid("attempt-1").await;
    let refund = desk.refund("refund-1", &capture.payment, 5_000).await.unwrap();
    assert_eq!(refund.reference.as_deref(), Some("refund-1"));
    assert_eq!(refund.payment.as_deref(), Some(&*capture.payment));
    assert_eq!(refund.charge.as_deref(), Some(&*capture.charge));
    assert_eq!((refund.amount.cents(), &*refund.currency), (5_000, "USD"));
    assert_eq!(refund.standing, RefundStanding::Settled);
    for named in [Some(&*refund.id), None] {
        let payment = &capture.payment;
        let key = RefundKey { reference: "refund-1", refund: named, payment };
        assert_eq!(desk.stripe.find_refund(key).await.unwrap().as_ref(), Some(&refund));
    }
    for named in [Some("re_none"), None] {
        let payment = &capture.payment;
        let key = RefundKey { reference: "refund-2", refund: named, payment };
        assert_eq!(desk.stripe.find_refund(key).await.unwrap(), None);
    }
}

#[tokio::test]
async fn only_two_reasons_ever_leave() {
    let desk = Desk::open().await;
    let capture = desk.paid("attempt-1").await;
    for (reference, cause, sent) in [
        ("refund-1", Some(RefundCause::Duplicate), json!("duplicate")),
        ("refund-2", Some(RefundCause::RequestedByCustomer), json!("requested_by_customer")),
        ("refund-3", None, json!(null)),
    ] {
        let order = RefundOrder { cause, ..refund_order(reference, &capture.payment, 100) };
        let refund = desk.stripe.refund(order, desk.now()).await.unwrap();
        assert_eq!(desk.fake.object(&refund.id)["reason"], sent);
    }
}

#[tokio::test]
async fn a_payment_that_is_not_known_by_id_is_found_first() {
    let desk = Desk::open().await;
    let capture = desk.paid("attempt-1").await;
    let order = RefundOrder { payment: None, ..refund_order("refund-1", "", 100) };
    let refund = desk.stripe.refund(order, desk.now()).await.unwrap();
    assert_eq!(refund.payment, Some(capture.payment));
    desk.page("attempt-2").await;
    for (reference, refusal) in
        [("attempt-2", Refusal::WrongState), ("attempt-3", Refusal::NotFound)]
    {
        let attempt = key(reference, None);
        let order = RefundOrder { payment: None, attempt, ..refund_order("refund-2", "", 100) };
        assert_eq!(refused(desk.stripe.refund(order, desk.now()).await), refusal);
    }
}

#[tokio::test]
async fn never_more_than_was_taken() {
    let desk = Desk::open().await;
    let capture = desk.paid("attempt-1").await;
    let payment = &*capture.payment;
    desk.refund("refund-1", payment, AMOUNT - 1).await.unwrap();
    assert_eq!(refused(desk.refund("refund-2", payment, 2).await), Refusal::TooMuch);
    desk.refund("refund-3", payment, 1).await.unwrap();
    assert_eq!(refused(desk.refund("refund-4", payment, 1).await), Refusal::TooMuch);
    for cents in [0, -1] {
        assert_eq!(refused(desk.refund("refund-5", payment, cents).await), Refusal::TooSmall);
    }
    assert_eq!(refused(desk.refund("refund-6", "pi_none", 1).await), Refusal::NotFound);
    let charge = desk.fake.object(&capture.charge);
    assert_eq!(charge["amount_refunded"], json!(AMOUNT));
}

#[tokio::test]
async fn what_was_never_taken_is_not_given_back() {
    let desk = Desk::open().await;
    let begun = desk.held("attempt-1").await;
    let payment = desk.look("attempt-1", &begun.session).await.payment.unwrap();
    let refusal = refused(desk.refund("refund-1", &payment, 1).await);
    assert!(matches!(refusal, Refusal::Other(_)), "{refusal:?}");
}

#[tokio::test]
async fn the_same_reference_again_only_tells() {
    let desk = Desk::open().await;
    let capture = desk.paid("attempt-1").await;
    desk.fake.plan_refund(RefundPlan::Pending);
    let first = desk.refund("refund-1", &capture.payment, 100).await.unwrap();
    assert_eq!(first.standing, RefundStanding::Pending);
    desk.fake.settle_refund(&first.id, true);
    let again = desk.refund("refund-1", &capture.payment, 100).await.unwrap();
    assert_eq!(again.id, first.id);
    assert_eq!(desk.fake.objects("refund").len(), 1);
}

/// Within a day Stripe knows the key. Later it may not, so that the refund is looked for first:
/// without that this test makes two.
#[tokio::test]
async fn after_a_day_a_refund_is_looked_up_before_it_is_made() {
    let desk = Desk::open().await;
    let capture = desk.paid("attempt-1").await;
    let first = desk.refund("refund-1", &capture.payment, 100).await.unwrap();
    for hours in [1, 21, 1, 24 * 30] {
        desk.fake.advance(hours * HOUR);
        let again = desk.refund("refund-1", &capture.payment, 100).await.unwrap();
        assert_eq!(again.id, first.id);
    }
    assert_eq!(desk.fake.objects("refund").len(), 1);
    let posts = desk
        .fake
        .recorded()
        .into_iter()
        .filter(|asked| asked.method == "POST" && asked.target == "/v1/refunds");
    assert_eq!(posts.count(), 3, "from the twenty-third hour on it is only looked up");
}

#[tokio::test]
async fn after_a_day_a_refund_that_was_never_made_is_made() {
    let desk = Desk::open().await;
    let capture = desk.paid("attempt-1").await;
    for other in 0..150 {
        desk.refund(&format!("other-{other}"), &capture.payment, 1).await.unwrap();
    }
    desk.fake.advance(25 * HOUR);
    let made = desk.refund("refund-1", &capture.payment, 100).await.unwrap();
    assert_eq!(made.reference.as_deref(), Some("refund-1"));
    let first = desk.refund("other-0", &capture.payment, 1).await.unwrap();
    assert_eq!(first.reference.as_deref(), Some("other-0"), "found on the second page");
    assert_eq!(desk.fake.objects("refund").len(), 151);
}

#[tokio::test]
async fn every_end_of_a_refund_is_told() {
    let desk = Desk::open().await;
    let capture = desk.paid("attempt-1").await;
    let find = async |id: &str| {
        let key = RefundKey { reference: "any", refund: Some(id), payment: &capture.payment };
        desk.stripe.find_refund(key).await.unwrap().unwrap().standing
    };
    desk.fake.plan_refund(RefundPlan::RequiresAction);
    let waiting = desk.refund("refund-1", &capture.payment, 100).await.unwrap();
    assert_eq!(waiting.standing, RefundStanding::NeedsPayer);
    desk.fake.pretend(&waiting.id, "status", json!("canceled"));
    assert_eq!(find(&waiting.id).await, RefundStanding::Cancelled);
    desk.fake.pretend(&waiting.id, "status", json!("on_the_moon"));
    assert_eq!(find(&waiting.id).await, RefundStanding::Unknown("on_the_moon".to_owned()));
    desk.fake.plan_refund(RefundPlan::Fails);
    let failed = desk.refund("refund-2", &capture.payment, 100).await.unwrap();
    assert_eq!(failed.standing, RefundStanding::Failed(RefundFailure::CardClosed));
    for (reason, expected) in [
        ("lost_or_stolen_card", RefundFailure::CardLost),
        ("expired_or_canceled_card", RefundFailure::CardClosed),
        ("insufficient_funds", RefundFailure::InsufficientFunds),
        ("charge_for_pending_refund_disputed", RefundFailure::Disputed),
        ("declined", RefundFailure::Declined),
        ("merchant_request", RefundFailure::Requested),
        ("unknown", RefundFailure::Unsaid),
        ("a_word_of_the_future", RefundFailure::Unsaid),
    ] {
        desk.fake.pretend(&failed.id, "failure_reason", json!(reason));
        assert_eq!(find(&failed.id).await, RefundStanding::Failed(expected), "{reason}");
        assert!(expected.words().ends_with('.'));
    }
}

#[tokio::test]
async fn a_refund_fails_after_it_was_settled() {
    let desk = Desk::open().await;
    let capture = desk.paid("attempt-1").await;
    let refund = desk.refund("refund-1", &capture.payment, AMOUNT).await.unwrap();
    assert_eq!(refund.standing, RefundStanding::Settled);
    desk.fake.settle_refund(&refund.id, false);
    let payment = &capture.payment;
    let key = RefundKey { reference: "refund-1", refund: None, payment };
    let found = desk.stripe.find_refund(key).await.unwrap().unwrap();
    assert_eq!(found.standing, RefundStanding::Failed(RefundFailure::CardClosed));
    let another = desk.refund("refund-2", payment, AMOUNT).await.unwrap();
    assert_eq!(another.standing, RefundStanding::Settled, "what came back can be given again");
}

#[tokio::test]
async fn a_dispute_refuses_refunds() {
    let desk = Desk::open().await;
    let begun = desk.page("attempt-1").await;
    desk.fake.pay(&begun.session, card::DISPUTED);
    let capture = captured(&desk.look("attempt-1", &begun.session).await);
    let answer = desk.refund("refund-1", &capture.payment, 1).await;
    assert_eq!(refused(answer), Refusal::Disputed);
}

#[tokio::test]
async fn sixteen_at_once_refund_what_there_is_and_no_more() {
    let desk = std::sync::Arc::new(Desk::open().await);
    let begun = desk.page("attempt-1").await;
    desk.fake.pay(&begun.session, PAYS);
    let capture = captured(&desk.look("attempt-1", &begun.session).await);
    let mut all = tokio::task::JoinSet::new();
    for number in 0..16 {
        let (desk, payment) = (std::sync::Arc::clone(&desk), capture.payment.clone());
        let reference = format!("refund-{number}");
        all.spawn(async move { desk.refund(&reference, &payment, 1_000).await });
    }
    let answers = all.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 12);
    let refused = answers.into_iter().filter_map(Result::err);
    assert!(refused.into_iter().all(|e| e == ProcessorError::Refused(Refusal::TooMuch)));
    let given: i64 = desk.fake.objects("refund").iter().filter_map(|r| r["amount"].as_i64()).sum();
    assert_eq!(Money::from_cents(given), Money::from_cents(12_000));
    assert_eq!(desk.now(), moment(BEGIN));
}
