//! Patients: listed, added and changed.

mod answer;
mod body;

use almoner_app::Error;
use almoner_app::permission::Action;
use almoner_app::read_records::{self, PageAt, PatientRecord, PatientsAsked, RecordsView};
use almoner_app::save_patient::{add_patient, edit_patient};
use almoner_domain::PatientId;
use almoner_domain::list::MAX_SEARCH_BYTES;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::answer::PatientAnswer;
use self::body::{PatientBody, PatientEditBody};
use super::records;
use crate::api::body::{Asked, Body};
use crate::api::caller::{Caller, Thing, showing};
use crate::api::etag::{IfMatch, IfMatchParam, tagged};
use crate::api::fields::{self, Fields, FromFields};
use crate::api::json;
use crate::api::listing::{Listed, PageParams};
use crate::api::once::OnceKey;
use crate::api::problem::{Answer, Problem};
use crate::handlers::parse_id;
use crate::state::Web;

pub(super) fn calls() -> OpenApiRouter<Web> {
    OpenApiRouter::default().routes(routes!(list, add)).routes(routes!(get, edit))
}

/// What narrows the list, as it is described.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes what `PatientsQuery` reads")]
struct PatientParams {
    /// Words of the name, as their beginnings or, from three letters on, anything in them. An id
    /// or a medical record number finds that one patient.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Only patients whose record changed then or later, in the order of their changes; without
    /// any other filter.
    #[param(value_type = Option<String>, format = DateTime)]
    modified_since: Option<Timestamp>,
}

/// What is asked of the list.
struct PatientsQuery {
    asked: PatientsAsked,
    at: PageAt,
}

impl FromFields for PatientsQuery {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let q = fields.optional("q", |json| {
            let text = fields::owned(json)?;
            if text.len() > MAX_SEARCH_BYTES {
                let message = format!("Send at most {MAX_SEARCH_BYTES} bytes.");
                return fields::wrong("too_long", message);
            }
            Ok(text)
        });
        let q = q.filter(|q| !q.trim().is_empty());
        let since = records::modified_since(fields, q.is_some());
        let at = records::turn(fields, since.is_some())?;
        let asked = match (q, since) {
            (Some(q), _) => PatientsAsked::Search(q),
            (None, Some(since)) => PatientsAsked::ChangedSince(since),
            (None, None) => PatientsAsked::All,
        };
        Some(Self { asked, at })
    }
}

/// List the patients
///
/// In the order of their ids; with `modified_since`, in the order of their last changes.
#[utoipa::path(
    get,
    path = "/patients",
    tag = "Patients",
    security(("key" = ["patients:read"])),
    params(PatientParams, PageParams),
    responses((status = 200, description = "A page.", body = Listed<PatientAnswer>)),
)]
async fn list(
    State(web): State<Web>,
    caller: Caller,
    Asked(PatientsQuery { asked, at }): Asked<PatientsQuery>,
) -> Answer {
    let view = read_records::patients(&web.app, &caller.actor, &asked, at).await?;
    let shown = shown(&view);
    let listed = records::listed(view, PatientAnswer::from);
    Ok(showing(vec![shown], json(StatusCode::OK, &listed)))
}

fn shown(view: &RecordsView<PatientRecord>) -> Thing {
    Thing::PatientList(view.rows.iter().map(|record| record.patient.id).collect())
}

/// Read a patient
///
/// The number of a patient who was merged into another leads to the other. The `ETag` is the
/// record's version, for `If-Match`.
#[utoipa::path(
    get,
    path = "/patients/{id}",
    tag = "Patients",
    security(("key" = ["patients:read"])),
    params(("id" = String, Path, description = "The patient's id.", example = "PAT-001")),
    responses((
        status = 200, description = "The patient.", body = PatientAnswer,
        headers(("ETag" = String, description = "The record's version.")),
    )),
)]
async fn get(State(web): State<Web>, caller: Caller, Path(id): Path<String>) -> Answer {
    let id: PatientId = parse_id(&id, "patient")?;
    let record = read_records::patient(&web.app, &caller.actor, id).await?;
    Ok(showing(vec![Thing::Patient(record.patient.id)], answered(StatusCode::OK, record)))
}

fn answered(status: StatusCode, record: PatientRecord) -> Response {
    let version = record.patient.version;
    tagged(version, json(status, &PatientAnswer::from(record)))
}

/// Add a patient
///
/// When records look like the same person's, nothing is added: `possible_duplicate` names them in
/// `patients`. Use one of those, or send `is_somebody_else`.
#[utoipa::path(
    post,
    path = "/patients",
    tag = "Patients",
    security(("key" = ["patients:write"])),
    request_body = PatientBody,
    responses((
        status = 201, description = "The patient was added.", body = PatientAnswer,
        headers(
            ("ETag" = String, description = "The record's version."),
            ("Location" = String, description = "Where the record is found."),
        ),
    )),
)]
async fn add(
    State(web): State<Web>,
    caller: Caller,
    OnceKey(key): OnceKey,
    Body(body): Body<PatientBody>,
) -> Answer {
    let entry = body.into_entry();
    let added = add_patient(&web.app, &caller.actor, &entry, None, key.as_deref()).await;
    let id = added.map_err(told)?;
    let record = read_records::saved_patient(&web.app, &caller.actor, id).await?;
    let path = format!("/patients/{}", record.patient.id);
    Ok(records::created(&path, answered(StatusCode::CREATED, record)))
}

/// Change a patient
///
/// What is left out stays, and `null` empties a field that may be empty. Send the `ETag` that you
/// saw as `If-Match`, and nobody's change is undone unseen; without it, only the fields that are
/// sent are written over what stands.
#[utoipa::path(
    patch,
    path = "/patients/{id}",
    tag = "Patients",
    security(("key" = ["patients:read", "patients:write"])),
    params(
        ("id" = String, Path, description = "The patient's id.", example = "PAT-001"),
        IfMatchParam,
    ),
    request_body = PatientEditBody,
    responses((
        status = 200, description = "The patient as the record stands now.", body = PatientAnswer,
        headers(("ETag" = String, description = "The record's version.")),
    )),
)]
async fn edit(
    State(web): State<Web>,
    caller: Caller,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<PatientEditBody>,
) -> Answer {
    caller.actor.must(Action::ReadPatients)?;
    caller.actor.must(Action::SavePatient)?;
    let id: PatientId = parse_id(&id, "patient")?;
    let change = || async {
        let before = read_records::patient(&web.app, &caller.actor, id).await?;
        if before.patient.id != id {
            // Whoever changes a record has to know whose it is.
            return Err(Error::NotFound("patient"));
        }
        let version = before.patient.version;
        if_match.check(version)?;
        edit_patient(&web.app, &caller.actor, (id, version), &body.onto(before)).await
    };
    if_match.on_what_stands(change).await.map_err(told)?;
    let record = read_records::patient(&web.app, &caller.actor, id).await?;
    Ok(showing(vec![Thing::Patient(record.patient.id)], answered(StatusCode::OK, record)))
}

/// A failure under the names that the fields have here.
fn told(error: Error) -> Problem {
    match error {
        Error::Invalid(faults) => records::renamed(faults, field_name).into(),
        other => other.into(),
    }
}

/// `coverage_1_payer` is `coverages.0.payer` here.
fn field_name(field: &str) -> String {
    let place = field.strip_prefix("coverage_").and_then(|rest| rest.split_once('_'));
    let place = place.and_then(|(rank, name)| Some((rank.parse::<usize>().ok()?, name)));
    match place {
        Some((rank, name)) => format!("coverages.{}.{name}", rank - 1),
        None => field.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_have_the_names_of_the_interface() {
        let names = ["coverage_2_member_id", "coverage_1_payer", "coverage", "last_name"];
        let expected = ["coverages.1.member_id", "coverages.0.payer", "coverage", "last_name"];
        assert_eq!(names.map(field_name), expected);
    }
}
