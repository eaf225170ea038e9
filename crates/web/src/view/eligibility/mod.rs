//! Pages of eligibility checks.

pub(crate) mod detail;
pub(crate) mod import;
pub(crate) mod inbox;
pub(crate) mod list;
pub(crate) mod query;

use almoner_domain::CheckId;
pub(crate) use almoner_domain::estimate::Outcome;

use super::parts::PatientRef;

/// What people read of an outcome.
pub(crate) fn label(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Unknown => "Not stated",
        known => known.label(),
    }
}

/// The status whose look an outcome borrows.
pub(crate) fn look(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Active => "paid",
        Outcome::Inactive => "cancelled",
        Outcome::Review => "pending",
        Outcome::Rejected => "failed",
        Outcome::Unknown => "draft",
    }
}

/// A check in a list.
#[derive(Debug, Clone)]
pub(crate) struct CheckRow {
    /// Which.
    pub(crate) id: CheckId,
    /// Whose, once it is matched.
    pub(crate) patient: Option<PatientRef>,
    /// The name in the payer's answer.
    pub(crate) named: String,
    /// Who answered.
    pub(crate) payer: String,
    /// The plan.
    pub(crate) plan: Option<String>,
    /// What it says.
    pub(crate) outcome: Outcome,
    /// When the payer answered.
    pub(crate) checked_at: String,
}

impl CheckRow {
    pub(crate) fn look(&self) -> &'static str {
        look(self.outcome)
    }

    pub(crate) fn label(&self) -> &'static str {
        label(self.outcome)
    }
}
