//! An insurance of a patient.

use serde::Serialize;

use super::{Concept, Meta, Reference};

/// An insurance of a patient.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "resourceType", rename_all = "camelCase")]
pub struct Coverage {
    /// The patient's id and the rank, such as `PAT-001.1`.
    pub id: String,
    /// The last change of the patient's record.
    pub meta: Meta,
    /// That the record is in use.
    pub status: &'static str,
    /// The subscriber, when it is somebody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscriber: Option<Reference>,
    /// The member's id at the payer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscriber_id: Option<String>,
    /// Whose it is.
    pub beneficiary: Reference,
    /// What the patient is to the subscriber.
    pub relationship: Concept,
    /// Who pays.
    pub payor: Vec<Reference>,
    /// The plan.
    #[serde(rename = "class", skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<CoverageClass>,
    /// 1 for the primary one, 2 for the secondary.
    pub order: i64,
}

/// What an insurance is grouped by.
#[derive(Debug, Clone, Serialize)]
pub struct CoverageClass {
    /// What kind of group it is.
    #[serde(rename = "type")]
    pub kind: Concept,
    /// The group.
    pub value: String,
    /// What people call it.
    pub name: String,
}
