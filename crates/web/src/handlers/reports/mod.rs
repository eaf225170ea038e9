//! Reports: each as a page and as CSV, which is noted in the audit log before it leaves.

pub(crate) mod aging;
pub(crate) mod collections;
pub(crate) mod count;
pub(crate) mod day_close;
