//! What holds of every estimate, whatever a payer sends and whatever is asked.

use std::collections::BTreeMap;

use almoner_domain::Money;
use almoner_domain::estimate::{
    Benefit, Case, Check, Estimate, Figure, FigureState, FigureValue, MAX_CHARGE, NO_LIMIT,
    WarningCode,
};
use serde_json::Value;

use crate::sets::Set;

/// The four figures as they are serialized, each with the code of its rows.
const FIGURES: [(&str, &str); 4] = [
    ("copay", "B"),
    ("coinsurance", "A"),
    ("deductible_remaining", "C"),
    ("out_of_pocket_remaining", "G"),
];

type Rows<'a> = BTreeMap<i64, &'a Benefit>;

fn figures(estimate: &Estimate) -> [&Figure; 4] {
    [
        &estimate.copay,
        &estimate.coinsurance,
        &estimate.deductible_remaining,
        &estimate.out_of_pocket_remaining,
    ]
}

/// Asserts all of them.
pub(crate) fn hold(set: &Set, estimate: &Estimate) {
    let check = set.checks.iter().find(|check| Some(check.id) == estimate.check);
    let benefits = check.map_or(&[][..], |check| &check.benefits);
    let rows: Rows<'_> = benefits.iter().map(|row| (row.index, row)).collect();
    assert_eq!(rows.len(), benefits.len(), "the rows of a check are numbered apart");
    the_amount_is_bounded(set, estimate);
    the_amount_fits_the_case(set, estimate);
    for ((_, code), figure) in FIGURES.iter().zip(figures(estimate)) {
        a_figure_is_supported(figure, code, &rows);
    }
    a_line_is_supported(estimate, &rows);
    what_is_named_is_there(estimate, &rows, check);
    what_is_sent_says_the_same(estimate);
}

fn the_amount_is_bounded(set: &Set, estimate: &Estimate) {
    if let Some(amount) = estimate.amount {
        let charge = set.request.charge.filter(|x| (Money::ZERO..=MAX_CHARGE).contains(x));
        assert!(amount >= Money::ZERO);
        assert!(charge.is_none_or(|charge| amount <= charge), "no more than the charge");
        let limit = estimate.out_of_pocket_remaining.amount();
        let is_covered = estimate.case != Case::NotCovered;
        assert!(!is_covered || limit.is_none_or(|limit| amount <= limit), "no more than is left");
    }
    if let Some(range) = estimate.range {
        assert!(range.at_least.is_some() || range.at_most.is_some(), "a range says something");
        let ordered = |low: Option<Money>, high: Option<Money>| {
            low.zip(high).is_none_or(|(low, high)| low <= high)
        };
        assert!(ordered(range.at_least, range.at_most));
        assert!(ordered(range.at_least, estimate.amount));
        assert!(ordered(estimate.amount, range.at_most));
    }
}

fn the_amount_fits_the_case(set: &Set, estimate: &Estimate) {
    let has_amount = match estimate.case {
        Case::Ok => true,
        Case::NotCovered => {
            set.request.charge.is_some_and(|x| (Money::ZERO..=MAX_CHARGE).contains(&x))
        }
        _ => false,
    };
    assert_eq!(estimate.amount.is_some(), has_amount);
    let offers = has_amount && estimate.amount > Some(Money::ZERO);
    assert!(!estimate.offers_amount() || offers, "nothing and no amount are not offered");
    let is_reckoned = matches!(
        estimate.case,
        Case::Conflict | Case::ChoiceNeeded | Case::Partial | Case::NeedsCharge | Case::Ok
    );
    assert_eq!(estimate.rule.is_some(), is_reckoned);
    assert_eq!(estimate.rules_offered.is_empty(), !is_reckoned);
    assert!(estimate.range.is_none() || is_reckoned);
    assert!(!estimate.steps.is_empty(), "there is always something to say");
    let figure = |state: FigureState| figures(estimate).iter().any(|figure| figure.state == state);
    let is_open = matches!(estimate.case, Case::Conflict | Case::ChoiceNeeded);
    assert!(!is_open || figure(FigureState::Choice), "what is to be picked is shown");
    assert!(estimate.case != Case::NoMoneyRows || !figure(FigureState::Known));
}

/// A value comes from rows of its own code that carry it, or a total and what was used of it.
fn a_figure_is_supported(figure: &Figure, code: &str, rows: &Rows<'_>) {
    let named: Vec<&Benefit> = figure.rows.iter().map(|index| rows[index]).collect();
    assert!(named.iter().all(|row| row.code == code));
    let (used, own): (Vec<&Benefit>, Vec<&Benefit>) =
        named.into_iter().partition(|row| figure.derived && row.period.as_deref() == Some("24"));
    match figure.state {
        FigureState::NotReturned | FigureState::Choice => {
            assert!(figure.value.is_none() && figure.rows.is_empty());
        }
        FigureState::NoLimit => {
            let limit = NO_LIMIT.cents();
            assert!(figure.value.is_none() && !own.is_empty() && used.is_empty());
            assert!(own.iter().all(|row| row.amount_cents.is_some_and(|cents| cents >= limit)));
        }
        FigureState::Known => {
            let value = figure.value.expect("what is known has a value");
            assert!(!own.is_empty() && figure.derived != used.is_empty());
            let used = used.first().and_then(|row| row.amount_cents).unwrap_or(0);
            assert!(own.iter().all(|row| carries(row, value, used)));
        }
    }
    assert!(figure.state != FigureState::Choice || figure.options.len() > 1);
    for option in &figure.options {
        let row = rows[&option.row];
        assert!(row.code == code && row.messages == option.messages);
        let is_derived = option.label.ends_with("less what was used");
        let value = option.value.filter(|_| !is_derived);
        assert!(value.is_none_or(|value| carries(row, value, 0)));
    }
    assert!(figure.rows.iter().all(|index| {
        rows[index].period.as_deref() == Some("24")
            || figure.options.iter().any(|option| option.row == *index)
    }));
}

fn carries(row: &Benefit, value: FigureValue, used: i64) -> bool {
    match value {
        FigureValue::Amount(money) => {
            row.amount_cents.is_some_and(|cents| (cents - used).max(0) == money.cents())
        }
        FigureValue::Percent(share) => {
            row.percent_bp.is_some_and(|bp| bp == share.get() || bp / 100 == share.get())
        }
    }
}

fn a_line_is_supported(estimate: &Estimate, rows: &Rows<'_>) {
    for line in &estimate.procedures {
        let row = line.row.map(|index| rows[&index]);
        assert!(row.is_some() || line.in_treatment);
        assert!(row.is_some() || (line.value.is_none() && line.label.is_none()));
        assert!(row.is_none_or(|row| row.procedure.is_some()));
        let is_carried = |value| row.is_some_and(|row| carries(row, value, 0));
        assert!(line.value.is_none_or(is_carried));
    }
}

/// Every row that is named has its text, and every warning about a row is about one of them.
fn what_is_named_is_there(estimate: &Estimate, rows: &Rows<'_>, check: Option<&Check>) {
    let source = |index: i64| estimate.sources.iter().find(|source| source.row == index);
    let options = figures(estimate).into_iter().flat_map(|figure| &figure.options);
    let of_figures = figures(estimate).into_iter().flat_map(|figure| &figure.rows).copied();
    let of_lines = estimate.procedures.iter().filter_map(|line| line.row);
    for index in of_figures.chain(options.map(|option| option.row)).chain(of_lines) {
        let source = source(index).expect("what is named has its text");
        assert_eq!(source.segment, rows[&index].segment);
    }
    for warning in &estimate.warnings {
        let is_ignored = warning.code == WarningCode::ChoiceIgnored;
        assert!(is_ignored || warning.row.is_none_or(|index| source(index).is_some()));
        assert!(!warning.message.is_empty());
    }
    assert!(estimate.warnings.is_sorted_by_key(|warning| warning.code));
    assert_eq!(estimate.payer.as_ref(), check.map(|check| &check.payer));
}

/// What programs get and what is kept: nothing unknown has a number, and it is read back.
fn what_is_sent_says_the_same(estimate: &Estimate) {
    let sent = serde_json::to_value(estimate).expect("an estimate is plain values");
    for ((name, _), figure) in FIGURES.iter().zip(figures(estimate)) {
        let has_number =
            |sent: &Value| sent.get("amount_cents").is_some() || sent.get("percent_bp").is_some();
        let is_known = figure.state == FigureState::Known;
        assert_eq!(has_number(&sent[name]), is_known, "{name}");
        let options = sent[name]["options"].as_array().expect("options are a list");
        for (option, sent) in figure.options.iter().zip(options) {
            assert_eq!(has_number(sent), option.value.is_some());
        }
    }
    let amount = estimate.amount.map(|amount| Value::from(amount.cents()));
    assert_eq!(sent["amount_cents"], amount.unwrap_or(Value::Null));
    let text = serde_json::to_string(estimate).expect("an estimate is plain values");
    let read: Estimate = serde_json::from_str(&text).expect("what was written is read");
    assert_eq!(read, *estimate);
}
