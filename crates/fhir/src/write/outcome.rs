//! What went wrong.

use serde::Serialize;

use super::Concept;

/// What went wrong.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "resourceType")]
pub struct OperationOutcome {
    /// One at least.
    pub issue: Vec<Issue>,
}

/// One thing that went wrong.
#[derive(Debug, Clone, Serialize)]
pub struct Issue {
    /// `error`, `fatal` or `warning`.
    pub severity: &'static str,
    /// A code of FHIR's list.
    pub code: &'static str,
    /// Our own stable code, and what is wrong in words.
    pub details: Concept,
    /// What to tell the administrator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnostics: Option<String>,
    /// Which parameter it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub expression: Vec<String>,
}
