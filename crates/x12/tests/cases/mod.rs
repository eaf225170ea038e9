//! The cases, by what they are about.

mod common;
mod envelopes;
mod fixtures;
mod hostile;
mod quirks;
