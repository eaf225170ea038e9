//! Eligibility checks.

mod benefits;
pub(crate) mod detail;
pub(crate) mod import;
pub(crate) mod list;
mod words;

pub(crate) use words::sentence;
