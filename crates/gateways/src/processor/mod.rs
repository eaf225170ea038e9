//! Processors of card payments.

mod offline;
mod sandbox;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use almoner_domain::Money;

pub use offline::Offline;
pub use sandbox::Sandbox;

/// What a processor answers in its own time.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, ProcessorError>> + Send + 'a>>;

/// Why a processor gave no answer that can be acted upon.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProcessorError {
    /// It has no such thing to do.
    #[error("this clinic has no card processor")]
    NotSupported,
    /// Whether it did anything is unknown; it is to be asked again.
    #[error("the processor did not answer; it will be asked again")]
    Unknown,
}

/// How a refund stands at the processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundAnswer {
    /// Under way.
    Pending,
    /// The payer has it.
    Settled,
    /// It came back.
    Failed,
}

/// A party that takes card payments for the clinic. References are ours and opaque to it.
pub trait Processor: Send + Sync {
    /// The name that is stored with attempts.
    fn name(&self) -> &'static str;

    /// Whether its money is invented, which every page says.
    fn is_test_money(&self) -> bool;

    /// Lets a held authorization go. Asking twice does no harm.
    fn release<'a>(&'a self, reference: &'a str) -> Answer<'a, ()>;

    /// Gives `amount` back under our `reference`; the same reference again only asks how it
    /// stands.
    fn refund<'a>(&'a self, reference: &'a str, amount: Money) -> Answer<'a, RefundAnswer>;
}

/// The processor that settings name.
pub fn by_name(name: &str) -> Option<Arc<dyn Processor>> {
    match name {
        "sandbox" => Some(Arc::new(Sandbox)),
        "offline" => Some(Arc::new(Offline)),
        _ => None,
    }
}
