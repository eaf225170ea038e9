//! Whom a record of an import may be about, and what tells that it is about them.

use almoner_domain::PatientId;
use almoner_store::patients::{self, Patient, PatientFields};
use jiff::civil::Date;

use crate::import_rows::Mark;

/// The system of marks that are medical record numbers.
const MRN_SYSTEM: &str = "mrn";

/// Somebody whom a row may be about.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) id: PatientId,
    pub(super) name_sort: String,
    pub(super) born: Date,
    pub(super) mrn: Option<String>,
    /// Somebody who was asked for was merged into them: a person has said that they are one.
    pub(super) is_heir: bool,
}

impl Person {
    pub(super) fn of(patient: Patient) -> Self {
        let name_sort = patients::name_sort(&patient.fields);
        let PatientFields { date_of_birth: born, mrn, .. } = patient.fields;
        Self { id: patient.id, name_sort, born, mrn, is_heir: false }
    }

    /// Whether a record that has one of their numbers is about them. A family may share a number,
    /// and twins a birthday as well.
    pub(super) fn is_meant_by(&self, fields: &PatientFields) -> bool {
        let name_sort = patients::name_sort(fields);
        let (known, called) = (first_name(&self.name_sort), first_name(&name_sort));
        let other_mrn = self.mrn.is_some() && fields.mrn.is_some() && self.mrn != fields.mrn;
        self.is_heir || (self.born == fields.date_of_birth && known == called && !other_mrn)
    }
}

/// The first name of a name as it is sorted by.
fn first_name(name_sort: &str) -> Option<&str> {
    name_sort.split('\t').nth(1)
}

/// What tells of a medical record number after its patient was merged into another.
pub(super) fn mrn_mark(mrn: &str) -> Mark {
    Mark { system: MRN_SYSTEM.to_owned(), value: mrn.to_owned() }
}
