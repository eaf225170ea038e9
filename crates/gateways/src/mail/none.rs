//! No mail server: nothing is sent.

use super::{Letter, MailError, Mailer, Posted};

/// Sends nothing.
#[derive(Debug, Clone, Copy)]
pub struct NoMailer;

impl Mailer for NoMailer {
    fn name(&self) -> &'static str {
        "none"
    }

    fn is_set_up(&self) -> bool {
        false
    }

    fn send<'a>(&'a self, _letter: Letter<'a>) -> Posted<'a> {
        Box::pin(async { Err(MailError::NotSetUp) })
    }
}
