//! The fields that the columns of a file of comma-separated values may hold, and the headings by
//! which they are recognised.

use almoner_domain::name;
use almoner_store::imports::ImportKind;

/// A field of a record that a column may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportField {
    /// Its name, as settings, programs and the command line have it.
    pub name: &'static str,
    /// What people read.
    pub label: &'static str,
    /// Whether there is no record without it.
    pub required: bool,
    /// Headings that mean it beside its name and label, in lower case and without punctuation.
    headings: &'static [&'static str],
}

const fn must(
    name: &'static str,
    label: &'static str,
    headings: &'static [&'static str],
) -> ImportField {
    ImportField { name, label, required: true, headings }
}

const fn may(
    name: &'static str,
    label: &'static str,
    headings: &'static [&'static str],
) -> ImportField {
    ImportField { name, label, required: false, headings }
}

const PATIENT_FIELDS: &[ImportField] = &[
    must("last_name", "Last name", &["surname", "family name", "lastname", "patient last name"]),
    must("first_name", "First name", &["given name", "firstname", "patient first name"]),
    must("date_of_birth", "Date of birth", &["birth date", "birthdate", "dob", "born"]),
    may("sex", "Sex", &["gender", "administrative sex"]),
    may("mrn", "MRN", &["medical record number", "chart number", "chart no", "medical record"]),
    may(
        "number",
        "Number in the other system",
        &["patient id", "patient number", "patient no", "external id", "id", "account number"],
    ),
    may("phone", "Phone", &["telephone", "phone number", "mobile", "cell phone", "home phone"]),
    may("email", "E-mail", &["email", "e mail address", "email address"]),
    may("address", "Address", &["postal address", "street address", "mailing address"]),
    may("guarantor", "Guarantor", &["guarantor name", "responsible party"]),
    may(
        "coverage_1_payer",
        "Payer",
        &["primary payer", "insurance", "primary insurance", "insurance company", "payer name"],
    ),
    may(
        "coverage_1_member_id",
        "Member ID",
        &["primary member id", "subscriber id", "insurance id", "policy number", "memberid"],
    ),
    may("coverage_1_plan", "Plan", &["primary plan", "plan name", "insurance plan"]),
    may("coverage_1_payer_id", "Payer ID", &["primary payer id", "payerid"]),
    may("coverage_2_payer", "Second payer", &["secondary payer", "secondary insurance"]),
    may("coverage_2_member_id", "Second member ID", &["secondary member id"]),
    may("coverage_2_plan", "Second plan", &["secondary plan"]),
    may("coverage_2_payer_id", "Second payer ID", &["secondary payer id"]),
];

const TREATMENT_FIELDS: &[ImportField] = &[
    must("patient", "Patient", &["patient id", "mrn", "patient mrn", "chart number"]),
    must(
        "service_date",
        "Date of service",
        &["service date", "date", "visit date", "dos", "appointment date", "service at"],
    ),
    may(
        "service_time",
        "Time of service",
        &["service time", "time", "start time", "visit time", "appointment time"],
    ),
    may("location", "Location", &["facility", "clinic", "site", "place", "location name"]),
    may("physician", "Physician", &["provider", "doctor", "npi", "provider npi", "rendering npi"]),
    may("status", "Status", &["visit status", "appointment status"]),
    may(
        "number",
        "Number in the other system",
        &["treatment id", "visit id", "visit number", "encounter id", "encounter", "id"],
    ),
    may("codes", "Codes", &["procedures", "procedure codes", "cpt codes", "cpts"]),
    may("code_1", "Code 1", &["code", "cpt", "cpt code", "procedure code", "cpt 1"]),
    may("modifiers_1", "Modifiers 1", &["modifiers", "modifier", "modifier 1"]),
    may("charge_1", "Charge 1", &["charge", "fee", "amount", "charges"]),
    may("code_2", "Code 2", &["cpt 2", "procedure code 2"]),
    may("modifiers_2", "Modifiers 2", &["modifier 2"]),
    may("charge_2", "Charge 2", &["fee 2", "amount 2"]),
    may("code_3", "Code 3", &["cpt 3", "procedure code 3"]),
    may("modifiers_3", "Modifiers 3", &["modifier 3"]),
    may("charge_3", "Charge 3", &["fee 3", "amount 3"]),
    may("code_4", "Code 4", &["cpt 4", "procedure code 4"]),
    may("modifiers_4", "Modifiers 4", &["modifier 4"]),
    may("charge_4", "Charge 4", &["fee 4", "amount 4"]),
];

/// How many codes of a treatment may have columns of their own.
pub(crate) const CODE_COLUMNS: usize = 4;

/// The fields of a kind; none, when its files say themselves what is what.
pub fn fields(kind: ImportKind) -> &'static [ImportField] {
    match kind {
        ImportKind::Patients => PATIENT_FIELDS,
        ImportKind::Treatments => TREATMENT_FIELDS,
        ImportKind::Fhir => &[],
    }
}

/// The field of a kind with that name.
pub fn field(kind: ImportKind, name: &str) -> Option<&'static ImportField> {
    fields(kind).iter().find(|field| field.name == name)
}

/// What people call a field that a fault is about.
pub fn label(kind: ImportKind, name: &str) -> String {
    let name = match name {
        "patient_id" => "patient",
        "location_id" => "location",
        "physician_id" => "physician",
        other => other,
    };
    if let Some(field) = field(kind, name) {
        return field.label.to_owned();
    }
    let mut words = name.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

impl ImportField {
    /// Whether a heading means this field.
    fn is_meant_by(&self, heading: &str) -> bool {
        let own = [self.name, self.label].map(name::normalize);
        own.iter().any(|own| own == heading) || self.headings.contains(&heading)
    }
}

/// The fields that are recognised by the headings, each with its column. A field that two columns
/// may mean is left for a person to say.
pub(crate) fn recognised(kind: ImportKind, headings: &[String]) -> Vec<(&'static str, usize)> {
    let headings: Vec<String> = headings.iter().map(|heading| name::normalize(heading)).collect();
    let mut found: Vec<(&'static str, usize)> = Vec::new();
    for field in fields(kind) {
        let own = [field.name, field.label].map(name::normalize);
        let columns = |test: &dyn Fn(&String) -> bool| -> Vec<usize> {
            let all = headings.iter().enumerate().filter(|(_, heading)| test(heading));
            all.map(|(column, _)| column).collect()
        };
        // A field's own name means it whatever else may.
        let mut columns_of = columns(&|heading| own.contains(heading));
        if columns_of.is_empty() {
            columns_of = columns(&|heading| field.is_meant_by(heading));
        }
        if let [column] = columns_of[..]
            && found.iter().all(|&(_, taken)| taken != column)
        {
            found.push((field.name, column));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: ImportKind, headings: &[&str]) -> Vec<(&'static str, usize)> {
        recognised(kind, &headings.iter().map(|&heading| heading.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn columns_are_recognised_by_their_headings() {
        let found = of(ImportKind::Patients, &["DOB", "Surname", "first_name", "E-Mail", "Hat"]);
        let known = [("last_name", 1), ("first_name", 2), ("date_of_birth", 0), ("email", 3)];
        assert_eq!(found, known);
        let found = of(ImportKind::Treatments, &["MRN", "Date", "Time", "CPT", "Fee"]);
        let known = [("patient", 0), ("service_date", 1), ("service_time", 2), ("code_1", 3)];
        assert_eq!(found, [&known[..], &[("charge_1", 4)]].concat());
    }

    #[test]
    fn a_field_that_two_columns_may_mean_is_left_to_a_person() {
        assert_eq!(of(ImportKind::Patients, &["Phone", "Phone"]), []);
        assert_eq!(of(ImportKind::Patients, &["Phone", "Mobile"]), [("phone", 0)]);
        assert_eq!(of(ImportKind::Patients, &["Mobile", "Telephone"]), []);
    }

    #[test]
    fn what_a_fault_is_about_is_said_in_words() {
        assert_eq!(label(ImportKind::Patients, "date_of_birth"), "Date of birth");
        assert_eq!(label(ImportKind::Treatments, "patient_id"), "Patient");
        assert_eq!(label(ImportKind::Treatments, "code_12"), "Code 12");
        assert_eq!(label(ImportKind::Patients, "row"), "Row");
    }
}
