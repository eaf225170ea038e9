//! Whether the patient is covered at all, and whether the service is.

use jiff::civil::Date;

use super::benefit::{Benefit, Outcome};
use super::choose::{Candidate, Scope, Specificity, is_about};
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

/// Judges the rows about the service types in question and the whole plan.
pub(super) fn coverage(scope: &Scope<'_>) -> Coverage {
    let check = scope.check();
    let service_date = scope.request.service_date;
    if let Some(side) = dates::excludes(&check.dates, service_date) {
        return Coverage::Outside { side, row: None };
    }
    let in_question = |row: &&Benefit| row.procedure.is_none() && scope.specificity(row).is_some();
    let rows: Vec<&Benefit> = scope.rows().iter().filter(in_question).collect();
    let inactive = rows.iter().find(|row| row.is_inactive());
    let active = || rows.iter().filter(|row| row.is_active());
    let active_now = active().find(|row| scope.is_in_time(row));
    match (active_now, inactive, active().next()) {
        (Some(active), Some(inactive), _) => {
            Coverage::Both { active: Some(active.index), inactive: Some(inactive.index) }
        }
        (Some(_), None, _) => Coverage::Active,
        (None, Some(row), _) => inactive_since(scope, Some(row)),
        (None, None, Some(row)) => match dates::excludes(&row.dates, service_date) {
            Some(side) => Coverage::Outside { side, row: Some(row.index) },
            None => Coverage::Active,
        },
        (None, None, None) => match check.outcome {
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
    /// The row by which the service is not covered.
    pub(super) not_covered: Option<i64>,
    /// Rows that exclude a part of it, or something that only a person can judge.
    pub(super) partial: Vec<i64>,
}

/// Finds the rows that exclude the service (EB01 `E`, `I`).
///
/// A row with words of its own excludes something particular, so it yields to cost sharing that
/// fits as closely. Exclusions from the whole plan are never taken for the service itself.
pub(super) fn exclusions(scope: &Scope<'_>) -> Exclusions {
    let rows = scope.candidates(&["E", "I"]);
    let shares = scope.candidates(&["A", "B", "C"]);
    let excluded = |code: &String| {
        let named = |candidate: &&Candidate<'_>| is_about(candidate.row, code);
        rows.iter()
            .find(named)
            .filter(|row| row.row.messages.is_empty() || !shares.iter().any(|share| named(&share)))
    };
    let by_code: Vec<Option<&Candidate<'_>>> = scope.procedures.iter().map(excluded).collect();
    let all_codes = !by_code.is_empty() && by_code.iter().all(Option::is_some);
    let closest_share = shares.first().map(|share| share.specificity);
    let by_type = rows.iter().find(|row| excludes_type(row, closest_share));
    let whole = if all_codes { by_code.first().copied().flatten() } else { by_type };
    let not_covered = whole.map(|row| row.row.index);
    let others = rows.iter().map(|row| row.row.index).filter(|&row| Some(row) != not_covered);
    Exclusions { not_covered, partial: others.collect() }
}

fn excludes_type(row: &Candidate<'_>, closest_share: Option<Specificity>) -> bool {
    let is_closer = closest_share.is_none_or(|share| row.specificity < share);
    let ties = closest_share == Some(row.specificity);
    let has_words = !row.row.messages.is_empty();
    let says_not_covered = row.row.code == "I";
    match row.specificity {
        Specificity::Procedure => false,
        Specificity::ServiceType(_) if has_words => is_closer && says_not_covered,
        Specificity::ServiceType(_) => is_closer || ties,
        Specificity::PlanWide => says_not_covered && !has_words && (is_closer || ties),
    }
}
