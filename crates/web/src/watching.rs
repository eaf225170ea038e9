//! What is told of each request to those who watch the program: a number, the route as it is
//! written in `routes`, a method, a status, and how long it took; never the address, and nothing
//! that was typed.

use almoner_domain::ambient::Stopwatch;
use almoner_domain::text::hex;
use almoner_domain::trace::EXPORTED;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use metrics::{counter, gauge, histogram};
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::state::Web;

/// The header that tells a request's number.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The number of a request, by which its lines in the log are found.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// Numbers the request, and writes a log line for it. All lines that are written meanwhile have
/// the number.
pub(crate) async fn watched(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let id = RequestId(hex(&web.app.random::<8>()));
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let method = method_name(request.method());
    let exported = exported_span(method, route, &id);
    let logged = tracing::info_span!(parent: &exported, "request", request_id = id.0);
    request.extensions_mut().insert(id.clone());
    let in_flight = web.measures.then(InFlight::begin);
    let watch = Stopwatch::start();
    let work = next.run(request).instrument(logged.clone()).instrument(exported.clone());
    let mut response = work.await;
    let taken = watch.elapsed();
    drop(in_flight);
    let status = response.status();
    exported.record("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        exported.record("otel.status_code", "ERROR");
    }
    if web.measures {
        measure(method, route, status, taken);
    }
    logged.in_scope(|| {
        let millis = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX);
        let status = status.as_u16();
        tracing::info!(method, route, status, millis, "request");
    });
    let number = HeaderValue::from_str(&id.0).expect("a number is plain digits");
    response.headers_mut().insert(REQUEST_ID, number);
    response
}

/// The span that a collector gets, when there is one; its names are OpenTelemetry's own.
fn exported_span(method: &'static str, route: &str, id: &RequestId) -> Span {
    tracing::info_span!(
        target: EXPORTED, parent: None, "request",
        otel.name = format!("{method} {route}"), otel.kind = "server",
        http.request.method = method, http.route = route, request_id = id.0,
        http.response.status_code = Empty, otel.status_code = Empty,
    )
}

fn measure(method: &'static str, route: &str, status: StatusCode, taken: std::time::Duration) {
    let labels = [("route", route.to_owned()), ("method", method.to_owned())];
    histogram!("almoner_http_request_duration_seconds", &labels).record(taken);
    let labels = [
        ("route", route.to_owned()),
        ("method", method.to_owned()),
        ("status", class(status).to_owned()),
    ];
    counter!("almoner_http_requests_total", &labels).increment(1);
}

/// A method of those that we know; anybody can make up others.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}

/// Counts a request as long as it is under way, also when its client goes away.
struct InFlight;

impl InFlight {
    fn begin() -> Self {
        gauge!("almoner_http_requests_in_flight").increment(1);
        Self
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        gauge!("almoner_http_requests_in_flight").decrement(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_asked_there_are_few_labels() {
        let made_up = Method::from_bytes(b"ANNE-EXAMPLE").expect("it is a method");
        assert_eq!(method_name(&made_up), "other");
        assert_eq!(method_name(&Method::DELETE), "DELETE");
        let classes = [(103, "1xx"), (204, "2xx"), (303, "3xx"), (422, "4xx"), (503, "5xx")];
        for (status, name) in classes {
            assert_eq!(class(StatusCode::from_u16(status).expect("a status")), name);
        }
        assert_eq!(class(StatusCode::from_u16(999).expect("a status")), "5xx");
    }
}
