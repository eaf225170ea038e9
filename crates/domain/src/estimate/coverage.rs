//! Whether the patient is covered at all, and whether the service is.

use jiff::civil::Date;

use super::benefit::{Benefit, Outcome};
use super::choose::{Candidate, Scope, Specificity};
use super::dates::{self, Outside};

/// What the payer says about coverage on the service date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coverage {
    /// It is active.
    Active,
    /// It is not active; since when, where the payer says so, and the row that says it.
    Inactive {
        /// The last day of coverage.
        ended: Option<Date>,
        /// The row.
        row: Option<i64>,
    },
    /// The service date lies outside the dates of the coverage.
    Outside {
        /// On which side.
        side: Outside,
        /// The row that gives the dates, unless they are the plan's.
        row: Option<i64>,
    },
    /// The payer says both.
    Both {
        /// A row that says active.
        active: Option<i64>,
        /// A row that says inactive.
        inactive: Option<i64>,
    },
    /// The payer says neither.
    NotStated,
}

/// Judges the rows about the service types in question and the whole plan. Those that are stated
/// to be for the other network have no say.
pub(super) fn coverage(scope: &Scope<'_>) -> Coverage {
    let check = scope.check();
    let service_date = scope.request.service_date;
    if let Some(side) = dates::excludes(&check.dates, service_date) {
        return Coverage::Outside { side, row: None };
    }
    let in_question = |row: &&Benefit| {
        row.procedure.is_none()
            && !scope.is_of_other_network(row)
            && scope.specificity(row).is_some()
    };
    let rows: Vec<&Benefit> = scope.rows().iter().filter(in_question).collect();
    let active = || rows.iter().filter(|row| row.is_active());
    let inactive = || rows.iter().filter(|row| row.is_inactive());
    if let Some(active) = active().find(|row| scope.is_in_time(row)) {
        // A row about another time does not contradict the one about this day.
        return match inactive().find(|row| scope.is_in_time(row)) {
            Some(row) => Coverage::Both { active: Some(active.index), inactive: Some(row.index) },
            None => Coverage::Active,
        };
    }
    match (inactive().next(), active().next()) {
        (Some(row), _) => inactive_since(scope, Some(row)),
        (None, Some(row)) => match dates::excludes(&row.dates, service_date) {
            Some(side) => Coverage::Outside { side, row: Some(row.index) },
            None => Coverage::Active,
        },
        (None, None) => match check.outcome {
            Outcome::Inactive => inactive_since(scope, None),
            Outcome::Review => Coverage::Both { active: None, inactive: None },
            Outcome::Active | Outcome::Rejected | Outcome::Unknown => Coverage::NotStated,
        },
    }
}

fn inactive_since(scope: &Scope<'_>, row: Option<&Benefit>) -> Coverage {
    let of_row = row.and_then(|row| dates::last_end(&row.dates));
    let ended = of_row.or_else(|| dates::last_end(&scope.check().dates));
    let passed = ended.filter(|&day| day < scope.request.service_date);
    Coverage::Inactive { ended: passed, row: row.map(|row| row.index) }
}

/// What the payer excludes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Exclusions {
    /// The rows by which the service is not covered; empty when it may be covered.
    pub(super) not_covered: Vec<i64>,
    /// Rows that exclude a part of it, or something that only a person can judge.
    pub(super) partial: Vec<i64>,
}

/// Finds the rows that exclude the service (EB01 `E`, `I`). A treatment of several codes is not
/// covered when none of them is.
pub(super) fn exclusions(scope: &Scope<'_>) -> Exclusions {
    let mut not_covered: Vec<i64> = Vec::new();
    if !scope.candidates(&EXCLUDING).is_empty() {
        let by_part: Option<Vec<i64>> = scope.parts().iter().map(excluding_row).collect();
        for row in by_part.unwrap_or_default() {
            if !not_covered.contains(&row) {
                not_covered.push(row);
            }
        }
    }
    let rows = scope.concerning().into_iter().map(|(_, row)| row);
    let excluding = rows.filter(|row| EXCLUDING.contains(&row.code.as_str()));
    let others = excluding.map(|row| row.index).filter(|row| !not_covered.contains(row));
    let partial = others.collect();
    Exclusions { not_covered, partial }
}

const EXCLUDING: [&str; 2] = ["E", "I"];

/// The row that excludes all that is asked about.
///
/// A row with words of its own excludes something particular, so it yields to cost sharing that
/// fits as closely. Exclusions from the whole plan are never taken for the service itself.
fn excluding_row(scope: &Scope<'_>) -> Option<i64> {
    let shares = scope.candidates(&["A", "B", "C"]);
    let closest = shares.first().map(|share| share.specificity);
    let rows = scope.candidates(&EXCLUDING);
    rows.iter().find(|row| excludes(row, closest)).map(|row| row.row.index)
}

fn excludes(row: &Candidate<'_>, closest_share: Option<Specificity>) -> bool {
    let is_closer = closest_share.is_none_or(|share| row.specificity < share);
    let ties = closest_share == Some(row.specificity);
    let has_words = !row.row.messages.is_empty();
    let says_not_covered = row.row.code == "I";
    match row.specificity {
        Specificity::Procedure => is_closer || (ties && !has_words),
        Specificity::ServiceType(_) if has_words => is_closer && says_not_covered,
        Specificity::ServiceType(_) => is_closer || ties,
        Specificity::PlanWide => says_not_covered && !has_words && (is_closer || ties),
    }
}
