//! Reads a FHIR R4 bundle into the rows of an import: physicians first, then patients, their
//! coverages, treatments, and what was done in them, so that each finds what it belongs to.
//!
//! A bundle with a fault is nothing but the rows of its faults, each with its place. What is not
//! taken over is a row of its own that only says so.

use std::collections::HashMap;
use std::vec::IntoIter;

use almoner_domain::foreign_code::ForeignCode;
use almoner_domain::{Invalid, text};
use almoner_fhir::{
    self as fhir, Bundle, Code, Coverage, Finding, Link, Person, Practitioner, Procedure, Relation,
    Sex, Visit, VisitStatus,
};
use almoner_store::treatments::TreatmentStatus;
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use crate::import_rows::{
    CoverageRecord, ImportRow, Mark, PatientRecord, PhysicianRecord, ProcedureCode,
    ProcedureRecord, Record, Rows, TreatmentRecord,
};
use crate::judge_record::{ADDRESS, VISIT};
use crate::save_patient::{CoverageEntry, MAX_COVERAGES, PatientEntry};
use crate::save_treatment::TreatmentEntry;

/// What a coverage's own ids are kept under.
const COVERAGE: &str = "fhir:coverage";
/// What a procedure's own ids are kept under.
const PROCEDURE: &str = "fhir:procedure";

/// The rows of a bundle.
struct BundleRows {
    headings: Vec<String>,
    rows: IntoIter<ImportRow>,
}

impl Rows for BundleRows {
    fn headings(&self) -> &[String] {
        &self.headings
    }

    fn next_row(&mut self) -> Option<ImportRow> {
        self.rows.next()
    }
}

/// The rows of a bundle, as of a day on which coverages stand or have ended.
///
/// # Errors
/// Says, for `file`, why it is no bundle.
pub(crate) fn rows(content: &[u8], today: Date) -> Result<Box<dyn Rows>, Invalid> {
    let mut made = Made::default();
    match fhir::read(content, today) {
        Ok(bundle) => made.add_all(&bundle),
        Err(faults) => {
            if let Some(fault) = faults.iter().find(|fault| !fault.place.contains("entry[")) {
                let message = format!("{}: {}", fault.place, fault.message);
                return Err(Invalid::one("file", fault.code, message));
            }
            for fault in &faults {
                made.say(fault, false);
            }
        }
    }
    let headings = ["Entry", "Resource"].map(str::to_owned).to_vec();
    Ok(Box::new(BundleRows { headings, rows: made.rows.into_iter() }))
}

/// A mark without the characters that no record keeps, so that it is asked for as it is kept.
fn clean(system: &str, value: &str) -> Mark {
    let kept = |text: &str| -> String {
        let kept: String = text.chars().filter(|letter| !letter.is_control()).collect();
        kept.trim().to_owned()
    };
    Mark { system: kept(system), value: kept(value) }
}

/// An id of the world outside as a mark. An address that a bundle made up is a system of its own,
/// so that somebody who has another one elsewhere may still be the same person.
fn person_mark(id: &str) -> Mark {
    match id.split_once('|') {
        Some((system, value)) => clean(system, value),
        None => match id.rsplit_once('/').filter(|_| id.starts_with("http")) {
            Some((base, value)) => clean(base, value),
            None => clean(id, ADDRESS),
        },
    }
}

/// An id of the world outside as a mark of something that has one address.
fn mark(own: &str, id: &str) -> Mark {
    match id.split_once('|') {
        Some((system, value)) => clean(system, value),
        None => clean(own, id),
    }
}

fn marks(own: &str, ids: &[String]) -> Vec<Mark> {
    ids.iter().map(|id| mark(own, id)).collect()
}

fn person_marks(ids: &[String]) -> Vec<Mark> {
    ids.iter().map(|id| person_mark(id)).collect()
}

/// The number of the entry at a place, from one; nothing outside of any.
fn entry_number(place: &str) -> String {
    let digits = place.strip_prefix("Bundle.entry[").and_then(|rest| rest.split_once(']'));
    let number = digits.and_then(|(digits, _)| digits.parse::<u64>().ok());
    number.map(|number| (number + 1).to_string()).unwrap_or_default()
}

/// The rows so far.
#[derive(Default)]
struct Made {
    rows: Vec<ImportRow>,
}

impl Made {
    fn push(&mut self, what: &str, place: &str, record: Result<Record, Invalid>, is_note: bool) {
        self.rows.push(ImportRow {
            number: i64::try_from(self.rows.len()).unwrap_or(i64::MAX).saturating_add(1),
            cells: vec![entry_number(place), what.to_owned()],
            record,
            place: Some(place.to_owned()),
            is_note,
        });
    }

    fn record(&mut self, place: &str, record: Record) {
        self.push(record.what(), place, Ok(record), false);
    }

    fn say(&mut self, finding: &Finding, is_note: bool) {
        let said = Invalid::one("", finding.code, finding.message.clone());
        self.push("", &finding.place, Err(said), is_note);
    }

    fn add_all(&mut self, bundle: &Bundle) {
        for practitioner in &bundle.practitioners {
            self.record(&practitioner.place, Record::Physician(Box::new(physician(practitioner))));
        }
        for person in &bundle.persons {
            self.record(&person.place, Record::Patient(Box::new(patient(person))));
        }
        self.add_coverages(bundle);
        for visit in &bundle.visits {
            let record = Record::Treatment(Box::new(treatment(bundle, visit)));
            self.record(&visit.place, record);
        }
        for visit in &bundle.visits {
            for procedure in &visit.procedures {
                self.add_procedure(procedure, visit_marks(bundle, visit), Vec::new());
            }
        }
        for loose in &bundle.loose {
            let whose = loose.patient.as_ref().map(|whose| known_person(bundle, whose));
            let visit = vec![mark(VISIT, &loose.visit)];
            self.add_procedure(&loose.procedure, visit, whose.unwrap_or_default());
        }
        for note in &bundle.notes {
            self.say(note, true);
        }
    }

    fn add_procedure(&mut self, procedure: &Procedure, treatment: Vec<Mark>, patient: Vec<Mark>) {
        let code = match &procedure.code {
            Code::National(code) => ProcedureCode::National(code.clone()),
            Code::Foreign(coding) => ProcedureCode::Foreign(ForeignCode {
                system: coding.system.clone(),
                code: coding.code.clone(),
                display: coding.display.clone(),
            }),
        };
        let marks = marks(PROCEDURE, &procedure.ids);
        let record = ProcedureRecord { marks, treatment, patient, code };
        self.record(&procedure.place, Record::Procedure(Box::new(record)));
    }

    /// Each insurance of a patient once, however often a bundle repeats it, those of a lower order
    /// first; a patient has two at most.
    fn add_coverages(&mut self, bundle: &Bundle) {
        let mut sorted: Vec<&Coverage> = bundle.coverages.iter().collect();
        sorted.sort_by_key(|coverage| coverage.order.unwrap_or(u64::MAX));
        let mut found: Vec<(String, CoverageRecord)> = Vec::new();
        let mut counts: HashMap<Vec<Mark>, usize> = HashMap::new();
        let mut places: HashMap<(Vec<Mark>, CoverageKey), usize> = HashMap::new();
        for coverage in sorted {
            let patient = known_person(bundle, &coverage.patient);
            let key = (patient.clone(), coverage_key(coverage));
            if let Some(at) = places.get(&key) {
                found[*at].1.marks.extend(marks(COVERAGE, &coverage.ids));
                continue;
            }
            let count = counts.entry(patient.clone()).or_default();
            *count += 1;
            if *count > MAX_COVERAGES {
                let message = format!(
                    "A patient has at most {MAX_COVERAGES} coverages; this one is not taken over."
                );
                let place = coverage.place.clone();
                self.say(&Finding { place, code: "too_many_coverages", message }, true);
                continue;
            }
            places.insert(key, found.len());
            let record = CoverageRecord {
                marks: marks(COVERAGE, &coverage.ids),
                patient,
                entry: coverage_entry(coverage),
            };
            found.push((coverage.place.clone(), record));
        }
        for (place, record) in found {
            self.record(&place, Record::Coverage(Box::new(record)));
        }
    }
}

/// What one insurance is told from another by.
type CoverageKey = (String, Option<String>);

fn coverage_key(coverage: &Coverage) -> CoverageKey {
    (coverage.payer.clone(), coverage.member_id.clone())
}

/// A mark made of what tells something apart that has no id of its own. It is hashed, so that no
/// name is kept twice.
fn made_of(own: &str, parts: &[&str]) -> Vec<Mark> {
    let hash = Sha256::digest(parts.join("\0").as_bytes());
    vec![Mark { system: own.to_owned(), value: text::hex(&hash) }]
}

/// By what a patient is known.
fn own_marks(person: &Person) -> Vec<Mark> {
    if person.ids.is_empty() {
        let born = person.birth_date.to_string();
        return made_of("fhir:person", &[&person.last_name, &person.first_name, &born]);
    }
    person_marks(&person.ids)
}

/// By what the patient is known to whom a link leads.
fn known_person(bundle: &Bundle, link: &Link) -> Vec<Mark> {
    match link {
        Link::Within(at) => own_marks(&bundle.persons[*at]),
        Link::Outside(id) => vec![person_mark(id)],
    }
}

/// By what a physician is known.
fn physician_marks(practitioner: &Practitioner) -> Vec<Mark> {
    if practitioner.ids.is_empty() {
        let names = [&*practitioner.last_name, &*practitioner.first_name];
        return made_of("fhir:practitioner", &names);
    }
    person_marks(&practitioner.ids)
}

/// By what a visit is known.
fn visit_marks(bundle: &Bundle, visit: &Visit) -> Vec<Mark> {
    if visit.ids.is_empty() {
        let whose = known_person(bundle, &visit.patient);
        let at = visit.service_at.to_string();
        let whose = whose.first().map(|mark| format!("{}|{}", mark.system, mark.value));
        return made_of(VISIT, &[&whose.unwrap_or_default(), &at]);
    }
    marks(VISIT, &visit.ids)
}

fn physician(practitioner: &Practitioner) -> PhysicianRecord {
    PhysicianRecord {
        marks: physician_marks(practitioner),
        first_name: practitioner.first_name.clone(),
        last_name: practitioner.last_name.clone(),
        npi: practitioner.npi.as_ref().map(|npi| npi.0.clone()).unwrap_or_default(),
    }
}

fn patient(person: &Person) -> PatientRecord {
    let typed = |text: &Option<String>| text.clone().unwrap_or_default();
    let sex = match person.sex {
        Some(Sex::Female) => "F",
        Some(Sex::Male) => "M",
        Some(Sex::Other) => "X",
        None => "",
    };
    PatientRecord {
        marks: own_marks(person),
        entry: PatientEntry {
            first_name: person.first_name.clone(),
            last_name: person.last_name.clone(),
            date_of_birth: person.birth_date.to_string(),
            sex: sex.to_owned(),
            mrn: typed(&person.mrn),
            phone: typed(&person.phone),
            email: typed(&person.email),
            address: typed(&person.address),
            ..PatientEntry::default()
        },
    }
}

fn coverage_entry(coverage: &Coverage) -> CoverageEntry {
    let relationship = match coverage.relation {
        Relation::Subscriber => "self",
        Relation::Spouse => "spouse",
        Relation::Child => "child",
        Relation::Other => "other",
    };
    CoverageEntry {
        payer: coverage.payer.clone(),
        member_id: coverage.member_id.clone().unwrap_or_default(),
        plan: coverage.plan.clone().unwrap_or_default(),
        relationship: relationship.to_owned(),
        ..CoverageEntry::default()
    }
}

fn treatment(bundle: &Bundle, visit: &Visit) -> TreatmentRecord {
    let status = match visit.status {
        VisitStatus::Scheduled => TreatmentStatus::Scheduled,
        VisitStatus::Completed => TreatmentStatus::Completed,
        VisitStatus::Cancelled => TreatmentStatus::Cancelled,
    };
    let physician = match &visit.practitioner {
        Some(Link::Within(at)) => physician_marks(&bundle.practitioners[*at]),
        Some(Link::Outside(id)) => vec![person_mark(id)],
        None => Vec::new(),
    };
    let place = match &visit.location {
        Some(Link::Within(at)) => Some(bundle.locations[*at].name.clone()),
        Some(Link::Outside(_)) | None => None,
    };
    TreatmentRecord {
        marks: visit_marks(bundle, visit),
        patient: known_person(bundle, &visit.patient),
        physician,
        place,
        entry: TreatmentEntry {
            service_at: Some(visit.service_at),
            status: status.as_str().to_owned(),
            ..TreatmentEntry::default()
        },
    }
}

/// Where in a resource the field is that a check of ours complains of.
pub(crate) fn place_of(place: &str, field: &str) -> String {
    let part = match field {
        "" => return place.to_owned(),
        "first_name" => "name.given",
        "last_name" => "name.family",
        "date_of_birth" => "birthDate",
        "sex" => "gender",
        "mrn" | "number" | "npi" => "identifier",
        "phone" | "email" => "telecom",
        "address" => "address",
        "patient_id" => "subject",
        "location_id" => "location",
        "physician_id" => "participant",
        "service_date" | "service_time" => "period.start",
        "status" => "status",
        "treatment_id" => "encounter",
        other if other.starts_with("code") => "code",
        other if other.ends_with("payer") => "payor",
        other if other.ends_with("member_id") => "subscriberId",
        other if other.ends_with("plan") => "class",
        other => other,
    };
    format!("{place}.{part}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_numbered_as_people_count() {
        assert_eq!(entry_number("Bundle.entry[12].resource"), "13");
        assert_eq!(entry_number("Bundle.type"), "");
        assert_eq!(
            place_of("Bundle.entry[0].resource", "date_of_birth"),
            "Bundle.entry[0].resource.birthDate"
        );
        assert_eq!(
            place_of("Bundle.entry[0].resource.birthDate", ""),
            "Bundle.entry[0].resource.birthDate"
        );
    }

    #[test]
    fn an_address_that_was_made_up_tells_nobody_apart() {
        let of = |id: &str| {
            let mark = person_mark(id);
            (mark.system, mark.value)
        };
        let pair = |system: &str, value: &str| (system.to_owned(), value.to_owned());
        assert_eq!(of("urn:uuid:1"), pair("urn:uuid:1", "fhir"));
        assert_eq!(of("https://a.example/Patient/7"), pair("https://a.example/Patient", "7"));
        assert_eq!(of("https://a.example|7"), pair("https://a.example", "7"));
    }
}
