//! Telling other programs of events, by the Standard Webhooks specification.
//!
//! Where to is chosen by administrators and never by us, so that nothing may be reached that way
//! which is not theirs to reach: a name is looked up, each of its addresses is held against the
//! table of `address`, and the connection goes to exactly those. No redirect is followed, no proxy
//! is asked, and nothing of an answer is read but its status.

mod address;
mod http;
mod sign;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use jiff::Timestamp;

pub use address::is_public;
pub use http::{HttpWebhooks, Names, SystemNames, Timeouts};
pub use sign::{ID_HEADER, SECRET_BYTES, SIGNATURE_HEADER, SigningSecret, TIMESTAMP_HEADER};

/// What takes its time.
pub type Telling<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why nothing is sent to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// It is no address of the web.
    #[error("Enter an address such as https://example.org/hooks.")]
    NotAnAddress,
    /// Others on the way could read and change what is sent.
    #[error("The address must begin with https://.")]
    NotTls,
    /// It holds what must not be shown.
    #[error("The address must hold no user name, no password and nothing after #.")]
    HoldsUser,
    /// Nobody knows the host.
    #[error("No host of this name was found.")]
    UnknownHost,
    /// It leads into a network that is not public.
    #[error(
        "This host is on this machine or in a private network, where nothing is sent to unless \
         the program was started with --webhooks-allow-private."
    )]
    Private,
}

impl AddressFault {
    /// The stable name.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotAnAddress => "not_an_address",
            Self::NotTls => "not_tls",
            Self::HoldsUser => "holds_user",
            Self::UnknownHost => "unknown_host",
            Self::Private => "private_address",
        }
    }
}

/// Why an event did not arrive, in words that hold nothing of what the other side said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It answered with another status than one of success.
    #[error("it answered with status {0}")]
    Status(u16),
    /// Nothing was sent.
    #[error("nothing was sent: {0}")]
    Address(AddressFault),
    /// No connection, or no trust in its certificate.
    #[error("no connection could be made, or its certificate is not trusted")]
    NoConnection,
    /// It took too long.
    #[error("it took too long")]
    TooSlow,
    /// The connection broke before it answered.
    #[error("the connection broke")]
    Broke,
}

impl NotTaken {
    /// The status of its answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status(status) => Some(*status),
            Self::Address(_) | Self::NoConnection | Self::TooSlow | Self::Broke => None,
        }
    }

    /// Whether it says that there is nobody any more, for good.
    pub fn is_gone(&self) -> bool {
        self.status() == Some(410)
    }
}

/// An event for an endpoint.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    /// Where to.
    pub url: &'a str,
    /// The same each time that the same event is sent.
    pub id: &'a str,
    /// When it is sent.
    pub at: Timestamp,
    /// What is sent: JSON.
    pub body: &'a str,
    /// What it is signed with: the newest secret, and the one before it for a while.
    pub secrets: &'a [SigningSecret],
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a key of the receiver's.
        out.debug_struct("Message").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A way to other programs.
pub trait Webhooks: Send + Sync {
    /// Whether events may be sent to an address by now. It is looked at again each time.
    fn check<'a>(&'a self, url: &'a str) -> Telling<'a, Result<(), AddressFault>>;

    /// Sends an event, and gives the status of the answer of whoever took it.
    fn send<'a>(&'a self, message: Message<'a>) -> Telling<'a, Result<u16, NotTaken>>;
}
