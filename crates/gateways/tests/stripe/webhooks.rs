//! Webhooks: believed when Stripe signed them just now, and never else.

use almoner_gateways::Secret;
use almoner_gateways::processor::stripe::{SIGNATURE_HEADER, Stripe};
use almoner_gateways::processor::{
    Delivery, Event, Fact, ObjectKind, Processor as _, WebhookRefusal,
};
use almoner_stripe_fake::{WEBHOOK_SECRET, Webhook, sign};
use jiff::Timestamp;
use proptest::prelude::*;
use reqwest::header::{HeaderMap, HeaderValue};

use crate::common::{BEGIN, Desk, moment, settings};

fn headers(signatures: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for signature in signatures {
        let value = HeaderValue::from_str(signature).expect("a header");
        headers.append(SIGNATURE_HEADER, value);
    }
    headers
}

fn stripe(secrets: &[&str]) -> Stripe {
    let mut settings = settings("http://127.0.0.1:9");
    settings.webhook_secrets = secrets.iter().map(|&secret| Secret::new(secret)).collect();
    Stripe::new(settings).expect("the settings are right")
}

fn verify(
    secrets: &[&str],
    body: &str,
    signatures: &[&str],
    now: Timestamp,
) -> Result<Event, WebhookRefusal> {
    let headers = headers(signatures);
    stripe(secrets).verify(Delivery { body: body.as_bytes(), headers: &headers }, now)
}

/// What becomes of a header, over a body that is an event, just now.
fn said(header: &str) -> Result<Event, WebhookRefusal> {
    verify(&[WEBHOOK_SECRET], BODY, &[header], moment(BEGIN))
}

const BODY: &str = r#"{"id":"evt_1","type":"checkout.session.completed","created":1764115200,
    "livemode":false,"data":{"object":{"object":"checkout.session","id":"cs_1"}}}"#;

fn signed(at: i64) -> String {
    sign(BODY, at, &[WEBHOOK_SECRET])
}

async fn webhooks(desk: &Desk) -> Vec<Webhook> {
    let capture = desk.paid("attempt-1").await;
    desk.refund("refund-1", &capture.payment, 100).await.unwrap();
    desk.fake.take_webhooks()
}

fn delivered(desk: &Desk, webhook: &Webhook) -> Result<Event, WebhookRefusal> {
    let headers = headers(&[&webhook.signature]);
    let delivery = Delivery { body: webhook.body.as_bytes(), headers: &headers };
    desk.stripe.verify(delivery, desk.now())
}

#[tokio::test]
async fn every_webhook_is_believed_and_its_object_is_fetched() {
    let desk = Desk::open().await;
    let webhooks = webhooks(&desk).await;
    assert!(webhooks.len() >= 6, "{webhooks:?}");
    for webhook in &webhooks {
        let event = delivered(&desk, webhook).unwrap();
        assert_eq!((&event.id, &event.kind), (&webhook.event, &webhook.kind));
        assert_eq!(event.created_at, moment(BEGIN));
        assert!(event.is_test_money);
        assert_eq!(event.account, None);
        let object = event.object.expect("all of these have an object");
        match (desk.stripe.fetch(&object).await.unwrap(), &object.kind) {
            (Fact::Attempt(attempt), _) => {
                assert_eq!(attempt.reference.as_deref(), Some("attempt-1"));
            }
            (Fact::Refund(refund), ObjectKind::Refund) => {
                assert_eq!(refund.reference.as_deref(), Some("refund-1"));
            }
            (other, kind) => panic!("{kind:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn duplicates_delays_and_any_order_are_the_same_events() {
    let desk = Desk::open().await;
    let webhooks = webhooks(&desk).await;
    desk.fake.advance(3600);
    for webhook in webhooks.iter().rev() {
        assert_eq!(delivered(&desk, webhook), Err(WebhookRefusal::TooOld), "an hour later");
        let again = desk.fake.webhook_again(&webhook.event);
        assert_eq!(again.body, webhook.body);
        let event = delivered(&desk, &again).unwrap();
        assert_eq!(delivered(&desk, &again).unwrap(), event);
        assert_eq!(event.id, webhook.event);
    }
}

#[test]
fn the_clock_may_differ_by_five_minutes_either_way() {
    for (seconds, expected) in [
        (-301, Some(WebhookRefusal::TooOld)),
        (-300, None),
        (0, None),
        (300, None),
        (301, Some(WebhookRefusal::FromTheFuture)),
    ] {
        assert_eq!(said(&signed(BEGIN + seconds)).err(), expected, "{seconds}");
    }
    let late = moment(BEGIN) + jiff::SignedDuration::from_millis(300_001);
    let answer = verify(&[WEBHOOK_SECRET], BODY, &[&signed(BEGIN)], late);
    assert_eq!(answer, Err(WebhookRefusal::TooOld));
}

#[test]
fn one_changed_bit_is_noticed() {
    let header = signed(BEGIN);
    for at in 0..BODY.len() {
        let mut body = BODY.as_bytes().to_vec();
        body[at] ^= 1;
        let headers = headers(&[&header]);
        let delivery = Delivery { body: &body, headers: &headers };
        let answer = stripe(&[WEBHOOK_SECRET]).verify(delivery, moment(BEGIN));
        assert_eq!(answer, Err(WebhookRefusal::WrongSignature), "byte {at}");
    }
    for at in header.find("v1=").unwrap() + 3..header.len() {
        let mut header = header.clone().into_bytes();
        header[at] = if header[at] == b'0' { b'1' } else { b'0' };
        let answer = said(std::str::from_utf8(&header).unwrap());
        assert_eq!(answer, Err(WebhookRefusal::WrongSignature), "digit {at}");
    }
}

#[test]
fn another_time_than_the_signed_one_is_noticed() {
    let header = signed(BEGIN).replace("t=1764115200", "t=1764115201");
    assert_eq!(said(&header), Err(WebhookRefusal::WrongSignature));
    let header = signed(BEGIN).replace("t=1764115200", "t=01764115200");
    assert_eq!(said(&header), Err(WebhookRefusal::WrongSignature), "signed as it was written");
}

#[test]
fn while_a_secret_is_replaced_both_are_believed() {
    let (old, new) = ("whsec_SAMPLE_old", "whsec_SAMPLE_new");
    let now = moment(BEGIN);
    for signers in [&[old][..], &[new], &[old, new], &[new, old], &["whsec_SAMPLE_other", new]] {
        let header = sign(BODY, BEGIN, signers);
        assert!(verify(&[old, new], BODY, &[&header], now).is_ok(), "{signers:?}");
    }
    let header = sign(BODY, BEGIN, &[old]);
    assert_eq!(verify(&[new], BODY, &[&header], now), Err(WebhookRefusal::WrongSignature));
}

#[test]
fn only_the_known_scheme_is_trusted() {
    let other = signed(BEGIN).replace("v1=", "v0=");
    assert_eq!(said(&other), Err(WebhookRefusal::UnknownScheme));
    let other = signed(BEGIN).replace("v1=", "v2=");
    assert_eq!(said(&other), Err(WebhookRefusal::UnknownScheme));
    let beside = format!("{},v0={}", signed(BEGIN), "0".repeat(64));
    assert!(said(&beside).is_ok(), "a test scheme beside it does no harm");
    let right_under_v0 = signed(BEGIN).replace("v1=", "v0=") + ",v1=" + &"0".repeat(64);
    assert_eq!(said(&right_under_v0), Err(WebhookRefusal::WrongSignature));
}

#[test]
fn headers_that_cannot_be_read_are_refused() {
    let good = signed(BEGIN);
    let sum = good.split("v1=").nth(1).unwrap();
    let malformed = WebhookRefusal::Malformed;
    for (header, refusal) in [
        (String::new(), malformed),
        ("t=1764115200".to_owned(), WebhookRefusal::UnknownScheme),
        (format!("v1={sum}"), malformed),
        (format!("t=,v1={sum}"), malformed),
        (format!("t=now,v1={sum}"), malformed),
        (format!("t=+1764115200,v1={sum}"), malformed),
        (format!("t=-1,v1={sum}"), malformed),
        (format!("t=1764115200000000,v1={sum}"), malformed),
        (format!("t=1764115200,t=1764115200,v1={sum}"), malformed),
        (format!("t=1764115200 v1={sum}"), malformed),
        (format!("t=1764115200,v1={}", &sum[1..]), WebhookRefusal::WrongSignature),
        (format!("t=1764115200,v1={sum}00"), WebhookRefusal::WrongSignature),
        (format!("t=1764115200,v1={}", sum.to_uppercase()), WebhookRefusal::WrongSignature),
        (format!("t=1764115200,v1={}", "é".repeat(32)), malformed),
        (format!("t=1764115200,v1={sum},{}", "v1=0,".repeat(1000)), malformed),
    ] {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_bytes(header.as_bytes()).expect("a header");
        headers.insert(SIGNATURE_HEADER, value);
        let delivery = Delivery { body: BODY.as_bytes(), headers: &headers };
        let answer = stripe(&[WEBHOOK_SECRET]).verify(delivery, moment(BEGIN));
        assert_eq!(answer, Err(refusal), "{header}");
    }
    let (secrets, now) = ([WEBHOOK_SECRET], moment(BEGIN));
    assert_eq!(verify(&secrets, BODY, &[], now), Err(WebhookRefusal::Unsigned));
    assert_eq!(verify(&secrets, BODY, &[&good, &good], now), Err(malformed));
}

#[test]
fn what_is_signed_and_no_event_is_refused() {
    for body in ["", "{}", "null", "[]", r#"{"id":"evt_1"}"#, "\u{0}", "not json"] {
        let header = sign(body, BEGIN, &[WEBHOOK_SECRET]);
        let answer = verify(&[WEBHOOK_SECRET], body, &[&header], moment(BEGIN));
        assert_eq!(answer, Err(WebhookRefusal::NotAnEvent), "{body}");
    }
}

#[test]
fn events_of_the_future_are_kept_with_their_words() {
    let body = r#"{"id":"evt_9","type":"moon.landed","created":1764115200,"livemode":true,
        "account":"acct_other","data":{"object":{"object":"moon","phase":"new"}}}"#;
    let header = sign(body, BEGIN, &[WEBHOOK_SECRET]);
    let event = verify(&[WEBHOOK_SECRET], body, &[&header], moment(BEGIN)).unwrap();
    assert_eq!(event.kind, "moon.landed");
    assert_eq!(event.account.as_deref(), Some("acct_other"));
    assert_eq!(event.object, None, "without an id there is nothing to fetch");
    assert!(!event.is_test_money);
    let body = body.replace(r#""phase""#, r#""id":"moon_1","phase""#);
    let header = sign(&body, BEGIN, &[WEBHOOK_SECRET]);
    let event = verify(&[WEBHOOK_SECRET], &body, &[&header], moment(BEGIN)).unwrap();
    let object = event.object.unwrap();
    assert_eq!(object.kind, ObjectKind::Other("moon".to_owned()));
    assert_eq!(ObjectKind::from_name(object.kind.as_str()), object.kind);
}

#[tokio::test]
async fn unknown_objects_are_missing_and_others_are_not_ours() {
    let desk = Desk::open().await;
    let object =
        |kind: ObjectKind| almoner_gateways::processor::Object { kind, id: "none_such".to_owned() };
    for kind in [
        ObjectKind::Session,
        ObjectKind::Charge,
        ObjectKind::Refund,
        ObjectKind::Dispute,
        ObjectKind::Payout,
    ] {
        assert_eq!(desk.stripe.fetch(&object(kind.clone())).await, Ok(Fact::Missing), "{kind:?}");
        assert_eq!(ObjectKind::from_name(kind.as_str()), kind);
    }
    for kind in [ObjectKind::Payment, ObjectKind::Other("moon".to_owned())] {
        assert_eq!(desk.stripe.fetch(&object(kind.clone())).await, Ok(Fact::NotOurs), "{kind:?}");
    }
}

proptest! {
    /// Whatever arrives, nothing panics, and nothing is believed that was not signed.
    #[test]
    fn what_was_not_signed_is_never_believed(
        header in prop_oneof!["\\PC{0,80}", "(t=[0-9]{0,14},?|v[0-2]=[0-9a-f]{60,66},?){0,5}"],
        body in prop::collection::vec(any::<u8>(), 0..64),
        seconds in 0..4_000_000_000_i64,
    ) {
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_bytes(header.as_bytes()) {
            headers.insert(SIGNATURE_HEADER, value);
        }
        let delivery = Delivery { body: &body, headers: &headers };
        let answer = stripe(&[WEBHOOK_SECRET]).verify(delivery, moment(seconds));
        prop_assert!(answer.is_err());
    }

    /// What was signed is believed for five minutes either way and no longer.
    #[test]
    fn what_was_signed_is_believed_in_its_time_only(
        at in 0..4_000_000_000_i64,
        away in -1_000_i64..1_000,
    ) {
        let header = sign(BODY, at, &[WEBHOOK_SECRET]);
        let now = Timestamp::from_second(at + away).unwrap();
        let answer = verify(&[WEBHOOK_SECRET], BODY, &[&header], now);
        prop_assert_eq!(answer.is_ok(), away.abs() <= 300);
    }
}
