//! Reports: each as a page and as files, which are noted in the audit log before they leave.

pub(crate) mod aging;
pub(crate) mod books;
pub(crate) mod collections;
pub(crate) mod count;
pub(crate) mod day_close;
