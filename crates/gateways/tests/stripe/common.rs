//! A fake Stripe, the gateway to it, and a payment to begin.

use std::time::Duration;

use almoner_domain::Money;
use almoner_gateways::Secret;
use almoner_gateways::processor::stripe::{Limits, SESSION_MIN, Settings, Stripe};
use almoner_gateways::processor::{
    Attempt, AttemptKey, AttemptStanding, BeginPayment, Begun, Capture, CaptureMode, Processor,
    ProcessorError, Refund, RefundOrder,
};
use almoner_stripe_fake::{API_KEY, Fake, Paid, WEBHOOK_SECRET};
use jiff::{SignedDuration, Timestamp};

/// When the tests begin: an hour that no daylight saving touches.
pub(crate) const BEGIN: i64 = 1_764_115_200;
/// What a payment of the tests asks for.
pub(crate) const AMOUNT: i64 = 12_345;
/// What Stripe keeps of it: 2.9 % and 30 cents.
pub(crate) const FEE: i64 = 388;

/// A fake and the gateway to it.
pub(crate) struct Desk {
    pub(crate) fake: Fake,
    pub(crate) stripe: Stripe,
}

/// Settings for a fake at that address; short waits, as it is on this machine.
pub(crate) fn settings(base_url: &str) -> Settings {
    Settings {
        base_url: base_url.to_owned(),
        key: Secret::new(API_KEY),
        webhook_secrets: vec![Secret::new(WEBHOOK_SECRET)],
        statement_suffix: Some("SAMPLE".to_owned()),
        limits: Limits {
            connect: Duration::from_secs(2),
            answer: Duration::from_secs(20),
            tries: 3,
            pause: Duration::from_millis(1),
        },
    }
}

impl Desk {
    pub(crate) async fn open() -> Self {
        let fake = Fake::start(BEGIN).await;
        let stripe = Stripe::new(settings(&fake.base_url())).expect("the settings are right");
        Self { fake, stripe }
    }

    /// The same, with a wait for answers that a silent fake outlasts.
    pub(crate) async fn impatient() -> Self {
        let fake = Fake::start(BEGIN).await;
        let mut settings = settings(&fake.base_url());
        settings.limits.answer = Duration::from_millis(400);
        Self { stripe: Stripe::new(settings).expect("the settings are right"), fake }
    }

    pub(crate) fn now(&self) -> Timestamp {
        moment(self.fake.now())
    }

    pub(crate) async fn begin(&self, reference: &str) -> Result<Begun, ProcessorError> {
        self.stripe.begin(self.order(reference), self.now()).await
    }

    pub(crate) fn order<'a>(&self, reference: &'a str) -> BeginPayment<'a> {
        order(reference, self.now())
    }

    /// A page on which nobody has paid.
    pub(crate) async fn page(&self, reference: &str) -> Begun {
        self.begin(reference).await.expect("the page is opened")
    }

    /// A page whose money is held.
    pub(crate) async fn held(&self, reference: &str) -> Begun {
        let order = BeginPayment { capture: CaptureMode::Held, ..self.order(reference) };
        let begun = self.stripe.begin(order, self.now()).await.expect("the page is opened");
        assert!(matches!(self.fake.pay(&begun.session, PAYS), Paid::Done(_)));
        begun
    }

    /// A payment that was made.
    pub(crate) async fn paid(&self, reference: &str) -> Capture {
        let begun = self.page(reference).await;
        assert!(matches!(self.fake.pay(&begun.session, PAYS), Paid::Done(_)));
        captured(&self.look(reference, &begun.session).await)
    }

    /// How an attempt stands, by the id of its page.
    pub(crate) async fn look(&self, reference: &str, session: &str) -> Attempt {
        let attempt = self.stripe.attempt(key(reference, Some(session))).await;
        attempt.expect("Stripe answers")
    }

    /// Refunds part of a payment.
    pub(crate) async fn refund(
        &self,
        reference: &str,
        payment: &str,
        cents: i64,
    ) -> Result<Refund, ProcessorError> {
        let order = refund_order(reference, payment, cents);
        self.stripe.refund(order, self.now()).await
    }
}

/// A card that pays.
pub(crate) const PAYS: &str = almoner_stripe_fake::card::PAYS;

pub(crate) fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("a time of the tests")
}

pub(crate) fn order(reference: &str, now: Timestamp) -> BeginPayment<'_> {
    BeginPayment {
        reference,
        amount: Money::from_cents(AMOUNT),
        currency: "USD",
        clinic: "O'Brien & Søn <b>Sample Clinic</b>",
        return_url: "https://clinic.example/pay/back?a=1&b=2",
        cancel_url: "https://clinic.example/pay/left",
        began_at: now,
        expires_at: now + SESSION_MIN + SignedDuration::from_mins(29),
        capture: CaptureMode::AtOnce,
    }
}

/// The name of an attempt that began as the tests do.
pub(crate) fn key<'a>(reference: &'a str, session: Option<&'a str>) -> AttemptKey<'a> {
    AttemptKey { reference, session, began_at: moment(BEGIN) }
}

pub(crate) fn refund_order<'a>(
    reference: &'a str,
    payment: &'a str,
    cents: i64,
) -> RefundOrder<'a> {
    RefundOrder {
        reference,
        attempt: key("attempt-1", None),
        payment: Some(payment),
        amount: Money::from_cents(cents),
        cause: None,
        asked_at: moment(BEGIN),
    }
}

pub(crate) fn captured(attempt: &Attempt) -> Capture {
    match &attempt.standing {
        AttemptStanding::Captured(capture) => capture.clone(),
        other => panic!("the money was taken: {other:?}"),
    }
}
