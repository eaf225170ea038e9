//! Pages of eligibility checks.

use almoner_domain::list::Direction;
use almoner_domain::{CheckId, InquiryId};
use askama::Template;

use super::Samples;
use super::inquiries::AskedList;
use super::parts::{Errors, Fact, Pager, PatientMatch, PatientRef, Shell, Tone, plural};
use super::query::ListQuery;
use super::samples;

/// What a check says as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Covered.
    Active,
    /// Not covered.
    Inactive,
    /// Both were said.
    Review,
    /// The payer could not answer.
    Rejected,
    /// Neither was said.
    Unknown,
}

impl Outcome {
    /// The outcome with that stored name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Active, Self::Inactive, Self::Review, Self::Rejected, Self::Unknown];
        all.into_iter().find(|outcome| outcome.as_str() == name)
    }

    /// The stored name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Review => "review",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
        }
    }

    /// The name that people read.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Inactive => "Inactive",
            Self::Review => "Needs review",
            Self::Rejected => "Rejected",
            Self::Unknown => "Not stated",
        }
    }

    /// The status whose look it borrows.
    pub(crate) fn look(self) -> &'static str {
        match self {
            Self::Active => "paid",
            Self::Inactive => "cancelled",
            Self::Review => "pending",
            Self::Rejected => "failed",
            Self::Unknown => "draft",
        }
    }
}

/// A check in a list.
#[derive(Debug, Clone)]
pub(crate) struct CheckRow {
    /// Which.
    pub(crate) id: CheckId,
    /// Whose, once it is matched.
    pub(crate) patient: Option<PatientRef>,
    /// The name in the payer's answer.
    pub(crate) named: String,
    /// Who answered.
    pub(crate) payer: String,
    /// The plan.
    pub(crate) plan: Option<String>,
    /// What it says.
    pub(crate) outcome: Outcome,
    /// When the payer answered.
    pub(crate) checked_at: String,
}

/// Checks, the inbox of those without a patient, and the form **Import**: POST
/// `/eligibility/import` (multipart) with `key` and `files`. The list: GET `/eligibility` with `q`,
/// `dir` of the payer's time, `per_page`, `page`.
#[derive(Debug, Clone, Template)]
#[template(path = "eligibility/list.html")]
pub(crate) struct EligibilityPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What was asked for.
    pub(crate) query: ListQuery,
    /// The rows of this page.
    pub(crate) rows: Vec<CheckRow>,
    /// Where the list stands.
    pub(crate) pager: Pager,
    /// The questions to payers that somebody looks after.
    pub(crate) asked: AskedList,
    /// Checks that wait for a person to say whose they are.
    pub(crate) inbox: Vec<CheckRow>,
    /// Files that were kept though nothing could be read from them.
    pub(crate) unread: Vec<UnreadFile>,
    /// What makes a second sending the same import.
    pub(crate) key: String,
    /// Import is offered.
    pub(crate) can_import: bool,
    /// What was wrong with the import.
    pub(crate) errors: Errors,
}

/// A file from which nothing could be read.
#[derive(Debug, Clone)]
pub(crate) struct UnreadFile {
    /// Its name.
    pub(crate) name: String,
    /// Why.
    pub(crate) reason: String,
    /// When it was imported.
    pub(crate) imported_at: String,
}

/// What became of an import: the answer to the form **Import**.
#[derive(Debug, Clone, Template)]
#[template(path = "eligibility/imported.html")]
pub(crate) struct ImportedPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// A line for each file.
    pub(crate) files: Vec<ImportedFile>,
}

impl ImportedPage {
    /// `3 checks read from 2 files`
    fn read(&self) -> String {
        let checks = self.files.iter().map(|file| file.checks.len()).sum();
        format!("{} read from {}", counted(checks, "check"), counted(self.files.len(), "file"))
    }

    /// `1 file`
    fn failed(&self) -> String {
        counted(self.failed_count(), "file")
    }

    fn failed_count(&self) -> usize {
        self.files.iter().filter(|file| file.error.is_some()).count()
    }
}

fn counted(number: usize, noun: &str) -> String {
    plural(i64::try_from(number).unwrap_or(i64::MAX), noun)
}

/// What became of a file.
#[derive(Debug, Clone)]
pub(crate) struct ImportedFile {
    /// Its name.
    pub(crate) name: String,
    /// Why nothing could be read.
    pub(crate) error: Option<String>,
    /// The checks in it.
    pub(crate) checks: Vec<ImportedCheck>,
    /// What deserves care about the file as a whole.
    pub(crate) warnings: Vec<String>,
}

/// A check that was read from a file.
#[derive(Debug, Clone)]
pub(crate) struct ImportedCheck {
    /// The check, or the first one of a duplicate.
    pub(crate) row: CheckRow,
    /// The same answer was there already.
    pub(crate) is_duplicate: bool,
    /// Why it waits in the inbox, when the reason is not just that nobody matches.
    pub(crate) note: Option<String>,
}

/// A check: GET `/eligibility/ELG-001`, with `q` to search for its patient; POST
/// `/eligibility/ELG-001/match` with `key` and `patient`; GET `/eligibility/ELG-001/raw`.
#[derive(Debug, Clone, Template)]
#[template(path = "eligibility/detail.html")]
pub(crate) struct CheckPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Which.
    pub(crate) id: CheckId,
    /// What it says.
    pub(crate) outcome: Outcome,
    /// Who answered.
    pub(crate) payer: String,
    /// The plan.
    pub(crate) plan: Option<String>,
    /// Whose, once it is matched.
    pub(crate) patient: Option<PatientRef>,
    /// Checked, imported, service date, trace, and the person as the payer names them.
    pub(crate) facts: Vec<Fact>,
    /// Why the payer could not answer.
    pub(crate) rejections: Vec<Rejection>,
    /// What deserves care, in words.
    pub(crate) warnings: Vec<String>,
    /// The benefits.
    pub(crate) groups: Vec<BenefitGroup>,
    /// The question that it answers.
    pub(crate) inquiry: Option<InquiryId>,
    /// The form that matches it to a patient; none when it is matched.
    pub(crate) matching: Option<Matching>,
    /// The raw text may be downloaded.
    pub(crate) can_download: bool,
}

/// A reason why the payer could not answer.
#[derive(Debug, Clone)]
pub(crate) struct Rejection {
    /// The reason in words.
    pub(crate) reason: String,
    /// What to do next.
    pub(crate) follow_up: String,
    /// Whom it concerns: "the subscriber".
    pub(crate) concerns: String,
    /// The payer's codes, such as "75, C".
    pub(crate) codes: String,
}

/// Benefits of one service type and network.
#[derive(Debug, Clone)]
pub(crate) struct BenefitGroup {
    /// The service type, or "Whole plan".
    pub(crate) title: String,
    /// "In network", "Out of network", "Either network", "Network not stated".
    pub(crate) network: String,
    /// Its rows.
    pub(crate) rows: Vec<BenefitRow>,
}

/// One line of the payer's answer.
#[derive(Debug, Clone)]
pub(crate) struct BenefitRow {
    /// Its place in the answer.
    pub(crate) index: i64,
    /// What it is: "Deductible".
    pub(crate) what: String,
    /// Whom it covers: "Individual".
    pub(crate) level: Option<String>,
    /// For how long: "Calendar year".
    pub(crate) period: Option<String>,
    /// The amount, share or quantity.
    pub(crate) value: Option<String>,
    /// The procedure that it is for.
    pub(crate) procedure: Option<String>,
    /// The payer's messages.
    pub(crate) messages: Vec<String>,
    /// The segment as it came.
    pub(crate) segment: String,
}

/// The form that says whose a check is.
#[derive(Debug, Clone)]
pub(crate) struct Matching {
    /// What makes a second sending the same.
    pub(crate) key: String,
    /// What was searched for.
    pub(crate) q: String,
    /// Those who match.
    pub(crate) results: Vec<PatientMatch>,
    /// Why it was not matched at once.
    pub(crate) reason: Option<String>,
    /// What was wrong.
    pub(crate) errors: Errors,
}

impl CheckPage {
    fn rejected_tone(&self) -> Tone {
        if self.groups.is_empty() { Tone::Bad } else { Tone::Warning }
    }
}

impl Samples for EligibilityPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let query = ListQuery::new("/eligibility", "checked", Direction::Descending);
        let usual = Self {
            shell: samples::shell(),
            pager: samples::pager(query.sizes()),
            rows: samples::check_rows(true),
            asked: AskedList { rows: samples::asked_rows(), parts: "questions results" },
            inbox: samples::check_rows(false),
            unread: vec![UnreadFile {
                name: "scan-of-a-letter.pdf".to_owned(),
                reason: "this is not an X12 file".to_owned(),
                imported_at: "Nov 23, 2026, 9:12 AM".to_owned(),
            }],
            query,
            key: "k".to_owned(),
            can_import: true,
            errors: Errors::default(),
        };
        let empty = Self {
            rows: Vec::new(),
            asked: AskedList::default(),
            inbox: Vec::new(),
            unread: Vec::new(),
            pager: Pager::default(),
            errors: almoner_domain::Invalid::one("files", "required", "Choose a file.").into(),
            ..usual.clone()
        };
        vec![("usual", usual), ("empty", empty)]
    }
}

impl Samples for ImportedPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let files = samples::imported_files();
        let usual = Self { shell: samples::shell(), files };
        let one = Self { files: usual.files[2..].to_vec(), ..usual.clone() };
        vec![("usual", usual), ("failed", one)]
    }
}

impl Samples for CheckPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let usual = samples::check_page();
        let matching = Matching {
            key: "k".to_owned(),
            q: "brien".to_owned(),
            results: samples::matches(),
            reason: Some("The answer names another person than was asked for.".to_owned()),
            errors: Errors::default(),
        };
        let inbox = Self {
            outcome: Outcome::Rejected,
            patient: None,
            plan: None,
            rejections: vec![Rejection {
                reason: "The subscriber was not found".to_owned(),
                follow_up: "Correct the data and ask again.".to_owned(),
                concerns: "the subscriber".to_owned(),
                codes: "75, C".to_owned(),
            }],
            warnings: Vec::new(),
            groups: Vec::new(),
            matching: Some(matching),
            ..usual.clone()
        };
        vec![("usual", usual), ("inbox", inbox)]
    }
}
