//! Who asks: another program, by the key that it shows. Cookies are never looked at here, so no
//! page of another site can ask in somebody's name.

use almoner_app::Actor;
use almoner_app::api_keys::KeyToken;
use almoner_app::audit_reads::Seen;
use almoner_app::authenticate_key::{KeyCheck, authenticate_key};
use almoner_domain::{CheckId, ImportId, KeyId, PatientId, PaymentId, TreatmentId};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::HeaderMap;
use axum::http::header::{self, HeaderValue};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::problem::{Code, Problem};
use crate::freshness;
use crate::security::{self, Connection};
use crate::session;
use crate::state::Web;

/// The program that asks.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Who it is to the use cases.
    pub(crate) actor: Actor,
    /// Its key.
    pub(crate) key: KeyId,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // The layer around the calls has let nobody else through.
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::internal)
    }
}

/// A thing of a patient's that an answer shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Thing {
    /// What is known of a patient.
    Patient(PatientId),
    /// An eligibility check.
    EligibilityCheck(CheckId),
    /// A treatment.
    Treatment(TreatmentId),
    /// A page of the patients.
    PatientList(Vec<PatientId>),
    /// A page of the treatments.
    TreatmentList(Vec<TreatmentId>),
    /// The faulty rows of an import.
    Import(ImportId),
    /// A page of the payments.
    PaymentList(Vec<PaymentId>),
    /// A payment, or what is attached to it.
    Payment(PaymentId),
    /// A document of a payment.
    Document(PaymentId, i64),
}

/// All that an answer shows, for the audit log.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Shown(pub(super) Vec<Thing>);

impl Thing {
    /// The row of the audit log: one, also for a page of a list, which names all that it shows.
    fn seen(self, actor: Actor, from: String, at: Timestamp) -> Seen {
        let (subject, subject_seq) = match &self {
            Self::Patient(id) => ("patient", id.seq()),
            Self::Treatment(id) => ("treatment", id.seq()),
            Self::EligibilityCheck(id) => ("eligibility_check", id.seq()),
            Self::Import(id) => ("import", id.seq()),
            Self::PatientList(_) => ("patients", 0),
            Self::TreatmentList(_) => ("treatments", 0),
            Self::PaymentList(_) => ("payments", 0),
            Self::Payment(id) | Self::Document(id, _) => ("payment", id.seq()),
        };
        let document = if let Self::Document(_, number) = self { Some(number) } else { None };
        let listed = match &self {
            Self::PatientList(ids) => session::told(ids),
            Self::TreatmentList(ids) => session::told(ids),
            Self::PaymentList(ids) => session::told(ids),
            _ => Vec::new(),
        };
        Seen { actor, subject, subject_seq, document, listed, from, at }
    }
}

/// A response that shows these things.
pub(crate) fn showing(things: Vec<Thing>, mut response: Response) -> Response {
    response.extensions_mut().insert(Shown(things));
    response
}

/// Lets only programs with a good key through, at their pace, and records what they are shown.
pub(crate) async fn known(State(web): State<Web>, request: Request, next: Next) -> Response {
    let caller = match caller(&web, request.headers()).await {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    let standing = web.pace.count((caller.actor.org(), caller.key));
    let connection = request.extensions().get::<Connection>();
    let from = connection.map_or_else(
        || "unknown".to_owned(),
        |connection| security::client(&web, connection.0, request.headers()),
    );
    let mut response = if standing.is_refused() {
        Problem::new(Code::TooManyRequests, Code::TooManyRequests.meaning()).into_response()
    } else {
        let at_replica = freshness::call_position(&web, &request).map(|position| {
            let actor = caller.actor.clone().seeing(position);
            Caller { actor, key: caller.key }
        });
        freshness::answered(request, next, (caller.clone(), at_replica)).await
    };
    standing.tell(response.headers_mut());
    if let Some(Shown(things)) = response.extensions_mut().remove::<Shown>() {
        for thing in things {
            let seen = thing.seen(caller.actor.clone(), from.clone(), web.app.now());
            web.reads.seen(seen).await;
        }
    }
    response
}

/// The token of a bearer request; RFC 6750 and 9110 let the scheme be written in any case.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(header::AUTHORIZATION).into_iter();
    let (scheme, token) = given.next()?.to_str().ok()?.split_once(' ')?;
    let is_one = given.next().is_none() && scheme.eq_ignore_ascii_case("bearer");
    is_one.then_some(token.trim())
}

async fn caller(web: &Web, headers: &HeaderMap) -> Result<Caller, Problem> {
    let Some(token) = bearer(headers) else {
        let detail = "Send a key as `Authorization: Bearer alm_…`. `almoner key create` makes one.";
        return Err(challenged(Code::Unauthenticated, detail, None));
    };
    let invalid = |code: Code| challenged(code, code.meaning(), Some("invalid_token"));
    let token = KeyToken::parse(token).ok_or_else(|| invalid(Code::InvalidKey))?;
    let actor = match authenticate_key(&web.app, &token).await? {
        KeyCheck::Good(actor) => *actor,
        KeyCheck::Unknown => return Err(invalid(Code::InvalidKey)),
        KeyCheck::Expired => return Err(invalid(Code::ExpiredKey)),
        KeyCheck::Revoked => return Err(invalid(Code::RevokedKey)),
    };
    Ok(Caller { actor, key: token.id() })
}

/// A refusal that says how to ask (RFC 6750).
fn challenged(code: Code, detail: &str, error: Option<&str>) -> Problem {
    let error = error.map_or_else(String::new, |error| format!(", error=\"{error}\""));
    let value = HeaderValue::from_str(&format!("Bearer realm=\"almoner\"{error}"));
    let value = value.expect("the challenge is plain letters");
    Problem::new(code, detail).with_header(header::WWW_AUTHENTICATE, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(values: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, HeaderValue::from_static(value));
        }
        bearer(&headers).map(str::to_owned)
    }

    #[test]
    fn a_bearer_request_carries_one_token() {
        assert_eq!(token(&["Bearer abc"]), Some("abc".to_owned()));
        assert_eq!(token(&["bEARER  abc "]), Some("abc".to_owned()));
        for other in [&[][..], &["abc"], &["Basic abc"], &["Bearer"], &["Bearer a", "Bearer b"]] {
            assert_eq!(token(other), None, "{other:?}");
        }
    }
}
