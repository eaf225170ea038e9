//! Lists of payments that somebody keeps under a name.

use askama::Template;

use crate::view::parts::{Errors, Shell};
use crate::view::{Samples, samples};

/// The list that is to be kept, and those that are: GET and POST `/payments/views` with `name` and
/// `list`; POST `/payments/views/remove` with `name`.
#[derive(Debug, Clone, Template)]
#[template(path = "payments/views.html")]
pub(crate) struct ViewsPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// The address of the list that is to be kept.
    pub(crate) list: String,
    /// The name that was typed.
    pub(crate) typed: String,
    /// The lists that are kept: name and query string.
    pub(crate) views: Vec<(String, String)>,
    /// What makes a second sending the same.
    pub(crate) key: String,
    /// What was wrong.
    pub(crate) errors: Errors,
}

impl ViewsPage {
    fn hint(&self) -> &'static str {
        if self.views.is_empty() {
            "Filters, search and order as the list has them now. Ranges such as “this month” \
                follow the calendar."
        } else {
            "Filters, search and order as the list has them now. A view of yours with this name is \
                replaced."
        }
    }
}

impl Samples for ViewsPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let none = Self {
            shell: samples::shell(),
            list: "/payments?status=failed&sort=amount&dir=desc".to_owned(),
            typed: String::new(),
            views: Vec::new(),
            key: "k".to_owned(),
            errors: Errors::default(),
        };
        let views = vec![
            ("Large and failed".to_owned(), "status=failed&min=500".to_owned()),
            (samples::HARD_NAME.to_owned(), "q=o%27brien".to_owned()),
        ];
        let fault = almoner_domain::Invalid::one("name", "required", "Enter a name.");
        let wrong = Self {
            typed: samples::HARD_NAME.to_owned(),
            views,
            errors: fault.into(),
            ..none.clone()
        };
        vec![("none", none), ("wrong", wrong)]
    }
}
