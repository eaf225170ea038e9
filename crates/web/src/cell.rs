//! The cells of files for spreadsheets, whichever way they are written.

use almoner_domain::{Money, time};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Nothing.
    Blank,
    /// Words, whoever typed them.
    Text(String),
    /// An amount, as `1234.50`.
    Amount(Money),
    /// A number of things.
    Count(i64),
    /// A day.
    Date(Date),
    /// The month of a day.
    Month(Date),
    /// What the clock on the wall says.
    Moment(DateTime),
}

/// A line of cells.
pub(crate) type Line = Vec<Cell>;

impl Cell {
    /// The clinic's date at that moment.
    pub(crate) fn day(at: Timestamp, zone: &TimeZone) -> Self {
        Self::Date(time::local_date(at, zone))
    }

    /// The moment by the clinic's clock.
    pub(crate) fn moment(at: Timestamp, zone: &TimeZone) -> Self {
        Self::Moment(at.to_zoned_datetime(zone.clone()).datetime())
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Money> for Cell {
    fn from(amount: Money) -> Self {
        Self::Amount(amount)
    }
}

impl From<i64> for Cell {
    fn from(count: i64) -> Self {
        Self::Count(count)
    }
}

impl From<Date> for Cell {
    fn from(date: Date) -> Self {
        Self::Date(date)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(cell: Option<T>) -> Self {
        cell.map_or(Self::Blank, Into::into)
    }
}

/// A line of cells: `row!["Cash", amount, count]`.
macro_rules! row {
    ($($cell:expr),* $(,)?) => { vec![$($crate::cell::Cell::from($cell)),*] };
}
pub(crate) use row;
