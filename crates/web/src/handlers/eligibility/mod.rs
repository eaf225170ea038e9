//! Eligibility checks.

pub(crate) mod asked;
mod benefits;
pub(crate) mod detail;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod run;
mod words;
