//! Pages of questions to payers.

use almoner_domain::inquiry::InquiryState;
use almoner_domain::{CheckId, InquiryId, PatientId, TreatmentId};
use askama::Template;

use super::Samples;
use super::parts::{Choice, Errors, Fact, Link, PatientMatch, PatientRef, Shell};
use super::samples;

/// The form **Run check**: GET `/eligibility/new` with `patient` or `treatment`; POST
/// `/eligibility` with `key`, `patient`, `treatment` and the fields of [`CheckEntry`].
#[derive(Debug, Clone, Template)]
#[template(path = "eligibility/new.html")]
pub(crate) struct RunCheckPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What makes a second sending the same question.
    pub(crate) key: String,
    /// About whom.
    pub(crate) patient: PatientMatch,
    /// For which treatment.
    pub(crate) treatment: Option<TreatmentId>,
    /// What was typed.
    pub(crate) entry: CheckEntry,
    /// The patient's coverages.
    pub(crate) coverages: Vec<Choice>,
    /// The service types.
    pub(crate) service_types: Vec<Choice>,
    /// The locations; none when there is only one.
    pub(crate) locations: Vec<Choice>,
    /// The physicians.
    pub(crate) physicians: Vec<Choice>,
    /// The payers are invented.
    pub(crate) is_test: bool,
    /// What was wrong.
    pub(crate) errors: Errors,
    /// Where what is missing can be mended.
    pub(crate) ways: Vec<Link>,
}

/// A question as it is typed. Names: those of the fields.
#[derive(Debug, Clone, Default)]
pub(crate) struct CheckEntry {
    /// The place of the coverage, from 1.
    pub(crate) coverage: String,
    /// The service type's code.
    pub(crate) service_type: String,
    /// `YYYY-MM-DD`.
    pub(crate) service_date: String,
    /// The location's id.
    pub(crate) location: String,
    /// The physician's id, or blank.
    pub(crate) physician: String,
}

/// A question to a payer in a list.
#[derive(Debug, Clone)]
pub(crate) struct AskedRow {
    /// Which.
    pub(crate) id: InquiryId,
    /// About whom; not said on the patient's own page.
    pub(crate) patient: Option<PatientRef>,
    /// Who is asked.
    pub(crate) payer: String,
    /// About what and for which day.
    pub(crate) about: String,
    /// Where it stands.
    pub(crate) state: InquiryState,
    /// What happened so far and what comes next.
    pub(crate) words: String,
    /// The answer, when somebody has to look at it.
    pub(crate) check: Option<CheckId>,
    /// The form **Ask again**, when nothing is awaited any more.
    pub(crate) again: Option<AgainForm>,
}

impl AskedRow {
    /// The status whose look it borrows.
    pub(crate) fn look(&self) -> &'static str {
        look(self.state)
    }
}

/// The status whose look a question borrows.
fn look(state: InquiryState) -> &'static str {
    match state {
        InquiryState::Waiting => "processing",
        InquiryState::Sent => "pending",
        InquiryState::Answered => "paid",
        InquiryState::Failed => "failed",
        InquiryState::Expired => "cancelled",
    }
}

/// The form **Ask again**: POST `/eligibility` with what was asked.
#[derive(Debug, Clone)]
pub(crate) struct AgainForm {
    /// What makes a second sending the same question.
    pub(crate) key: String,
    /// About whom.
    pub(crate) patient: PatientId,
    /// What was asked.
    pub(crate) entry: CheckEntry,
}

/// The questions that a page lists.
#[derive(Debug, Clone, Default)]
pub(crate) struct AskedList {
    /// The questions, newest first.
    pub(crate) rows: Vec<AskedRow>,
    /// The parts of the page that an answer changes, parted by blanks.
    pub(crate) parts: &'static str,
}

impl AskedList {
    /// An answer may come while the page is shown.
    pub(crate) fn is_open(&self) -> bool {
        self.rows.iter().any(|row| row.state.is_open())
    }
}

/// A question: GET `/inquiries/INQ-001`.
#[derive(Debug, Clone, Template)]
#[template(path = "eligibility/inquiry.html")]
pub(crate) struct InquiryPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Which.
    pub(crate) id: InquiryId,
    /// Where it stands.
    pub(crate) state: InquiryState,
    /// What happened so far and what comes next.
    pub(crate) words: String,
    /// About whom.
    pub(crate) patient: PatientRef,
    /// Payer, service, provider, times, references.
    pub(crate) facts: Vec<Fact>,
    /// The check that the newest answer became.
    pub(crate) check: Option<CheckId>,
    /// The form **Ask again**.
    pub(crate) again: Option<AgainForm>,
    /// The segments of the 270.
    pub(crate) segments: Vec<String>,
}

impl InquiryPage {
    fn look(&self) -> &'static str {
        look(self.state)
    }
}

impl Samples for RunCheckPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let usual = Self {
            shell: samples::shell(),
            key: "k".to_owned(),
            patient: samples::matches().remove(1),
            treatment: Some(TreatmentId::new(894)),
            entry: CheckEntry {
                coverage: "1".to_owned(),
                service_type: "98".to_owned(),
                service_date: "2026-11-30".to_owned(),
                location: "LOC-002".to_owned(),
                physician: "PHY-001".to_owned(),
            },
            coverages: vec![
                Choice::new(1, "Primary: Northlake Health, member 1EG4TE5MK73"),
                Choice::new(2, samples::HARD_NAME),
            ],
            service_types: vec![Choice::new("30", "Whole plan"), Choice::new("98", "Office visit")],
            locations: vec![
                Choice::new("LOC-001", "Harbor Street"),
                Choice::new("LOC-002", "Mesa"),
            ],
            physicians: vec![Choice::new("PHY-001", "Testperson, Avery")],
            is_test: true,
            errors: Errors::default(),
            ways: Vec::new(),
        };
        let mut errors = almoner_domain::Invalid::one(
            "coverage",
            "missing",
            "The payer ID of Northlake Health is missing: the id under which the clearinghouse \
             lists it.",
        );
        errors.push("location", "missing", "Mesa has no NPI, and no physician was chosen.");
        let wrong = Self {
            treatment: None,
            entry: CheckEntry { service_date: "soon".to_owned(), ..usual.entry.clone() },
            errors: errors.into(),
            ways: vec![
                Link::new("/patients/PAT-002/edit", "Edit the patient's coverage"),
                Link::new("/settings/locations", "See the locations' NPIs"),
            ],
            is_test: false,
            ..usual.clone()
        };
        let bare = Self {
            coverages: Vec::new(),
            locations: Vec::new(),
            physicians: Vec::new(),
            errors: Errors::whole("The clinic has no NPI, and no physician was chosen."),
            entry: CheckEntry::default(),
            ..wrong.clone()
        };
        vec![("usual", usual), ("wrong", wrong), ("bare", bare)]
    }
}

impl Samples for InquiryPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let open = samples::inquiry_page();
        let rows = samples::asked_rows();
        let failed = Self {
            state: InquiryState::Failed,
            words: rows[3].words.clone(),
            again: rows[3].again.clone(),
            ..open.clone()
        };
        let answered = Self {
            state: InquiryState::Answered,
            words: "Answered Nov 23, 2026, 9:14 AM.".to_owned(),
            check: Some(CheckId::new(12)),
            ..open.clone()
        };
        vec![("open", open), ("failed", failed), ("answered", answered)]
    }
}
