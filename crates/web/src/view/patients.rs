//! Pages of patients.

use almoner_domain::insured::Relationship;
use almoner_domain::list::Direction;
use almoner_domain::{CheckId, Money, PatientId};
use askama::Template;

use super::Samples;
use super::duplicates::OtherRecordsBlock;
use super::eligibility::CheckRow;
use super::eligibility::detail::Differences;
use super::inquiries::AskedList;
use super::parts::{Choice, Errors, Fact, Overdue, Pager, Shell, count};
use super::payments::list::PaymentRow;
use super::payments::new::FindFor;
use super::query::ListQuery;
use super::samples;
use super::treatments::TreatmentRow;

/// The list of patients: GET `/patients` with `q`, `dir` of the name, `per_page`, `page`.
#[derive(Debug, Clone, Template)]
#[template(path = "patients/list.html")]
pub(crate) struct PatientsPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What was asked for.
    pub(crate) query: ListQuery,
    /// The rows of this page.
    pub(crate) rows: Vec<PatientRow>,
    /// Where the list stands.
    pub(crate) pager: Pager,
    /// There are patients who may be one person, for those who may merge them.
    pub(crate) has_duplicates: bool,
    /// Patients may be added.
    pub(crate) can_create: bool,
}

/// A patient in the list.
#[derive(Debug, Clone)]
pub(crate) struct PatientRow {
    /// Who.
    pub(crate) id: PatientId,
    /// `Last, First`.
    pub(crate) name: String,
    /// The date of birth.
    pub(crate) birth_date: String,
    /// The medical record number.
    pub(crate) mrn: Option<String>,
    /// A phone number.
    pub(crate) phone: Option<String>,
    /// What they owe.
    pub(crate) balance: Money,
    /// How many of their payments are overdue.
    pub(crate) overdue_count: i64,
}

impl PatientRow {
    fn owes(&self) -> bool {
        self.balance > Money::ZERO
    }

    fn overdue(&self) -> String {
        count(self.overdue_count)
    }
}

/// A patient's own page: GET `/patients/PAT-001`.
#[derive(Debug, Clone, Template)]
#[template(path = "patients/detail.html")]
pub(crate) struct PatientPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Who.
    pub(crate) id: PatientId,
    /// `First Last`.
    pub(crate) name: String,
    /// Date of birth, sex, MRN, phone, e-mail, address.
    pub(crate) facts: Vec<Fact>,
    /// What they agreed to; none without an e-mail address.
    pub(crate) consent: Option<ConsentBlock>,
    /// What they owe, and what became of the rest.
    pub(crate) balance: BalanceBlock,
    /// What of it is overdue.
    pub(crate) overdue: Option<Overdue>,
    /// The newest payments.
    pub(crate) payments: Vec<PaymentRow>,
    /// All their payments, when there are more than are shown.
    pub(crate) more_payments: Option<String>,
    /// Their treatments, the newest first.
    pub(crate) treatments: Vec<TreatmentRow>,
    /// Their coverages.
    pub(crate) coverages: Vec<CoverageBlock>,
    /// Their eligibility checks, the newest first.
    pub(crate) checks: Vec<PatientCheck>,
    /// What the payer says of them otherwise, in the most recent check.
    pub(crate) differences: Option<Differences>,
    /// The questions to payers that somebody looks after.
    pub(crate) asked: AskedList,
    /// Other records of the same person.
    pub(crate) others: OtherRecordsBlock,
    /// Run check is offered.
    pub(crate) can_check: bool,
    /// Edit is offered.
    pub(crate) can_edit: bool,
    /// Create Payment and new treatment are offered.
    pub(crate) can_create: bool,
}

/// What a patient owes.
#[derive(Debug, Clone)]
pub(crate) struct BalanceBlock {
    /// Issued and not yet collected.
    pub(crate) owed: Money,
    /// Outstanding, overdue, collected, refunded.
    pub(crate) facts: Vec<Fact>,
}

/// What a patient agreed to. Its form: POST `…/email-consent` with `agreed`.
#[derive(Debug, Clone)]
pub(crate) struct ConsentBlock {
    /// What every form carries.
    pub(crate) key: String,
    /// Since when they agree to e-mail; none while they do not.
    pub(crate) since: Option<String>,
    /// It can be changed.
    pub(crate) can_change: bool,
}

/// An eligibility check of a patient.
#[derive(Debug, Clone)]
pub(crate) struct PatientCheck {
    /// The check.
    pub(crate) row: CheckRow,
    /// How old the answer is: "12 days ago".
    pub(crate) age: String,
    /// It is the one that estimates use first.
    pub(crate) is_latest: bool,
}

/// A coverage of a patient.
#[derive(Debug, Clone)]
pub(crate) struct CoverageBlock {
    /// `Primary` or `Secondary`.
    pub(crate) rank: &'static str,
    /// The payer.
    pub(crate) payer: String,
    /// The member id.
    pub(crate) member_id: String,
    /// The plan.
    pub(crate) plan: Option<String>,
    /// The id under which clearinghouses know the payer.
    pub(crate) payer_id: Option<String>,
    /// Through whom the patient is insured, when it is somebody else.
    pub(crate) through: Option<String>,
}

/// A patient as they are typed. Names: those of the fields; those of coverages are the fields of
/// [`CoverageEntry`] with `primary_` and `secondary_` before them.
#[derive(Debug, Clone, Default)]
pub(crate) struct PatientEntry {
    /// Given names.
    pub(crate) first_name: String,
    /// Family name.
    pub(crate) last_name: String,
    /// `YYYY-MM-DD`.
    pub(crate) date_of_birth: String,
    /// `female`, `male`, `other` or blank.
    pub(crate) sex: String,
    /// The medical record number.
    pub(crate) mrn: String,
    /// A phone number.
    pub(crate) phone: String,
    /// An e-mail address.
    pub(crate) email: String,
    /// The postal address.
    pub(crate) address: String,
    /// Who pays, when it is not the patient.
    pub(crate) guarantor: String,
    /// The coverage that is asked first.
    pub(crate) primary: CoverageEntry,
    /// The coverage that is asked second.
    pub(crate) secondary: CoverageEntry,
}

/// A coverage as it is typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct CoverageEntry {
    /// The payer.
    pub(crate) payer: String,
    /// The member id.
    pub(crate) member_id: String,
    /// The plan.
    pub(crate) plan: String,
    /// The id under which clearinghouses know the payer.
    pub(crate) payer_id: String,
    /// What the patient is to the subscriber.
    pub(crate) relationship: String,
    /// The subscriber's first name.
    pub(crate) subscriber_first_name: String,
    /// The subscriber's last name.
    pub(crate) subscriber_last_name: String,
    /// The subscriber's date of birth, `YYYY-MM-DD`.
    pub(crate) subscriber_date_of_birth: String,
}

/// Adding or editing a patient: POST `/patients` or `/patients/PAT-001/edit` with `key`, `version`,
/// the fields of [`PatientEntry`], `check` when the entry came from an eligibility check, and `for`
/// when something goes on once the patient is there.
#[derive(Debug, Clone, Template)]
#[template(path = "patients/form.html")]
pub(crate) struct PatientFormPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What makes a second sending the same.
    pub(crate) key: String,
    /// Who is edited; none when a patient is added.
    pub(crate) id: Option<PatientId>,
    /// The version that the form rests on; 0 when a patient is added.
    pub(crate) version: i64,
    /// The check that the entry was filled from and that will be matched.
    pub(crate) check: Option<CheckId>,
    /// What the patient is needed for.
    pub(crate) purpose: Option<FindFor>,
    /// What was typed.
    pub(crate) entry: PatientEntry,
    /// Who may be the same person, with what is alike; `somebody_else` says that they are not.
    pub(crate) alike: Vec<(PatientId, String)>,
    /// What was wrong.
    pub(crate) errors: Errors,
}

impl PatientFormPage {
    fn relationships() -> Vec<Choice> {
        let choice =
            |relationship: Relationship| Choice::new(relationship.as_str(), relationship.label());
        Relationship::ALL.into_iter().map(choice).collect()
    }

    /// Whether the subscriber's fields are shown at once.
    fn shows_subscriber(&self, rank: &str, coverage: &CoverageEntry) -> bool {
        let is_other = !["", Relationship::Subscriber.as_str()].contains(&&*coverage.relationship);
        let names = [
            "relationship",
            "subscriber_first_name",
            "subscriber_last_name",
            "subscriber_date_of_birth",
        ];
        let is_wrong = |name: &&str| self.errors.of(&format!("{rank}_{name}")).is_some();
        is_other || names.iter().any(is_wrong)
    }

    fn sexes() -> [Choice; 3] {
        ["Female", "Male", "Other"].map(|label| Choice::new(label.to_lowercase(), label))
    }
}

impl Samples for PatientsPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let query = ListQuery::new("/patients", "name", Direction::Ascending);
        let usual = Self {
            shell: samples::shell(),
            pager: samples::pager(query.sizes()),
            rows: samples::patient_rows(),
            query,
            has_duplicates: true,
            can_create: true,
        };
        let empty = Self { rows: Vec::new(), pager: Pager::default(), ..usual.clone() };
        let no_match = Self {
            query: ListQuery { q: samples::HARD_TEXT.to_owned(), ..empty.query.clone() },
            ..empty.clone()
        };
        vec![("usual", usual), ("empty", empty), ("no-match", no_match)]
    }
}

impl Samples for PatientPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let usual = samples::patient_page();
        let bare = Self {
            facts: Vec::new(),
            consent: None,
            balance: BalanceBlock { owed: Money::ZERO, facts: Vec::new() },
            overdue: None,
            payments: Vec::new(),
            more_payments: None,
            treatments: Vec::new(),
            coverages: Vec::new(),
            checks: Vec::new(),
            asked: AskedList::default(),
            can_check: false,
            others: OtherRecordsBlock::default(),
            differences: None,
            can_edit: false,
            can_create: false,
            ..usual.clone()
        };
        vec![("usual", usual), ("bare", bare)]
    }
}

impl Samples for PatientFormPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let new = Self {
            shell: samples::shell(),
            key: "k".to_owned(),
            id: None,
            version: 0,
            check: Some(CheckId::new(12)),
            purpose: Some(FindFor::Payment),
            entry: PatientEntry::default(),
            alike: Vec::new(),
            errors: Errors::default(),
        };
        let alike = Self {
            alike: vec![(PatientId::new(9), "name, date of birth".to_owned())],
            ..new.clone()
        };
        let mut errors =
            almoner_domain::Invalid::one("last_name", "required", "Enter the last name.");
        errors.push("primary_member_id", "required", "Enter the member id.");
        let wrong = Self {
            id: Some(PatientId::new(4)),
            version: 2,
            check: None,
            entry: PatientEntry {
                first_name: samples::HARD_NAME.to_owned(),
                sex: "other".to_owned(),
                address: samples::HARD_TEXT.to_owned(),
                primary: CoverageEntry {
                    payer: "Northlake Health".to_owned(),
                    relationship: "child".to_owned(),
                    subscriber_last_name: samples::HARD_NAME.to_owned(),
                    ..CoverageEntry::default()
                },
                ..PatientEntry::default()
            },
            errors: errors.into(),
            ..new.clone()
        };
        vec![("new", new), ("alike", alike), ("wrong", wrong)]
    }
}
