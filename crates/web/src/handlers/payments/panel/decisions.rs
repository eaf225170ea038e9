//! What a person must or may decide: which check, which value, what is not there, which rule.

use almoner_domain::estimate::arithmetic::{Need, stages};
use almoner_domain::estimate::{
    Case, Estimate, FigureOption, FigureState, RowChoice, Rule, WarningCode,
};

use super::figures::{Named, named, option_value, payer_line};
use super::{age, has};
use crate::format;
use crate::view::payments::estimate::{Answer, OptionGroup, PayerLine};

/// All that there is to decide, in the order in which it is decided.
pub(super) fn decisions(estimate: &Estimate) -> Vec<OptionGroup> {
    let mut groups: Vec<OptionGroup> = checks(estimate).into_iter().collect();
    groups.extend(named(estimate).iter().filter_map(|named| figure(estimate, named)));
    groups.extend(rules(estimate));
    groups
}

fn answer(value: impl Into<String>, label: impl Into<String>, is_chosen: bool) -> Answer {
    Answer { value: value.into(), label: label.into(), is_chosen, lines: Vec::new() }
}

/// The check: an older one in place of a rejected one, or one that says both active and inactive.
fn checks(estimate: &Estimate) -> Option<OptionGroup> {
    let name = "choice_check";
    let chosen = estimate.inputs.choices.check.filter(|&check| Some(check) == estimate.check);
    let is_older = has(estimate, WarningCode::OlderCheck);
    let review = chosen.is_some() && !is_older || estimate.case == Case::NeedsReview;
    if let (true, Some(check)) = (review, estimate.check) {
        return Some(OptionGroup {
            name,
            legend: "Is the coverage active?".to_owned(),
            options: vec![
                answer("", "Not decided", chosen.is_none()),
                answer(check.to_string(), format!("Yes, use {check}"), chosen.is_some()),
            ],
        });
    }
    let (other, on, is_chosen) = match (estimate.other_check, chosen) {
        (Some(other), _) => (other, estimate.other_checked_on, false),
        (None, Some(chosen)) => (chosen, estimate.checked_on, true),
        (None, None) => return None,
    };
    let days = on.map(|on| i64::from((estimate.inputs.today - on).get_days()));
    let age = age(days.unwrap_or_default());
    let on = on.map(format::date).unwrap_or_default();
    let latest =
        if is_chosen { "The latest check" } else { "The latest check, which was rejected" };
    Some(OptionGroup {
        name,
        legend: "Which check?".to_owned(),
        options: vec![
            answer("", latest, !is_chosen),
            answer(other.to_string(), format!("{other}, checked {on}, {age}"), is_chosen),
        ],
    })
}

/// Whether the rule reckons with a figure; the out-of-pocket maximum always has a say.
fn is_needed(rule: Rule, field: &str) -> bool {
    match field {
        "choice_copay" => stages(rule).contains(&Need::Copay),
        "choice_coinsurance" => stages(rule).contains(&Need::Coinsurance),
        "choice_deductible" => stages(rule).contains(&Need::Deductible),
        _ => true,
    }
}

fn figure(estimate: &Estimate, named: &Named<'_>) -> Option<OptionGroup> {
    let rule = estimate.rule?;
    let is_needed = is_needed(rule, named.field);
    match (named.figure.state, named.chosen) {
        (FigureState::Choice, _) if is_needed => Some(values(estimate, named)),
        (_, Some(RowChoice::Row(_))) if named.figure.options.len() > 1 => {
            Some(values(estimate, named))
        }
        (FigureState::Known, None) if is_preselected(estimate, named) => {
            Some(values(estimate, named))
        }
        (_, Some(RowChoice::None)) => Some(absence(named)),
        (FigureState::NotReturned, None)
            if is_needed && may_be_none(named.field) && estimate.case == Case::Partial =>
        {
            Some(absence(named))
        }
        _ => None,
    }
}

fn may_be_none(field: &str) -> bool {
    matches!(field, "choice_coinsurance" | "choice_deductible")
}

/// Whether the value was chosen because its words name the kind of visit.
fn is_preselected(estimate: &Estimate, named: &Named<'_>) -> bool {
    estimate.warnings.iter().any(|warning| {
        warning.code == WarningCode::Preselected
            && warning.row.is_some_and(|row| named.figure.rows.contains(&row))
    })
}

/// The values that the payer returned, each with its words.
fn values(estimate: &Estimate, named: &Named<'_>) -> OptionGroup {
    let figure = named.figure;
    let is_preselected = is_preselected(estimate, named);
    let option = |option: &FigureOption| {
        let messages = option.messages.join("; ");
        let words = if messages.is_empty() { &option.label } else { &messages };
        // What the kind of visit decided is no choice of the staff's, so it sends none.
        let is_usual = is_preselected && figure.rows.contains(&option.row);
        let line = payer_line(estimate, option.row);
        let label = Some(option.label.clone());
        let ending = if is_usual { " (by the kind of visit)" } else { "" };
        Answer {
            value: if is_usual { String::new() } else { option.row.to_string() },
            label: format!("{}: {words}{ending}", option_value(option)),
            is_chosen: is_usual || named.chosen == Some(RowChoice::Row(option.row)),
            lines: line.map(|line| PayerLine { label, ..line }).into_iter().collect(),
        }
    };
    OptionGroup {
        name: named.field,
        legend: format!("{}: which value applies?", named.label),
        options: figure.options.iter().map(option).collect(),
    }
}

/// What the payer did not return and staff may state that there is none of.
fn absence(named: &Named<'_>) -> OptionGroup {
    let is_stated = named.chosen == Some(RowChoice::None);
    OptionGroup {
        name: named.field,
        legend: format!("{}: what do you know?", named.label),
        options: vec![
            answer("", "Nothing; the payer did not return it", !is_stated),
            answer("none", "There is none", is_stated),
        ],
    }
}

/// The usual rule and those that the payer's words suggest.
fn rules(estimate: &Estimate) -> Option<OptionGroup> {
    let usual = estimate.rules_offered.first().copied()?;
    let mut offered = estimate.rules_offered.clone();
    offered.extend(estimate.rule.filter(|rule| !offered.contains(rule)));
    if offered.len() < 2 {
        return None;
    }
    let option = |rule: &Rule| {
        let is_chosen = estimate.rule == Some(*rule);
        if *rule == usual {
            answer("", format!("{} (usual)", rule.label()), is_chosen)
        } else {
            answer(rule.as_str(), rule.label(), is_chosen)
        }
    };
    Some(OptionGroup {
        name: "choice_rule",
        legend: "How do the parts add up?".to_owned(),
        options: offered.iter().map(option).collect(),
    })
}
