//! A processor of invented money, for the demo and for trying things out.

use jiff::Timestamp;

use super::{
    Answer, Attempt, AttemptKey, AttemptStanding, Processor, Refund, RefundFailure, RefundOrder,
    RefundStanding,
};

/// Refunds that end with these cents fail, so that a failure can be tried out.
const FAILING_CENTS: i64 = 13;

/// The currency of invented money.
const CURRENCY: &str = "USD";

/// Answers at once and forgets: what it says follows from what it is asked alone, so that the
/// same question always has the same answer.
#[derive(Debug, Clone, Copy)]
pub struct Sandbox;

impl Processor for Sandbox {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn is_test_money(&self) -> bool {
        true
    }

    fn expire<'a>(&'a self, key: AttemptKey<'a>) -> Answer<'a, Attempt> {
        ended(key, AttemptStanding::Expired)
    }

    fn release<'a>(&'a self, key: AttemptKey<'a>) -> Answer<'a, Attempt> {
        ended(key, AttemptStanding::Released)
    }

    fn refund<'a>(&'a self, order: RefundOrder<'a>, _now: Timestamp) -> Answer<'a, Refund> {
        let fails = order.amount.cents() % 100 == FAILING_CENTS;
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
        Box::pin(async move { Ok(refund) })
    }
}

fn ended(key: AttemptKey<'_>, standing: AttemptStanding) -> Answer<'_, Attempt> {
    let attempt = Attempt {
        reference: Some(key.reference.to_owned()),
        session: key.session.map(str::to_owned),
        payment: None,
        standing,
    };
    Box::pin(async move { Ok(attempt) })
}
