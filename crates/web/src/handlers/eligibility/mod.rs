//! Eligibility checks.

mod advice;
pub(crate) mod asked;
mod benefits;
pub(crate) mod detail;
pub(crate) mod differences;
pub(crate) mod files;
pub(crate) mod import;
pub(crate) mod inbox;
pub(crate) mod list;
mod list_query;
pub(crate) mod matching;
pub(crate) mod run;
mod segments;
mod words;

pub(crate) use words::sentence;
