//! A processor that is measured.

use jiff::Timestamp;

use super::{Measured, measured};
use crate::processor::{
    Answer, Attempt, AttemptKey, BeginPayment, Begun, Delivery, Dispute, Event, Fact, Hosted,
    Movement, Object, Page, Payout, Processor, Refund, RefundKey, RefundOrder, WebhookRefusal,
};

const PARTY: &str = "processor";

impl Processor for Measured<dyn Processor> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn is_test_money(&self) -> bool {
        self.0.is_test_money()
    }

    fn takes_cards(&self) -> bool {
        self.0.takes_cards()
    }

    fn page_origin(&self) -> Option<&str> {
        self.0.page_origin()
    }

    fn hosted(&self) -> Option<&dyn Hosted> {
        self.0.hosted()
    }

    fn begin<'a>(&'a self, order: BeginPayment<'a>, now: Timestamp) -> Answer<'a, Begun> {
        Box::pin(measured((PARTY, "begin"), self.0.begin(order, now)))
    }

    fn attempt<'a>(&'a self, key: AttemptKey<'a>) -> Answer<'a, Attempt> {
        Box::pin(measured((PARTY, "attempt"), self.0.attempt(key)))
    }

    fn expire<'a>(&'a self, key: AttemptKey<'a>) -> Answer<'a, Attempt> {
        Box::pin(measured((PARTY, "expire"), self.0.expire(key)))
    }

    fn capture<'a>(&'a self, key: AttemptKey<'a>) -> Answer<'a, Attempt> {
        Box::pin(measured((PARTY, "capture"), self.0.capture(key)))
    }

    fn release<'a>(&'a self, key: AttemptKey<'a>) -> Answer<'a, Attempt> {
        Box::pin(measured((PARTY, "release"), self.0.release(key)))
    }

    fn refund<'a>(&'a self, order: RefundOrder<'a>, now: Timestamp) -> Answer<'a, Refund> {
        Box::pin(measured((PARTY, "refund"), self.0.refund(order, now)))
    }

    fn find_refund<'a>(&'a self, key: RefundKey<'a>) -> Answer<'a, Option<Refund>> {
        Box::pin(measured((PARTY, "find_refund"), self.0.find_refund(key)))
    }

    /// Nobody is asked: webhooks are counted by the use case that takes them in.
    fn verify(&self, delivery: Delivery<'_>, now: Timestamp) -> Result<Event, WebhookRefusal> {
        self.0.verify(delivery, now)
    }

    fn fetch<'a>(&'a self, object: &'a Object) -> Answer<'a, Fact> {
        Box::pin(measured((PARTY, "fetch"), self.0.fetch(object)))
    }

    fn events<'a>(&'a self, since: Timestamp, after: Option<&'a str>) -> Answer<'a, Page<Event>> {
        Box::pin(measured((PARTY, "events"), self.0.events(since, after)))
    }

    fn payouts<'a>(
        &'a self,
        (since, now): (Timestamp, Timestamp),
        after: Option<&'a str>,
    ) -> Answer<'a, Page<Payout>> {
        Box::pin(measured((PARTY, "payouts"), self.0.payouts((since, now), after)))
    }

    fn movements<'a>(
        &'a self,
        payout: &'a str,
        after: Option<&'a str>,
    ) -> Answer<'a, Page<Movement>> {
        Box::pin(measured((PARTY, "movements"), self.0.movements(payout, after)))
    }

    fn disputes<'a>(
        &'a self,
        since: Timestamp,
        after: Option<&'a str>,
    ) -> Answer<'a, Page<Dispute>> {
        Box::pin(measured((PARTY, "disputes"), self.0.disputes(since, after)))
    }
}
