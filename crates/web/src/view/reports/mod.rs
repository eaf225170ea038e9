//! Reports: the day's close, collections by month, aging of what is outstanding.

pub(crate) mod aging;
pub(crate) mod collections;
pub(crate) mod day_close;
