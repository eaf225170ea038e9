//! The read facade of FHIR R4: `/fhir`, with the keys, scopes, pace and audit of `/api/v1`.
//!
//! A type of resource is a file here: its handlers, which ask the use cases that the interface
//! asks, and how a record of ours becomes the resource. To add one, write that file, its routes in
//! [`router`], and its line in [`OFFERED`]. [`query`] reads searches, [`outcome`] makes every
//! failure an `OperationOutcome`.

mod checks;
mod coverages;
mod outcome;
mod patients;
mod payments;
mod query;

use std::time::Duration;

use almoner_fhir::write::{self, CONTENT_TYPE, Offered, SearchParam, capability};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use jiff::civil::{Date, date};
use serde::Serialize;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::api::caller;
use crate::api::problem::{Answer, Code, Problem};
use crate::state::Web;

/// How long a request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);
/// When what the facade can do changed last.
const CHANGED: Date = date(2026, 11, 27);

const COUNT: SearchParam = SearchParam {
    name: "_count",
    kind: "number",
    documentation: "The most resources of a page, at most 100.",
};

/// What is offered, for the capability statement.
const OFFERED: &[Offered] = &[
    Offered { kind: "Patient", searches: patients::SEARCHES, about: "Needs patients:read." },
    Offered { kind: "Coverage", searches: coverages::SEARCHES, about: "Needs patients:read." },
    Offered {
        kind: "CoverageEligibilityResponse",
        searches: &[],
        about: "An eligibility check. Needs eligibility:read.",
    },
    Offered {
        kind: "Invoice",
        searches: payments::SEARCHES,
        about: "What a patient is asked for. Needs payments:read.",
    },
    Offered {
        kind: "PaymentNotice",
        searches: &[],
        about: "What was collected and kept of an invoice, under its id. Needs payments:read.",
    },
];

/// All addresses below `/fhir`.
pub(crate) fn router(web: &Web) -> Router<Web> {
    let known = Router::new()
        .route("/fhir/Patient", get(patients::search))
        .route("/fhir/Patient/{id}", get(patients::read))
        .route("/fhir/Coverage", get(coverages::search))
        .route("/fhir/Coverage/{id}", get(coverages::read))
        .route("/fhir/CoverageEligibilityResponse/{id}", get(checks::read))
        .route("/fhir/Invoice", get(payments::search))
        .route("/fhir/Invoice/{id}", get(payments::read_invoice))
        .route("/fhir/PaymentNotice/{id}", get(payments::read_notice))
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(web.clone(), caller::known));
    Router::new()
        .merge(known)
        .route("/fhir/metadata", get(metadata))
        .route("/fhir", any(nothing))
        .route("/fhir/", any(nothing))
        .route("/fhir/{*rest}", any(nothing))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIMEOUT))
        .layer(CatchPanicLayer::new())
        .layer(from_fn(outcome::finished))
}

/// The address that all others begin with.
fn base(web: &Web) -> String {
    format!("{}/fhir", web.settings.base_url)
}

async fn metadata(State(web): State<Web>) -> Response {
    let statement = capability(base(&web), env!("CARGO_PKG_VERSION"), CHANGED, OFFERED);
    told(StatusCode::OK, &statement)
}

async fn nothing() -> Answer {
    let detail = "There is no such resource. /fhir/metadata says what there is.";
    Err(Problem::new(Code::NotFound, detail))
}

/// A response of FHIR's JSON.
///
/// # Panics
/// Never: what is sent is plain values.
fn told(status: StatusCode, resource: &impl Serialize) -> Response {
    let text = serde_json::to_vec(resource).expect("resources are plain values");
    let kind = HeaderValue::from_static(CONTENT_TYPE);
    (status, [(header::CONTENT_TYPE, kind)], text).into_response()
}

/// A resource that has a version.
fn versioned(version: i64, resource: &impl Serialize) -> Response {
    let mut response = told(StatusCode::OK, resource);
    let tag = HeaderValue::from_str(&format!("W/\"{version}\"")).expect("numbers are plain");
    response.headers_mut().insert(header::ETAG, tag);
    response
}

/// The absence of what FHIR would have there, as nobody says it.
fn unknown() -> write::Reference {
    write::Reference::absent("unknown")
}
