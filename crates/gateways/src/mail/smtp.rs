//! A mail server of the clinic's, spoken to by SMTP.

use std::time::{Duration, SystemTime};

use lettre::address::Envelope;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue, MIME_VERSION_1_0};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::response::Response;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use super::{Letter, MailError, Mailer, Posted};
use crate::Secret;

/// How long the server is waited for, at each step.
const STEP_WITHIN: Duration = Duration::from_secs(20);
/// How long a letter may take in all.
const SEND_WITHIN: Duration = Duration::from_mins(1);

/// How the way to the server is kept from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// By TLS from the first byte: port 465.
    Implicit,
    /// By TLS that the server must offer: port 587.
    StartTls,
    /// Not at all: only for a server on this machine.
    Open,
}

impl Security {
    /// The one with that name in the settings.
    pub fn by_name(name: &str) -> Option<Self> {
        match name {
            "implicit" => Some(Self::Implicit),
            "starttls" => Some(Self::StartTls),
            "none" => Some(Self::Open),
            _ => None,
        }
    }

    /// The usual port.
    pub fn port(self) -> u16 {
        match self {
            Self::Implicit => 465,
            Self::StartTls => 587,
            Self::Open => 25,
        }
    }
}

/// Which server, and who we are there.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// The server's name, which its certificate must have.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way is kept from others.
    pub security: Security,
    /// Our name and password there, when it asks for them.
    pub login: Option<(String, Secret)>,
    /// The address that letters come from.
    pub from: String,
    /// The address that bounces go to, when it is another one.
    pub return_path: Option<String>,
    /// Certificates in PEM of authorities to trust besides the public ones.
    pub authorities: Option<Vec<u8>>,
}

/// A mail server.
#[derive(Debug)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Address,
    return_path: Address,
}

/// Tells other programs that no person wrote the letter, so that none answers it by itself
/// (RFC 3834).
#[derive(Debug, Clone, Copy)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// What a certificate in PEM begins with; a text without one would be read as no certificate.
const PEM_BEGINS: &[u8] = b"-----BEGIN CERTIFICATE-----";
/// Hosts that only this machine reaches.
const LOCAL_HOSTS: [&str; 3] = ["127.0.0.1", "localhost", "::1"];
/// What a server says for good to whoever has not signed in as it wants (RFC 4954): it is about us,
/// and says nothing of the letter.
const NOT_SIGNED_IN: [u16; 4] = [530, 534, 535, 538];

impl Smtp {
    /// A server by its settings; nothing is sent yet.
    ///
    /// # Errors
    /// Says in a few words which setting cannot be used.
    pub fn new(settings: SmtpSettings) -> Result<Self, String> {
        let SmtpSettings { host, port, security, login, from, return_path, authorities } = settings;
        let address = |text: &str| {
            text.parse::<Address>()
                .map_err(|_| format!("{text} is no address that letters can come from"))
        };
        let from = address(&from)?;
        let return_path = return_path.map_or_else(|| Ok(from.clone()), |text| address(&text))?;
        if security == Security::Open && !LOCAL_HOSTS.contains(&&*host) {
            return Err(format!("letters to {host} would go through the network without TLS"));
        }
        let mut parameters = TlsParameters::builder(host.clone());
        if let Some(pem) = authorities {
            let unreadable = || "the certificates of the authority cannot be read".to_owned();
            if !pem.windows(PEM_BEGINS.len()).any(|part| part == PEM_BEGINS) {
                return Err(unreadable());
            }
            let certificate = Certificate::from_pem(&pem).map_err(|_| unreadable())?;
            parameters = parameters.add_root_certificate(certificate);
        }
        let parameters = || parameters.build_rustls().map_err(|error| error.to_string());
        let tls = match security {
            Security::Implicit => Tls::Wrapper(parameters()?),
            Security::StartTls => Tls::Required(parameters()?),
            Security::Open => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .tls(tls)
            .timeout(Some(STEP_WITHIN));
        if let Some((user, password)) = login {
            builder = builder.credentials(Credentials::new(user, password.expose().to_owned()));
        }
        Ok(Self { transport: builder.build(), from, return_path })
    }

    fn message(&self, letter: &Letter<'_>) -> Result<Message, MailError> {
        let refused = |what: &str| MailError::Refused(what.to_owned());
        let to: Address = letter.to.parse().map_err(|_| refused("this is no e-mail address"))?;
        let seconds = u64::try_from(letter.at.as_second()).unwrap_or_default();
        let written = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let id = format!("<{}@{}>", letter.reference, self.from.domain());
        let envelope = Envelope::new(Some(self.return_path.clone()), vec![to.clone()]);
        let envelope = envelope.map_err(|_| refused("this is no e-mail address"))?;
        // What could begin another header has no place in a name.
        let name = letter.from.replace(char::is_control, " ");
        Message::builder()
            .envelope(envelope)
            .from(Mailbox::new(Some(name), self.from.clone()))
            .to(Mailbox::new(None, to))
            .subject(letter.subject)
            .date(written)
            .message_id(Some(id))
            .header(AutoSubmitted)
            .header(MIME_VERSION_1_0)
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.to_owned())
            .map_err(|_| refused("the letter cannot be written"))
    }
}

/// What an error says without the words of the other side, which may repeat the address.
fn told(error: &lettre::transport::smtp::Error) -> MailError {
    match error.status() {
        Some(code) if NOT_SIGNED_IN.contains(&code.into()) => {
            MailError::NotTaken(format!("it did not accept our sign-in, code {code}"))
        }
        Some(code) if error.is_permanent() => MailError::Refused(format!("code {code}")),
        Some(code) => MailError::NotTaken(format!("code {code}")),
        None if error.is_timeout() => MailError::NotTaken("it took too long".to_owned()),
        None if error.is_tls() => MailError::NotTaken("no secure connection".to_owned()),
        None => MailError::NotTaken("the connection failed".to_owned()),
    }
}

impl Mailer for Smtp {
    fn name(&self) -> &'static str {
        "smtp"
    }

    fn send<'a>(&'a self, letter: Letter<'a>) -> Posted<'a> {
        Box::pin(async move {
            let message = self.message(&letter)?;
            let sending = self.transport.send(message);
            let late = || MailError::NotTaken("it took too long".to_owned());
            let sent = tokio::time::timeout(SEND_WITHIN, sending).await.map_err(|_| late())?;
            sent.map(|_: Response| ()).map_err(|error| told(&error))
        })
    }
}
