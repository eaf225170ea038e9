//! Who may do what: a table of actions and roles for the staff, and one of actions and scopes for
//! keys.

use almoner_domain::Money;
use almoner_domain::role::Role;
use almoner_domain::scope::{Scope, Scopes};

/// What a use case does, as far as permission goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// See payments.
    ReadPayments,
    /// See patients.
    ReadPatients,
    /// See treatments.
    ReadTreatments,
    /// See eligibility checks.
    ReadChecks,
    /// See locations and physicians.
    ReadSettings,
    /// See the audit log: who did, and who saw, what.
    ReadAudit,
    /// Add and change patients.
    SavePatient,
    /// Add and change treatments.
    SaveTreatment,
    /// Add notes.
    AddNote,
    /// Add documents, rename, delete and restore them.
    KeepDocuments,
    /// Import eligibility checks and match them.
    ImportEligibility,
    /// Import files of patients.
    ImportPatients,
    /// Import files of treatments.
    ImportTreatments,
    /// Take an eligibility check back from a patient whose it is not.
    UnmatchCheck,
    /// Ask what a patient is likely to owe.
    Estimate,
    /// Create payments.
    CreatePayment,
    /// Submit drafts, note that a payment is under way, failed or awaited again.
    MovePayment,
    /// Take money.
    TakeTender,
    /// Change amounts, dates and memos.
    EditPayment,
    /// Cancel payments and reopen them.
    CancelPayment,
    /// Issue payment links, show and end them.
    IssueLink,
    /// Void a held authorization.
    VoidPayment,
    /// Refund up to the limit.
    Refund,
    /// Refund any amount.
    RefundWithoutLimit,
    /// Take back a tender.
    ReverseTender,
    /// Merge patients who were entered twice, or say that two are not one.
    MergePatients,
    /// Take whole lists away as files.
    Export,
    /// See what the processor paid out.
    ReadPayouts,
    /// See what a day brought, what came in by month, and how old is what is outstanding.
    ReadReports,
    /// Enter what was counted in a drawer at the end of a day.
    CountDrawer,
    /// Change locations and physicians.
    ChangeSettings,
    /// Add staff, reset and close their accounts.
    ManageStaff,
    /// Make keys for other programs and revoke them.
    ManageKeys,
    /// See what waits to be done by itself, and have it done at once.
    ManageJobs,
    /// Choose which other programs are told of events, and see what they were told.
    ManageWebhooks,
}

/// How much of one payment those may refund who may refund only up to a limit: $500.00.
pub const REFUND_LIMIT: Money = Money::from_cents(50_000);

impl Action {
    /// All actions, for the test that holds this table against the use cases.
    pub const ALL: [Self; 35] = [
        Self::ReadPayments,
        Self::ReadPatients,
        Self::ReadTreatments,
        Self::ReadChecks,
        Self::ReadSettings,
        Self::ReadAudit,
        Self::SavePatient,
        Self::SaveTreatment,
        Self::AddNote,
        Self::KeepDocuments,
        Self::ImportEligibility,
        Self::ImportPatients,
        Self::ImportTreatments,
        Self::UnmatchCheck,
        Self::Estimate,
        Self::CreatePayment,
        Self::MovePayment,
        Self::TakeTender,
        Self::EditPayment,
        Self::CancelPayment,
        Self::IssueLink,
        Self::VoidPayment,
        Self::Refund,
        Self::RefundWithoutLimit,
        Self::ReverseTender,
        Self::MergePatients,
        Self::Export,
        Self::ReadPayouts,
        Self::ReadReports,
        Self::CountDrawer,
        Self::ChangeSettings,
        Self::ManageStaff,
        Self::ManageKeys,
        Self::ManageJobs,
        Self::ManageWebhooks,
    ];

    /// What people read when it is refused.
    pub fn label(self) -> &'static str {
        match self {
            Self::ReadPayments => "see payments",
            Self::ReadPatients => "see patients",
            Self::ReadTreatments => "see treatments",
            Self::ReadChecks => "see eligibility checks",
            Self::ReadSettings => "see locations and physicians",
            Self::ReadAudit => "see the audit log",
            Self::SavePatient => "add and change patients",
            Self::SaveTreatment => "add and change treatments",
            Self::AddNote => "add notes",
            Self::KeepDocuments => "add and delete documents",
            Self::ImportEligibility => "import eligibility checks",
            Self::ImportPatients => "import files of patients",
            Self::ImportTreatments => "import files of treatments",
            Self::UnmatchCheck => "take eligibility checks back from a patient",
            Self::Estimate => "estimate what a patient owes",
            Self::CreatePayment => "create payments",
            Self::MovePayment => "change a payment's status",
            Self::TakeTender => "take money",
            Self::EditPayment => "edit payments",
            Self::CancelPayment => "cancel and reopen payments",
            Self::IssueLink => "issue payment links",
            Self::VoidPayment => "void an authorization",
            Self::Refund => "refund payments",
            Self::RefundWithoutLimit => "refund more than the limit",
            Self::ReverseTender => "reverse a tender",
            Self::MergePatients => "merge patients",
            Self::Export => "export lists",
            Self::ReadPayouts => "see payouts",
            Self::ReadReports => "see reports",
            Self::CountDrawer => "count drawers",
            Self::ChangeSettings => "change the clinic's settings",
            Self::ManageStaff => "manage staff accounts",
            Self::ManageKeys => "manage keys of other programs",
            Self::ManageJobs => "look after jobs",
            Self::ManageWebhooks => "manage webhooks",
        }
    }
}

/// Whether a role allows an action.
pub fn allows(role: Role, action: Action) -> bool {
    use Role::{Administrator, Auditor, Biller, FrontDesk, Manager};
    let may: &[Role] = match action {
        Action::ReadPayments
        | Action::ReadPatients
        | Action::ReadTreatments
        | Action::ReadChecks
        | Action::ReadSettings => &[FrontDesk, Biller, Manager, Administrator, Auditor],
        Action::ReadAudit | Action::ReadReports => &[Manager, Auditor],
        Action::SavePatient
        | Action::SaveTreatment
        | Action::AddNote
        | Action::KeepDocuments
        | Action::ImportEligibility
        | Action::Estimate
        | Action::CreatePayment
        | Action::IssueLink
        | Action::MovePayment
        | Action::TakeTender => &[FrontDesk, Biller, Manager],
        Action::UnmatchCheck
        | Action::EditPayment
        | Action::CancelPayment
        | Action::VoidPayment
        | Action::Export
        | Action::Refund => &[Biller, Manager],
        Action::RefundWithoutLimit
        | Action::ReverseTender
        | Action::CountDrawer
        | Action::MergePatients => &[Manager],
        Action::ImportPatients | Action::ImportTreatments => &[Manager, Administrator],
        Action::ReadPayouts => &[Biller, Manager, Administrator, Auditor],
        Action::ChangeSettings
        | Action::ManageStaff
        | Action::ManageKeys
        | Action::ManageJobs
        | Action::ManageWebhooks => &[Administrator],
    };
    may.contains(&role)
}

/// The scope that a key needs for an action; `None` for what no key may do. A scope to write does
/// not include the one to read: a program that only hands things in sees nothing else.
pub fn scope_for(action: Action) -> Option<Scope> {
    Some(match action {
        Action::ReadPayments => Scope::PaymentsRead,
        Action::ReadPatients => Scope::PatientsRead,
        Action::ReadTreatments => Scope::TreatmentsRead,
        Action::ReadChecks => Scope::EligibilityRead,
        Action::ReadSettings => Scope::SettingsRead,
        Action::SavePatient | Action::ImportPatients => Scope::PatientsWrite,
        Action::SaveTreatment | Action::ImportTreatments => Scope::TreatmentsWrite,
        Action::ImportEligibility | Action::UnmatchCheck => Scope::EligibilityWrite,
        Action::Estimate => Scope::EstimatesRead,
        Action::AddNote
        | Action::KeepDocuments
        | Action::CreatePayment
        | Action::IssueLink
        | Action::MovePayment
        | Action::TakeTender
        | Action::EditPayment
        | Action::CancelPayment
        | Action::VoidPayment => Scope::PaymentsWrite,
        Action::Refund | Action::RefundWithoutLimit | Action::ReverseTender => Scope::RefundsWrite,
        Action::ChangeSettings => Scope::SettingsWrite,
        Action::ManageWebhooks => Scope::WebhooksWrite,
        Action::ReadAudit
        | Action::Export
        | Action::ReadPayouts
        | Action::ReadReports
        | Action::CountDrawer
        | Action::MergePatients
        | Action::ManageStaff
        | Action::ManageKeys
        | Action::ManageJobs => return None,
    })
}

/// Whether a key with these scopes allows an action.
pub fn opens(scopes: &Scopes, action: Action) -> bool {
    scope_for(action).is_some_and(|scope| scopes.have(scope))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_one_that_the_clinic_was_promised() {
        let count = |role| Action::ALL.into_iter().filter(|&a| allows(role, a)).count();
        assert_eq!(count(Role::FrontDesk), 15);
        assert_eq!(count(Role::Biller), 22);
        assert_eq!(count(Role::Manager), 30);
        assert_eq!(count(Role::Administrator), 13);
        assert_eq!(count(Role::Auditor), 8);
    }

    #[test]
    fn administrators_have_no_hand_in_the_money() {
        for action in [Action::TakeTender, Action::Refund, Action::CreatePayment] {
            assert!(!allows(Role::Administrator, action));
        }
    }

    #[test]
    fn a_key_opens_what_its_scope_names_and_nothing_else() {
        let opened = |names: &str| {
            let scopes = Scopes::parse(names).unwrap();
            Action::ALL.into_iter().filter(move |&action| opens(&scopes, action))
        };
        let writes = [Action::ImportEligibility, Action::UnmatchCheck];
        assert!(opened("eligibility:write").eq(writes));
        assert!(opened("estimates:read").eq([Action::Estimate]));
        assert_eq!(opened("payments:read,payments:write").count(), 10);
        assert!(opened("webhooks:write").eq([Action::ManageWebhooks]));
        let all = Scope::ALL.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(",");
        let never = [
            Action::ReadAudit,
            Action::Export,
            Action::ReadPayouts,
            Action::ReadReports,
            Action::CountDrawer,
            Action::MergePatients,
            Action::ManageStaff,
            Action::ManageKeys,
            Action::ManageJobs,
        ];
        assert!(opened(&all).all(|action| !never.contains(&action)));
        assert_eq!(opened(&all).count(), Action::ALL.len() - never.len());
    }
}
