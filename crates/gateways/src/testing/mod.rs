//! A payer to talk to over HTTP on this machine, in all its moods, and a store of documents that is
//! watched. For tests alone.
//!
//! It speaks HTTP/1.1 by itself, since a server's library would not break off in the middle of an
//! answer. What it answers comes from the sandbox, so that every question gets its own answer.

mod letter;
mod watched;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

pub use self::letter::Received;
pub use self::watched::{Fault, Watched};
use crate::Secret;
use crate::clearinghouse::Partners;
use crate::clearinghouse::http::{Envelope, HttpSettings, MAX_ANSWER_BYTES, Timeouts};
use crate::clearinghouse::sandbox::{Asked, Story, answer};

/// The user that the payer knows.
pub const USER: &str = "sample-desk";
/// That user's password.
pub const PASSWORD: &str = "SAMPLE-password-77";
/// Both, as basic authentication writes them.
pub(crate) const BASIC: &str = "Basic c2FtcGxlLWRlc2s6U0FNUExFLXBhc3N3b3JkLTc3";
/// The most bytes of a request.
const MAX_REQUEST_BYTES: usize = 1024 * 1024;

/// How the payer behaves to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Answers as the sandbox does, in the question's envelope.
    Answer,
    /// Rejects with an AAA of this reason.
    Reject(&'static str),
    /// Answers the envelope with this error code and no X12.
    EnvelopeError(&'static str),
    /// Answers with this status and a short text.
    Status(u16),
    /// Points to another address, which would answer.
    Redirect,
    /// Answers with bytes that mean nothing.
    Garbage,
    /// Answers with a page for people and the status 200.
    HtmlPage,
    /// Answers with nothing and the status 200.
    Empty,
    /// Announces more than is allowed.
    TooLarge,
    /// Sends more than is allowed without announcing it.
    EndlessAnswer,
    /// Reads the question and never answers.
    Silent,
    /// Begins to answer and never ends.
    Stall,
    /// Reads the question and closes the connection.
    HangUp,
    /// Closes the connection in the middle of the answer.
    BreakOff,
}

#[derive(Debug)]
struct Shared {
    behaviour: Mutex<Behaviour>,
    received: Mutex<Vec<Received>>,
}

/// A running payer; it ends when it is dropped.
#[derive(Debug)]
pub struct Payer {
    address: SocketAddr,
    has_tls: bool,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

impl Payer {
    /// Starts one on a free port of this machine.
    pub async fn start() -> Self {
        Self::listen(None).await
    }

    /// Starts one that speaks TLS with this certificate and key.
    ///
    /// # Panics
    /// When the key does not belong to the certificate.
    pub async fn start_with_tls(
        certificate: CertificateDer<'static>,
        key: PrivateKeyDer<'static>,
    ) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring has the usual versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .expect("the key belongs to the certificate");
        Self::listen(Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn listen(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let shared = Arc::new(Shared {
            behaviour: Mutex::new(Behaviour::Answer),
            received: Mutex::default(),
        });
        let has_tls = tls.is_some();
        let serving = tokio::spawn(serve(listener, tls, Arc::clone(&shared)));
        Self { address, has_tls, shared, serving }
    }

    /// Behaves so from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        *lock(&self.shared.behaviour) = behaviour;
    }

    /// Every question that was received, in order.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.shared.received).clone()
    }

    /// Its address.
    pub fn url(&self) -> String {
        let scheme = if self.has_tls { "https" } else { "http" };
        format!("{scheme}://localhost:{}/core/eligibility", self.address.port())
    }

    /// Settings to ask it with.
    pub fn settings(&self, envelope: Envelope) -> HttpSettings {
        HttpSettings {
            url: self.url(),
            envelope,
            user: USER.to_owned(),
            password: Secret::new(PASSWORD),
            partners: partners(),
            authorities: None,
            timeouts: Timeouts::default(),
        }
    }
}

impl Drop for Payer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The ids that [`Payer::settings`] name.
pub fn partners() -> Partners {
    Partners {
        sender_qualifier: "ZZ".to_owned(),
        sender_id: "SAMPLECLINIC".to_owned(),
        receiver_qualifier: "ZZ".to_owned(),
        receiver_id: "SAMPLEHOUSE".to_owned(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    // Dropped with this task, and so are the connections that it holds open.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, shared) = (tls.clone(), Arc::clone(&shared));
        connections.spawn(async move {
            match tls {
                None => exchange(stream, &shared).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        exchange(stream, &shared).await;
                    }
                }
            }
        });
    }
}

/// Reads one request, answers it as the payer behaves, and closes.
async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, shared: &Shared) {
    let Some((head, body)) = read(&mut stream).await else { return };
    let Some(received) = Received::read(&head, &body) else {
        return respond(&mut stream, 400, "text/plain", b"not understood", 0).await;
    };
    lock(&shared.received).push(received.clone());
    let behaviour = *lock(&shared.behaviour);
    let (kind, content) = content(&received, behaviour);
    match behaviour {
        Behaviour::Silent => std::future::pending::<()>().await,
        Behaviour::HangUp => {}
        Behaviour::Status(status) => {
            respond(&mut stream, status, "text/plain", b"an error of SAMPLE", 0).await;
        }
        Behaviour::Redirect => {
            let line = b"HTTP/1.1 307 Elsewhere\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\
                connection: close\r\n\r\n";
            let _ = stream.write_all(line).await;
        }
        Behaviour::Stall | Behaviour::BreakOff => {
            let (begun, rest) = content.split_at(content.len() / 2);
            respond(&mut stream, 200, &kind, begun, rest.len()).await;
            if behaviour == Behaviour::Stall {
                std::future::pending::<()>().await;
            }
        }
        Behaviour::TooLarge => {
            respond(&mut stream, 200, &kind, &content, MAX_ANSWER_BYTES).await;
        }
        Behaviour::EndlessAnswer => {
            let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
            let mut written = stream.write_all(head).await;
            while written.is_ok() {
                written = stream.write_all(&[b'A'; 8 * 1024]).await;
            }
        }
        _ if !received.is_authorized && received.envelope == Envelope::Plain => {
            respond(&mut stream, 401, "text/plain", b"who are you?", 0).await;
        }
        _ => respond(&mut stream, 200, &kind, &content, 0).await,
    }
    let _ = stream.shutdown().await;
}

/// The content type and the body of the answer.
fn content(received: &Received, behaviour: Behaviour) -> (String, Vec<u8>) {
    match behaviour {
        Behaviour::Garbage => {
            ("application/octet-stream".to_owned(), (0..=255).cycle().take(2_000).collect())
        }
        Behaviour::HtmlPage => {
            let page = b"<!doctype html><title>Login</title><p>Session ended".to_vec();
            ("text/html".to_owned(), page)
        }
        Behaviour::Empty => ("text/plain".to_owned(), Vec::new()),
        Behaviour::EnvelopeError(code) => letter::wrap(received.envelope, None, code),
        _ if !received.is_authorized => letter::wrap(received.envelope, None, "UnAuthorized"),
        _ => {
            let asked = Asked::read(&received.text);
            let text = asked.map(|asked| {
                let story = match behaviour {
                    Behaviour::Reject(code) => Story::Rejected(code),
                    _ => Story::of(&asked),
                };
                answer(&asked, story)
            });
            let code = if text.is_some() { "Success" } else { "PayloadIllegal" };
            letter::wrap(received.envelope, text.as_deref(), code)
        }
    }
}

/// Reads a request's head and body.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).await.ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&chunk[..count]);
        if let Some(at) = bytes.windows(4).position(|found| found == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..at]).into_owned();
            let len: usize = letter::header(&head, "content-length")?.parse().ok()?;
            let mut body = bytes.split_off(at + 4);
            let missing = len.min(MAX_REQUEST_BYTES).saturating_sub(body.len());
            let begun = body.len();
            body.resize(begun + missing, 0);
            stream.read_exact(&mut body[begun..]).await.ok()?;
            return Some((head, body));
        }
        if bytes.len() > MAX_REQUEST_BYTES {
            return None;
        }
    }
}

/// Writes an answer that announces `more` bytes than it sends.
async fn respond(
    stream: &mut (impl AsyncWrite + Unpin),
    status: u16,
    kind: &str,
    body: &[u8],
    more: usize,
) {
    let len = body.len() + more;
    let head = format!(
        "HTTP/1.1 {status} Sample\r\ncontent-type: {kind}\r\ncontent-length: {len}\r\n\
         connection: close\r\n\r\n"
    );
    // The client may be gone, which is what some tests are about.
    let _ = stream.write_all(&[head.as_bytes(), body].concat()).await;
    let _ = stream.flush().await;
}
