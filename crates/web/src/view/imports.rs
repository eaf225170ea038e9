//! Files of records that are imported.

use almoner_domain::ImportId;
use askama::Template;

use super::parts::{Choice, Errors, Fact, Shell};
use super::{Samples, samples};

/// All imports and the form of a new one: GET `/imports`; POST to the same address with `kind` and
/// `file`, and `location` for a bundle.
#[derive(Debug, Clone, Template)]
#[template(path = "imports/list.html")]
pub(crate) struct ImportsPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// The newest imports.
    pub(crate) rows: Vec<ImportRow>,
    /// Where older ones are.
    pub(crate) older: Option<String>,
    /// What may be in a file.
    pub(crate) kinds: Vec<Choice>,
    /// What was chosen of them.
    pub(crate) kind: String,
    /// The locations of a bundle's visits that name none.
    pub(crate) locations: Vec<Choice>,
    /// What was chosen of them.
    pub(crate) location: String,
    /// The greatest file, in megabytes.
    pub(crate) max_mb: usize,
    /// What makes a second sending the same.
    pub(crate) key: String,
    /// What was wrong.
    pub(crate) errors: Errors,
}

/// An import in the list.
#[derive(Debug, Clone)]
pub(crate) struct ImportRow {
    /// The id.
    pub(crate) id: ImportId,
    /// The file's name.
    pub(crate) file: String,
    /// What is in it.
    pub(crate) kind: &'static str,
    /// How it looks and what it is called where it stands.
    pub(crate) standing: (&'static str, &'static str),
    /// What came of it so far.
    pub(crate) told: String,
    /// Who handed it in.
    pub(crate) by: String,
    /// When.
    pub(crate) at: String,
}

/// An import: GET `/imports/{id}`; POST to the same address with `do`.
#[derive(Debug, Clone, Template)]
#[template(path = "imports/import.html")]
pub(crate) struct ImportPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// The import.
    pub(crate) import: ImportRow,
    /// Where it stands.
    pub(crate) stage: Stage,
    /// The file.
    pub(crate) facts: Vec<Fact>,
    /// The first rows, as they are read.
    pub(crate) preview: Vec<PreviewRow>,
    /// The first faults.
    pub(crate) faults: Vec<FaultRow>,
    /// Whether there are more faults than those.
    pub(crate) has_more_faults: bool,
    /// Whether any of them is a fault; else they say what is not taken over.
    pub(crate) has_faulty: bool,
    /// Whether the faulty rows can be had as a file.
    pub(crate) has_file: bool,
    /// What makes a second sending the same.
    pub(crate) key: String,
    /// What was wrong.
    pub(crate) errors: Errors,
}

/// Where an import stands, with what belongs to it.
#[derive(Debug, Clone)]
pub(crate) enum Stage {
    /// Somebody has to say what the columns are.
    Columns(Box<Columns>),
    /// The program goes on by itself.
    UnderWay {
        /// What it does.
        what: &'static str,
        /// Rows that are done.
        done: i64,
        /// Rows that there are.
        rows: i64,
    },
    /// Somebody has to have it run.
    Ready {
        /// `Import 9,997 rows`; nothing when there is none to import.
        run: Option<String>,
        /// Whether rows are left out by that.
        leaves_out: bool,
        /// Whether its columns can be chosen again.
        has_columns: bool,
    },
    /// It is over.
    Over,
}

/// What somebody says of the columns.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    /// The columns of the file, to choose from.
    pub(crate) choices: Vec<Choice>,
    /// What is to be said.
    pub(crate) fields: Vec<ColumnField>,
    /// The columns with their first cells.
    pub(crate) samples: Vec<(String, String)>,
    /// The orders of dates.
    pub(crate) orders: Vec<Choice>,
    /// The one that was chosen.
    pub(crate) order: String,
    /// The locations, where one may be said for all rows; else none.
    pub(crate) locations: Vec<Choice>,
    /// The one that was chosen.
    pub(crate) location: String,
}

/// A field whose column is to be said.
#[derive(Debug, Clone)]
pub(crate) struct ColumnField {
    /// Its name.
    pub(crate) name: &'static str,
    /// What people read.
    pub(crate) label: &'static str,
    /// Whether it must be said.
    pub(crate) needed: bool,
    /// The column that was chosen.
    pub(crate) column: String,
}

/// A row as it is read.
#[derive(Debug, Clone)]
pub(crate) struct PreviewRow {
    /// Its number in the file.
    pub(crate) number: i64,
    /// What it is; nothing when it cannot be read.
    pub(crate) what: &'static str,
    /// Who or whose.
    pub(crate) who: String,
    /// The date of birth, or the time of service.
    pub(crate) when: String,
    /// All else.
    pub(crate) details: String,
    /// Whether something is wrong with it.
    pub(crate) is_faulty: bool,
}

/// Something that is wrong with a row.
#[derive(Debug, Clone)]
pub(crate) struct FaultRow {
    /// The row's number in the file.
    pub(crate) row: i64,
    /// What it is about.
    pub(crate) field: String,
    /// What is wrong, and the way out.
    pub(crate) message: String,
}

impl ImportPage {
    /// Whether the page looks by itself how far it has come.
    fn is_under_way(&self) -> bool {
        matches!(self.stage, Stage::UnderWay { .. })
    }

    /// Whether its file is kept for its faulty rows alone.
    fn can_remove(&self) -> bool {
        matches!(self.stage, Stage::Over) && self.has_file
    }

    /// Whether it can still be dropped.
    fn can_discard(&self) -> bool {
        matches!(self.stage, Stage::Columns(_) | Stage::Ready { .. })
    }
}

fn sample(standing: (&'static str, &'static str), told: &str) -> ImportRow {
    ImportRow {
        id: ImportId::new(7),
        file: "patients of the old system.csv".to_owned(),
        kind: "Patients",
        standing,
        told: told.to_owned(),
        by: "Mara Sample".to_owned(),
        at: "Nov 20, 2026, 2:41 PM".to_owned(),
    }
}

impl Samples for ImportsPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let hard = ImportRow {
            file: samples::HARD_TEXT.to_owned(),
            by: samples::HARD_TEXT.to_owned(),
            ..sample(("processing", "Importing"), "4,200 of 9,997 rows")
        };
        let usual = Self {
            shell: samples::shell(),
            rows: vec![sample(("paid", "Imported"), "9,990 added, 7 there already"), hard],
            older: Some("/imports?before=IMP-006".to_owned()),
            kinds: vec![
                Choice::new("patients", "Patients (CSV)"),
                Choice::new("treatments", "Treatments (CSV)"),
            ],
            kind: "patients".to_owned(),
            locations: vec![Choice::new("LOC-001", "Northside")],
            location: String::new(),
            max_mb: 20,
            key: "k".to_owned(),
            errors: Errors::default(),
        };
        let empty = Self { rows: Vec::new(), older: None, ..usual.clone() };
        let message = "Line 7 is not UTF-8 text.";
        let errors = almoner_domain::Invalid::one("file", "not_utf8", message).into();
        let wrong = Self { errors, ..usual.clone() };
        vec![("usual", usual), ("empty", empty), ("wrong", wrong)]
    }
}

fn sample_columns() -> Columns {
    let heading = |column: usize, text: &str| Choice::new(column, text);
    let field = |name, label, needed, column: &str| ColumnField {
        name,
        label,
        needed,
        column: column.to_owned(),
    };
    Columns {
        choices: vec![heading(0, "1: Surname"), heading(1, "2: Given name"), heading(2, "3: DOB")],
        fields: vec![
            field("last_name", "Last name", true, "0"),
            field("first_name", "First name", true, "1"),
            field("date_of_birth", "Date of birth", true, "2"),
            field("mrn", "MRN", false, ""),
        ],
        samples: vec![
            ("1: Surname".to_owned(), "Sample · O'Brien".to_owned()),
            ("2: Given name".to_owned(), samples::HARD_TEXT.to_owned()),
            ("3: DOB".to_owned(), "02/03/1980 · 12/31/1999".to_owned()),
        ],
        orders: vec![
            Choice::new("YYYY-MM-DD", "2026-11-23 (year, month, day)"),
            Choice::new("MM/DD/YYYY", "11/23/2026 (month, day, year)"),
        ],
        order: "MM/DD/YYYY".to_owned(),
        locations: Vec::new(),
        location: String::new(),
    }
}

impl Samples for ImportPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let row = |number, is_faulty| PreviewRow {
            number,
            what: "Patient",
            who: samples::HARD_TEXT.to_owned(),
            when: "1980-02-03".to_owned(),
            details: "MRN 1007 · F · 555-0100 · SAMPLE HEALTH W123".to_owned(),
            is_faulty,
        };
        let fault = FaultRow {
            row: 3,
            field: "Date of birth".to_owned(),
            message: "This is not a date in the order MM/DD/YYYY.".to_owned(),
        };
        let ready = Self {
            shell: samples::shell(),
            import: sample(("pending", "Checked"), "9,990 new, 7 there already, 3 faulty"),
            stage: Stage::Ready {
                run: Some("Import the 9,997 rows without faults".to_owned()),
                leaves_out: true,
                has_columns: true,
            },
            facts: vec![Fact::new("File", "patients.csv"), Fact::new("Rows", "10,000")],
            preview: vec![row(2, false), row(3, true)],
            faults: vec![fault],
            has_more_faults: true,
            has_faulty: true,
            has_file: true,
            key: "k".to_owned(),
            errors: Errors::default(),
        };
        let bare = Self {
            preview: Vec::new(),
            faults: Vec::new(),
            has_more_faults: false,
            has_file: false,
            ..ready.clone()
        };
        let mut columns = sample_columns();
        columns.locations = vec![Choice::new("LOC-001", "Northside")];
        let message = "Choose the column of: Last name.";
        let mapping = Self {
            import: sample(("draft", "Columns to choose"), ""),
            stage: Stage::Columns(Box::new(columns)),
            errors: almoner_domain::Invalid::one("last_name", "required", message).into(),
            ..bare.clone()
        };
        let running = Self {
            import: sample(("processing", "Importing"), ""),
            stage: Stage::UnderWay { what: "imported", done: 4_200, rows: 10_000 },
            ..bare.clone()
        };
        let done = Self {
            import: sample(("paid", "Imported"), "9,990 added, 7 there already, 3 left out"),
            stage: Stage::Over,
            ..ready.clone()
        };
        vec![("ready", ready), ("mapping", mapping), ("running", running), ("done", done)]
    }
}
