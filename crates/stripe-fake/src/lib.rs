//! A strict stand-in for Stripe, for tests only.
//!
//! [`Fake::start`] serves Stripe's protocol on this machine: hosted Checkout pages, payments,
//! refunds, disputes, payouts, events and signed webhooks, under one version of the API. It is
//! strict where a test needs it to be: a parameter that the official client's types do not know is
//! refused, and so is one that the fake knows but does not play. Time stands still until a test
//! moves it. `RULES.md` lists every rule that is played, the document it rests on, and the tests.
//!
//! What the payer, the bank and the network do is done by a test:
//!
//! ```no_run
//! # async fn example() {
//! use almoner_stripe_fake::{Fake, Fault, card};
//!
//! let fake = Fake::start(1_764_115_200).await;
//! // … a session is created over HTTP …
//! fake.pay("cs_test_…", card::DECLINED);
//! fake.fail_next("POST /v1/refunds", Fault::ResetAfter);
//! let webhooks = fake.take_webhooks();
//! # }
//! ```
//!
//! To add an endpoint: name it in `tools/parameters.py` and make the list again, add a line to
//! `routes.rs`, write the function, and a line for each of its rules in `RULES.md`.

mod answer;
mod checkout;
mod faults;
mod form;
mod hosted;
mod keys;
mod lists;
mod money;
mod parameters;
mod payer;
mod payments;
mod refunds;
mod remote;
mod routes;
mod server;
mod signing;
mod world;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

pub use faults::Fault;
pub use money::DisputePlan;
pub use refunds::RefundPlan;
pub use signing::{Webhook, sign};

use faults::Faults;
use keys::Keys;
use world::World;

/// The only version of the API that the fake speaks: that of the pinned official clients.
pub const VERSION: &str = "2026-10-28.endive";
/// The only key that it accepts.
pub const API_KEY: &str = "sk_test_SAMPLE_4eC39HqLyjWDarjtT1zdp7dc";
/// The secret that webhooks are signed with at first.
pub const WEBHOOK_SECRET: &str = "whsec_SAMPLE_first";

/// Stripe's test cards: numbers with a known end.
pub mod card {
    /// Pays.
    pub const PAYS: &str = "4242424242424242";
    /// Declined by the bank, without a reason.
    pub const DECLINED: &str = "4000000000000002";
    /// Not enough money.
    pub const INSUFFICIENT_FUNDS: &str = "4000000000009995";
    /// Stolen; the payer is not to be told.
    pub const STOLEN: &str = "4000000000009979";
    /// Expired.
    pub const EXPIRED: &str = "4000000000000069";
    /// A wrong code.
    pub const INCORRECT_CVC: &str = "4000000000000127";
    /// A fault on the way.
    pub const PROCESSING_ERROR: &str = "4000000000000119";
    /// Asks the payer to authenticate.
    pub const AUTHENTICATE: &str = "4000000000003220";
    /// Pays; refunds begin pending.
    pub const REFUND_PENDING: &str = "4000000000007726";
    /// Pays; refunds succeed and fail later.
    pub const REFUND_FAILS: &str = "4000000000005126";
    /// Pays; the payer disputes it at once.
    pub const DISPUTED: &str = "4000000000000259";
    /// Not one of Stripe's: the bank takes days to answer, as with a bank debit.
    pub const SLOW: &str = "000123456789";
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// All headers, in small letters, as they came.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// What the fake is made of; each part has its own lock, always taken alone or in this order.
pub(crate) struct Parts {
    pub(crate) address: SocketAddr,
    pub(crate) world: Mutex<World>,
    pub(crate) keys: Mutex<Keys>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) secrets: Mutex<Vec<String>>,
    pub(crate) recorded: Mutex<Vec<Recorded>>,
}

impl Parts {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Takes a lock; a test that panicked while it held one has failed already.
pub(crate) fn lock<T>(part: &Mutex<T>) -> MutexGuard<'_, T> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running fake; it stops with its last handle's runtime.
#[derive(Clone)]
pub struct Fake {
    parts: Arc<Parts>,
}

impl Fake {
    /// Serves on a free port of this machine. Its clock stands at `now`, in seconds.
    ///
    /// # Panics
    /// When no port can be had.
    pub async fn start(now: i64) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("a port on this machine is free");
        let address = listener.local_addr().expect("the port is known");
        let parts = Arc::new(Parts {
            address,
            world: Mutex::new(World::new(now)),
            keys: Mutex::new(Keys::default()),
            faults: Mutex::new(Faults::default()),
            secrets: Mutex::new(vec![WEBHOOK_SECRET.to_owned()]),
            recorded: Mutex::new(Vec::new()),
        });
        tokio::spawn(server::serve(listener, Arc::clone(&parts)));
        Self { parts }
    }

    /// Where it is, such as `http://127.0.0.1:4711`.
    pub fn base_url(&self) -> String {
        self.parts.base_url()
    }

    /// The fake's time, in seconds.
    pub fn now(&self) -> i64 {
        self.parts.world().now
    }

    /// Moves time on: sessions end, held money is let go, keys are forgotten.
    pub fn advance(&self, seconds: i64) {
        remote::advance(&self.parts, seconds);
    }

    /// An object as it is now.
    ///
    /// # Panics
    /// When there is none of that id.
    pub fn object(&self, id: &str) -> Value {
        self.parts.world().get(id).cloned().expect("there is an object of that id")
    }

    /// All objects of a kind, such as `refund`, oldest first.
    pub fn objects(&self, kind: &str) -> Vec<Value> {
        self.parts.world().all(kind).cloned().collect()
    }

    /// Writes into an object what the fake never would, such as a status of the future.
    ///
    /// # Panics
    /// When there is no such object.
    pub fn pretend(&self, id: &str, field: &str, value: Value) {
        self.parts.world().set(id, field, value);
    }

    /// The payer enters a card on the session's page; tells how the page goes on.
    ///
    /// # Panics
    /// When the page is not open.
    pub fn pay(&self, session: &str, card: &str) -> Paid {
        payer::pay(&mut self.parts.world(), session, card)
    }

    /// The payer comes to the end of authentication.
    ///
    /// # Panics
    /// When none is awaited.
    pub fn authenticate(&self, session: &str, succeeds: bool) -> Paid {
        payer::authenticate(&mut self.parts.world(), session, succeeds)
    }

    /// The bank of a slow payment answers at last.
    ///
    /// # Panics
    /// When no answer is awaited.
    pub fn settle_payment(&self, session: &str, succeeds: bool) {
        payer::settle(&mut self.parts.world(), session, succeeds);
    }

    /// How the next refund goes, instead of what its card says.
    pub fn plan_refund(&self, plan: RefundPlan) {
        self.parts.world().refund_plans.push_back(plan);
    }

    /// A pending refund ends, or one that succeeded comes back.
    ///
    /// # Panics
    /// When there is no such refund, or it has failed already.
    pub fn settle_refund(&self, refund: &str, succeeds: bool) {
        refunds::settle(&mut self.parts.world(), refund, succeeds);
    }

    /// The payer asks the bank for the money back; gives the dispute's id.
    ///
    /// # Panics
    /// When there is no such charge.
    pub fn dispute(&self, charge: &str, reason: &str) -> String {
        self.dispute_as(charge, reason, DisputePlan::Whole)
    }

    /// The same, as planned.
    ///
    /// # Panics
    /// When there is no such charge.
    pub fn dispute_as(&self, charge: &str, reason: &str, plan: DisputePlan) -> String {
        money::dispute(&mut self.parts.world(), charge, (reason, plan))
    }

    /// The bank looks again at what it decided.
    ///
    /// # Panics
    /// When there is no such dispute.
    pub fn reopen_dispute(&self, dispute: &str) {
        money::reopen_dispute(&mut self.parts.world(), dispute);
    }

    /// The bank decides.
    ///
    /// # Panics
    /// When there is no such dispute.
    pub fn close_dispute(&self, dispute: &str, won: bool) {
        money::close_dispute(&mut self.parts.world(), dispute, won);
    }

    /// Pays out what is available; gives the payout's id, or nothing when nothing is.
    pub fn pay_out(&self) -> Option<String> {
        money::pay_out(&mut self.parts.world())
    }

    /// The bookings that are in no payout, oldest first.
    pub fn in_balance(&self) -> Vec<Value> {
        money::in_balance(&self.parts.world())
    }

    /// A payout arrives at the bank, or comes back.
    ///
    /// # Panics
    /// When there is no such payout.
    pub fn settle_payout(&self, payout: &str, succeeds: bool) {
        money::settle_payout(&mut self.parts.world(), payout, succeeds);
    }

    /// The next request to that endpoint, such as `POST /v1/refunds`, goes wrong.
    ///
    /// # Panics
    /// When there is no such endpoint.
    pub fn fail_next(&self, endpoint: &str, fault: Fault) {
        assert!(routes::is_endpoint(endpoint), "there is no endpoint {endpoint}");
        lock(&self.parts.faults).add(endpoint, fault);
    }

    /// Webhooks that were not taken yet, in the order of their events, signed at this moment with
    /// every secret in use. A test sends them when, as often, and in the order that it wants.
    pub fn take_webhooks(&self) -> Vec<Webhook> {
        signing::take(&self.parts)
    }

    /// A webhook of an event that was taken before, signed anew, as a retry is.
    ///
    /// # Panics
    /// When there is no such event.
    pub fn webhook_again(&self, event: &str) -> Webhook {
        signing::again(&self.parts, event)
    }

    /// Changes the secrets that webhooks are signed with: two while one takes over.
    pub fn set_webhook_secrets(&self, secrets: &[&str]) {
        *lock(&self.parts.secrets) = secrets.iter().map(|&secret| secret.to_owned()).collect();
    }

    /// Everything that was asked of the API so far.
    pub fn recorded(&self) -> Vec<Recorded> {
        lock(&self.parts.recorded).clone()
    }
}

/// How the page goes on after a card was entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paid {
    /// The payer is sent back to this address.
    Done(String),
    /// The payer is to authenticate.
    MustAuthenticate,
    /// Another card may be tried; the bank's reason.
    Declined(String),
}
