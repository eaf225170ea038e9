//! A clearinghouse that is measured.

use super::{Measured, measured};
use crate::clearinghouse::{Answer, Clearinghouse, Delivery, Partners, Question, Reply};

const PARTY: &str = "clearinghouse";

impl Clearinghouse for Measured<dyn Clearinghouse> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn is_set_up(&self) -> bool {
        self.0.is_set_up()
    }

    fn is_test(&self) -> bool {
        self.0.is_test()
    }

    fn partners(&self) -> Partners {
        self.0.partners()
    }

    fn ask<'a>(&'a self, question: Question<'a>) -> Answer<'a, Reply> {
        Box::pin(measured((PARTY, "ask"), self.0.ask(question)))
    }

    fn waiting(&self, limit: usize) -> Answer<'_, Vec<Delivery>> {
        Box::pin(measured((PARTY, "waiting"), self.0.waiting(limit)))
    }

    fn taken<'a>(&'a self, name: &'a str) -> Answer<'a, ()> {
        Box::pin(measured((PARTY, "taken"), self.0.taken(name)))
    }
}
