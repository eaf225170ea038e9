//! The page of all checks: import, filters, table.

use almoner_domain::estimate::Outcome;
use askama::Template;

use super::query::ChecksQuery;
use super::{CheckRow, label, look};
use crate::view::Samples;
use crate::view::inquiries::AskedList;
use crate::view::parts::{Chip, Errors, Pager, Shell, cut, plural, span_label};
use crate::view::samples;

/// The checks under the form **Import**: GET `/eligibility`. The form: POST `/eligibility/import`
/// (multipart) with `key` and `files`.
#[derive(Debug, Clone, Template)]
#[template(path = "eligibility/list.html")]
pub(crate) struct EligibilityPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What was asked for.
    pub(crate) query: ChecksQuery,
    /// The rows of this page.
    pub(crate) rows: Vec<CheckRow>,
    /// Where the list stands.
    pub(crate) pager: Pager,
    /// The payers that the list can be narrowed to.
    pub(crate) payers: Vec<PayerOption>,
    /// There are payers beyond those.
    pub(crate) has_more_payers: bool,
    /// The questions to payers that somebody looks after.
    pub(crate) asked: AskedList,
    /// What waits for a person's decision.
    pub(crate) inbox: Inbox,
    /// The greatest file that is taken.
    pub(crate) max_file_mb: usize,
    /// What makes a second sending the same import.
    pub(crate) key: String,
    /// Import is offered.
    pub(crate) can_import: bool,
    /// There is no check at all yet.
    pub(crate) is_first_use: bool,
    /// What was wrong with the import or the filters; the list is then not narrowed by them.
    pub(crate) errors: Errors,
}

/// A payer that the list can be narrowed to.
#[derive(Debug, Clone)]
pub(crate) struct PayerOption {
    /// What the form sends.
    pub(crate) key: String,
    /// What people read.
    pub(crate) name: String,
}

/// How much waits for a person's decision.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Inbox {
    /// Checks without a patient.
    pub(crate) checks: i64,
    /// Files that could not be read.
    pub(crate) files: i64,
    /// How far both were counted.
    pub(crate) counted_to: i64,
}

impl Inbox {
    /// `3 checks wait for a patient, 1 file could not be read`; nothing when nothing waits.
    pub(crate) fn told(self) -> Option<String> {
        let many = |count: i64, noun: &str| {
            let more = if count >= self.counted_to { "more than " } else { "" };
            format!("{more}{}", plural(count.min(self.counted_to), noun))
        };
        let mut parts = Vec::new();
        if self.checks > 0 {
            let verb = if self.checks == 1 { "waits" } else { "wait" };
            parts.push(format!("{} {verb} for a patient", many(self.checks, "check")));
        }
        if self.files > 0 {
            parts.push(format!("{} could not be read", many(self.files, "file")));
        }
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

impl EligibilityPage {
    fn chips(&self) -> Vec<Chip> {
        let query = &self.query;
        let mut chips = Vec::new();
        let mut add = |label: String, without: ChecksQuery| {
            chips.push(Chip { label, href: without.href() });
        };
        if !query.q.is_empty() {
            let without = ChecksQuery { q: String::new(), ..query.clone() };
            add(format!("“{}”", cut(&query.q, 40)), without);
        }
        for &outcome in &query.outcomes {
            let mut without = query.clone();
            without.outcomes.retain(|&other| other != outcome);
            add(label(outcome).to_owned(), without);
        }
        for payer in &query.payers {
            let mut without = query.clone();
            without.payers.retain(|other| other != payer);
            add(cut(self.payer_name(payer), 60), without);
        }
        if query.waiting {
            let without = ChecksQuery { waiting: false, ..query.clone() };
            add("Waiting for a patient".to_owned(), without);
        }
        if let Some(told) = span_label("Checked", &query.checked_from, &query.checked_to) {
            let (checked_from, checked_to) = (String::new(), String::new());
            add(told, ChecksQuery { checked_from, checked_to, ..query.clone() });
        }
        chips
    }

    fn payer_name<'a>(&'a self, key: &'a str) -> &'a str {
        let known = self.payers.iter().find(|payer| payer.key == key);
        known.map_or(key, |payer| &payer.name)
    }

    /// Payers that are picked and not among those that are offered.
    fn other_payers(&self) -> Vec<&str> {
        let is_offered = |key: &str| self.payers.iter().any(|payer| payer.key == key);
        let picked = self.query.payers.iter().map(String::as_str);
        picked.filter(|key| !is_offered(key)).collect()
    }

    fn outcomes() -> impl Iterator<Item = (Outcome, &'static str, &'static str)> {
        Outcome::ALL.into_iter().map(|outcome| (outcome, look(outcome), label(outcome)))
    }
}

impl Samples for EligibilityPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let query = ChecksQuery::default();
        let payer =
            |key: &str, name: &str| PayerOption { key: key.to_owned(), name: name.to_owned() };
        let usual = Self {
            shell: samples::shell(),
            pager: samples::pager(query.sizes()),
            rows: samples::long_check_list(),
            payers: vec![
                payer("lakeside mutual", "Lakeside Mutual"),
                payer("northlake health", "Northlake Health"),
                payer("obrien son b", samples::HARD_NAME),
            ],
            has_more_payers: true,
            asked: AskedList { rows: samples::asked_rows(), parts: "questions results" },
            inbox: Inbox { checks: 3, files: 1, counted_to: 1_000 },
            max_file_mb: 50,
            query,
            key: "k".to_owned(),
            can_import: true,
            is_first_use: false,
            errors: Errors::default(),
        };
        let first = Self {
            rows: Vec::new(),
            payers: Vec::new(),
            has_more_payers: false,
            asked: AskedList::default(),
            inbox: Inbox { counted_to: 1_000, ..Inbox::default() },
            pager: Pager::default(),
            is_first_use: true,
            errors: almoner_domain::Invalid::one("files", "required", "Choose a file.").into(),
            ..usual.clone()
        };
        let narrowed = ChecksQuery {
            q: samples::HARD_TEXT.to_owned(),
            outcomes: vec![Outcome::Review, Outcome::Rejected],
            payers: vec!["northlake health".to_owned(), "nobody offers this".to_owned()],
            waiting: true,
            checked_from: "2026-11-01".to_owned(),
            checked_to: "2026-11-30".to_owned(),
            ..ChecksQuery::default()
        };
        let no_match = Self {
            pager: Pager { sizes: narrowed.sizes(), ..Pager::default() },
            query: narrowed.clone(),
            rows: Vec::new(),
            ..usual.clone()
        };
        let mut errors =
            almoner_domain::Invalid::one("checked_from", "not_a_date", "Enter a date.");
        errors.push("checked_to", "not_a_date", "Enter a date.");
        let wrong = Self {
            errors: errors.into(),
            query: narrowed,
            rows: usual.rows[..4].to_vec(),
            inbox: Inbox { checks: 1_000, files: 1_000, counted_to: 1_000 },
            ..usual.clone()
        };
        let reader = Self { can_import: false, ..usual.clone() };
        vec![
            ("usual", usual),
            ("first-use", first),
            ("no-match", no_match),
            ("wrong-filter", wrong),
            ("reader", reader),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_told_in_one_line() {
        let told = |checks, files| Inbox { checks, files, counted_to: 1_000 }.told();
        assert_eq!(told(0, 0), None);
        assert_eq!(told(1, 0).as_deref(), Some("1 check waits for a patient"));
        let both = "3 checks wait for a patient, 1 file could not be read";
        assert_eq!(told(3, 1).as_deref(), Some(both));
        let many = "more than 1,000 checks wait for a patient";
        assert_eq!(told(1_000, 0).as_deref(), Some(many));
    }
}
