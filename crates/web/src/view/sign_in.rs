//! Signing in.

use askama::Template;

use super::Samples;
use super::parts::Theme;

/// The form **Sign in**: POST `/sign-in` with `email`, `password`, `next`.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignInPage {
    /// The clinic's name, when there is only one.
    pub(crate) clinic: Option<String>,
    /// Light or dark.
    pub(crate) theme: Theme,
    /// The processor is the sandbox.
    pub(crate) test_money: bool,
    /// The address as it was typed.
    pub(crate) email: String,
    /// Where to go afterwards: a path of ours.
    pub(crate) next: String,
    /// Why it did not work: wrong, throttled, or signed out.
    pub(crate) error: Option<String>,
    /// What happened before, such as "You are signed out".
    pub(crate) notice: Option<String>,
}

impl Samples for SignInPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let usual = Self {
            clinic: Some("Harbor Street Clinic".to_owned()),
            theme: Theme::System,
            test_money: true,
            email: String::new(),
            next: "/payments".to_owned(),
            error: None,
            notice: None,
        };
        let wrong = Self {
            email: "biller@demo.clinic".to_owned(),
            error: Some("This e-mail address and password do not go together.".to_owned()),
            ..usual.clone()
        };
        let throttled = Self {
            error: Some("Too many attempts. Wait 15 minutes, then try again.".to_owned()),
            ..wrong.clone()
        };
        let out = Self {
            clinic: None,
            test_money: false,
            notice: Some("You are signed out.".to_owned()),
            ..usual.clone()
        };
        vec![("usual", usual), ("wrong", wrong), ("throttled", throttled), ("out", out)]
    }
}
