//! Encounters, appointments and procedures.

use jiff::Timestamp;

use crate::Link;
use crate::coding::{self, Code};
use crate::findings::Findings;
use crate::index::{Index, Target, is_lasting};
use crate::moment::moment;
use crate::node::Node;

/// Where a visit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VisitStatus {
    /// It is to come, or under way.
    Scheduled,
    /// It has been.
    Completed,
    /// It was called off, or nobody came.
    Cancelled,
}

/// A visit: an encounter, an appointment, or a procedure that names neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Where in the bundle.
    pub place: String,
    /// Under which ids the visit is known outside; an appointment that was kept has those of the
    /// encounter as well.
    pub ids: Vec<String>,
    /// Whose.
    pub patient: Link,
    /// With whom.
    pub practitioner: Option<Link>,
    /// Where, when it is said.
    pub location: Option<Link>,
    /// When it begins.
    pub service_at: Timestamp,
    /// Where it stands.
    pub status: VisitStatus,
    /// What was done.
    pub procedures: Vec<Procedure>,
}

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Procedure {
    /// Where in the bundle.
    pub place: String,
    /// Under which ids it is known outside.
    pub ids: Vec<String>,
    /// Its code.
    pub code: Code,
}

/// A procedure of a visit that an earlier bundle may have held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LooseProcedure {
    /// The visit's outside id.
    pub visit: String,
    /// Whose it is, when that is said.
    pub patient: Option<Link>,
    /// What was done.
    pub procedure: Procedure,
}

/// A procedure and the visit that it names.
pub(crate) enum Done {
    /// It belongs to a visit of the bundle.
    At(usize, Procedure),
    /// It belongs to a visit elsewhere.
    Elsewhere(LooseProcedure),
    /// It names none and is a visit of its own.
    Alone(Visit),
}

/// A status and what it means here; `None` when it is passed over.
fn encounter_status(node: &Node<'_>, found: &mut Findings) -> Option<VisitStatus> {
    match node.text("status", found) {
        Some("planned" | "arrived" | "triaged" | "in-progress" | "onleave") => {
            Some(VisitStatus::Scheduled)
        }
        Some("finished") => Some(VisitStatus::Completed),
        Some("cancelled") => Some(VisitStatus::Cancelled),
        Some("unknown") => {
            let message = "Where this encounter stands is not known; it is taken as scheduled.";
            found.note(&node.at("status"), "status_unknown", message);
            Some(VisitStatus::Scheduled)
        }
        other => passed_over(node, other, found),
    }
}

fn appointment_status(node: &Node<'_>, found: &mut Findings) -> Option<VisitStatus> {
    match node.text("status", found) {
        Some("proposed" | "pending" | "booked" | "arrived" | "checked-in" | "waitlist") => {
            Some(VisitStatus::Scheduled)
        }
        Some("fulfilled") => Some(VisitStatus::Completed),
        Some("cancelled" | "noshow") => Some(VisitStatus::Cancelled),
        other => passed_over(node, other, found),
    }
}

fn passed_over(node: &Node<'_>, status: Option<&str>, found: &mut Findings) -> Option<VisitStatus> {
    let place = node.at("status");
    match status {
        Some("entered-in-error") => {
            found.note(&place, "entered_in_error", "It was an error and is not taken over.");
        }
        Some(_) => found.fault(&place, "unknown_code", "FHIR R4 has no such status here."),
        None => found.fault(&place, "required", "It says where it stands."),
    }
    None
}

/// What a reference of a visit leads to; a fault when it must lead somewhere.
fn needed(
    index: &Index<'_>,
    at: usize,
    reference: Option<Node<'_>>,
    place: &str,
    found: &mut Findings,
) -> Option<Link> {
    let Some(reference) = reference else {
        found.fault(place, "required", "It says which patient it is about.");
        return None;
    };
    let link = index.link(at, &reference, "Patient", found);
    if link.is_none() {
        found.unresolved(&reference.place, "This leads to no patient.");
    }
    link
}

/// When a period begins, which must be said.
fn start(node: &Node<'_>, found: &mut Findings) -> Option<Timestamp> {
    if node.get("start").is_none() {
        found.fault(&node.at("start"), "required", "It says when it begins.");
        return None;
    }
    moment(node, "start", found)
}

/// Reads an encounter.
pub(crate) fn encounter(index: &Index<'_>, at: usize, found: &mut Findings) -> Option<Visit> {
    let node = &index.resources[at].node;
    let status = encounter_status(node, found)?;
    let patient = needed(index, at, node.get("subject"), &node.at("subject"), found);
    let service_at = if let Some(period) = node.get("period") {
        start(&period, found)
    } else {
        found.fault(&node.at("period"), "required", "It says when it was.");
        None
    };
    let locations = node.items("location", found);
    let mut locations = locations.iter().filter_map(|one| one.get("location"));
    let location = locations.find_map(|one| index.link(at, &one, "Location", found));
    let mut ids = index.outside_ids(at, found, |_| true);
    let mut procedures = Vec::new();
    for appointment in node.items("appointment", found) {
        match index.resource(at, &appointment, "Appointment", found) {
            Some(Ok(other)) => ids.extend(index.outside_ids(other, found, |_| true)),
            // An earlier bundle may have held it, under that address.
            Some(Err(id)) if is_lasting(&id) && !id.contains('|') => ids.push(id),
            Some(Err(_)) | None => {}
        }
    }
    for kind in node.items("type", found) {
        // A code of another system says what kind of visit it is, not what was done.
        if let Some(code @ Code::National(_)) = coding::code(&kind, found) {
            let ids = ids.first().map(|id| format!("{id}#{}", kind.place_within(node)));
            procedures.push(Procedure {
                place: kind.place.clone(),
                ids: ids.into_iter().collect(),
                code,
            });
        }
    }
    Some(Visit {
        place: node.place.clone(),
        practitioner: participant(index, at, node, "individual", found),
        location,
        ids,
        status,
        procedures,
        patient: patient?,
        service_at: service_at?,
    })
}

/// With whom a visit is: the one who performs or attends it, else the first.
fn participant(
    index: &Index<'_>,
    at: usize,
    node: &Node<'_>,
    name: &str,
    found: &mut Findings,
) -> Option<Link> {
    let mut first = None;
    for one in node.items("participant", found) {
        let kinds = one.items("type", found);
        let is_main = kinds
            .iter()
            .any(|kind| ["PPRF", "ATND"].iter().any(|code| coding::has(kind, code, found)));
        let reference = one.get(name);
        let is_other = |reference: &Node<'_>| {
            let text = reference.word("reference").unwrap_or_default();
            ["Patient/", "Location/", "RelatedPerson/"].iter().any(|kind| text.contains(kind))
        };
        let reference = reference.filter(|reference| !is_other(reference));
        let link = reference.and_then(|one| index.link(at, &one, "Practitioner", found));
        if is_main && link.is_some() {
            return link;
        }
        first = first.or(link);
    }
    first
}

/// The appointments that encounters of the bundle say were kept.
pub(crate) fn kept_appointments(index: &Index<'_>, at: usize, found: &mut Findings) -> Vec<usize> {
    let node = &index.resources[at].node;
    let all = node.items("appointment", found);
    all.iter().filter_map(|one| index.resource(at, one, "Appointment", found)?.ok()).collect()
}

/// Reads an appointment.
pub(crate) fn appointment(index: &Index<'_>, at: usize, found: &mut Findings) -> Option<Visit> {
    let node = &index.resources[at].node;
    let status = appointment_status(node, found)?;
    if node.get("start").is_none() {
        let message = "No time is agreed yet; the appointment is not taken over.";
        found.note(&node.at("start"), "no_time", message);
        return None;
    }
    let service_at = start(node, found);
    let participants = node.items("participant", found);
    let actors: Vec<Node<'_>> = participants.iter().filter_map(|one| one.get("actor")).collect();
    let mut is = |actor: &Node<'_>, kind: &str| match index.target(at, actor, kind, found) {
        Some(Target::Resource(target)) => index.resources[target].kind == kind,
        Some(Target::Outside(id)) => {
            id.contains(&format!("{kind}/")) || actor.word("type") == Some(kind)
        }
        None => false,
    };
    let mut of_kind = |kind: &str| actors.iter().find(|actor| is(actor, kind)).cloned();
    let (whose, at_place) = (of_kind("Patient"), of_kind("Location"));
    let patient = needed(index, at, whose, &node.at("participant"), found);
    Some(Visit {
        place: node.place.clone(),
        ids: index.outside_ids(at, found, |_| true),
        practitioner: participant(index, at, node, "actor", found),
        location: at_place.and_then(|one| index.link(at, &one, "Location", found)),
        status,
        procedures: Vec::new(),
        patient: patient?,
        service_at: service_at?,
    })
}

/// Reads a procedure.
pub(crate) fn procedure(index: &Index<'_>, at: usize, found: &mut Findings) -> Option<Done> {
    let node = &index.resources[at].node;
    if let Some("not-done" | "entered-in-error") = node.text("status", found) {
        found.note(&node.at("status"), "not_done", "It was not done and is not taken over.");
        return None;
    }
    let Some(code) = node.get("code").and_then(|code| coding::code(&code, found)) else {
        found.note(&node.at("code"), "no_code", "It has no code and is not taken over.");
        return None;
    };
    // What was done under one order has one number: it is not this one's own.
    let ids = index.outside_ids(at, found, |_| false);
    let procedure = Procedure { place: node.place.clone(), ids, code };
    let Some(encounter) = node.get("encounter") else {
        return alone(index, at, procedure, found);
    };
    match index.resource(at, &encounter, "Encounter", found) {
        // One that was passed over was told of.
        Some(Ok(other)) => {
            let visit = index.read.get(&other).copied();
            visit.map(|visit| Done::At(visit, procedure))
        }
        Some(Err(visit)) => {
            let subject = node.get("subject");
            let patient = subject.and_then(|one| index.link(at, &one, "Patient", found));
            Some(Done::Elsewhere(LooseProcedure { visit, patient, procedure }))
        }
        None => {
            found.unresolved(&encounter.place, "This leads to no encounter.");
            None
        }
    }
}

/// A procedure that names no encounter.
fn alone(index: &Index<'_>, at: usize, procedure: Procedure, found: &mut Findings) -> Option<Done> {
    let node = &index.resources[at].node;
    let patient = needed(index, at, node.get("subject"), &node.at("subject"), found);
    let service_at = match node.get("performedPeriod") {
        Some(period) => start(&period, found),
        None if node.get("performedDateTime").is_some() => moment(node, "performedDateTime", found),
        None => {
            let message = "It names no encounter and no time, and is not taken over.";
            found.note(&node.at("performed"), "no_time", message);
            return None;
        }
    };
    let status = match node.word("status") {
        Some("preparation" | "in-progress" | "on-hold") => VisitStatus::Scheduled,
        _ => VisitStatus::Completed,
    };
    let performers = node.items("performer", found);
    let mut actors = performers.iter().filter_map(|one| one.get("actor"));
    let place = node.get("location");
    Some(Done::Alone(Visit {
        place: node.place.clone(),
        ids: procedure.ids.iter().map(|id| format!("{id}#visit")).collect(),
        practitioner: actors.find_map(|one| index.link(at, &one, "Practitioner", found)),
        location: place.and_then(|one| index.link(at, &one, "Location", found)),
        status,
        procedures: vec![procedure],
        patient: patient?,
        service_at: service_at?,
    }))
}
