//! A processor's page that this program serves itself: the sandbox's. Real ones serve their own.

use almoner_domain::Money;
use jiff::Timestamp;

use super::Decline;

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostedPage {
    /// The thing paid for.
    pub clinic: String,
    /// How much.
    pub amount: Money,
    /// Where the payer goes without paying.
    pub cancel_url: String,
    /// What there is to do.
    pub step: HostedStep,
}

/// What there is to do on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostedStep {
    /// The card's number is asked for; why the last one was refused.
    Card(Option<Decline>),
    /// The bank asks whether it is really the payer.
    Confirm,
    /// Nothing; the payer goes back to this address.
    Done(String),
}

/// A processor whose page this program serves.
pub trait Hosted: Send + Sync {
    /// The page of an attempt; `None` for an unknown one.
    fn page(&self, session: &str) -> Option<HostedPage>;

    /// The payer gives a card's number.
    fn give_card(&self, session: &str, number: &str, now: Timestamp) -> Option<HostedPage>;

    /// The payer answers the bank.
    fn confirm(&self, session: &str, approves: bool, now: Timestamp) -> Option<HostedPage>;
}
