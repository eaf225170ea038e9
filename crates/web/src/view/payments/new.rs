//! Creating a payment: finding the patient, then the form with its estimate.

use almoner_domain::payment::PaymentType;
use askama::Template;

use super::estimate::EstimatePanel;
use crate::view::Samples;
use crate::view::parts::{Choice, Errors, PatientMatch, Shell};
use crate::view::samples;

/// What a patient is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FindFor {
    /// A new payment: `/payments/new`.
    Payment,
    /// A new treatment: `/treatments/new`.
    Treatment,
    /// A question to a payer: `/eligibility/new`.
    Check,
}

impl FindFor {
    /// The page's heading.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Payment => "Create Payment",
            Self::Treatment => "Add treatment",
            Self::Check => "Run check",
        }
    }

    /// Where the search and its results lead.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Payment => "/payments/new",
            Self::Treatment => "/treatments/new",
            Self::Check => "/eligibility/new",
        }
    }

    /// The name in addresses and forms.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Treatment => "treatment",
            Self::Check => "check",
        }
    }

    /// The purpose with that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Payment, Self::Treatment, Self::Check].into_iter().find(|it| it.as_str() == name)
    }

    /// What is done once the patient is there.
    pub(crate) fn step(self) -> &'static str {
        match self {
            Self::Payment => "Save and go on with the payment",
            Self::Treatment => "Save and go on with the treatment",
            Self::Check => "Save and go on with the check",
        }
    }

    /// The part of the navigation.
    pub(crate) fn section(self) -> &'static str {
        match self {
            Self::Payment => "payments",
            Self::Treatment => "treatments",
            Self::Check => "eligibility",
        }
    }
}

/// The step before a form that needs a patient: GET [`FindFor::path`] with `q`; a result leads
/// to the same path with `patient`.
#[derive(Debug, Clone, Template)]
#[template(path = "payments/find_patient.html")]
pub(crate) struct FindPatientPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What the patient is looked for.
    pub(crate) purpose: FindFor,
    /// What was searched for.
    pub(crate) q: String,
    /// Those who match, at most ten.
    pub(crate) results: Vec<PatientMatch>,
    /// There are more than are shown.
    pub(crate) has_more: bool,
    /// A patient may be added.
    pub(crate) can_add: bool,
    /// Why the search was not made, or why the patient of the address cannot be used.
    pub(crate) errors: Errors,
}

/// The fields of a payment as they are typed. Names: `amount`, `treatment`, `payment_type`,
/// `location`, `due_date`, `confirm_past_due_date` (`1`), `memo`.
#[derive(Debug, Clone, Default)]
pub(crate) struct PaymentEntry {
    /// The amount.
    pub(crate) amount: String,
    /// The treatment's id, or blank.
    pub(crate) treatment: String,
    /// The type's stored name, or blank.
    pub(crate) payment_type: String,
    /// The location's id.
    pub(crate) location: String,
    /// `YYYY-MM-DD`, or blank.
    pub(crate) due_date: String,
    /// The box that confirms a past date, and whether it is ticked; it appears when needed.
    pub(crate) confirm_past: Option<bool>,
    /// The memo.
    pub(crate) memo: String,
}

impl PaymentEntry {
    /// The types of payments, as options.
    pub(crate) fn kinds() -> Vec<Choice> {
        PaymentType::ALL.iter().map(|kind| Choice::new(kind.as_str(), kind.label())).collect()
    }

    pub(crate) fn is_past_confirmed(&self) -> bool {
        self.confirm_past == Some(true)
    }
}

/// What became of **Use this amount**.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filled {
    /// It was not pressed, or there is no amount.
    No,
    /// The amount was filled in.
    Yes,
    /// The estimate is not the one that was shown, so nothing was filled in.
    Changed,
}

/// The form **Create Payment**: POST `/payments` with `do` = `create` or `draft`; POST
/// `/payments/new` with `do` = `estimate` or `use_amount` shows it again. Beside the entry's
/// fields it sends `key`, `patient`, `used_amount`, and the panel's `network`, `service_date`,
/// `charge`, `choice_…`, `shown_…` and `estimate_seen`.
#[derive(Debug, Clone, Template)]
#[template(path = "payments/new.html")]
pub(crate) struct NewPaymentPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What makes a second sending of the form the same payment.
    pub(crate) key: String,
    /// The patient.
    pub(crate) patient: PatientMatch,
    /// What was typed.
    pub(crate) entry: PaymentEntry,
    /// The patient's treatments.
    pub(crate) treatments: Vec<Choice>,
    /// The locations; empty when the field is not shown.
    pub(crate) locations: Vec<Choice>,
    /// The estimate, for the types that have one.
    pub(crate) panel: Option<EstimatePanel>,
    /// Whether the amount was just filled in from the estimate.
    pub(crate) filled: Filled,
    /// `used_amount`: the amount when it was filled in from an estimate and not changed since.
    pub(crate) used_amount: String,
    /// What was wrong.
    pub(crate) errors: Errors,
}

impl Samples for FindPatientPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let start = Self {
            shell: samples::shell(),
            purpose: FindFor::Payment,
            q: String::new(),
            results: Vec::new(),
            has_more: false,
            can_add: true,
            errors: Errors::default(),
        };
        let found = Self {
            q: "brien".to_owned(),
            results: samples::matches(),
            has_more: true,
            ..start.clone()
        };
        let none =
            Self { purpose: FindFor::Treatment, q: samples::HARD_TEXT.to_owned(), ..start.clone() };
        vec![("start", start), ("found", found), ("none", none)]
    }
}

impl Samples for NewPaymentPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let plain = samples::new_payment_page(None);
        let mut pages = vec![("plain", plain.clone())];
        for (name, panel) in samples::panels() {
            pages.push((name, samples::new_payment_page(Some(panel))));
        }
        let mut errors = almoner_domain::Invalid::one(
            "amount",
            "too_many_decimals",
            "Use at most two decimals: dollars and whole cents.",
        );
        errors.push(
            "due_date",
            "in_the_past",
            "This date has passed. Tick the box below to keep it.",
        );
        let entry = PaymentEntry {
            amount: "12.345".to_owned(),
            due_date: "2020-01-01".to_owned(),
            confirm_past: Some(false),
            memo: samples::HARD_TEXT.to_owned(),
            ..PaymentEntry::default()
        };
        pages.push(("wrong", Self { entry, errors: errors.into(), ..plain }));
        pages
    }
}
