//! The audit log.

use askama::Template;

use super::parts::{Choice, Errors, Shell};
use super::{Samples, samples};

/// Who did what: GET `/audit` with `from`, `to`, `who`, `about`, `reads=1` and `after`.
#[derive(Debug, Clone, Template)]
#[template(path = "audit.html")]
pub(crate) struct AuditPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What is looked for, as it was typed.
    pub(crate) query: AuditFilter,
    /// Who may be chosen.
    pub(crate) doers: Vec<Choice>,
    /// The newest first.
    pub(crate) rows: Vec<AuditRow>,
    /// How far back was looked, when not all was looked through.
    pub(crate) looked_back_to: Option<String>,
    /// Where older entries are.
    pub(crate) older: Option<String>,
    /// The newest page, when this is another.
    pub(crate) newest: Option<String>,
    /// What could not be understood.
    pub(crate) errors: Errors,
}

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct AuditFilter {
    /// The first day.
    pub(crate) from: String,
    /// The last day.
    pub(crate) to: String,
    /// By whom.
    pub(crate) who: String,
    /// About what, such as `PAY-001`.
    pub(crate) about: String,
    /// Also who saw what.
    pub(crate) reads: bool,
}

/// An entry.
#[derive(Debug, Clone)]
pub(crate) struct AuditRow {
    /// When.
    pub(crate) at: String,
    /// Who.
    pub(crate) who: String,
    /// What was done.
    pub(crate) what: String,
    /// To what, and where that is shown.
    pub(crate) about: Option<(String, Option<String>)>,
    /// What changed.
    pub(crate) detail: String,
}

impl Samples for AuditPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let row = |about| AuditRow {
            at: "Nov 20, 2026, 2:41:07 PM".to_owned(),
            who: "O'Brien & Søn <b>".to_owned(),
            what: "Payment edited".to_owned(),
            about,
            detail: samples::HARD_TEXT.to_owned(),
        };
        let payment = ("PAY-894".to_owned(), Some("/payments/PAY-894".to_owned()));
        let usual = Self {
            shell: samples::shell(),
            query: AuditFilter::default(),
            doers: vec![Choice::new("USR-001", "Ada Switchboard"), Choice::new("payer", "Payers")],
            rows: vec![row(Some(payment)), row(Some(("USR-001".to_owned(), None))), row(None)],
            looked_back_to: None,
            older: Some("/audit?after=00".to_owned()),
            newest: None,
            errors: Errors::default(),
        };
        let empty = Self {
            rows: Vec::new(),
            looked_back_to: Some("Nov 20, 2026, 2:41 PM".to_owned()),
            newest: Some("/audit".to_owned()),
            query: AuditFilter { about: samples::HARD_TEXT.to_owned(), ..AuditFilter::default() },
            ..usual.clone()
        };
        vec![("usual", usual), ("empty", empty)]
    }
}
