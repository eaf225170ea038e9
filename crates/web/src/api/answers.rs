//! Gives each request a number, and makes every failure a problem, whoever failed.

use almoner_domain::text::hex;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::problem::{CONTENT_TYPE, Problem};
use crate::state::Web;

/// The header that tells a request's number.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The number of a request, by which its line in the log is found.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// Numbers the request and finishes its answer: what no handler has put into words (a wrong
/// method, a body that is too large, a panic) becomes a problem like any other, and our own
/// faults are logged with the number that the problem tells.
pub(super) async fn finished(State(web): State<Web>, request: Request, next: Next) -> Response {
    let id = hex(&web.app.random::<8>());
    let mut response = next.run(request).await;
    let status = response.status();
    if status.is_server_error() {
        let told = response.extensions_mut().remove::<Problem>();
        let problem = told.unwrap_or_else(|| Problem::of_status(status));
        tracing::error!(request_id = %id, error = problem.cause(), "a request failed");
        response = with_headers_of(problem.response(Some(&id)), &response);
    } else if status.is_client_error() && !is_problem(&response) {
        response = with_headers_of(Problem::of_status(status).into_response(), &response);
    }
    let value = HeaderValue::from_str(&id).expect("a number is plain digits");
    response.headers_mut().insert(REQUEST_ID, value);
    response.extensions_mut().insert(RequestId(id));
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
