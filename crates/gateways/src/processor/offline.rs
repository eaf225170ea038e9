//! No processor: the clinic takes only tenders by hand.

use almoner_domain::Money;

use super::{Answer, Processor, ProcessorError, RefundAnswer};

/// Refuses everything.
#[derive(Debug, Clone, Copy)]
pub struct Offline;

impl Processor for Offline {
    fn name(&self) -> &'static str {
        "offline"
    }

    fn is_test_money(&self) -> bool {
        false
    }

    fn release<'a>(&'a self, _reference: &'a str) -> Answer<'a, ()> {
        Box::pin(async { Err(ProcessorError::NotSupported) })
    }

    fn refund<'a>(&'a self, _reference: &'a str, _amount: Money) -> Answer<'a, RefundAnswer> {
        Box::pin(async { Err(ProcessorError::NotSupported) })
    }
}
