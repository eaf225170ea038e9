//! Who gives care, and where.

use serde_json::Value;

use crate::findings::Findings;
use crate::index::Index;
use crate::node::Node;
use crate::person::one_line;

/// The system of national provider identifiers.
const NPI: &str = "http://hl7.org/fhir/sid/us-npi";
/// The same by its number.
const NPI_OID: &str = "urn:oid:2.16.840.1.113883.4.6";
/// The extension that says in which time zone a place is.
const TIME_ZONE: &str = "http://hl7.org/fhir/StructureDefinition/timezone";
/// An older name of it.
const OLD_TIME_ZONE: &str = "http://hl7.org/fhir/StructureDefinition/tz-code";

/// Who gives care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Practitioner {
    /// Where in the bundle.
    pub place: String,
    /// Under which ids the practitioner is known outside.
    pub ids: Vec<String>,
    /// All given names, parted by blanks.
    pub first_name: String,
    /// The family name.
    pub last_name: String,
    /// What the bundle says is the NPI, unchecked, and where.
    pub npi: Option<(String, String)>,
    /// Whether it stands within another resource, and is only of interest to that.
    pub is_contained: bool,
}

/// Where care is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Where in the bundle.
    pub place: String,
    /// Under which ids the location is known outside.
    pub ids: Vec<String>,
    /// Its name.
    pub name: String,
    /// Its address in one line.
    pub address: Option<String>,
    /// Its telephone number.
    pub phone: Option<String>,
    /// Its time zone, when it is said.
    pub time_zone: Option<String>,
}

/// Reads a practitioner; one without a name is passed over.
pub(crate) fn practitioner(
    index: &Index<'_>,
    at: usize,
    found: &mut Findings,
) -> Option<Practitioner> {
    let resource = &index.resources[at];
    let node = &resource.node;
    let names = node.items("name", found);
    let name = names.iter().find(|name| {
        name.word("family").is_some() && !matches!(name.word("use"), Some("old" | "maiden"))
    });
    let given = name.map(|name| name.joined("given", found)).filter(|given| !given.is_empty());
    let (Some(name), Some(first_name)) = (name, given) else {
        let message = "A physician has a given and a family name; this one is passed over.";
        found.note(&node.at("name"), "nameless", message);
        return None;
    };
    let numbers = node.items("identifier", found);
    let is_npi = |number: &Node<'_>| matches!(number.word("system"), Some(NPI | NPI_OID));
    let npi = numbers.iter().find(|number| is_npi(number));
    let npi = npi.and_then(|npi| Some((npi.word("value")?.to_owned(), npi.at("value"))));
    Some(Practitioner {
        place: node.place.clone(),
        // Other numbers are a group's, such as a tax number, or not ours to keep.
        ids: index.outside_ids(at, found, is_npi),
        first_name,
        last_name: name.word("family")?.to_owned(),
        npi,
        is_contained: resource.within.is_some(),
    })
}

/// Reads a location; one without a name is passed over.
pub(crate) fn location(index: &Index<'_>, at: usize, found: &mut Findings) -> Option<Location> {
    let node = &index.resources[at].node;
    let Some(name) = node.text("name", found) else {
        let message = "A location has a name; this one is passed over.";
        found.note(&node.at("name"), "nameless", message);
        return None;
    };
    let phones = node.items("telecom", found);
    let phone = phones.iter().find(|one| one.word("system") == Some("phone"));
    Some(Location {
        place: node.place.clone(),
        ids: index.outside_ids(at, found, |_| true),
        name: name.to_owned(),
        address: node.get("address").and_then(|address| one_line(&address, found)),
        phone: phone.and_then(|phone| phone.word("value")).map(str::to_owned),
        time_zone: time_zone(node, found),
    })
}

fn time_zone(node: &Node<'_>, found: &mut Findings) -> Option<String> {
    let all = node.items("extension", found);
    let is_zone = |one: &&Node<'_>| {
        one.word("url").is_some_and(|url| url == TIME_ZONE || url == OLD_TIME_ZONE)
    };
    let zone = all.iter().find(is_zone)?;
    zone.value.get("valueCode").and_then(Value::as_str).map(str::to_owned)
}
