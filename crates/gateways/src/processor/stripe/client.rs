//! Sends requests to Stripe and says of each answer what it means for what happened.

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Method, Response, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Limits, SetUpError};
use crate::processor::{Doubt, NotDone, ProcessorError, Refusal};
use crate::{Secret, tls};

/// The version of the API that the requests and the reading are written for.
pub const VERSION: &str = "2026-10-28.endive";

/// The greatest answer that is read: a page of a hundred expanded objects is far below.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Items of a page: the most that Stripe gives.
pub(super) const PAGE_ITEMS: &str = "100";

/// A connection to Stripe as one account.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    limits: Limits,
}

/// A request that can be sent again unchanged.
#[derive(Debug)]
pub(super) struct Call<'a> {
    method: Method,
    /// What is done, for the log: no ids.
    what: &'static str,
    path: Vec<&'a str>,
    fields: Vec<(&'static str, String)>,
    key: Option<String>,
}

impl<'a> Call<'a> {
    /// A question that changes nothing.
    pub(super) fn get(what: &'static str, path: &[&'a str]) -> Self {
        Self { method: Method::GET, what, path: path.to_vec(), fields: Vec::new(), key: None }
    }

    /// A request that changes something, which the state of that thing allows only once.
    pub(super) fn post(what: &'static str, path: &[&'a str]) -> Self {
        Self { method: Method::POST, ..Self::get(what, path) }
    }

    /// Makes it a request that does its work once for each key. Its answer is kept as well, also
    /// a fault of the server: what the state of a thing keeps from happening twice needs no key.
    pub(super) fn once(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    /// Adds a field.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// Adds a field when there is something to say.
    pub(super) fn with_some(self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    fn changes(&self) -> bool {
        self.method == Method::POST
    }
}

/// Why a single try gave nothing.
struct Failure {
    error: ProcessorError,
    /// Whether the protocol says that nothing was done and that the same may be sent again.
    may_retry: bool,
}

impl Failure {
    fn last(error: ProcessorError) -> Self {
        Self { error, may_retry: false }
    }

    fn retry(error: ProcessorError) -> Self {
        Self { error, may_retry: true }
    }
}

#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorFields,
}

/// The parts of an error that may be logged: Stripe's own words, never what it says to people.
#[derive(Debug, Default, Deserialize)]
struct ErrorFields {
    #[serde(default)]
    r#type: String,
    code: Option<String>,
    param: Option<String>,
}

impl Client {
    pub(super) fn new(base: &str, key: &Secret, limits: Limits) -> Result<Self, SetUpError> {
        let base = Url::parse(base).map_err(|_| SetUpError::BaseUrl)?;
        let is_local = matches!(base.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
        if !(base.scheme() == "https" || (base.scheme() == "http" && is_local)) {
            return Err(SetUpError::BaseUrl);
        }
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", key.expose()))
            .map_err(|_| SetUpError::Key)?;
        authorization.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, authorization);
        headers.insert("stripe-version", HeaderValue::from_static(VERSION));
        let config = tls::trusting(tls::public_authorities());
        let config = config.map_err(|error| SetUpError::Client(error.to_string()))?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .default_headers(headers)
            .user_agent(concat!("almoner/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(limits.connect)
            .timeout(limits.answer)
            .redirect(Policy::none())
            .build()
            .map_err(|error| SetUpError::Client(error.to_string()))?;
        Ok(Self { http, base, limits })
    }

    /// Sends a call, again where that is safe, and reads the answer.
    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        call: Call<'_>,
    ) -> Result<T, ProcessorError> {
        let mut pause = self.limits.pause;
        let mut tries_left = self.limits.tries.max(1) - 1;
        let mut doubt = None;
        loop {
            let failure = match self.try_once(&call).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            if let ProcessorError::Unknown(why) = failure.error {
                doubt = Some(why);
            }
            if !(failure.may_retry && tries_left > 0) {
                return Err(match (failure.error, doubt) {
                    // This try did nothing, but an earlier one may have.
                    (ProcessorError::NotDone(_), Some(why)) => ProcessorError::Unknown(why),
                    (error, _) => error,
                });
            }
            tries_left -= 1;
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2);
        }
    }

    async fn try_once<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, Failure> {
        let response = self.request(call).send().await.map_err(|error| {
            let failure = lost(&error, call.changes());
            tracing::warn!(call = call.what, error = %failure.error, "no answer from Stripe");
            failure
        })?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read(response).await.ok_or_else(|| unread(call.changes(), Doubt::NoAnswer))?;
        let id = request_id(&headers);
        if status.is_success() {
            if call.changes() {
                tracing::info!(call = call.what, request_id = id, "Stripe answered");
            } else {
                tracing::debug!(call = call.what, request_id = id, "Stripe answered");
            }
            return serde_json::from_slice(&body).map_err(|_| {
                tracing::error!(call = call.what, request_id = id, "cannot read Stripe's answer");
                unread(call.changes(), Doubt::Unreadable)
            });
        }
        let fields = serde_json::from_slice(&body).map(|body: ErrorBody| body.error);
        let fields = fields.unwrap_or_default();
        let (kind, code) = (&*fields.r#type, fields.code.as_deref().unwrap_or_default());
        let status_number = status.as_u16();
        tracing::warn!(
            call = call.what,
            status = status_number,
            request_id = id,
            kind,
            code,
            "Stripe refused"
        );
        Err(judge(status, &headers, &fields, call.changes()))
    }

    fn request(&self, call: &Call<'_>) -> reqwest::RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("v1").extend(&call.path);
        }
        if !call.changes() && !call.fields.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.fields);
        }
        let mut request = self.http.request(call.method.clone(), url);
        if call.changes() {
            request = request.form(&call.fields);
        }
        if let Some(key) = &call.key {
            request = request.header("idempotency-key", key);
        }
        request
    }
}

/// Reads the whole body; `None` when it breaks off or is beyond the limit.
async fn read(mut response: Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(part)) if body.len() + part.len() <= ANSWER_BYTES_MAX => {
                body.extend_from_slice(&part);
            }
            Ok(None) => return Some(body),
            Ok(Some(_)) | Err(_) => return None,
        }
    }
}

fn request_id(headers: &HeaderMap) -> &str {
    let value = headers.get("request-id").and_then(|value| value.to_str().ok());
    value.unwrap_or("none")
}

/// No answer: a connection that was never made carried nothing.
fn lost(error: &reqwest::Error, changes: bool) -> Failure {
    if error.is_connect() {
        return Failure::retry(ProcessorError::NotDone(NotDone::Unreachable));
    }
    unread(changes, Doubt::NoAnswer)
}

/// The request arrived, or may have: a question may be asked again, a change is in doubt.
fn unread(changes: bool, doubt: Doubt) -> Failure {
    Failure::last(match (changes, doubt) {
        (true, doubt) => ProcessorError::Unknown(doubt),
        (false, Doubt::Unreadable) => ProcessorError::NotDone(NotDone::Unreadable),
        (false, _) => ProcessorError::NotDone(NotDone::NoAnswer),
    })
}

/// What an answer other than success says about what happened.
fn judge(status: StatusCode, headers: &HeaderMap, fields: &ErrorFields, changes: bool) -> Failure {
    let mut failure = match status {
        StatusCode::CONFLICT => {
            let running = ProcessorError::Unknown(Doubt::StillRunning);
            let busy = ProcessorError::NotDone(NotDone::Busy);
            Failure::retry(if changes { running } else { busy })
        }
        StatusCode::TOO_MANY_REQUESTS => Failure::retry(ProcessorError::NotDone(NotDone::Busy)),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Failure::last(ProcessorError::NotDone(NotDone::Credentials))
        }
        _ if fields.r#type == "idempotency_error" => {
            Failure::last(ProcessorError::Unknown(Doubt::ReferenceReused))
        }
        // 424 is a fault of a party behind Stripe, which may have done its part.
        status if status.is_server_error() || status == StatusCode::FAILED_DEPENDENCY => {
            unread(changes, Doubt::ServerFault)
        }
        status if status.is_client_error() => {
            Failure::last(ProcessorError::Refused(refusal(status, fields)))
        }
        _ => unread(changes, Doubt::Unreadable),
    };
    match headers.get("stripe-should-retry").and_then(|value| value.to_str().ok()) {
        Some("true") => failure.may_retry = true,
        Some("false") => failure.may_retry = false,
        _ => {}
    }
    failure
}

fn refusal(status: StatusCode, fields: &ErrorFields) -> Refusal {
    match fields.code.as_deref() {
        Some("charge_already_refunded") => Refusal::TooMuch,
        Some("charge_disputed" | "refund_disputed_payment") => Refusal::Disputed,
        Some("amount_too_small") => Refusal::TooSmall,
        Some("amount_too_large") => Refusal::TooLarge,
        Some("resource_missing") => Refusal::NotFound,
        Some("payment_intent_unexpected_state" | "charge_already_captured") => Refusal::WrongState,
        Some(other) => Refusal::Other(other.to_owned()),
        None if status == StatusCode::NOT_FOUND => Refusal::NotFound,
        // These come without a code: a refund beyond what is left, and a page that was asked for
        // so late that its end is too near.
        None if fields.param.as_deref() == Some("amount") => Refusal::TooMuch,
        None if fields.param.as_deref() == Some("expires_at") => Refusal::TooLate,
        None => Refusal::Other(format!("http_{}", status.as_u16())),
    }
}
