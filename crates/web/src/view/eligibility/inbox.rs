//! What waits for a person's decision, and the decisions: whose a check is, and whose it is not.

use almoner_domain::estimate::Outcome;
use almoner_domain::{CheckId, PatientId};
use askama::Template;

use super::{CheckRow, label, look};
use crate::view::Samples;
use crate::view::parts::{Errors, Pager, PatientRef, Shell};
use crate::view::samples;

/// What waits: GET `/eligibility/inbox` with `after`, `before` and `page`.
#[derive(Debug, Clone, Template)]
#[template(path = "eligibility/inbox.html")]
pub(crate) struct InboxPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// The checks of this page.
    pub(crate) waiting: Vec<Waiting>,
    /// Where the page stands.
    pub(crate) pager: Pager,
    /// Files from which nothing could be read.
    pub(crate) unread: Vec<UnreadFile>,
    /// There are more of them than are shown.
    pub(crate) has_more_files: bool,
    /// What makes a second sending the same decision.
    pub(crate) key: String,
    /// Matching and dismissing are offered.
    pub(crate) can_decide: bool,
    /// A new patient is offered.
    pub(crate) can_add: bool,
}

/// A check that waits for a patient.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    /// The check.
    pub(crate) row: CheckRow,
    /// Why it waits.
    pub(crate) reason: String,
    /// Who it may be.
    pub(crate) candidates: Vec<Candidate>,
    /// What the payer says of the person, when nobody is offered to compare it with.
    pub(crate) person: Vec<Side>,
}

/// A patient whom a check may be about, beside what the payer says.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// Who, as `First Last`.
    pub(crate) patient: PatientRef,
    /// What speaks for it: "Same member ID".
    pub(crate) reasons: Vec<&'static str>,
    /// Each field on both sides.
    pub(crate) sides: Vec<Side>,
}

impl Candidate {
    /// The fields that are not the same, as the form sends them back: they were seen.
    pub(crate) fn seen(&self) -> String {
        let differing = self.sides.iter().filter(|side| side.differs);
        differing.map(|side| side.name).collect::<Vec<_>>().join(",")
    }
}

/// A field of a person on both sides.
#[derive(Debug, Clone)]
pub(crate) struct Side {
    /// The name in forms: `last_name`.
    pub(crate) name: &'static str,
    /// What people call it.
    pub(crate) label: &'static str,
    /// What the payer says; nothing when it was not returned.
    pub(crate) theirs: Option<String>,
    /// What the clinic has; nothing when it is not on file.
    pub(crate) ours: Option<String>,
    /// Both are known and are not the same.
    pub(crate) differs: bool,
}

/// A file from which nothing could be read.
#[derive(Debug, Clone)]
pub(crate) struct UnreadFile {
    /// The hash of its content, which names it.
    pub(crate) hash: String,
    /// Its name.
    pub(crate) name: String,
    /// Why.
    pub(crate) reason: String,
    /// What to do next.
    pub(crate) advice: &'static str,
    /// When it was imported.
    pub(crate) imported_at: String,
}

/// The question whether a check is a patient's, though the payer knows the person otherwise: POST
/// `/eligibility/ELG-001/match` with `key`, `patient` and `seen`, the differences that were shown.
#[derive(Debug, Clone, Template)]
#[template(path = "eligibility/match.html")]
pub(crate) struct MatchPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// The check.
    pub(crate) id: CheckId,
    /// What it says.
    pub(crate) outcome: Outcome,
    /// Who answered.
    pub(crate) payer: String,
    /// The patient beside what the payer says.
    pub(crate) candidate: Candidate,
    /// What makes a second sending the same decision.
    pub(crate) key: String,
}

impl MatchPage {
    fn look(&self) -> &'static str {
        look(self.outcome)
    }

    fn label(&self) -> &'static str {
        label(self.outcome)
    }
}

/// Takes a check back from its patient: GET and POST `/eligibility/ELG-001/unmatch` with `key`,
/// `patient` and `reason`.
#[derive(Debug, Clone, Template)]
#[template(path = "eligibility/unmatch.html")]
pub(crate) struct UnmatchPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// The check.
    pub(crate) id: CheckId,
    /// Whose it is now.
    pub(crate) patient: PatientRef,
    /// Who answered.
    pub(crate) payer: String,
    /// What was typed.
    pub(crate) reason: String,
    /// What makes a second sending the same decision.
    pub(crate) key: String,
    /// What was wrong.
    pub(crate) errors: Errors,
}

impl Samples for InboxPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let rows = samples::check_rows(false);
        let waiting = |row: &CheckRow, candidates: Vec<Candidate>| Waiting {
            row: row.clone(),
            reason: "No single patient has this name, date of birth and member ID.".to_owned(),
            person: if candidates.is_empty() { samples::sides(&[]) } else { Vec::new() },
            candidates,
        };
        let unread = |hash: &str, name: &str| UnreadFile {
            hash: hash.to_owned(),
            name: name.to_owned(),
            reason: "This is not an X12 file: no interchange header (ISA) was found.".to_owned(),
            advice: "Ask the sender for the 271 itself; a scan or a printed page cannot be read.",
            imported_at: "Nov 23, 2026, 9:12 AM".to_owned(),
        };
        let usual = Self {
            shell: samples::shell(),
            waiting: vec![waiting(&rows[0], samples::candidates()), waiting(&rows[1], Vec::new())],
            pager: Pager { from: Some(1), shown: 2, total: 2, ..Pager::default() },
            unread: vec![unread("0a", "scan-of-a-letter.pdf"), unread("0b", samples::HARD_NAME)],
            has_more_files: true,
            key: "k".to_owned(),
            can_decide: true,
            can_add: true,
        };
        let empty = Self {
            waiting: Vec::new(),
            unread: Vec::new(),
            has_more_files: false,
            pager: Pager::default(),
            ..usual.clone()
        };
        let reader = Self { can_decide: false, can_add: false, ..usual.clone() };
        vec![("usual", usual), ("empty", empty), ("reader", reader)]
    }
}

impl Samples for MatchPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let candidates = samples::candidates();
        let usual = Self {
            shell: samples::shell(),
            id: CheckId::new(101),
            outcome: Outcome::Active,
            payer: "Northlake Health".to_owned(),
            candidate: candidates[1].clone(),
            key: "k".to_owned(),
        };
        let same = Self { candidate: candidates[0].clone(), ..usual.clone() };
        vec![("usual", usual), ("few-differences", same)]
    }
}

impl Samples for UnmatchPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let name = samples::HARD_NAME.to_owned();
        let usual = Self {
            shell: samples::shell(),
            id: CheckId::new(12),
            patient: PatientRef { id: PatientId::new(2), name },
            payer: "Northlake Health".to_owned(),
            reason: String::new(),
            key: "k".to_owned(),
            errors: Errors::default(),
        };
        let fault = almoner_domain::Invalid::one("reason", "required", "Enter why.");
        let wrong = Self { errors: fault.into(), ..usual.clone() };
        vec![("usual", usual), ("wrong", wrong)]
    }
}
