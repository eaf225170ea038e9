//! A processor of invented money, for the demo and for trying things out.
//!
//! It goes the way of a real one: a page of its own on which a card's number is typed, attempts
//! that are asked about, and signed webhooks. What it knows is gone with the program; an attempt
//! that was under way then counts as never paid.

mod balance;
mod cards;
mod webhooks;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use almoner_domain::ambient::{Entropy, SystemEntropy};
use almoner_domain::{Money, text};
use jiff::Timestamp;

use super::{
    Answer, Attempt, AttemptKey, AttemptStanding, BeginPayment, Begun, Capture, Decline, Delivery,
    Event, Fact, Hosted, HostedPage, HostedStep, Movement, MovementKind, Object, ObjectKind,
    Page as Part, Payout, Processor, Refund, RefundFailure, RefundOrder, RefundStanding,
    WebhookRefusal,
};
use crate::Secret;
use balance::{Balance, Booking};

pub use cards::{CARDS, Card};
pub use webhooks::SIGNATURE_HEADER;

/// Refunds that end with these cents fail, so that a failure can be tried out.
const FAILING_CENTS: i64 = 13;
/// How payments are called whose refunds fail.
const NO_REFUNDS: &str = "no-refunds-";
/// The currency of invented money.
const CURRENCY: &str = "USD";
/// All of its money is invented.
const IS_TEST_MONEY: bool = true;
/// How long a slow card takes.
const SLOW: Duration = Duration::from_secs(8);
/// Attempts that are remembered at most; the oldest is forgotten first.
const MAX_PAGES: usize = 10_000;

/// The processor. Each is an account of its own.
#[derive(Debug, Clone)]
pub struct Sandbox {
    pages: Arc<Mutex<Pages>>,
    secret: Secret,
    /// How long a slow card takes.
    slow: Duration,
}

#[derive(Debug, Default)]
struct Pages {
    by_session: BTreeMap<String, Page>,
    begun: u64,
    balance: Balance,
}

/// A page on which a payer pays.
#[derive(Debug, Clone)]
struct Page {
    number: u64,
    reference: String,
    amount: Money,
    clinic: String,
    return_url: String,
    cancel_url: String,
    expires_at: Timestamp,
    standing: AttemptStanding,
    /// The bank waits for the payer's answer.
    asks: bool,
    /// How often it changed, which tells events apart.
    changes: u32,
}

impl Default for Sandbox {
    fn default() -> Self {
        let mut secret = [0; 32];
        SystemEntropy.fill(&mut secret);
        let secret = Secret::new(text::hex(&secret));
        Self { pages: Arc::default(), secret, slow: SLOW }
    }
}

impl Sandbox {
    fn with<T>(&self, act: impl FnOnce(&mut Pages) -> T) -> T {
        act(&mut self.pages.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes a page that is open, and tells of it when the attempt went on.
    fn change(
        &self,
        session: &str,
        now: Timestamp,
        act: impl FnOnce(&mut Page) -> Option<AttemptStanding>,
    ) -> Option<HostedPage> {
        let (shown, told) = self.with(|pages| {
            let page = pages.by_session.get_mut(session)?;
            page.end_when_due(now);
            let mut told = None;
            if page.is_open()
                && let Some(standing) = act(page)
            {
                page.standing = standing;
                page.changes += 1;
                told = Some(page.clone());
            }
            let shown = page.shown();
            if let Some(page) = &told {
                pages.book(page);
            }
            Some((shown, told))
        })?;
        if let Some(page) = told {
            self.tell(session, &page, now);
        }
        Some(shown)
    }

    /// Sends the webhook of a page that changed.
    fn tell(&self, session: &str, page: &Page, now: Timestamp) {
        let Ok(url) = reqwest::Url::parse(&page.return_url) else {
            return;
        };
        let origin = url.origin().ascii_serialization();
        let told = (session.to_owned(), format!("evt_{session}_{}", page.changes));
        tokio::spawn(webhooks::send(origin, self.secret.clone(), told, now));
    }

    /// Ends what is under way after a while.
    fn end_later(&self, session: &str, ends: AttemptStanding, now: Timestamp) {
        let (sandbox, session) = (self.clone(), session.to_owned());
        tokio::spawn(async move {
            tokio::time::sleep(sandbox.slow).await;
            let page = sandbox.with(|pages| {
                let page = pages.by_session.get_mut(&session)?;
                page.standing = ends;
                page.changes += 1;
                let page = page.clone();
                pages.book(&page);
                Some(page)
            });
            if let Some(page) = page {
                sandbox.tell(&session, &page, now);
            }
        });
    }

    fn attempt_of(&self, session: &str) -> Option<Attempt> {
        self.with(|pages| {
            let page = pages.by_session.get(session)?;
            Some(Attempt {
                reference: Some(page.reference.clone()),
                session: Some(session.to_owned()),
                payment: match &page.standing {
                    AttemptStanding::Captured(capture) => Some(capture.payment.clone()),
                    _ => None,
                },
                standing: page.standing.clone(),
            })
        })
    }
}

impl Page {
    fn is_open(&self) -> bool {
        matches!(self.standing, AttemptStanding::Open { .. })
    }

    fn end_when_due(&mut self, now: Timestamp) {
        if self.is_open() && now >= self.expires_at {
            self.standing = AttemptStanding::Expired;
        }
    }

    fn declined(&mut self, decline: Decline) {
        self.asks = false;
        if let AttemptStanding::Open { declined, .. } = &mut self.standing {
            *declined = Some(decline);
        }
    }

    fn captured(&self, kind: &str, now: Timestamp) -> AttemptStanding {
        let payment = format!("{kind}pay_{}", self.reference);
        AttemptStanding::Captured(Capture {
            amount: self.amount,
            currency: CURRENCY.to_owned(),
            fee: Some(balance::fee(self.amount)),
            charge: payment.clone(),
            payment,
            paid_at: now,
        })
    }

    fn shown(&self) -> HostedPage {
        let step = match &self.standing {
            AttemptStanding::Open { .. } if self.asks => HostedStep::Confirm,
            AttemptStanding::Open { declined, .. } => HostedStep::Card(*declined),
            _ => HostedStep::Done(self.return_url.clone()),
        };
        HostedPage {
            clinic: self.clinic.clone(),
            amount: self.amount,
            cancel_url: self.cancel_url.clone(),
            step,
        }
    }
}

impl Hosted for Sandbox {
    fn page(&self, session: &str) -> Option<HostedPage> {
        self.with(|pages| pages.by_session.get(session).map(Page::shown))
    }

    fn give_card(&self, session: &str, number: &str, now: Timestamp) -> Option<HostedPage> {
        let mut later = None;
        let shown = self.change(session, now, |page| match cards::card(number) {
            Card::Pays => Some(page.captured("", now)),
            Card::RefundsFail => Some(page.captured(NO_REFUNDS, now)),
            Card::Refused(decline) => {
                page.declined(decline);
                None
            }
            Card::Asks => {
                page.asks = true;
                None
            }
            Card::PaysLate => {
                later = Some(page.captured("", now));
                Some(AttemptStanding::UnderWay)
            }
            Card::RefusedLate => {
                later = Some(AttemptStanding::Failed(Decline::Declined));
                Some(AttemptStanding::UnderWay)
            }
        });
        if let Some(ends) = later {
            self.end_later(session, ends, now);
        }
        shown
    }

    fn confirm(&self, session: &str, approves: bool, now: Timestamp) -> Option<HostedPage> {
        self.change(session, now, |page| match (page.asks, approves) {
            (false, _) => None,
            (true, true) => Some(page.captured("", now)),
            (true, false) => {
                page.declined(Decline::NotAuthenticated);
                None
            }
        })
    }
}

impl Processor for Sandbox {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn is_test_money(&self) -> bool {
        true
    }

    fn hosted(&self) -> Option<&dyn Hosted> {
        Some(self)
    }

    fn begin<'a>(&'a self, order: BeginPayment<'a>, _now: Timestamp) -> Answer<'a, Begun> {
        let session = format!("sbx_{}", order.reference);
        let url = format!("/sandbox/{session}");
        let begun = Begun { session: session.clone(), url, expires_at: order.expires_at };
        self.with(|pages| pages.begin(session, order));
        Box::pin(async move { Ok(begun) })
    }

    fn attempt<'a>(&'a self, key: AttemptKey<'a>) -> Answer<'a, Attempt> {
        let missing = Attempt {
            reference: Some(key.reference.to_owned()),
            session: None,
            payment: None,
            standing: AttemptStanding::Missing,
        };
        let known = key.session.and_then(|session| self.attempt_of(session));
        Box::pin(async move { Ok(known.unwrap_or(missing)) })
    }

    fn expire<'a>(&'a self, key: AttemptKey<'a>) -> Answer<'a, Attempt> {
        self.end(key, AttemptStanding::Expired)
    }

    fn release<'a>(&'a self, key: AttemptKey<'a>) -> Answer<'a, Attempt> {
        self.end(key, AttemptStanding::Released)
    }

    fn refund<'a>(&'a self, order: RefundOrder<'a>, now: Timestamp) -> Answer<'a, Refund> {
        let never = order.payment.is_some_and(|payment| payment.starts_with(NO_REFUNDS));
        let fails = never || order.amount.cents() % 100 == FAILING_CENTS;
        let failed = RefundStanding::Failed(RefundFailure::Declined);
        let refund = Refund {
            id: format!("sandbox-{}", order.reference),
            reference: Some(order.reference.to_owned()),
            payment: order.payment.map(str::to_owned),
            charge: None,
            amount: order.amount,
            currency: CURRENCY.to_owned(),
            standing: if fails { failed } else { RefundStanding::Settled },
        };
        if !fails {
            let payment = order.payment.unwrap_or_default();
            self.gave_back((&refund.id, order.reference, payment), order.amount, now);
        }
        Box::pin(async move { Ok(refund) })
    }

    fn payouts<'a>(
        &'a self,
        within: (Timestamp, Timestamp),
        _after: Option<&'a str>,
    ) -> Answer<'a, Part<Payout>> {
        let page = self.with(|pages| pages.balance.payouts(within));
        Box::pin(async move { Ok(page) })
    }

    fn movements<'a>(
        &'a self,
        payout: &'a str,
        _after: Option<&'a str>,
    ) -> Answer<'a, Part<Movement>> {
        let page = self.with(|pages| pages.balance.movements(payout));
        Box::pin(async move { Ok(page) })
    }

    fn verify(&self, delivery: Delivery<'_>, now: Timestamp) -> Result<Event, WebhookRefusal> {
        webhooks::verify(delivery, now, &self.secret)
    }

    fn fetch<'a>(&'a self, object: &'a Object) -> Answer<'a, Fact> {
        let found = match object.kind {
            ObjectKind::Session => self.attempt_of(&object.id).map_or(Fact::Missing, Fact::Attempt),
            _ => Fact::NotOurs,
        };
        Box::pin(async move { Ok(found) })
    }
}

impl Sandbox {
    /// Takes money that a history, which no page of this sandbox knows, says was taken.
    pub fn took(&self, reference: &str, amount: Money, at: Timestamp) {
        let payment = format!("pay_{reference}");
        let (source, payment) = (&*payment, &*payment);
        let kind = MovementKind::Payment;
        let booking = Booking { kind, amount, source, payment, reference, at };
        self.with(|pages| pages.balance.book(&booking));
    }

    /// Gives back money that such a history says was given back.
    pub fn gave(&self, reference: &str, amount: Money, at: Timestamp) {
        self.gave_back((&format!("sandbox-{reference}"), reference, ""), amount, at);
    }

    fn gave_back(
        &self,
        (source, reference, payment): (&str, &str, &str),
        amount: Money,
        at: Timestamp,
    ) {
        let (kind, amount) = (MovementKind::Refund, Money::ZERO.minus(amount));
        let booking = Booking { kind, amount, source, payment, reference, at };
        self.with(|pages| pages.balance.book(&booking));
    }

    /// Ends an attempt that nobody paid. One that is not known, because the program was started
    /// anew, ends as well.
    fn end<'a>(&'a self, key: AttemptKey<'a>, standing: AttemptStanding) -> Answer<'a, Attempt> {
        let known = key.session.and_then(|session| {
            self.with(|pages| {
                let page = pages.by_session.get_mut(session)?;
                if page.is_open() {
                    page.standing = standing.clone();
                }
                Some(())
            })?;
            self.attempt_of(session)
        });
        let ended = Attempt {
            reference: Some(key.reference.to_owned()),
            session: key.session.map(str::to_owned),
            payment: None,
            standing,
        };
        Box::pin(async move { Ok(known.unwrap_or(ended)) })
    }
}

impl Pages {
    /// Books the money of a page, if it was taken.
    fn book(&mut self, page: &Page) {
        if let AttemptStanding::Captured(capture) = &page.standing {
            self.balance.book(&Booking {
                kind: MovementKind::Payment,
                amount: capture.amount,
                source: &capture.charge,
                payment: &capture.payment,
                reference: &page.reference,
                at: capture.paid_at,
            });
        }
    }

    /// Opens a page; one that is there stays as it is.
    fn begin(&mut self, session: String, order: BeginPayment<'_>) {
        if self.by_session.contains_key(&session) {
            return;
        }
        if self.by_session.len() >= MAX_PAGES
            && let Some(oldest) = self.oldest()
        {
            self.by_session.remove(&oldest);
        }
        self.begun += 1;
        let url = format!("/sandbox/{session}");
        let page = Page {
            number: self.begun,
            reference: order.reference.to_owned(),
            amount: order.amount,
            clinic: order.clinic.to_owned(),
            return_url: order.return_url.to_owned(),
            cancel_url: order.cancel_url.to_owned(),
            expires_at: order.expires_at,
            standing: AttemptStanding::Open { url: Some(url), declined: None },
            asks: false,
            changes: 0,
        };
        self.by_session.insert(session, page);
    }

    fn oldest(&self) -> Option<String> {
        let oldest = self.by_session.iter().min_by_key(|(_, page)| page.number);
        oldest.map(|(session, _)| session.clone())
    }
}

#[cfg(test)]
mod tests;
