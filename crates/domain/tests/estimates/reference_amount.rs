//! The second implementation, second half: the amount, as formulas over exact fractions.
//!
//! A figure is not a value but what is known of it: between what it lies. The formulas grow with
//! every figure, so an amount is known when both ends come to the same cent.

use almoner_domain::estimate::Rule;

use crate::ratio::Ratio;

/// Between what a figure lies. Above, it may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) low: Ratio,
    pub(crate) high: Option<Ratio>,
}

impl Span {
    pub(crate) const UNKNOWN: Self = Self { low: Ratio::ZERO, high: None };
    pub(crate) const NOTHING: Self = Self::exactly(Ratio::ZERO);

    pub(crate) const fn exactly(value: Ratio) -> Self {
        Self { low: value, high: Some(value) }
    }

    fn known(self) -> Option<Ratio> {
        self.high.filter(|high| *high == self.low)
    }
}

/// The question of the arithmetic. Money in it is whole cents; a limit that is open caps nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) rule: Rule,
    pub(crate) is_treatment: bool,
    pub(crate) charge: Option<Ratio>,
    pub(crate) copay: Span,
    pub(crate) deductible: Span,
    pub(crate) share: Span,
    pub(crate) limit: Option<Ratio>,
}

/// The answer, in whole cents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Owed {
    pub(crate) amount: Option<i128>,
    pub(crate) at_least: Option<i128>,
    pub(crate) at_most: Option<i128>,
}

impl Owed {
    /// The lowest and the highest that it may be.
    pub(crate) fn ends(self) -> (Option<i128>, Option<i128>) {
        match (self.at_least, self.at_most) {
            (None, None) => (self.amount, self.amount),
            ends => ends,
        }
    }
}

/// The figures that a rule is made of.
pub(crate) fn figures_of(terms: &Terms) -> Vec<Span> {
    let Terms { copay, deductible, share, .. } = *terms;
    match terms.rule {
        Rule::CopayOnly => vec![copay],
        Rule::DeductibleCoinsurance => vec![deductible, share],
        Rule::CopayFirst => vec![copay, deductible, share],
        Rule::CopayAfterDeductible => vec![deductible, copay],
    }
}

/// Whether all figures of the rule are known.
pub(crate) fn all_known(terms: &Terms) -> bool {
    figures_of(terms).iter().all(|figure| figure.known().is_some())
}

pub(crate) fn owed(terms: &Terms) -> Owed {
    if terms.limit == Some(Ratio::ZERO) {
        return Owed { amount: Some(0), ..Owed::default() };
    }
    match terms.charge {
        Some(charge) => of_charge(terms, charge),
        None => of_benefits_alone(terms),
    }
}

/// The formulas for a charge X, word for word.
fn formula(rule: Rule, x: Ratio, k: Ratio, d: Ratio, p: Ratio) -> Ratio {
    match rule {
        Rule::CopayOnly => k.min(x),
        Rule::DeductibleCoinsurance => {
            let d = d.min(x);
            d + p * (x - d)
        }
        Rule::CopayFirst => {
            let k = k.min(x);
            let d = d.min(x - k);
            k + d + p * (x - k - d)
        }
        Rule::CopayAfterDeductible => {
            let d = d.min(x);
            d + k.min(x - d)
        }
    }
}

fn of_charge(terms: &Terms, x: Ratio) -> Owed {
    let Terms { rule, copay: k, deductible: d, share: p, limit, .. } = *terms;
    let capped = |owed: Ratio| limit.map_or(owed, |limit| owed.min(limit)).min(x).half_up();
    let least = capped(formula(rule, x, k.low, d.low, p.low));
    let most =
        formula(rule, x, k.high.unwrap_or(x), d.high.unwrap_or(x), p.high.unwrap_or(Ratio::ONE));
    let most = capped(most);
    if least == most {
        return Owed { amount: Some(least), ..Owed::default() };
    }
    Owed { amount: None, at_least: Some(least).filter(|&least| least > 0), at_most: Some(most) }
}

/// Without a charge: at the office the co-payment; for a treatment the co-payment and the
/// deductible, which the charge is assumed to reach.
fn of_benefits_alone(terms: &Terms) -> Owed {
    let Terms { rule, is_treatment, copay, deductible, limit, .. } = *terms;
    let figures = figures_of(terms);
    if figures.iter().all(|figure| *figure == Span::NOTHING) {
        return Owed { amount: Some(0), ..Owed::default() };
    }
    let has_copay = rule != Rule::DeductibleCoinsurance;
    let counts_copay = has_copay
        && (is_treatment || rule != Rule::CopayAfterDeductible || deductible == Span::NOTHING);
    let counts_deductible = is_treatment && rule != Rule::CopayOnly;
    let parts: Vec<Span> = [(copay, counts_copay), (deductible, counts_deductible)]
        .into_iter()
        .filter_map(|(part, counts)| counts.then_some(part))
        .collect();
    let sum =
        parts.iter().filter_map(|part| part.known()).fold(Ratio::ZERO, |sum, part| sum + part);
    let is_capped = limit.is_some_and(|limit| limit <= sum);
    let is_complete = !parts.is_empty() && parts.iter().all(|part| part.known().is_some());
    let says_something = sum > Ratio::ZERO || rule == Rule::CopayOnly;
    if !(is_capped || (is_complete && says_something)) {
        let least = if has_copay { copay.low } else { Ratio::ZERO };
        let least = limit.map_or(least, |limit| least.min(limit)).half_up();
        return Owed {
            amount: None,
            at_least: Some(least).filter(|&least| least > 0),
            at_most: limit.map(Ratio::half_up),
        };
    }
    let assumes = counts_deductible && deductible.known().is_some_and(|part| part > Ratio::ZERO);
    // What is not counted, such as a share, adds to the amount unless it is nothing.
    let open = |spans: &[Span]| spans.iter().filter(|span| **span != Span::NOTHING).count();
    let adds = !is_capped && open(&figures) > open(&parts);
    let amount = limit.map_or(sum, |limit| sum.min(limit)).half_up();
    let (at_least, at_most) = match (adds, assumes) {
        (true, true) => (None, limit.map(Ratio::half_up)),
        (true, false) => (Some(amount), limit.map(Ratio::half_up)),
        (false, true) => (None, Some(amount)),
        (false, false) => (None, None),
    };
    Owed { amount: Some(amount), at_least: at_least.filter(|&least| least > 0), at_most }
}
