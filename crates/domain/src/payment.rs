//! A payment's own rules: its type, when it is overdue, which due dates it may have.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::error::Invalid;
use crate::status::Status;
use crate::time;

/// What a payment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentType {
    /// Asked for ahead of a treatment; estimated.
    TreatmentPrePayment,
    /// A visit to the office; estimated.
    OfficeVisit,
    /// Paid without insurance; not estimated.
    PrivatePay,
}

impl PaymentType {
    /// All three, in the order of the form.
    pub const ALL: [Self; 3] = [Self::TreatmentPrePayment, Self::OfficeVisit, Self::PrivatePay];

    /// The name that is stored and sent to programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TreatmentPrePayment => "treatment_pre_payment",
            Self::OfficeVisit => "office_visit",
            Self::PrivatePay => "private_pay",
        }
    }

    /// The type with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The name that people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::TreatmentPrePayment => "Treatment Pre-Payment",
            Self::OfficeVisit => "Office Visit",
            Self::PrivatePay => "Private Pay",
        }
    }

    /// Whether an estimate is drawn from the patient's eligibility check.
    pub fn is_estimated(self) -> bool {
        self != Self::PrivatePay
    }
}

/// Whether a payment is overdue on `today`, the organization's date.
pub fn is_overdue(status: Status, due: Option<Date>, today: Date) -> bool {
    status.can_be_overdue() && due.is_some_and(|due| due < today)
}

/// Reads a due date as typed; blank is none. One before `today` must be confirmed.
///
/// # Errors
/// Says that the text is no date, or that a past date wants confirming.
pub fn parse_due_date(text: &str, confirmed: bool, today: Date) -> Result<Option<Date>, Invalid> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let due = time::parse_date("due_date", text)?;
    if due < today && !confirmed {
        let message = "This date has passed. Tick the box below to keep it.";
        return Err(Invalid::one("due_date", "in_the_past", message));
    }
    Ok(Some(due))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = Date::constant(2026, 11, 23);

    #[test]
    fn due_today_is_not_overdue_and_paid_never_is() {
        let yesterday = Some(Date::constant(2026, 11, 22));
        assert!(!is_overdue(Status::Pending, Some(TODAY), TODAY));
        assert!(!is_overdue(Status::Pending, None, TODAY));
        assert!(!is_overdue(Status::Paid, yesterday, TODAY));
        assert!(is_overdue(Status::Failed, yesterday, TODAY));
    }

    #[test]
    fn a_past_due_date_must_be_confirmed() {
        let parse = |text, confirmed| parse_due_date(text, confirmed, TODAY);
        assert_eq!(parse(" ", false), Ok(None));
        assert_eq!(parse("2026-11-23", false), Ok(Some(TODAY)));
        assert_eq!(parse("2026-11-22", false).unwrap_err().0[0].code, "in_the_past");
        assert_eq!(parse("2026-11-22", true), Ok(Some(Date::constant(2026, 11, 22))));
    }
}
