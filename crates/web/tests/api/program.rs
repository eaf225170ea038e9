//! Another program that asks with its key.

use almoner_app::Actor;
use almoner_app::api_keys::{KeyToken, NewKey, create_key};
use almoner_domain::scope::{Scope, Scopes};
use almoner_store::organizations::Organization;
use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::Value;

use crate::site::{Reply, Site};

/// The type of a body of X12.
pub(crate) const X12: &str = "application/edi-x12";
/// The type of a body of fields.
pub(crate) const JSON: &str = "application/json";
/// Where checks are handed in.
pub(crate) const CHECKS: &str = "/api/v1/eligibility-checks";
/// Where estimates are asked for.
pub(crate) const ESTIMATES: &str = "/api/v1/estimates";

/// Where links are sent by e-mail.
pub(crate) const SEND_LINKS: &str = "/api/v1/payment-links/send";

/// All scopes there are, without one.
pub(crate) fn all_but(left_out: &str) -> String {
    let names = Scope::ALL.iter().map(|scope| scope.as_str());
    names.filter(|name| *name != left_out).collect::<Vec<_>>().join(",")
}

/// A program.
#[derive(Clone)]
pub(crate) struct Program<'a> {
    site: &'a Site,
    pub(crate) key: String,
    headers: Vec<(&'static str, String)>,
}

/// Makes a key at a clinic.
pub(crate) async fn make_key(site: &Site, at: &Organization, scopes: &str) -> KeyToken {
    let scopes = Scopes::parse(scopes).expect("the tests name scopes that are there");
    let key = NewKey { name: "Sample".to_owned(), scopes, life_days: Some(30) };
    create_key(&site.app, &Actor::system(at.clone()), key).await.unwrap()
}

impl<'a> Program<'a> {
    /// A program with a key of the first clinic.
    pub(crate) async fn new(site: &'a Site, scopes: &str) -> Self {
        Self::at(site, &site.clinic, scopes).await
    }

    /// A program with a key of that clinic.
    pub(crate) async fn at(site: &'a Site, clinic: &Organization, scopes: &str) -> Self {
        Self::with_key(site, make_key(site, clinic, scopes).await.reveal())
    }

    /// A program that shows that key.
    pub(crate) fn with_key(site: &'a Site, key: String) -> Self {
        Self { site, key, headers: Vec::new() }
    }

    /// The same program, which sends one more header.
    pub(crate) fn with(&self, name: &'static str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.push((name, value.to_owned()));
        other
    }

    /// The same program, which names its request.
    pub(crate) fn once(&self, idempotency_key: &str) -> Self {
        self.with("idempotency-key", idempotency_key)
    }

    fn request(&self, method: Method, path: &str, kind: &str, body: Vec<u8>) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(path);
        if !self.key.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.key));
        }
        if !kind.is_empty() {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request.body(Body::from(body)).expect("the request is well formed")
    }

    /// Asks for anything.
    pub(crate) async fn ask(&self, method: Method, path: &str, kind: &str, body: &[u8]) -> Reply {
        self.site.send(self.request(method, path, kind, body.to_vec())).await
    }

    /// Asks with a body of fields for what may fail by a fault of ours that the test made.
    pub(crate) async fn try_post(&self, path: &str, body: &str) -> Reply {
        let request = self.request(Method::POST, path, JSON, body.as_bytes().to_vec());
        self.site.try_send(request).await
    }

    /// Sends a body that may be refused by a fault of ours that the test made.
    pub(crate) async fn try_ask(&self, path: &str, kind: &str, body: &[u8]) -> Reply {
        self.site.try_send(self.request(Method::POST, path, kind, body.to_vec())).await
    }

    /// Reads something.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask(Method::GET, path, "", b"").await
    }

    /// Sends a body of fields.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Reply {
        self.ask(Method::POST, path, JSON, body.as_bytes()).await
    }

    /// Sends what is to change of something.
    pub(crate) async fn patch(&self, path: &str, body: &str) -> Reply {
        self.ask(Method::PATCH, path, JSON, body.as_bytes()).await
    }

    /// Asks for something to be ended.
    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.ask(Method::DELETE, path, "", b"").await
    }

    /// Hands checks in.
    pub(crate) async fn hand_in(&self, body: &[u8]) -> Reply {
        self.ask(Method::POST, CHECKS, X12, body).await
    }
}

impl Reply {
    /// The answer's value, when it has that status and is JSON.
    pub(crate) fn value(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), JSON, "{}", self.text());
        serde_json::from_slice(&self.body).expect("the answer is JSON")
    }

    /// The problem, when it is one with that status and code and keeps what problems keep.
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text());
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(self.header("x-request-id").len(), 16);
        let problem: Value = serde_json::from_slice(&self.body).expect("a problem is JSON");
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["type"], format!("/api/docs#{code}"), "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{problem}");
        assert!(problem["title"].is_string() && problem["errors"].is_array(), "{problem}");
        problem
    }

    /// The fields of a problem that are at fault, each with its code.
    pub(crate) fn faults(&self) -> Vec<String> {
        let problem = self.problem(422, "invalid");
        let faults = problem["errors"].as_array().expect("it names fields");
        let fault = |fault: &Value| {
            assert!(fault["message"].as_str().is_some_and(|message| !message.is_empty()));
            let text = |name: &str| fault[name].as_str().expect("it is a text").to_owned();
            format!("{} {}", text("field"), text("code"))
        };
        faults.iter().map(fault).collect()
    }
}
