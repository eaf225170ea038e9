//! Codes of other systems than CPT and HCPCS, which are kept as what they are.

/// What people call the systems that are met most often.
const SYSTEMS: [(&str, &str); 7] = [
    ("http://snomed.info/sct", "SNOMED CT"),
    ("http://loinc.org", "LOINC"),
    ("http://www.cms.gov/Medicare/Coding/ICD10", "ICD-10-PCS"),
    ("http://hl7.org/fhir/sid/icd-10-pcs", "ICD-10-PCS"),
    ("http://www.ada.org/cdt", "CDT"),
    ("http://hl7.org/fhir/sid/icd-9-cm", "ICD-9-CM"),
    ("http://www.nlm.nih.gov/research/umls/rxnorm", "RxNorm"),
];

/// A code of another system. It is shown, and never sent to a payer or taken for CPT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignCode {
    /// The address of the system; `None` when it was not said.
    pub system: Option<String>,
    /// The code.
    pub code: String,
    /// What the sender calls it.
    pub display: Option<String>,
}

impl ForeignCode {
    /// What people call the system.
    pub fn system_name(&self) -> &str {
        let Some(system) = self.system.as_deref() else { return "unnamed system" };
        let known = SYSTEMS.iter().find(|(address, _)| *address == system);
        known.map_or(system, |(_, name)| name)
    }

    /// The code with its system, for a list: `SNOMED CT 428191000124101`.
    pub fn label(&self) -> String {
        format!("{} {}", self.system_name(), self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_shown_with_its_system() {
        let of = |system: Option<&str>| ForeignCode {
            system: system.map(str::to_owned),
            code: "99213".to_owned(),
            display: None,
        };
        assert_eq!(of(Some("http://snomed.info/sct")).label(), "SNOMED CT 99213");
        assert_eq!(of(Some("https://codes.example")).label(), "https://codes.example 99213");
        assert_eq!(of(None).label(), "unnamed system 99213");
    }
}
