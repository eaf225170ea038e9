//! A mailer that is measured.

use super::{Measured, measured};
use crate::mail::{Letter, Mailer, Posted};

impl Mailer for Measured<dyn Mailer> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn is_set_up(&self) -> bool {
        self.0.is_set_up()
    }

    fn send<'a>(&'a self, letter: Letter<'a>) -> Posted<'a> {
        Box::pin(measured(("mail", "send"), self.0.send(letter)))
    }
}
