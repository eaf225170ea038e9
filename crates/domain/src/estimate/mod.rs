//! The payment estimate: from the payer's own answer to the amount to ask for.
//!
//! Three rules above all: unknown is not zero; every figure names the payer's rows that it came
//! from; no number is offered when none can be known. Everything is a pure function of the
//! request and the checks.
//!
//! The way of a question: `choose` finds the rows that count, `figures` reads the four figures
//! from them, `coverage` judges whether there is coverage, [`arithmetic`] computes, `case` says
//! which case it is, `warnings` and `steps` put the rest into words.

pub mod answer;
pub mod arithmetic;
pub mod benefit;
mod case;
mod choose;
mod coverage;
mod dates;
mod figures;
pub mod labels;
mod lines;
mod readings;
pub mod request;
pub mod service_types;
pub mod settings;
mod steps;
mod warnings;
mod words;

pub use answer::{
    Case, DISCLAIMER, ENGINE_VERSION, Estimate, Figure, FigureLevel, FigureOption, FigureState,
    FigureValue, ProcedureLine, Range, Source, Warning, WarningCode,
};
pub use benefit::{Benefit, BenefitDate, Check, Network, Outcome, Procedure, Rejection, outcome};
pub use choose::MAX_ROWS;
pub use readings::NO_LIMIT;
pub use request::{
    ChargeSource, Choices, NetworkChoice, Request, RowChoice, Rule, STALE_AFTER_DAYS, VisitClass,
};
pub use service_types::CodeRange;
pub use settings::{EstimateSettings, RangeEntry, SettingsEntry};

use std::collections::BTreeSet;

use arithmetic::{Owed, Place, Terms};
use case::Facts;
use choose::Scope;
use figures::{Figures, Found};

use crate::money::Money;
use crate::payment::PaymentType;

/// The greatest charge that is reckoned with: ten billion dollars.
pub const MAX_CHARGE: Money = Money::from_cents(1_000_000_000_000);

/// Estimates what the patient owes, with the default settings.
///
/// `checks` are the patient's, newest first; those of the primary coverage come before others.
/// None at all is the case `no_check`.
pub fn estimate(request: &Request, checks: &[Check]) -> Estimate {
    estimate_with(request, checks, &EstimateSettings::default())
}

/// Estimates what the patient owes, with the service types that the clinic sets. The network and
/// the age of a stale check are those of the request.
pub fn estimate_with(request: &Request, checks: &[Check], settings: &EstimateSettings) -> Estimate {
    let Some(kind) = request.payment_type.filter(|kind| kind.is_estimated()) else {
        return without_check(request, Case::NotApplicable);
    };
    let chosen = request.choices.check.and_then(|id| checks.iter().find(|check| check.id == id));
    let Some(check) = chosen.or(checks.first()) else {
        return without_check(request, Case::NoCheck);
    };
    let mut estimate = of_check(request, kind, check, settings);
    if estimate.case == Case::Rejected {
        let other = checks.iter().find(|other| is_usable(other) && other.id != check.id);
        estimate.other_check = other.map(|other| other.id);
        estimate.other_checked_on = other.map(|other| other.checked_on);
    }
    if request.choices.check.is_some() && chosen.is_none() {
        let message = "The chosen check is not one of the patient's; the latest one is used.";
        estimate.warn(WarningCode::CheckNotFound, message);
    } else if let Some(first) = checks.first().filter(|first| first.id != check.id) {
        let is_older = check.checked_on <= first.checked_on;
        let newer = "A newer check exists and is not used.";
        let primary = "The check of the primary coverage is not used.";
        estimate.warn(WarningCode::OlderCheck, if is_older { newer } else { primary });
    }
    estimate.warnings.sort_by_key(|warning| warning.code);
    estimate
}

fn without_check(request: &Request, case: Case) -> Estimate {
    let mut estimate = Estimate::empty(request, case);
    estimate.steps = steps::steps(&estimate, &Owed::default());
    estimate
}

/// Whether an older check may be offered in place of a rejected one.
fn is_usable(check: &Check) -> bool {
    match check.outcome {
        Outcome::Active | Outcome::Review => true,
        Outcome::Unknown => !check.benefits.is_empty(),
        Outcome::Inactive | Outcome::Rejected => false,
    }
}

fn of_check(
    request: &Request,
    kind: PaymentType,
    check: &Check,
    settings: &EstimateSettings,
) -> Estimate {
    let scope = Scope::new(request, check, settings);
    let figures = Figures::read(&scope);
    let coverage = coverage::coverage(&scope);
    let exclusions = coverage::exclusions(&scope);
    let charge = usable_charge(request);
    let rule = request.choices.rule.unwrap_or_else(|| default_rule(kind, &figures));
    let terms = terms(kind, rule, charge, &figures);
    let mut owed = if exclusions.not_covered.is_empty() {
        arithmetic::patient_owes(&terms)
    } else {
        arithmetic::not_covered(charge)
    };
    let facts =
        Facts { request, check, coverage, exclusions: &exclusions, figures: &figures, owed: &owed };
    let case = case::case(&facts);
    if matches!(case, Case::Conflict | Case::ChoiceNeeded) {
        owed.range = arithmetic::between(&figures.lowest(&terms), &figures.highest(&terms));
    }

    let mut estimate = Estimate::empty(request, case);
    estimate.describe(check);
    estimate.service_types = scope.types.iter().copied().map(str::to_owned).collect();
    if case == Case::Rejected {
        estimate.settle(&owed);
        return estimate;
    }
    estimate.warnings = warnings::gather(&scope, coverage, &exclusions, &figures);
    if charge != request.charge {
        let message = "The expected charge is negative or beyond belief and is set aside.";
        estimate.warn(WarningCode::ChargeSetAside, message);
    }
    estimate.procedures = lines::lines(&scope);
    if is_reckoned(case) {
        estimate.rule = Some(rule);
        estimate.rules_offered = rules_offered(kind, &figures, scope.rows());
        estimate.note_copay_of_nothing(&figures);
    }
    estimate.take_figures(figures);
    estimate.settle(&owed);
    estimate.sources = sources(&estimate, scope.rows());
    estimate
}

/// The charge to reckon with; one that is negative or beyond belief is set aside.
fn usable_charge(request: &Request) -> Option<Money> {
    request.charge.filter(|charge| (Money::ZERO..=MAX_CHARGE).contains(charge))
}

/// Whether a rule has a say in the case.
fn is_reckoned(case: Case) -> bool {
    match case {
        Case::Conflict | Case::ChoiceNeeded | Case::Partial | Case::NeedsCharge | Case::Ok => true,
        Case::NotApplicable
        | Case::NoCheck
        | Case::Rejected
        | Case::Inactive
        | Case::NeedsReview
        | Case::NotCovered
        | Case::NoMoneyRows => false,
    }
}

/// A co-payment decides the default rule, also one that is still to be picked or that was sent
/// without an amount: leaving it out would make it zero.
fn default_rule(kind: PaymentType, figures: &Figures) -> Rule {
    let has_copay = figures.copay.was_sent;
    match (kind, has_copay) {
        (_, false) => Rule::DeductibleCoinsurance,
        (PaymentType::TreatmentPrePayment, true) => Rule::CopayFirst,
        (PaymentType::OfficeVisit | PaymentType::PrivatePay, true) => Rule::CopayOnly,
    }
}

/// The default rule, those that the payer's words at a co-payment suggest, and the one without a
/// co-payment when the payer sent it without an amount, or with nothing beside a co-insurance.
fn rules_offered(kind: PaymentType, figures: &Figures, rows: &[Benefit]) -> Vec<Rule> {
    let default = default_rule(kind, figures);
    let mut offered = vec![default];
    let is_bare = figures.copay.was_sent && figures.copay.figure.state == FigureState::NotReturned;
    if is_bare || (default == Rule::CopayOnly && is_copay_of_nothing(figures)) {
        offered.push(Rule::DeductibleCoinsurance);
    }
    let options = figures.copay.figure.options.iter();
    let shown: BTreeSet<i64> = options.map(|option| option.row).collect();
    let is_shown = |row: &&Benefit| shown.contains(&row.index);
    for row in rows.iter().filter(is_shown) {
        for rule in words::meanings(row).into_iter().flat_map(words::Meaning::rules) {
            if !offered.contains(rule) {
                offered.push(*rule);
            }
        }
    }
    offered
}

/// Whether a co-payment of nothing stands beside a co-insurance of more than nothing: payers write
/// so when only the co-insurance applies.
fn is_copay_of_nothing(figures: &Figures) -> bool {
    let Found { figure, trouble, .. } = &figures.coinsurance;
    let has_share = trouble.is_some() || figure.percent().is_some_and(|share| share.get() > 0);
    figures.copay.amount() == Some(Money::ZERO) && has_share
}

fn terms(kind: PaymentType, rule: Rule, charge: Option<Money>, figures: &Figures) -> Terms {
    let place = match kind {
        PaymentType::TreatmentPrePayment => Place::Treatment,
        PaymentType::OfficeVisit | PaymentType::PrivatePay => Place::Office,
    };
    Terms {
        rule,
        place,
        charge,
        copay: figures.copay.amount(),
        deductible: figures.deductible.amount(),
        coinsurance: figures.coinsurance.percent(),
        out_of_pocket: figures.out_of_pocket.amount(),
    }
}

/// The payer's text of every row that the estimate names.
fn sources(estimate: &Estimate, rows: &[Benefit]) -> Vec<Source> {
    let figures = [
        &estimate.copay,
        &estimate.coinsurance,
        &estimate.deductible_remaining,
        &estimate.out_of_pocket_remaining,
    ];
    let of_figure = |figure: &&Figure| {
        let options = figure.options.iter().map(|option| option.row);
        figure.rows.iter().copied().chain(options).collect::<Vec<i64>>()
    };
    let mut named: BTreeSet<i64> = figures.iter().flat_map(of_figure).collect();
    named.extend(estimate.procedures.iter().filter_map(|line| line.row));
    named.extend(estimate.warnings.iter().filter_map(|warning| warning.row));
    let rows = rows.iter().filter(|row| named.contains(&row.index));
    let source = |row: &Benefit| Source {
        row: row.index,
        segment: row.segment.clone(),
        related: row.related.clone(),
    };
    rows.map(source).collect()
}

impl Estimate {
    fn warn(&mut self, code: WarningCode, message: &str) {
        self.warnings.push(Warning { code, message: message.to_owned(), row: None });
    }

    fn describe(&mut self, check: &Check) {
        self.check = Some(check.id);
        self.payer = Some(check.payer.clone());
        self.plan.clone_from(&check.plan);
        self.checked_on = Some(check.checked_on);
        self.age_days = Some(dates::days_between(check.checked_on, self.inputs.today));
        self.rejections.clone_from(&check.rejections);
    }

    /// Takes over what the case allows to be said of the amount.
    fn settle(&mut self, owed: &Owed) {
        if self.case == Case::Ok || self.case == Case::NotCovered {
            self.amount = owed.amount;
            self.note_assumptions(owed);
        }
        if is_reckoned(self.case) {
            self.range = owed.range;
        }
        self.steps = steps::steps(self, owed);
    }

    fn note_copay_of_nothing(&mut self, figures: &Figures) {
        if self.rule == Some(Rule::CopayOnly) && is_copay_of_nothing(figures) {
            let message = "The payer returned a co-payment of $0.00 beside a co-insurance. Where \
                           the co-insurance applies, choose the rule with it.";
            let row = figures.copay.figure.rows.first().copied();
            let message = message.to_owned();
            self.warnings.push(Warning { code: WarningCode::CopayOfNothing, message, row });
        }
    }

    fn note_assumptions(&mut self, owed: &Owed) {
        if owed.assumes_charge {
            let most = owed.range.and_then(|range| range.at_most);
            let most = most.map_or(String::new(), |most| format!("; at most {most}"));
            let message = format!("The charge is assumed to reach the deductible{most}.");
            self.warn(WarningCode::AssumesCharge, &message);
        }
        if owed.is_incomplete {
            let message = "Parts that depend on the charge, such as co-insurance, are left out.";
            self.warn(WarningCode::BeforeCoinsurance, message);
        }
    }

    fn take_figures(&mut self, figures: Figures) {
        self.copay = figures.copay.figure;
        self.coinsurance = figures.coinsurance.figure;
        self.deductible_remaining = figures.deductible.figure;
        self.out_of_pocket_remaining = figures.out_of_pocket.figure;
    }
}

#[cfg(test)]
mod tests;
