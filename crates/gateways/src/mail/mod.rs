//! Who carries our letters to patients: nobody, or a mail server.
//!
//! A mailer knows how to hand a letter over, and nothing of what it says. To add one, add a file,
//! implement the trait, and let the settings name it.

mod none;
mod smtp;

use std::future::Future;
use std::pin::Pin;

use jiff::Timestamp;

pub use none::NoMailer;
pub use smtp::{Security, Smtp, SmtpSettings};

/// What a mailer answers in its own time.
pub type Posted<'a> = Pin<Box<dyn Future<Output = Result<(), MailError>> + Send + 'a>>;

/// Why a letter was not taken. The words are for people and hold neither its address nor anything
/// of what it says, whatever the other side said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// There is no mail server.
    #[error("no mail server is set up")]
    NotSetUp,
    /// It was refused for good: sending it again changes nothing.
    #[error("the mail server refused it: {0}")]
    Refused(String),
    /// It was not taken, or whether it was is unknown: it may be sent again.
    #[error("the mail server did not take it: {0}")]
    NotTaken(String),
}

/// A letter.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// The same for each try of the same letter, so that mail programs know the second one.
    pub reference: &'a str,
    /// The name that it comes from: the clinic's.
    pub from: &'a str,
    /// The address that it goes to.
    pub to: &'a str,
    /// What it is about. Servers on the way read it.
    pub subject: &'a str,
    /// What it says, as plain text.
    pub text: &'a str,
    /// When it was written.
    pub at: Timestamp,
}

/// A party that carries letters.
pub trait Mailer: Send + Sync {
    /// The name of its kind.
    fn name(&self) -> &'static str;

    /// Whether letters can be sent at all.
    fn is_set_up(&self) -> bool {
        true
    }

    /// Hands a letter over. A letter that is handed over twice may arrive twice.
    fn send<'a>(&'a self, letter: Letter<'a>) -> Posted<'a>;
}
