//! How an amount came about, in words with amounts and without patient data.

use super::answer::{Case, Estimate, FigureState};
use super::arithmetic::{Need, Owed, Part, stages};
use super::request::RowChoice;
use super::usable_charge;
use crate::money::Money;

/// The sentences for an estimate whose case and amount are settled.
pub(super) fn steps(estimate: &Estimate, owed: &Owed) -> Vec<String> {
    match estimate.case {
        Case::Ok => of_an_amount(estimate, owed),
        Case::NotCovered => match estimate.amount {
            Some(charge) => vec![format!(
                "The service is not covered: the patient owes the charge of {charge}."
            )],
            None => vec!["The service is not covered. Enter the charge to ask for it.".to_owned()],
        },
        Case::Partial | Case::NeedsCharge | Case::Conflict | Case::ChoiceNeeded => {
            let mut steps = vec![why_no_amount(estimate, owed)];
            steps.extend(range(estimate));
            steps
        }
        Case::NotApplicable => vec!["This payment type is not estimated.".to_owned()],
        Case::NoCheck => {
            vec!["No eligibility check is on file. Import or run one.".to_owned()]
        }
        Case::Rejected => vec!["The payer rejected the latest check.".to_owned()],
        Case::Inactive => {
            vec!["Coverage is not active on the service date. Consider Private Pay.".to_owned()]
        }
        Case::NeedsReview => {
            vec!["The payer says both active and inactive. A person must decide.".to_owned()]
        }
        Case::NoMoneyRows => vec!["The payer returned no cost sharing.".to_owned()],
    }
}

fn of_an_amount(estimate: &Estimate, owed: &Owed) -> Vec<String> {
    let mut steps = Vec::new();
    if let Some(rule) = estimate.rule.filter(|_| owed.parts != [Part::MaximumReached]) {
        steps.push(format!("Rule: {}.", rule.label()));
    }
    match usable_charge(&estimate.inputs) {
        Some(charge) => steps.push(format!("Expected charge: {charge}.")),
        None if owed.assumes_charge => {
            steps.push("No charge is known; it is assumed to reach the deductible.".to_owned());
        }
        None => {}
    }
    steps.extend(owed.parts.iter().filter_map(part));
    if owed.is_incomplete {
        steps.push("Co-insurance and what else depends on the charge is left out.".to_owned());
    }
    let amount = estimate.amount.unwrap_or_default();
    if amount == Money::ZERO {
        steps.push(format!("Nothing to collect now: {}.", why_nothing(estimate, owed)));
    } else {
        steps.push(format!("Amount: {amount}."));
    }
    steps.extend(range(estimate));
    steps
}

/// A part in words; that nothing is left to pay is said with the amount.
fn part(part: &Part) -> Option<String> {
    Some(match part {
        Part::Copay(amount) => format!("Co-payment: {amount}."),
        Part::Deductible(amount) => format!("Remaining deductible: {amount}."),
        Part::Coinsurance { share, of, amount } => {
            format!("Co-insurance: {share} of {of} is {amount}.")
        }
        Part::Capped(limit) => {
            format!("The out-of-pocket maximum leaves at most {limit}.")
        }
        Part::MaximumReached => return None,
    })
}

/// Why nothing is to be collected: the maximum, the charge, or every figure of the rule.
fn why_nothing(estimate: &Estimate, owed: &Owed) -> String {
    if owed.parts == [Part::MaximumReached] {
        return "the out-of-pocket maximum is reached".to_owned();
    }
    if usable_charge(&estimate.inputs) == Some(Money::ZERO) {
        return "the expected charge is $0.00".to_owned();
    }
    let stated = |choice| choice == Some(RowChoice::None);
    let choices = &estimate.inputs.choices;
    let figures = estimate.rule.map(stages).unwrap_or_default();
    let reason = |need: &Need| match need {
        Need::Copay => "the co-payment is $0.00".to_owned(),
        Need::Deductible if stated(choices.deductible) => {
            "no deductible applies, as the staff stated".to_owned()
        }
        Need::Deductible => "no deductible is left".to_owned(),
        Need::Coinsurance if stated(choices.coinsurance) => {
            "no co-insurance applies, as the staff stated".to_owned()
        }
        Need::Coinsurance => match estimate.coinsurance.percent().filter(|p| p.get() > 0) {
            Some(share) => format!("a co-insurance of {share} comes to less than a cent"),
            None => "the co-insurance is 0 %".to_owned(),
        },
        Need::Charge => "the expected charge is $0.00".to_owned(),
    };
    figures.iter().map(reason).collect::<Vec<String>>().join(", ")
}

fn name(need: Need) -> &'static str {
    match need {
        Need::Copay => "co-payment",
        Need::Deductible => "remaining deductible",
        Need::Coinsurance => "co-insurance",
        Need::Charge => "charge",
    }
}

fn why_no_amount(estimate: &Estimate, owed: &Owed) -> String {
    let figures = owed.missing.iter().copied().filter(|&need| need != Need::Charge);
    let names: Vec<&str> = figures.map(name).collect();
    match estimate.case {
        Case::Conflict => "The payer returned two values. Pick the one that applies.".to_owned(),
        Case::ChoiceNeeded => {
            "The payer returned several values. Pick the one that applies.".to_owned()
        }
        _ if names.is_empty() => "The charge is needed. Enter it to get an amount.".to_owned(),
        _ if is_unlimited(estimate) && names.contains(&name(Need::Deductible)) => format!(
            "A deductible without a limit cannot be reckoned with. Not known: {}.",
            names.join(", ")
        ),
        _ => format!("Not returned by the payer: {}.", names.join(", ")),
    }
}

fn is_unlimited(estimate: &Estimate) -> bool {
    estimate.deductible_remaining.state == FigureState::NoLimit
}

fn range(estimate: &Estimate) -> Option<String> {
    let range = estimate.range?;
    Some(match (range.at_least, range.at_most) {
        (Some(least), Some(most)) => format!("The share is at least {least} and at most {most}."),
        (Some(least), None) => format!("The share is at least {least}."),
        (None, Some(most)) => format!("The share is at most {most}."),
        (None, None) => return None,
    })
}
