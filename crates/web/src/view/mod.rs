//! How every page looks: a page is a struct, a template and samples.
//!
//! A handler extracts, calls one use case and fills one of these structs; it never writes HTML.
//! Nothing here knows of the database or of a request. Amounts, statuses and ids are the
//! domain's own values; moments and dates come as the text that people read, in the time zone
//! that applies to them.
//!
//! To add a page: write the struct with `#[derive(Template)]` in the module of its subject, the
//! template of the same name under `templates/`, [`Samples`] with the usual, the empty and the
//! most extreme state, and a line in [`rendered_samples`]. A test renders every sample and
//! checks what every page must keep: one heading, labels, unique ids, no inline style.

pub(crate) mod api_docs;
pub(crate) mod audit;
pub(crate) mod chart;
pub(crate) mod duplicates;
pub(crate) mod eligibility;
pub(crate) mod eligibility_settings;
pub(crate) mod error;
pub(crate) mod imports;
pub(crate) mod inquiries;
pub(crate) mod jobs;
pub(crate) mod jump;
pub(crate) mod parts;
pub(crate) mod patients;
pub(crate) mod pay;
pub(crate) mod payments;
pub(crate) mod payouts;
pub(crate) mod query;
pub(crate) mod reminder_settings;
pub(crate) mod reports;
mod samples;
pub(crate) mod sandbox;
pub(crate) mod settings;
pub(crate) mod sign_in;
pub(crate) mod treatments;
pub(crate) mod webhooks;

#[cfg(test)]
mod tests;

pub use samples::{rendered_samples, sample_list, sample_receipts};

/// A page that can show itself in several states, for tests and photographs.
pub(crate) trait Samples: Sized {
    /// Each state with its name, such as `empty`.
    fn samples() -> Vec<(&'static str, Self)>;
}
