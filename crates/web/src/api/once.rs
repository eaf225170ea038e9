//! Carries a request out once, however often it is sent under one `Idempotency-Key`.
//!
//! The key belongs to the program that sends it and to the route. The request is carried out
//! apart from the connection, so that whoever is cut off finds the answer when they ask again.

use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::time::Duration;

use almoner_app::Error;
use almoner_app::run_once::{self, Begun, Run, Sent};
use almoner_domain::OrganizationId;
use almoner_store::StoreError;
use almoner_store::api_requests::KeptAnswer;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tracing::Instrument as _;

use super::REQUEST_TIMEOUT;
use super::body::whole;
use super::caller::{Caller, Shown};
use super::problem::{Answer, Code, Problem};
use crate::failure;
use crate::state::Web;

/// The header that names a request.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header of an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// The longest idempotency key, in bytes.
const MAX_KEY_BYTES: usize = 255;
/// The largest answer that is kept, compressed. JSON of benefits shrinks to about a twentieth.
const MAX_KEPT_BYTES: usize = 1024 * 1024;
/// How often a request that is under way is looked at again before the program is told to wait.
const LOOKS: u32 = 30;
/// How long to wait between two looks.
const LOOK_EACH: Duration = Duration::from_millis(100);
/// What of an answer is kept beside its status and body.
const KEPT_HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];

/// What is kept of an answer beside its status and body.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    headers: Vec<(String, String)>,
    shown: Shown,
}

/// What a use case that creates something is to be told, so that it creates it once even when the
/// program was killed before the answer was kept; nothing, when the request has no key.
#[derive(Debug, Clone, Default)]
pub(super) struct OnceKey(pub(super) Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for OnceKey {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// An answer that is not kept: it holds a secret.
#[derive(Debug, Clone, Copy)]
struct Unkept;

/// The answer, which is told once: whoever sends its request again is told that it was carried out.
pub(super) fn unkept(mut response: Response) -> Response {
    response.extensions_mut().insert(Unkept);
    response
}

/// Carries a request out, or gives the answer that it had before.
pub(super) async fn once(
    State(web): State<Web>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    if *request.method() != Method::POST {
        return next.run(request).await;
    }
    match idempotency_key(request.headers()) {
        Ok(None) => next.run(request).await,
        Ok(Some(key)) => {
            let answer = with_key(web, caller, key, request, next).await;
            answer.unwrap_or_else(Problem::into_response)
        }
        Err(problem) => problem.into_response(),
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut given = headers.get_all(IDEMPOTENCY_KEY).into_iter();
    let Some(first) = given.next() else {
        return Ok(None);
    };
    let key = first.to_str().ok().filter(|key| (1..=MAX_KEY_BYTES).contains(&key.len()));
    match key {
        Some(key) if given.next().is_none() => Ok(Some(key.to_owned())),
        _ => {
            let message = format!("Send one key of 1 to {MAX_KEY_BYTES} plain letters.");
            Err(Problem::field("Idempotency-Key", "malformed", message))
        }
    }
}

async fn with_key(
    web: Web,
    caller: Caller,
    idempotency_key: String,
    request: Request,
    next: Next,
) -> Answer {
    let (parts, body) = request.into_parts();
    let body = whole(Request::from_parts(parts.clone(), body)).await?;
    let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let sent = Sent {
        key: caller.key,
        route: format!("{} {route}", parts.method),
        idempotency_key,
        request_hash: hash(&parts, &body),
    };
    let request = Request::from_parts(parts, Body::from(body));
    // Whoever is cut off must leave no place behind that is taken and that nobody fills.
    let running = async move { run(web, caller.actor.org(), &sent, request, next).await };
    let running = tokio::spawn(running.in_current_span());
    running.await.map_err(|_| Problem::internal())?
}

/// Takes the place of a request and carries it out, or tells what is there already.
async fn run(
    web: Web,
    org: OrganizationId,
    sent: &Sent,
    mut request: Request,
    next: Next,
) -> Answer {
    match begin(&web, org, sent).await? {
        Begun::New(run) => {
            request.extensions_mut().insert(OnceKey(Some(run.name())));
            Ok(carry_out(web, run, request, next).await)
        }
        Begun::Same(answer) => replayed(answer).await,
        Begun::Running => {
            let code = Code::RequestInProgress;
            let wait = HeaderValue::from_static("1");
            Err(Problem::new(code, code.meaning()).with_header(header::RETRY_AFTER, wait))
        }
        Begun::Other => {
            let detail = "This Idempotency-Key was used for another request in the last 24 hours; \
                use a new one.";
            Err(Problem::new(Code::IdempotencyKeyReused, detail))
        }
    }
}

/// Takes the place of a request. One that is under way is waited for a little, since whoever
/// sends a request twice wants its answer.
async fn begin(web: &Web, org: OrganizationId, sent: &Sent) -> Result<Begun, Problem> {
    let mut begun = run_once::begin(&web.app, org, sent).await?;
    for _ in 0..LOOKS {
        if !matches!(begun, Begun::Running) {
            break;
        }
        tokio::time::sleep(LOOK_EACH).await;
        if !run_once::is_running(&web.app, org, sent).await? {
            begun = run_once::begin(&web.app, org, sent).await?;
        }
    }
    Ok(begun)
}

/// All that makes two requests the same.
fn hash(parts: &Parts, body: &Bytes) -> Vec<u8> {
    let kind = parts.headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let asked = parts.uri.path_and_query().map_or("", |asked| asked.as_str());
    let mut hasher = Sha256::new();
    for part in [parts.method.as_str().as_bytes(), asked.as_bytes(), kind, body] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().to_vec()
}

/// Carries a request out and keeps the answer, unless the failure was ours. When the answer
/// cannot be kept, whoever asked still gets it.
async fn carry_out(web: Web, run: Run, request: Request, next: Next) -> Response {
    let answered = tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await;
    let response = answered.unwrap_or_else(|_| Problem::unavailable().into_response());
    let (left, response) = if response.status().is_server_error() {
        (run_once::give_up(&web.app, &run).await, response)
    } else {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("our own bodies are whole");
        let head = head(&parts.headers, parts.extensions.get());
        let is_kept = parts.extensions.get::<Unkept>().is_none();
        let kept = KeptAnswer {
            status: i64::from(parts.status.as_u16()),
            head: serde_json::to_string(&head).expect("a head is plain values"),
            body: if is_kept { compressed(body.clone()).await } else { None },
        };
        let response = Response::from_parts(parts, Body::from(body));
        (run_once::finish(&web.app, &run, &kept).await, response)
    };
    if let Err(error) = left {
        tracing::error!(error = failure::chain(&error), "an answer could not be kept");
    }
    response
}

fn head(headers: &HeaderMap, shown: Option<&Shown>) -> Head {
    let kept = |name: &HeaderName| {
        let value = headers.get(name)?.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    };
    Head {
        headers: KEPT_HEADERS.iter().filter_map(kept).collect(),
        shown: shown.cloned().unwrap_or_default(),
    }
}

/// A body as it is kept; `None` when it is too large even so.
async fn compressed(body: Bytes) -> Option<Vec<u8>> {
    let packing = tokio::task::spawn_blocking(move || {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(&body).and_then(|()| packer.finish())
    });
    let packed = packing.await.ok()?.ok()?;
    (packed.len() <= MAX_KEPT_BYTES).then_some(packed)
}

/// The answer that a request had before.
async fn replayed(answer: KeptAnswer) -> Answer {
    let corrupt = || Problem::from(Error::Store(StoreError::Corrupt("kept answer".to_owned())));
    let Some(body) = answer.body else {
        let code = Code::AnswerNotKept;
        return Err(Problem::new(code, code.meaning()));
    };
    let head: Head = serde_json::from_str(&answer.head).map_err(|_| corrupt())?;
    let unpacking = tokio::task::spawn_blocking(move || {
        let mut whole = Vec::new();
        GzDecoder::new(&*body).read_to_end(&mut whole).map(|_| whole)
    });
    let body = unpacking.await.map_err(|_| corrupt())?.map_err(|_| corrupt())?;
    let status = u16::try_from(answer.status).ok().and_then(|s| StatusCode::from_u16(s).ok());
    let mut response = (status.ok_or_else(corrupt)?, body).into_response();
    for (name, value) in &head.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| corrupt())?;
        let value = HeaderValue::from_str(value).map_err(|_| corrupt())?;
        response.headers_mut().insert(name, value);
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response.extensions_mut().insert(head.shown);
    Ok(response)
}
