//! What a program is told when its request was not carried out: a problem (RFC 9457) with a
//! stable code.

use almoner_app::Error;
use almoner_app::permission::{self, Action};
use almoner_app::receive_file::NotReceived;
use almoner_domain::refund::RefundRefusal;
use almoner_domain::{FieldError, Invalid, PatientId};
use almoner_gateways::files::FilesError;
use almoner_store::StoreError;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The type of a problem's body.
pub(crate) const CONTENT_TYPE: &str = "application/problem+json";

/// What a handler gives.
pub(crate) type Answer = Result<Response, Problem>;

macro_rules! codes {
    ($($name:ident $text:literal $status:ident $meaning:literal;)+) => {
        /// What kind of failure it is. The names are stable; to add one, add its line.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Code { $(#[doc = $meaning] $name,)+ }

        impl Code {
            /// Every code, in the order of the statuses.
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)+];

            /// The stable name.
            pub(crate) fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The status that it comes with.
            pub(crate) fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)+ }
            }

            /// What it means.
            pub(crate) fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)+ }
            }
        }
    };
}

codes! {
    MalformedRequest "malformed_request" BAD_REQUEST
        "The request cannot be read, or was cut off.";
    MalformedJson "malformed_json" BAD_REQUEST "The body is not JSON.";
    Unauthenticated "unauthenticated" UNAUTHORIZED "The request carries no key.";
    InvalidKey "invalid_key" UNAUTHORIZED "There is no such key.";
    ExpiredKey "expired_key" UNAUTHORIZED "The key has ended.";
    RevokedKey "revoked_key" UNAUTHORIZED "The key was revoked.";
    InsufficientScope "insufficient_scope" FORBIDDEN "The key is not for this.";
    NotFound "not_found" NOT_FOUND "There is no such thing, or no such call.";
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED
        "The address is there, but not for this method.";
    RequestInProgress "request_in_progress" CONFLICT
        "The same request is still under way; ask again in a moment.";
    AnswerNotKept "answer_not_kept" CONFLICT
        "The same request was carried out, and its answer, too large or secret, is not kept.";
    TransitionNotAllowed "transition_not_allowed" CONFLICT "The status cannot change so.";
    PaymentLocked "payment_locked" CONFLICT "The payment can no longer be edited.";
    NotRefundable "not_refundable" CONFLICT "Nothing of the payment can be refunded.";
    Disputed "disputed" CONFLICT "The payment is disputed at the bank, which decides first.";
    RemainingChanged "remaining_changed" CONFLICT "The remaining amount is another by now.";
    RefundExceedsRemaining "refund_exceeds_remaining" CONFLICT
        "More would be refunded than remains.";
    NotReversible "not_reversible" CONFLICT "The tender cannot be taken back.";
    PossibleDuplicate "possible_duplicate" CONFLICT
        "There are records that may be the same person's.";
    Stale "stale" PRECONDITION_FAILED "It was changed meanwhile.";
    PayloadTooLarge "payload_too_large" PAYLOAD_TOO_LARGE "The body is too large.";
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE
        "The body is not of the type that the call takes.";
    RangeNotSatisfiable "range_not_satisfiable" RANGE_NOT_SATISFIABLE
        "The document has no such part; Content-Range says how long it is.";
    Invalid "invalid" UNPROCESSABLE_ENTITY "Some fields need attention; `errors` names them all.";
    UnreadableAnswer "unreadable_answer" UNPROCESSABLE_ENTITY
        "No eligibility answer (271) could be read from the body.";
    IdempotencyKeyReused "idempotency_key_reused" UNPROCESSABLE_ENTITY
        "The idempotency key was used for another request.";
    TooManyRequests "too_many_requests" TOO_MANY_REQUESTS
        "The key asks too often; wait as long as Retry-After says.";
    Internal "internal" INTERNAL_SERVER_ERROR "Something went wrong on our side.";
    Unavailable "unavailable" SERVICE_UNAVAILABLE
        "The request could not be carried out now; send it again.";
}

/// A failure on its way to the program that asked.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    code: Code,
    detail: Box<str>,
    errors: Vec<FieldError>,
    more: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<Box<str>>,
}

/// A failure. Every one has `code`, which programs may rely on, and `detail` for people.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemAnswer {
    /// Where the code is explained.
    #[serde(rename = "type")]
    kind: String,
    /// What the code means.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// The stable name of what went wrong.
    code: &'static str,
    /// What went wrong this time, and the way out.
    detail: String,
    /// Every field that needs attention; empty when none is to blame.
    errors: Vec<FieldProblem>,
    /// What to tell the administrator, when it was our fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// What else belongs to the code, such as `remaining_cents`.
    #[serde(flatten)]
    #[schema(ignore)]
    more: Map<String, Value>,
}

/// A field that needs attention.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FieldProblem {
    /// The field, such as `charge_cents` or `choices.rule`.
    field: String,
    /// The stable name of what is wrong with it.
    code: String,
    /// What is wrong and the way out, for a person.
    message: String,
}

impl From<FieldError> for FieldProblem {
    fn from(fault: FieldError) -> Self {
        Self { field: fault.field, code: fault.code, message: fault.message }
    }
}

impl Problem {
    /// A failure of that kind, in words.
    pub(crate) fn new(code: Code, detail: impl Into<Box<str>>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            more: Map::new(),
            headers: Vec::new(),
            cause: None,
        }
    }

    /// A failure of which the status is all that is known.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let code = match status {
            StatusCode::NOT_FOUND => Code::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Code::PayloadTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
            StatusCode::SERVICE_UNAVAILABLE => return Self::unavailable(),
            status if status.is_client_error() => Code::MalformedRequest,
            _ => return Self::internal(),
        };
        Self::new(code, code.meaning())
    }

    /// Our own fault.
    pub(crate) fn internal() -> Self {
        let detail = "Something went wrong on our side. Send the request again; when it fails \
            again, tell your administrator the request_id.";
        Self::new(Code::Internal, detail)
    }

    /// It may go through later.
    pub(crate) fn unavailable() -> Self {
        let detail = "The request could not be carried out now. Send it again in a few seconds.";
        Self::new(Code::Unavailable, detail)
            .with_header(header::RETRY_AFTER, HeaderValue::from_static("5"))
    }

    /// A single field to blame.
    pub(crate) fn field(name: &str, code: &str, message: impl Into<String>) -> Self {
        Invalid::one(name, code, message).into()
    }

    /// With a header.
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// With something else that belongs to the code.
    fn with(mut self, name: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).expect("it is plain values");
        self.more.insert(name.to_owned(), value);
        self
    }

    /// What kind of failure it is, and what went wrong this time.
    pub(crate) fn told(&self) -> (Code, &str) {
        (self.code, &self.detail)
    }

    /// Why it failed, for the log; never for the program that asked.
    pub(crate) fn cause(&self) -> &str {
        self.cause.as_deref().unwrap_or("the request was given up or panicked")
    }

    /// The response, with the request's number when it is told.
    pub(crate) fn response(&self, request_id: Option<&str>) -> Response {
        let status = self.code.status();
        let body = ProblemAnswer {
            kind: format!("/api/docs#{}", self.code.as_str()),
            title: self.code.meaning(),
            status: status.as_u16(),
            code: self.code.as_str(),
            detail: self.detail.to_string(),
            errors: self.errors.iter().cloned().map(FieldProblem::from).collect(),
            request_id: request_id.map(str::to_owned),
            more: self.more.clone(),
        };
        let mut response = super::json(status, &body);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.response(None);
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Invalid> for Problem {
    fn from(faults: Invalid) -> Self {
        let messages: Vec<&str> = faults.0.iter().map(|fault| &*fault.message).collect();
        let detail = messages.join(" ");
        Self { errors: faults.0, ..Self::new(Code::Invalid, detail) }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let told = |code| Self::new(code, error.to_string());
        match &error {
            Error::Invalid(faults) => faults.clone().into(),
            Error::NotFound(what) => {
                Self::new(Code::NotFound, format!("There is no such {what} at this clinic."))
            }
            Error::Forbidden(action) => insufficient_scope(*action),
            Error::Stale { current } => told(Code::Stale).with("version", current),
            Error::Status { allowed, .. } => {
                told(Code::TransitionNotAllowed).with("allowed_transitions", allowed)
            }
            Error::Locked(status) => told(Code::PaymentLocked).with("payment_status", status),
            Error::Refund(refusal) => match refusal {
                RefundRefusal::NotRefundable => told(Code::NotRefundable),
                RefundRefusal::Disputed => told(Code::Disputed),
                RefundRefusal::RemainingChanged { remaining } => {
                    told(Code::RemainingChanged).with("remaining_cents", remaining)
                }
                RefundRefusal::ExceedsRemaining { remaining } => {
                    told(Code::RefundExceedsRemaining).with("remaining_cents", remaining)
                }
                RefundRefusal::NotPositive => {
                    Self::field("amount_cents", "out_of_range", refusal.to_string())
                }
            },
            Error::Reversal(_) => told(Code::NotReversible),
            Error::Alike(found) => {
                let ids: Vec<PatientId> = found.iter().map(|one| one.0).collect();
                told(Code::PossibleDuplicate).with("patients", ids)
            }
            Error::KeyReused => told(Code::IdempotencyKeyReused),
            Error::SignIn => told(Code::InvalidKey),
            Error::Busy
            | Error::Processor(_)
            | Error::Files(FilesError::Unreachable(_) | FilesError::Unread(_))
            | Error::Store(StoreError::Unavailable(_)) => {
                Self { cause: Some(crate::failure::chain(&error).into()), ..Self::unavailable() }
            }
            Error::Store(_) | Error::Files(_) | Error::Unwritten(_) => {
                Self { cause: Some(crate::failure::chain(&error).into()), ..Self::internal() }
            }
        }
    }
}

impl From<NotReceived> for Problem {
    fn from(error: NotReceived) -> Self {
        match error {
            NotReceived::TooLarge(_) => {
                Self::new(Code::PayloadTooLarge, Code::PayloadTooLarge.meaning())
            }
            // Ours: there was no room to hold the body while it is read.
            NotReceived::Unheld(_) => {
                Self { cause: Some(crate::failure::chain(&error).into()), ..Self::unavailable() }
            }
        }
    }
}

/// The key is not for it. RFC 6750 has a header that says what it would have to be for.
fn insufficient_scope(action: Action) -> Problem {
    let may = action.label();
    let Some(scope) = permission::scope_for(action) else {
        return Problem::new(Code::InsufficientScope, format!("No key is for this: {may}."));
    };
    let scope = scope.as_str();
    let detail = format!("This key lacks the scope {scope}, which is needed to {may}.");
    let challenge =
        format!("Bearer realm=\"almoner\", error=\"insufficient_scope\", scope=\"{scope}\"");
    let challenge = HeaderValue::from_str(&challenge).expect("scopes are plain letters");
    Problem::new(Code::InsufficientScope, detail).with_header(header::WWW_AUTHENTICATE, challenge)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use almoner_domain::Money;
    use almoner_domain::refund::RefundRefusal;
    use almoner_domain::status::Status;

    use super::*;

    fn body(problem: &Problem) -> Value {
        let response = problem.response(Some("0a1b"));
        let bytes = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime starts")
            .block_on(axum::body::to_bytes(response.into_body(), 10_000))
            .expect("the body is whole");
        serde_json::from_slice(&bytes).expect("it is JSON")
    }

    #[test]
    fn codes_are_told_apart_and_explained() {
        let names: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| code.meaning().ends_with('.')));
        assert!(Code::ALL.is_sorted_by_key(|code| code.status().as_u16()));
    }

    #[test]
    fn the_documentation_lists_every_code_and_no_other() {
        let listed: Vec<String> = include_str!("../../../../docs/api.md")
            .lines()
            .filter(|line| line.starts_with("| 4") || line.starts_with("| 5"))
            .map(|line| line.split('|').take(3).collect::<Vec<_>>().join("|"))
            .collect();
        let code = |code: &Code| format!("| {} | `{}` ", code.status().as_u16(), code.as_str());
        assert_eq!(listed, Code::ALL.iter().map(code).collect::<Vec<_>>());
    }

    #[test]
    fn a_refusal_says_what_programs_need_to_go_on() {
        let remaining = Money::from_cents(2_500);
        let refused = Error::Refund(RefundRefusal::ExceedsRemaining { remaining });
        let told = body(&refused.into());
        assert_eq!(told["code"], "refund_exceeds_remaining");
        assert_eq!((&told["status"], &told["remaining_cents"]), (&409.into(), &2_500.into()));
        let locked = body(&Error::Locked(Status::Paid).into());
        assert_eq!((&locked["status"], &locked["payment_status"]), (&409.into(), &"paid".into()));
        let stale = body(&Error::Stale { current: 7 }.into());
        assert_eq!((&stale["status"], &stale["version"]), (&412.into(), &7.into()));
    }

    #[test]
    fn a_body_that_we_cannot_hold_is_our_own_fault() {
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let unheld = Problem::from(NotReceived::from(full));
        assert_eq!(body(&unheld)["code"], "unavailable");
        assert!(!unheld.cause().is_empty(), "the log says why");
        let large = Problem::from(NotReceived::TooLarge(1));
        assert_eq!(body(&large)["code"], "payload_too_large");
    }

    #[test]
    fn our_own_faults_tell_a_number_and_not_the_cause() {
        let broken: Problem = Error::Store(StoreError::Corrupt("answer".to_owned())).into();
        assert!(broken.cause().contains("answer"));
        let told = body(&broken);
        assert_eq!((&told["code"], &told["request_id"]), (&"internal".into(), &"0a1b".into()));
        assert!(!told.to_string().contains("answer is not"), "{told}");
        assert_eq!(told["errors"], Value::Array(Vec::new()));
    }
}
