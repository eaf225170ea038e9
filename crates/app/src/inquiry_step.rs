//! Moves a question along its table, and writes what happened.

use almoner_domain::CheckId;
use almoner_domain::inquiry::{Event, InquiryState, Situation};
use almoner_store::Tx;
use almoner_store::inquiries::{self, Inquiry};
use serde_json::json;

use crate::context::{Actor, App};
use crate::error::Error;
use crate::record;

/// The longest words of a failure that are kept, in bytes.
const MAX_WORDS_BYTES: usize = 500;

/// What is told of a question.
#[derive(Debug)]
pub(crate) struct Told {
    /// What happened.
    pub(crate) event: Event,
    /// The check that its answer became.
    pub(crate) check: Option<CheckId>,
    /// Why it was not carried or is asked again, without anything about the patient.
    pub(crate) words: Option<String>,
}

/// Takes the step; the caller holds the question's row as `before`. What says nothing new changes
/// nothing.
pub(crate) async fn take(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    before: &Inquiry,
    told: Told,
) -> Result<(), Error> {
    let situation = Situation { state: before.state, tries: before.tries };
    let Some(step) = situation.after(told.event) else {
        return Ok(());
    };
    let now = app.now();
    let mut after = before.clone();
    after.state = step.state;
    after.next_try_at = step.again_after.map(|wait| now + wait);
    after.claimed_until = None;
    after.failure = match step.state {
        InquiryState::Answered => None,
        _ => told.words.map(bounded),
    };
    // That a payer could not respond says less than any answer before it.
    let says_more = told.event == Event::Answered || before.state != InquiryState::Answered;
    if let Some(check) = told.check.filter(|_| says_more) {
        after.check = Some(check);
        after.answered_at = Some(now);
    }
    inquiries::set_state(tx, actor.org(), &after).await?;
    let detail = json!({
        "state": after.state.as_str(),
        "tries": after.tries,
        "check": told.check,
        "again_at": after.next_try_at,
    });
    let subject = ("eligibility_inquiry", after.asked.id.seq());
    record::happened(app, actor, tx, action(told.event), subject, detail).await
}

fn action(event: Event) -> &'static str {
    match event {
        Event::Taken => "inquiry_taken",
        Event::Answered => "inquiry_answered",
        Event::Postponed => "inquiry_postponed",
        Event::Held => "inquiry_held",
        Event::NotCarried => "inquiry_not_carried",
        Event::Refused => "inquiry_refused",
        Event::TimedOut => "inquiry_timed_out",
    }
}

fn bounded(mut words: String) -> String {
    while words.len() > MAX_WORDS_BYTES {
        words.pop();
    }
    words
}
