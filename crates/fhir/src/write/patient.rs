//! A patient.

use jiff::civil::Date;
use serde::Serialize;

use super::{Concept, Identifier, Meta, Reference};

/// A patient.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "resourceType", rename_all = "camelCase")]
pub struct Patient {
    /// `PAT-001`.
    pub id: String,
    /// Version and last change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta: Option<Meta>,
    /// The medical record number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub identifier: Vec<Identifier>,
    /// False of a record that was merged into another.
    pub active: bool,
    /// The name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub name: Vec<HumanName>,
    /// Telephone and e-mail.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub telecom: Vec<ContactPoint>,
    /// `female`, `male` or `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<&'static str>,
    /// The date of birth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<Date>,
    /// The postal address.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub address: Vec<Address>,
    /// Who pays, when it is not the patient.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contact: Vec<Contact>,
    /// Records that were merged into this one, or the one into which this one was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub link: Vec<PatientLink>,
}

/// A name.
#[derive(Debug, Clone, Default, Serialize)]
pub struct HumanName {
    /// What it is for.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// The whole name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The family name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// The given names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<String>,
}

/// A way to reach somebody.
#[derive(Debug, Clone, Serialize)]
pub struct ContactPoint {
    /// `phone` or `email`.
    pub system: &'static str,
    /// The number or address.
    pub value: String,
}

/// A postal address.
#[derive(Debug, Clone, Serialize)]
pub struct Address {
    /// All of it.
    pub text: String,
}

/// Somebody beside the patient.
#[derive(Debug, Clone, Serialize)]
pub struct Contact {
    /// What they are to the patient.
    pub relationship: Vec<Concept>,
    /// Their name.
    pub name: HumanName,
}

/// Another record of the same person.
#[derive(Debug, Clone, Serialize)]
pub struct PatientLink {
    /// The record.
    pub other: Reference,
    /// `replaces` or `replaced-by`.
    #[serde(rename = "type")]
    pub kind: &'static str,
}
