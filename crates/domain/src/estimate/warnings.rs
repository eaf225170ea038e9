//! Everything beside the case that the staff should know. To add a warning, add its code in
//! `answer.rs` and the function that finds it to [`gather`].

use std::collections::{BTreeMap, BTreeSet};

use super::answer::{FigureState, Warning, WarningCode};
use super::benefit::{Benefit, Network};
use super::choose::{MAX_ROWS, Scope};
use super::coverage::{Coverage, Exclusions};
use super::dates::{self, Outside};
use super::figures::{Figures, Found};
use super::request::{NetworkChoice, Request};
use super::words;

/// How many exclusions of a part are warned about one by one.
const MAX_EXCLUSION_WARNINGS: usize = 5;

/// At how many rows the same thing is warned about. The words of all rows stand in the options.
const MAX_ROWS_OF_A_WARNING: usize = 20;

/// The rows that the four figures are read from.
const COST_SHARING: [&str; 4] = ["A", "B", "C", "G"];

/// All warnings about a check and what was read from it.
pub(super) fn gather(
    scope: &Scope<'_>,
    coverage: Coverage,
    exclusions: &Exclusions,
    figures: &Figures,
) -> Vec<Warning> {
    let mut list = Vec::new();
    list.extend(about_coverage(coverage));
    if let Coverage::Both { active: Some(row), .. } = coverage {
        let message = "This line of the payer's says that coverage is active.";
        note(&mut list, warning(WarningCode::ActiveAndInactive, message, Some(row)));
    }
    about_the_check(scope, figures, &mut list);
    about_limits(scope, exclusions, &mut list);
    for found in figures.all() {
        for warning in &found.warnings {
            note(&mut list, warning.clone());
        }
    }
    if figures.out_of_pocket.figure.state == FigureState::NotReturned {
        let message = "What is left until the out-of-pocket maximum is not known: nothing is \
                       capped.";
        note(&mut list, warning(WarningCode::OutOfPocketUnknown, message, None));
    }
    about_rows(scope, figures, &mut list);
    list
}

fn warning(code: WarningCode, message: impl Into<String>, row: Option<i64>) -> Warning {
    Warning { code, message: message.into(), row }
}

/// Whether coverage is active, with the date and the way out.
fn about_coverage(coverage: Coverage) -> Option<Warning> {
    Some(match coverage {
        Coverage::Active => return None,
        Coverage::Inactive { ended, row } => {
            let since = ended.map_or(String::new(), |day| format!("; it ended on {day}"));
            let message =
                format!("Coverage is not active{since}. Consider Private Pay or a new check.");
            warning(WarningCode::Inactive, message, row)
        }
        Coverage::Outside { side, row } => {
            let dates = match side {
                Outside::Before(day) => format!("Coverage begins on {day}, after the service."),
                Outside::After(day) => format!("Coverage ended on {day}, before the service."),
            };
            let message = format!("{dates} Consider Private Pay or a new check.");
            warning(WarningCode::OutsideCoverage, message, row)
        }
        Coverage::Both { inactive, .. } => {
            let message = "The payer says both active and inactive. Look at its lines before \
                           using this check.";
            warning(WarningCode::ActiveAndInactive, message, inactive)
        }
        Coverage::NotStated => {
            let message = "The payer does not say whether coverage is active.";
            warning(WarningCode::CoverageNotStated, message, None)
        }
    })
}

/// Its age, its year, its date, its rejections and its network.
fn about_the_check(scope: &Scope<'_>, figures: &Figures, list: &mut Vec<Warning>) {
    let (check, request) = (scope.check(), scope.request);
    if !check.rejections.is_empty() {
        let message = "The payer could not answer a part of the question.";
        note(list, warning(WarningCode::RejectedInPart, message, None));
    }
    if check.benefits.len() > MAX_ROWS {
        let message = "The answer is longer than is looked at; its last lines are left out.";
        note(list, warning(WarningCode::RowsLeftOut, message, None));
    }
    let age_days = dates::days_between(check.checked_on, request.today);
    if age_days > request.stale_after_days {
        let message = format!("The check is {age_days} days old. Run a new one.");
        note(list, warning(WarningCode::Stale, message, None));
    }
    if is_other_year(scope, figures) {
        let message = "The service falls into another plan year than the check: totals are used \
                       instead of what remained.";
        note(list, warning(WarningCode::OtherPlanYear, message, None));
    }
    let answered_for = dates::answered_for(&check.dates);
    if let Some(day) = answered_for.filter(|&day| day != request.service_date) {
        let message = format!("The payer answered for {day}, not for the service date.");
        note(list, warning(WarningCode::OtherDate, message, None));
    }
    if request.network == NetworkChoice::Out {
        let message = "The estimate is for a service out of network.";
        note(list, warning(WarningCode::OutOfNetwork, message, None));
    }
    if is_for_other_network(scope, figures) {
        let message = "The payer's cost sharing is not stated to count for this network, so none \
                       of it is used.";
        note(list, warning(WarningCode::OtherNetwork, message, None));
    }
}

fn is_other_year(scope: &Scope<'_>, figures: &Figures) -> bool {
    let said = [&figures.deductible, &figures.out_of_pocket].map(|found| found.other_year);
    match said {
        [None, None] => {
            dates::other_calendar_year(scope.check().checked_on, scope.request.service_date)
        }
        _ => said.contains(&Some(true)),
    }
}

/// Other payers, spend-down, exclusions, limits and authorizations.
fn about_limits(scope: &Scope<'_>, exclusions: &Exclusions, list: &mut Vec<Warning>) {
    let rows = || scope.rows().iter();
    if let Some(row) = rows().find(|row| row.code == "R") {
        let message = "The payer names another payer. Ask which of them pays first.";
        note(list, warning(WarningCode::OtherPayer, message, Some(row.index)));
    }
    if let Some(row) = rows().find(|row| row.code == "Y") {
        let message = "The patient has a spend-down to meet before coverage begins.";
        note(list, warning(WarningCode::SpendDown, message, Some(row.index)));
    }
    for &row in exclusions.not_covered.iter().take(MAX_EXCLUSION_WARNINGS) {
        note(list, warning(WarningCode::NotCovered, "The service is not covered.", Some(row)));
    }
    for &row in exclusions.partial.iter().take(MAX_EXCLUSION_WARNINGS) {
        let message = "The payer excludes a part; see its line.";
        note(list, warning(WarningCode::Exclusion, message, Some(row)));
    }
    let concerning = scope.concerning();
    let rows = || concerning.iter().map(|(_, row)| row);
    if let Some(used_up) = rows().find(|row| is_used_up(row)) {
        let message = "Nothing is left of a limit, such as a number of visits.";
        note(list, warning(WarningCode::LimitReached, message, Some(used_up.index)));
    }
    if let Some(row) = rows().find(|row| row.authorization == Some(true)) {
        let message = "An authorization is required.";
        note(list, warning(WarningCode::AuthorizationRequired, message, Some(row.index)));
    }
}

/// A limit of which nothing remains.
fn is_used_up(row: &Benefit) -> bool {
    let is_remainder = row.code == "F" && matches!(row.period.as_deref(), Some("29" | "33"));
    let none_left = |text: &str| {
        text.contains('0') && text.chars().all(|letter| letter == '0' || letter == '.')
    };
    is_remainder && (row.amount_cents == Some(0) || row.quantity.as_deref().is_some_and(none_left))
}

/// The rows that the figures came from or that a person may choose.
fn used_rows<'a>(scope: &Scope<'a>, figures: &Figures) -> Vec<&'a Benefit> {
    let rows = |found: &Found| match found.figure.state {
        FigureState::Choice => found.figure.options.iter().map(|option| option.row).collect(),
        FigureState::Known | FigureState::NoLimit => found.figure.rows.clone(),
        FigureState::NotReturned => Vec::new(),
    };
    let used: BTreeSet<i64> = figures.all().into_iter().flat_map(rows).collect();
    scope.rows().iter().filter(|row| used.contains(&row.index)).collect()
}

/// What the rows say beside their values.
fn about_rows(scope: &Scope<'_>, figures: &Figures, list: &mut Vec<Warning>) {
    let mut counts: BTreeMap<WarningCode, usize> = BTreeMap::new();
    for row in used_rows(scope, figures) {
        let words = words::meanings(row).into_iter().map(words::Meaning::warning);
        for (code, message) in words.chain(about_network(scope.request, row)) {
            let count = counts.entry(code).or_default();
            *count += 1;
            if *count <= MAX_ROWS_OF_A_WARNING {
                list.push(warning(code, message, Some(row.index)));
            }
        }
    }
}

fn about_network(
    request: &Request,
    row: &Benefit,
) -> impl Iterator<Item = (WarningCode, &'static str)> {
    let is_open = matches!(row.network, Network::NotStated | Network::Unknown)
        && request.network == NetworkChoice::In;
    let open = is_open.then_some((
        WarningCode::NetworkNotStated,
        "The payer does not say for which network the line counts.",
    ));
    let contradicted = words::contradict_network(row).then_some((
        WarningCode::NetworkContradicted,
        "The payer's words contradict the network of the line.",
    ));
    open.into_iter().chain(contradicted)
}

/// Whether there is cost sharing for the service, but none that counts for the network.
fn is_for_other_network(scope: &Scope<'_>, figures: &Figures) -> bool {
    let fits = |row: &Benefit| {
        COST_SHARING.contains(&row.code.as_str())
            && scope.specificity(row).is_some()
            && scope.is_in_time(row)
    };
    figures.all().iter().all(|found| !found.was_sent) && scope.rows().iter().any(fits)
}

/// Notes a warning, unless the same thing was said before.
fn note(list: &mut Vec<Warning>, warning: Warning) {
    if !list.contains(&warning) {
        list.push(warning);
    }
}
