//! Eligibility checks.

mod advice;
mod benefits;
pub(crate) mod detail;
pub(crate) mod differences;
pub(crate) mod files;
pub(crate) mod import;
pub(crate) mod inbox;
pub(crate) mod list;
mod list_query;
pub(crate) mod matching;
mod segments;
mod words;
