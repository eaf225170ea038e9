//! Who may do what: one table of actions and roles.

use almoner_domain::Money;
use almoner_domain::role::Role;

/// What a use case does, as far as permission goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// See patients, payments, treatments and checks.
    Read,
    /// Add and change patients.
    SavePatient,
    /// Add and change treatments.
    SaveTreatment,
    /// Add notes.
    AddNote,
    /// Import eligibility checks and match them.
    ImportEligibility,
    /// Take an eligibility check back from a patient whose it is not.
    UnmatchCheck,
    /// Create payments and estimate them.
    CreatePayment,
    /// Submit drafts, note that a payment is under way, failed or awaited again.
    MovePayment,
    /// Take money.
    TakeTender,
    /// Change amounts, dates and memos.
    EditPayment,
    /// Cancel payments and reopen them.
    CancelPayment,
    /// Void a held authorization.
    VoidPayment,
    /// Refund up to the limit.
    Refund,
    /// Refund any amount.
    RefundWithoutLimit,
    /// Take back a tender.
    ReverseTender,
    /// Change locations and physicians.
    ChangeSettings,
    /// Add staff, reset and close their accounts.
    ManageStaff,
}

/// How much of one payment those may refund who may refund only up to a limit: $500.00.
pub const REFUND_LIMIT: Money = Money::from_cents(50_000);

impl Action {
    /// All actions, for the test that holds this table against the use cases.
    pub const ALL: [Self; 17] = [
        Self::Read,
        Self::SavePatient,
        Self::SaveTreatment,
        Self::AddNote,
        Self::ImportEligibility,
        Self::UnmatchCheck,
        Self::CreatePayment,
        Self::MovePayment,
        Self::TakeTender,
        Self::EditPayment,
        Self::CancelPayment,
        Self::VoidPayment,
        Self::Refund,
        Self::RefundWithoutLimit,
        Self::ReverseTender,
        Self::ChangeSettings,
        Self::ManageStaff,
    ];

    /// What people read when it is refused.
    pub fn label(self) -> &'static str {
        match self {
            Self::Read => "see patients and payments",
            Self::SavePatient => "add and change patients",
            Self::SaveTreatment => "add and change treatments",
            Self::AddNote => "add notes",
            Self::ImportEligibility => "import eligibility checks",
            Self::UnmatchCheck => "take eligibility checks back from a patient",
            Self::CreatePayment => "create payments",
            Self::MovePayment => "change a payment's status",
            Self::TakeTender => "take money",
            Self::EditPayment => "edit payments",
            Self::CancelPayment => "cancel and reopen payments",
            Self::VoidPayment => "void an authorization",
            Self::Refund => "refund payments",
            Self::RefundWithoutLimit => "refund more than the limit",
            Self::ReverseTender => "reverse a tender",
            Self::ChangeSettings => "change the clinic's settings",
            Self::ManageStaff => "manage staff accounts",
        }
    }
}

/// Whether a role allows an action.
pub fn allows(role: Role, action: Action) -> bool {
    use Role::{Administrator, Auditor, Biller, FrontDesk, Manager};
    let may: &[Role] = match action {
        Action::Read => &[FrontDesk, Biller, Manager, Administrator, Auditor],
        Action::SavePatient
        | Action::SaveTreatment
        | Action::AddNote
        | Action::ImportEligibility
        | Action::CreatePayment
        | Action::MovePayment
        | Action::TakeTender => &[FrontDesk, Biller, Manager],
        Action::UnmatchCheck
        | Action::EditPayment
        | Action::CancelPayment
        | Action::VoidPayment
        | Action::Refund => &[Biller, Manager],
        Action::RefundWithoutLimit | Action::ReverseTender => &[Manager],
        Action::ChangeSettings | Action::ManageStaff => &[Administrator],
    };
    may.contains(&role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_one_that_the_clinic_was_promised() {
        let count = |role| Action::ALL.into_iter().filter(|&a| allows(role, a)).count();
        assert_eq!(count(Role::FrontDesk), 8);
        assert_eq!(count(Role::Biller), 13);
        assert_eq!(count(Role::Manager), 15);
        assert_eq!(count(Role::Administrator), 3);
        assert_eq!(count(Role::Auditor), 1);
    }

    #[test]
    fn administrators_have_no_hand_in_the_money() {
        for action in [Action::TakeTender, Action::Refund, Action::CreatePayment] {
            assert!(!allows(Role::Administrator, action));
        }
    }
}
