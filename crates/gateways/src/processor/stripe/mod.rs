//! Stripe: hosted Checkout pages, so that no card data ever touches us.
//!
//! Plain requests with typed fields, under one pinned version of the API. Only an amount, a
//! currency, our opaque reference, the clinic's name and the addresses to come back to are sent:
//! never an e-mail address, a customer, or anything about health.
//!
//! - `client` sends requests, decides what each answer says about what happened, and retries
//!   where the protocol says that nothing was done.
//! - `wire` reads answers: fields that it does not know are ignored, words that it does not know
//!   are kept.
//! - `attempts`, `refunds`, `reports` are the calls; `webhook` checks signatures.
//!
//! What each rule rests on, and how it was tried, stands in `crates/stripe-fake/RULES.md`.

mod attempts;
mod client;
mod refunds;
mod reports;
mod webhook;
mod wire;
mod words;

use std::time::Duration;

use jiff::Timestamp;

use super::{
    Answer, Attempt, AttemptKey, BeginPayment, Begun, Delivery, Dispute, Event, Fact, Movement,
    Object, Page, Payout, Processor, Refund, RefundKey, RefundOrder, WebhookRefusal,
};
use crate::Secret;
use client::Client;

pub use super::signed::TOLERANCE;
pub use attempts::{SESSION_MAX, SESSION_MIN};
pub use client::VERSION;
pub use webhook::SIGNATURE_HEADER;

/// Where Stripe is.
pub const BASE_URL: &str = "https://api.stripe.com";

/// Where Stripe's pages for payers are.
const CHECKOUT_URL: &str = "https://checkout.stripe.com";

/// The key of our reference in the metadata of Stripe's objects.
pub(crate) const REFERENCE: &str = "reference";

/// How a clinic is known to Stripe.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where Stripe is; another address than [`BASE_URL`] is for tests, and may be plain http on
    /// this machine only.
    pub base_url: String,
    /// The secret or restricted key.
    pub key: Secret,
    /// The secrets that webhooks are signed with: one, or two while one takes over.
    pub webhook_secrets: Vec<Secret>,
    /// What card statements say after the account's own prefix, if anything.
    pub statement_suffix: Option<String>,
    /// How long to wait, and how often to try again.
    pub limits: Limits,
}

/// How long to wait for Stripe, and how often to try again what surely did nothing.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest wait for a connection.
    pub connect: Duration,
    /// The longest wait for an answer, from the first byte sent to the last received.
    pub answer: Duration,
    /// How often a request is sent at most.
    pub tries: u32,
    /// The pause before the second try; it doubles for each further one.
    pub pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(30),
            tries: 3,
            pause: Duration::from_millis(500),
        }
    }
}

/// Why settings are not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetUpError {
    /// Not a secret or restricted key.
    #[error("the Stripe key must begin with sk_live_, rk_live_, sk_test_ or rk_test_")]
    Key,
    /// None, or too many, or of another form.
    #[error("give one webhook secret, or two while one takes over; each begins with whsec_")]
    WebhookSecrets,
    /// An address that is not https, or not an address.
    #[error("the address of Stripe must be https, or http on this machine")]
    BaseUrl,
    /// A descriptor that card networks do not take.
    #[error("the statement suffix takes at most 10 letters, digits and spaces, with a letter")]
    StatementSuffix,
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made: {0}")]
    Client(String),
}

/// The processor.
#[derive(Debug)]
pub struct Stripe {
    client: Client,
    webhook_secrets: Vec<Secret>,
    statement_suffix: Option<String>,
    is_test_money: bool,
}

/// Most webhook secrets at a time: the one in use, and the one that takes over.
const WEBHOOK_SECRETS_MAX: usize = 2;
/// Stripe's prefix takes up to 10 of a statement's 22 characters, and `* ` two.
const STATEMENT_SUFFIX_CHARS_MAX: usize = 10;

impl Stripe {
    /// Takes the settings; nothing is sent.
    ///
    /// # Errors
    /// Says which setting is not usable.
    pub fn new(settings: Settings) -> Result<Self, SetUpError> {
        let key = settings.key.expose();
        let is_test_money = ["sk_test_", "rk_test_"].iter().any(|start| key.starts_with(start));
        let is_live = ["sk_live_", "rk_live_"].iter().any(|start| key.starts_with(start));
        if !(is_test_money || is_live) {
            return Err(SetUpError::Key);
        }
        let secrets = &settings.webhook_secrets;
        let count_fits = (1..=WEBHOOK_SECRETS_MAX).contains(&secrets.len());
        if !count_fits || !secrets.iter().all(|secret| secret.expose().starts_with("whsec_")) {
            return Err(SetUpError::WebhookSecrets);
        }
        if !settings.statement_suffix.as_deref().is_none_or(is_statement_suffix) {
            return Err(SetUpError::StatementSuffix);
        }
        let client = Client::new(&settings.base_url, &settings.key, settings.limits)?;
        Ok(Self {
            client,
            webhook_secrets: settings.webhook_secrets,
            statement_suffix: settings.statement_suffix,
            is_test_money,
        })
    }
}

fn is_statement_suffix(text: &str) -> bool {
    let length = (1..=STATEMENT_SUFFIX_CHARS_MAX).contains(&text.len());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b' ';
    length && text.bytes().all(plain) && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

impl Processor for Stripe {
    fn name(&self) -> &'static str {
        "stripe"
    }

    fn is_test_money(&self) -> bool {
        self.is_test_money
    }

    fn page_origin(&self) -> Option<&str> {
        Some(CHECKOUT_URL)
    }

    fn begin<'a>(&'a self, order: BeginPayment<'a>, now: Timestamp) -> Answer<'a, Begun> {
        Box::pin(attempts::begin(self, order, now))
    }

    fn attempt<'a>(&'a self, key: AttemptKey<'a>) -> Answer<'a, Attempt> {
        Box::pin(attempts::look_up(self, key))
    }

    fn expire<'a>(&'a self, key: AttemptKey<'a>) -> Answer<'a, Attempt> {
        Box::pin(attempts::expire(self, key))
    }

    fn capture<'a>(&'a self, key: AttemptKey<'a>) -> Answer<'a, Attempt> {
        Box::pin(attempts::capture(self, key))
    }

    fn release<'a>(&'a self, key: AttemptKey<'a>) -> Answer<'a, Attempt> {
        Box::pin(attempts::release(self, key))
    }

    fn refund<'a>(&'a self, order: RefundOrder<'a>, now: Timestamp) -> Answer<'a, Refund> {
        Box::pin(refunds::refund(self, order, now))
    }

    fn find_refund<'a>(&'a self, key: RefundKey<'a>) -> Answer<'a, Option<Refund>> {
        Box::pin(refunds::find(self, key))
    }

    fn verify(&self, delivery: Delivery<'_>, now: Timestamp) -> Result<Event, WebhookRefusal> {
        webhook::verify(delivery, now, &self.webhook_secrets)
    }

    fn fetch<'a>(&'a self, object: &'a Object) -> Answer<'a, Fact> {
        Box::pin(reports::fetch(self, object))
    }

    fn events<'a>(&'a self, since: Timestamp, after: Option<&'a str>) -> Answer<'a, Page<Event>> {
        Box::pin(reports::events(self, since, after))
    }

    fn payouts<'a>(
        &'a self,
        (since, _now): (Timestamp, Timestamp),
        after: Option<&'a str>,
    ) -> Answer<'a, Page<Payout>> {
        Box::pin(reports::payouts(self, since, after))
    }

    fn movements<'a>(
        &'a self,
        payout: &'a str,
        after: Option<&'a str>,
    ) -> Answer<'a, Page<Movement>> {
        Box::pin(reports::movements(self, payout, after))
    }

    fn disputes<'a>(
        &'a self,
        since: Timestamp,
        after: Option<&'a str>,
    ) -> Answer<'a, Page<Dispute>> {
        Box::pin(reports::disputes(self, since, after))
    }
}
