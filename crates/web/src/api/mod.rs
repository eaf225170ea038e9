//! The interface for other programs: `/api/v1`, which describes itself at
//! `/api/v1/openapi.json` and for people at `/api/docs`.
//!
//! A call is a file in `v1/`: a handler with its description and the types that it takes and
//! gives. To add one, write that file and its line in `v1/mod.rs`. What every call needs lies
//! around it, from the outside in: [`answers`] gives each request a number and makes every
//! failure a problem; [`caller`] knows the key, its pace, and what was shown to it; [`once`]
//! carries a request out once. A handler reads with [`body`] and [`fields`], calls one use case,
//! and gives its answer or a [`problem::Problem`]. Lists are asked for and answered with
//! [`listing`]; things that several may change have a version, which [`etag`] tells and checks.

mod answers;
mod body;
pub(crate) mod caller;
mod docs;
mod etag;
mod fields;
mod json;
mod listing;
mod once;
mod pace;
pub(crate) mod problem;
pub(crate) mod v1;

pub(crate) use pace::Pace;

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{any, get};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::freshness;
use crate::state::Web;
use problem::{Code, Problem};

/// How long a request may take. It is shorter than a run's place is kept.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);

/// All addresses below `/api`.
pub(crate) fn router(web: &Web) -> Router<Web> {
    let (calls, description) = v1::calls(web).split_for_parts();
    let page = docs::page(&description);
    let description: Bytes = description.to_json().expect("a description is plain values").into();
    Router::new()
        .merge(calls)
        .route("/api/v1/openapi.json", get(|| async { json_text(StatusCode::OK, description) }))
        .route("/api/docs", get(|| async { Html(page) }))
        .route("/api/v1", any(no_such_call))
        .route("/api/v1/", any(no_such_call))
        .route("/api/v1/{*rest}", any(no_such_call))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIMEOUT))
        .layer(CatchPanicLayer::new())
        .layer(from_fn(answers::finished))
        .layer(from_fn_with_state(web.clone(), freshness::call_wrote))
}

async fn no_such_call() -> Response {
    let detail = "There is no such call. /api/docs lists those that there are.";
    Problem::new(Code::NotFound, detail).into_response()
}

/// A response of JSON.
///
/// # Panics
/// Never: what is sent is plain values.
fn json(status: StatusCode, value: &impl serde::Serialize) -> Response {
    json_text(status, serde_json::to_vec(value).expect("answers are plain values").into())
}

fn json_text(status: StatusCode, text: Bytes) -> Response {
    let kind = HeaderValue::from_static("application/json");
    (status, [(header::CONTENT_TYPE, kind)], text).into_response()
}
