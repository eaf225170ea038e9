//! Editing a payment.

use almoner_domain::PaymentId;
use askama::Template;

use super::new::PaymentEntry;
use crate::view::Samples;
use crate::view::parts::{Choice, Errors, PatientMatch, Shell};
use crate::view::samples;

/// The form **Edit payment**: POST `/payments/PAY-001/edit` with `key`, `version` and the fields
/// of [`PaymentEntry`].
#[derive(Debug, Clone, Template)]
#[template(path = "payments/edit.html")]
pub(crate) struct EditPaymentPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What makes a second sending the same.
    pub(crate) key: String,
    /// Which payment.
    pub(crate) id: PaymentId,
    /// The version that the form rests on; the newest once a conflict was shown.
    pub(crate) version: i64,
    /// The patient, who cannot be changed here.
    pub(crate) patient: PatientMatch,
    /// What was typed.
    pub(crate) entry: PaymentEntry,
    /// The patient's treatments.
    pub(crate) treatments: Vec<Choice>,
    /// The locations; empty when the field is not shown.
    pub(crate) locations: Vec<Choice>,
    /// What somebody else changed meanwhile.
    pub(crate) conflict: Option<Conflict>,
    /// What was wrong.
    pub(crate) errors: Errors,
}

/// Somebody else changed the payment while it was being edited.
#[derive(Debug, Clone)]
pub(crate) struct Conflict {
    /// Who, when: "Dana Whitfield, 2 minutes ago".
    pub(crate) by: String,
    /// What they changed.
    pub(crate) changes: Vec<Change>,
}

/// A field that somebody else changed.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// The field's label.
    pub(crate) field: String,
    /// What it is now.
    pub(crate) now: String,
    /// What the form here would make of it.
    pub(crate) yours: String,
}

impl Samples for EditPaymentPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let usual = samples::edit_page();
        let change = |field: &str, now: &str, yours: &str| Change {
            field: field.to_owned(),
            now: now.to_owned(),
            yours: yours.to_owned(),
        };
        let conflict = Conflict {
            by: "Dana Whitfield, at 2:41 PM".to_owned(),
            changes: vec![
                change("Amount", "$700.00", "$650.00"),
                change("Memo", samples::HARD_TEXT, "—"),
            ],
        };
        let stale = Self { conflict: Some(conflict), ..usual.clone() };
        let wrong = Self {
            errors: almoner_domain::Invalid::one("amount", "required", "Enter an amount.").into(),
            entry: PaymentEntry { amount: String::new(), ..usual.entry.clone() },
            ..usual.clone()
        };
        vec![("usual", usual), ("stale", stale), ("wrong", wrong)]
    }
}
