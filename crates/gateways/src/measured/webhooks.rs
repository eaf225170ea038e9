//! Webhooks that are measured.

use super::{Measured, measured};
use crate::webhooks::{AddressFault, Message, NotTaken, Telling, Webhooks};

impl Webhooks for Measured<dyn Webhooks> {
    fn check<'a>(&'a self, url: &'a str) -> Telling<'a, Result<(), AddressFault>> {
        // Nobody outside is asked but those who know names.
        self.0.check(url)
    }

    fn send<'a>(&'a self, message: Message<'a>) -> Telling<'a, Result<u16, NotTaken>> {
        Box::pin(measured(("webhooks", "send"), self.0.send(message)))
    }
}
