//! Codes with the systems that they are from.

use crate::findings::Findings;
use crate::node::Node;

/// The systems whose codes are CPT or HCPCS, by every name that FHIR has for them.
const NATIONAL: [&str; 6] = [
    "http://www.ama-assn.org/go/cpt",
    "urn:oid:2.16.840.1.113883.6.12",
    "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
    "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
    "https://www.cms.gov/Medicare/Coding/MedHCPCSGenInfo/index.html",
    "urn:oid:2.16.840.1.113883.6.285",
];

/// A code of any system, as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coding {
    /// The address of the system; `None` when it was not said.
    pub system: Option<String>,
    /// The code.
    pub code: String,
    /// What the sender calls it.
    pub display: Option<String>,
}

/// What a procedure is coded as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// A CPT or HCPCS code.
    National(String),
    /// A code of another system, which is never taken for one of those.
    Foreign(Coding),
}

/// The code of a concept: the CPT or HCPCS code when it has one, else the one that a person chose,
/// else the first.
pub(crate) fn code(concept: &Node<'_>, found: &mut Findings) -> Option<Code> {
    let codings = concept.items("coding", found);
    let mut read: Vec<(bool, Coding)> = Vec::with_capacity(codings.len());
    for coding in &codings {
        let Some(code) = coding.text("code", found) else { continue };
        let chosen = coding.value.get("userSelected") == Some(&serde_json::Value::Bool(true));
        let system = coding.text("system", found).map(str::to_owned);
        let display = coding.text("display", found).or_else(|| concept.word("text"));
        let display = display.map(str::to_owned);
        read.push((chosen, Coding { system, code: code.to_owned(), display }));
    }
    let is_national = |coding: &Coding| {
        let system = coding.system.as_deref();
        system.is_some_and(|system| NATIONAL.iter().any(|one| one.eq_ignore_ascii_case(system)))
    };
    if let Some((_, national)) = read.iter().find(|(_, coding)| is_national(coding)) {
        return Some(Code::National(national.code.clone()));
    }
    let chosen = read.iter().position(|(chosen, _)| *chosen).unwrap_or(0);
    (chosen < read.len()).then(|| Code::Foreign(read.swap_remove(chosen).1))
}

/// Whether a concept has that code, whatever its system.
pub(crate) fn has(concept: &Node<'_>, code: &str, found: &mut Findings) -> bool {
    concept.items("coding", found).iter().any(|coding| coding.word("code") == Some(code))
}
