//! The panel "Payment estimate" of the create form, and the estimate that a payment keeps.

use almoner_domain::{BasisPoints, CheckId, Money};

use crate::view::parts::{Fact, Link, Tone};

/// What the payer's answer comes to, each figure and each warning with the payer's own lines.
#[derive(Debug, Clone)]
pub(crate) struct EstimatePanel {
    /// What the panel shows, for the form to send back.
    pub(crate) shown: Shown,
    /// What is read out when the panel has changed: the amount, or why there is none.
    pub(crate) summary: String,
    /// How the payer may be asked, or that it is being asked.
    pub(crate) asking: Option<Asking>,
    /// The check that it rests on.
    pub(crate) check: Option<CheckLine>,
    /// What staff may say; none while there is no check to estimate from.
    pub(crate) asked: Option<Asked>,
    /// The case in words, such as "No eligibility check on file"; none when all is usual.
    pub(crate) notice: Option<Notice>,
    /// What there is to decide: which check, which value, which rule.
    pub(crate) decisions: Vec<OptionGroup>,
    /// Without a decision there is no amount, so that the decisions come first.
    pub(crate) is_undecided: bool,
    /// The amount to ask for, or what can be said instead.
    pub(crate) result: Option<AmountLine>,
    /// The form still asks for this amount, which an earlier estimate offered.
    pub(crate) outdated: Option<Money>,
    /// How it was computed, a sentence for each step.
    pub(crate) steps: Vec<String>,
    /// What deserves care.
    pub(crate) warnings: Vec<WarningLine>,
    /// Co-pay, co-insurance, remaining deductible, remaining out-of-pocket maximum; empty when
    /// there is nothing to read them from.
    pub(crate) figures: Vec<Figure>,
    /// A row for each code of the treatment and each procedure that the payer named.
    pub(crate) procedures: Vec<ProcedureRow>,
    /// How the figures were read.
    pub(crate) notes: Vec<WarningLine>,
    /// The sentence on what it rests on.
    pub(crate) disclaimer: &'static str,
}

/// What the panel shows, as hidden fields: the form sends it back, so that what was typed for
/// another treatment, or filled in and not typed, is told apart. No number of it is trusted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shown {
    /// `shown_type`: the payment's type.
    pub(crate) payment_type: String,
    /// `shown_treatment`: the treatment, or blank.
    pub(crate) treatment: String,
    /// `shown_check`: the check, or blank.
    pub(crate) check: String,
    /// `shown_charge`: the charge that was filled in, or blank.
    pub(crate) charge: String,
    /// `shown_date`: the service date that was filled in.
    pub(crate) service_date: String,
    /// `estimate_seen`: differs when the estimate says something else.
    pub(crate) fingerprint: String,
}

/// A case of the panel in words, with its ways out.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    /// How it is meant.
    pub(crate) tone: Tone,
    /// A few words.
    pub(crate) title: String,
    /// What follows from it, a sentence or two each.
    pub(crate) texts: Vec<String>,
    /// The payer's own lines that say so.
    pub(crate) lines: Vec<PayerLine>,
    /// Where to go, such as the eligibility page.
    pub(crate) ways: Vec<Link>,
}

/// How the payer may be asked, or that it is being asked.
#[derive(Debug, Clone)]
pub(crate) struct Asking {
    /// Where the newest question stands, or why none was asked.
    pub(crate) told: Option<Notice>,
    /// An answer is awaited: **Refresh** is offered, and the page looks by itself.
    pub(crate) is_open: bool,
    /// The button that asks, `do` = `run_check`: **Run check** or **Ask again**.
    pub(crate) button: Option<&'static str>,
    /// The form in which more can be chosen.
    pub(crate) form: Option<Link>,
}

/// The check behind an estimate.
#[derive(Debug, Clone)]
pub(crate) struct CheckLine {
    /// Which.
    pub(crate) id: CheckId,
    /// Who answered.
    pub(crate) payer: String,
    /// The plan's name.
    pub(crate) plan: Option<String>,
    /// When the payer answered.
    pub(crate) checked_at: String,
    /// How long ago: "3 days old".
    pub(crate) age: String,
    /// It is older than the clinic wants, or of another plan year.
    pub(crate) is_stale: bool,
}

/// What staff may say about the service.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// In or out: the form's field `network`.
    pub(crate) networks: Vec<NetworkOption>,
    /// The date of service: the form's field `service_date`.
    pub(crate) service_date: String,
    /// The expected charge: the form's field `charge`.
    pub(crate) charge: String,
    /// Where the expected charge comes from.
    pub(crate) charge_source: String,
}

/// A network to choose.
#[derive(Debug, Clone)]
pub(crate) struct NetworkOption {
    /// `in` or `out`.
    pub(crate) value: &'static str,
    /// "In" or "Out", with "(default)" at what the clinic sets.
    pub(crate) label: String,
    /// It is reckoned with.
    pub(crate) is_chosen: bool,
}

/// The amount to ask for.
#[derive(Debug, Clone)]
pub(crate) struct AmountLine {
    /// The amount; none when it is not known.
    pub(crate) amount: Option<Money>,
    /// What it assumes, and between what it lies.
    pub(crate) notes: Vec<String>,
    /// **Use this amount** is offered.
    pub(crate) can_use: bool,
}

/// Something that deserves care.
#[derive(Debug, Clone)]
pub(crate) struct WarningLine {
    /// The thing in words.
    pub(crate) text: String,
    /// It only says how a figure was read.
    pub(crate) is_note: bool,
    /// The payer's own lines that it rests on.
    pub(crate) lines: Vec<PayerLine>,
}

/// One of the four figures.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    /// "Co-pay amount", "Co-insurance percentage", …
    pub(crate) label: &'static str,
    /// What is known.
    pub(crate) value: FigureValue,
    /// How it was found: "individual; family: $1,600.00".
    pub(crate) note: Option<String>,
    /// The payer's own lines.
    pub(crate) lines: Vec<PayerLine>,
}

/// The state of a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FigureValue {
    /// An amount.
    Amount(Money),
    /// A share.
    Percent(BasisPoints),
    /// The payer did not return it; this is not zero.
    NotReturned,
    /// The payer did not return it, and staff stated that there is none.
    StatedNone,
    /// The payer sets no limit.
    NoLimit,
    /// The payer returned several, such as "$25.00 or $40.00".
    Several(String),
}

impl FigureValue {
    /// The value in words.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Amount(amount) => amount.to_string(),
            Self::Percent(share) => share.to_string(),
            Self::NotReturned => "not returned by the payer".to_owned(),
            Self::StatedNone => "none, as staff stated".to_owned(),
            Self::NoLimit => "no limit".to_owned(),
            Self::Several(values) => values.clone(),
        }
    }

    /// Whether it is a value that can be reckoned with.
    pub(crate) fn is_known(&self) -> bool {
        matches!(self, Self::Amount(_) | Self::Percent(_) | Self::NoLimit)
    }
}

/// Radios that settle something open.
#[derive(Debug, Clone)]
pub(crate) struct OptionGroup {
    /// The form's field: `choice_copay`, `choice_coinsurance`, `choice_deductible`,
    /// `choice_out_of_pocket`, `choice_rule` or `choice_check`.
    pub(crate) name: &'static str,
    /// What is asked.
    pub(crate) legend: String,
    /// The answers.
    pub(crate) options: Vec<Answer>,
}

/// One radio of a group.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// What the form sends: a benefit's index, `none`, a rule, a check; blank leaves it open.
    pub(crate) value: String,
    /// What people read.
    pub(crate) label: String,
    /// It is the one that counts.
    pub(crate) is_chosen: bool,
    /// The payer's own lines.
    pub(crate) lines: Vec<PayerLine>,
}

impl Answer {
    /// The end of its id, by which the focus finds it again.
    pub(crate) fn slug(&self) -> &str {
        if self.value.is_empty() { "open" } else { &self.value }
    }
}

/// A line of the payer's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PayerLine {
    /// What the line is about, in our words.
    pub(crate) label: Option<String>,
    /// The segment as it came.
    pub(crate) segment: String,
    /// The segments that belong to it.
    pub(crate) related: Vec<String>,
}

/// What the payer says of a procedure.
#[derive(Debug, Clone)]
pub(crate) struct ProcedureRow {
    /// The code.
    pub(crate) code: String,
    /// It is one of the treatment's codes.
    pub(crate) in_treatment: bool,
    /// What applies to it, in words; none when the payer named no benefit for it.
    pub(crate) benefit: Option<String>,
    /// The payer's own lines.
    pub(crate) lines: Vec<PayerLine>,
}

/// The estimate that a payment keeps.
#[derive(Debug, Clone)]
pub(crate) struct EstimateSummary {
    /// "Estimated $62.00, asked $50.00".
    pub(crate) headline: String,
    /// The amount asked for is not the one that was estimated.
    pub(crate) is_changed: bool,
    /// The rest; none when an estimate of another version cannot be read.
    pub(crate) kept: Option<KeptEstimate>,
}

/// What an estimate said when its payment was created.
#[derive(Debug, Clone)]
pub(crate) struct KeptEstimate {
    /// The check.
    pub(crate) check: CheckId,
    /// Who answered, and the plan.
    pub(crate) payer: String,
    /// The case in words, unless all was usual.
    pub(crate) case: Option<&'static str>,
    /// What staff chose or stated.
    pub(crate) choices: Vec<String>,
    /// Payer, plan, dates, network, charge, version.
    pub(crate) facts: Vec<Fact>,
    /// The four figures.
    pub(crate) figures: Vec<Figure>,
    /// The procedures.
    pub(crate) procedures: Vec<ProcedureRow>,
    /// How the amount was computed.
    pub(crate) steps: Vec<String>,
    /// What deserved care.
    pub(crate) warnings: Vec<WarningLine>,
    /// The sentence on what it rests on.
    pub(crate) disclaimer: &'static str,
}
