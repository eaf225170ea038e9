//! From the figures to the amount: one pure function, in whole cents.
//!
//! A rule is a sequence of stages, each of which takes its part of what is left of the charge.
//! So a share is never more than the charge, and a stage that is not reached needs no figure.
//! To add a rule, add its stages in `stages` and its vectors in the tests.

use super::answer::Range;
use super::request::Rule;
use crate::money::{BasisPoints, Money};

/// Where the service is given, which decides what is said while no charge is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A visit to the office.
    Office,
    /// A treatment, whose charge may be assumed to reach the deductible.
    Treatment,
}

/// What the amount is computed from. No amount in it is negative; `None` is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How the parts are put together.
    pub rule: Rule,
    /// Where the service is given.
    pub place: Place,
    /// The expected charge.
    pub charge: Option<Money>,
    /// The co-payment.
    pub copay: Option<Money>,
    /// What is left of the deductible.
    pub deductible: Option<Money>,
    /// The co-insurance.
    pub coinsurance: Option<BasisPoints>,
    /// What is left until the out-of-pocket maximum; unknown caps nothing.
    pub out_of_pocket: Option<Money>,
}

/// Something without which there is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Need {
    /// The co-payment.
    Copay,
    /// What is left of the deductible.
    Deductible,
    /// The co-insurance.
    Coinsurance,
    /// The expected charge.
    Charge,
}

/// One part of an amount, in the order in which it was reckoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The co-payment, as far as the charge goes.
    Copay(Money),
    /// The deductible, as far as the charge goes.
    Deductible(Money),
    /// A share of what is left of the charge.
    Coinsurance {
        /// The share.
        share: BasisPoints,
        /// What is left of the charge.
        of: Money,
        /// The part, rounded half up.
        amount: Money,
    },
    /// The out-of-pocket maximum cut the sum to this.
    Capped(Money),
    /// The out-of-pocket maximum is reached; nothing else matters.
    MaximumReached,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owed {
    /// The amount; `None` when it cannot be known.
    pub amount: Option<Money>,
    /// Between what it must lie, when it is not exact and that can be said.
    pub range: Option<Range>,
    /// Why there is no amount; empty when there is one.
    pub missing: Vec<Need>,
    /// How the amount is made up.
    pub parts: Vec<Part>,
    /// The charge is not known and assumed to reach the deductible.
    pub assumes_charge: bool,
    /// Parts that depend on the unknown charge are left out.
    pub is_incomplete: bool,
}

/// What the patient owes for a covered service.
pub fn patient_owes(terms: &Terms) -> Owed {
    if terms.out_of_pocket == Some(Money::ZERO) {
        let parts = vec![Part::MaximumReached];
        return Owed { amount: Some(Money::ZERO), parts, ..Owed::default() };
    }
    match terms.charge {
        Some(charge) => with_charge(terms, charge),
        None => without_charge(terms),
    }
}

/// What the patient owes for a service that is not covered: the charge. Neither a co-payment nor
/// the out-of-pocket maximum has a say.
pub fn not_covered(charge: Option<Money>) -> Owed {
    let missing = if charge.is_none() { vec![Need::Charge] } else { Vec::new() };
    Owed { amount: charge, missing, ..Owed::default() }
}

/// The stages of a rule, in their order: each needs its figure unless the charge is used up
/// before it.
pub fn stages(rule: Rule) -> &'static [Need] {
    match rule {
        Rule::CopayOnly => &[Need::Copay],
        Rule::DeductibleCoinsurance => &[Need::Deductible, Need::Coinsurance],
        Rule::CopayFirst => &[Need::Copay, Need::Deductible, Need::Coinsurance],
        Rule::CopayAfterDeductible => &[Need::Deductible, Need::Copay],
    }
}

/// Whether a stage's figure is known, and known to be nothing.
fn is_zero(terms: &Terms, stage: Need) -> Option<bool> {
    match stage {
        Need::Copay => terms.copay.map(|amount| amount == Money::ZERO),
        Need::Deductible => terms.deductible.map(|amount| amount == Money::ZERO),
        Need::Coinsurance => terms.coinsurance.map(|share| share.get() == 0),
        Need::Charge => terms.charge.map(|amount| amount == Money::ZERO),
    }
}

fn unknown(terms: &Terms, stages: &[Need]) -> Vec<Need> {
    stages.iter().copied().filter(|&stage| is_zero(terms, stage).is_none()).collect()
}

/// What a stage takes of `rest`; `None` when its figure is unknown.
fn take(terms: &Terms, stage: Need, rest: Money) -> Option<Part> {
    match stage {
        Need::Copay => terms.copay.map(|amount| Part::Copay(amount.min(rest))),
        Need::Deductible => terms.deductible.map(|amount| Part::Deductible(amount.min(rest))),
        Need::Coinsurance => terms.coinsurance.map(|share| {
            let amount = rest.share(share);
            Part::Coinsurance { share, of: rest, amount }
        }),
        Need::Charge => None,
    }
}

fn amount_of(part: &Part) -> Money {
    match part {
        Part::Copay(amount) | Part::Deductible(amount) | Part::Coinsurance { amount, .. } => {
            *amount
        }
        Part::Capped(_) | Part::MaximumReached => Money::ZERO,
    }
}

fn with_charge(terms: &Terms, charge: Money) -> Owed {
    let mut owed = Owed::default();
    let mut rest = charge;
    let order = stages(terms.rule);
    for (place, &stage) in order.iter().enumerate() {
        if rest == Money::ZERO {
            break;
        }
        match take(terms, stage, rest) {
            Some(part) => {
                rest = rest.minus(amount_of(&part));
                owed.parts.push(part);
            }
            None if owed.missing.is_empty() => owed.missing = unknown(terms, &order[place..]),
            // The lowest share is sought, to which an unknown stage adds nothing.
            None => {}
        }
    }
    let sum: Money = owed.parts.iter().map(amount_of).sum();
    let at_most = terms.out_of_pocket.map_or(charge, |limit| limit.min(charge));
    // What is unknown has no say when the known parts reach all that there is to pay.
    if owed.missing.is_empty() || sum >= at_most {
        owed.missing.clear();
        owed.amount = Some(capped(terms, sum, &mut owed.parts));
    } else {
        owed.parts.clear();
        owed.range = range(Some(sum), Some(at_most));
    }
    owed
}

/// The stages that count while no charge is known; `None` when nothing can be said.
fn counted(terms: &Terms) -> Option<&'static [Need]> {
    let deductible_met = terms.deductible == Some(Money::ZERO);
    match (terms.rule, terms.place) {
        (Rule::CopayOnly, _) | (Rule::CopayFirst, Place::Office) => Some(&[Need::Copay]),
        (Rule::CopayAfterDeductible, Place::Office) => deductible_met.then_some(&[Need::Copay]),
        (Rule::DeductibleCoinsurance, Place::Office) => None,
        (Rule::DeductibleCoinsurance, Place::Treatment) => Some(&[Need::Deductible]),
        (Rule::CopayFirst | Rule::CopayAfterDeductible, Place::Treatment) => {
            Some(&[Need::Copay, Need::Deductible])
        }
    }
}

fn without_charge(terms: &Terms) -> Owed {
    let order = stages(terms.rule);
    let counted = counted(terms);
    let mut owed = Owed::default();
    // Nothing lies far enough above the largest figure for these to be cut by `rest`.
    let rest = Money::from_cents(i64::MAX);
    let reached = counted.unwrap_or_default().iter().filter_map(|&stage| take(terms, stage, rest));
    owed.parts = reached.collect();
    let sum: Money = owed.parts.iter().map(amount_of).sum();
    let all_zero = order.iter().all(|&stage| is_zero(terms, stage) == Some(true));
    let all_known = counted.is_some_and(|stages| unknown(terms, stages).is_empty());
    let is_exact = terms.rule == Rule::CopayOnly;
    // What is unknown has no say when the known parts reach all that is left out of pocket.
    let is_capped = terms.out_of_pocket.is_some_and(|limit| sum >= limit);
    if !(all_zero || is_capped || (all_known && (sum > Money::ZERO || is_exact))) {
        return unknown_share(terms);
    }
    let counts_deductible =
        |part: &Part| matches!(part, Part::Deductible(amount) if *amount > Money::ZERO);
    owed.assumes_charge = owed.parts.iter().any(counts_deductible);
    let mut left_out = order.iter().filter(|stage| !counted.unwrap_or_default().contains(stage));
    owed.is_incomplete = !is_capped && left_out.any(|&stage| is_zero(terms, stage) != Some(true));
    let amount = capped(terms, sum, &mut owed.parts);
    owed.amount = Some(amount);
    owed.range = match (owed.is_incomplete, owed.assumes_charge) {
        // Below the deductible, the charge itself would be the share.
        (true, true) => range(None, terms.out_of_pocket),
        (true, false) => range(Some(amount), terms.out_of_pocket),
        (false, true) => range(None, Some(amount)),
        (false, false) => None,
    };
    owed
}

/// What can be said of a share that is not known, without a charge: that it is no less than a
/// co-payment of the rule and no more than what is left out of pocket.
fn unknown_share(terms: &Terms) -> Owed {
    let order = stages(terms.rule);
    let mut missing = unknown(terms, order);
    if terms.rule != Rule::CopayOnly {
        missing.push(Need::Charge);
    }
    let copay = terms.copay.filter(|_| order.contains(&Need::Copay)).unwrap_or_default();
    let at_least = terms.out_of_pocket.map_or(copay, |limit| limit.min(copay));
    let range = range(Some(at_least), terms.out_of_pocket);
    Owed { range, missing, ..Owed::default() }
}

/// Between what the share lies when some figures are one of several values: the lowest ones are
/// in `low`, the highest in `high`. It grows with each of them.
pub fn between(low: &Terms, high: &Terms) -> Option<Range> {
    let exactly = |owed: &Owed| Range { at_least: owed.amount, at_most: owed.amount };
    let ends = |terms: &Terms| {
        let owed = patient_owes(terms);
        owed.range.unwrap_or_else(|| exactly(&owed))
    };
    range(ends(low).at_least, ends(high).at_most)
}

fn capped(terms: &Terms, sum: Money, parts: &mut Vec<Part>) -> Money {
    match terms.out_of_pocket {
        Some(limit) if limit < sum => {
            parts.push(Part::Capped(limit));
            limit
        }
        Some(_) | None => sum,
    }
}

/// A range, unless neither end says anything.
fn range(at_least: Option<Money>, at_most: Option<Money>) -> Option<Range> {
    let at_least = at_least.filter(|&amount| amount > Money::ZERO);
    (at_least.is_some() || at_most.is_some()).then_some(Range { at_least, at_most })
}

#[cfg(test)]
#[path = "arithmetic_tests.rs"]
mod tests;
