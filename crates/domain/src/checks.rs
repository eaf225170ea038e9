//! What a page of the list of eligibility checks is asked for: filter, search, order, place.

use jiff::civil::Date;

use crate::estimate::Outcome;
use crate::ids::CheckId;
use crate::list::{DEFAULT_PAGE_SIZE, Direction, Search, Span};

/// Payers that a list is narrowed to at most.
pub const MAX_PAYERS: usize = 20;
/// Letters of a payer's or a person's name by which checks are sorted; an index has no room for
/// all that a payer may send.
pub const MAX_KEY_LETTERS: usize = 200;

/// What a list of checks is ordered by. Of equals, the newest come first in the usual direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CheckSort {
    /// When the payer answered.
    Checked,
    /// The patient's name; before a check is matched, the name that the payer gave.
    Patient,
    /// The payer's name.
    Payer,
    /// The outcome, in its own order.
    Outcome,
}

impl CheckSort {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Checked, Self::Patient, Self::Payer, Self::Outcome];

    /// The name in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Checked => "checked",
            Self::Patient => "patient",
            Self::Payer => "payer",
            Self::Outcome => "outcome",
        }
    }

    /// The order with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == name)
    }

    /// The direction when none is said: newest first, the rest from the beginning.
    pub fn default_direction(self) -> Direction {
        match self {
            Self::Checked => Direction::Descending,
            Self::Patient | Self::Payer | Self::Outcome => Direction::Ascending,
        }
    }
}

/// Which page of a list of checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CheckPlace {
    /// The first page.
    #[default]
    First,
    /// The last page.
    Last,
    /// The page that follows this check.
    After(CheckId),
    /// The page that precedes this check.
    Before(CheckId),
    /// The page with this number, from one.
    Number(i64),
}

/// All that a page of checks is asked for; empty lists mean all.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CheckRequest {
    /// Any of these outcomes.
    pub outcomes: Vec<Outcome>,
    /// Any of these payers, by their [`payer_key`].
    pub payers: Vec<String>,
    /// Only what waits for a patient.
    pub waiting: bool,
    /// Answered by the payer within, by the organization's dates.
    pub checked: Span<Date>,
    /// What is searched for: ids, people, payers.
    pub search: Search,
    /// The order.
    pub sort: CheckSort,
    /// Its direction.
    pub direction: Direction,
    /// Rows on a page.
    pub per_page: i64,
    /// Which page.
    pub place: CheckPlace,
}

impl Default for CheckRequest {
    fn default() -> Self {
        Self {
            outcomes: Vec::new(),
            payers: Vec::new(),
            waiting: false,
            checked: Span::default(),
            search: Search::All,
            sort: CheckSort::Checked,
            direction: CheckSort::Checked.default_direction(),
            per_page: DEFAULT_PAGE_SIZE,
            place: CheckPlace::First,
        }
    }
}

/// A payer's name as lists narrow, sort and search by it: one key for all ways to write it. It is
/// never blank, so that a row without one is known to be of an earlier version.
pub fn payer_key(name: &str) -> String {
    let plain: String = crate::name::normalize(name).chars().take(MAX_KEY_LETTERS).collect();
    if plain.is_empty() { "-".to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_found_by_their_names() {
        for sort in CheckSort::ALL {
            assert_eq!(CheckSort::from_name(sort.as_str()), Some(sort));
        }
        assert_eq!(CheckSort::from_name("plan"), None);
    }

    #[test]
    fn a_payer_has_one_key_however_it_is_written() {
        assert_eq!(payer_key("SAMPLE Health-Plan, Inc."), "sample health plan inc");
        assert_eq!(payer_key("sample  health plan inc"), "sample health plan inc");
        assert_eq!(payer_key("***"), "-");
        assert_eq!(payer_key(&"é".repeat(50_000)), "e".repeat(MAX_KEY_LETTERS));
    }
}
