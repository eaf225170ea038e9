//! Treatments: listed, added and changed.

mod answer;
mod body;

use almoner_app::Error;
use almoner_app::permission::Action;
use almoner_app::read_records::{self, PageAt, RecordsView, TreatmentsAsked};
use almoner_app::save_treatment::{add_treatment, edit_treatment};
use almoner_domain::{Invalid, PatientId, TreatmentId};
use almoner_store::treatments::Treatment;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::answer::TreatmentAnswer;
use self::body::{TreatmentBody, TreatmentEditBody};
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
#[expect(dead_code, reason = "it only describes what `TreatmentsQuery` reads")]
struct TreatmentParams {
    /// Only this patient's.
    #[param(example = "PAT-001")]
    patient: Option<String>,
    /// Only those with payments that are overdue.
    overdue: Option<bool>,
    /// Only treatments that changed then or later, in the order of their changes; without any
    /// other filter. Becoming overdue is no change.
    #[param(value_type = Option<String>, format = DateTime)]
    modified_since: Option<Timestamp>,
}

/// What is asked of the list.
struct TreatmentsQuery {
    asked: TreatmentsAsked,
    at: PageAt,
}

impl FromFields for TreatmentsQuery {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let patient: Option<PatientId> = fields.optional("patient", fields::id);
        let yes_or_no = [(true, "true"), (true, "1"), (false, "false"), (false, "0")];
        let overdue = fields.optional("overdue", fields::word(&yes_or_no)).unwrap_or_default();
        let since = records::modified_since(fields, patient.is_some() || overdue);
        let at = records::turn(fields, since.is_some())?;
        let asked = match (patient, since) {
            (Some(patient), _) => TreatmentsAsked::OfPatient(patient, overdue),
            (None, Some(since)) => TreatmentsAsked::ChangedSince(since),
            (None, None) if overdue => TreatmentsAsked::Overdue,
            (None, None) => TreatmentsAsked::All,
        };
        Some(Self { asked, at })
    }
}

/// List the treatments
///
/// In the order of their ids; with `modified_since`, in the order of their last changes.
#[utoipa::path(
    get,
    path = "/treatments",
    tag = "Treatments",
    security(("key" = ["treatments:read"])),
    params(TreatmentParams, PageParams),
    responses((status = 200, description = "A page.", body = Listed<TreatmentAnswer>)),
)]
async fn list(
    State(web): State<Web>,
    caller: Caller,
    Asked(TreatmentsQuery { asked, at }): Asked<TreatmentsQuery>,
) -> Answer {
    let view = read_records::treatments(&web.app, &caller.actor, asked, at).await?;
    let shown = shown(&view);
    let today = caller.actor.date(web.app.now());
    let listed = records::listed(view, |row| TreatmentAnswer::new(row, today));
    Ok(showing(vec![shown], json(StatusCode::OK, &listed)))
}

fn shown(view: &RecordsView<Treatment>) -> Thing {
    Thing::TreatmentList(view.rows.iter().map(|treatment| treatment.id).collect())
}

/// Read a treatment
///
/// The `ETag` is its version, for `If-Match`.
#[utoipa::path(
    get,
    path = "/treatments/{id}",
    tag = "Treatments",
    security(("key" = ["treatments:read"])),
    params(("id" = String, Path, description = "The treatment's id.", example = "TRT-001")),
    responses((
        status = 200, description = "The treatment.", body = TreatmentAnswer,
        headers(("ETag" = String, description = "Its version.")),
    )),
)]
async fn get(State(web): State<Web>, caller: Caller, Path(id): Path<String>) -> Answer {
    let id: TreatmentId = parse_id(&id, "treatment")?;
    let treatment = read_records::treatment(&web.app, &caller.actor, id).await?;
    Ok(showing(vec![Thing::Treatment(id)], answered(&web, &caller, StatusCode::OK, treatment)))
}

fn answered(web: &Web, caller: &Caller, status: StatusCode, treatment: Treatment) -> Response {
    let (today, version) = (caller.actor.date(web.app.now()), treatment.version);
    tagged(version, json(status, &TreatmentAnswer::new(treatment, today)))
}

/// Add a treatment
#[utoipa::path(
    post,
    path = "/treatments",
    tag = "Treatments",
    security(("key" = ["treatments:write"])),
    request_body = TreatmentBody,
    responses((
        status = 201, description = "It was added.", body = TreatmentAnswer,
        headers(
            ("ETag" = String, description = "Its version."),
            ("Location" = String, description = "Where it is found."),
        ),
    )),
)]
async fn add(
    State(web): State<Web>,
    caller: Caller,
    OnceKey(key): OnceKey,
    Body(body): Body<TreatmentBody>,
) -> Answer {
    let entry = body.into_entry();
    let added = add_treatment(&web.app, &caller.actor, &entry, key.as_deref()).await;
    let id = added.map_err(told)?;
    let treatment = read_records::saved_treatment(&web.app, &caller.actor, id).await?;
    let answer = answered(&web, &caller, StatusCode::CREATED, treatment);
    Ok(records::created(&format!("/treatments/{id}"), answer))
}

/// Change a treatment
///
/// What is left out stays, and `null` empties a field that may be empty. Its patient stays. Send
/// the `ETag` that you saw as `If-Match`, and nobody's change is undone unseen; without it, only
/// the fields that are sent are written over what stands.
#[utoipa::path(
    patch,
    path = "/treatments/{id}",
    tag = "Treatments",
    security(("key" = ["treatments:read", "treatments:write"])),
    params(
        ("id" = String, Path, description = "The treatment's id.", example = "TRT-001"),
        IfMatchParam,
    ),
    request_body = TreatmentEditBody,
    responses((
        status = 200, description = "The treatment as it stands now.", body = TreatmentAnswer,
        headers(("ETag" = String, description = "Its version.")),
    )),
)]
async fn edit(
    State(web): State<Web>,
    caller: Caller,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<TreatmentEditBody>,
) -> Answer {
    caller.actor.must(Action::ReadTreatments)?;
    caller.actor.must(Action::SaveTreatment)?;
    let id: TreatmentId = parse_id(&id, "treatment")?;
    let change = || async {
        let before = read_records::treatment(&web.app, &caller.actor, id).await?;
        let version = before.version;
        if_match.check(version)?;
        edit_treatment(&web.app, &caller.actor, (id, version), &body.onto(before)).await
    };
    if_match.on_what_stands(change).await.map_err(told)?;
    let treatment = read_records::treatment(&web.app, &caller.actor, id).await?;
    Ok(showing(vec![Thing::Treatment(id)], answered(&web, &caller, StatusCode::OK, treatment)))
}

/// A failure under the names that the fields have here.
fn told(error: Error) -> Problem {
    match error {
        Error::Invalid(faults) => records::renamed(not_found(faults), field_name).into(),
        other => other.into(),
    }
}

/// A form has lists to choose from; a program has sent an id, of which there is nothing.
fn not_found(mut faults: Invalid) -> Invalid {
    for fault in &mut faults.0 {
        let what = match &*fault.field {
            "patient_id" => "patient",
            "location_id" => "location",
            "physician_id" => "physician",
            _ => continue,
        };
        "not_found".clone_into(&mut fault.code);
        fault.message = format!("There is no such {what} at this clinic.");
    }
    faults
}

/// `charge_1` is `procedures.0.charge_cents` here.
fn field_name(field: &str) -> String {
    let place = field.rsplit_once('_');
    let place = place.and_then(|(name, line)| Some((name, line.parse::<usize>().ok()?)));
    match place {
        Some(("charge", line)) => format!("procedures.{}.charge_cents", line - 1),
        Some((name, line)) => format!("procedures.{}.{name}", line - 1),
        None => field.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_have_the_names_of_the_interface() {
        let names = ["charge_1", "code_2", "modifiers_20", "service_at", "status"];
        let expected = [
            "procedures.0.charge_cents",
            "procedures.1.code",
            "procedures.19.modifiers",
            "service_at",
            "status",
        ];
        assert_eq!(names.map(field_name), expected);
    }
}
