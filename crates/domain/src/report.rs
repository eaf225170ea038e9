//! What reports say: what a day brought by tender, and how old is what is outstanding.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::ledger::Account;
use crate::list::Span;
use crate::money::Money;
use crate::tender::TenderType;

/// How many and how much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub count: i64,
    /// How much.
    pub amount: Money,
}

impl Tally {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { count: self.count + other.count, amount: self.amount.plus(other.amount) }
    }

    /// This without the other.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self { count: self.count - other.count, amount: self.amount.minus(other.amount) }
    }
}

/// What a day brought by one tender: each event counts on its own date.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TenderSums {
    /// Taken that day.
    pub taken: Tally,
    /// Taken back that day as entered in error or returned unpaid, whenever it had been taken.
    pub reversed: Tally,
    /// Refunds made that day, pending or settled.
    pub refunded: Tally,
    /// Refunds that failed or were cancelled that day, whenever they had been made.
    pub returned: Tally,
}

impl TenderSums {
    /// What the day adds to what was collected.
    pub fn net(&self) -> Money {
        let kept = self.taken.amount.minus(self.reversed.amount);
        kept.minus(self.refunded.amount).plus(self.returned.amount)
    }

    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            taken: self.taken.plus(other.taken),
            reversed: self.reversed.plus(other.reversed),
            refunded: self.refunded.plus(other.refunded),
            returned: self.returned.plus(other.returned),
        }
    }
}

/// The accounts that takings go to, in the order in which they are compared.
pub const TAKINGS: [Account; 6] = [
    Account::Cash,
    Account::Checks,
    Account::Terminal,
    Account::Transfers,
    Account::OtherTenders,
    Account::ProcessorClearing,
];

/// What a day brought at a location, and what the ledger has of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayOfLocation {
    /// By tender.
    pub tenders: BTreeMap<TenderType, TenderSums>,
    /// What the same events moved in the ledger's accounts: debits less credits.
    pub ledger: BTreeMap<Account, Money>,
}

impl DayOfLocation {
    /// All tenders together.
    pub fn sums(&self) -> TenderSums {
        self.tenders.values().fold(TenderSums::default(), |all, one| all.plus(one))
    }

    /// What the tenders of an account add to what was collected.
    pub fn booked(&self, account: Account) -> Money {
        let of_account =
            self.tenders.iter().filter(|(kind, _)| Account::of_tender(**kind) == account);
        of_account.map(|(_, sums)| sums.net()).sum()
    }

    /// What the ledger has of it. A refund that is on its way to the processor counts from the day
    /// it was made, so that what is payable belongs to the processor's account.
    pub fn in_ledger(&self, account: Account) -> Money {
        let moved = |account| self.ledger.get(&account).copied().unwrap_or_default();
        match account {
            Account::ProcessorClearing => moved(account).plus(moved(Account::RefundsPayable)),
            other => moved(other),
        }
    }

    /// Whether the ledger says the same, account by account.
    pub fn agrees(&self) -> bool {
        TAKINGS.into_iter().all(|account| self.booked(account) == self.in_ledger(account))
    }

    /// What should be in the drawer: the day's cash, and the checks and money orders that were
    /// taken and not reversed. A check is refunded by one of the clinic's own, not by the drawer.
    pub fn drawer(&self) -> (Money, Tally) {
        let cash = self.booked(Account::Cash);
        let paper = self
            .tenders
            .iter()
            .filter(|(kind, _)| matches!(kind, TenderType::Check | TenderType::MoneyOrder));
        let standing = paper.map(|(_, sums)| sums.taken.minus(sums.reversed));
        (cash, standing.fold(Tally::default(), Tally::plus))
    }

    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let mut both = self.clone();
        for (kind, sums) in &other.tenders {
            let entry = both.tenders.entry(*kind).or_default();
            *entry = entry.plus(sums);
        }
        for (account, moved) in &other.ledger {
            let entry = both.ledger.entry(*account).or_default();
            *entry = entry.plus(*moved);
        }
        both
    }
}

/// How old an outstanding payment is, by its due date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Age {
    /// It has no due date.
    NoDueDate,
    /// It is due today or later.
    NotDue,
    /// It was due up to 30 days ago.
    To30,
    /// It was due 31 to 60 days ago.
    To60,
    /// It was due 61 to 90 days ago.
    To90,
    /// It was due more than 90 days ago.
    Over90,
}

impl Age {
    /// All, in the order of the report.
    pub const ALL: [Self; 6] =
        [Self::NoDueDate, Self::NotDue, Self::To30, Self::To60, Self::To90, Self::Over90];

    /// Those with a due date, the latest first.
    pub const DATED: [Self; 5] = [Self::NotDue, Self::To30, Self::To60, Self::To90, Self::Over90];

    /// The name that people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::NoDueDate => "No due date",
            Self::NotDue => "Not due yet",
            Self::To30 => "0–30 days",
            Self::To60 => "31–60 days",
            Self::To90 => "61–90 days",
            Self::Over90 => "90+ days",
        }
    }

    /// The age of a payment that is due then.
    pub fn of(due: Option<Date>, today: Date) -> Self {
        let Some(due) = due else { return Self::NoDueDate };
        let is_within = |age: &Self| age.due_span(today).from.is_none_or(|from| due >= from);
        Self::DATED.into_iter().find(is_within).unwrap_or(Self::Over90)
    }

    /// The due dates of that age, both ends included; open for what has none.
    pub fn due_span(self, today: Date) -> Span<Date> {
        let ago = |days: i32| Some(today.saturating_sub(days.days()));
        match self {
            Self::NoDueDate => Span::default(),
            Self::NotDue => Span { from: Some(today), to: None },
            Self::To30 => Span { from: ago(30), to: ago(1) },
            Self::To60 => Span { from: ago(60), to: ago(31) },
            Self::To90 => Span { from: ago(90), to: ago(61) },
            Self::Over90 => Span { from: None, to: ago(91) },
        }
    }

    /// Whether it is overdue.
    pub fn is_overdue(self) -> bool {
        !matches!(self, Self::NoDueDate | Self::NotDue)
    }
}

/// What is outstanding by its age.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aging {
    all: Tally,
    dated: BTreeMap<Age, Tally>,
    failed: Tally,
}

impl Aging {
    /// Counts what is outstanding, of whatever age.
    pub fn add_all(&mut self, tally: Tally) {
        self.all = self.all.plus(tally);
    }

    /// Counts what is outstanding with a due date; it is among all already.
    pub fn add_dated(&mut self, age: Age, tally: Tally) {
        let entry = self.dated.entry(age).or_default();
        *entry = entry.plus(tally);
    }

    /// Counts failed payments of that age; only what is overdue of them is told.
    pub fn add_failed(&mut self, age: Age, tally: Tally) {
        if age.is_overdue() {
            self.failed = self.failed.plus(tally);
        }
    }

    /// All that is outstanding.
    pub fn total(&self) -> Tally {
        self.all
    }

    /// What is of that age.
    pub fn of(&self, age: Age) -> Tally {
        if age == Age::NoDueDate {
            let dated = self.dated.values().copied().fold(Tally::default(), Tally::plus);
            return self.all.minus(dated);
        }
        self.dated.get(&age).copied().unwrap_or_default()
    }

    /// What is overdue of it.
    pub fn overdue(&self) -> Tally {
        let late = self.dated.iter().filter(|(age, _)| age.is_overdue());
        late.map(|(_, tally)| *tally).fold(Tally::default(), Tally::plus)
    }

    /// Failed payments that are overdue: they are owed, and not outstanding.
    pub fn failed(&self) -> Tally {
        self.failed
    }

    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.all = both.all.plus(other.all);
        both.failed = both.failed.plus(other.failed);
        for (age, tally) in &other.dated {
            both.add_dated(*age, *tally);
        }
        both
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TODAY: Date = Date::constant(2028, 3, 1);

    fn tally(count: i64, cents: i64) -> Tally {
        Tally { count, amount: Money::from_cents(cents) }
    }

    #[test]
    fn what_is_due_today_is_not_overdue() {
        use Age::{NotDue, Over90, To30, To60, To90};
        let due = |days: i32| Age::of(Some(TODAY.saturating_sub(days.days())), TODAY);
        let told = [-400, 0, 1, 30, 31, 60, 61, 90, 91, 4_000].map(due);
        let expected = [NotDue, NotDue, To30, To30, To60, To60, To90, To90, Over90, Over90];
        assert_eq!(told, expected);
        assert_eq!(Age::of(None, TODAY), Age::NoDueDate);
    }

    proptest! {
        #[test]
        fn a_due_date_is_of_the_age_whose_span_holds_it(days in -800..800_i32) {
            let due = TODAY.saturating_sub(days.days());
            let holds = |age: &Age| {
                let span = age.due_span(TODAY);
                span.from.is_none_or(|from| from <= due) && span.to.is_none_or(|to| due <= to)
            };
            let held: Vec<Age> = Age::DATED.into_iter().filter(holds).collect();
            prop_assert_eq!(held, vec![Age::of(Some(due), TODAY)]);
            prop_assert_eq!(Age::of(Some(due), TODAY).is_overdue(), due < TODAY);
        }
    }

    #[test]
    fn what_has_no_due_date_is_the_rest() {
        let mut aging = Aging::default();
        aging.add_all(tally(5, 500));
        aging.add_dated(Age::NotDue, tally(1, 100));
        aging.add_dated(Age::Over90, tally(2, 150));
        aging.add_failed(Age::NotDue, tally(9, 900));
        aging.add_failed(Age::To30, tally(1, 70));
        assert_eq!(aging.of(Age::NoDueDate), tally(2, 250));
        assert_eq!((aging.overdue(), aging.failed()), (tally(2, 150), tally(1, 70)));
        let both = aging.plus(&aging);
        assert_eq!((both.total(), both.of(Age::NoDueDate)), (tally(10, 1_000), tally(4, 500)));
    }

    /// A day with every event, as the books and the ledger have it.
    fn day() -> DayOfLocation {
        let mut day = DayOfLocation::default();
        let cash =
            TenderSums { taken: tally(2, 900), reversed: tally(1, 300), ..Default::default() };
        let check =
            TenderSums { taken: tally(1, 50), refunded: tally(1, 20), ..Default::default() };
        let card = TenderSums {
            taken: tally(1, 400),
            refunded: tally(2, 150),
            returned: tally(1, 100),
            ..Default::default()
        };
        day.tenders.insert(TenderType::Cash, cash);
        day.tenders.insert(TenderType::Check, check);
        day.tenders.insert(TenderType::MoneyOrder, check);
        day.tenders.insert(TenderType::CardProcessor, card);
        for (account, cents) in [
            (Account::Cash, 600),
            (Account::Checks, 60),
            (Account::ProcessorClearing, 400),
            (Account::RefundsPayable, -50),
            (Account::PatientCharges, 90),
        ] {
            day.ledger.insert(account, Money::from_cents(cents));
        }
        day
    }

    #[test]
    fn a_day_is_compared_with_the_ledger_by_account() {
        let mut day = day();
        assert_eq!(day.sums().net(), Money::from_cents(600 + 60 + 350));
        assert!(day.agrees());
        assert_eq!(day.drawer(), (Money::from_cents(600), tally(2, 100)));
        assert!(day.plus(&day).agrees());
        day.ledger.insert(Account::Cash, Money::from_cents(599));
        assert!(!day.agrees());
        assert!(DayOfLocation::default().agrees());
    }
}
