//! What a patient is asked for, and what was collected of it.

use jiff::civil::Date;
use serde::Serialize;

use super::{Annotation, Concept, Instant, Meta, Money, Reference};

/// What a patient is asked for.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "resourceType", rename_all = "camelCase")]
pub struct Invoice {
    /// `PAY-001`.
    pub id: String,
    /// The version.
    pub meta: Meta,
    /// Where it stands, in FHIR's five words.
    pub status: &'static str,
    /// For what.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Concept>,
    /// Who received the service.
    pub subject: Reference,
    /// When it was made out.
    pub date: Instant,
    /// By whom.
    pub issuer: Reference,
    /// Its one line.
    pub line_item: [LineItem; 1],
    /// The amount.
    pub total_net: Money,
    /// The amount; no tax is added.
    pub total_gross: Money,
    /// When it is due, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_terms: Option<String>,
    /// What staff wrote.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub note: Vec<Annotation>,
}

/// A line of an invoice.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LineItem {
    /// Its number.
    pub sequence: u32,
    /// For what.
    pub charge_item_codeable_concept: Concept,
    /// How much.
    pub price_component: [PriceComponent; 1],
}

/// A part of a price.
#[derive(Debug, Clone, Serialize)]
pub struct PriceComponent {
    /// What kind of part.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// How much.
    pub amount: Money,
}

/// What was collected of an invoice.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "resourceType", rename_all = "camelCase")]
pub struct PaymentNotice {
    /// `PAY-001`.
    pub id: String,
    /// The version.
    pub meta: Meta,
    /// `active`, or `cancelled` when all of it was given back.
    pub status: &'static str,
    /// For which invoice.
    pub request: Reference,
    /// When it was written.
    pub created: Instant,
    /// How it was paid.
    pub payment: Reference,
    /// On which day.
    pub payment_date: Date,
    /// Who received it.
    pub recipient: Reference,
    /// How much was taken and kept.
    pub amount: Money,
    /// That it was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_status: Option<Concept>,
}
