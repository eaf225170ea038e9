//! Processors of card payments.
//!
//! A [`Processor`] takes plain values and gives plain facts. References are ours and opaque to
//! it; what its answers mean for a payment is for the use cases. Three things hold for each:
//!
//! - **Every error says whether something may have happened** ([`ProcessorError`]): surely not
//!   ([`ProcessorError::NotDone`]), refused for good ([`ProcessorError::Refused`]), or unknown
//!   ([`ProcessorError::Unknown`]), and then the party is asked again before anything is done.
//! - **The same reference again does nothing twice.** A caller that crashed calls again with the
//!   same values; when the processor forgets references after a while, the gateway looks up first.
//! - **Nothing about health goes out**: an amount, a currency, an opaque reference, the clinic's
//!   name, and the addresses to come back to.
//!
//! To add a processor, add a file, implement the trait, and name it in [`by_name`] or, when it
//! needs keys, let the settings make it.

mod error;
mod facts;
mod hosted;
mod offline;
pub mod sandbox;
mod signed;
pub mod stripe;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use almoner_domain::Money;
use jiff::Timestamp;

pub use error::{Doubt, NotDone, ProcessorError, Refusal, WebhookRefusal};
pub use facts::{
    Attempt, AttemptStanding, Begun, Capture, Decline, Dispute, DisputeStanding, Event, Fact, Held,
    Movement, MovementKind, Object, ObjectKind, Page, Payout, PayoutStanding, Refund,
    RefundFailure, RefundStanding,
};
pub use hosted::{Hosted, HostedPage, HostedStep};
pub use offline::Offline;
pub use reqwest::header::HeaderMap;
pub use sandbox::Sandbox;

/// What a processor answers in its own time.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, ProcessorError>> + Send + 'a>>;

/// A payment to begin: the payer is sent to a page of the processor.
#[derive(Debug, Clone, Copy)]
pub struct BeginPayment<'a> {
    /// Our attempt: letters, digits, `-` and `_`.
    pub reference: &'a str,
    /// How much.
    pub amount: Money,
    /// In which currency, such as `USD`.
    pub currency: &'a str,
    /// What the payer reads as the thing paid for.
    pub clinic: &'a str,
    /// Where the payer comes back to after paying.
    pub return_url: &'a str,
    /// Where the payer comes back to without paying.
    pub cancel_url: &'a str,
    /// When this attempt was committed on our side.
    pub began_at: Timestamp,
    /// When the processor's page ends.
    pub expires_at: Timestamp,
    /// Whether to take the money at once or to hold it first.
    pub capture: CaptureMode,
}

/// When the money of an attempt is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureMode {
    /// As soon as the payer pays.
    AtOnce,
    /// Held first; taken by [`Processor::capture`], let go by [`Processor::release`].
    Held,
}

/// Names an attempt to the processor.
#[derive(Debug, Clone, Copy)]
pub struct AttemptKey<'a> {
    /// Our reference.
    pub reference: &'a str,
    /// The processor's id of its page, when its answer ever reached us.
    pub session: Option<&'a str>,
    /// When the attempt was committed on our side, which narrows the search without an id.
    pub began_at: Timestamp,
}

/// A refund to make.
#[derive(Debug, Clone, Copy)]
pub struct RefundOrder<'a> {
    /// Our refund: letters, digits, `-` and `_`.
    pub reference: &'a str,
    /// The attempt that took the money.
    pub attempt: AttemptKey<'a>,
    /// The processor's id of the payment ([`Capture::payment`]), when it is known.
    pub payment: Option<&'a str>,
    /// How much.
    pub amount: Money,
    /// Why, as far as the processor may know.
    pub cause: Option<RefundCause>,
    /// When the refund was committed on our side.
    pub asked_at: Timestamp,
}

/// The reasons that a processor is told; it is never told any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundCause {
    /// The payer paid twice.
    Duplicate,
    /// The payer asked for it.
    RequestedByCustomer,
}

/// Names a refund to the processor.
#[derive(Debug, Clone, Copy)]
pub struct RefundKey<'a> {
    /// Our reference.
    pub reference: &'a str,
    /// The processor's id of the refund, when its answer ever reached us.
    pub refund: Option<&'a str>,
    /// The processor's id of the payment that it gives back.
    pub payment: &'a str,
}

/// A webhook as it arrived.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// Its body, byte for byte.
    pub body: &'a [u8],
    /// Its headers.
    pub headers: &'a HeaderMap,
}

/// A party that takes card payments for the clinic. What is added here is added to `measured` too.
///
/// What a processor cannot do, it need not write: it answers [`ProcessorError::NotSupported`].
pub trait Processor: Send + Sync {
    /// The name that is stored with attempts.
    fn name(&self) -> &'static str;

    /// Whether its money is invented, which every page says.
    fn is_test_money(&self) -> bool;

    /// Whether payers can pay by it at all.
    fn takes_cards(&self) -> bool {
        true
    }

    /// Where its pages are, such as `https://pay.example.com`, when not with us: a browser is told
    /// that a form of ours may lead there.
    fn page_origin(&self) -> Option<&str> {
        None
    }

    /// The page that this program serves for it, if any.
    fn hosted(&self) -> Option<&dyn Hosted> {
        None
    }

    /// Opens a page on which the payer pays. The same order again gives the same page.
    fn begin<'a>(&'a self, order: BeginPayment<'a>, now: Timestamp) -> Answer<'a, Begun> {
        let _ = (order, now);
        not_supported()
    }

    /// How an attempt stands.
    fn attempt<'a>(&'a self, key: AttemptKey<'a>) -> Answer<'a, Attempt> {
        let _ = key;
        not_supported()
    }

    /// Ends a page on which nobody paid, and tells how the attempt stands then: a payer may have
    /// been quicker.
    fn expire<'a>(&'a self, key: AttemptKey<'a>) -> Answer<'a, Attempt> {
        let _ = key;
        not_supported()
    }

    /// Takes held money, all of it, and tells how the attempt stands then.
    fn capture<'a>(&'a self, key: AttemptKey<'a>) -> Answer<'a, Attempt> {
        let _ = key;
        not_supported()
    }

    /// Lets held money go, and tells how the attempt stands then. Asking twice does no harm.
    fn release<'a>(&'a self, key: AttemptKey<'a>) -> Answer<'a, Attempt> {
        let _ = key;
        not_supported()
    }

    /// Gives money back under our reference; the same reference again only tells how it stands.
    fn refund<'a>(&'a self, order: RefundOrder<'a>, now: Timestamp) -> Answer<'a, Refund> {
        let _ = (order, now);
        not_supported()
    }

    /// How a refund stands; `None` when the processor knows of none.
    fn find_refund<'a>(&'a self, key: RefundKey<'a>) -> Answer<'a, Option<Refund>> {
        let _ = key;
        not_supported()
    }

    /// Whether a webhook is the processor's and of now; what it says is fetched again.
    ///
    /// # Errors
    /// Says why it is not to be believed.
    fn verify(&self, delivery: Delivery<'_>, now: Timestamp) -> Result<Event, WebhookRefusal> {
        let _ = (delivery, now);
        Err(WebhookRefusal::NotSupported)
    }

    /// What an event spoke of, as it is now.
    fn fetch<'a>(&'a self, object: &'a Object) -> Answer<'a, Fact> {
        let _ = object;
        not_supported()
    }

    /// Events since a moment, newest first, a page at a time: what no webhook brought.
    fn events<'a>(&'a self, since: Timestamp, after: Option<&'a str>) -> Answer<'a, Page<Event>> {
        let _ = (since, after);
        not_supported()
    }

    /// Payouts to the clinic's bank since a moment and until now, newest first, a page at a time.
    fn payouts<'a>(
        &'a self,
        (since, now): (Timestamp, Timestamp),
        after: Option<&'a str>,
    ) -> Answer<'a, Page<Payout>> {
        let _ = (since, now, after);
        not_supported()
    }

    /// What a payout is made of, a page at a time.
    fn movements<'a>(
        &'a self,
        payout: &'a str,
        after: Option<&'a str>,
    ) -> Answer<'a, Page<Movement>> {
        let _ = (payout, after);
        not_supported()
    }

    /// Disputes since a moment, newest first, a page at a time.
    fn disputes<'a>(
        &'a self,
        since: Timestamp,
        after: Option<&'a str>,
    ) -> Answer<'a, Page<Dispute>> {
        let _ = (since, after);
        not_supported()
    }
}

fn not_supported<'a, T: 'a>() -> Answer<'a, T> {
    Box::pin(async { Err(ProcessorError::NotSupported) })
}

/// The built-in processor that settings name; one that needs keys is made from its settings.
pub fn by_name(name: &str) -> Option<Arc<dyn Processor>> {
    match name {
        "sandbox" => Some(Arc::new(Sandbox::default())),
        "none" => Some(Arc::new(Offline)),
        _ => None,
    }
}
