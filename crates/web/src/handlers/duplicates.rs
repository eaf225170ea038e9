//! Pairs of patients who may be one person.

use almoner_app::Actor;
use almoner_app::keep_apart::keep_apart;
use almoner_app::permission::Action;
use almoner_app::read_duplicates::{self, OtherRecords};
use almoner_domain::PatientId;
use almoner_domain::likeness::{Trait, in_words};
use almoner_store::patients::Patient;
use axum::extract::State;
use axum_extra::extract::Form;
use serde::Deserialize;

use super::patients::listed_name;
use crate::failure::{Answer, html};
use crate::format;
use crate::handlers::parse_id;
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::duplicates::{DuplicatesPage, OtherRecordsBlock, PairRow, PersonCell};
use crate::view::parts::{PatientRef, plural};

/// The list.
pub(crate) async fn list(State(web): State<Web>, staff: Staff) -> Answer {
    let view = read_duplicates::duplicates(&web.app, &staff.actor).await?;
    let row = |pair: &read_duplicates::PairView| PairRow {
        people: [cell(&pair.patients[0]), cell(&pair.patients[1])],
        likeness: in_words(&pair.likeness),
    };
    Ok(html(&DuplicatesPage {
        pairs: view.pairs.iter().map(row).collect(),
        has_more: view.has_more,
        key: web.form_key(),
        shell: staff.shell,
    }))
}

fn cell(patient: &Patient) -> PersonCell {
    let fields = &patient.fields;
    let mrn = fields.mrn.as_ref().map(|mrn| format!(" · MRN {mrn}")).unwrap_or_default();
    let born = format::date(fields.date_of_birth);
    let payments = match patient.payment_count {
        0 => "no payments".to_owned(),
        count => plural(count, "payment"),
    };
    let who = PatientRef { id: patient.id, name: listed_name(patient) };
    PersonCell { who, detail: format!("born {born}{mrn} · {payments}") }
}

/// What the form of a pair sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    one: String,
    other: String,
}

/// Keeps a pair apart.
pub(crate) async fn apart(State(web): State<Web>, staff: Staff, Form(sent): Form<Sent>) -> Answer {
    let one: PatientId = parse_id(&sent.one, "patient")?;
    let other: PatientId = parse_id(&sent.other, "patient")?;
    keep_apart(&web.app, &staff.actor, (one, other)).await?;
    Ok(done(&web, "/patients/duplicates", "patients_kept_apart"))
}

/// What a patient's page says of their other records.
pub(super) fn block(actor: &Actor, records: &OtherRecords) -> OtherRecordsBlock {
    let likely = |(patient, likeness): &(Patient, Vec<Trait>)| {
        let who = PatientRef { id: patient.id, name: listed_name(patient) };
        (who, in_words(likeness))
    };
    let zone = &actor.organization.zone;
    let merged = records.merged.iter().map(|(merged, record)| {
        let birth = record
            .date_of_birth
            .parse()
            .map_or_else(|_| record.date_of_birth.clone(), format::date);
        let (first, last) = (&record.first_name, &record.last_name);
        let on = format::day(merged.at, zone);
        format!("{}: {first} {last}, born {birth}, merged on {on}", merged.id)
    });
    OtherRecordsBlock {
        likely: records.likely.iter().map(likely).collect(),
        merged: merged.collect(),
        can_merge: actor.may(Action::MergePatients),
    }
}
