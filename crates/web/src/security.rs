//! The guards before every page: headers and forged requests.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::state::Web;

/// Nothing is loaded from elsewhere, nothing inline runs, nobody frames a page.
pub(crate) const CONTENT_SECURITY: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types app";

const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// Adds the headers that protect a page; whatever says nothing else is not to be stored.
pub(crate) async fn headers(State(web): State<Web>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if web.settings.is_secure() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(year);
    }
    response
}

/// Whether a request that changes something comes from a page of ours.
fn is_own(headers: &HeaderMap, base_url: &str) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    headers.get(header::ORIGIN).is_some_and(|origin| origin == base_url)
}

/// Refuses what changes something and does not come from a page of ours.
pub(crate) async fn own_requests(State(web): State<Web>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || is_own(request.headers(), &web.settings.base_url) {
        return next.run(request).await;
    }
    let message = "This request did not come from one of this program's pages.\n";
    (StatusCode::FORBIDDEN, message).into_response()
}

/// The client's address: the connection's, or what the trusted proxy says.
pub(crate) fn client(web: &Web, connection: SocketAddr, headers: &HeaderMap) -> String {
    if web.settings.trusted_proxy == Some(connection.ip()) {
        let told = headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
        if let Some(last) = told.and_then(|list| list.rsplit(',').next()) {
            return last.trim().to_owned();
        }
    }
    connection.ip().to_string()
}

/// The address that a request came from.
pub(crate) type Connection = ConnectInfo<SocketAddr>;

#[cfg(test)]
mod tests {
    use super::*;

    fn own(pairs: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for &(name, value) in pairs {
            headers.insert(name, HeaderValue::from_static(value));
        }
        is_own(&headers, "http://127.0.0.1:8080")
    }

    #[test]
    fn only_pages_of_ours_may_change_something() {
        assert!(own(&[("sec-fetch-site", "same-origin")]));
        assert!(own(&[("origin", "http://127.0.0.1:8080")]));
        assert!(!own(&[]));
        assert!(!own(&[("sec-fetch-site", "same-site")]));
        assert!(!own(&[("sec-fetch-site", "none")]));
        assert!(!own(&[("origin", "https://evil.example")]));
        let both = [("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:8080")];
        assert!(!own(&both));
    }
}
