//! What a day brought at each location, and what was counted in its drawer.

use almoner_domain::report::{Tally, TenderSums};
use almoner_domain::{DrawerCountId, LocationId, Money};
use askama::Template;

use crate::view::Samples;
use crate::view::parts::{self, Errors, FileLinks, Shell};
use crate::view::samples;

/// A day: GET `/reports/day-close` with `day`.
#[derive(Debug, Clone, Template)]
#[template(path = "reports/day_close.html")]
pub(crate) struct DayClosePage {
    /// The frame.
    pub(crate) shell: Shell,
    /// The day as it was typed.
    pub(crate) day: String,
    /// The day as people read it.
    pub(crate) day_label: String,
    /// It has not ended.
    pub(crate) is_partial: bool,
    /// The day before.
    pub(crate) previous: String,
    /// The day after, unless it has not come yet.
    pub(crate) next: Option<String>,
    /// The same as a file.
    pub(crate) export: FileLinks,
    /// All locations together, where there are several.
    pub(crate) all: Option<DayTable>,
    /// Each location.
    pub(crate) places: Vec<PlaceDay>,
    /// Drawers may be counted.
    pub(crate) can_count: bool,
    /// What was wrong with the day; today is shown then.
    pub(crate) errors: Errors,
}

/// A location's day.
#[derive(Debug, Clone)]
pub(crate) struct PlaceDay {
    /// Which.
    pub(crate) id: LocationId,
    /// Its name.
    pub(crate) name: String,
    /// What moved; none where nothing did.
    pub(crate) table: Option<DayTable>,
    /// What should be in the drawer: cash, checks.
    pub(crate) drawer: (Money, Tally),
    /// What was counted, the newest first.
    pub(crate) counts: Vec<CountRow>,
    /// The form for another count.
    pub(crate) count_href: String,
}

/// What moved, by tender.
#[derive(Debug, Clone)]
pub(crate) struct DayTable {
    /// Each tender that moved anything.
    pub(crate) rows: Vec<(&'static str, TenderSums)>,
    /// All tenders.
    pub(crate) total: TenderSums,
    /// What the ledger has of it, by account.
    pub(crate) ledger: Vec<LedgerRow>,
}

/// An account of the ledger beside the tenders that go to it.
#[derive(Debug, Clone)]
pub(crate) struct LedgerRow {
    /// The account.
    pub(crate) label: &'static str,
    /// What the tenders come to.
    pub(crate) booked: Money,
    /// What the ledger says.
    pub(crate) ledger: Money,
}

impl DayTable {
    pub(crate) fn agrees(&self) -> bool {
        self.ledger.iter().all(|row| row.booked == row.ledger)
    }

    pub(crate) fn in_ledger(&self) -> Money {
        self.ledger.iter().map(|row| row.ledger).sum()
    }
}

/// What was counted beside what should be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Against {
    /// The same.
    Even,
    /// So much is missing.
    Short(Money),
    /// There is so much more.
    Over(Money),
}

impl Against {
    /// Compares a count with the books.
    pub(crate) fn of(counted: Money, booked: Money) -> Self {
        match counted.cmp(&booked) {
            std::cmp::Ordering::Equal => Self::Even,
            std::cmp::Ordering::Less => Self::Short(booked.minus(counted)),
            std::cmp::Ordering::Greater => Self::Over(counted.minus(booked)),
        }
    }

    /// In words, such as `$2.00 short`.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Even => "no difference".to_owned(),
            Self::Short(money) => format!("{money} short"),
            Self::Over(money) => format!("{money} over"),
        }
    }

    pub(crate) fn is_even(self) -> bool {
        self == Self::Even
    }
}

/// A count that is kept.
#[derive(Debug, Clone)]
pub(crate) struct CountRow {
    /// Which.
    pub(crate) id: DrawerCountId,
    /// The cash.
    pub(crate) cash: Money,
    /// The cash beside the books of that moment.
    pub(crate) cash_against: Against,
    /// Checks and money orders, when they were counted.
    pub(crate) checks: Option<(Tally, Against)>,
    /// The number of checks differs, whatever their sum.
    pub(crate) check_count_off: i64,
    /// What else was said.
    pub(crate) note: Option<String>,
    /// By whom and when.
    pub(crate) by: String,
    /// What should be in the drawer changed since.
    pub(crate) is_outdated: bool,
}

impl CountRow {
    /// `1 check too few`, where the number differs.
    fn checks_off(&self) -> String {
        let off = self.check_count_off;
        let way = if off < 0 { "too few" } else { "too many" };
        format!("{} {way}", parts::plural(off.abs(), "check"))
    }
}

/// The form for a count: GET `/reports/day-close/count` with `location` and `day`; POST
/// `/reports/day-close/counts` with `key`, `location`, `day`, `cash`, `check_count`, `checks`,
/// `note`.
#[derive(Debug, Clone, Template)]
#[template(path = "reports/count.html")]
pub(crate) struct CountPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What makes a second sending the same.
    pub(crate) key: String,
    /// The location's id.
    pub(crate) location: String,
    /// The location's name.
    pub(crate) place: String,
    /// The day as it is sent.
    pub(crate) day: String,
    /// The day as people read it.
    pub(crate) day_label: String,
    /// What was typed.
    pub(crate) entry: CountFields,
    /// What was wrong.
    pub(crate) errors: Errors,
}

/// A count as it is typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct CountFields {
    /// The cash.
    pub(crate) cash: String,
    /// How many checks and money orders.
    pub(crate) check_count: String,
    /// Their sum.
    pub(crate) checks: String,
    /// What else there is to say.
    pub(crate) note: String,
}

fn tally(count: i64, cents: i64) -> Tally {
    Tally { count, amount: Money::from_cents(cents) }
}

impl DayTable {
    fn sample() -> Self {
        let cash = TenderSums {
            taken: tally(12, 148_250),
            reversed: tally(1, 2_000),
            refunded: tally(1, 4_500),
            ..TenderSums::default()
        };
        let card = TenderSums {
            taken: tally(31, 1_204_417),
            refunded: tally(2, 30_000),
            returned: tally(1, 10_000),
            ..TenderSums::default()
        };
        let row =
            |label, sums: &TenderSums| LedgerRow { label, booked: sums.net(), ledger: sums.net() };
        Self {
            ledger: vec![row("Cash", &cash), row("Card, with refunds on their way", &card)],
            total: cash.plus(&card),
            rows: vec![("Cash", cash), ("Card", card)],
        }
    }
}

impl Samples for DayClosePage {
    fn samples() -> Vec<(&'static str, Self)> {
        let count = |seq, cash, booked| CountRow {
            id: DrawerCountId::new(seq),
            cash: Money::from_cents(cash),
            cash_against: Against::of(Money::from_cents(cash), Money::from_cents(booked)),
            checks: Some((tally(3, 9_000), Against::Even)),
            check_count_off: 0,
            note: Some(samples::HARD_NAME.to_owned()),
            by: "Dana Whitfield, Nov 22, 2026, 5:41 PM".to_owned(),
            is_outdated: seq == 1,
        };
        let place = PlaceDay {
            id: LocationId::new(1),
            name: "Harbor Street".to_owned(),
            table: Some(DayTable::sample()),
            drawer: (Money::from_cents(141_750), tally(3, 9_000)),
            counts: vec![count(2, 141_750, 141_750), count(1, 141_550, 141_750)],
            count_href: "/reports/day-close/count?location=LOC-001&day=2026-11-22".to_owned(),
        };
        let quiet = PlaceDay {
            id: LocationId::new(2),
            name: samples::HARD_NAME.to_owned(),
            table: None,
            drawer: (Money::ZERO, Tally::default()),
            counts: Vec::new(),
            count_href: "/reports/day-close/count?location=LOC-002&day=2026-11-22".to_owned(),
        };
        let usual = Self {
            shell: samples::manager_shell(),
            day: "2026-11-22".to_owned(),
            day_label: "Sunday, Nov 22, 2026".to_owned(),
            is_partial: true,
            previous: "/reports/day-close?day=2026-11-21".to_owned(),
            next: None,
            export: FileLinks::of("/reports/day-close?day=2026-11-22"),
            all: Some(DayTable::sample()),
            places: vec![place.clone(), quiet.clone()],
            can_count: true,
            errors: Errors::default(),
        };
        let mut off = place;
        if let Some(table) = &mut off.table {
            table.ledger[0].ledger = Money::from_cents(1);
        }
        off.counts[0].check_count_off = -1;
        off.counts[0].checks = Some((tally(2, 6_000), Against::Short(Money::from_cents(3_000))));
        let differs = Self {
            all: None,
            places: vec![off],
            is_partial: false,
            next: Some("/reports/day-close?day=2026-11-23".to_owned()),
            can_count: false,
            ..usual.clone()
        };
        let errors = almoner_domain::Invalid::one("day", "not_a_date", "Enter a date.");
        let wrong = Self {
            day: samples::HARD_NAME.to_owned(),
            all: None,
            places: vec![quiet],
            errors: errors.into(),
            ..usual.clone()
        };
        vec![("usual", usual), ("differs", differs), ("wrong", wrong)]
    }
}

impl Samples for CountPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let usual = Self {
            shell: samples::manager_shell(),
            key: "k".to_owned(),
            location: "LOC-001".to_owned(),
            place: "Harbor Street".to_owned(),
            day: "2026-11-22".to_owned(),
            day_label: "Sunday, Nov 22, 2026".to_owned(),
            entry: CountFields::default(),
            errors: Errors::default(),
        };
        let mut errors = almoner_domain::Invalid::one("cash", "required", "Enter an amount.");
        errors.push("check_count", "not_a_number", "Enter how many checks there are.");
        let entry = CountFields {
            check_count: "many".to_owned(),
            note: samples::HARD_TEXT.to_owned(),
            ..CountFields::default()
        };
        let wrong = Self { entry, errors: errors.into(), ..usual.clone() };
        vec![("usual", usual), ("wrong", wrong)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_told_in_words() {
        let told = |counted, booked| {
            Against::of(Money::from_cents(counted), Money::from_cents(booked)).words()
        };
        assert_eq!(told(500, 500), "no difference");
        assert_eq!(told(300, 500), "$2.00 short");
        assert_eq!(told(0, -500), "$5.00 over");
    }
}
