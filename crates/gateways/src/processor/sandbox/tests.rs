use super::*;

const SESSION: &str = "sbx_1-abc";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn order() -> BeginPayment<'static> {
    BeginPayment {
        reference: "1-abc",
        amount: Money::from_cents(700),
        currency: "USD",
        clinic: "Sample Clinic",
        // Nobody listens there, so webhooks go nowhere.
        return_url: "http://127.0.0.1:9/pay/back",
        cancel_url: "http://127.0.0.1:9/pay/back?left=1",
        began_at: at(0),
        expires_at: at(3_600),
        capture: crate::processor::CaptureMode::AtOnce,
    }
}

async fn begun() -> Sandbox {
    let sandbox = Sandbox::default();
    let first = sandbox.begin(order(), at(0)).await.unwrap();
    assert_eq!(first, sandbox.begin(order(), at(1)).await.unwrap(), "the same page again");
    assert_eq!((&*first.session, &*first.url), (SESSION, "/sandbox/sbx_1-abc"));
    sandbox
}

async fn standing(sandbox: &Sandbox) -> AttemptStanding {
    let key = AttemptKey { reference: "1-abc", session: Some(SESSION), began_at: at(0) };
    sandbox.attempt(key).await.unwrap().standing
}

fn step(shown: Option<HostedPage>) -> HostedStep {
    shown.unwrap().step
}

#[tokio::test]
async fn a_card_pays_once() {
    let sandbox = begun().await;
    for _ in 0..2 {
        let step = step(sandbox.give_card(SESSION, "4242 4242 4242 4242", at(9)));
        assert_eq!(step, HostedStep::Done("http://127.0.0.1:9/pay/back".to_owned()));
    }
    let AttemptStanding::Captured(capture) = standing(&sandbox).await else {
        panic!("the money was taken");
    };
    assert_eq!((capture.amount, capture.paid_at), (Money::from_cents(700), at(9)));
    let key = AttemptKey { reference: "1-abc", session: Some(SESSION), began_at: at(0) };
    let ended = sandbox.expire(key).await.unwrap();
    assert!(matches!(ended.standing, AttemptStanding::Captured(_)), "the payer was quicker");
}

#[tokio::test]
async fn a_refused_card_leaves_the_page_open_for_another() {
    let sandbox = begun().await;
    let refused = [
        ("4000 0000 0000 0002", Decline::Declined),
        ("4000 0000 0000 9995", Decline::InsufficientFunds),
        ("4000 0000 0000 0069", Decline::ExpiredCard),
        ("1234", Decline::WrongDetails),
    ];
    for (number, decline) in refused {
        let step = step(sandbox.give_card(SESSION, number, at(9)));
        assert_eq!(step, HostedStep::Card(Some(decline)));
    }
    assert_eq!(step(sandbox.give_card(SESSION, "4000 0025 0000 3155", at(9))), HostedStep::Confirm);
    let not_you = HostedStep::Card(Some(Decline::NotAuthenticated));
    assert_eq!(step(sandbox.confirm(SESSION, false, at(9))), not_you);
    assert_eq!(step(sandbox.confirm(SESSION, true, at(9))), not_you, "nobody asked");
    sandbox.give_card(SESSION, "4000 0025 0000 3155", at(9));
    assert!(matches!(step(sandbox.confirm(SESSION, true, at(9))), HostedStep::Done(_)));
}

#[tokio::test]
async fn slow_cards_end_after_a_while() {
    for (number, pays) in [("4000 0000 0000 0077", true), ("4000 0000 0000 0341", false)] {
        let sandbox = Sandbox { slow: Duration::ZERO, ..begun().await };
        assert!(matches!(step(sandbox.give_card(SESSION, number, at(9))), HostedStep::Done(_)));
        assert_eq!(standing(&sandbox).await, AttemptStanding::UnderWay);
        while standing(&sandbox).await == AttemptStanding::UnderWay {
            tokio::task::yield_now().await;
        }
        match standing(&sandbox).await {
            AttemptStanding::Captured(_) => assert!(pays),
            other => assert_eq!((other, pays), (AttemptStanding::Failed(Decline::Declined), false)),
        }
    }
}

#[tokio::test]
async fn a_page_ends_with_its_time_and_an_unknown_one_is_none() {
    let sandbox = begun().await;
    let late = sandbox.give_card(SESSION, "4242 4242 4242 4242", at(3_600));
    assert!(matches!(step(late), HostedStep::Done(_)));
    assert_eq!(standing(&sandbox).await, AttemptStanding::Expired);
    assert_eq!(sandbox.page("sbx_other"), None);
    let key = AttemptKey { reference: "1-x", session: Some("sbx_1-x"), began_at: at(0) };
    assert_eq!(sandbox.attempt(key).await.unwrap().standing, AttemptStanding::Missing);
    assert_eq!(sandbox.release(key).await.unwrap().standing, AttemptStanding::Released);
}

#[tokio::test]
async fn the_oldest_pages_are_forgotten() {
    let sandbox = Sandbox::default();
    for number in 0..=MAX_PAGES {
        let reference = format!("1-{number}");
        let order = BeginPayment { reference: &reference, ..order() };
        sandbox.begin(order, at(0)).await.unwrap();
    }
    assert_eq!(sandbox.page("sbx_1-0"), None);
    assert!(sandbox.page("sbx_1-1").is_some());
}

#[test]
fn only_what_this_sandbox_signed_is_believed() {
    let (ours, other) = (Sandbox::default(), Sandbox::default());
    let body = br#"{"id":"evt_1","kind":"attempt.changed","session":"sbx_1-abc","at":9}"#;
    let signed = |sandbox: &Sandbox| {
        let mut headers = reqwest::header::HeaderMap::new();
        let signature = crate::processor::signed::sign(&sandbox.secret, body, at(9));
        headers.insert(SIGNATURE_HEADER, signature.parse().unwrap());
        headers
    };
    let headers = signed(&ours);
    let event = ours.verify(Delivery { body, headers: &headers }, at(20)).unwrap();
    assert_eq!((&*event.id, event.is_test_money), ("evt_1", true));
    assert_eq!(event.object.map(|object| object.id).as_deref(), Some(SESSION));
    let foreign = ours.verify(Delivery { body, headers: &signed(&other) }, at(20));
    assert_eq!(foreign, Err(WebhookRefusal::WrongSignature));
    let old = ours.verify(Delivery { body, headers: &headers }, at(310));
    assert_eq!(old, Err(WebhookRefusal::TooOld));
}

#[tokio::test]
async fn a_day_is_paid_out_when_it_is_over() {
    let sandbox = begun().await;
    sandbox.give_card(SESSION, "4242 4242 4242 4242", at(9));
    let AttemptStanding::Captured(capture) = standing(&sandbox).await else {
        panic!("the money was taken");
    };
    let key = AttemptKey { reference: "1-abc", session: Some(SESSION), began_at: at(0) };
    let order = RefundOrder {
        reference: "1-ref",
        attempt: key,
        payment: Some(&capture.payment),
        amount: Money::from_cents(200),
        cause: None,
        asked_at: at(10),
    };
    for _ in 0..2 {
        sandbox.refund(order, at(10)).await.unwrap();
    }
    let day = 24 * 60 * 60;
    let none = sandbox.payouts((at(0), at(day - 1)), None).await.unwrap();
    assert_eq!(none.items, []);
    let payouts = sandbox.payouts((at(0), at(day)), None).await.unwrap().items;
    let [payout] = &*payouts else { panic!("{payouts:?}") };
    // 700 less 20 and 30 cents, less the refund.
    assert_eq!((payout.amount, &*payout.id), (Money::from_cents(450), "sbx_po_19700101"));
    let movements = sandbox.movements(&payout.id, None).await.unwrap().items;
    let net = movements.iter().map(|movement| movement.net);
    assert_eq!((net.sum::<Money>(), movements.len()), (payout.amount, 2));
    assert_eq!(movements[0].reference.as_deref(), Some("1-abc"));
}
