//! Patients.

use jiff::civil::Date;

use crate::coding;
use crate::findings::Findings;
use crate::index::Index;
use crate::moment::{day, has_ended};
use crate::node::Node;

/// What is known of somebody's sex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// `female`.
    Female,
    /// `male`.
    Male,
    /// `other`.
    Other,
}

/// A patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Where in the bundle.
    pub place: String,
    /// Under which ids the patient is known outside.
    pub ids: Vec<String>,
    /// The medical record number.
    pub mrn: Option<String>,
    /// All given names, parted by blanks.
    pub first_name: String,
    /// The family name.
    pub last_name: String,
    /// The date of birth.
    pub birth_date: Date,
    /// The sex; `None` when it is not said or not known.
    pub sex: Option<Sex>,
    /// A telephone number.
    pub phone: Option<String>,
    /// An e-mail address.
    pub email: Option<String>,
    /// The postal address in one line.
    pub address: Option<String>,
}

/// The types of identifiers that are kept: those by which records of patients are numbered. Others
/// are not ours to keep, such as a social security number, or are a family's, such as a member's
/// number at a payer.
const KEPT_TYPES: [&str; 5] = ["MR", "MRT", "PI", "PT", "RI"];
/// The systems of identifiers that are not kept, whatever their type, also by their numbers: social
/// security, Medicare, passports, and driver's licences, of which each state has a system within.
const PRIVATE_SYSTEMS: [&str; 7] = [
    "http://hl7.org/fhir/sid/us-ssn",
    "urn:oid:2.16.840.1.113883.4.1",
    "http://hl7.org/fhir/sid/us-mbi",
    "http://hl7.org/fhir/sid/us-medicare",
    "urn:oid:2.16.840.1.113883.4.927",
    "http://hl7.org/fhir/sid/passport",
    "urn:oid:2.16.840.1.113883.4.3",
];

/// Whether a system is one of those, or within one: `…4.3.25` is, `…4.31` is not.
fn is_private(system: &str) -> bool {
    PRIVATE_SYSTEMS.iter().any(|private| {
        system
            .strip_prefix(private)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '/']))
    })
}

fn is_type(identifier: &Node<'_>, code: &str) -> bool {
    let kind = identifier.get("type");
    kind.is_some_and(|kind| coding::has(&kind, code, &mut Findings::default()))
}

/// Whether an identifier may be kept to know somebody again by.
fn is_kept(identifier: &Node<'_>) -> bool {
    let kind = identifier.get("type");
    let is_typed = kind.is_some_and(|kind| kind.get("coding").is_some());
    let is_record = KEPT_TYPES.iter().any(|code| is_type(identifier, code));
    let system = identifier.word("system").unwrap_or_default();
    (is_record || !is_typed) && !is_private(system) && identifier.word("use") != Some("old")
}

/// Reads a patient; what is missing or wrong is noted.
pub(crate) fn read(
    index: &Index<'_>,
    at: usize,
    today: Date,
    found: &mut Findings,
) -> Option<Person> {
    let node = &index.resources[at].node;
    let name = name(node, today, found);
    let birth_date = birth_date(node, found);
    told(node, found);
    let mrn = mrn(node, today, found);
    let person = Person {
        place: node.place.clone(),
        ids: index.outside_ids(at, found, is_kept),
        mrn,
        sex: sex(node, found),
        phone: contact(node, "phone", today, found),
        email: email(node, today, found),
        address: address(node, today, found),
        first_name: String::new(),
        last_name: String::new(),
        birth_date: birth_date?,
    };
    let (first_name, last_name) = name?;
    Some(Person { first_name, last_name, ..person })
}

/// Says what is known of a patient that has no place here.
fn told(node: &Node<'_>, found: &mut Findings) {
    use serde_json::Value;
    let is_dead = node.get("deceasedBoolean").is_some_and(|said| *said.value == Value::Bool(true));
    if is_dead || node.get("deceasedDateTime").is_some() {
        let place = node.at("deceased");
        let message = "The patient has died, which the record here cannot say. Add a note to what \
            is still owed.";
        found.note(&place, "deceased", message);
    }
    if node.value.get("active") == Some(&Value::Bool(false)) {
        let message = "The record is not in use at its source any more.";
        found.note(&node.at("active"), "not_active", message);
    }
}

fn birth_date(node: &Node<'_>, found: &mut Findings) -> Option<Date> {
    if node.get("birthDate").is_none() {
        let message = "A patient has a date of birth: add it at its source.";
        found.fault(&node.at("birthDate"), "required", message);
        return None;
    }
    day(node, "birthDate", found)
}

fn sex(node: &Node<'_>, found: &mut Findings) -> Option<Sex> {
    match node.text("gender", found)? {
        "female" => Some(Sex::Female),
        "male" => Some(Sex::Male),
        "other" => Some(Sex::Other),
        "unknown" => None,
        _ => {
            let message = "FHIR has female, male, other and unknown here.";
            found.fault(&node.at("gender"), "unknown_code", message);
            None
        }
    }
}

/// The best of several by their use; those that have ended come last or not at all.
fn best<'a>(
    items: Vec<Node<'a>>,
    uses: &[&str],
    today: Date,
    is_good: impl Fn(&Node<'a>) -> bool,
) -> Option<Node<'a>> {
    let rank = |item: &Node<'a>| {
        let said = item.word("use").unwrap_or_default();
        let by_use = uses.iter().position(|one| *one == said)?;
        let by_rank = item.value.get("rank").and_then(serde_json::Value::as_u64);
        Some((by_use, by_rank.unwrap_or(u64::MAX)))
    };
    let standing = items.into_iter().filter(|item| is_good(item) && !has_ended(item, today));
    standing.filter_map(|item| Some((rank(&item)?, item))).min_by_key(|pair| pair.0).map(|p| p.1)
}

/// The first and the last name: the official ones, else the usual ones. Maiden and former names
/// are not those of today.
fn name(node: &Node<'_>, today: Date, found: &mut Findings) -> Option<(String, String)> {
    let names = node.items("name", found);
    let has_family = |name: &Node<'_>| name.word("family").is_some();
    let uses = ["official", "usual", "", "temp", "nickname", "anonymous"];
    let Some(name) = best(names, &uses, today, has_family) else {
        let message = "A patient has a family name and a given name in use: add them at the \
            source. A name that is only one text is not taken apart.";
        found.fault(&node.at("name"), "required", message);
        return None;
    };
    let given = name.joined("given", found);
    if given.is_empty() {
        let message = "A patient has a given name: add it at its source.";
        found.fault(&name.at("given"), "required", message);
        return None;
    }
    Some((given, name.word("family")?.to_owned()))
}

/// The medical record number: the identifier of that type that is in use.
fn mrn(node: &Node<'_>, today: Date, found: &mut Findings) -> Option<String> {
    let numbers = node.items("identifier", found);
    let is_mrn = |one: &Node<'_>| is_type(one, "MR") && one.word("value").is_some();
    let uses = ["usual", "official", "", "secondary", "temp"];
    best(numbers, &uses, today, is_mrn)?.word("value").map(str::to_owned)
}

fn contact(node: &Node<'_>, system: &str, today: Date, found: &mut Findings) -> Option<String> {
    let all = node.items("telecom", found);
    let is_good =
        |one: &Node<'_>| one.word("system") == Some(system) && one.word("value").is_some();
    let uses = ["home", "mobile", "", "work", "temp"];
    best(all, &uses, today, is_good)?.word("value").map(str::to_owned)
}

fn email(node: &Node<'_>, today: Date, found: &mut Findings) -> Option<String> {
    let email = contact(node, "email", today, found)?;
    if email.contains('@') {
        return Some(email);
    }
    found.note(
        &node.at("telecom"),
        "not_an_address",
        "This e-mail address is none; it is left out.",
    );
    None
}

fn address(node: &Node<'_>, today: Date, found: &mut Findings) -> Option<String> {
    let all = node.items("address", found);
    let uses = ["home", "", "billing", "temp", "work"];
    one_line(&best(all, &uses, today, |_| true)?, found)
}

/// An address in one line.
pub(crate) fn one_line(address: &Node<'_>, found: &mut Findings) -> Option<String> {
    let lines = address.items("line", found);
    let lines = lines.iter().filter_map(|line| line.value.as_str());
    let mut parts: Vec<String> = lines.map(|line| line.trim().to_owned()).collect();
    parts.extend(address.word("city").map(str::to_owned));
    let code = [address.word("state"), address.word("postalCode")];
    parts.push(code.into_iter().flatten().collect::<Vec<_>>().join(" "));
    parts.retain(|part| !part.is_empty());
    if parts.is_empty() {
        return address.word("text").map(|text| text.replace(['\r', '\n'], " "));
    }
    Some(parts.join(", "))
}
