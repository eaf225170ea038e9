//! An estimate as programs get it. The snapshot that a payment keeps has types of its own, so
//! that each can change without the other.

use almoner_domain::estimate::{
    Case, DISCLAIMER, Estimate, Figure, FigureOption, FigureValue, NetworkChoice, ProcedureLine,
    Range, Rule, VisitClass, Warning,
};
use almoner_domain::{BasisPoints, CheckId, Money};
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::eligibility_checks::RejectionAnswer;
use super::super::words::{
    self, BenefitNetwork, EstimateCase, EstimateChargeSource, EstimateFigureLevel,
    EstimateFigureState, EstimateRule, EstimateVisitClass, EstimateWarningCode, ServiceNetwork,
};

/// What a patient is likely to owe, and how that came about.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api::v1) struct EstimateAnswer {
    /// What kind of estimate it is. Only `ok` and `not_covered` have an amount.
    #[schema(value_type = EstimateCase)]
    case: &'static str,
    /// The amount to ask for, in cents; null when none can be known.
    amount_cents: Option<i64>,
    /// The currency of all amounts.
    #[schema(example = "USD")]
    currency: String,
    /// Between what the share must lie, where that can be said.
    range: Option<RangeAnswer>,
    /// The check that it rests on.
    #[schema(value_type = Option<String>, example = "ELG-001")]
    check_id: Option<CheckId>,
    /// Who answered.
    payer: Option<String>,
    /// The plan's name.
    plan: Option<String>,
    /// The day of the payer's answer.
    #[schema(value_type = Option<String>, format = Date)]
    checked_on: Option<Date>,
    /// How old that was, in days, on the clinic's date.
    age_days: Option<i64>,
    /// The service types that were looked for, the most specific first; the whole plan comes last.
    #[schema(example = json!(["98", "BY", "BZ", "96"]))]
    service_types: Vec<String>,
    /// The network that was reckoned with.
    #[schema(value_type = ServiceNetwork)]
    network: &'static str,
    /// The day of the service that was reckoned with.
    #[schema(value_type = String, format = Date)]
    service_date: Date,
    /// The charge that was reckoned with.
    charge_cents: Option<i64>,
    /// Where that charge comes from.
    #[schema(value_type = Option<EstimateChargeSource>)]
    charge_source: Option<&'static str>,
    /// The kind of visit that the location gives, as the clinic sets it.
    #[schema(value_type = Option<EstimateVisitClass>)]
    visit_class: Option<&'static str>,
    /// The co-payment.
    copay: FigureAnswer,
    /// The co-insurance.
    coinsurance: FigureAnswer,
    /// What is left of the deductible.
    deductible_remaining: FigureAnswer,
    /// What is left until the out-of-pocket maximum.
    out_of_pocket_remaining: FigureAnswer,
    /// A line per treatment code and per procedure row that the payer sent.
    procedures: Vec<ProcedureAnswer>,
    /// The rule that was followed.
    #[schema(value_type = Option<EstimateRule>)]
    rule: Option<&'static str>,
    /// The default rule, and those that the payer's words suggest.
    #[schema(value_type = Vec<EstimateRule>)]
    rules_offered: Vec<&'static str>,
    /// How the amount came about, in words.
    steps: Vec<String>,
    /// What should be known beside the case.
    warnings: Vec<WarningAnswer>,
    /// Why the payer could not answer, also beside benefits.
    rejections: Vec<RejectionAnswer>,
    /// An older check that may be chosen when the latest one was rejected.
    #[schema(value_type = Option<String>, example = "ELG-001")]
    other_check_id: Option<CheckId>,
    /// The day of that one.
    #[schema(value_type = Option<String>, format = Date)]
    other_checked_on: Option<Date>,
    /// The version of the rules that were followed.
    engine_version: u32,
    /// What to show beside the amount, always.
    disclaimer: &'static str,
}

/// Between what a share must lie. An end that is not known is null.
#[derive(Debug, Serialize, ToSchema)]
struct RangeAnswer {
    /// Not less than this.
    at_least_cents: Option<i64>,
    /// Not more than this.
    at_most_cents: Option<i64>,
}

/// One of the four figures.
#[derive(Debug, Serialize, ToSchema)]
struct FigureAnswer {
    /// What is known of it. What the payer did not return is not zero.
    #[schema(value_type = EstimateFigureState)]
    state: &'static str,
    /// Its value when it is known and money.
    amount_cents: Option<i64>,
    /// Its value when it is known and a percentage, in basis points.
    percent_bp: Option<i64>,
    /// It was computed from a total and what was used of it.
    derived: bool,
    /// It is a total, of which an unknown part may be used.
    may_be_lower: bool,
    /// For whom it counts, where the payer says so.
    #[schema(value_type = Option<EstimateFigureLevel>)]
    level: Option<&'static str>,
    /// The payer's rows that were considered.
    options: Vec<OptionAnswer>,
    /// The indexes of the rows that it came from.
    rows: Vec<i64>,
}

/// One of the payer's rows for a figure.
#[derive(Debug, Serialize, ToSchema)]
struct OptionAnswer {
    /// The row's index, by which it is chosen.
    row: i64,
    /// Its value when it is money; null in both when it says that there is no limit.
    amount_cents: Option<i64>,
    /// Its value when it is a percentage, in basis points.
    percent_bp: Option<i64>,
    /// What the row is about, in our words.
    label: String,
    /// The payer's words.
    messages: Vec<String>,
}

/// A treatment code, or a row that the payer sent for a procedure.
#[derive(Debug, Serialize, ToSchema)]
struct ProcedureAnswer {
    /// The procedure's code.
    code: String,
    /// The list that it is from, as the payer says.
    qualifier: Option<String>,
    /// Its modifiers.
    modifiers: Vec<String>,
    /// Whether it is one of the treatment's codes.
    in_treatment: bool,
    /// The payer's row; null when the payer sent none for the code.
    row: Option<i64>,
    /// What the row is, in our words.
    label: Option<String>,
    /// Its value when it is money.
    amount_cents: Option<i64>,
    /// Its value when it is a percentage, in basis points.
    percent_bp: Option<i64>,
    /// Its period, in words.
    period: Option<String>,
    /// Its network.
    #[schema(value_type = Option<BenefitNetwork>)]
    network: Option<&'static str>,
    /// Whether an authorization is required.
    authorization: Option<bool>,
    /// The payer's words.
    messages: Vec<String>,
}

/// Something that should be known.
#[derive(Debug, Serialize, ToSchema)]
struct WarningAnswer {
    /// What kind of thing.
    #[schema(value_type = EstimateWarningCode)]
    code: &'static str,
    /// The thing in words, with the way out where there is one.
    message: String,
    /// The row that it is about.
    row: Option<i64>,
}

impl EstimateAnswer {
    pub(in crate::api::v1) fn new(estimate: Estimate, currency: &str) -> Self {
        Self {
            case: Case::as_str(estimate.case),
            amount_cents: estimate.amount.map(Money::cents),
            currency: currency.to_owned(),
            range: estimate.range.map(RangeAnswer::from),
            check_id: estimate.check,
            payer: estimate.payer,
            plan: estimate.plan,
            checked_on: estimate.checked_on,
            age_days: estimate.age_days,
            service_types: estimate.service_types,
            network: NetworkChoice::as_str(estimate.network),
            service_date: estimate.service_date,
            charge_cents: estimate.inputs.charge.map(Money::cents),
            charge_source: estimate.inputs.charge_source.map(words::charge_source),
            visit_class: estimate.inputs.visit_class.map(VisitClass::as_str),
            copay: estimate.copay.into(),
            coinsurance: estimate.coinsurance.into(),
            deductible_remaining: estimate.deductible_remaining.into(),
            out_of_pocket_remaining: estimate.out_of_pocket_remaining.into(),
            procedures: estimate.procedures.into_iter().map(ProcedureAnswer::from).collect(),
            rule: estimate.rule.map(Rule::as_str),
            rules_offered: estimate.rules_offered.into_iter().map(Rule::as_str).collect(),
            steps: estimate.steps,
            warnings: estimate.warnings.into_iter().map(WarningAnswer::from).collect(),
            rejections: estimate.rejections.iter().map(RejectionAnswer::from).collect(),
            other_check_id: estimate.other_check,
            other_checked_on: estimate.other_checked_on,
            engine_version: estimate.engine_version,
            disclaimer: DISCLAIMER,
        }
    }
}

/// The two fields of a value: one of them is null, or both are.
fn split(value: Option<FigureValue>) -> (Option<i64>, Option<i64>) {
    match value {
        Some(FigureValue::Amount(money)) => (Some(money.cents()), None),
        Some(FigureValue::Percent(share)) => (None, Some(BasisPoints::get(share))),
        None => (None, None),
    }
}

impl From<Range> for RangeAnswer {
    fn from(range: Range) -> Self {
        Self {
            at_least_cents: range.at_least.map(Money::cents),
            at_most_cents: range.at_most.map(Money::cents),
        }
    }
}

impl From<Figure> for FigureAnswer {
    fn from(figure: Figure) -> Self {
        let (amount_cents, percent_bp) = split(figure.value);
        Self {
            state: figure.state.as_str(),
            amount_cents,
            percent_bp,
            derived: figure.derived,
            may_be_lower: figure.may_be_lower,
            level: figure.level.map(words::level),
            options: figure.options.into_iter().map(OptionAnswer::from).collect(),
            rows: figure.rows,
        }
    }
}

impl From<FigureOption> for OptionAnswer {
    fn from(option: FigureOption) -> Self {
        let (amount_cents, percent_bp) = split(option.value);
        let FigureOption { row, label, messages, .. } = option;
        Self { row, amount_cents, percent_bp, label, messages }
    }
}

impl From<ProcedureLine> for ProcedureAnswer {
    fn from(line: ProcedureLine) -> Self {
        let (amount_cents, percent_bp) = split(line.value);
        Self {
            code: line.code,
            qualifier: line.qualifier,
            modifiers: line.modifiers,
            in_treatment: line.in_treatment,
            row: line.row,
            label: line.label,
            amount_cents,
            percent_bp,
            period: line.period,
            network: line.network.map(words::network),
            authorization: line.authorization,
            messages: line.messages,
        }
    }
}

impl From<Warning> for WarningAnswer {
    fn from(warning: Warning) -> Self {
        Self { code: warning.code.as_str(), message: warning.message, row: warning.row }
    }
}
