//! The panel "Payment estimate" of the create form.

use almoner_domain::{BasisPoints, CheckId, Money};

use crate::view::parts::{Choice, Link, Tone};

/// What the payer's answer comes to, each figure with the payer's own lines.
#[derive(Debug, Clone)]
pub(crate) struct EstimatePanel {
    /// The case in words, such as "No eligibility check on file"; none when all is usual.
    pub(crate) notice: Option<Notice>,
    /// How the payer may be asked, or that it is being asked.
    pub(crate) asking: Option<Asking>,
    /// The check that it rests on.
    pub(crate) check: Option<CheckLine>,
    /// `in` or `out`: the form's field `network`.
    pub(crate) network: Network,
    /// The date of service, as the form's field `service_date` has it.
    pub(crate) service_date: String,
    /// The expected charge as typed: the form's field `charge`.
    pub(crate) charge: String,
    /// Where the expected charge comes from, when it was not typed.
    pub(crate) charge_source: Option<String>,
    /// Co-pay, co-insurance, remaining deductible, remaining out-of-pocket maximum; empty when
    /// there is no check to read them from.
    pub(crate) figures: Vec<Figure>,
    /// A row for each code of the treatment and each procedure that the payer named.
    pub(crate) procedures: Vec<ProcedureRow>,
    /// Which rule applies, when there is one to choose: the form's field `choice_rule`.
    pub(crate) rules: Option<OptionGroup>,
    /// Which check to use, when there is one to choose: the form's field `choice_check`.
    pub(crate) checks: Option<OptionGroup>,
    /// The amount to ask for.
    pub(crate) amount: Option<Money>,
    /// What can be said instead of, or beside, the amount: "at least $50.00, at most $5,000.00".
    pub(crate) range: Option<String>,
    /// How it was computed, a sentence for each step.
    pub(crate) steps: Vec<String>,
    /// What deserves care.
    pub(crate) warnings: Vec<String>,
    /// The sentence on what it rests on.
    pub(crate) disclaimer: String,
    /// **Use this amount** is offered.
    pub(crate) can_use: bool,
}

/// A case of the panel in words, with its ways out.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    /// How it is meant.
    pub(crate) tone: Tone,
    /// A few words.
    pub(crate) title: String,
    /// A sentence or two.
    pub(crate) text: Option<String>,
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
    /// How long ago: "3 days ago".
    pub(crate) age: String,
    /// It is over 30 days old, or of another plan year.
    pub(crate) is_stale: bool,
}

/// Whether the clinic is in the plan's network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    /// In.
    In,
    /// Out.
    Out,
}

/// One of the four figures.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    /// "Co-pay", "Co-insurance", …
    pub(crate) label: &'static str,
    /// What is known.
    pub(crate) value: FigureValue,
    /// How it was found: "derived: total less used", "individual; family $3,000.00".
    pub(crate) note: Option<String>,
    /// What there is to choose.
    pub(crate) options: Option<OptionGroup>,
    /// The payer's own lines.
    pub(crate) lines: Vec<PayerLine>,
}

/// The state of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FigureValue {
    /// An amount.
    Amount(Money),
    /// A share.
    Percent(BasisPoints),
    /// The payer did not return it; this is not zero.
    NotReturned,
    /// The payer sets no limit.
    NoLimit,
    /// The payer returned several; staff choose.
    Choose,
}

/// Radios that settle something open.
#[derive(Debug, Clone)]
pub(crate) struct OptionGroup {
    /// The form's field: `choice_copay`, `choice_coinsurance`, `choice_deductible`,
    /// `choice_out_of_pocket`, `choice_rule` or `choice_check`.
    pub(crate) name: &'static str,
    /// What is asked.
    pub(crate) legend: String,
    /// The answers; a value is a benefit's index, `none`, a rule or a check.
    pub(crate) options: Vec<Choice>,
    /// The value that is chosen.
    pub(crate) chosen: Option<String>,
}

impl OptionGroup {
    pub(crate) fn is_chosen(&self, option: &Choice) -> bool {
        self.chosen.as_ref() == Some(&option.value)
    }
}

/// A line of the payer's answer.
#[derive(Debug, Clone)]
pub(crate) struct PayerLine {
    /// The segment as it came.
    pub(crate) segment: String,
    /// The payer's messages about it.
    pub(crate) messages: Vec<String>,
}

/// What the payer says of a procedure.
#[derive(Debug, Clone)]
pub(crate) struct ProcedureRow {
    /// The code.
    pub(crate) code: String,
    /// What applies to it, in words; none when the payer named no benefit for it.
    pub(crate) benefit: Option<String>,
    /// The payer's own lines.
    pub(crate) lines: Vec<PayerLine>,
}
