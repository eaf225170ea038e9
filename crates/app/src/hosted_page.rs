//! The page for payers of a processor that has none of its own: the sandbox's. What is done on it
//! reaches the payment as it would from any other processor, by a webhook.

pub use almoner_gateways::processor::HostedStep;
pub use almoner_gateways::processor::sandbox::CARDS;
