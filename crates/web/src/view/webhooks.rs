//! Where other programs are told of events.

use almoner_domain::WebhookId;
use askama::Template;

use super::parts::{Errors, Shell};
use super::{Samples, samples};

/// All endpoints and the form of a new one: GET `/settings/webhooks`; POST to the same address with
/// `url` and `description`.
#[derive(Debug, Clone, Template)]
#[template(path = "settings/webhooks.html")]
pub(crate) struct WebhooksPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Every endpoint.
    pub(crate) rows: Vec<EndpointRow>,
    /// What was typed as an address.
    pub(crate) url: String,
    /// What was typed to say what it is for.
    pub(crate) description: String,
    /// What makes a second sending the same.
    pub(crate) key: String,
    /// What was wrong.
    pub(crate) errors: Errors,
}

/// An endpoint.
#[derive(Debug, Clone)]
pub(crate) struct EndpointRow {
    /// The id.
    pub(crate) id: WebhookId,
    /// Its address.
    pub(crate) url: String,
    /// What it is for.
    pub(crate) description: Option<String>,
    /// How it looks and what it is called where it stands.
    pub(crate) standing: (&'static str, &'static str),
    /// What an administrator has to know.
    pub(crate) notice: Option<String>,
}

/// An endpoint and the log of its deliveries: GET `/settings/webhooks/{id}`; POST to the same
/// address with `do`, and `event` to send one again.
#[derive(Debug, Clone, Template)]
#[template(path = "settings/webhook.html")]
pub(crate) struct WebhookPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// The endpoint.
    pub(crate) endpoint: EndpointRow,
    /// It is told of events.
    pub(crate) is_on: bool,
    /// When it was added.
    pub(crate) added: String,
    /// Its new secret, which is shown this once.
    pub(crate) secret: Option<String>,
    /// Until when the secret before signs too.
    pub(crate) older_until: Option<String>,
    /// Its deliveries, the newest event first.
    pub(crate) rows: Vec<DeliveryRow>,
    /// Where older ones are.
    pub(crate) older: Option<String>,
    /// What makes a second sending the same.
    pub(crate) key: String,
    /// What was wrong.
    pub(crate) errors: Errors,
}

/// A delivery.
#[derive(Debug, Clone)]
pub(crate) struct DeliveryRow {
    /// The event's id.
    pub(crate) event: String,
    /// What happened.
    pub(crate) kind: &'static str,
    /// The payment that it is about.
    pub(crate) payment: Option<String>,
    /// When it happened.
    pub(crate) at: String,
    /// How it looks and what it is called where it stands.
    pub(crate) standing: (&'static str, &'static str),
    /// How often it was tried.
    pub(crate) tries: i64,
    /// When it is tried next.
    pub(crate) next: Option<String>,
    /// The status of the newest answer.
    pub(crate) answer: Option<i64>,
    /// Why the newest try failed.
    pub(crate) failure: Option<String>,
}

fn sample(id: i64) -> EndpointRow {
    EndpointRow {
        id: WebhookId::new(id),
        url: "https://books.example.org/hooks".to_owned(),
        description: Some("The bookkeeping".to_owned()),
        standing: ("paid", "On"),
        notice: None,
    }
}

fn failing() -> EndpointRow {
    EndpointRow {
        url: format!("https://example.org/{}", "a-very-long-address/".repeat(8)),
        description: Some(samples::HARD_TEXT.to_owned()),
        standing: ("failed", "Off: nothing arrived"),
        notice: Some("WHK-002 was switched off.".to_owned()),
        ..sample(2)
    }
}

impl Samples for WebhooksPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let usual = Self {
            shell: samples::shell(),
            rows: vec![sample(1), failing()],
            url: String::new(),
            description: String::new(),
            key: "k".to_owned(),
            errors: Errors::default(),
        };
        let empty = Self { rows: Vec::new(), ..usual.clone() };
        let mut wrong = usual.clone();
        "https://localhost/".clone_into(&mut wrong.url);
        let message = "This host is in a private network.";
        wrong.errors = almoner_domain::Invalid::one("url", "private_address", message).into();
        vec![("usual", usual), ("empty", empty), ("wrong", wrong)]
    }
}

impl Samples for WebhookPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let row = |standing, next: Option<&str>| DeliveryRow {
            event: "evt_019d5f6a3c7700112233445566778899".to_owned(),
            kind: "payment.status_changed",
            payment: Some("PAY-894".to_owned()),
            at: "Nov 20, 2026, 2:41 PM".to_owned(),
            standing,
            tries: 3,
            next: next.map(str::to_owned),
            answer: Some(503),
            failure: next.map(|_| "it answered with status 503".to_owned()),
        };
        let waits = row(("pending", "Waiting"), Some("Nov 20, 2026, 2:41 PM"));
        let trial = DeliveryRow {
            kind: "webhook.test",
            payment: None,
            answer: None,
            ..row(("paid", "Delivered"), None)
        };
        let usual = Self {
            shell: samples::shell(),
            endpoint: sample(1),
            is_on: true,
            added: "Nov 20, 2026, 2:41 PM".to_owned(),
            secret: None,
            older_until: None,
            rows: vec![waits, trial],
            older: Some("/settings/webhooks/WHK-001?before=evt_1".to_owned()),
            key: "k".to_owned(),
            errors: Errors::default(),
        };
        let fresh = Self {
            secret: Some("whsec_SAMPLESAMPLESAMPLESAMPLESAMPLESAMPLESAMPLE=".to_owned()),
            older_until: Some("Nov 21, 2026, 2:41 PM".to_owned()),
            rows: Vec::new(),
            older: None,
            ..usual.clone()
        };
        let message = "This endpoint is switched off. Switch it on first.";
        let off = Self {
            endpoint: failing(),
            is_on: false,
            errors: almoner_domain::Invalid::one("", "disabled", message).into(),
            ..usual.clone()
        };
        vec![("usual", usual), ("fresh", fresh), ("off", off)]
    }
}
