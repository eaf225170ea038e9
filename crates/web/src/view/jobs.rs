//! What waits to be done by itself.

use askama::Template;

use super::parts::Shell;
use super::{Samples, samples};

/// The queues: GET `/settings/jobs`; POST to the same address with `queue`, and `item` for one of
/// its rows alone.
#[derive(Debug, Clone, Template)]
#[template(path = "settings/jobs.html")]
pub(crate) struct JobsPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Every queue.
    pub(crate) queues: Vec<QueueRow>,
    /// Nobody seems to do the work: what to look at.
    pub(crate) alarm: Option<String>,
    /// How the audit log stands.
    pub(crate) seals: String,
    /// What makes a second sending the same.
    pub(crate) key: String,
}

/// A queue.
#[derive(Debug, Clone)]
pub(crate) struct QueueRow {
    /// Its name in addresses.
    pub(crate) name: &'static str,
    /// What it is called.
    pub(crate) label: &'static str,
    /// What is done with what waits in it.
    pub(crate) about: &'static str,
    /// How many wait, in words.
    pub(crate) waiting: String,
    /// When the next is taken up, or since when it should have been.
    pub(crate) next: Option<String>,
    /// Something waits for later, so that it can be hurried.
    pub(crate) can_hurry: bool,
    /// What was tried often.
    pub(crate) tried_often: Vec<ItemRow>,
    /// What nobody takes up any more.
    pub(crate) given_up: Vec<ItemRow>,
    /// What can be done about that.
    pub(crate) advice: &'static str,
}

/// Something in a queue.
#[derive(Debug, Clone)]
pub(crate) struct ItemRow {
    /// What names it within its queue.
    pub(crate) item: String,
    /// What it is called.
    pub(crate) label: String,
    /// Where it is shown.
    pub(crate) href: Option<String>,
    /// How often it was tried.
    pub(crate) tries: i64,
    /// When it is tried next.
    pub(crate) next: Option<String>,
    /// Why it is not done.
    pub(crate) words: Option<String>,
    /// It was given up, and can be looked at again from here.
    pub(crate) can_look_again: bool,
}

impl JobsPage {
    fn has_troubles(&self) -> bool {
        self.queues.iter().any(|row| !row.tried_often.is_empty() || !row.given_up.is_empty())
    }
}

impl Samples for JobsPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let item = |words: Option<&str>| ItemRow {
            item: "evt_SAMPLE".to_owned(),
            label: "PAY-894".to_owned(),
            href: Some("/payments/PAY-894".to_owned()),
            tries: 4,
            next: Some("Nov 20, 2026, 2:41 PM".to_owned()),
            words: words.map(str::to_owned),
            can_look_again: false,
        };
        let queue = |name, label| QueueRow {
            name,
            label,
            about: "The processor is asked how they stand.",
            waiting: "None".to_owned(),
            next: None,
            can_hurry: false,
            tried_often: Vec::new(),
            given_up: Vec::new(),
            advice: "Look them up at the processor.",
        };
        let usual = Self {
            shell: samples::shell(),
            queues: vec![queue("attempts", "Payments under way"), queue("events", "Events")],
            alarm: None,
            seals: "Every change is sealed.".to_owned(),
            key: "k".to_owned(),
        };
        let mut busy = usual.clone();
        busy.alarm = Some("Nothing was taken up for an hour.".to_owned());
        for row in &mut busy.queues {
            "1,000 or more".clone_into(&mut row.waiting);
            row.next = Some("Nov 20, 2026, 2:41 PM".to_owned());
            row.can_hurry = true;
            row.tried_often = vec![item(None), item(Some(samples::HARD_TEXT))];
            let can_look_again = row.name == "events";
            let odd = item(Some("It is odd."));
            row.given_up = vec![ItemRow { next: None, href: None, can_look_again, ..odd }];
        }
        vec![("usual", usual), ("busy", busy)]
    }
}
