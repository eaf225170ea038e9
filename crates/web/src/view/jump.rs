//! Going straight to something by a few letters.

use askama::Template;

use super::parts::Shell;
use super::{Samples, samples};

/// Where one can go: GET `/jump` with `q`.
#[derive(Debug, Clone, Template)]
#[template(path = "jump.html")]
pub(crate) struct JumpPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What was typed.
    pub(crate) q: String,
    /// What it may mean.
    pub(crate) goals: Vec<Goal>,
}

/// A thing or a page.
#[derive(Debug, Clone)]
pub(crate) struct Goal {
    /// Where it is.
    pub(crate) href: String,
    /// What it is called.
    pub(crate) label: String,
    /// What tells it from others.
    pub(crate) detail: String,
}

impl Samples for JumpPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let goal = |label: &str, detail: &str| Goal {
            href: "/payments/PAY-894".to_owned(),
            label: label.to_owned(),
            detail: detail.to_owned(),
        };
        let found = Self {
            shell: samples::shell(),
            q: "894".to_owned(),
            goals: vec![
                goal("PAY-894", &format!("{} · $679.37 · Paid", samples::HARD_NAME)),
                goal("Payments", "Page"),
            ],
        };
        let none = Self { q: samples::HARD_TEXT.to_owned(), goals: Vec::new(), ..found.clone() };
        vec![("found", found), ("none", none)]
    }
}
