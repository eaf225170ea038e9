//! What an estimate is asked for. Everything ambient (today, the charge, the choices) comes in.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::CheckId;
use crate::money::Money;
use crate::payment::PaymentType;

/// After how many days a check counts as stale, unless the clinic sets another number.
pub const STALE_AFTER_DAYS: i64 = 30;

/// The question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// What the payment is for; none is estimated for a private one or while nothing is chosen.
    pub payment_type: Option<PaymentType>,
    /// The expected charge; `None` when nobody knows it yet.
    #[serde(rename = "charge_cents")]
    pub charge: Option<Money>,
    /// Where the expected charge comes from, when there is one and that is known.
    #[serde(default)]
    pub charge_source: Option<ChargeSource>,
    /// Whether the clinic is within the plan's network.
    pub network: NetworkChoice,
    /// The date of the service.
    pub service_date: Date,
    /// The organization's date.
    pub today: Date,
    /// The treatment's codes.
    pub procedures: Vec<String>,
    /// What kind of visit the location gives.
    pub visit_class: Option<VisitClass>,
    /// What the staff decided where the payer's answer leaves it open.
    pub choices: Choices,
    /// After how many days a check counts as stale.
    pub stale_after_days: i64,
}

impl Request {
    /// A question in network, with no charge and nothing chosen.
    pub fn new(payment_type: Option<PaymentType>, service_date: Date, today: Date) -> Self {
        Self {
            payment_type,
            charge: None,
            charge_source: None,
            network: NetworkChoice::In,
            service_date,
            today,
            procedures: Vec::new(),
            visit_class: None,
            choices: Choices::default(),
            stale_after_days: STALE_AFTER_DAYS,
        }
    }
}

/// Where an expected charge comes from. Fee schedules and payers' rates would be further sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeSource {
    /// The treatment's own charges.
    Treatment,
    /// Whoever asked for the estimate stated it.
    Stated,
}

impl ChargeSource {
    /// The words that people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Treatment => "from the treatment's charges",
            Self::Stated => "entered by staff",
        }
    }
}

/// Whether the service is given within the plan's network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkChoice {
    /// The clinic has a contract with the plan.
    #[default]
    In,
    /// It has none.
    Out,
}

impl NetworkChoice {
    /// Both.
    pub const ALL: [Self; 2] = [Self::In, Self::Out];

    /// The name that is stored and sent to programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }

    /// The choice with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.as_str() == name)
    }

    /// The name that people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::In => "In network",
            Self::Out => "Out of network",
        }
    }
}

/// What kind of visit a location gives, to tell the payer's several co-payments apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitClass {
    /// Primary care.
    Primary,
    /// A specialist.
    Specialist,
    /// Urgent care.
    Urgent,
    /// By video or telephone.
    Telehealth,
}

impl VisitClass {
    /// All four, in the order of the form.
    pub const ALL: [Self; 4] = [Self::Primary, Self::Specialist, Self::Urgent, Self::Telehealth];

    /// The name that is stored and sent to programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Specialist => "specialist",
            Self::Urgent => "urgent",
            Self::Telehealth => "telehealth",
        }
    }

    /// The class with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == name)
    }

    /// The name that people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Primary => "Primary care",
            Self::Specialist => "Specialist",
            Self::Urgent => "Urgent care",
            Self::Telehealth => "Telehealth",
        }
    }
}

/// How the parts of a patient's share are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The co-payment and nothing else.
    CopayOnly,
    /// The deductible, then the co-insurance on the rest.
    DeductibleCoinsurance,
    /// The co-payment, then the deductible, then the co-insurance on the rest.
    CopayFirst,
    /// The deductible, then the co-payment.
    CopayAfterDeductible,
}

impl Rule {
    /// All four.
    pub const ALL: [Self; 4] = [
        Self::CopayOnly,
        Self::DeductibleCoinsurance,
        Self::CopayFirst,
        Self::CopayAfterDeductible,
    ];

    /// The name that is stored and sent to programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CopayOnly => "copay_only",
            Self::DeductibleCoinsurance => "deductible_coinsurance",
            Self::CopayFirst => "copay_first",
            Self::CopayAfterDeductible => "copay_after_deductible",
        }
    }

    /// The rule with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == name)
    }

    /// The name that people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::CopayOnly => "Co-payment only",
            Self::DeductibleCoinsurance => "Deductible, then co-insurance",
            Self::CopayFirst => "Co-payment, then deductible, then co-insurance",
            Self::CopayAfterDeductible => "Deductible, then co-payment",
        }
    }
}

/// What the staff decided. Each is `None` until somebody decides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Choices {
    /// Another rule than the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// The index of the co-payment's row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copay: Option<i64>,
    /// The co-insurance's row, or that there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coinsurance: Option<RowChoice>,
    /// The deductible's row, or that there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deductible: Option<RowChoice>,
    /// The index of the out-of-pocket maximum's row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_of_pocket: Option<i64>,
    /// A check named by a person: an older one, or one that is used although it needs review.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckId>,
}

/// A row of the payer's answer, or the staff's word that nothing applies; sent as the row's
/// number or as `"none"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "RowOrWord", into = "RowOrWord")]
pub enum RowChoice {
    /// The row with this index.
    Row(i64),
    /// Nothing applies: a statement of the staff, not of the payer.
    None,
}

impl RowChoice {
    /// Reads a form's value: a row's number or `none`.
    pub fn from_name(text: &str) -> Option<Self> {
        match text {
            "none" => Some(Self::None),
            _ => text.parse().ok().map(Self::Row),
        }
    }
}

/// [`RowChoice`] as it is sent.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum RowOrWord {
    Row(i64),
    Word(NoneWord),
}

#[derive(Serialize, Deserialize)]
enum NoneWord {
    #[serde(rename = "none")]
    None,
}

impl From<RowOrWord> for RowChoice {
    fn from(sent: RowOrWord) -> Self {
        match sent {
            RowOrWord::Row(index) => Self::Row(index),
            RowOrWord::Word(NoneWord::None) => Self::None,
        }
    }
}

impl From<RowChoice> for RowOrWord {
    fn from(choice: RowChoice) -> Self {
        match choice {
            RowChoice::Row(index) => Self::Row(index),
            RowChoice::None => Self::Word(NoneWord::None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_as_programs_send_them() {
        let text = r#"{"rule":"copay_first","copay":3,"deductible":"none","coinsurance":7}"#;
        let choices: Choices = serde_json::from_str(text).unwrap();
        assert_eq!(choices.rule, Some(Rule::CopayFirst));
        assert_eq!(choices.copay, Some(3));
        assert_eq!(choices.deductible, Some(RowChoice::None));
        assert_eq!(choices.coinsurance, Some(RowChoice::Row(7)));
        assert_eq!(choices.check, None);
        let again = serde_json::to_string(&choices).unwrap();
        assert_eq!(serde_json::from_str::<Choices>(&again).unwrap(), choices);
    }

    #[test]
    fn what_is_no_choice_is_refused() {
        for text in [
            r#"{"deductible":"zero"}"#,
            r#"{"copay":"none"}"#,
            r#"{"rule":"free"}"#,
            r#"{"price":1}"#,
        ] {
            assert!(serde_json::from_str::<Choices>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_lead_back_to_their_values() {
        for rule in Rule::ALL {
            assert_eq!(Rule::from_name(rule.as_str()), Some(rule));
        }
        for class in VisitClass::ALL {
            assert_eq!(VisitClass::from_name(class.as_str()), Some(class));
        }
        for network in NetworkChoice::ALL {
            assert_eq!(NetworkChoice::from_name(network.as_str()), Some(network));
        }
        assert_eq!(RowChoice::from_name("12"), Some(RowChoice::Row(12)));
        assert_eq!(RowChoice::from_name("none"), Some(RowChoice::None));
        assert_eq!(RowChoice::from_name("zero"), None);
    }
}
