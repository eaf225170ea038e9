//! The four figures: each from the rows that fit best, with everything that a person must know
//! to trust it. Unknown stays unknown: leaving out a row never makes a zero.

use super::answer::{
    Figure, FigureLevel, FigureOption, FigureState, FigureValue, Warning, WarningCode,
};
use super::benefit::Benefit;
use super::choose::{Candidate, Scope};
use super::request::RowChoice;
use super::{dates, labels, words};
use crate::money::{BasisPoints, Money};

/// From this amount on, payers mean that there is no limit: $99,999.00.
pub const NO_LIMIT: Money = Money::from_cents(9_999_900);

/// How many rows of one figure that were set aside are warned about one by one.
const MAX_SET_ASIDE_WARNINGS: usize = 5;

const WHOLE_BP: i64 = 10_000;
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
    /// The staff stated that there is none.
    pub(super) stated_none: bool,
    /// Whether the service falls into another plan year than the check; `None` without a total.
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

    pub(super) fn all(&self) -> [&Found; 4] {
        [&self.copay, &self.coinsurance, &self.deductible, &self.out_of_pocket]
    }
}

impl Found {
    fn state_none(&mut self, choice: Option<RowChoice>, name: &str) {
        if choice == Some(RowChoice::None) {
            self.stated_none = true;
            self.trouble = None;
            let message = format!("The staff stated that no {name} applies.");
            self.warn(WarningCode::StatedByStaff, message, None);
        }
    }

    fn note_set_aside(&mut self, groups: &[Vec<Candidate<'_>>]) {
        let rows = groups.iter().flatten().map(|candidate| candidate.row);
        self.warnings.extend(rows.filter_map(set_aside).take(MAX_SET_ASIDE_WARNINGS));
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

/// A value as a row gives it.
#[derive(Debug, Clone)]
struct Reading<'a> {
    row: &'a Benefit,
    /// `None` when the row says that there is no limit.
    value: Option<FigureValue>,
    level: FigureLevel,
    derived: bool,
    may_be_lower: bool,
    rows: Vec<i64>,
    label: String,
}

impl<'a> Reading<'a> {
    fn of(row: &'a Benefit, value: Option<FigureValue>) -> Self {
        Self {
            row,
            value,
            level: level_of(row).0,
            derived: false,
            may_be_lower: false,
            rows: vec![row.index],
            label: labels::describe(row),
        }
    }

    fn cents(&self) -> Option<i64> {
        match self.value {
            Some(FigureValue::Amount(money)) => Some(money.cents()),
            Some(FigureValue::Percent(_)) | None => None,
        }
    }
}

/// For whom a row counts, and how plainly it says so; less is plainer.
fn level_of(row: &Benefit) -> (FigureLevel, u8) {
    match row.level.as_deref() {
        Some("IND") => (FigureLevel::Individual, 0),
        None => (FigureLevel::Individual, 1),
        Some("FAM") => (FigureLevel::Family, 0),
        Some("ECH" | "ESP" | "SPC") => (FigureLevel::Family, 1),
        Some(_) => (FigureLevel::Individual, 2),
    }
}

/// What a row of this code says of its figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// A value.
    Value(FigureValue),
    /// That there is no limit.
    NoLimit,
    /// Nothing that can be used.
    Nothing,
}

impl Said {
    /// The value, when there is one.
    pub(super) fn value(self) -> Option<FigureValue> {
        match self {
            Self::Value(value) => Some(value),
            Self::NoLimit | Self::Nothing => None,
        }
    }
}

/// Reads the value of a row.
pub(super) fn value_of(row: &Benefit) -> Said {
    if row.code == "A" {
        return row.percent_bp.and_then(share_of).map_or(Said::Nothing, Said::Value);
    }
    let amount = row.amount_cents.map(Money::from_cents).filter(|amount| *amount >= Money::ZERO);
    match amount {
        Some(amount) if amount < NO_LIMIT => Said::Value(FigureValue::Amount(amount)),
        Some(_) if matches!(row.code.as_str(), "C" | "G") => Said::NoLimit,
        Some(_) | None => Said::Nothing,
    }
}

/// A share as sent; one above 100 % was meant as a number of percent.
fn share_of(bp: i64) -> Option<FigureValue> {
    let is_whole_number = bp > WHOLE_BP && bp <= WHOLE_BP * 100;
    let bp = if is_whole_number { bp / 100 } else { bp };
    BasisPoints::new(bp).map(FigureValue::Percent)
}

/// The readings at one level of the rows that are wanted, of the best network and, within it, of
/// the plainest statement of the level.
fn slot<'a>(
    rows: &[Candidate<'a>],
    level: FigureLevel,
    wanted: impl Fn(&Benefit) -> bool,
) -> Vec<Reading<'a>> {
    let fits = |row: &Benefit| level_of(row).0 == level && wanted(row);
    best(rows, fits, |candidate| (candidate.network, level_of(candidate.row).1))
}

/// The readings of the rows that are wanted and have the least rank.
fn best<'a, Rank: Ord>(
    rows: &[Candidate<'a>],
    wanted: impl Fn(&Benefit) -> bool,
    rank: impl Fn(&Candidate<'a>) -> Rank,
) -> Vec<Reading<'a>> {
    let said = rows.iter().map(|candidate| (candidate, value_of(candidate.row)));
    let usable: Vec<(&Candidate<'a>, Said)> =
        said.filter(|(candidate, said)| *said != Said::Nothing && wanted(candidate.row)).collect();
    let least = usable.iter().map(|(candidate, _)| rank(candidate)).min();
    let of_least = usable.into_iter().filter(|(candidate, _)| Some(rank(candidate)) == least);
    let readings: Vec<Reading<'a>> =
        of_least.map(|(candidate, said)| Reading::of(candidate.row, said.value())).collect();
    without_hospital_part(without_unlimited(readings))
}

/// A limit of "no limit" does not bind beside one that does.
fn without_unlimited(readings: Vec<Reading<'_>>) -> Vec<Reading<'_>> {
    if readings.iter().all(|reading| reading.value.is_none()) {
        return readings;
    }
    readings.into_iter().filter(|reading| reading.value.is_some()).collect()
}

/// Medicare answers for its hospital part and its medical part at once; a clinic is paid by the
/// medical one.
fn without_hospital_part(readings: Vec<Reading<'_>>) -> Vec<Reading<'_>> {
    let is =
        |reading: &Reading<'_>, kind: &str| reading.row.insurance_type.as_deref() == Some(kind);
    if !readings.iter().any(|reading| is(reading, "MB")) {
        return readings;
    }
    readings.into_iter().filter(|reading| !is(reading, "MA")).collect()
}

fn has_period(row: &Benefit, periods: &[&str]) -> bool {
    row.period.as_deref().is_some_and(|period| periods.contains(&period))
}

/// A co-payment or a co-insurance. Whom a row covers does not decide between its values.
fn plain(scope: &Scope<'_>, code: &str, choice: Option<i64>) -> Found {
    let wanted = |row: &Benefit| !has_period(row, &[REMAINING, LIFETIME_REMAINING, USED]);
    let groups = scope.groups(code);
    let mut found = Found { was_sent: !groups.is_empty(), ..Found::default() };
    found.note_set_aside(&groups);
    for group in &groups {
        let readings = best(group, wanted, |candidate| candidate.network);
        if !readings.is_empty() {
            settle(&mut found, &readings, &readings, pick(scope, code, choice, &readings));
            break;
        }
    }
    note_ignored_choice(&mut found, choice);
    found
}

/// What decides between several values.
#[derive(Debug, Clone, Copy)]
enum Pick {
    Nobody,
    Staff(i64),
    VisitClass(FigureValue),
}

fn pick(scope: &Scope<'_>, code: &str, choice: Option<i64>, readings: &[Reading<'_>]) -> Pick {
    if let Some(index) = choice {
        return Pick::Staff(index);
    }
    let Some(class) = scope.visit_class.filter(|_| code == "B") else { return Pick::Nobody };
    let named = readings.iter().filter(|reading| words::names_visit(reading.row, class));
    let mut values: Vec<FigureValue> = named.filter_map(|reading| reading.value).collect();
    values.dedup();
    match values[..] {
        [value] => Pick::VisitClass(value),
        _ => Pick::Nobody,
    }
}

/// What is left of a deductible or until an out-of-pocket maximum.
fn remaining(scope: &Scope<'_>, code: &str, choice: Option<i64>) -> Found {
    let groups = scope.groups(code);
    let mut found = Found { was_sent: !groups.is_empty(), ..Found::default() };
    found.note_set_aside(&groups);
    for group in &groups {
        let individual = left_over(scope, group, FigureLevel::Individual, &mut found);
        let family = left_over(scope, group, FigureLevel::Family, &mut found);
        if individual.is_empty() && family.is_empty() {
            continue;
        }
        let pick = choice.map_or(Pick::Nobody, Pick::Staff);
        match (is_settled(&individual), is_settled(&family)) {
            (false, _) | (_, false) => {
                let all: Vec<Reading<'_>> = individual.iter().chain(&family).cloned().collect();
                let open = if is_settled(&individual) { &family } else { &individual };
                settle(&mut found, open, &all, pick);
            }
            (true, true) => {
                note_levels(&mut found, &individual, &family);
                let all: Vec<Reading<'_>> = individual.iter().chain(&family).cloned().collect();
                let smaller = smaller(individual, family);
                settle(&mut found, &smaller, &all, pick);
            }
        }
        break;
    }
    note_ignored_choice(&mut found, choice);
    found
}

fn service_date(scope: &Scope<'_>) -> jiff::civil::Date {
    scope.request.service_date
}

/// The readings of what is left at one level: as the payer says it, or a total less what was
/// used of it, or a total.
fn left_over<'a>(
    scope: &Scope<'_>,
    group: &[Candidate<'a>],
    level: FigureLevel,
    found: &mut Found,
) -> Vec<Reading<'a>> {
    let is_yearly = |row: &Benefit| {
        row.period.is_none() || has_period(row, &SERVICE_YEAR) || has_period(row, &[CALENDAR_YEAR])
    };
    let mut totals = slot(group, level, is_yearly);
    if totals.is_empty() {
        totals = slot(group, level, |row| has_period(row, &[LIFETIME]));
    }
    let turned = has_turned(scope, &totals);
    if !totals.is_empty() {
        found.other_year = Some(turned || found.other_year == Some(true));
    }
    let mut left = Vec::new();
    if !turned {
        left = slot(group, level, |row| has_period(row, &[REMAINING]));
    }
    if left.is_empty() {
        left = slot(group, level, |row| has_period(row, &[LIFETIME_REMAINING]));
    }
    if left.is_empty() {
        let used =
            if turned { Vec::new() } else { slot(group, level, |row| has_period(row, &[USED])) };
        left = totals.into_iter().map(|total| less_used(total, &used)).collect();
    }
    left
}

/// Whether the service falls into another plan year than the check. Years are the calendar's,
/// unless the payer's total is for a service year whose first day is known.
fn has_turned(scope: &Scope<'_>, totals: &[Reading<'_>]) -> bool {
    let (checked, service) = (scope.check().checked_on, service_date(scope));
    let own_year = totals.iter().any(|total| has_period(total.row, &SERVICE_YEAR));
    match dates::plan_begin(&scope.check().dates).filter(|_| own_year) {
        Some(begin) => dates::other_service_year(begin, checked, service),
        None => dates::other_calendar_year(checked, service),
    }
}

/// A total less what was used of it; just the total when that is not known.
fn less_used<'a>(mut total: Reading<'a>, used: &[Reading<'a>]) -> Reading<'a> {
    let Some(cents) = total.cents() else { return total };
    let mut values: Vec<i64> = used.iter().filter_map(Reading::cents).collect();
    values.dedup();
    match values[..] {
        [used_cents] => {
            let left = cents.saturating_sub(used_cents).max(0);
            total.value = Some(FigureValue::Amount(Money::from_cents(left)));
            total.derived = true;
            total.rows.extend(used.iter().map(|reading| reading.row.index));
            total.label.push_str(", less what was used");
        }
        _ => total.may_be_lower = cents > 0,
    }
    total
}

fn is_settled(readings: &[Reading<'_>]) -> bool {
    readings.windows(2).all(|pair| pair[0].value == pair[1].value)
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

fn note_levels(found: &mut Found, individual: &[Reading<'_>], family: &[Reading<'_>]) {
    let bounding = |reading: &&Reading<'_>| reading.value.is_some();
    let first = |readings: &[Reading<'_>]| {
        readings.first().filter(bounding).map(|reading| reading.row.index)
    };
    match (first(individual), first(family)) {
        (Some(_), Some(row)) => found.warn(
            WarningCode::FamilyAndIndividual,
            "The payer returned an individual and a family figure; the smaller is used.",
            Some(row),
        ),
        (None, Some(row)) => found.warn(
            WarningCode::FamilyOnly,
            "The payer returned a figure for the family only; it is used.",
            Some(row),
        ),
        (_, None) => {}
    }
}

/// Makes the figure of the readings that count; `all` are shown.
fn settle(found: &mut Found, counting: &[Reading<'_>], all: &[Reading<'_>], pick: Pick) {
    found.figure.options = all.iter().map(option).collect();
    let settled = counting.first().filter(|_| is_settled(counting));
    let picked = match pick {
        Pick::Nobody => None,
        Pick::Staff(index) => all.iter().find(|reading| reading.row.index == index),
        Pick::VisitClass(_) if settled.is_some() => None,
        Pick::VisitClass(value) => all.iter().find(|reading| reading.value == Some(value)),
    };
    if let (Pick::VisitClass(_), Some(reading)) = (pick, picked) {
        let message = "One of several values was chosen because its words name the kind of visit.";
        found.warn(WarningCode::Preselected, message, Some(reading.row.index));
    }
    if let Some(used) = picked.map(std::slice::from_ref).or(settled.map(|_| counting)) {
        know(found, used);
    } else {
        found.figure.state = FigureState::Choice;
        found.trouble = Some(trouble(counting));
    }
}

/// Takes over the value on which all these readings agree.
fn know(found: &mut Found, used: &[Reading<'_>]) {
    let Some(first) = used.first() else { return };
    let figure = &mut found.figure;
    figure.value = first.value;
    figure.state = if first.value.is_some() { FigureState::Known } else { FigureState::NoLimit };
    figure.level = first.row.level.as_ref().map(|_| first.level);
    figure.derived = used.iter().any(|reading| reading.derived);
    figure.may_be_lower = used.iter().any(|reading| reading.may_be_lower);
    figure.rows = used.iter().flat_map(|reading| reading.rows.iter().copied()).collect();
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

/// Values that differ contradict each other when nothing tells their rows apart.
fn trouble(readings: &[Reading<'_>]) -> Trouble {
    let alike = |one: &Reading<'_>, other: &Reading<'_>| {
        one.value != other.value
            && one.row.messages == other.row.messages
            && one.row.procedure == other.row.procedure
    };
    let conflict = readings.iter().any(|one| readings.iter().any(|other| alike(one, other)));
    if conflict { Trouble::Conflict } else { Trouble::Choice }
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
