//! The pages of payments.

mod asking;
pub(crate) mod create;
pub(crate) mod detail;
pub(crate) mod documents;
pub(crate) mod edit;
mod entry;
pub(crate) mod exceptions;
pub(crate) mod export;
pub(crate) mod history;
pub(crate) mod kept;
pub(crate) mod link;
pub(crate) mod list;
pub(crate) mod list_query;
mod mails;
pub(crate) mod notes;
pub(crate) mod panel;
mod panel_entry;
pub(crate) mod picked;
pub(crate) mod receipts;
pub(crate) mod refund;
pub(crate) mod reversal;
pub(crate) mod status;
pub(crate) mod views;
