//! How new what a request shows has to be, when there is a replica to read from: whoever changed
//! something sees it in whatever they ask for next, at whichever server.
//!
//! Each answer to what changes something tells up to where its asker has to see ([`wrote`]): a
//! member of the staff by a cookie, another program by a header. What only reads hands it back, and
//! its [`Actor`](almoner_app::Actor) is let read at the replica from there on ([`page_position`],
//! [`call_position`]); the use cases say what of it is only shown. An answer that a replica could
//! not give is asked for again, of the database itself ([`answered`]).

use almoner_store::db::Position;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use axum_extra::extract::cookie::CookieJar;

use crate::session::{append_cookie, cookie};
use crate::state::Web;

/// The cookie that brings a position back. It holds nothing of a patient, and whoever forges one
/// sees no more than they may, only earlier or later.
const COOKIE: &str = "almoner_position";
/// The header by which other programs are told a position, and bring it back.
const HEADER: HeaderName = HeaderName::from_static("almoner-position");

fn only_reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Up to where a request for a page has to see; `None` when it has to see everything.
pub(crate) fn page_position(web: &Web, request: &Request) -> Option<Position> {
    if !web.app.db.has_replica() || !only_reads(request.method()) {
        return None;
    }
    match CookieJar::from_headers(request.headers()).get(COOKIE) {
        Some(cookie) => Position::parse(cookie.value()),
        None => Some(Position::START),
    }
}

/// The same for a call of another program. One that says nothing has to see everything: it may have
/// been told of a change, and asks for what became of it.
pub(crate) fn call_position(web: &Web, request: &Request) -> Option<Position> {
    if !web.app.db.has_replica() || !only_reads(request.method()) {
        return None;
    }
    Position::parse(request.headers().get(HEADER)?.to_str().ok()?)
}

/// Has a request answered for whoever asks: first for the one who may read at the replica, if
/// there is such a one, then for the one who may not, when that failed by a fault of ours or what
/// was asked for is not there, or not there yet. Nothing was changed by then, as only those may who
/// ask for nothing else.
pub(crate) async fn answered<W: Clone + Send + Sync + 'static>(
    request: Request,
    next: Next,
    (at_primary, at_replica): (W, Option<W>),
) -> Response {
    let (mut parts, body) = request.into_parts();
    let Some(at_replica) = at_replica else {
        parts.extensions.insert(at_primary);
        return next.run(Request::from_parts(parts, body)).await;
    };
    let mut again = parts.clone();
    parts.extensions.insert(at_replica);
    let response = next.clone().run(Request::from_parts(parts, body)).await;
    let status = response.status();
    if !status.is_server_error() && status != StatusCode::NOT_FOUND {
        return response;
    }
    if status.is_server_error() {
        tracing::warn!(status = status.as_u16(), "asked again, without the replica");
    }
    again.extensions.insert(at_primary);
    next.run(Request::from_parts(again, Body::empty())).await
}

/// Lets a request through, and says up to where its asker has to see from now on if it may have
/// changed something. Also when it was refused, or took too long: a part of it may be done.
async fn wrote(web: &Web, request: Request, next: Next) -> (Response, Option<Position>) {
    let wrote = web.app.db.has_replica() && !only_reads(request.method());
    let response = next.run(request).await;
    let position = if wrote { web.app.db.position().await } else { None };
    (response, position)
}

/// Has the browser remember up to where its member has to see.
pub(crate) async fn page_wrote(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (mut response, position) = wrote(&web, request, next).await;
    if let Some(position) = position {
        append_cookie(&mut response, &cookie(&web.settings, COOKIE, position.to_string()));
    }
    response
}

/// Tells another program up to where it has to see, if it asks at a replica.
pub(crate) async fn call_wrote(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (mut response, position) = wrote(&web, request, next).await;
    if let Some(position) = position {
        response.headers_mut().insert(HEADER, HeaderValue::from(i64::from(position)));
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::extract::Extension;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    /// Who asks, as far as this test goes.
    #[derive(Clone, Copy, PartialEq)]
    enum Reader {
        Primary,
        Replica,
    }

    /// What a page answers whoever may read at a replica that answers so; others are told "all".
    async fn told(may_at_replica: bool, replica_says: StatusCode) -> (StatusCode, String) {
        let page = move |Extension(reader): Extension<Reader>| async move {
            match reader {
                Reader::Primary => (StatusCode::OK, "all"),
                Reader::Replica => (replica_says, "some"),
            }
        };
        let asker = move |request: Request, next: Next| {
            let at_replica = may_at_replica.then_some(Reader::Replica);
            answered(request, next, (Reader::Primary, at_replica))
        };
        let router = Router::new().route("/", get(page)).layer(from_fn(asker));
        let response = router.oneshot(Request::new(Body::empty())).await.expect("it answers");
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 100).await.expect("it is short");
        (status, String::from_utf8(body.to_vec()).expect("it is text"))
    }

    #[tokio::test]
    async fn what_a_replica_cannot_give_is_asked_for_again() {
        let all = (StatusCode::OK, "all".to_owned());
        assert_eq!(told(false, StatusCode::OK).await, all);
        for cannot in [503, 500, 404].map(|code| StatusCode::from_u16(code).expect("it is one")) {
            assert_eq!(told(true, cannot).await, all, "{cannot}");
        }
        for given in [200, 303, 403].map(|code| StatusCode::from_u16(code).expect("it is one")) {
            assert_eq!(told(true, given).await, (given, "some".to_owned()));
        }
    }
}
