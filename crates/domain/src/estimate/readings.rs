//! What a row says of its figure, and which rows of several say it best.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::answer::{FigureLevel, FigureValue};
use super::benefit::{Benefit, Procedure};
use super::choose::Candidate;
use super::labels;
use crate::money::{BasisPoints, Money};

/// From this amount on, payers mean that there is no limit: $99,999.00.
pub const NO_LIMIT: Money = Money::from_cents(9_999_900);

pub(super) const WHOLE_BP: i64 = 10_000;

/// A value as a row gives it.
#[derive(Debug, Clone)]
pub(super) struct Reading<'a> {
    pub(super) row: &'a Benefit,
    /// `None` when the row says that there is no limit.
    pub(super) value: Option<FigureValue>,
    pub(super) level: FigureLevel,
    pub(super) may_be_lower: bool,
    /// The rows of what was used, when the value is a total less that.
    pub(super) used: Option<Rc<[i64]>>,
    pub(super) label: String,
}

impl<'a> Reading<'a> {
    fn of(row: &'a Benefit, value: Option<FigureValue>) -> Self {
        Self {
            row,
            value,
            level: level_of(row).0,
            may_be_lower: false,
            used: None,
            label: labels::describe(row),
        }
    }

    pub(super) fn cents(&self) -> Option<i64> {
        match self.value {
            Some(FigureValue::Amount(money)) => Some(money.cents()),
            Some(FigureValue::Percent(_)) | None => None,
        }
    }
}

/// For whom a row counts, and how plainly it says so; less is plainer.
pub(super) fn level_of(row: &Benefit) -> (FigureLevel, u8) {
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
pub(super) fn slot<'a>(
    rows: &[Candidate<'a>],
    level: FigureLevel,
    wanted: impl Fn(&Benefit) -> bool,
) -> Vec<Reading<'a>> {
    let fits = |row: &Benefit| level_of(row).0 == level && wanted(row);
    best(rows, fits, |candidate| (candidate.network, level_of(candidate.row).1))
}

/// The readings of the rows that are wanted and have the least rank.
pub(super) fn best<'a, Rank: Ord>(
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

/// Whether all readings, if any, give one value.
pub(super) fn is_settled(readings: &[Reading<'_>]) -> bool {
    readings.windows(2).all(|pair| pair[0].value == pair[1].value)
}

/// Totals less what was used of them; just the totals when that is not known.
pub(super) fn less_used<'a>(
    mut totals: Vec<Reading<'a>>,
    used: &[Reading<'_>],
) -> Vec<Reading<'a>> {
    let used: Vec<&Reading<'_>> = used.iter().filter(|reading| reading.value.is_some()).collect();
    let one = used.first().and_then(|first| first.cents());
    let one = one.filter(|&cents| used.iter().all(|reading| reading.cents() == Some(cents)));
    let rows: Rc<[i64]> = used.iter().map(|reading| reading.row.index).collect();
    for total in &mut totals {
        let Some(cents) = total.cents() else { continue };
        let Some(used_cents) = one else {
            total.may_be_lower = cents > 0;
            continue;
        };
        let left = cents.saturating_sub(used_cents).max(0);
        total.value = Some(FigureValue::Amount(Money::from_cents(left)));
        total.used = Some(Rc::clone(&rows));
        total.label.push_str(", less what was used");
    }
    totals
}

/// What tells two rows of one figure apart for a person: the payer's words and the procedure.
type Words<'a> = (&'a [String], Option<&'a Procedure>);

/// Whether some values differ although nothing tells their rows apart.
pub(super) fn contradict(readings: &[Reading<'_>]) -> bool {
    let mut first: BTreeMap<Words<'_>, Option<FigureValue>> = BTreeMap::new();
    readings.iter().any(|reading| {
        let words = (reading.row.messages.as_slice(), reading.row.procedure.as_ref());
        *first.entry(words).or_insert(reading.value) != reading.value
    })
}
