//! The roles of the staff.

use serde::{Deserialize, Serialize};

/// What a member of the staff is employed for; what each may do stands in the use cases' table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Receives patients and takes their money.
    FrontDesk,
    /// Collects, corrects and refunds.
    Biller,
    /// Answers for the money.
    Manager,
    /// Runs the installation; has no hand in the money.
    Administrator,
    /// Reads everything, changes nothing.
    Auditor,
}

impl Role {
    /// All five.
    pub const ALL: [Self; 5] =
        [Self::FrontDesk, Self::Biller, Self::Manager, Self::Administrator, Self::Auditor];

    /// The name that is stored and typed on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FrontDesk => "front_desk",
            Self::Biller => "biller",
            Self::Manager => "manager",
            Self::Administrator => "administrator",
            Self::Auditor => "auditor",
        }
    }

    /// The role with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// The name that people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::FrontDesk => "Front desk",
            Self::Biller => "Biller",
            Self::Manager => "Manager",
            Self::Administrator => "Administrator",
            Self::Auditor => "Auditor",
        }
    }
}
