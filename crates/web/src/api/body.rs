//! Takes a body or a query: of the right type, within the limit, read strictly.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, MatchedPath, Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::Query;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::{OpenApi, RefOr};

use super::fields::{self, Fields, FromFields};
use super::json::Json;
use super::problem::{Code, Problem};

/// The type of a body of fields.
const JSON: &str = "application/json";
/// The type of a body of X12 (RFC 1767).
pub(super) const X12: &str = "application/edi-x12";

/// The type of a body of comma-separated values (RFC 7111).
pub(super) const CSV: &str = "text/csv";

/// The type of a body of FHIR.
pub(super) const FHIR: &str = "application/fhir+json";

/// A body of JSON.
pub(super) struct Body<T>(pub(super) T);

/// A body of comma-separated values, as it came.
pub(super) struct CsvBody(pub(super) Vec<u8>);

/// A body of FHIR, as it came.
pub(super) struct FhirBody(pub(super) Vec<u8>);

/// A body of X12, as it came.
pub(super) struct X12Body(pub(super) Vec<u8>);

/// What stands after the question mark.
pub(super) struct Asked<T>(pub(super) T);

impl<S: Send + Sync, T: FromFields> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let body = content(request, JSON).await?;
        let json = Json::read(&body).ok_or_else(|| {
            let detail = "The body is not JSON: send one object in UTF-8.";
            Problem::new(Code::MalformedJson, detail)
        })?;
        Ok(Self(fields::read(&json)?))
    }
}

impl<S: Send + Sync> FromRequest<S> for X12Body {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        content(request, X12).await.map(|body| Self(body.into()))
    }
}

impl<S: Send + Sync> FromRequest<S> for CsvBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        content(request, CSV).await.map(|body| Self(body.into()))
    }
}

impl<S: Send + Sync> FromRequest<S> for FhirBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        content(request, FHIR).await.map(|body| Self(body.into()))
    }
}

impl<S: Send + Sync, T: FromFields> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let unreadable = |_| Problem::new(Code::MalformedRequest, "The query cannot be read.");
        let pairs = pairs.map_err(unreadable)?.0;
        let pairs = pairs.into_iter().map(|(name, value)| (name, Json::Text(value)));
        Ok(Self(fields::read(&Json::Object(pairs.collect()))?))
    }
}

/// Calls that take nothing behind the question mark: the method and the path as it is described.
#[derive(Debug)]
pub(super) struct Unasked(Vec<(&'static str, String)>);

impl Unasked {
    /// Those whose description has no parameter in the query.
    pub(super) fn of(description: &OpenApi) -> Self {
        let mut calls = Vec::new();
        for (path, item) in &description.paths.paths {
            for (method, operation) in [
                ("GET", &item.get),
                ("POST", &item.post),
                ("PATCH", &item.patch),
                ("DELETE", &item.delete),
            ] {
                let Some(operation) = operation else { continue };
                let mut parameters = operation.parameters.iter().flatten();
                let is_asked = |one: &RefOr<Parameter>| match one {
                    RefOr::T(parameter) => parameter.parameter_in == ParameterIn::Query,
                    RefOr::Ref(_) => true,
                };
                if !parameters.any(is_asked) {
                    calls.push((method, path.clone()));
                }
            }
        }
        Self(calls)
    }

    fn has(&self, (method, path): (&str, &str)) -> bool {
        self.0.iter().any(|call| (call.0, &*call.1) == (method, path))
    }
}

/// What is asked of a call that takes nothing.
struct Nothing;

impl FromFields for Nothing {
    fn read(_: &mut Fields<'_>) -> Option<Self> {
        Some(Self)
    }
}

/// Refuses what is asked behind the question mark of a call that would not read it.
pub(super) async fn unasked(
    State(calls): State<Arc<Unasked>>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let call = path.as_ref().map(|path| (request.method().as_str(), path.as_str()));
    if !call.is_some_and(|call| calls.has(call)) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    match Asked::<Nothing>::from_request_parts(&mut parts, &()).await {
        Ok(Asked(Nothing)) => next.run(Request::from_parts(parts, body)).await,
        Err(problem) => problem.into_response(),
    }
}

/// The body of a request that says it is of that type.
async fn content(request: Request, expected: &str) -> Result<Bytes, Problem> {
    if !is_of_type(request.headers(), expected) {
        let detail = format!("Send the body as it is, with `Content-Type: {expected}`.");
        return Err(Problem::new(Code::UnsupportedMediaType, detail));
    }
    whole(request).await
}

/// The type without its parameters, and no compression.
fn is_of_type(headers: &HeaderMap, expected: &str) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let kind = text(header::CONTENT_TYPE).and_then(|kind| kind.split(';').next());
    let coding = text(header::CONTENT_ENCODING).unwrap_or("identity");
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case(expected))
        && coding.trim().eq_ignore_ascii_case("identity")
}

/// The whole body, unless it is larger than the call takes.
pub(super) async fn whole(request: Request) -> Result<Bytes, Problem> {
    Bytes::from_request(request, &()).await.map_err(|rejection| too_large_or_cut(&rejection))
}

fn too_large_or_cut(rejection: &BytesRejection) -> Problem {
    let code = match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Code::PayloadTooLarge,
        _ => Code::MalformedRequest,
    };
    Problem::new(code, code.meaning())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_type_is_looked_at_and_its_parameters_are_not() {
        let is = |kind: &'static str, coding: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            if let Some(coding) = coding {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
            }
            is_of_type(&headers, X12)
        };
        assert!(is("application/edi-x12", None));
        assert!(is("Application/EDI-X12; charset=utf-8", Some("identity")));
        assert!(!is("application/edi-x12", Some("gzip")));
        assert!(!is("text/plain", None) && !is("application/edi-x123", None) && !is("", None));
        assert!(!is_of_type(&HeaderMap::new(), X12));
    }
}
