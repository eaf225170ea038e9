//! A payer's answer about a patient.

use serde::Serialize;

use super::{Concept, Instant, Meta, Money, Reference};

/// A payer's answer about a patient.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "resourceType", rename_all = "camelCase")]
pub struct CoverageEligibilityResponse {
    /// `ELG-001`.
    pub id: String,
    /// When it was handed in.
    pub meta: Meta,
    /// That the record is in use.
    pub status: &'static str,
    /// What was asked about.
    pub purpose: [&'static str; 1],
    /// Whose it is.
    pub patient: Reference,
    /// When the payer answered.
    pub created: Instant,
    /// The question.
    pub request: Reference,
    /// `complete` or `error`.
    pub outcome: &'static str,
    /// What it says on the whole, in a word.
    pub disposition: String,
    /// Who answered.
    pub insurer: Reference,
    /// What the payer said of the insurance.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub insurance: Vec<Insurance>,
    /// Why the payer could not answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub error: Vec<ResponseError>,
}

/// What the payer said of an insurance.
#[derive(Debug, Clone, Serialize)]
pub struct Insurance {
    /// The insurance.
    pub coverage: Reference,
    /// Whether it stands; left out when the payer said neither or both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inforce: Option<bool>,
    /// The payer's rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub item: Vec<InsuranceItem>,
}

/// A row of the payer's.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InsuranceItem {
    /// For which services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Concept>,
    /// For which procedure alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_or_service: Option<Concept>,
    /// Modifiers of the procedure.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub modifier: Vec<Concept>,
    /// Whether it is not covered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded: Option<bool>,
    /// The plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The payer's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Within the payer's network, or outside of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Concept>,
    /// For one person or a family.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Concept>,
    /// For which period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term: Option<Concept>,
    /// What the row says.
    pub benefit: Vec<Benefit>,
    /// Whether an authorization is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_required: Option<bool>,
}

/// What a row says; at most one of the three is there.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Benefit {
    /// What it is, such as a co-payment.
    #[serde(rename = "type")]
    pub kind: Concept,
    /// So many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_unsigned_int: Option<u32>,
    /// In words, such as a percentage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_string: Option<String>,
    /// So much money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_money: Option<Money>,
}

/// Why the payer could not answer.
#[derive(Debug, Clone, Serialize)]
pub struct ResponseError {
    /// The reason.
    pub code: Concept,
}
