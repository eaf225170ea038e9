//! The handlers: each extracts, calls one use case and fills a page.

pub(crate) mod asset;
pub(crate) mod attachment;
pub(crate) mod audit;
pub(crate) mod duplicates;
pub(crate) mod eligibility;
pub(crate) mod eligibility_settings;
pub(crate) mod email_consent;
pub(crate) mod find_patient;
pub(crate) mod form_key;
pub(crate) mod handed_out;
pub(crate) mod health;
pub(crate) mod imports;
pub(crate) mod jobs;
pub(crate) mod jump;
pub(crate) mod lasting;
pub(crate) mod merge_patients;
pub(crate) mod numbered;
pub(crate) mod patient_form;
pub(crate) mod patients;
pub(crate) mod pay;
pub(crate) mod payments;
pub(crate) mod payouts;
pub(crate) mod reminder_settings;
pub(crate) mod reports;
pub(crate) mod rows;
pub(crate) mod sandbox;
pub(crate) mod settings;
pub(crate) mod sign_in;
pub(crate) mod treatments;
pub(crate) mod turned;
pub(crate) mod webhook_settings;
pub(crate) mod webhooks;

pub(crate) use eligibility::sentence;

use almoner_app::Error;
use almoner_store::patients::Patient;

use crate::format;
use crate::view::parts::PatientMatch;

/// Reads an id from an address; another text is no such thing.
pub(crate) fn parse_id<T: std::str::FromStr>(text: &str, what: &'static str) -> Result<T, Error> {
    text.parse().map_err(|_| Error::NotFound(what))
}

/// The place of a page in a list that is paged by number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paging {
    /// The page, from one.
    pub(crate) number: i64,
    /// Rows on a page.
    pub(crate) per_page: i64,
}

impl Paging {
    /// Rows before the page, and rows on it.
    pub(crate) fn range(self) -> (i64, i64) {
        ((self.number - 1) * self.per_page, self.per_page)
    }
}

/// A patient as search results show them.
pub(crate) fn patient_match(patient: &Patient) -> PatientMatch {
    let fields = &patient.fields;
    PatientMatch {
        id: patient.id,
        name: format!("{}, {}", fields.last_name, fields.first_name),
        birth_date: format::date(fields.date_of_birth),
        mrn_tail: format::tail(fields.mrn.as_deref()),
    }
}
