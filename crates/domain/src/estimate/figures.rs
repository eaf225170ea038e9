//! The four figures: each from the rows that fit best, with everything that a person must know
//! to trust it. Unknown stays unknown: leaving out a row never makes a zero.

use super::answer::{
    Figure, FigureLevel, FigureOption, FigureState, FigureValue, Warning, WarningCode,
};
use super::arithmetic::Terms;
use super::benefit::Benefit;
use super::choose::{Candidate, Scope};
use super::readings::{self, Reading, Said, WHOLE_BP, best, is_settled, level_of, slot, value_of};
use super::request::{RowChoice, VisitClass};
use super::{dates, labels, words};
use crate::money::{BasisPoints, Money};

/// How many rows of one figure that were set aside are warned about one by one.
const MAX_SET_ASIDE_WARNINGS: usize = 5;

const REMAINING: &str = "29";
const LIFETIME_REMAINING: &str = "33";
const USED: &str = "24";
const LIFETIME: &str = "32";
const SERVICE_YEAR: [&str; 2] = ["22", "25"];
const CALENDAR_YEAR: &str = "23";

/// Why a person must pick a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The values differ, and so do the words beside them.
    Choice,
    /// The values differ, and nothing tells them apart.
    Conflict,
}

/// A figure, and what is to be said about it.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    pub(super) figure: Figure,
    pub(super) trouble: Option<Trouble>,
    pub(super) warnings: Vec<Warning>,
    /// The payer sent such a row, though perhaps without a value that can be used.
    pub(super) was_sent: bool,
    /// One of the rows carries a value, though perhaps none of what is asked.
    pub(super) has_money: bool,
    /// The staff stated that there is none.
    pub(super) stated_none: bool,
    /// Whether the service falls into another plan year than the check; `None` without rows.
    pub(super) other_year: Option<bool>,
}

/// The four figures.
#[derive(Debug, Clone, Default)]
pub(super) struct Figures {
    pub(super) copay: Found,
    pub(super) coinsurance: Found,
    pub(super) deductible: Found,
    pub(super) out_of_pocket: Found,
}

impl Figures {
    pub(super) fn read(scope: &Scope<'_>) -> Self {
        let choices = &scope.request.choices;
        let row = |choice: Option<RowChoice>| match choice {
            Some(RowChoice::Row(index)) => Some(index),
            Some(RowChoice::None) | None => None,
        };
        let mut figures = Self {
            copay: plain(scope, "B", choices.copay),
            coinsurance: plain(scope, "A", row(choices.coinsurance)),
            deductible: remaining(scope, "C", row(choices.deductible)),
            out_of_pocket: remaining(scope, "G", choices.out_of_pocket),
        };
        figures.coinsurance.state_none(choices.coinsurance, "co-insurance");
        figures.deductible.state_none(choices.deductible, "deductible");
        figures
    }

    /// The terms with the lowest of the values that are still to be picked.
    pub(super) fn lowest(&self, terms: &Terms) -> Terms {
        self.with_open(terms, |values| values.iter().flatten().copied().min())
    }

    /// The terms with the highest of the values that are still to be picked.
    pub(super) fn highest(&self, terms: &Terms) -> Terms {
        let highest = |values: &[Option<i64>]| {
            let is_bounded = values.iter().all(Option::is_some);
            values.iter().flatten().copied().max().filter(|_| is_bounded)
        };
        self.with_open(terms, highest)
    }

    /// The terms with one of the values of each figure that is left open. The values are cents or
    /// basis points; `None` among them is "no limit".
    fn with_open(&self, terms: &Terms, one_of: impl Fn(&[Option<i64>]) -> Option<i64>) -> Terms {
        let open = |found: &Found| {
            let number = |option: &FigureOption| {
                option.value.map(|value| match value {
                    FigureValue::Amount(money) => money.cents(),
                    FigureValue::Percent(share) => share.get(),
                })
            };
            let values: Vec<Option<i64>> = found.figure.options.iter().map(number).collect();
            found.trouble.map(|_| one_of(&values))
        };
        let money = |found: &Found, known| match open(found) {
            Some(cents) => cents.map(Money::from_cents),
            None => known,
        };
        Terms {
            copay: money(&self.copay, terms.copay),
            deductible: money(&self.deductible, terms.deductible),
            coinsurance: match open(&self.coinsurance) {
                Some(bp) => bp.and_then(BasisPoints::new),
                None => terms.coinsurance,
            },
            out_of_pocket: money(&self.out_of_pocket, terms.out_of_pocket),
            ..*terms
        }
    }

    pub(super) fn all(&self) -> [&Found; 4] {
        [&self.copay, &self.coinsurance, &self.deductible, &self.out_of_pocket]
    }
}

impl Found {
    /// Nothing known yet of the figure that these rows are about.
    fn of(groups: &[Vec<Candidate<'_>>]) -> Self {
        let rows = || groups.iter().flatten().map(|candidate| candidate.row);
        let set_aside = rows().filter_map(set_aside).take(MAX_SET_ASIDE_WARNINGS);
        Self {
            was_sent: !groups.is_empty(),
            has_money: rows().any(|row| value_of(row) != Said::Nothing),
            warnings: set_aside.collect(),
            ..Self::default()
        }
    }

    fn state_none(&mut self, choice: Option<RowChoice>, name: &str) {
        if choice == Some(RowChoice::None) {
            self.stated_none = true;
            self.trouble = None;
            let returned = self.figure.value;
            let returned = returned.map(|value| format!(", although the payer returned {value}"));
            let returned = returned.unwrap_or_default();
            let message = format!("The staff stated that no {name} applies{returned}.");
            self.warn(WarningCode::StatedByStaff, message, self.figure.rows.first().copied());
        }
    }

    /// Leaves it to a person to pick one of the values that differ.
    fn leave_open(&mut self, levels: &[&[Reading<'_>]]) {
        let contradict = levels.iter().any(|readings| readings::contradict(readings));
        self.figure.state = FigureState::Choice;
        self.trouble = Some(if contradict { Trouble::Conflict } else { Trouble::Choice });
    }

    fn note_year(&mut self, levels: [Option<bool>; 2]) {
        for is_other in levels.into_iter().flatten() {
            self.other_year = Some(is_other || self.other_year == Some(true));
        }
    }

    fn warn(&mut self, code: WarningCode, message: impl Into<String>, row: Option<i64>) {
        self.warnings.push(Warning { code, message: message.into(), row });
    }

    /// The amount to reckon with.
    pub(super) fn amount(&self) -> Option<Money> {
        if self.stated_none { Some(Money::ZERO) } else { self.figure.amount() }
    }

    /// The percentage to reckon with.
    pub(super) fn percent(&self) -> Option<BasisPoints> {
        if self.stated_none { BasisPoints::new(0) } else { self.figure.percent() }
    }
}

fn has_period(row: &Benefit, periods: &[&str]) -> bool {
    row.period.as_deref().is_some_and(|period| periods.contains(&period))
}

/// A co-payment or a co-insurance. Whom a row covers does not decide between its values.
fn plain(scope: &Scope<'_>, code: &str, choice: Option<i64>) -> Found {
    let wanted = |row: &Benefit| !has_period(row, &[REMAINING, LIFETIME_REMAINING, USED]);
    let groups = scope.groups(code);
    let mut found = Found::of(&groups);
    let all = groups.iter().map(|group| best(group, wanted, |candidate| candidate.network));
    let all = all.into_iter().find(|all| !all.is_empty()).unwrap_or_default();
    found.figure.options = all.iter().map(option).collect();
    let class = scope.visit_class.filter(|_| code == "B" && choice.is_none());
    if let Some(picked) = picked_by_staff(&all, choice) {
        know(&mut found, picked);
    } else if is_settled(&all) {
        know(&mut found, &all);
    } else if let Some(named) = class.and_then(|class| of_visit(&all, class)) {
        let message = "One of several values was chosen because its words name the kind of visit.";
        let row = named.first().map(|reading| reading.row.index);
        found.warn(WarningCode::Preselected, message, row);
        know(&mut found, &named);
    } else {
        found.leave_open(&[&all]);
    }
    note_ignored_choice(&mut found, choice);
    found
}

fn picked_by_staff<'r, 'a>(
    all: &'r [Reading<'a>],
    choice: Option<i64>,
) -> Option<&'r [Reading<'a>]> {
    let index = choice?;
    all.iter().find(|reading| reading.row.index == index).map(std::slice::from_ref)
}

/// The readings whose words name the kind of visit, when they give one value.
fn of_visit<'a>(all: &[Reading<'a>], class: VisitClass) -> Option<Vec<Reading<'a>>> {
    let named = all.iter().filter(|reading| words::names_visit(reading.row, class));
    let named: Vec<Reading<'a>> = named.cloned().collect();
    (!named.is_empty() && is_settled(&named)).then_some(named)
}

/// What is left of a deductible or until an out-of-pocket maximum.
fn remaining(scope: &Scope<'_>, code: &str, choice: Option<i64>) -> Found {
    let groups = scope.groups(code);
    let mut found = Found::of(&groups);
    let has_own_years = has_own_years(scope);
    for group in &groups {
        let level = |level| left_over(scope, group, level, has_own_years);
        let (individual, family) = (level(FigureLevel::Individual), level(FigureLevel::Family));
        found.note_year([individual.other_year, family.other_year]);
        let (individual, family) = (individual.readings, family.readings);
        let all: Vec<Reading<'_>> = individual.iter().chain(&family).cloned().collect();
        if all.is_empty() {
            continue;
        }
        found.figure.options = all.iter().map(option).collect();
        let picked = picked_by_staff(&all, choice);
        let is_open = !is_settled(&individual) || !is_settled(&family);
        if !is_open {
            note_levels(&mut found, &individual, &family, picked.is_some());
        }
        if let Some(picked) = picked {
            know(&mut found, picked);
        } else if is_open {
            found.leave_open(&[&individual, &family]);
        } else {
            know(&mut found, &smaller(individual, family));
        }
        break;
    }
    note_ignored_choice(&mut found, choice);
    found
}

/// What is left at one level.
struct Left<'a> {
    readings: Vec<Reading<'a>>,
    /// Whether the service falls into another plan year than the check; `None` without rows.
    other_year: Option<bool>,
}

/// The readings of what is left at one level: as the payer says it, or a total less what was
/// used of it, or a total. After the plan's year turned, a total comes before what remained; of
/// a lifetime, what remains stays.
fn left_over<'a>(
    scope: &Scope<'_>,
    group: &[Candidate<'a>],
    level: FigureLevel,
    has_own_years: bool,
) -> Left<'a> {
    let is_yearly = |row: &Benefit| {
        row.period.is_none() || has_period(row, &SERVICE_YEAR) || has_period(row, &[CALENDAR_YEAR])
    };
    let of = |period: &str| slot(group, level, |row| has_period(row, &[period]));
    let (yearly, lifetime) = (slot(group, level, is_yearly), of(LIFETIME));
    let totals = if yearly.is_empty() { &lifetime } else { &yearly };
    let turned = has_turned(scope, totals, has_own_years);
    let ways = if turned {
        let whole = |totals| readings::less_used(totals, &[]);
        [whole(yearly), of(LIFETIME_REMAINING), whole(lifetime)]
    } else {
        let totals = if yearly.is_empty() { lifetime } else { yearly };
        let left = readings::less_used(totals, &of(USED));
        [of(REMAINING), of(LIFETIME_REMAINING), left]
    };
    let has_rows = group.iter().any(|candidate| level_of(candidate.row).0 == level);
    Left {
        readings: ways.into_iter().find(|way| !way.is_empty()).unwrap_or_default(),
        other_year: has_rows.then_some(turned),
    }
}

/// Whether the service falls into another plan year than the check. Years are the calendar's,
/// unless the payer's total is for a service year whose first day is known. Without a total at
/// this level, the plan's other totals say which years are meant.
fn has_turned(scope: &Scope<'_>, totals: &[Reading<'_>], has_own_years: bool) -> bool {
    let (checked, service) = (scope.check().checked_on, scope.request.service_date);
    let own_years = if totals.is_empty() {
        has_own_years
    } else {
        totals.iter().any(|total| has_period(total.row, &SERVICE_YEAR))
    };
    match dates::plan_begin(&scope.check().dates).filter(|_| own_years) {
        Some(begin) => dates::other_service_year(begin, checked, service),
        None => dates::other_calendar_year(checked, service),
    }
}

/// Whether the plan counts service years and not the calendar's, by all totals that it gives.
fn has_own_years(scope: &Scope<'_>) -> bool {
    let rows = scope.candidates(&["C", "G"]);
    let any = |periods: &[&str]| rows.iter().any(|candidate| has_period(candidate.row, periods));
    any(&SERVICE_YEAR) && !any(&[CALENDAR_YEAR])
}

/// Of two settled levels, the one that binds first; the individual one when they are the same.
fn smaller<'a>(individual: Vec<Reading<'a>>, family: Vec<Reading<'a>>) -> Vec<Reading<'a>> {
    // Without a limit, a level binds last.
    let bound = |readings: &[Reading<'a>]| {
        readings.first().map(|reading| reading.cents().unwrap_or(i64::MAX))
    };
    match (bound(&individual), bound(&family)) {
        (Some(own), Some(shared)) if shared < own => family,
        (Some(_), _) => individual,
        (None, _) => family,
    }
}

fn note_levels(
    found: &mut Found,
    individual: &[Reading<'_>],
    family: &[Reading<'_>],
    is_picked: bool,
) {
    let bounding = |reading: &&Reading<'_>| reading.value.is_some();
    let first = |readings: &[Reading<'_>]| {
        readings.first().filter(bounding).map(|reading| reading.row.index)
    };
    let both = if is_picked {
        "The payer returned an individual and a family figure; the chosen one is used."
    } else {
        "The payer returned an individual and a family figure; the smaller is used."
    };
    match (first(individual), first(family)) {
        (Some(_), Some(row)) => {
            found.warn(WarningCode::FamilyAndIndividual, both, Some(row));
        }
        (None, Some(row)) => found.warn(
            WarningCode::FamilyOnly,
            "The payer returned a figure for the family only; it is used.",
            Some(row),
        ),
        (_, None) => {}
    }
}

/// Takes over the value on which all these readings agree.
fn know(found: &mut Found, used: &[Reading<'_>]) {
    let Some(first) = used.first() else { return };
    let figure = &mut found.figure;
    figure.value = first.value;
    figure.state = if first.value.is_some() { FigureState::Known } else { FigureState::NoLimit };
    figure.level = first.row.level.as_ref().map(|_| first.level);
    let less = used.iter().find_map(|reading| reading.used.as_ref());
    figure.derived = less.is_some();
    figure.may_be_lower = used.iter().any(|reading| reading.may_be_lower);
    let rows = used.iter().map(|reading| reading.row.index);
    figure.rows = rows.chain(less.into_iter().flat_map(|rows| rows.iter().copied())).collect();
    let row = Some(first.row.index);
    if figure.derived {
        let message = "A remainder was computed: the total less what was used of it.";
        found.warn(WarningCode::Derived, message, row);
    }
    if found.figure.may_be_lower {
        let message = "Only a total is known; what remains of it may be lower.";
        found.warn(WarningCode::MayBeLower, message, row);
    }
    if used.iter().any(|reading| is_rescaled(reading.row)) {
        let message = "A percentage above one was sent and divided by one hundred.";
        found.warn(WarningCode::PercentRescaled, message, row);
    }
}

fn option(reading: &Reading<'_>) -> FigureOption {
    FigureOption {
        row: reading.row.index,
        value: reading.value,
        label: reading.label.clone(),
        messages: reading.row.messages.clone(),
    }
}

fn is_rescaled(row: &Benefit) -> bool {
    row.code == "A" && row.percent_bp.is_some_and(|bp| bp > WHOLE_BP)
}

/// The warning about a row whose value cannot be used.
fn set_aside(row: &Benefit) -> Option<Warning> {
    if value_of(row) != Said::Nothing {
        return None;
    }
    let why = match (row.code.as_str(), row.amount_cents, row.percent_bp) {
        ("A", _, None) => "carries no percentage",
        ("A", _, Some(_)) => "carries an impossible percentage",
        (_, None, _) => "carries no amount",
        (_, Some(..0), _) => "carries a negative amount",
        (_, Some(_), _) => "carries an amount beyond belief",
    };
    let name = labels::code_label(&row.code).unwrap_or("row");
    let message = format!("{name}: a row {why} and is set aside.");
    Some(Warning { code: WarningCode::RowSetAside, message, row: Some(row.index) })
}

fn note_ignored_choice(found: &mut Found, choice: Option<i64>) {
    let Some(index) = choice else { return };
    if !found.figure.options.iter().any(|option| option.row == index) {
        let message = "A choice was ignored: the row is not one of those that are offered.";
        found.warn(WarningCode::ChoiceIgnored, message, Some(index));
    }
}
