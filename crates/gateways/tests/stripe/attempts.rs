//! How attempts go: paid, declined, authenticated, slow, held, left.

use almoner_domain::Money;
use almoner_gateways::processor::{
    AttemptKey, AttemptStanding, BeginPayment, Decline, Held, Processor as _, ProcessorError,
    Refusal,
};
use almoner_stripe_fake::{Paid, card};
use jiff::SignedDuration;
use serde_json::json;

use crate::common::{AMOUNT, BEGIN, Desk, FEE, PAYS, captured, key, moment};

const HOUR: i64 = 3600;

#[tokio::test]
async fn a_payment_is_begun_and_paid() {
    let desk = Desk::open().await;
    let begun = desk.page("attempt-1").await;
    assert!(begun.url.starts_with(&desk.fake.base_url()), "{begun:?}");
    assert_eq!(begun.expires_at, moment(BEGIN + HOUR));
    let open = desk.look("attempt-1", &begun.session).await;
    let standing = AttemptStanding::Open { url: Some(begun.url.clone()), declined: None };
    assert_eq!(open.standing, standing);
    assert_eq!(open.payment, None);
    desk.fake.advance(60);
    let back = "https://clinic.example/pay/back?a=1&b=2".to_owned();
    assert_eq!(desk.fake.pay(&begun.session, PAYS), Paid::Done(back));
    let attempt = desk.look("attempt-1", &begun.session).await;
    let capture = captured(&attempt);
    assert_eq!(capture.amount, Money::from_cents(AMOUNT));
    assert_eq!(capture.currency, "USD");
    assert_eq!(capture.fee, Some(Money::from_cents(FEE)));
    assert_eq!(capture.paid_at, moment(BEGIN + 60));
    assert_eq!(attempt.reference.as_deref(), Some("attempt-1"));
    assert_eq!(attempt.payment.as_deref(), Some(&*capture.payment));
    assert!(capture.charge.starts_with("ch_"), "{capture:?}");
}

#[tokio::test]
async fn an_attempt_is_found_without_its_id() {
    let desk = Desk::open().await;
    for other in 0..120 {
        desk.page(&format!("other-{other}")).await;
    }
    let begun = desk.page("attempt-1").await;
    for other in 120..240 {
        desk.page(&format!("other-{other}")).await;
    }
    let found = desk.stripe.attempt(key("attempt-1", None)).await.unwrap();
    assert_eq!(found.session.as_deref(), Some(&*begun.session));
    let missing = desk.stripe.attempt(key("attempt-2", None)).await.unwrap();
    assert_eq!(missing.standing, AttemptStanding::Missing);
    let missing = desk.stripe.attempt(key("attempt-2", Some("cs_none"))).await.unwrap();
    assert_eq!(missing.standing, AttemptStanding::Missing);
    let key = AttemptKey { began_at: moment(BEGIN - 3 * 24 * HOUR), ..key("attempt-1", None) };
    let elsewhere = desk.stripe.attempt(key).await.unwrap();
    assert_eq!(elsewhere.standing, AttemptStanding::Missing, "only its own time is searched");
}

#[tokio::test]
async fn a_declined_card_leaves_the_page_open_with_the_reason() {
    let desk = Desk::open().await;
    let begun = desk.page("attempt-1").await;
    for (card, expected) in [
        (card::DECLINED, Decline::Declined),
        (card::INSUFFICIENT_FUNDS, Decline::InsufficientFunds),
        (card::STOLEN, Decline::Declined),
        (card::EXPIRED, Decline::ExpiredCard),
        (card::INCORRECT_CVC, Decline::WrongDetails),
        (card::PROCESSING_ERROR, Decline::TryAgain),
    ] {
        assert!(matches!(desk.fake.pay(&begun.session, card), Paid::Declined(_)));
        let attempt = desk.look("attempt-1", &begun.session).await;
        let AttemptStanding::Open { url, declined } = attempt.standing else {
            panic!("the page stays open: {attempt:?}");
        };
        assert_eq!((url.as_deref(), declined), (Some(&*begun.url), Some(expected)), "{card}");
        assert!(!expected.words().to_lowercase().contains("stolen"));
    }
    desk.fake.pay(&begun.session, PAYS);
    captured(&desk.look("attempt-1", &begun.session).await);
}

#[tokio::test]
async fn authentication_is_waited_for() {
    let desk = Desk::open().await;
    let begun = desk.page("attempt-1").await;
    assert_eq!(desk.fake.pay(&begun.session, card::AUTHENTICATE), Paid::MustAuthenticate);
    let waiting = desk.look("attempt-1", &begun.session).await;
    assert!(matches!(waiting.standing, AttemptStanding::Open { declined: None, .. }));
    desk.fake.authenticate(&begun.session, false);
    let refused = desk.look("attempt-1", &begun.session).await.standing;
    let declined = Some(Decline::NotAuthenticated);
    assert_eq!(refused, AttemptStanding::Open { url: Some(begun.url.clone()), declined });
    desk.fake.pay(&begun.session, card::AUTHENTICATE);
    desk.fake.authenticate(&begun.session, true);
    captured(&desk.look("attempt-1", &begun.session).await);
}

#[tokio::test]
async fn a_slow_payment_is_under_way_until_its_bank_answers() {
    let desk = Desk::open().await;
    for (reference, succeeds) in [("attempt-1", true), ("attempt-2", false)] {
        let begun = desk.page(reference).await;
        desk.fake.pay(&begun.session, card::SLOW);
        let standing = desk.look(reference, &begun.session).await.standing;
        assert_eq!(standing, AttemptStanding::UnderWay);
        desk.fake.settle_payment(&begun.session, succeeds);
        let attempt = desk.look(reference, &begun.session).await;
        if succeeds {
            captured(&attempt);
        } else {
            let failed = AttemptStanding::Failed(Decline::InsufficientFunds);
            assert_eq!(attempt.standing, failed);
        }
    }
}

#[tokio::test]
async fn held_money_is_taken_or_let_go() {
    let desk = Desk::open().await;
    let begun = desk.held("attempt-1").await;
    let held = Held {
        amount: Money::from_cents(AMOUNT),
        currency: "USD".to_owned(),
        until: Some(moment(BEGIN + 7 * 24 * HOUR)),
    };
    let attempt = desk.look("attempt-1", &begun.session).await;
    assert_eq!(attempt.standing, AttemptStanding::Authorized(held));
    desk.fake.advance(HOUR);
    let by_id = key("attempt-1", Some(&begun.session));
    let capture = captured(&desk.stripe.capture(by_id).await.unwrap());
    assert_eq!(capture.fee, Some(Money::from_cents(FEE)));
    assert_eq!(capture.paid_at, moment(BEGIN + HOUR), "when it was taken, not when it was held");
    let again = desk.stripe.release(by_id).await.unwrap();
    assert_eq!(captured(&again), capture, "what was taken is not let go, and told as it is");

    let begun = desk.held("attempt-2").await;
    for named in [None, Some(&*begun.session)] {
        let now = AttemptKey { began_at: desk.now(), ..key("attempt-2", named) };
        let released = desk.stripe.release(now).await.unwrap();
        assert_eq!(released.standing, AttemptStanding::Released, "twice does no harm");
    }
}

#[tokio::test]
async fn held_money_that_ran_out_is_told_as_let_go() {
    let desk = Desk::open().await;
    let begun = desk.held("attempt-1").await;
    desk.fake.advance(7 * 24 * HOUR);
    let released = desk.look("attempt-1", &begun.session).await;
    assert_eq!(released.standing, AttemptStanding::Released);
    let late = desk.stripe.capture(key("attempt-1", Some(&begun.session))).await.unwrap();
    assert_eq!(late.standing, AttemptStanding::Released);
}

#[tokio::test]
async fn a_page_is_ended_unless_the_payer_was_quicker() {
    let desk = Desk::open().await;
    let begun = desk.page("attempt-1").await;
    for _ in 0..2 {
        let ended = desk.stripe.expire(key("attempt-1", Some(&begun.session))).await.unwrap();
        assert_eq!(ended.standing, AttemptStanding::Expired);
    }
    let quick = desk.page("attempt-2").await;
    desk.fake.pay(&quick.session, PAYS);
    let paid = desk.stripe.expire(key("attempt-2", Some(&quick.session))).await.unwrap();
    captured(&paid);
}

#[tokio::test]
async fn a_page_that_is_left_ends_by_itself() {
    let desk = Desk::open().await;
    let begun = desk.page("attempt-1").await;
    let declined = desk.page("attempt-2").await;
    desk.fake.pay(&declined.session, card::DECLINED);
    desk.fake.advance(HOUR);
    for (reference, session) in [("attempt-1", begun.session), ("attempt-2", declined.session)] {
        let standing = desk.look(reference, &session).await.standing;
        assert_eq!(standing, AttemptStanding::Expired, "{reference}");
    }
}

#[tokio::test]
async fn the_same_order_gives_the_same_page_until_it_ends() {
    let desk = Desk::open().await;
    let order = desk.order("attempt-1");
    let first = desk.stripe.begin(order, desk.now()).await.unwrap();
    desk.fake.advance(HOUR - 1);
    let again = desk.stripe.begin(order, desk.now()).await.unwrap();
    assert_eq!(again, first);
    assert_eq!(desk.fake.objects("checkout.session").len(), 1);
    desk.fake.advance(1);
    let late = desk.stripe.begin(order, desk.now()).await;
    assert_eq!(late, Err(ProcessorError::Refused(Refusal::TooLate)));
    assert_eq!(desk.fake.objects("checkout.session").len(), 1);
}

/// The first call never arrived, and by now the page's end is too near for Stripe.
#[tokio::test]
async fn a_page_that_is_first_asked_for_too_late_is_refused_as_such() {
    use almoner_gateways::processor::stripe::SESSION_MIN;
    let desk = Desk::open().await;
    let order = desk.order("attempt-1");
    let order = BeginPayment { expires_at: order.began_at + SESSION_MIN, ..order };
    desk.fake.advance(5 * 60);
    let late = desk.stripe.begin(order, desk.now()).await;
    assert_eq!(late, Err(ProcessorError::Refused(Refusal::TooLate)));
}

#[tokio::test]
async fn what_cannot_be_begun_is_refused_before_anything_is_sent() {
    let desk = Desk::open().await;
    let good = desk.order("attempt-1");
    let life = |minutes| BeginPayment {
        expires_at: good.began_at + SignedDuration::from_mins(minutes),
        ..good
    };
    let amount = |cents| BeginPayment { amount: Money::from_cents(cents), ..good };
    assert_eq!(desk_refusal(amount(49)).await, Refusal::TooSmall);
    assert_eq!(desk_refusal(amount(-1)).await, Refusal::TooSmall);
    assert_eq!(desk_refusal(amount(100_000_000)).await, Refusal::TooLarge);
    for order in [
        life(30),
        life(24 * 60),
        BeginPayment { clinic: " ", ..good },
        BeginPayment { reference: "", ..good },
        BeginPayment { reference: "SAMPLE Patient", ..good },
        BeginPayment { reference: &"r".repeat(181), ..good },
    ] {
        assert!(matches!(desk_refusal(order).await, Refusal::Invalid(_)), "{order:?}");
    }
}

async fn desk_refusal(order: BeginPayment<'_>) -> Refusal {
    let desk = Desk::open().await;
    let answer = desk.stripe.begin(order, desk.now()).await;
    assert_eq!(desk.fake.recorded().len(), 0, "nothing is sent");
    match answer {
        Err(ProcessorError::Refused(refusal)) => refusal,
        other => panic!("a refusal was expected: {other:?}"),
    }
}

#[tokio::test]
async fn the_shortest_and_the_longest_life_are_taken_by_stripe() {
    use almoner_gateways::processor::stripe::{SESSION_MAX, SESSION_MIN};
    let desk = Desk::open().await;
    for (reference, life) in [("attempt-1", SESSION_MIN), ("attempt-2", SESSION_MAX)] {
        let order = desk.order(reference);
        let order = BeginPayment { expires_at: order.began_at + life, ..order };
        let begun = desk.stripe.begin(order, desk.now()).await.unwrap();
        assert_eq!(begun.expires_at, order.expires_at);
    }
}

#[tokio::test]
async fn words_of_the_future_are_kept_and_never_guessed() {
    let desk = Desk::open().await;
    let begun = desk.page("attempt-1").await;
    desk.fake.pretend(&begun.session, "status", json!("paused"));
    desk.fake.pretend(&begun.session, "moon_phase", json!({ "is": ["new", 1] }));
    let standing = desk.look("attempt-1", &begun.session).await.standing;
    assert_eq!(standing, AttemptStanding::Unknown("paused".to_owned()));
    desk.fake.pretend(&begun.session, "status", json!("open"));
    desk.fake.pay(&begun.session, PAYS);
    let payment = desk.look("attempt-1", &begun.session).await.payment.unwrap();
    for status in ["canceling", "blocked"] {
        desk.fake.pretend(&payment, "status", json!(status));
        let standing = desk.look("attempt-1", &begun.session).await.standing;
        assert_eq!(standing, AttemptStanding::Unknown(status.to_owned()));
    }
}

#[tokio::test]
async fn what_is_not_said_is_not_zero() {
    let desk = Desk::open().await;
    let begun = desk.page("attempt-1").await;
    desk.fake.pay(&begun.session, PAYS);
    let attempt = desk.look("attempt-1", &begun.session).await;
    let capture = captured(&attempt);
    desk.fake.pretend(&capture.charge, "balance_transaction", json!(null));
    assert_eq!(captured(&desk.look("attempt-1", &begun.session).await).fee, None);
    desk.fake.pretend(&capture.payment, "amount_received", json!(null));
    let standing = desk.look("attempt-1", &begun.session).await.standing;
    assert_eq!(standing, AttemptStanding::Unknown("succeeded".to_owned()));
}

#[tokio::test]
async fn another_amount_or_currency_is_told_as_it_is() {
    let desk = Desk::open().await;
    let capture = desk.paid("attempt-1").await;
    desk.fake.pretend(&capture.payment, "amount_received", json!(1));
    desk.fake.pretend(&capture.payment, "currency", json!("eur"));
    let capture = captured(&desk.stripe.attempt(key("attempt-1", None)).await.unwrap());
    assert_eq!((capture.amount.cents(), &*capture.currency), (1, "EUR"));
}

#[tokio::test]
async fn sixteen_at_once_open_one_page() {
    let desk = std::sync::Arc::new(Desk::open().await);
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let desk = std::sync::Arc::clone(&desk);
        all.spawn(async move { desk.begin("attempt-1").await });
    }
    let answers = all.join_all().await;
    let mut pages: Vec<_> = answers.into_iter().flatten().map(|begun| begun.session).collect();
    pages.dedup();
    assert_eq!(pages.len(), 1);
    assert_eq!(desk.fake.objects("checkout.session").len(), 1);
}
