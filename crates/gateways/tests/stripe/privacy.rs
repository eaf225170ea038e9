//! What leaves for Stripe: an amount, a currency, our reference, the clinic's name, and addresses.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Arc, Mutex};

use almoner_gateways::processor::{Object, ObjectKind, Processor as _, RefundCause, RefundOrder};
use almoner_stripe_fake::{API_KEY, Fault, Recorded, WEBHOOK_SECRET};

use crate::common::{BEGIN, Desk, key, moment, refund_order};

/// Everything that the gateway can ask, once.
async fn everything(desk: &Desk) {
    let capture = desk.paid("attempt-1").await;
    let cause = Some(RefundCause::RequestedByCustomer);
    let order = RefundOrder { cause, ..refund_order("refund-1", &capture.payment, 100) };
    let refund = desk.stripe.refund(order, desk.now()).await.unwrap();
    desk.stripe.attempt(key("attempt-1", None)).await.unwrap();
    desk.held("attempt-2").await;
    desk.stripe.release(key("attempt-2", None)).await.unwrap();
    desk.held("attempt-3").await;
    desk.stripe.capture(key("attempt-3", None)).await.unwrap();
    desk.page("attempt-4").await;
    desk.stripe.expire(key("attempt-4", None)).await.unwrap();
    let dispute = desk.fake.dispute(&capture.charge, "general");
    desk.fake.advance(2 * 24 * 3600);
    for (kind, id) in [
        (ObjectKind::Payment, &capture.payment),
        (ObjectKind::Charge, &capture.charge),
        (ObjectKind::Refund, &refund.id),
        (ObjectKind::Dispute, &dispute),
    ] {
        desk.stripe.fetch(&Object { kind, id: id.clone() }).await.unwrap();
    }
    desk.stripe.events(moment(BEGIN), None).await.unwrap();
    desk.stripe.disputes(moment(BEGIN), None).await.unwrap();
    desk.stripe.payouts((moment(BEGIN), moment(BEGIN)), None).await.unwrap();
    if let Some(payout) = desk.fake.pay_out() {
        desk.stripe.movements(&payout, None).await.unwrap();
    }
}

fn fields(asked: &Recorded) -> Vec<(String, String)> {
    let text = match asked.target.split_once('?') {
        Some((_, query)) => query,
        None => &asked.body,
    };
    let url = format!("http://127.0.0.1/?{text}");
    let url = reqwest::Url::parse(&url).expect("a query can be read");
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

#[tokio::test]
async fn only_these_fields_ever_leave() {
    let desk = Desk::open().await;
    everything(&desk).await;
    let sent: BTreeSet<String> = desk
        .fake
        .recorded()
        .iter()
        .filter(|asked| asked.method == "POST")
        .flat_map(|asked| fields(asked).into_iter().map(|(name, _)| name))
        .collect();
    let expected = [
        "adaptive_pricing[enabled]",
        "allowed_payment_method_types[0]",
        "amount",
        "cancel_url",
        "client_reference_id",
        "expires_at",
        "line_items[0][price_data][currency]",
        "line_items[0][price_data][product_data][name]",
        "line_items[0][price_data][unit_amount]",
        "line_items[0][quantity]",
        "metadata[reference]",
        "mode",
        "payment_intent",
        "payment_intent_data[capture_method]",
        "payment_intent_data[metadata][reference]",
        "payment_intent_data[statement_descriptor_suffix]",
        "reason",
        "success_url",
    ];
    assert_eq!(sent, expected.map(str::to_owned).into());
}

/// The values of a new page, to the byte: nothing of a patient has a place among them.
#[tokio::test]
async fn a_new_page_holds_these_values_only() {
    let desk = Desk::open().await;
    desk.page("attempt-1").await;
    let asked = desk.fake.recorded();
    let values: Vec<String> = fields(&asked[0]).into_iter().map(|(_, value)| value).collect();
    assert_eq!(
        values,
        [
            "payment",
            "card",
            "attempt-1",
            "attempt-1",
            "1",
            "usd",
            "12345",
            "O'Brien & Søn <b>Sample Clinic</b>",
            "automatic",
            "attempt-1",
            "SAMPLE",
            "false",
            "https://clinic.example/pay/back?a=1&b=2",
            "https://clinic.example/pay/left",
            "1764118800",
        ]
    );
}

#[tokio::test]
async fn questions_hold_ids_times_and_limits_only() {
    let desk = Desk::open().await;
    everything(&desk).await;
    let questions: Vec<Recorded> =
        desk.fake.recorded().into_iter().filter(|asked| asked.method == "GET").collect();
    assert!(questions.len() > 10);
    for asked in questions {
        assert_eq!(asked.body, "");
        for (name, value) in fields(&asked) {
            let known = [
                "created[gte]",
                "created[lte]",
                "expand[0]",
                "limit",
                "payment_intent",
                "payout",
                "starting_after",
            ];
            assert!(known.contains(&&*name), "{name}={value}");
        }
    }
}

#[tokio::test]
async fn headers_are_a_key_a_version_and_a_reference() {
    let desk = Desk::open().await;
    everything(&desk).await;
    let known = [
        "accept",
        "authorization",
        "content-length",
        "content-type",
        "host",
        "idempotency-key",
        "stripe-version",
        "user-agent",
    ];
    for asked in desk.fake.recorded() {
        for (name, value) in &asked.headers {
            assert!(known.contains(&&**name), "{name}: {value}");
        }
        let has =
            |name: &str, value: &str| asked.headers.contains(&(name.to_owned(), value.to_owned()));
        assert!(has("authorization", &format!("Bearer {API_KEY}")));
        assert!(has("stripe-version", "2026-10-28.endive"));
        let keyed = asked.headers.iter().any(|(name, _)| name == "idempotency-key");
        let makes = ["/v1/checkout/sessions", "/v1/refunds"].contains(&&*asked.target);
        assert_eq!(keyed, asked.method == "POST" && makes, "{} {}", asked.method, asked.target);
    }
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn logs_hold_stripes_request_ids_and_nothing_of_the_payment() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("almoner_gateways=trace")
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let desk = Desk::open().await;
    for fault in [Fault::RateLimited, Fault::ServerErrorBefore, Fault::Garbage, Fault::ResetAfter] {
        desk.fake.fail_next("POST /v1/checkout/sessions", fault);
        let _ = desk.begin(&format!("attempt-{fault:?}")).await;
    }
    everything(&desk).await;
    let _ = desk.refund("refund-2", "pi_none", 100).await;
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for line in ["open a page", "Stripe answered", "Stripe refused", "no answer from Stripe"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(text.contains("req_fake"), "Stripe's id of a request is logged: {text}");
    let secrets = [
        API_KEY,
        WEBHOOK_SECRET,
        "attempt-",
        "refund-",
        "Sample Clinic",
        "12345",
        "cs_test",
        "pi_fake",
        "ch_fake",
        "re_fake",
        "clinic.example",
        "127.0.0.1",
    ];
    for secret in secrets {
        assert!(!text.contains(secret), "{secret} is not logged: {text}");
    }
}
