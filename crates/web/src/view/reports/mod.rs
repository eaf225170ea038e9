//! Reports: the day's close, collections by month, aging of what is outstanding, and the
//! books of some days as files.

pub(crate) mod aging;
pub(crate) mod books;
pub(crate) mod collections;
pub(crate) mod day_close;
