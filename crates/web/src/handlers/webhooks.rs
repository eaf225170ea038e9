//! What the processor tells. It is signed, which takes the place of coming from a page of ours.

use almoner_app::receive_event::{self, Received};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::failure;
use crate::state::Web;

/// POST `/webhooks/stripe`. Anything but success is sent again by the processor.
pub(crate) async fn receive(
    State(web): State<Web>,
    Path(processor): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if processor != web.app.processor.name() {
        return (StatusCode::NOT_FOUND, "There is no such processor here.\n").into_response();
    }
    match receive_event::receive_event(&web.app, &body, &headers).await {
        Ok(Received::Kept | Received::Known) => StatusCode::OK.into_response(),
        Ok(Received::Refused(refusal)) => {
            tracing::warn!(%refusal, "a webhook is refused");
            (StatusCode::BAD_REQUEST, format!("{refusal}\n")).into_response()
        }
        Err(error) => {
            let status = failure::status(&error);
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "a webhook could not be kept");
            (status, "Please send it again.\n").into_response()
        }
    }
}
