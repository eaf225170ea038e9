//! Makes every failure an `OperationOutcome`, whoever failed.

use almoner_fhir::write::{Coding, Concept, Issue, OperationOutcome};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::api::problem::Problem;
use crate::watching::RequestId;

/// Finishes the answer of a request, as the interface does with its own: our own faults are logged
/// with the number that the outcome tells.
pub(super) async fn finished(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().cloned();
    let mut first = next.run(request).await;
    let status = first.status();
    if !status.is_client_error() && !status.is_server_error() {
        return first;
    }
    let problem = first.extensions_mut().remove::<Problem>();
    let problem = problem.unwrap_or_else(|| Problem::of_status(status));
    let is_ours = status.is_server_error();
    if is_ours {
        tracing::error!(error = problem.cause(), "a request failed");
    }
    let (code, detail) = problem.told();
    let coding = Coding { system: None, code: code.as_str().to_owned() };
    let details = Concept { coding: vec![coding], text: Some(detail.to_owned()) };
    let issue = Issue {
        severity: if is_ours { "fatal" } else { "error" },
        code: issue_code(status),
        details,
        diagnostics: id.filter(|_| is_ours).map(|id| format!("request {}", id.0)),
        expression: Vec::new(),
    };
    let mut response = super::told(status, &OperationOutcome { issue: vec![issue] });
    let of_the_body = [header::CONTENT_TYPE, header::CONTENT_LENGTH];
    for (name, value) in first.headers() {
        if !of_the_body.contains(name) {
            response.headers_mut().insert(name.clone(), value.clone());
        }
    }
    response
}

/// FHIR's word for a kind of failure.
fn issue_code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "login",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::NOT_FOUND => "not-found",
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_ACCEPTABLE => "not-supported",
        StatusCode::TOO_MANY_REQUESTS => "throttled",
        StatusCode::SERVICE_UNAVAILABLE => "transient",
        status if status.is_server_error() => "exception",
        _ => "invalid",
    }
}
