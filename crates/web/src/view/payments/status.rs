//! What a change of status needs: a tender, a reason, or only a confirmation.

use almoner_domain::status::Needs;
use almoner_domain::tender::{TenderEntry, TenderType};
use almoner_domain::{Money, PaymentId, Status};
use askama::Template;

use crate::view::Samples;
use crate::view::parts::{Choice, Errors, Shell};
use crate::view::samples;

/// The form behind the status dropdown: GET `/payments/PAY-001/status/new?to=paid`, POST
/// `/payments/PAY-001/status` with `key`, `version`, `to`, `reason`, and for Paid `tender_type`,
/// `given`, `number`, `authorization_code`, `last_four`, `reference`.
#[derive(Debug, Clone, Template)]
#[template(path = "payments/status.html")]
pub(crate) struct StatusPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What makes a second sending the same.
    pub(crate) key: String,
    /// Which payment.
    pub(crate) id: PaymentId,
    /// The version that was shown.
    pub(crate) version: i64,
    /// `First Last`.
    pub(crate) patient: String,
    /// How much.
    pub(crate) amount: Money,
    /// Where it stands.
    pub(crate) from: Status,
    /// Where it is to go.
    pub(crate) to: Status,
    /// What that needs.
    pub(crate) needs: Needs,
    /// What it means, such as that the patient no longer owes the amount.
    pub(crate) explanation: Option<String>,
    /// The tender as typed.
    pub(crate) tender: TenderEntry,
    /// The reason as typed.
    pub(crate) reason: String,
    /// What was wrong.
    pub(crate) errors: Errors,
}

impl StatusPage {
    fn needs_tender(&self) -> bool {
        self.needs == Needs::Tender
    }

    fn needs_reason(&self) -> bool {
        self.needs == Needs::Reason
    }

    fn tenders() -> Vec<Choice> {
        TenderType::BY_HAND.iter().map(|kind| Choice::new(kind.as_str(), kind.label())).collect()
    }
}

impl Samples for StatusPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let paid = Self {
            shell: samples::shell(),
            key: "k".to_owned(),
            id: PaymentId::new(894),
            version: 3,
            patient: samples::HARD_NAME.to_owned(),
            amount: Money::from_cents(67_937),
            from: Status::Pending,
            to: Status::Paid,
            needs: Needs::Tender,
            explanation: None,
            tender: TenderEntry::default(),
            reason: String::new(),
            errors: Errors::default(),
        };
        let mut errors = almoner_domain::Invalid::one(
            "given",
            "less_than_amount",
            "This is less than the amount of $679.37.",
        );
        errors.push("last_four", "not_four_digits", "Enter the last four digits only.");
        let wrong = Self {
            tender: TenderEntry {
                kind: "cash".to_owned(),
                given: "600".to_owned(),
                last_four: "42".to_owned(),
                ..TenderEntry::default()
            },
            errors: errors.into(),
            ..paid.clone()
        };
        let reopened = Self {
            from: Status::Cancelled,
            to: Status::Pending,
            needs: Needs::Reason,
            explanation: Some("The patient will owe the amount again.".to_owned()),
            ..paid.clone()
        };
        let cancelled = Self {
            to: Status::Cancelled,
            needs: Needs::Nothing,
            explanation: Some("The patient will no longer owe the amount.".to_owned()),
            ..paid.clone()
        };
        vec![("paid", paid), ("wrong", wrong), ("reopened", reopened), ("cancelled", cancelled)]
    }
}
