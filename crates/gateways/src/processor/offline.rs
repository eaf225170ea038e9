//! No processor: the clinic takes only tenders by hand.

use super::Processor;

/// Does nothing that has to do with cards.
#[derive(Debug, Clone, Copy)]
pub struct Offline;

impl Processor for Offline {
    fn name(&self) -> &'static str {
        "none"
    }

    fn is_test_money(&self) -> bool {
        false
    }

    fn takes_cards(&self) -> bool {
        false
    }
}
