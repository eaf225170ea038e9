//! A bundle as a whole: its entries are found, then read kind by kind, so that references lead to
//! what was read before.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde_json::Value;

use crate::coverage::{self, Coverage};
use crate::findings::{Finding, Findings};
use crate::index::{Index, Resource};
use crate::node::Node;
use crate::person::{self, Person};
use crate::places::{self, Location, Practitioner};
use crate::visit::{self, Done, LooseProcedure, Visit};

/// The largest bundle that is read, in bytes.
pub const MAX_BUNDLE_BYTES: usize = 64 * 1024 * 1024;
/// The most entries of a bundle.
pub const MAX_ENTRIES: usize = 100_000;
/// The most values of a bundle, as each takes many times the bytes that it was written in.
pub const MAX_VALUES: usize = 2_000_000;
/// The most resources that are contained in one.
const MAX_CONTAINED: usize = 1_000;
/// The types of bundles that say what there is.
const TYPES: [&str; 5] = ["transaction", "batch", "collection", "searchset", "document"];
/// The types of resources that are looked at beyond those that become records.
const LOOKED_AT: [&str; 10] = [
    "Patient",
    "Coverage",
    "Encounter",
    "Appointment",
    "Procedure",
    "Practitioner",
    "PractitionerRole",
    "Location",
    "Organization",
    "OperationOutcome",
];

/// What a bundle holds of what we keep.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bundle {
    /// Patients.
    pub persons: Vec<Person>,
    /// Insurances.
    pub coverages: Vec<Coverage>,
    /// Who gives care.
    pub practitioners: Vec<Practitioner>,
    /// Where care is given.
    pub locations: Vec<Location>,
    /// Visits.
    pub visits: Vec<Visit>,
    /// Procedures of visits that this bundle does not hold.
    pub loose: Vec<LooseProcedure>,
    /// What was not taken over, and why.
    pub notes: Vec<Finding>,
    /// How many resources there are of each type that is not looked at.
    pub passed_over: BTreeMap<String, usize>,
}

/// Reads a bundle as of a day, on which coverages stand or have ended.
///
/// # Errors
/// Every fault of it: a bundle is taken whole or not at all.
pub fn read(bytes: &[u8], today: Date) -> Result<Bundle, Vec<Finding>> {
    let mut found = Findings::default();
    if bytes.len() > MAX_BUNDLE_BYTES {
        let message = format!("A bundle has at most {MAX_BUNDLE_BYTES} bytes; send it in parts.");
        found.fault("Bundle", "too_large", &message);
        return Err(found.faults);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if values(bytes) > MAX_VALUES {
        let message = format!("A bundle has at most {MAX_VALUES} values; send it in parts.");
        found.fault("Bundle", "too_large", &message);
        return Err(found.faults);
    }
    let value: Value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            let message = format!("This is not JSON from line {line}, column {column} on.");
            found.fault("Bundle", "not_json", &message);
            return Err(found.faults);
        }
    };
    let whole = Node { value: &value, place: "Bundle".to_owned() };
    let mut bundle = Bundle::default();
    if let Some(mut index) = index(&whole, &mut bundle.passed_over, &mut found) {
        read_all(&mut index, today, &mut bundle, &mut found);
    }
    if found.faults.is_empty() {
        bundle.notes = found.notes;
        Ok(bundle)
    } else {
        Err(found.faults)
    }
}

/// How many values JSON has at most, counted before any of them is read: what parts or opens them
/// outside of texts.
fn values(bytes: &[u8]) -> usize {
    let (mut count, mut is_text, mut is_escaped) = (1, false, false);
    for byte in bytes {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            b'{' | b'[' | b',' if !is_text => count += 1,
            _ => {}
        }
    }
    count
}

/// Finds the resources of a bundle.
fn index<'a>(
    whole: &Node<'a>,
    passed_over: &mut BTreeMap<String, usize>,
    found: &mut Findings,
) -> Option<Index<'a>> {
    if whole.word("resourceType") != Some("Bundle") {
        let message = "This is no FHIR bundle: a file holds one resource of the type Bundle.";
        found.fault("Bundle.resourceType", "not_a_bundle", message);
        return None;
    }
    if !whole.word("type").is_some_and(|kind| TYPES.contains(&kind)) {
        let message = format!("A bundle of the type {} is taken.", TYPES.join(", "));
        found.fault("Bundle.type", "unknown_type", &message);
        return None;
    }
    let entries = whole.items("entry", found);
    if entries.len() > MAX_ENTRIES {
        let message = format!("A bundle has at most {MAX_ENTRIES} entries; send it in parts.");
        found.fault("Bundle.entry", "too_many", &message);
        return None;
    }
    let mut index = Index::default();
    for entry in &entries {
        let method = entry.get("request").and_then(|request| request.word("method"));
        if method.is_some_and(|method| !["POST", "PUT"].contains(&method)) {
            let message = "Entries are added (POST, PUT); nothing else is done with them.";
            found.fault(&entry.at("request.method"), "unsupported_method", message);
            continue;
        }
        let Some(node) = entry.get("resource") else {
            found.note(&entry.place, "no_resource", "This entry holds no resource.");
            continue;
        };
        add(&mut index, &node, entry.text("fullUrl", found), passed_over, found);
    }
    Some(index)
}

fn add<'a>(
    index: &mut Index<'a>,
    node: &Node<'a>,
    full_url: Option<&'a str>,
    passed_over: &mut BTreeMap<String, usize>,
    found: &mut Findings,
) {
    let Some(kind) = node.word("resourceType") else {
        let message = "A resource says of which type it is.";
        found.fault(&node.at("resourceType"), "required", message);
        return;
    };
    if !LOOKED_AT.contains(&kind) {
        // A name that no resource has is not told back.
        let is_name = kind.len() <= 40 && kind.bytes().all(|byte| byte.is_ascii_alphabetic());
        *passed_over.entry(if is_name { kind } else { "?" }.to_owned()).or_default() += 1;
    }
    let at = index.resources.len();
    let resource = Resource { node: node.clone(), kind, full_url, within: None };
    if !index.add(resource, found) {
        let message = "Another entry has the same address.";
        found.fault(&node.place.replace(".resource", ".fullUrl"), "duplicate", message);
    }
    let contained = node.items("contained", found);
    if contained.len() > MAX_CONTAINED {
        let message = format!("A resource contains at most {MAX_CONTAINED} others.");
        found.fault(&node.at("contained"), "too_many", &message);
        return;
    }
    for inner in contained {
        if let Some(kind) = inner.word("resourceType") {
            index.add(Resource { node: inner, kind, full_url: None, within: Some(at) }, found);
        }
    }
}

/// Reads what is kept, in an order in which references lead back.
fn read_all(index: &mut Index<'_>, today: Date, bundle: &mut Bundle, found: &mut Findings) {
    let of = |index: &Index<'_>, kind: &str| -> Vec<usize> {
        let all = index.resources.iter().enumerate();
        all.filter(|(_, resource)| resource.kind == kind).map(|(at, _)| at).collect()
    };
    for at in of(index, "Patient") {
        if index.resources[at].within.is_none()
            && let Some(person) = person::read(index, at, today, found)
        {
            index.read.insert(at, bundle.persons.len());
            bundle.persons.push(person);
        }
    }
    for at in of(index, "Practitioner") {
        if let Some(practitioner) = places::practitioner(index, at, found) {
            index.read.insert(at, bundle.practitioners.len());
            bundle.practitioners.push(practitioner);
        }
    }
    for at in of(index, "Location") {
        if let Some(location) = places::location(index, at, found) {
            index.read.insert(at, bundle.locations.len());
            bundle.locations.push(location);
        }
    }
    if !found.faults.is_empty() {
        // What refers to a patient who could not be read is not at fault.
        return;
    }
    for at in of(index, "Coverage") {
        bundle.coverages.extend(coverage::read(index, at, today, found));
    }
    read_visits(index, bundle, &of, found);
}

fn read_visits(
    index: &mut Index<'_>,
    bundle: &mut Bundle,
    of: &dyn Fn(&Index<'_>, &str) -> Vec<usize>,
    found: &mut Findings,
) {
    let mut kept = BTreeSet::new();
    for at in of(index, "Encounter") {
        if let Some(visit) = visit::encounter(index, at, found) {
            kept.extend(visit::kept_appointments(index, at, found));
            index.read.insert(at, bundle.visits.len());
            bundle.visits.push(visit);
        }
    }
    for at in of(index, "Appointment") {
        if !kept.contains(&at) {
            bundle.visits.extend(visit::appointment(index, at, found));
        }
    }
    for at in of(index, "Procedure") {
        match visit::procedure(index, at, found) {
            Some(Done::At(visit, procedure)) => bundle.visits[visit].procedures.push(procedure),
            Some(Done::Elsewhere(loose)) => bundle.loose.push(loose),
            Some(Done::Alone(visit)) => bundle.visits.push(visit),
            None => {}
        }
    }
}
