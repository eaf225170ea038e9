//! A clearinghouse that answers over HTTP while one waits, as CAQH CORE's connectivity rule has
//! it, or with the bare X12.
//!
//! The question goes out once for each call: no redirect is followed and nothing is repeated, so
//! that the caller decides about asking again. `outcome` says what each answer means.

mod envelope;
mod outcome;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use almoner_domain::ambient::Clock;
use jiff::Timestamp;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, Response, Url};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

pub use self::envelope::Envelope;
use self::envelope::{Letter, Written};
use super::{Answer, Clearinghouse, ClearinghouseError, Delivery, Partners, Question, Reply};
use crate::{Secret, tls};

/// How long a connection may take to be made.
pub const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long the whole exchange may take: CORE gives payers 20 seconds for the answer, and the
/// way there and back needs some.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// The most bytes of an answer.
pub const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// How long to wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the connection.
    pub connect: Duration,
    /// For everything, the connection included.
    pub answer: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: CONNECT_WITHIN, answer: ANSWER_WITHIN }
    }
}

/// Where and how to ask.
#[derive(Clone)]
pub struct HttpSettings {
    /// The address: `https://`, or `http://` on this machine.
    pub url: String,
    /// How questions are wrapped.
    pub envelope: Envelope,
    /// Our name there.
    pub user: String,
    /// Our password there.
    pub password: Secret,
    /// The ids under which both know each other.
    pub partners: Partners,
    /// Certificates in PEM of authorities that are trusted besides the public ones.
    pub authorities: Option<Vec<u8>>,
    /// How long to wait.
    pub timeouts: Timeouts,
}

impl fmt::Debug for HttpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a key, so it is not shown either.
        f.debug_struct("HttpSettings").field("envelope", &self.envelope).finish_non_exhaustive()
    }
}

/// What is wrong with the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpFault {
    /// Not an address of the web.
    #[error("the address must begin with https:// and name a host")]
    NotAnAddress,
    /// Plain HTTP to another machine.
    #[error("the address would send patient data without TLS; use https://")]
    NotTls,
    /// The address holds what must not be shown.
    #[error("the address must not hold a user name, a password or a part after #")]
    AddressHoldsUser,
    /// No user name or no password.
    #[error("a user name and a password are needed")]
    NoUser,
    /// A value cannot be sent.
    #[error("the user name, the password and the ids must not hold control characters")]
    ControlCharacter,
    /// Basic authentication parts name and password by a colon.
    #[error("the user name must not hold a colon with the envelope plain")]
    ColonInUser,
    /// The certificates cannot be read.
    #[error("the file of authorities holds no certificate in PEM that can be read")]
    NoAuthority,
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls,
}

/// A clearinghouse over HTTP.
pub struct Http {
    client: Client,
    url: Url,
    settings: HttpSettings,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Http {
    /// Gets ready to ask; no connection is made yet.
    ///
    /// # Errors
    /// Says which setting cannot be used.
    pub fn new(settings: HttpSettings, clock: Arc<dyn Clock>) -> Result<Self, HttpFault> {
        let url = address(&settings.url)?;
        let password = settings.password.expose();
        if settings.user.is_empty() || password.is_empty() {
            return Err(HttpFault::NoUser);
        }
        let Partners { sender_id, receiver_id, .. } = &settings.partners;
        let values = [&*settings.user, password, sender_id, receiver_id];
        if values.iter().any(|value| value.chars().any(char::is_control)) {
            return Err(HttpFault::ControlCharacter);
        }
        if settings.envelope == Envelope::Plain && settings.user.contains(':') {
            return Err(HttpFault::ColonInUser);
        }
        let client = Client::builder()
            .tls_backend_preconfigured(config(settings.authorities.as_deref())?)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(settings.timeouts.connect)
            .timeout(settings.timeouts.answer)
            .user_agent(concat!("almoner/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| HttpFault::Tls)?;
        Ok(Self { client, url, settings, clock })
    }

    async fn exchange(&self, question: Question<'_>) -> Result<Reply, ClearinghouseError> {
        let HttpSettings { envelope, user, password, partners, .. } = &self.settings;
        let now = Timestamp::from_second(self.clock.now().as_second()).unwrap_or_default();
        let letter = Letter {
            user,
            password: password.expose(),
            partners,
            time_stamp: &now.to_string(),
            question,
        };
        let Written { content_type, body } = envelope::write(*envelope, &letter);
        let mut request = self.client.post(self.url.clone());
        request = request.header(CONTENT_TYPE, content_type).header(ACCEPT, "*/*").body(body);
        if *envelope == Envelope::Plain {
            request = request.basic_auth(user, Some(password.expose()));
        }
        let response = request.send().await.map_err(|error| outcome::of_error(&error))?;
        if !response.status().is_success() {
            return Err(outcome::of_status(response.status()));
        }
        outcome::of_body(read(response).await?)
    }
}

/// The body, as long as it is not too large.
async fn read(mut response: Response) -> Result<Vec<u8>, ClearinghouseError> {
    let announced = response.content_length().unwrap_or(0);
    if announced > MAX_ANSWER_BYTES as u64 {
        return Err(outcome::too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| outcome::of_error(&error))? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(outcome::too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The address, when a question may be sent there.
fn address(text: &str) -> Result<Url, HttpFault> {
    let url = Url::parse(text).map_err(|_| HttpFault::NotAnAddress)?;
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or(HttpFault::NotAnAddress)?;
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(HttpFault::AddressHoldsUser);
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_this_machine(host) => Ok(url),
        "http" => Err(HttpFault::NotTls),
        _ => Err(HttpFault::NotAnAddress),
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// TLS with the public authorities, and those that the settings add.
fn config(authorities: Option<&[u8]>) -> Result<ClientConfig, HttpFault> {
    let mut roots = tls::public_authorities();
    if let Some(pem) = authorities {
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| HttpFault::NoAuthority)?;
            roots.add(certificate).map_err(|_| HttpFault::NoAuthority)?;
        }
        if roots.len() == before {
            return Err(HttpFault::NoAuthority);
        }
    }
    tls::trusting(roots).map_err(|_| HttpFault::Tls)
}

impl Clearinghouse for Http {
    fn name(&self) -> &'static str {
        "http"
    }

    fn partners(&self) -> Partners {
        self.settings.partners.clone()
    }

    fn ask<'a>(&'a self, question: Question<'a>) -> Answer<'a, Reply> {
        Box::pin(self.exchange(question))
    }

    fn waiting(&self, _limit: usize) -> Answer<'_, Vec<Delivery>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn taken<'a>(&'a self, _name: &'a str) -> Answer<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}
