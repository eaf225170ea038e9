//! Eligibility checks: handed in as the payer sent them, and read.

mod answer;

use almoner_app::import_eligibility::{Imported, Incoming, import_eligibility};
use almoner_app::permission::Action;
use almoner_app::read;
use almoner_app::receive_file::Received;
use almoner_domain::{CheckId, PatientId};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) use self::answer::RejectionAnswer;
use self::answer::{CheckAnswer, CheckWarning, HandedInAnswer, HandedInCheck};
use crate::api::body::{Asked, X12Body};
use crate::api::caller::{Caller, Thing, showing};
use crate::api::fields::{self, Fields, FromFields};
use crate::api::json;
use crate::api::problem::{Answer, Code, Problem};
use crate::handlers::{parse_id, sentence};
use crate::state::Web;

/// The largest body that is taken: hundreds of answers. Larger files are imported on the page or
/// by the command line.
pub(super) const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;
/// What a body is called among the files.
const FILE_NAME: &str = "api.271";

pub(super) fn calls() -> OpenApiRouter<Web> {
    OpenApiRouter::default().routes(routes!(hand_in)).routes(routes!(get))
}

/// For whom checks are handed in.
struct Whose {
    patient: Option<PatientId>,
}

impl FromFields for Whose {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { patient: fields.optional("patient", fields::id) })
    }
}

/// Hand in eligibility checks
///
/// The body is X12 as the payer or clearinghouse sent it: one 271 or many. Each answer in it
/// becomes a check, once: the same again answers with the first one and `duplicate`. A check is
/// matched to its patient by the question of ours that it answers, else by member id, birth date
/// and name; otherwise it waits for a person, and `patient_id` is null. A body from which nothing
/// can be read is kept all the same. Of one that fails with 5xx, a part may be there already: send
/// it again, and the rest follows.
#[utoipa::path(
    post,
    path = "/eligibility-checks",
    tag = "Eligibility checks",
    security(("key" = ["eligibility:write"])),
    params((
        "patient" = Option<String>,
        Query,
        description = "Whose answer it is said to be, such as `PAT-001`. When it names another \
            person, it waits with the warning `patient_mismatch`.",
    )),
    request_body(content = String, content_type = "application/edi-x12"),
    responses((status = 201, description = "The checks.", body = HandedInAnswer)),
)]
async fn hand_in(
    State(web): State<Web>,
    caller: Caller,
    Asked(Whose { patient }): Asked<Whose>,
    X12Body(content): X12Body,
) -> Answer {
    let actor = &caller.actor;
    actor.must(Action::ImportEligibility)?;
    if let Some(id) = patient
        && !read::patient_exists(&web.app, actor, id).await?
    {
        let message = "There is no such patient at this clinic.";
        return Err(Problem::field("patient", "not_found", message));
    }
    let content = Ok(Received::from_reader(&content[..])?);
    let file = Incoming { name: FILE_NAME.to_owned(), content, patient };
    let Imported { checks, counts, warnings, .. } =
        import_eligibility(&web.app, actor, file).await?;
    let unreadable = |why: String| Problem::new(Code::UnreadableAnswer, sentence(&why));
    let checks = checks.map_err(unreadable)?;
    let ids: Vec<CheckId> = checks.iter().map(|check| check.id).collect();
    let views = read::imported_checks(&web.app, actor, &ids).await?;
    // What was handed in just now is no news to whoever did; what was there before is.
    let known = checks.iter().filter(|check| check.duplicate);
    let shown = known.map(|check| Thing::EligibilityCheck(check.id)).collect();
    let pairs = views.into_iter().zip(&checks);
    let data = pairs.map(|(view, handed_in)| HandedInCheck {
        check: view.into(),
        duplicate: handed_in.duplicate,
    });
    let warnings = warnings.into_iter().map(CheckWarning::from).collect();
    let answer = HandedInAnswer { data: data.collect(), total: counts.all, warnings };
    Ok(showing(shown, json(StatusCode::CREATED, &answer)))
}

/// Read an eligibility check
#[utoipa::path(
    get,
    path = "/eligibility-checks/{id}",
    tag = "Eligibility checks",
    security(("key" = ["eligibility:read"])),
    params(("id" = String, Path, description = "The check's id.", example = "ELG-001")),
    responses((status = 200, description = "The check.", body = CheckAnswer)),
)]
async fn get(State(web): State<Web>, caller: Caller, Path(id): Path<String>) -> Answer {
    let id = parse_id::<CheckId>(&id, "check")?;
    let view = read::check(&web.app, &caller.actor, id).await?;
    let answer = json(StatusCode::OK, &CheckAnswer::from(view));
    Ok(showing(vec![Thing::EligibilityCheck(id)], answer))
}
