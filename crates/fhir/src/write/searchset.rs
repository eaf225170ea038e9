//! A page of what a search found.

use serde::Serialize;

use super::{
    Coverage, CoverageEligibilityResponse, Invoice, OperationOutcome, Patient, PaymentNotice,
};

/// A page of what a search found.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "resourceType", rename = "Bundle")]
pub struct Searchset {
    /// That it is one.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// How many there are in all; left out when they were not counted to the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
    /// Where this page and its neighbours are.
    pub link: Vec<Link>,
    /// The resources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entry: Vec<Entry>,
}

/// Where a page is.
#[derive(Debug, Clone, Serialize)]
pub struct Link {
    /// `self`, `next` or `previous`.
    pub relation: &'static str,
    /// Its address.
    pub url: String,
}

/// A resource that was found.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Its address.
    pub full_url: String,
    /// The resource.
    pub resource: Resource,
    /// Why it is there.
    pub search: Mode,
}

/// Why a resource is on a page.
#[derive(Debug, Clone, Serialize)]
pub struct Mode {
    mode: &'static str,
}

/// A resource of any kind.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Resource {
    /// A patient.
    Patient(Box<Patient>),
    /// An insurance.
    Coverage(Box<Coverage>),
    /// A payer's answer.
    CoverageEligibilityResponse(Box<CoverageEligibilityResponse>),
    /// What a patient is asked for.
    Invoice(Box<Invoice>),
    /// What was collected.
    PaymentNotice(Box<PaymentNotice>),
    /// What went wrong.
    OperationOutcome(Box<OperationOutcome>),
}

impl Resource {
    /// The type and the id.
    pub fn address(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Patient(one) => Some(("Patient", &one.id)),
            Self::Coverage(one) => Some(("Coverage", &one.id)),
            Self::CoverageEligibilityResponse(one) => {
                Some(("CoverageEligibilityResponse", &one.id))
            }
            Self::Invoice(one) => Some(("Invoice", &one.id)),
            Self::PaymentNotice(one) => Some(("PaymentNotice", &one.id)),
            Self::OperationOutcome(_) => None,
        }
    }
}

impl Searchset {
    /// A page of resources that were found, below that address.
    pub fn new(base: &str, total: Option<i64>, link: Vec<Link>, found: Vec<Resource>) -> Self {
        let entry = |resource: Resource| {
            let (kind, id) = resource.address()?;
            let full_url = format!("{base}/{kind}/{id}");
            Some(Entry { full_url, resource, search: Mode { mode: "match" } })
        };
        let entry = found.into_iter().filter_map(entry).collect();
        Self { kind: "searchset", total, link, entry }
    }
}
