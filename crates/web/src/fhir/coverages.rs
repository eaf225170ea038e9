//! `Coverage`: an insurance of a patient, under the patient's id and its rank: `PAT-001.1`.

use almoner_app::Error;
use almoner_app::read_records::{self, PatientRecord, RecordsView};
use almoner_domain::PatientId;
use almoner_fhir::write::{
    Concept, Coverage, CoverageClass, Identifier, Meta, Reference, Resource, SearchParam,
};
use almoner_store::patients;
use almoner_store::record_list::RecordPage;
use axum::extract::{Path, State};

use super::query::{Asked, wrong};
use crate::api::caller::{Caller, Thing, showing};
use crate::api::problem::Answer;
use crate::handlers::parse_id;
use crate::state::Web;

/// The list of what a patient is to the subscriber.
const RELATIONSHIPS: &str = "http://terminology.hl7.org/CodeSystem/subscriber-relationship";
/// The list of what coverages are grouped by.
const CLASSES: &str = "http://terminology.hl7.org/CodeSystem/coverage-class";

/// What may be searched by.
pub(super) const SEARCHES: &[SearchParam] = &[
    SearchParam { name: "beneficiary", kind: "reference", documentation: "Whose; needed." },
    SearchParam { name: "patient", kind: "reference", documentation: "The same." },
    super::COUNT,
];

/// Reads a coverage.
pub(super) async fn read(State(web): State<Web>, caller: Caller, Path(id): Path<String>) -> Answer {
    let none = || Error::NotFound("coverage");
    let (whose, rank) = id.rsplit_once('.').ok_or_else(none)?;
    let whose: PatientId = parse_id(whose, "coverage")?;
    let rank: usize = rank.parse().map_err(|_| none())?;
    let record = read_records::patient(&web.app, &caller.actor, whose).await?;
    let found = coverages(&record).into_iter().nth(rank.checked_sub(1).ok_or_else(none)?);
    let found = found.filter(|_| record.patient.id == whose).ok_or_else(none)?;
    let response = super::versioned(record.patient.version, &found);
    Ok(showing(vec![Thing::Patient(whose)], response))
}

/// The coverages of a patient, the primary one first.
pub(super) async fn search(State(web): State<Web>, caller: Caller, mut asked: Asked) -> Answer {
    let whose = asked.patient(["beneficiary", "patient"])?;
    let whose = whose.ok_or_else(|| wrong("beneficiary", "Send whose coverages are wanted."))?;
    // There are no more than fit on a page.
    asked.page(false)?;
    asked.end()?;
    let (rows, shown) = match read_records::patient(&web.app, &caller.actor, whose).await {
        Ok(record) => (coverages(&record), vec![Thing::Patient(record.patient.id)]),
        Err(Error::NotFound(_)) => (Vec::new(), Vec::new()),
        Err(other) => return Err(other.into()),
    };
    let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let page = RecordPage { total, total_is_exact: true, ..RecordPage::default() };
    let resource = |coverage| Resource::Coverage(Box::new(coverage));
    Ok(showing(shown, asked.answered(&web, "Coverage", RecordsView { rows, page }, resource)))
}

fn coverages(record: &PatientRecord) -> Vec<Coverage> {
    let all = (1..).zip(record.coverages.iter().cloned());
    all.map(|(rank, one)| coverage(record, rank, one)).collect()
}

fn coverage(record: &PatientRecord, rank: i64, coverage: patients::Coverage) -> Coverage {
    let patient = &record.patient;
    let names = [coverage.subscriber_first_name, coverage.subscriber_last_name];
    let subscriber = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let payer = Reference {
        identifier: coverage.payer_id.map(|value| Identifier { kind: None, value }),
        ..Reference::named(coverage.payer)
    };
    let class = |plan: String| CoverageClass {
        kind: Concept::code(CLASSES, "plan"),
        value: plan.clone(),
        name: plan,
    };
    Coverage {
        id: format!("{}.{rank}", patient.id),
        meta: Meta { version_id: None, last_updated: Some(patient.modified_at) },
        status: "active",
        subscriber: (!subscriber.is_empty()).then(|| Reference::named(subscriber)),
        subscriber_id: coverage.member_id,
        beneficiary: Reference::to("Patient", patient.id),
        relationship: Concept::code(RELATIONSHIPS, coverage.relationship.as_str()),
        payor: vec![payer],
        classes: coverage.plan.map(class).into_iter().collect(),
        order: rank,
    }
}
