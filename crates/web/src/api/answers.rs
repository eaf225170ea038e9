//! Makes every failure a problem, whoever failed.

use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::problem::{CONTENT_TYPE, Problem};
use crate::watching::RequestId;

/// Finishes the answer of a request: what no handler has put into words (a wrong
/// method, a body that is too large, a panic) becomes a problem like any other, and our own
/// faults are logged with the number that the problem tells.
pub(super) async fn finished(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().cloned();
    let mut response = next.run(request).await;
    let status = response.status();
    if status.is_server_error() {
        let told = response.extensions_mut().remove::<Problem>();
        let problem = told.unwrap_or_else(|| Problem::of_status(status));
        tracing::error!(error = problem.cause(), "a request failed");
        let id = id.as_ref().map(|id| &*id.0);
        response = with_headers_of(problem.response(id), &response);
    } else if status.is_client_error() && !is_problem(&response) {
        response = with_headers_of(Problem::of_status(status).into_response(), &response);
    }
    response
}

fn is_problem(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == CONTENT_TYPE)
}

/// Takes over what the first answer said beside its body, such as the methods that are allowed.
fn with_headers_of(mut problem: Response, first: &Response) -> Response {
    let of_the_body = [header::CONTENT_TYPE, header::CONTENT_LENGTH];
    for (name, value) in first.headers() {
        if !of_the_body.contains(name) && !problem.headers().contains_key(name) {
            problem.headers_mut().insert(name.clone(), value.clone());
        }
    }
    problem
}
