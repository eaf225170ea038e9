//! The fields that creating and editing a payment have in common.

use almoner_domain::payment::{PaymentType, parse_due_date};
use almoner_domain::text::{self, MAX_MEMO_BYTES};
use almoner_domain::{Invalid, LocationId, Money, TreatmentId};
use almoner_store::payments::Payment;
use jiff::civil::Date;
use serde::Deserialize;

use crate::view::parts::Errors;
use crate::view::payments::new::PaymentEntry;

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Entered {
    pub(super) amount: String,
    pub(super) treatment: String,
    pub(super) payment_type: String,
    pub(super) location: String,
    pub(super) due_date: String,
    pub(super) confirm_past_due_date: String,
    pub(super) memo: String,
}

/// What was typed, read.
pub(super) struct Fields {
    pub(super) amount: Option<Money>,
    pub(super) kind: Option<PaymentType>,
    pub(super) treatment: Option<TreatmentId>,
    pub(super) location: Option<LocationId>,
    pub(super) due: Option<Date>,
    pub(super) memo: Option<String>,
}

impl Entered {
    /// What the form holds of a payment as it stands.
    pub(super) fn of(payment: &Payment) -> Self {
        Self {
            amount: plain(payment.amount),
            treatment: payment.treatment.map(|id| id.to_string()).unwrap_or_default(),
            payment_type: payment.kind.map(PaymentType::as_str).unwrap_or_default().to_owned(),
            location: payment.location.to_string(),
            due_date: payment.due.map(|due| due.to_string()).unwrap_or_default(),
            confirm_past_due_date: String::new(),
            memo: payment.memo.clone().unwrap_or_default(),
        }
    }

    /// Reads the fields, noting every fault.
    pub(super) fn fields(&self, today: Date, faults: &mut Invalid) -> Fields {
        let typed = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let kind = typed(&self.payment_type).map(|name| {
            let unknown = || Invalid::one("payment_type", "unknown", "Choose from the list.");
            faults.collect(PaymentType::from_name(&name).ok_or_else(unknown))
        });
        let treatment = typed(&self.treatment).map(|id| {
            let unknown = |_| Invalid::one("treatment", "unknown", "Choose from the list.");
            faults.collect(id.parse().map_err(unknown))
        });
        let location = typed(&self.location).map(|id| {
            let unknown = |_| Invalid::one("location", "unknown", "Choose from the list.");
            faults.collect(id.parse().map_err(unknown))
        });
        let confirmed = self.is_past_confirmed();
        Fields {
            amount: faults.collect(Money::parse_payment("amount", &self.amount)),
            kind: kind.flatten(),
            treatment: treatment.flatten(),
            location: location.flatten(),
            due: faults.collect(parse_due_date(&self.due_date, confirmed, today)).flatten(),
            memo: faults.collect(text::paragraph("memo", &self.memo, MAX_MEMO_BYTES)).flatten(),
        }
    }

    /// The entry as the form shows it again.
    pub(super) fn entry(&self, errors: &Errors) -> PaymentEntry {
        let confirmed = self.is_past_confirmed();
        let asked = errors.has("due_date", "in_the_past") || confirmed;
        PaymentEntry {
            amount: self.amount.clone(),
            treatment: self.treatment.clone(),
            payment_type: self.payment_type.clone(),
            location: self.location.clone(),
            due_date: self.due_date.clone(),
            confirm_past: asked.then_some(confirmed),
            memo: self.memo.clone(),
        }
    }

    /// Whether the box that keeps a past date is ticked.
    pub(super) fn is_past_confirmed(&self) -> bool {
        self.confirm_past_due_date == "1"
    }
}

/// An amount as a field holds it: `1234.50`.
pub(super) fn plain(amount: Money) -> String {
    amount.to_string().replace(['$', ','], "")
}

/// The names of the form's fields for those of the use case.
pub(super) fn form_names(mut faults: Invalid) -> Invalid {
    for fault in &mut faults.0 {
        if let Some(name) = fault.field.strip_suffix("_id") {
            fault.field = name.to_owned();
        }
    }
    faults
}
