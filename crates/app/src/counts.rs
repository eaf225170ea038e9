//! What is counted of the clinic's work, for those who watch the program: how often, and never who
//! or how much. Names and labels are words of our own, so that there are few of them.
//!
//! What is written counts by [`almoner_store::Tx::count`], once it is kept.

use almoner_domain::Status;
use almoner_domain::estimate::Outcome;
use metrics::{Counter, counter};

/// A payment came into a status; `from` is none for a new one.
pub(crate) fn transition(from: Option<Status>, to: Status) -> Counter {
    let from = from.map_or("none", Status::as_str);
    counter!("almoner_payment_transitions_total", "from" => from, "to" => to.as_str())
}

/// A refund was made, by hand or to be carried out by the processor.
pub(crate) fn refund(by_hand: bool) -> Counter {
    let way = if by_hand { "by_hand" } else { "processor" };
    counter!("almoner_refunds_total", "way" => way)
}

/// A payer's answer became a check.
pub(crate) fn check_imported(outcome: Outcome) -> Counter {
    counter!("almoner_checks_imported_total", "outcome" => outcome.as_str())
}

/// A payer opened a link that leads to something.
pub(crate) fn link_opened() -> Counter {
    counter!("almoner_links_opened_total")
}

/// Somebody tried to sign in.
pub(crate) fn sign_in(outcome: &'static str) -> Counter {
    counter!("almoner_sign_ins_total", "outcome" => outcome)
}

/// The processor told of something.
pub(crate) fn webhook(outcome: &'static str) -> Counter {
    counter!("almoner_webhooks_total", "outcome" => outcome)
}
