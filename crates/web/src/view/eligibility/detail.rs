//! A check's own page.

use almoner_domain::estimate::Outcome;
use almoner_domain::{CheckId, InquiryId, PatientId};
use askama::Template;

use super::inbox::{Candidate, Side};
use super::{label, look};
use crate::view::Samples;
use crate::view::parts::{Errors, Fact, Link, PatientMatch, PatientRef, Shell, Tone};
use crate::view::samples;

/// A check: GET `/eligibility/ELG-001`, with `q` to search for its patient; POST
/// `/eligibility/ELG-001/match` with `key`, `patient` and `seen`; POST
/// `/eligibility/ELG-001/differences`; GET `/eligibility/ELG-001/raw`.
#[derive(Debug, Clone, Template)]
#[template(path = "eligibility/detail.html")]
pub(crate) struct CheckPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Which.
    pub(crate) id: CheckId,
    /// What it says.
    pub(crate) outcome: Outcome,
    /// The same as a sentence.
    pub(crate) headline: String,
    /// Who answered.
    pub(crate) payer: String,
    /// The plan.
    pub(crate) plan: Option<String>,
    /// Whose, once it is matched.
    pub(crate) patient: Option<PatientRef>,
    /// Whether the person is the subscriber or a dependent, and the coverage's dates.
    pub(crate) coverage: Vec<Fact>,
    /// For which services coverage is active, and for which not.
    pub(crate) statuses: Vec<StatusLine>,
    /// Why the payer could not answer.
    pub(crate) rejections: Vec<Rejection>,
    /// The form that matches it to a patient; none when it is matched.
    pub(crate) matching: Option<Matching>,
    /// What the payer says of the patient otherwise.
    pub(crate) differences: Option<Differences>,
    /// The benefits: those of the whole plan, of visits, then as the payer sent them.
    pub(crate) sections: Vec<Section>,
    /// The services beyond those.
    pub(crate) more_sections: Vec<Section>,
    /// There is at least one co-payment, co-insurance, deductible or out-of-pocket maximum.
    pub(crate) has_cost_sharing: bool,
    /// The subscriber's rows beside a dependent's: context, and not used.
    pub(crate) context: Vec<BenefitRow>,
    /// Rows beyond those that a page can hold: "1,204 more rows".
    pub(crate) hidden_rows: Option<String>,
    /// The person as the payer names them.
    pub(crate) person: Vec<Fact>,
    /// Checked, imported, reference, trace.
    pub(crate) facts: Vec<Fact>,
    /// What deserves care, in words.
    pub(crate) warnings: Vec<String>,
    /// The question that it answers.
    pub(crate) inquiry: Option<InquiryId>,
    /// Taking it back from its patient is offered.
    pub(crate) can_unmatch: bool,
}

/// A reason why the payer could not answer.
#[derive(Debug, Clone)]
pub(crate) struct Rejection {
    /// The reason in words.
    pub(crate) reason: String,
    /// Whom it concerns: "the subscriber".
    pub(crate) concerns: String,
    /// What to do next, in our words.
    pub(crate) advice: &'static str,
    /// Where to do it.
    pub(crate) links: Vec<Link>,
    /// What the payer asks for.
    pub(crate) follow_up: String,
    /// The payer's codes, such as "75, C".
    pub(crate) codes: String,
}

/// Services for which the payer says the same.
#[derive(Debug, Clone)]
pub(crate) struct StatusLine {
    /// "Active".
    pub(crate) label: String,
    /// The status whose look it borrows.
    pub(crate) look: &'static str,
    /// The services.
    pub(crate) rows: Vec<BenefitRow>,
}

/// What the payer says of one kind of service.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    /// The service, or "Whole plan".
    pub(crate) title: String,
    /// What the patient pays, by network.
    pub(crate) matrix: Option<Matrix>,
    /// Everything else.
    pub(crate) rows: Vec<BenefitRow>,
}

/// Co-payment, co-insurance, deductible and out-of-pocket maximum, by network.
#[derive(Debug, Clone)]
pub(crate) struct Matrix {
    /// The columns: "In network".
    pub(crate) networks: Vec<&'static str>,
    /// The lines.
    pub(crate) lines: Vec<MatrixLine>,
}

/// A line of the matrix.
#[derive(Debug, Clone)]
pub(crate) struct MatrixLine {
    /// "Deductible".
    pub(crate) label: &'static str,
    /// The figures in each column; none when the payer returned none.
    pub(crate) cells: Vec<Vec<BenefitRow>>,
}

/// One row of the payer's answer.
#[derive(Debug, Clone)]
pub(crate) struct BenefitRow {
    /// Its place in the answer.
    pub(crate) index: i64,
    /// What it is: "Deductible", or the service that it is about.
    pub(crate) what: String,
    /// Whom it covers, for how long, for which procedure, in which network.
    pub(crate) about: Vec<String>,
    /// The amount, share or quantity.
    pub(crate) value: Option<String>,
    /// The payer's messages.
    pub(crate) messages: Vec<String>,
    /// What its other segments say, in words.
    pub(crate) notes: Vec<String>,
    /// Its segments as they came.
    pub(crate) segments: Vec<SegmentLine>,
}

impl BenefitRow {
    fn about(&self) -> String {
        self.about.join(" · ")
    }
}

/// A segment as it came, and what it says.
#[derive(Debug, Clone)]
pub(crate) struct SegmentLine {
    /// The segment.
    pub(crate) text: String,
    /// The same in words.
    pub(crate) words: Option<String>,
}

/// The form that says whose a check is.
#[derive(Debug, Clone)]
pub(crate) struct Matching {
    /// What makes a second sending the same.
    pub(crate) key: String,
    /// Why it was not matched at once.
    pub(crate) reason: String,
    /// Who it may be.
    pub(crate) candidates: Vec<Candidate>,
    /// What was searched for.
    pub(crate) q: String,
    /// Those who match.
    pub(crate) results: Vec<PatientMatch>,
    /// A new patient is offered.
    pub(crate) can_add: bool,
    /// What was wrong.
    pub(crate) errors: Errors,
}

/// What a payer says of a patient otherwise than the clinic: POST
/// `/eligibility/ELG-001/differences` with `key`, `patient`, `version`, `back` and `use`, the name
/// of a field, or `do=dismiss`.
#[derive(Debug, Clone)]
pub(crate) struct Differences {
    /// What makes a second sending the same.
    pub(crate) key: String,
    /// The check in which the payer says so.
    pub(crate) check: CheckId,
    /// The patient.
    pub(crate) patient: PatientId,
    /// The patient's version.
    pub(crate) version: i64,
    /// "Northlake Health has another date of birth and address."
    pub(crate) headline: String,
    /// The payer says itself that its data differ from what it was asked about.
    pub(crate) is_flagged: bool,
    /// When somebody decided that they do not matter.
    pub(crate) dismissed: Option<String>,
    /// The fields that are not the same.
    pub(crate) sides: Vec<Side>,
    /// Where the form leads back to: `check` or `patient`.
    pub(crate) back: &'static str,
    /// Taking over and dismissing are offered.
    pub(crate) can_edit: bool,
}

impl CheckPage {
    fn look(&self) -> &'static str {
        look(self.outcome)
    }

    fn label(&self) -> &'static str {
        label(self.outcome)
    }

    fn rejected_tone(&self) -> Tone {
        if self.outcome == Outcome::Rejected { Tone::Bad } else { Tone::Warning }
    }

    fn has_benefits(&self) -> bool {
        !self.sections.is_empty() || !self.statuses.is_empty()
    }
}

impl Samples for CheckPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let usual = samples::check_page();
        let matching = Matching {
            key: "k".to_owned(),
            reason: "The answer names another person than was asked for.".to_owned(),
            candidates: samples::candidates(),
            q: "brien".to_owned(),
            results: samples::matches(),
            can_add: true,
            errors: Errors::default(),
        };
        let bare = Self {
            sections: Vec::new(),
            more_sections: Vec::new(),
            statuses: Vec::new(),
            context: Vec::new(),
            has_cost_sharing: false,
            hidden_rows: None,
            differences: None,
            warnings: Vec::new(),
            plan: None,
            ..usual.clone()
        };
        let rejected = Self {
            outcome: Outcome::Rejected,
            headline: "The payer could not answer".to_owned(),
            rejections: samples::rejections(),
            ..bare.clone()
        };
        let inbox = Self {
            outcome: Outcome::Review,
            headline: "The payer says both that coverage is active and that it is not".to_owned(),
            patient: None,
            matching: Some(matching.clone()),
            can_unmatch: false,
            ..bare.clone()
        };
        let fault = almoner_domain::Invalid::one("q", "required", "Find the patient.");
        let nobody = Matching {
            candidates: Vec::new(),
            results: Vec::new(),
            errors: fault.into(),
            ..matching
        };
        let unknown = Self {
            outcome: Outcome::Unknown,
            headline: "The payer does not say whether coverage is active".to_owned(),
            patient: None,
            matching: Some(nobody),
            ..bare
        };
        let dismissed = usual.differences.clone().map(|differences| Differences {
            dismissed: Some("Nov 24, 2026, 8:00 AM".to_owned()),
            ..differences
        });
        let settled = Self { differences: dismissed, ..usual.clone() };
        vec![
            ("usual", usual),
            ("rejected", rejected),
            ("inbox", inbox),
            ("nobody-found", unknown),
            ("differences-dismissed", settled),
        ]
    }
}
