//! The estimate itself. Serialized, it is what programs get and the snapshot that a payment keeps.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::benefit::{Network, Rejection};
use super::request::{NetworkChoice, Request, Rule};
use crate::ids::CheckId;
use crate::money::{BasisPoints, MAX_PAYMENT, Money};

/// The version of the rules in this module; a change of any result takes the next number.
pub const ENGINE_VERSION: u32 = 2;

/// What every estimate is shown with.
pub const DISCLAIMER: &str = "This estimate rests on eligibility benefit information only. Fee \
    schedules and payer-specific rates are not yet included, so it may differ from the final \
    patient responsibility.";

/// What a patient is likely to owe, and how that came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// [`ENGINE_VERSION`] when it was made.
    pub engine_version: u32,
    /// Which one of the exhaustive cases it is.
    pub case: Case,
    /// The check that it rests on.
    #[serde(rename = "check_id")]
    pub check: Option<CheckId>,
    /// Who answered.
    pub payer: Option<String>,
    /// The plan's name.
    pub plan: Option<String>,
    /// The date of the payer's answer.
    pub checked_on: Option<Date>,
    /// How old that was, in days.
    pub age_days: Option<i64>,
    /// The network that was reckoned with.
    pub network: NetworkChoice,
    /// The date of the service.
    pub service_date: Date,
    /// The service types that were asked about, in the order in which they count, before the
    /// whole plan.
    #[serde(default)]
    pub service_types: Vec<String>,
    /// The co-payment.
    pub copay: Figure,
    /// The co-insurance.
    pub coinsurance: Figure,
    /// What is left of the deductible.
    pub deductible_remaining: Figure,
    /// What is left until the out-of-pocket maximum.
    pub out_of_pocket_remaining: Figure,
    /// A line per treatment code and per procedure row that the payer sent.
    pub procedures: Vec<ProcedureLine>,
    /// The amount to ask for; `None` when none can be known.
    #[serde(rename = "amount_cents")]
    pub amount: Option<Money>,
    /// Between what the share must lie, where that can be said.
    pub range: Option<Range>,
    /// The rule that was followed.
    pub rule: Option<Rule>,
    /// The default rule, and those that the payer's words suggest.
    pub rules_offered: Vec<Rule>,
    /// How the amount came about, in words without patient data.
    pub steps: Vec<String>,
    /// Everything that the staff should know beside the case.
    pub warnings: Vec<Warning>,
    /// The question.
    pub inputs: Request,
    /// An older check that may be chosen when the latest one was rejected.
    #[serde(rename = "other_check_id")]
    pub other_check: Option<CheckId>,
    /// The date of that one.
    pub other_checked_on: Option<Date>,
    /// Why the payer could not answer, also beside benefits.
    pub rejections: Vec<Rejection>,
    /// The payer's own text of every row that is named above.
    pub sources: Vec<Source>,
}

/// What kind of estimate it is: the first that holds, in the order of this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Case {
    /// The payment's type is not estimated, or not chosen.
    NotApplicable,
    /// The patient has no check.
    NoCheck,
    /// The latest check was rejected.
    Rejected,
    /// Coverage is not active on the service date.
    Inactive,
    /// The payer says both active and inactive.
    NeedsReview,
    /// The service is not covered.
    NotCovered,
    /// The payer returned contradicting values.
    Conflict,
    /// The payer returned several values, each with its own words.
    ChoiceNeeded,
    /// The payer returned no cost sharing.
    NoMoneyRows,
    /// A figure that the rule needs is missing.
    Partial,
    /// Only the charge is missing.
    NeedsCharge,
    /// There is an amount.
    Ok,
}

impl Case {
    /// All twelve, in the order in which they are checked.
    pub const ALL: [Self; 12] = [
        Self::NotApplicable,
        Self::NoCheck,
        Self::Rejected,
        Self::Inactive,
        Self::NeedsReview,
        Self::NotCovered,
        Self::Conflict,
        Self::ChoiceNeeded,
        Self::NoMoneyRows,
        Self::Partial,
        Self::NeedsCharge,
        Self::Ok,
    ];

    /// The name that is stored and sent to programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotApplicable => "not_applicable",
            Self::NoCheck => "no_check",
            Self::Rejected => "rejected",
            Self::Inactive => "inactive",
            Self::NeedsReview => "needs_review",
            Self::NotCovered => "not_covered",
            Self::Conflict => "conflict",
            Self::ChoiceNeeded => "choice_needed",
            Self::NoMoneyRows => "no_money_rows",
            Self::Partial => "partial",
            Self::NeedsCharge => "needs_charge",
            Self::Ok => "ok",
        }
    }

    /// The case with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|case| case.as_str() == name)
    }

    /// The heading that people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::NotApplicable => "No estimate for this payment type",
            Self::NoCheck => "No eligibility check on file",
            Self::Rejected => "The payer rejected the latest check",
            Self::Inactive => "Coverage is not active",
            Self::NeedsReview => "Needs review",
            Self::NotCovered => "Not covered",
            Self::Conflict => "The payer returned two values",
            Self::ChoiceNeeded => "Choose the value that applies",
            Self::NoMoneyRows => "The payer returned no cost sharing",
            Self::Partial => "The payer did not return enough",
            Self::NeedsCharge => "The charge is needed",
            Self::Ok => "Estimate",
        }
    }
}

/// One of the four figures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// What is known of it.
    pub state: FigureState,
    /// Its value; there when the state is [`FigureState::Known`].
    #[serde(flatten)]
    pub value: Option<FigureValue>,
    /// It was computed from a total and what was used of it.
    pub derived: bool,
    /// It is a total, of which an unknown part may be used.
    pub may_be_lower: bool,
    /// Whether it counts for the patient alone or for the family, where the payer says so.
    pub level: Option<FigureLevel>,
    /// The payer's rows that were considered, each with its words.
    pub options: Vec<FigureOption>,
    /// The indexes of the rows that it came from.
    pub rows: Vec<i64>,
}

impl Figure {
    /// The value when it is money.
    pub fn amount(&self) -> Option<Money> {
        match self.value {
            Some(FigureValue::Amount(money)) => Some(money),
            Some(FigureValue::Percent(_)) | None => None,
        }
    }

    /// The value when it is a percentage.
    pub fn percent(&self) -> Option<BasisPoints> {
        match self.value {
            Some(FigureValue::Percent(share)) => Some(share),
            Some(FigureValue::Amount(_)) | None => None,
        }
    }
}

/// What is known of a figure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FigureState {
    /// Its value.
    Known,
    /// The payer did not return it. That is not zero.
    #[default]
    NotReturned,
    /// The payer returned several values; a person picks one.
    Choice,
    /// The payer says that there is no limit.
    NoLimit,
}

impl FigureState {
    /// The name that is stored and sent to programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::NotReturned => "not_returned",
            Self::Choice => "choice",
            Self::NoLimit => "no_limit",
        }
    }
}

/// Money or a percentage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FigureValue {
    /// Money.
    #[serde(rename = "amount_cents")]
    Amount(Money),
    /// A percentage.
    #[serde(rename = "percent_bp")]
    Percent(BasisPoints),
}

impl std::fmt::Display for FigureValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Amount(money) => money.fmt(f),
            Self::Percent(share) => share.fmt(f),
        }
    }
}

/// For whom a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FigureLevel {
    /// The patient alone.
    Individual,
    /// The family together.
    Family,
}

impl FigureLevel {
    /// The name that people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Individual => "individual",
            Self::Family => "family",
        }
    }
}

/// One of the payer's rows for a figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FigureOption {
    /// The row's index, by which it is chosen.
    pub row: i64,
    /// Its value; `None` when it says that there is no limit.
    #[serde(flatten)]
    pub value: Option<FigureValue>,
    /// What the row is about, in our words.
    pub label: String,
    /// The payer's words.
    pub messages: Vec<String>,
}

/// A treatment code, or a row that the payer sent for a procedure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcedureLine {
    /// The procedure's code.
    pub code: String,
    /// The list that it is from, as the payer says.
    pub qualifier: Option<String>,
    /// Its modifiers.
    pub modifiers: Vec<String>,
    /// Whether it is one of the treatment's codes.
    pub in_treatment: bool,
    /// The payer's row; `None` when the payer sent none for the code.
    pub row: Option<i64>,
    /// What the row is: co-payment, co-insurance, not covered and so on.
    pub label: Option<String>,
    /// Its value, when it has one that can be used.
    #[serde(flatten)]
    pub value: Option<FigureValue>,
    /// Its period, in words.
    pub period: Option<String>,
    /// Its network.
    pub network: Option<Network>,
    /// Whether an authorization is required.
    pub authorization: Option<bool>,
    /// The payer's words.
    pub messages: Vec<String>,
}

/// Between what a share must lie. An end that is not known is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// Not less than this.
    #[serde(rename = "at_least_cents")]
    pub at_least: Option<Money>,
    /// Not more than this.
    #[serde(rename = "at_most_cents")]
    pub at_most: Option<Money>,
}

/// The payer's own text of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The row's index.
    pub row: i64,
    /// The EB segment.
    pub segment: String,
    /// The segments that belong to it.
    pub related: Vec<String>,
}

/// Something that the staff should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// What kind of thing.
    pub code: WarningCode,
    /// The thing in words, with the way out where there is one.
    pub message: String,
    /// The row that it is about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub row: Option<i64>,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident => $text:literal,)*) => {
        /// The kinds of warning. Their names are stable; to add one, add a line to the list.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub enum WarningCode { $($(#[$doc])* #[serde(rename = $text)] $name,)* }

        impl WarningCode {
            /// Every code, in the order in which warnings are listed.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable name in snake case.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

codes! {
    /// The check that was chosen is not one of the patient's.
    CheckNotFound => "check_not_found",
    /// A newer check exists.
    OlderCheck => "older_check",
    /// Coverage is not active, with the date where it is known.
    Inactive => "inactive",
    /// The service date lies outside the coverage.
    OutsideCoverage => "outside_coverage",
    /// The payer says both active and inactive.
    ActiveAndInactive => "active_and_inactive",
    /// The payer says neither active nor inactive.
    CoverageNotStated => "coverage_not_stated",
    /// The payer could not answer a part of the question.
    RejectedInPart => "rejected_in_part",
    /// The check has more rows than are looked at.
    RowsLeftOut => "rows_left_out",
    /// The check is old.
    Stale => "stale",
    /// The service falls into another plan year than the check.
    OtherPlanYear => "other_plan_year",
    /// The payer answered for another date.
    OtherDate => "other_date",
    /// The estimate is for a service out of network.
    OutOfNetwork => "out_of_network",
    /// The payer does not say for which network a row counts.
    NetworkNotStated => "network_not_stated",
    /// The payer's words contradict the row's network.
    NetworkContradicted => "network_contradicted",
    /// The payer returned cost sharing, but none that counts for the network.
    OtherNetwork => "other_network",
    /// Another payer may have to pay.
    OtherPayer => "other_payer",
    /// The patient must spend down before coverage begins.
    SpendDown => "spend_down",
    /// The service is not covered.
    NotCovered => "not_covered",
    /// A part of the service, or of the plan, is excluded.
    Exclusion => "exclusion",
    /// No visits or amounts are left of a limit.
    LimitReached => "limit_reached",
    /// An authorization is required.
    AuthorizationRequired => "authorization_required",
    /// Both an individual and a family figure are known.
    FamilyAndIndividual => "family_and_individual",
    /// Only a family figure is known.
    FamilyOnly => "family_only",
    /// A figure was computed from a total and what was used.
    Derived => "derived",
    /// A figure is a total, of which some may be used.
    MayBeLower => "may_be_lower",
    /// A row has a value that cannot be used.
    RowSetAside => "row_set_aside",
    /// A percentage was divided by one hundred.
    PercentRescaled => "percent_rescaled",
    /// The expected charge cannot be used.
    ChargeSetAside => "charge_set_aside",
    /// A choice names a row that was not offered.
    ChoiceIgnored => "choice_ignored",
    /// The staff stated what the payer did not.
    StatedByStaff => "stated_by_staff",
    /// A value was preselected by the kind of visit.
    Preselected => "preselected",
    /// The out-of-pocket maximum is not known, so that nothing is capped.
    OutOfPocketUnknown => "out_of_pocket_unknown",
    /// The amount assumes that the charge reaches the deductible.
    AssumesCharge => "assumes_charge",
    /// The amount is without co-insurance, for want of a charge.
    BeforeCoinsurance => "before_coinsurance",
    /// A co-payment of nothing stands beside a co-insurance that is more than nothing.
    CopayOfNothing => "copay_of_nothing",
    /// The payer's words: after the deductible.
    SaysAfterDeductible => "says_after_deductible",
    /// The payer's words: the deductible is waived.
    SaysDeductibleWaived => "says_deductible_waived",
    /// The payer's words: the greater of two.
    SaysGreaterOf => "says_greater_of",
    /// The payer's words: the lesser of two.
    SaysLesserOf => "says_lesser_of",
    /// The payer's words: waived if admitted.
    SaysWaivedIfAdmitted => "says_waived_if_admitted",
    /// The payer's words: a tier.
    SaysTier => "says_tier",
    /// The payer's words: a referral.
    SaysReferral => "says_referral",
}

impl Estimate {
    /// An estimate that says nothing yet.
    pub(super) fn empty(request: &Request, case: Case) -> Self {
        Self {
            engine_version: ENGINE_VERSION,
            case,
            check: None,
            payer: None,
            plan: None,
            checked_on: None,
            age_days: None,
            network: request.network,
            service_date: request.service_date,
            service_types: Vec::new(),
            copay: Figure::default(),
            coinsurance: Figure::default(),
            deductible_remaining: Figure::default(),
            out_of_pocket_remaining: Figure::default(),
            procedures: Vec::new(),
            amount: None,
            range: None,
            rule: None,
            rules_offered: Vec::new(),
            steps: Vec::new(),
            warnings: Vec::new(),
            inputs: request.clone(),
            other_check: None,
            other_checked_on: None,
            rejections: Vec::new(),
            sources: Vec::new(),
        }
    }

    /// Whether there is an amount that may be put into the form: more than nothing, no more than
    /// a payment may ask for, and in a case that allows it.
    pub fn offers_amount(&self) -> bool {
        let fits = |amount| amount > Money::ZERO && amount <= MAX_PAYMENT;
        matches!(self.case, Case::Ok | Case::NotCovered) && self.amount.is_some_and(fits)
    }
}
