//! Events over HTTP.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Url};
use rustls::ClientConfig;

use super::sign::{self, ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER};
use super::{AddressFault, Message, NotTaken, Telling, Webhooks, is_public};
use crate::tls;

/// How long a name may take to be looked up.
const LOOK_UP_WITHIN: Duration = Duration::from_secs(5);
/// The longest address of an endpoint, in bytes.
const MAX_URL_BYTES: usize = 2_000;

/// How long to wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the connection.
    pub connect: Duration,
    /// For everything after the name was looked up.
    pub answer: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), answer: Duration::from_secs(15) }
    }
}

/// Who knows the addresses of names.
pub trait Names: Send + Sync {
    /// All addresses of a host, none when it has none.
    fn addresses<'a>(
        &'a self,
        host: &'a str,
        port: u16,
    ) -> Telling<'a, io::Result<Vec<SocketAddr>>>;
}

/// The machine's own way to look names up.
#[derive(Debug, Clone, Copy)]
pub struct SystemNames;

impl Names for SystemNames {
    fn addresses<'a>(
        &'a self,
        host: &'a str,
        port: u16,
    ) -> Telling<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }
}

/// Sends events over HTTP.
pub struct HttpWebhooks {
    tls: ClientConfig,
    names: Arc<dyn Names>,
    allow_private: bool,
    timeouts: Timeouts,
}

impl fmt::Debug for HttpWebhooks {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = out.debug_struct("HttpWebhooks");
        shown.field("allow_private", &self.allow_private).finish_non_exhaustive()
    }
}

/// An address that was looked at, and where connections to it go.
struct Target {
    url: Url,
    host: String,
    /// None when the host is an address itself.
    addresses: Vec<SocketAddr>,
}

impl HttpWebhooks {
    /// A way to public addresses over TLS; to private ones too, and without TLS, when
    /// `allow_private`.
    ///
    /// # Panics
    /// Never: TLS by ring has the usual versions.
    pub fn new(allow_private: bool) -> Self {
        Self::with(allow_private, Arc::new(SystemNames), Timeouts::default())
    }

    /// The same with another way to look names up and other waits.
    ///
    /// # Panics
    /// Never: TLS by ring has the usual versions.
    pub fn with(allow_private: bool, names: Arc<dyn Names>, timeouts: Timeouts) -> Self {
        let tls = tls::trusting(tls::public_authorities()).expect("ring has the usual versions");
        Self { tls, names, allow_private, timeouts }
    }

    /// Looks at an address and everything that its name stands for.
    async fn target(&self, text: &str) -> Result<Target, AddressFault> {
        let url = self.url(text)?;
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or(AddressFault::NotAnAddress)?.to_owned();
        let port = url.port_or_known_default().ok_or(AddressFault::NotAnAddress)?;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse::<IpAddr>() {
            self.admit(address)?;
            return Ok(Target { url, host, addresses: Vec::new() });
        }
        let looking = tokio::time::timeout(LOOK_UP_WITHIN, self.names.addresses(&host, port));
        let found = looking.await.ok().and_then(Result::ok).unwrap_or_default();
        if found.is_empty() {
            return Err(AddressFault::UnknownHost);
        }
        // One that is refused is enough: who mixes them has something in mind.
        for address in &found {
            self.admit(address.ip())?;
        }
        Ok(Target { url, host, addresses: found })
    }

    fn url(&self, text: &str) -> Result<Url, AddressFault> {
        let is_short = text.len() <= MAX_URL_BYTES;
        let url = Url::parse(text).ok().filter(|_| is_short);
        let url = url.ok_or(AddressFault::NotAnAddress)?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(AddressFault::HoldsUser);
        }
        match url.scheme() {
            "https" => Ok(url),
            "http" if self.allow_private => Ok(url),
            "http" => Err(AddressFault::NotTls),
            _ => Err(AddressFault::NotAnAddress),
        }
    }

    fn admit(&self, address: IpAddr) -> Result<(), AddressFault> {
        let is_admitted = self.allow_private || is_public(address);
        if is_admitted { Ok(()) } else { Err(AddressFault::Private) }
    }

    /// A client for one delivery, which connects to what was looked at and to nothing else.
    fn client(&self, target: &Target) -> Result<Client, NotTaken> {
        let client = Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .connect_timeout(self.timeouts.connect)
            .timeout(self.timeouts.answer)
            .user_agent(concat!("almoner/", env!("CARGO_PKG_VERSION")))
            .resolve_to_addrs(&target.host, &target.addresses);
        client.build().map_err(|_| NotTaken::NoConnection)
    }

    async fn deliver(&self, message: Message<'_>) -> Result<u16, NotTaken> {
        let target = self.target(message.url).await.map_err(NotTaken::Address)?;
        let client = self.client(&target)?;
        let seconds = message.at.as_second();
        let signatures = sign::signatures(message.secrets, message.id, seconds, message.body);
        let request = client
            .post(target.url)
            .header(CONTENT_TYPE, "application/json")
            .header(ID_HEADER, message.id)
            .header(TIMESTAMP_HEADER, seconds)
            .header(SIGNATURE_HEADER, signatures)
            .body(message.body.to_owned());
        let response = request.send().await.map_err(|error| not_taken(&error))?;
        let status = response.status();
        if status.is_success() {
            Ok(status.as_u16())
        } else {
            Err(NotTaken::Status(status.as_u16()))
        }
    }
}

fn not_taken(error: &reqwest::Error) -> NotTaken {
    if error.is_timeout() {
        NotTaken::TooSlow
    } else if error.is_connect() {
        NotTaken::NoConnection
    } else {
        NotTaken::Broke
    }
}

impl Webhooks for HttpWebhooks {
    fn check<'a>(&'a self, url: &'a str) -> Telling<'a, Result<(), AddressFault>> {
        Box::pin(async move { self.target(url).await.map(drop) })
    }

    fn send<'a>(&'a self, message: Message<'a>) -> Telling<'a, Result<u16, NotTaken>> {
        Box::pin(self.deliver(message))
    }
}
