//! A processor of invented money, for the demo and for trying things out.

use almoner_domain::Money;

use super::{Answer, Processor, RefundAnswer};

/// Refunds that end with these cents fail, so that a failure can be tried out.
const FAILING_CENTS: i64 = 13;

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

    fn release<'a>(&'a self, _reference: &'a str) -> Answer<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn refund<'a>(&'a self, _reference: &'a str, amount: Money) -> Answer<'a, RefundAnswer> {
        let fails = amount.cents() % 100 == FAILING_CENTS;
        let answer = if fails { RefundAnswer::Failed } else { RefundAnswer::Settled };
        Box::pin(async move { Ok(answer) })
    }
}
