//! Pages of treatments.

use almoner_domain::foreign_code::ForeignCode;
use almoner_domain::list::Direction;
use almoner_domain::{Money, TreatmentId};
use askama::Template;

use super::Samples;
use super::parts::{Choice, Errors, Fact, Overdue, Pager, PatientMatch, PatientRef, Shell};
use super::payments::list::PaymentRow;
use super::query::ListQuery;
use super::samples;

/// How many codes the form has room for at first.
const CODE_ROWS: usize = 6;
/// How many codes the form has room for at most, as many as a treatment may have.
const MAX_CODE_ROWS: usize = 20;

/// The list of treatments: GET `/treatments` with `q`, `dir` of the service, `per_page`, `page`.
#[derive(Debug, Clone, Template)]
#[template(path = "treatments/list.html")]
pub(crate) struct TreatmentsPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What was asked for.
    pub(crate) query: ListQuery,
    /// The rows of this page.
    pub(crate) rows: Vec<TreatmentRow>,
    /// Where the list stands.
    pub(crate) pager: Pager,
    /// Treatments may be added.
    pub(crate) can_create: bool,
}

/// A treatment in a list.
#[derive(Debug, Clone)]
pub(crate) struct TreatmentRow {
    /// Which.
    pub(crate) id: TreatmentId,
    /// Whose, as `Last, First`.
    pub(crate) patient: PatientRef,
    /// Date and time with the location's zone.
    pub(crate) service_at: String,
    /// Who treats.
    pub(crate) physician: Option<String>,
    /// Where.
    pub(crate) location: String,
    /// The codes.
    pub(crate) codes: Vec<String>,
    /// Its status, as people read it.
    pub(crate) status: String,
    /// What of its payments is overdue.
    pub(crate) overdue: Option<Overdue>,
}

/// A treatment's own page: GET `/treatments/TRT-001`.
#[derive(Debug, Clone, Template)]
#[template(path = "treatments/detail.html")]
pub(crate) struct TreatmentPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Which.
    pub(crate) id: TreatmentId,
    /// Whose, as `Last, First`.
    pub(crate) patient: PatientRef,
    /// Its status, as people read it.
    pub(crate) status: String,
    /// Service, physician, location.
    pub(crate) facts: Vec<Fact>,
    /// The codes with their charges.
    pub(crate) procedures: Vec<ProcedureLine>,
    /// The codes of other systems.
    pub(crate) foreign_codes: Vec<ForeignCode>,
    /// The sum of the charges, when all are known.
    pub(crate) charges: Option<Money>,
    /// What of its payments is overdue.
    pub(crate) overdue: Option<Overdue>,
    /// Its payments, the newest first.
    pub(crate) payments: Vec<PaymentRow>,
    /// Edit is offered.
    pub(crate) can_edit: bool,
    /// Create Payment is offered.
    pub(crate) can_create_payment: bool,
    /// Run check is offered.
    pub(crate) can_check: bool,
}

/// A procedure of a treatment.
#[derive(Debug, Clone)]
pub(crate) struct ProcedureLine {
    /// The code.
    pub(crate) code: String,
    /// Its modifiers.
    pub(crate) modifiers: String,
    /// The charge, when it is known.
    pub(crate) charge: Option<Money>,
}

/// A treatment as it is typed. Names: `service_date`, `service_time`, `physician`, `location`,
/// `status`, and several times each `code`, `modifiers`, `charge`, whose faults are `code_1` … and
/// so on.
#[derive(Debug, Clone, Default)]
pub(crate) struct TreatmentEntry {
    /// `YYYY-MM-DD`.
    pub(crate) service_date: String,
    /// `HH:MM`.
    pub(crate) service_time: String,
    /// The physician's id, or blank.
    pub(crate) physician: String,
    /// The location's id.
    pub(crate) location: String,
    /// The status's stored name.
    pub(crate) status: String,
    /// The codes; blank rows follow.
    pub(crate) procedures: Vec<ProcedureEntry>,
}

/// A procedure as it is typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProcedureEntry {
    /// The code.
    pub(crate) code: String,
    /// Its modifiers, parted by blanks.
    pub(crate) modifiers: String,
    /// The charge.
    pub(crate) charge: String,
}

/// Adding or editing a treatment: POST `/treatments` or `/treatments/TRT-001/edit` with `key`,
/// `version`, `patient` and the fields of [`TreatmentEntry`].
#[derive(Debug, Clone, Template)]
#[template(path = "treatments/form.html")]
pub(crate) struct TreatmentFormPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What makes a second sending the same.
    pub(crate) key: String,
    /// Which is edited; none when one is added.
    pub(crate) id: Option<TreatmentId>,
    /// The version that the form rests on; 0 when one is added.
    pub(crate) version: i64,
    /// Whose; a patient is found first, on their own page.
    pub(crate) patient: PatientMatch,
    /// What was typed.
    pub(crate) entry: TreatmentEntry,
    /// All physicians.
    pub(crate) physicians: Vec<Choice>,
    /// All locations, each with its time zone.
    pub(crate) locations: Vec<Choice>,
    /// All statuses.
    pub(crate) statuses: Vec<Choice>,
    /// What was wrong.
    pub(crate) errors: Errors,
}

impl TreatmentFormPage {
    /// The rows of the form: what was typed, then blank ones, one of them at least.
    fn code_rows(&self) -> Vec<(usize, ProcedureEntry)> {
        let is_used = |entry: &ProcedureEntry| !(entry.code.is_empty() && entry.charge.is_empty());
        let used = self.entry.procedures.iter().rposition(is_used).map_or(0, |last| last + 1);
        let rows = CODE_ROWS.max(used + 1).min(MAX_CODE_ROWS);
        let row = |index: usize| self.entry.procedures.get(index).cloned().unwrap_or_default();
        (0..rows).map(|index| (index + 1, row(index))).collect()
    }
}

impl Samples for TreatmentsPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let query = ListQuery::new("/treatments", "service", Direction::Descending);
        let usual = Self {
            shell: samples::shell(),
            pager: samples::pager(query.sizes()),
            rows: samples::treatment_rows(),
            query,
            can_create: true,
        };
        let empty = Self { rows: Vec::new(), pager: Pager::default(), ..usual.clone() };
        let no_match = Self {
            query: ListQuery { q: "TRT-99".to_owned(), ..empty.query.clone() },
            ..empty.clone()
        };
        vec![("usual", usual), ("empty", empty), ("no-match", no_match)]
    }
}

impl Samples for TreatmentPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let usual = samples::treatment_page();
        let bare = Self {
            procedures: Vec::new(),
            foreign_codes: Vec::new(),
            charges: None,
            overdue: None,
            payments: Vec::new(),
            can_edit: false,
            can_create_payment: false,
            can_check: false,
            ..usual.clone()
        };
        vec![("usual", usual), ("bare", bare)]
    }
}

impl Samples for TreatmentFormPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let new = samples::treatment_form();
        let mut errors = almoner_domain::Invalid::one("service_date", "required", "Enter a date.");
        errors.push("code_2", "not_a_code", "Enter a five-character code.");
        errors.push("charge_1", "not_an_amount", "Enter dollars and cents, such as 125.50.");
        let typed = |code: &str, charge: &str| ProcedureEntry {
            code: code.to_owned(),
            modifiers: String::new(),
            charge: charge.to_owned(),
        };
        let wrong = Self {
            id: Some(TreatmentId::new(894)),
            version: 2,
            entry: TreatmentEntry {
                procedures: vec![typed("99213", "abc"), typed("9", "")],
                ..new.entry.clone()
            },
            errors: errors.into(),
            ..new.clone()
        };
        vec![("new", new), ("wrong", wrong)]
    }
}
