//! `Patient`: a patient's record.

use almoner_app::read_records::{self, PatientRecord, PatientsAsked};
use almoner_domain::PatientId;
use almoner_fhir::write::{
    Address, Concept, Contact, ContactPoint, HumanName, Identifier, Meta, Patient, PatientLink,
    Reference, Resource, SearchParam,
};
use axum::extract::{Path, State};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::query::{Asked, wrong};
use crate::api::caller::{Caller, Thing, showing};
use crate::api::problem::{Answer, Problem};
use crate::handlers::parse_id;
use crate::state::Web;

/// The list of kinds of identifiers.
const IDENTIFIER_TYPES: &str = "http://terminology.hl7.org/CodeSystem/v2-0203";
/// The list of what contacts are to a patient.
const CONTACT_ROLES: &str = "http://terminology.hl7.org/CodeSystem/v2-0131";

/// What may be searched by.
pub(super) const SEARCHES: &[SearchParam] = &[
    SearchParam {
        name: "identifier",
        kind: "token",
        documentation: "The medical record number, or system|value of a record that was imported.",
    },
    SearchParam {
        name: "name",
        kind: "string",
        documentation: "Words of the name, as their beginnings or parts.",
    },
    SearchParam { name: "birthdate", kind: "date", documentation: "The very day." },
    SearchParam {
        name: "_lastUpdated",
        kind: "date",
        documentation: "ge or gt and a moment, without any other parameter; in that order.",
    },
    super::COUNT,
];

/// Reads a patient. One who was merged into another is told as that: not active, with the other.
pub(super) async fn read(State(web): State<Web>, caller: Caller, Path(id): Path<String>) -> Answer {
    let id: PatientId = parse_id(&id, "patient")?;
    let record = read_records::patient(&web.app, &caller.actor, id).await?;
    let (current, version) = (record.patient.id, record.patient.version);
    let resource = if current == id { patient(record) } else { replaced(id, current) };
    Ok(showing(vec![Thing::Patient(current)], super::versioned(version, &resource)))
}

/// Searches patients.
pub(super) async fn search(State(web): State<Web>, caller: Caller, mut asked: Asked) -> Answer {
    let wanted = wanted(&mut asked)?;
    let at = asked.page(matches!(wanted, PatientsAsked::ChangedSince(_)))?;
    asked.end()?;
    let view = read_records::patients(&web.app, &caller.actor, &wanted, at).await?;
    let shown = view.rows.iter().map(|record| Thing::Patient(record.patient.id)).collect();
    let resource = |record| Resource::Patient(Box::new(patient(record)));
    Ok(showing(shown, asked.answered(&web, "Patient", view, resource)))
}

fn wanted(asked: &mut Asked) -> Result<PatientsAsked, Problem> {
    let identifier = asked.one("identifier")?;
    let name = asked.one("name")?;
    let born = asked.one("birthdate")?;
    let since = asked.one("_lastUpdated")?;
    let is_named = name.is_some() || born.is_some();
    if usize::from(identifier.is_some()) + usize::from(is_named) + usize::from(since.is_some()) > 1
    {
        let message = "Search by an identifier, by name and birth date, or by _lastUpdated.";
        return Err(wrong("identifier", message));
    }
    if let Some(identifier) = identifier {
        return Ok(identified(&identifier));
    }
    if let Some(since) = since {
        return changed_since(&since).map(PatientsAsked::ChangedSince);
    }
    let born = born.map(|text| day(&text)).transpose()?;
    Ok(match (born, name) {
        (Some(day), name) => PatientsAsked::Born(day, name.unwrap_or_default()),
        (None, Some(name)) => PatientsAsked::Search(name),
        (None, None) => PatientsAsked::All,
    })
}

/// `value` and `|value` are medical record numbers, which have no system here.
fn identified(token: &str) -> PatientsAsked {
    match token.split_once('|') {
        Some((system, value)) if !system.is_empty() => {
            PatientsAsked::Marked(system.to_owned(), value.to_owned())
        }
        Some((_, value)) => PatientsAsked::Mrn(value.to_owned()),
        None => PatientsAsked::Mrn(token.to_owned()),
    }
}

fn day(text: &str) -> Result<Date, Problem> {
    let text = text.strip_prefix("eq").unwrap_or(text);
    let is_whole = text.len() == 10;
    let day = text.parse().ok().filter(|_| is_whole);
    day.ok_or_else(|| wrong("birthdate", "Send one whole day such as 1980-02-29."))
}

fn changed_since(text: &str) -> Result<Timestamp, Problem> {
    let message = "Send ge and a moment such as ge2026-03-10T09:00:00Z.";
    let read = |text: &str| text.parse::<Timestamp>().map_err(|_| wrong("_lastUpdated", message));
    if let Some(text) = text.strip_prefix("gt") {
        let next = read(text)?.checked_add(SignedDuration::from_micros(1));
        return next.map_err(|_| wrong("_lastUpdated", message));
    }
    read(text.strip_prefix("ge").ok_or_else(|| wrong("_lastUpdated", message))?)
}

fn link(id: PatientId, kind: &'static str) -> PatientLink {
    PatientLink { other: Reference::to("Patient", id), kind }
}

/// A record that was merged into another.
fn replaced(id: PatientId, by: PatientId) -> Patient {
    Patient {
        id: id.to_string(),
        meta: None,
        identifier: Vec::new(),
        active: false,
        name: Vec::new(),
        telecom: Vec::new(),
        gender: None,
        birth_date: None,
        address: Vec::new(),
        contact: Vec::new(),
        link: vec![link(by, "replaced-by")],
    }
}

/// A patient's record.
fn patient(record: PatientRecord) -> Patient {
    let PatientRecord { patient, merged, .. } = record;
    let fields = patient.fields;
    let mrn = |value| Identifier { kind: Some(Concept::code(IDENTIFIER_TYPES, "MR")), value };
    let point = |system, value: Option<String>| value.map(|value| ContactPoint { system, value });
    let guarantor = |name: String| Contact {
        relationship: vec![Concept::code(CONTACT_ROLES, "U").with_words(Some("Guarantor".into()))],
        name: HumanName { text: Some(name), ..HumanName::default() },
    };
    let name = HumanName {
        kind: Some("official"),
        text: None,
        family: Some(fields.last_name),
        given: vec![fields.first_name],
    };
    let telecom = [point("phone", fields.phone), point("email", fields.email)];
    Patient {
        id: patient.id.to_string(),
        meta: Some(Meta {
            version_id: Some(patient.version.to_string()),
            last_updated: Some(patient.modified_at),
        }),
        identifier: fields.mrn.map(mrn).into_iter().collect(),
        active: true,
        name: vec![name],
        telecom: telecom.into_iter().flatten().collect(),
        gender: match fields.sex.as_deref() {
            Some("F") => Some("female"),
            Some("M") => Some("male"),
            Some(_) => Some("other"),
            None => None,
        },
        birth_date: Some(fields.date_of_birth),
        address: fields.address.map(|text| Address { text }).into_iter().collect(),
        contact: fields.guarantor.map(guarantor).into_iter().collect(),
        link: merged.into_iter().map(|other| link(other, "replaces")).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_searched_by_is_read() {
        assert_eq!(identified("|M-1"), PatientsAsked::Mrn("M-1".to_owned()));
        assert_eq!(identified("M-1"), PatientsAsked::Mrn("M-1".to_owned()));
        let marked = PatientsAsked::Marked("https://a.example".to_owned(), "1".to_owned());
        assert_eq!(identified("https://a.example|1"), marked);
        assert!(day("1980-02-29").is_ok() && day("eq1980-02-29").is_ok());
        for odd in ["1980", "ge1980-02-29", "1980-02-30"] {
            assert!(day(odd).is_err(), "{odd}");
        }
        let at: Timestamp = "2026-03-10T09:00:00Z".parse().unwrap();
        assert_eq!(changed_since("ge2026-03-10T09:00:00Z").unwrap(), at);
        assert!(changed_since("gt2026-03-10T09:00:00Z").unwrap() > at);
        assert!(changed_since("2026-03-10").is_err());
    }
}
