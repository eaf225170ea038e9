//! The page that says what went wrong and the way out.

use askama::Template;

use super::Samples;
use super::parts::{Link, Shell, Theme};
use super::samples::shell;

/// What went wrong, for a person.
#[derive(Debug, Clone, Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage {
    /// The frame, when somebody is signed in.
    pub(crate) shell: Option<Shell>,
    /// Light or dark, when nobody is.
    pub(crate) theme: Theme,
    /// A few words, such as "This page was not found".
    pub(crate) title: String,
    /// What happened and what was missing.
    pub(crate) message: String,
    /// The ways out, the best first.
    pub(crate) ways: Vec<Link>,
    /// What to tell the administrator, when it was our fault.
    pub(crate) error_id: Option<String>,
}

impl Samples for ErrorPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let missing = Self {
            shell: Some(shell()),
            theme: Theme::System,
            title: "This payment was not found".to_owned(),
            message: "There is no payment PAY-99999 at this clinic. It may have been typed \
                      with a wrong number."
                .to_owned(),
            ways: vec![Link::new("/payments", "All payments")],
            error_id: None,
        };
        let broken = Self {
            shell: None,
            title: "Something went wrong on our side".to_owned(),
            message: "Nothing was changed. Please try again in a minute.".to_owned(),
            ways: vec![Link::new("/payments", "Back to the payments")],
            error_id: Some("01JD8ZK3Q5".to_owned()),
            ..missing.clone()
        };
        vec![("missing", missing), ("broken", broken)]
    }
}
