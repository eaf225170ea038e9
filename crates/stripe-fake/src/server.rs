//! HTTP: who asks, what is asked, what goes wrong on purpose, and the answer.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, Request};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use crate::answer::ApiError;
use crate::form::Form;
use crate::keys::{self, Kept};
use crate::routes::{self, Route};
use crate::{API_KEY, Fault, Parts, Recorded, VERSION, hosted, lists, lock, parameters, remote};

/// The longest body that is read.
const BODY_BYTES_MAX: usize = 1024 * 1024;

pub(crate) async fn serve(listener: TcpListener, parts: Arc<Parts>) {
    let router = Router::new().fallback(answer).with_state(parts);
    let service = router.into_make_service_with_connect_info::<Line>();
    let served = axum::serve(Lines(listener), service).await;
    served.expect("serving ends with its runtime only");
}

async fn answer(
    State(parts): State<Arc<Parts>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request<Body>,
) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX).await.unwrap_or_default();
    let body = String::from_utf8_lossy(&body).into_owned();
    let (path, query) = (head.uri.path(), head.uri.query().unwrap_or_default());
    if let Some(verb) = path.strip_prefix("/_fake/") {
        return json_response(200, &[], &remote::perform(&parts, verb, &body));
    }
    if let Some(session) = path.strip_prefix("/c/pay/") {
        return hosted::page(&parts, session, (head.method.as_str(), &body));
    }
    let asked = Asked { method: head.method.as_str(), path, query, headers: &head.headers, body };
    record(&parts, &asked);
    api(&parts, &line, &asked).await
}

/// A request to the API.
struct Asked<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    headers: &'a HeaderMap,
    body: String,
}

impl Asked<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The key, which means something for changes only.
    fn key(&self) -> Option<&str> {
        self.header("idempotency-key").filter(|_| self.method == "POST")
    }
}

fn record(parts: &Parts, asked: &Asked<'_>) {
    let header = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let target = if asked.query.is_empty() {
        asked.path.to_owned()
    } else {
        format!("{}?{}", asked.path, asked.query)
    };
    lock(&parts.recorded).push(Recorded {
        method: asked.method.to_owned(),
        target,
        headers: asked.headers.iter().map(header).collect(),
        body: asked.body.clone(),
    });
}

/// A request that may be carried out.
struct Ready<'a> {
    route: &'static Route,
    ids: Vec<&'a str>,
    form: Form,
}

async fn api(parts: &Parts, line: &Line, asked: &Asked<'_>) -> Response {
    let id = parts.world().id("req");
    let ready = match admit(asked) {
        Ok(ready) => ready,
        Err(error) => return refuse(&id, asked, &error),
    };
    let fault = lock(&parts.faults).take(ready.route.name);
    match fault {
        Some(Fault::RateLimited) => {
            let message = "Request rate limit exceeded.";
            let error = ApiError::other(429, "invalid_request_error", message);
            return refuse(&id, asked, &ApiError { code: Some("rate_limit"), ..error });
        }
        Some(Fault::Conflict) => {
            return refuse(&id, asked, &keys::in_use(asked.key().unwrap_or_default()));
        }
        Some(Fault::Dependency) => {
            let message = "A party that is needed for this did not answer.";
            return refuse(&id, asked, &ApiError::other(424, "api_error", message));
        }
        Some(Fault::ShouldRetry) => {
            let error = ApiError::other(500, "api_error", "Please try again.");
            let headers = [("stripe-should-retry", "true")];
            return respond(&id, asked, &headers, (error.status, &error.body()));
        }
        Some(Fault::ResetBefore) => {
            line.cut();
            return json_response(200, &[], &Value::Null);
        }
        Some(Fault::SilenceBefore) => return std::future::pending().await,
        _ => {}
    }
    keyed(parts, line, (asked, &id), (ready, fault)).await
}

/// Carries a request out, once for each key, and answers unless that goes wrong.
async fn keyed(
    parts: &Parts,
    line: &Line,
    (asked, id): (&Asked<'_>, &str),
    (ready, fault): (Ready<'_>, Option<Fault>),
) -> Response {
    let (kept, is_replay) = match perform(parts, (asked, id), &ready, fault).await {
        Ok(done) => done,
        Err(error) => return refuse(id, asked, &error),
    };
    let replayed = [("idempotent-replayed", "true"), ("original-request", &*kept.request)];
    let headers = if is_replay { &replayed[..] } else { &[] };
    match fault {
        Some(Fault::ResetAfter) => line.cut(),
        Some(Fault::SilenceAfter) => return std::future::pending().await,
        Some(Fault::Garbage) => return text_response(200, "text/html", "<p>Sorry".to_owned()),
        Some(Fault::CutOff) => return cut_off(&kept.body),
        _ => {}
    }
    respond(id, asked, headers, (kept.status, &kept.body))
}

/// The answer, and whether an earlier request with the same key had it first.
async fn perform(
    parts: &Parts,
    (asked, id): (&Asked<'_>, &str),
    ready: &Ready<'_>,
    fault: Option<Fault>,
) -> Result<(Kept, bool), ApiError> {
    if let Some(key) = asked.key() {
        let now = parts.world().now;
        let parameters = format!("{} {:?}", asked.path, ready.form);
        let begun = lock(&parts.keys).begin(key, (ready.route.name, &parameters), now)?;
        if let Some(kept) = begun {
            return Ok((kept, true));
        }
    }
    let result = execute(parts, asked, id, ready, fault);
    if let Some(Fault::Slow(time)) = fault {
        tokio::time::sleep(time).await;
    }
    let kept = result.map(|(status, body)| Kept { status, body, request: id.to_owned() });
    if let Some(key) = asked.key() {
        let mut keys = lock(&parts.keys);
        match &kept {
            Ok(kept) => keys.done(key, kept.clone()),
            Err(_) => keys.release(key),
        }
    }
    kept.map(|kept| (kept, false))
}

/// The answer of the endpoint, to be kept under the key; an error where none began to work.
fn execute(
    parts: &Parts,
    asked: &Asked<'_>,
    id: &str,
    ready: &Ready<'_>,
    fault: Option<Fault>,
) -> Result<(u16, Value), ApiError> {
    let fault_of_ours = ApiError::other(500, "api_error", "An unknown error occurred.");
    if fault == Some(Fault::ServerErrorBefore) {
        return Ok((500, fault_of_ours.body()));
    }
    let mut world = parts.world();
    world.request = Some((id.to_owned(), asked.key().map(str::to_owned)));
    let result = (ready.route.run)(&mut world, &ready.ids, &ready.form);
    world.request = None;
    let result = result.and_then(|mut body| {
        with_urls(&mut body, &parts.base_url());
        lists::expand(&world, &mut body, &ready.form).map(|()| body)
    });
    match result {
        Ok(_) if fault == Some(Fault::ServerErrorAfter) => Ok((500, fault_of_ours.body())),
        Ok(body) => Ok((200, body)),
        Err(error) if error.executed => Ok((error.status, error.body())),
        Err(error) => Err(error),
    }
}

/// An open session has the address of its page; the fake learns its own only when it serves.
fn with_urls(body: &mut Value, base: &str) {
    let is_list = body["object"] == "list";
    let items = body.get_mut("data").filter(|_| is_list).and_then(Value::as_array_mut);
    let objects = match items {
        Some(items) => items.iter_mut().collect(),
        None => vec![body],
    };
    for session in objects {
        if session["object"] == "checkout.session" && session["status"] == "open" {
            let id = session["id"].as_str().unwrap_or_default();
            session["url"] = json!(format!("{base}/c/pay/{id}"));
        }
    }
}

/// Key, version, address, form and parameters.
fn admit<'a>(asked: &Asked<'a>) -> Result<Ready<'a>, ApiError> {
    match asked.header("authorization").map(|value| value.strip_prefix("Bearer ")) {
        Some(Some(API_KEY)) => {}
        None => {
            let message = "You did not provide an API key.";
            return Err(ApiError::other(401, "invalid_request_error", message));
        }
        Some(_) => {
            let message = "Invalid API Key provided.";
            return Err(ApiError::other(401, "invalid_request_error", message));
        }
    }
    if asked.header("stripe-version") != Some(VERSION) {
        let message = format!("The fake speaks version {VERSION} of the API and must be told so.");
        return Err(ApiError::invalid(None, "", message));
    }
    let Some((route, ids)) = routes::find(asked.method, asked.path) else {
        let message = format!("Unrecognized request URL ({}: {}).", asked.method, asked.path);
        return Err(ApiError { status: 404, ..ApiError::invalid(None, "", message) });
    };
    let (said, silent) = match asked.method {
        "POST" => (&*asked.body, asked.query),
        _ => (asked.query, &*asked.body),
    };
    let kind = asked.header("content-type").unwrap_or_default();
    let is_form = kind.starts_with("application/x-www-form-urlencoded");
    if !silent.is_empty() || (asked.method == "POST" && !said.is_empty() && !is_form) {
        let message = "Invalid request (check that your POST content type is \
            application/x-www-form-urlencoded).";
        return Err(ApiError::invalid(None, "", message.to_owned()));
    }
    let form = Form::decode(said)?;
    parameters::check(route.name, route.plays, &form)?;
    Ok(Ready { route, ids, form })
}

fn refuse(id: &str, asked: &Asked<'_>, error: &ApiError) -> Response {
    respond(id, asked, &[], (error.status, &error.body()))
}

fn respond(
    id: &str,
    asked: &Asked<'_>,
    headers: &[(&str, &str)],
    (status, body): (u16, &Value),
) -> Response {
    let mut all = vec![("request-id", id), ("stripe-version", VERSION)];
    all.extend(asked.key().map(|key| ("idempotency-key", key)));
    all.extend_from_slice(headers);
    json_response(status, &all, body)
}

fn json_response(status: u16, headers: &[(&str, &str)], body: &Value) -> Response {
    let text = serde_json::to_string_pretty(body).expect("JSON can be written");
    let mut builder = Response::builder().status(status).header("content-type", "application/json");
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(Body::from(text)).expect("the headers are well formed")
}

pub(crate) fn text_response(status: u16, kind: &str, text: String) -> Response {
    let builder = Response::builder().status(status).header("content-type", kind);
    builder.body(Body::from(text)).expect("the headers are well formed")
}

/// Half of an answer that promises to be whole.
fn cut_off(body: &Value) -> Response {
    let text = body.to_string();
    let half = &text[..text.len() / 2];
    let builder = Response::builder().status(200).header("content-type", "application/json");
    builder.body(Body::from(half.to_owned())).expect("the headers are well formed")
}

/// A connection that can be cut from within an answer.
#[derive(Clone)]
struct Line {
    is_cut: Arc<AtomicBool>,
}

impl Line {
    /// The answer is not written; the peer sees a reset.
    fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
    }
}

impl Connected<IncomingStream<'_, Lines>> for Line {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        stream.io().line.clone()
    }
}

struct Lines(TcpListener);

impl Listener for Lines {
    type Io = Io;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        (Io { stream, line: Line { is_cut: Arc::default() } }, address)
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

struct Io {
    stream: TcpStream,
    line: Line,
}

impl Io {
    fn is_cut(&self) -> bool {
        self.line.is_cut.load(Ordering::SeqCst)
    }
}

impl Drop for Io {
    fn drop(&mut self) {
        if self.is_cut() {
            // Without lingering, closing sends a reset instead of a polite end.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Io {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        if self.is_cut() {
            return Poll::Ready(Err(Error::from(ErrorKind::ConnectionReset)));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
