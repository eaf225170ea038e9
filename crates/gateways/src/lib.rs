//! The outside parties, each behind its trait.
//!
//! A gateway knows how to speak to a party and nothing of what its answers mean to us: that is
//! for the use cases. No patient data goes through a processor. To add a processor, add a file
//! under `processor/`, implement the trait, and name it in [`processor::by_name`].
//!
//! Secrets of ours are a [`Secret`], which is not printed.

pub mod clearinghouse;
pub mod collector;
pub mod files;
pub mod mail;
pub mod measured;
pub mod processor;
mod secret;
#[cfg(feature = "testing")]
pub mod testing;
mod tls;
pub mod webhooks;

pub use secret::Secret;
