//! Pages of payments.

pub(crate) mod detail;
pub(crate) mod documents;
pub(crate) mod edit;
pub(crate) mod estimate;
pub(crate) mod exceptions;
pub(crate) mod link;
pub(crate) mod list;
pub(crate) mod mails;
pub(crate) mod new;
pub(crate) mod picked;
pub(crate) mod receipt;
pub(crate) mod refund;
pub(crate) mod status;
pub(crate) mod views;
