//! A payer of invented answers, for the demo and for trying things out.
//!
//! What it answers follows from the question alone, its time included: the figures from the member
//! id (or, without one, from the last name), the kind of answer from how the member id ends:
//!
//! | the member id ends with | answer |
//! |---|---|
//! | `INACTIVE` | coverage ended last year |
//! | `COPAYS` | two office visit co-pays that differ by their message |
//! | `NOMONEY` | active, and no figure at all |
//! | `AAA` and a code, such as `AAA42`, `AAA75` | rejected for that reason |
//! | `LATER` | taken now, answered at the next look |
//! | anything else | active, with co-pay, co-insurance, deductible and out-of-pocket maximum |

mod answer;
mod asked;

use std::sync::{Mutex, PoisonError};

use super::{Answer, Clearinghouse, ClearinghouseError, Delivery, Partners, Question, Reply};

pub(crate) use self::answer::{Story, answer};
pub(crate) use self::asked::Asked;

/// The most answers that wait to be fetched.
const MAX_WAITING: usize = 1_000;

/// Answers at once and forgets, except what it promised to answer later.
#[derive(Debug, Default)]
pub struct SandboxPayer {
    waiting: Mutex<Vec<Delivery>>,
}

impl SandboxPayer {
    fn reply(&self, question: Question<'_>) -> Result<Reply, ClearinghouseError> {
        let asked = Asked::read(question.text).ok_or_else(|| {
            ClearinghouseError::Refused("the sandbox reads only our own questions".to_owned())
        })?;
        let story = Story::of(&asked);
        let content = answer(&asked, story).into_bytes();
        if story != Story::Later {
            return Ok(Reply::Answered(content));
        }
        let name = format!("{}.271", question.reference);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|delivery| delivery.name != name);
        if waiting.len() >= MAX_WAITING {
            let line = "too many of its answers were not fetched yet".to_owned();
            return Err(ClearinghouseError::NotTaken(line));
        }
        waiting.push(Delivery { name, content });
        Ok(Reply::Later)
    }
}

impl Clearinghouse for SandboxPayer {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn is_test(&self) -> bool {
        true
    }

    fn partners(&self) -> Partners {
        Partners {
            sender_qualifier: "ZZ".to_owned(),
            sender_id: "ALMONERDEMO".to_owned(),
            receiver_qualifier: "ZZ".to_owned(),
            receiver_id: "SANDBOXPAYER".to_owned(),
        }
    }

    fn ask<'a>(&'a self, question: Question<'a>) -> Answer<'a, Reply> {
        let reply = self.reply(question);
        Box::pin(async { reply })
    }

    fn waiting(&self, limit: usize) -> Answer<'_, Vec<Delivery>> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let found = waiting.iter().take(limit).cloned().collect();
        Box::pin(async { Ok(found) })
    }

    fn taken<'a>(&'a self, name: &'a str) -> Answer<'a, ()> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|delivery| delivery.name != name);
        Box::pin(async { Ok(()) })
    }
}
