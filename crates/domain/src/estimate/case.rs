//! Which case an estimate is: the first that holds, in a written order.

use super::answer::Case;
use super::arithmetic::{Need, Owed};
use super::benefit::{Check, Outcome};
use super::coverage::{Coverage, Exclusions};
use super::figures::{Figures, Found, Trouble};
use super::request::Request;

/// What the case of a check is judged by.
pub(super) struct Facts<'a> {
    pub(super) request: &'a Request,
    pub(super) check: &'a Check,
    pub(super) coverage: Coverage,
    pub(super) exclusions: &'a Exclusions,
    pub(super) figures: &'a Figures,
    pub(super) owed: &'a Owed,
}

/// The case of an estimate that has a check. `not_applicable` and `no_check` come before it.
pub(super) fn case(facts: &Facts<'_>) -> Case {
    let troubled = |trouble| needed_troubles(facts).contains(&trouble);
    // A person who names the check has seen that it needs review.
    let is_reviewed = facts.request.choices.check == Some(facts.check.id);
    if facts.check.outcome == Outcome::Rejected {
        Case::Rejected
    } else if matches!(facts.coverage, Coverage::Inactive { .. } | Coverage::Outside { .. }) {
        Case::Inactive
    } else if matches!(facts.coverage, Coverage::Both { .. }) && !is_reviewed {
        Case::NeedsReview
    } else if !facts.exclusions.not_covered.is_empty() {
        Case::NotCovered
    } else if troubled(Trouble::Conflict) {
        Case::Conflict
    } else if troubled(Trouble::Choice) {
        Case::ChoiceNeeded
    } else if !has_cost_sharing(facts.figures) {
        Case::NoMoneyRows
    } else if facts.owed.missing.iter().any(|&need| need != Need::Charge) {
        Case::Partial
    } else if !facts.owed.missing.is_empty() {
        Case::NeedsCharge
    } else {
        assert!(facts.owed.amount.is_some(), "nothing is missing, so there is an amount");
        Case::Ok
    }
}

/// The troubles of the figures that the amount waits for. The out-of-pocket maximum always has a
/// say; another figure has one only when the rule needs it.
fn needed_troubles(facts: &Facts<'_>) -> Vec<Trouble> {
    let needed =
        |need: Need, found: &Found| found.trouble.filter(|_| facts.owed.missing.contains(&need));
    let figures = facts.figures;
    let troubles = [
        needed(Need::Copay, &figures.copay),
        needed(Need::Deductible, &figures.deductible),
        needed(Need::Coinsurance, &figures.coinsurance),
        figures.out_of_pocket.trouble,
    ];
    troubles.into_iter().flatten().collect()
}

/// Whether the payer returned anything about money, though perhaps not what is asked, such as what
/// was used of a deductible. A co-payment without an amount counts.
fn has_cost_sharing(figures: &Figures) -> bool {
    figures.copay.was_sent || figures.all().iter().any(|found| found.has_money)
}
