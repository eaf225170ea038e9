//! The fields of a patient's record by their names, for what goes over them one by one.

use almoner_store::patients::PatientFields;

/// A field of a patient's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PatientField {
    /// First name.
    FirstName,
    /// Last name.
    LastName,
    /// Date of birth.
    DateOfBirth,
    /// `F`, `M` or `X`.
    Sex,
    /// Medical record number.
    Mrn,
    /// Telephone.
    Phone,
    /// E-mail address.
    Email,
    /// Postal address.
    Address,
    /// Who pays, when it is not the patient.
    Guarantor,
}

impl PatientField {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 9] = [
        Self::FirstName,
        Self::LastName,
        Self::DateOfBirth,
        Self::Sex,
        Self::Mrn,
        Self::Phone,
        Self::Email,
        Self::Address,
        Self::Guarantor,
    ];

    /// The name in forms and in the audit log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::DateOfBirth => "date_of_birth",
            Self::Sex => "sex",
            Self::Mrn => "mrn",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Address => "address",
            Self::Guarantor => "guarantor",
        }
    }

    /// What people call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::FirstName => "First name",
            Self::LastName => "Last name",
            Self::DateOfBirth => "Date of birth",
            Self::Sex => "Sex",
            Self::Mrn => "MRN",
            Self::Phone => "Phone",
            Self::Email => "E-mail",
            Self::Address => "Address",
            Self::Guarantor => "Guarantor",
        }
    }

    /// What a record says there; `None` when it says nothing.
    pub fn of(self, fields: &PatientFields) -> Option<String> {
        match self {
            Self::FirstName => Some(fields.first_name.clone()),
            Self::LastName => Some(fields.last_name.clone()),
            Self::DateOfBirth => Some(fields.date_of_birth.to_string()),
            Self::Sex => fields.sex.clone(),
            Self::Mrn => fields.mrn.clone(),
            Self::Phone => fields.phone.clone(),
            Self::Email => fields.email.clone(),
            Self::Address => fields.address.clone(),
            Self::Guarantor => fields.guarantor.clone(),
        }
    }

    /// Writes what one record says over what another says.
    pub fn copy(self, from: &PatientFields, to: &mut PatientFields) {
        match self {
            Self::FirstName => to.first_name.clone_from(&from.first_name),
            Self::LastName => to.last_name.clone_from(&from.last_name),
            Self::DateOfBirth => to.date_of_birth = from.date_of_birth,
            Self::Sex => to.sex.clone_from(&from.sex),
            Self::Mrn => to.mrn.clone_from(&from.mrn),
            Self::Phone => to.phone.clone_from(&from.phone),
            Self::Email => to.email.clone_from(&from.email),
            Self::Address => to.address.clone_from(&from.address),
            Self::Guarantor => to.guarantor.clone_from(&from.guarantor),
        }
    }
}

/// The names of the fields that changed, with what stood there before.
pub(crate) fn changed(before: &PatientFields, after: &PatientFields) -> serde_json::Value {
    let pairs = PatientField::ALL.map(|field| (field, field.of(before), field.of(after)));
    pairs
        .into_iter()
        .filter(|(_, old, new)| old != new)
        .map(|(field, old, _)| (field.as_str().to_owned(), old.into()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
