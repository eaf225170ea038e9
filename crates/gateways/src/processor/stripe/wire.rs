//! Stripe's objects, as far as they are read. Everything else in an answer is ignored, so that
//! new fields do no harm; words are texts, so that new words do none either.

use std::collections::BTreeMap;

use almoner_domain::Money;
use jiff::Timestamp;
use serde::Deserialize;

use super::REFERENCE;

/// An object, or its id where it was not expanded.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Expandable<T> {
    /// The id.
    Id(String),
    /// The whole object.
    Whole(Box<T>),
}

impl<T> Expandable<T> {
    /// The object, when it was expanded.
    pub(super) fn whole(&self) -> Option<&T> {
        match self {
            Self::Id(_) => None,
            Self::Whole(object) => Some(object),
        }
    }
}

impl<T: Identified> Expandable<T> {
    /// The id, in either form.
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Id(id) => id,
            Self::Whole(object) => object.id(),
        }
    }
}

/// Anything with an id.
pub(super) trait Identified {
    /// Stripe's id.
    fn id(&self) -> &str;
}

macro_rules! identified {
    ($($object:ty),+) => {
        $(impl Identified for $object {
            fn id(&self) -> &str {
                &self.id
            }
        })+
    };
}

identified!(Session, Intent, Charge, Transaction, Refund, Dispute, Payout, Event);

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct List<T> {
    pub(super) data: Vec<T>,
    #[serde(default)]
    pub(super) has_more: bool,
}

/// Our own data on an object.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Metadata(BTreeMap<String, String>);

/// Our reference, when we put it there.
pub(super) fn reference(metadata: Option<&Metadata>) -> Option<String> {
    metadata?.0.get(REFERENCE).cloned()
}

/// A Checkout Session.
#[derive(Debug, Deserialize)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) status: Option<String>,
    pub(super) client_reference_id: Option<String>,
    pub(super) payment_intent: Option<Expandable<Intent>>,
    pub(super) url: Option<String>,
    pub(super) expires_at: i64,
}

/// A `PaymentIntent`.
#[derive(Debug, Deserialize)]
pub(super) struct Intent {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) currency: String,
    pub(super) amount_received: Option<i64>,
    pub(super) amount_capturable: Option<i64>,
    pub(super) latest_charge: Option<Expandable<Charge>>,
    pub(super) last_payment_error: Option<PaymentError>,
    pub(super) metadata: Option<Metadata>,
}

/// Why the last try to pay came to nothing.
#[derive(Debug, Deserialize)]
pub(super) struct PaymentError {
    pub(super) code: Option<String>,
    pub(super) decline_code: Option<String>,
}

/// A charge.
#[derive(Debug, Deserialize)]
pub(super) struct Charge {
    pub(super) id: String,
    pub(super) created: i64,
    pub(super) payment_intent: Option<Expandable<Intent>>,
    pub(super) balance_transaction: Option<Expandable<Transaction>>,
    pub(super) payment_method_details: Option<MethodDetails>,
}

/// How a charge was paid.
#[derive(Debug, Deserialize)]
pub(super) struct MethodDetails {
    pub(super) card: Option<CardDetails>,
}

/// What a card payment adds.
#[derive(Debug, Deserialize)]
pub(super) struct CardDetails {
    pub(super) capture_before: Option<i64>,
}

/// A line of the balance.
#[derive(Debug, Deserialize)]
pub(super) struct Transaction {
    pub(super) id: String,
    pub(super) amount: i64,
    pub(super) fee: i64,
    pub(super) net: i64,
    pub(super) currency: String,
    pub(super) reporting_category: String,
    pub(super) source: Option<Expandable<Source>>,
    pub(super) created: i64,
    pub(super) available_on: i64,
}

/// What a line of the balance comes from: a charge, a refund, a dispute, a payout.
#[derive(Debug, Deserialize)]
pub(super) struct Source {
    id: String,
    pub(super) payment_intent: Option<Expandable<Source>>,
    pub(super) metadata: Option<Metadata>,
}

impl Identified for Source {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A refund.
#[derive(Debug, Deserialize)]
pub(super) struct Refund {
    pub(super) id: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) status: Option<String>,
    pub(super) failure_reason: Option<String>,
    pub(super) charge: Option<Expandable<Charge>>,
    pub(super) payment_intent: Option<Expandable<Intent>>,
    pub(super) metadata: Option<Metadata>,
}

/// A dispute.
#[derive(Debug, Deserialize)]
pub(super) struct Dispute {
    pub(super) id: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) status: String,
    pub(super) reason: String,
    pub(super) created: i64,
    pub(super) charge: Option<Expandable<Charge>>,
    pub(super) payment_intent: Option<Expandable<Intent>>,
    pub(super) evidence_details: Option<EvidenceDetails>,
}

/// Until when evidence is taken.
#[derive(Debug, Deserialize)]
pub(super) struct EvidenceDetails {
    pub(super) due_by: Option<i64>,
}

/// A payout.
#[derive(Debug, Deserialize)]
pub(super) struct Payout {
    pub(super) id: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) status: String,
    pub(super) arrival_date: i64,
    pub(super) created: i64,
    pub(super) automatic: bool,
    pub(super) reconciliation_status: Option<String>,
}

/// An event.
#[derive(Debug, Deserialize)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) r#type: String,
    pub(super) created: i64,
    pub(super) livemode: bool,
    pub(super) account: Option<String>,
    pub(super) data: EventData,
}

/// What an event spoke of.
#[derive(Debug, Deserialize)]
pub(super) struct EventData {
    pub(super) object: EventObject,
}

/// The object of an event: only what it is, as it is fetched again.
#[derive(Debug, Deserialize)]
pub(super) struct EventObject {
    pub(super) object: Option<String>,
    pub(super) id: Option<String>,
}

/// Stripe counts seconds; a moment beyond the calendar is the calendar's end.
pub(super) fn moment(seconds: i64) -> Timestamp {
    let bounds = Timestamp::MIN.as_second()..=Timestamp::MAX.as_second();
    Timestamp::from_second(seconds.clamp(*bounds.start(), *bounds.end())).unwrap_or(Timestamp::MAX)
}

/// Stripe counts the smallest unit of the currency: cents.
pub(super) fn money(cents: i64) -> Money {
    Money::from_cents(cents)
}

/// Stripe writes currencies in small letters.
pub(super) fn currency(code: &str) -> String {
    code.to_ascii_uppercase()
}
