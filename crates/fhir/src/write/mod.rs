//! The resources of the read facade, as they are serialised. What is not known is left out, never
//! empty and never zero; a decimal is written digit by digit and meets no floating point.

mod capability;
mod coverage;
mod eligibility;
mod invoice;
mod outcome;
mod patient;
mod searchset;

pub use capability::{CapabilityStatement, Offered, SearchParam, capability};
pub use coverage::{Coverage, CoverageClass};
pub use eligibility::{
    Benefit, CoverageEligibilityResponse, Insurance, InsuranceItem, ResponseError,
};
pub use invoice::{Invoice, LineItem, PaymentNotice, PriceComponent};
pub use outcome::{Issue, OperationOutcome};
pub use patient::{Address, Contact, ContactPoint, HumanName, Patient, PatientLink};
pub use searchset::{Entry, Link, Resource, Searchset};

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// The media type of every answer.
pub const CONTENT_TYPE: &str = "application/fhir+json";
/// The version of FHIR that is written.
pub const FHIR_VERSION: &str = "4.0.1";

/// A number with two decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    hundredths: i64,
}

impl Decimal {
    /// The number of so many hundredths, such as cents.
    pub fn from_hundredths(hundredths: i64) -> Self {
        Self { hundredths }
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, part) =
            (self.hundredths.unsigned_abs() / 100, self.hundredths.unsigned_abs() % 100);
        let sign = if self.hundredths < 0 { "-" } else { "" };
        write!(f, "{sign}{whole}.{part:02}")
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = RawValue::from_string(self.to_string()).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

/// An amount of money.
#[derive(Debug, Clone, Serialize)]
pub struct Money {
    value: Decimal,
    currency: String,
}

impl Money {
    /// So many cents of a currency, which is named by its three letters.
    pub fn cents(cents: i64, currency: &str) -> Self {
        Self { value: Decimal::from_hundredths(cents), currency: currency.to_owned() }
    }
}

/// A moment in UTC.
pub(crate) type Instant = Timestamp;

/// What is said about a resource as a record.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// The record's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// When the record changed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<Instant>,
}

/// A code of a system.
#[derive(Debug, Clone, Serialize)]
pub struct Coding {
    /// The system; left out when it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<&'static str>,
    /// The code.
    pub code: String,
}

/// A concept: codes, words, or both.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Concept {
    /// Its codes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub coding: Vec<Coding>,
    /// Its words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Concept {
    /// A code of a system.
    pub fn code(system: &'static str, code: impl Into<String>) -> Self {
        Self { coding: vec![Coding { system: Some(system), code: code.into() }], text: None }
    }

    /// Words alone.
    pub fn words(text: impl Into<String>) -> Self {
        Self { coding: Vec::new(), text: Some(text.into()) }
    }

    /// With words.
    #[must_use]
    pub fn with_words(mut self, text: Option<String>) -> Self {
        self.text = text;
        self
    }
}

/// An extension that is a code.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CodeExtension {
    url: &'static str,
    value_code: &'static str,
}

/// Why something that FHIR requires is not there.
const DATA_ABSENT: &str = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";

/// Another resource, or what is known of it.
#[derive(Debug, Clone, Default, Serialize)]
#[expect(clippy::struct_field_names, reason = "FHIR's own words")]
pub struct Reference {
    /// Why it is not there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extension: Vec<CodeExtension>,
    /// Where it is, such as `Patient/PAT-001`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The identifier under which others know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier: Option<Identifier>,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<String>,
}

impl Reference {
    /// To a resource of the facade.
    pub fn to(kind: &str, id: impl std::fmt::Display) -> Self {
        Self { reference: Some(format!("{kind}/{id}")), ..Self::default() }
    }

    /// To something that is not a resource here.
    pub fn named(display: impl Into<String>) -> Self {
        Self { display: Some(display.into()), ..Self::default() }
    }

    /// To nothing, and why (a code of FHIR's list of reasons).
    pub fn absent(why: &'static str) -> Self {
        let extension = vec![CodeExtension { url: DATA_ABSENT, value_code: why }];
        Self { extension, ..Self::default() }
    }
}

/// Under which number something is known.
#[derive(Debug, Clone, Serialize)]
pub struct Identifier {
    /// What kind of number it is.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Concept>,
    /// The number.
    pub value: String,
}

/// A remark.
#[derive(Debug, Clone, Serialize)]
pub struct Annotation {
    /// The words.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_digit_by_digit() {
        let told = |cents| serde_json::to_string(&Money::cents(cents, "USD")).unwrap();
        assert_eq!(told(1_234), r#"{"value":12.34,"currency":"USD"}"#);
        assert_eq!(told(0), r#"{"value":0.00,"currency":"USD"}"#);
        assert_eq!(told(-5), r#"{"value":-0.05,"currency":"USD"}"#);
        assert_eq!(told(9_007_199_254_740_993), r#"{"value":90071992547409.93,"currency":"USD"}"#);
    }
}
