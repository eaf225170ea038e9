//! Two records side by side, and their merge.

use std::collections::BTreeMap;

use almoner_app::merge_patients::{CoverageAt, MergePatients, Side, merge_patients};
use almoner_app::patient_field::PatientField;
use almoner_app::permission::Action;
use almoner_app::read_duplicates::{self, RecordView};
use almoner_app::{Actor, Error, read};
use almoner_domain::{Invalid, PatientId};
use almoner_store::merged::Belongings;
use almoner_store::patients::{Coverage, Patient};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::{Form, Query};
use serde::Deserialize;

use super::patients::{exact, sex_label};
use crate::failure::{self, Answer, html, html_with, unprocessable};
use crate::format;
use crate::handlers::parse_id;
use crate::session::{Staff, done};
use crate::state::Web;
use crate::view::duplicates::{FieldChoice, MergePage, MergeWithPage, RecordColumn};
use crate::view::parts::{Choice, Errors, Fact, PatientRef, plural};

/// What the page is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// The other patient's id or medical record number; blank asks for it.
    with: String,
}

/// What the form sends, by name.
type Sent = BTreeMap<String, String>;

/// Both records, or the question which other one there is.
pub(crate) async fn form(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    staff.actor.must(Action::MergePatients)?;
    let kept: PatientId = parse_id(&id, "patient")?;
    let with = asked.with.trim();
    let fault = match exact(&web, &staff.actor, with).await? {
        Some(other) if other == kept && is_merged(with, kept) => {
            return Ok(Redirect::to(&format!("/patients/{kept}")).into_response());
        }
        Some(other) if other == kept => "This is the same patient. Name the other one.",
        Some(other) => {
            let records =
                read_duplicates::side_by_side(&web.app, &staff.actor, (kept, other)).await?;
            let sent = usual(&records);
            return Ok(html(&page(&web, &staff, &records, (&sent, Errors::default()))));
        }
        None if with.is_empty() => {
            return Ok(html(&ask(&web, staff, kept, asked.with, Errors::default()).await?));
        }
        None => "No patient has this number.",
    };
    let errors = Invalid::one("with", "unknown", fault).into();
    Ok(unprocessable(&ask(&web, staff, kept, asked.with, errors).await?))
}

/// Whether what leads to the patient is another's number, who was merged into them by now.
fn is_merged(with: &str, kept: PatientId) -> bool {
    with.parse::<PatientId>().is_ok_and(|id| id != kept)
}

async fn ask(
    web: &Web,
    staff: Staff,
    kept: PatientId,
    with: String,
    errors: Errors,
) -> Result<MergeWithPage, Error> {
    let view = read::patient(&web.app, &staff.actor, kept).await?;
    Ok(MergeWithPage { shell: staff.shell, kept: named(&view.patient), with, errors })
}

/// Merges the other record into this one.
pub(crate) async fn submit(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Answer {
    let kept: PatientId = parse_id(&id, "patient")?;
    let text = |name: &str| sent.get(name).map(String::as_str).unwrap_or_default();
    let other: PatientId = parse_id(text("other"), "patient")?;
    let merged = match chosen(&sent) {
        Ok(coverages) => {
            let takes = |field: &PatientField| text(field.as_str()) == Side::Other.as_str();
            let input = MergePatients {
                kept,
                kept_version: text("kept_version").parse().unwrap_or(0),
                other,
                other_version: text("other_version").parse().unwrap_or(0),
                take: PatientField::ALL.into_iter().filter(takes).collect(),
                coverages,
            };
            merge_patients(&web.app, &staff.actor, &input).await
        }
        Err(faults) => Err(faults.into()),
    };
    let error = match merged {
        Ok(()) => return Ok(done(&web, &format!("/patients/{kept}"), "patients_merged")),
        Err(error @ (Error::Invalid(_) | Error::Stale { .. })) => error,
        Err(other) => return Err(other.into()),
    };
    let records = match read_duplicates::side_by_side(&web.app, &staff.actor, (kept, other)).await {
        Ok(records) => records,
        Err(error @ Error::NotFound(_)) => {
            // One of them was merged meanwhile; its page leads to where it is now.
            let heir = read_duplicates::heir(&web.app, &staff.actor, other).await?;
            let heir = heir.ok_or(error)?;
            return Ok(Redirect::to(&format!("/patients/{heir}")).into_response());
        }
        Err(error) => return Err(error.into()),
    };
    let status = failure::status(&error);
    let errors = match error {
        Error::Invalid(faults) => faults.into(),
        _ => Errors::whole("One of the two was changed meanwhile. Look at both again, then merge."),
    };
    Ok(html_with(status, &page(&web, &staff, &records, (&sent, errors))))
}

/// The coverages that the form names, the primary one first.
fn chosen(sent: &Sent) -> Result<Vec<CoverageAt>, Invalid> {
    let mut chosen = Vec::new();
    for name in ["primary", "secondary"] {
        let text = sent.get(name).map(String::as_str).unwrap_or_default();
        if text.is_empty() {
            continue;
        }
        let place = text.split_once('-');
        let place = place.and_then(|(side, at)| Side::from_name(side).zip(at.parse().ok()));
        let unknown = || Invalid::one(name, "unknown", "Choose from the list.");
        chosen.push(place.ok_or_else(unknown)?);
    }
    Ok(chosen)
}

/// What is chosen at first: what stays, and of the other what the first does not say.
fn usual(records: &[RecordView; 2]) -> Sent {
    let [kept, other] = records;
    let mut sent = Sent::new();
    for field in PatientField::ALL {
        let blank = field.of(&kept.patient.fields).is_none();
        let side = if blank { Side::Other } else { Side::Kept };
        sent.insert(field.as_str().to_owned(), side.as_str().to_owned());
    }
    let own = (0..kept.coverages.len()).map(|place| (Side::Kept, place));
    let news = (0..other.coverages.len())
        .filter(|&place| kept.coverages.iter().all(|own| !is_same(own, &other.coverages[place])))
        .map(|place| (Side::Other, place));
    for (name, (side, place)) in ["primary", "secondary"].into_iter().zip(own.chain(news)) {
        sent.insert(name.to_owned(), format!("{}-{place}", side.as_str()));
    }
    sent
}

/// Whether two coverages are one insurance: the same member, or the same payer without a member.
fn is_same(one: &Coverage, other: &Coverage) -> bool {
    match (&one.member_id, &other.member_id) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => one.payer == other.payer,
    }
}

fn page(
    web: &Web,
    staff: &Staff,
    records: &[RecordView; 2],
    (sent, errors): (&Sent, Errors),
) -> MergePage {
    let [kept, other] = records;
    let picked = |name: &str| sent.get(name).cloned().unwrap_or_default();
    let mut fields = Vec::new();
    let mut same = Vec::new();
    for field in PatientField::ALL {
        let values = [kept, other].map(|record| shown(field, &record.patient));
        match values {
            [Some(one), Some(other)] if one == other => same.push(Fact::new(field.label(), one)),
            [None, None] => {}
            values => fields.push(FieldChoice {
                name: field.as_str(),
                label: field.label(),
                values,
                takes_other: picked(field.as_str()) == Side::Other.as_str(),
            }),
        }
    }
    let column = |record: &RecordView| column(&staff.actor, record);
    MergePage {
        shell: staff.shell.clone(),
        key: web.form_key(),
        kept: column(kept),
        other: column(other),
        fields,
        same,
        coverages: coverage_choices(records),
        primary: picked("primary"),
        secondary: picked("secondary"),
        moved: counted(&other.belongings),
        errors,
    }
}

fn named(patient: &Patient) -> PatientRef {
    let name = format!("{} {}", patient.fields.first_name, patient.fields.last_name);
    PatientRef { id: patient.id, name }
}

/// What a record says in a field, as people read it.
fn shown(field: PatientField, patient: &Patient) -> Option<String> {
    let fields = &patient.fields;
    match field {
        PatientField::DateOfBirth => Some(format::date(fields.date_of_birth)),
        PatientField::Sex => fields.sex.as_deref().map(|sex| sex_label(sex).to_owned()),
        other => other.of(fields),
    }
}

fn column(actor: &Actor, record: &RecordView) -> RecordColumn {
    let added = format::day(record.patient.created_at, &actor.organization.zone);
    let belongings = match counted(&record.belongings) {
        none if none.is_empty() => "nothing else".to_owned(),
        some => some,
    };
    RecordColumn {
        who: named(&record.patient),
        version: record.patient.version,
        detail: format!("added {added} · {belongings}"),
    }
}

/// "3 payments, 1 treatment"; blank for nothing.
fn counted(belongings: &Belongings) -> String {
    let counts = [
        (belongings.payments.len(), "payment"),
        (belongings.treatments.len(), "treatment"),
        (belongings.checks.len(), "eligibility check"),
        (belongings.inquiries.len(), "eligibility question"),
    ];
    let some = counts.into_iter().filter(|(count, _)| *count > 0);
    let words = some.map(|(count, noun)| plural(i64::try_from(count).unwrap_or(i64::MAX), noun));
    words.collect::<Vec<_>>().join(", ")
}

fn coverage_choices(records: &[RecordView; 2]) -> Vec<Choice> {
    let sides = [Side::Kept, Side::Other].into_iter().zip(records);
    let of_side = |(side, record): (Side, &RecordView)| {
        let choice = move |(place, coverage): (usize, &Coverage)| {
            let member = match &coverage.member_id {
                Some(id) => format!("member {id}"),
                None => "member not stated".to_owned(),
            };
            let plan = coverage.plan.as_ref().map(|plan| format!(", {plan}")).unwrap_or_default();
            let label = format!("{}{plan}, {member}", coverage.payer);
            Choice::new(format!("{}-{place}", side.as_str()), label)
        };
        record.coverages.iter().enumerate().map(choice).collect::<Vec<_>>()
    };
    sides.flat_map(of_side).collect()
}
