//! What a page of the payments list is asked for: filter, search, order, place.

use jiff::civil::Date;

use crate::ids::LocationId;
use crate::money::Money;
use crate::name;
use crate::payment::PaymentType;
use crate::status::Status;

/// The numbers of rows that a page may have.
pub const PAGE_SIZES: [i64; 3] = [25, 50, 100];
/// The number of rows when nothing is said.
pub const DEFAULT_PAGE_SIZE: i64 = 50;
/// Totals under filters that have no kept count are exact up to here.
pub const MAX_EXACT_TOTAL: i64 = 10_000;
/// The longest search text that is looked at, in bytes.
pub const MAX_SEARCH_BYTES: usize = 200;

/// What a list is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sort {
    /// When the payment was created.
    Created,
    /// How much.
    Amount,
    /// When it is due; payments without a due date come last in both directions.
    Due,
    /// The status, in its own order, then when created.
    Status,
    /// The patient's last, then first name.
    Patient,
}

/// Which way a list runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Greatest first.
    Descending,
}

impl Direction {
    /// The other way.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }

    /// `asc` or `desc`, as URLs and the database say it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ascending => "asc",
            Self::Descending => "desc",
        }
    }
}

impl Sort {
    /// All five.
    pub const ALL: [Self; 5] =
        [Self::Created, Self::Amount, Self::Due, Self::Status, Self::Patient];

    /// The name in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Amount => "amount",
            Self::Due => "due",
            Self::Status => "status",
            Self::Patient => "patient",
        }
    }

    /// The order with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == name)
    }

    /// The direction when none is said: newest and largest first, the rest from the beginning.
    pub fn default_direction(self) -> Direction {
        match self {
            Self::Created | Self::Amount => Direction::Descending,
            Self::Due | Self::Status | Self::Patient => Direction::Ascending,
        }
    }
}

/// A range that includes both ends; a missing end is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span<T> {
    /// The first that counts.
    pub from: Option<T>,
    /// The last that counts.
    pub to: Option<T>,
}

impl<T> Default for Span<T> {
    fn default() -> Self {
        Self { from: None, to: None }
    }
}

impl<T> Span<T> {
    /// Whether both ends are open.
    pub fn is_open(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }
}

/// Which due dates are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DueFilter {
    /// Due within; an open range lists those without a due date too.
    Within(Span<Date>),
    /// Without a due date.
    Without,
}

impl Default for DueFilter {
    fn default() -> Self {
        Self::Within(Span::default())
    }
}

impl DueFilter {
    /// Whether all are listed.
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }
}

/// Which payments are listed; empty means all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Any of these statuses.
    pub statuses: Vec<Status>,
    /// Any of these locations.
    pub locations: Vec<LocationId>,
    /// This payment type.
    pub kind: Option<PaymentType>,
    /// When they are due.
    pub due: DueFilter,
    /// Created within, by the organization's dates.
    pub created: Span<Date>,
    /// Paid within, by the organization's dates.
    pub paid: Span<Date>,
    /// An amount within.
    pub amount: Span<Money>,
    /// Only what is overdue.
    pub overdue: bool,
}

impl Filter {
    /// Whether only status and location narrow the list, for which counts are kept.
    pub fn is_plain(&self) -> bool {
        self.kind.is_none()
            && self.due.is_open()
            && self.created.is_open()
            && self.paid.is_open()
            && self.amount.is_open()
            && !self.overdue
    }
}

/// What is searched for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Search {
    /// Nothing: all are listed.
    #[default]
    All,
    /// Those whose number begins with these digits, leading zeros dropped.
    Id(i64),
    /// Those of patients whose name has all these words.
    Name(Vec<String>),
    /// What nothing can match, such as digits beyond any number.
    Nothing,
}

impl Search {
    /// Reads what was typed: digits, alone or after `PAY` or `PAY-`, search ids; the rest names.
    pub fn parse(text: &str) -> Self {
        Self::parse_as("pay", text)
    }

    /// The same for ids of another kind, such as `elg`.
    pub fn parse_as(kind: &str, text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::All;
        }
        if text.len() > MAX_SEARCH_BYTES {
            return Self::Nothing;
        }
        let head = text.get(..kind.len()).filter(|head| head.eq_ignore_ascii_case(kind));
        let rest = if head.is_some() { text[kind.len()..].trim_start() } else { text };
        let digits = if head.is_some() { rest.strip_prefix('-').unwrap_or(rest) } else { rest };
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            let significant = digits.trim_start_matches('0');
            return significant.parse().map_or(Self::Nothing, Self::Id);
        }
        let words = name::search_words(text);
        if words.is_empty() { Self::Nothing } else { Self::Name(words) }
    }
}

/// Whether the decimal form of `number` begins with that of `prefix`.
pub fn begins_with(number: i64, prefix: i64) -> bool {
    number.to_string().starts_with(&prefix.to_string())
}

/// The ranges of numbers whose decimal form begins with that of `prefix`, both ends included.
pub fn prefix_ranges(prefix: i64) -> Vec<(i64, i64)> {
    let mut ranges = Vec::new();
    let (mut low, mut high) = (Some(prefix), Some(prefix));
    while let (Some(from), Some(to)) = (low, high) {
        ranges.push((from, to));
        low = from.checked_mul(10);
        high = to.checked_mul(10).and_then(|to| to.checked_add(9));
    }
    ranges
}

/// A row that a page begins after or ends before. It carries no name: the database looks the
/// patient's up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// The sort key's number as it was shown; `None` where it is looked up.
    pub key: Option<i64>,
    /// The rank of the row's status.
    pub rank: i64,
    /// The payment's number.
    pub seq: i64,
}

/// Which page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Place {
    /// The first page.
    #[default]
    First,
    /// The last page.
    Last,
    /// The page that follows this row.
    After(Cursor),
    /// The page that precedes this row.
    Before(Cursor),
    /// The page with this number, from one.
    Number(i64),
}

/// All that a page of the list is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageRequest {
    /// Which payments.
    pub filter: Filter,
    /// What is searched for.
    pub search: Search,
    /// The order.
    pub sort: Sort,
    /// Its direction.
    pub direction: Direction,
    /// Rows on a page.
    pub per_page: i64,
    /// Which page.
    pub place: Place,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self {
            filter: Filter::default(),
            search: Search::All,
            sort: Sort::Created,
            direction: Sort::Created.default_direction(),
            per_page: DEFAULT_PAGE_SIZE,
            place: Place::First,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn digits_search_ids_and_the_rest_names() {
        for text in ["12", "PAY-012", "pay12", " Pay - 12", "PAY 0012"] {
            let expected = if text == " Pay - 12" {
                Search::Name(vec!["pay".to_owned(), "12".to_owned()])
            } else {
                Search::Id(12)
            };
            assert_eq!(Search::parse(text), expected, "{text}");
        }
        assert_eq!(Search::parse("  "), Search::All);
        assert_eq!(Search::parse("0"), Search::Nothing);
        assert_eq!(Search::parse("99999999999999999999"), Search::Nothing);
        assert_eq!(Search::parse("!!"), Search::Nothing);
        assert_eq!(Search::parse("pay"), Search::Name(vec!["pay".to_owned()]));
        assert_eq!(Search::parse("O'Brien"), Search::Name(vec!["obrien".to_owned()]));
        assert_eq!(Search::parse_as("elg", "ELG-7"), Search::Id(7));
        let words = vec!["pay".to_owned(), "7".to_owned()];
        assert_eq!(Search::parse_as("elg", "PAY-7"), Search::Name(words));
    }

    proptest! {
        #[test]
        fn ranges_hold_exactly_the_numbers_that_begin_alike(
            prefix in 1..5000_i64, number in 1..3_000_000_i64,
        ) {
            let inside = prefix_ranges(prefix).iter().any(|&(from, to)| {
                (from..=to).contains(&number)
            });
            prop_assert_eq!(inside, begins_with(number, prefix));
        }

        #[test]
        fn reading_a_search_never_panics(text in "\\PC{0,60}") {
            let _ = Search::parse(&text);
        }
    }
}
