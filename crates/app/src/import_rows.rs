//! What every file of records is made into before it is imported: rows, each with one record.
//!
//! To add a kind of import, write a reader that makes a file into [`Rows`] and name it in [`open`];
//! how rows are checked, imported, counted and resumed is the same for all.

use std::collections::{BTreeMap, HashMap};

use almoner_domain::foreign_code::ForeignCode;
use almoner_domain::{Invalid, LocationId};
use almoner_store::StoreError;
pub use almoner_store::imported_records::Mark;
pub use almoner_store::imports::ImportKind;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::import_csv::{CSV_SYSTEM, CsvFile, Separator};
use crate::import_fhir;
use crate::npi::parse_npi;
use crate::save_patient::{CoverageEntry, PatientEntry};
use crate::save_treatment::TreatmentEntry;

/// The greatest file that is imported: 20 MB.
pub const MAX_IMPORT_BYTES: usize = 20 * 1024 * 1024;
/// The greatest number of rows of a file.
pub const MAX_ROWS: i64 = 100_000;
/// The most records of a file that is imported whole or not at all: as long as they are written,
/// nobody else writes to an embedded database.
pub const MAX_RECORDS_WHOLE: i64 = 5_000;

/// The kinds that can be handed in.
pub const OFFERED: [ImportKind; 3] =
    [ImportKind::Patients, ImportKind::Treatments, ImportKind::Fhir];
/// The kinds of which a file is a table.
pub const TABLES: [ImportKind; 2] = [ImportKind::Patients, ImportKind::Treatments];

/// The order of the parts of a date. It is said once for a file, and never guessed for a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DateOrder {
    /// `2026-11-23`.
    #[default]
    #[serde(rename = "YYYY-MM-DD")]
    YearMonthDay,
    /// `11/23/2026`.
    #[serde(rename = "MM/DD/YYYY")]
    MonthDayYear,
    /// `23/11/2026`.
    #[serde(rename = "DD/MM/YYYY")]
    DayMonthYear,
}

impl DateOrder {
    /// All orders.
    pub const ALL: [Self; 3] = [Self::YearMonthDay, Self::MonthDayYear, Self::DayMonthYear];

    /// How it is written and stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::YearMonthDay => "YYYY-MM-DD",
            Self::MonthDayYear => "MM/DD/YYYY",
            Self::DayMonthYear => "DD/MM/YYYY",
        }
    }

    /// The order that is written so.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.as_str() == name)
    }
}

/// How a file is read. What a kind does not ask for stays as it is by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportSettings {
    /// What parts the cells of a line.
    pub separator: Separator,
    /// The order of dates.
    pub dates: DateOrder,
    /// Which field is in which column, counted from 0.
    pub columns: BTreeMap<String, usize>,
    /// Where treatments took place whose row does not say.
    pub location: Option<LocationId>,
    /// The day on which the file was handed in: as of it, what a bundle says stands or has ended.
    #[serde(default)]
    pub read_on: Option<Date>,
}

impl ImportSettings {
    /// As it is stored.
    pub(crate) fn write(&self) -> String {
        serde_json::to_string(self).expect("settings are plain values")
    }

    /// What was stored.
    pub(crate) fn read(text: &str) -> Result<Self, StoreError> {
        serde_json::from_str(text).map_err(|_| StoreError::Corrupt("settings of an import".into()))
    }
}

/// A record as a row tells of it: typed, and checked later by the rules of the pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A patient.
    Patient(Box<PatientRecord>),
    /// A treatment.
    Treatment(Box<TreatmentRecord>),
    /// A physician.
    Physician(Box<PhysicianRecord>),
    /// An insurance of a patient who stands in an earlier row, or who is there already.
    Coverage(Box<CoverageRecord>),
    /// Something that was done in a treatment of an earlier row, or one that is there already.
    Procedure(Box<ProcedureRecord>),
}

/// A patient as a row tells of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PatientRecord {
    /// What other systems call the patient.
    pub marks: Vec<Mark>,
    /// The patient.
    pub entry: PatientEntry,
}

/// A treatment as a row tells of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreatmentRecord {
    /// What other systems call the treatment.
    pub marks: Vec<Mark>,
    /// What other systems call its patient; the first that is known decides. Without any, the
    /// entry's `patient` is an id of ours, a medical record number, or a number of another system.
    pub patient: Vec<Mark>,
    /// The treatment. Its `location` is an id or a name (blank is the one that the import is for),
    /// its `physician` an id, an NPI or a name, its `status` the stored name (blank goes by the
    /// time: completed when it is over).
    pub entry: TreatmentEntry,
    /// What other systems call its physician, when the entry names none; one who is not known is
    /// left out.
    pub physician: Vec<Mark>,
    /// The name of its place, when the entry names none; one that is not known is where the import
    /// is for.
    pub place: Option<String>,
}

/// A physician as a row tells of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PhysicianRecord {
    /// What other systems call the physician.
    pub marks: Vec<Mark>,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// What is said to be the NPI, or nothing.
    pub npi: String,
}

/// An insurance as a row tells of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CoverageRecord {
    /// What other systems call the coverage.
    pub marks: Vec<Mark>,
    /// What other systems call its patient.
    pub patient: Vec<Mark>,
    /// The coverage.
    pub entry: CoverageEntry,
}

/// Something that was done, as a row tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcedureRecord {
    /// What other systems call it.
    pub marks: Vec<Mark>,
    /// What other systems call its treatment.
    pub treatment: Vec<Mark>,
    /// What other systems call the patient, when the treatment must be found to be theirs.
    pub patient: Vec<Mark>,
    /// Its code.
    pub code: ProcedureCode,
}

/// A code of something that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProcedureCode {
    /// A CPT or HCPCS code.
    National(String),
    /// A code of another system.
    Foreign(ForeignCode),
}

/// A row of a file.
#[derive(Debug, Clone)]
pub struct ImportRow {
    /// Its number, as a person who opens the file would count it.
    pub number: i64,
    /// Its cells, for the file of faults.
    pub cells: Vec<String>,
    /// The record, or why there is none.
    pub record: Result<Record, Invalid>,
    /// Where in the file its fields are, when they have places there.
    pub place: Option<String>,
    /// It only says what is not imported; that is no fault.
    pub is_note: bool,
}

/// The rows of a file, one after another, always the same ones.
pub trait Rows: Send + Sync {
    /// What the cells of the rows are headed.
    fn headings(&self) -> &[String];

    /// The next row.
    fn next_row(&mut self) -> Option<ImportRow>;
}

/// The rows of a file of a kind.
///
/// # Errors
/// Says, for `file`, why it cannot be read as a whole.
pub(crate) fn open(
    kind: ImportKind,
    content: Vec<u8>,
    settings: &ImportSettings,
) -> Result<Box<dyn Rows>, Invalid> {
    match kind {
        ImportKind::Patients | ImportKind::Treatments => {
            let file = CsvFile::open(content, settings.separator)?;
            Ok(Box::new(file.into_rows(kind, settings.clone())))
        }
        ImportKind::Fhir => import_fhir::rows(&content, settings.read_on.unwrap_or_default()),
    }
}

impl Record {
    /// What the record is, in one word.
    pub fn what(&self) -> &'static str {
        match self {
            Self::Patient(_) => "Patient",
            Self::Treatment(_) => "Treatment",
            Self::Physician(_) => "Physician",
            Self::Coverage(_) => "Coverage",
            Self::Procedure(_) => "Procedure",
        }
    }

    /// Whose or who it is, as far as its row or an earlier one says.
    pub fn who(&self, names: &Names) -> String {
        match self {
            Self::Patient(patient) => {
                let entry = &patient.entry;
                joined(", ", &[&entry.last_name, &entry.first_name])
            }
            Self::Treatment(treatment) => match &*treatment.entry.patient {
                "" => names.of(&treatment.patient),
                typed => typed.to_owned(),
            },
            Self::Physician(physician) => {
                joined(", ", &[&physician.last_name, &physician.first_name])
            }
            Self::Coverage(coverage) => names.of(&coverage.patient),
            Self::Procedure(procedure) => names.of(&procedure.treatment),
        }
    }

    /// The moment of a service that says one.
    pub fn at(&self) -> Option<Timestamp> {
        if let Self::Treatment(treatment) = self { treatment.entry.service_at } else { None }
    }

    /// The date of birth, or the date and time of a service that says no moment.
    pub fn when(&self) -> String {
        match self {
            Self::Patient(patient) => patient.entry.date_of_birth.clone(),
            Self::Treatment(treatment) => {
                let entry = &treatment.entry;
                joined(" ", &[&entry.service_date, &entry.service_time])
            }
            Self::Physician(_) | Self::Coverage(_) | Self::Procedure(_) => String::new(),
        }
    }

    /// All else that the row says.
    pub fn details(&self) -> String {
        match self {
            Self::Patient(patient) => {
                let entry = &patient.entry;
                let mut parts = vec![
                    said("MRN", &entry.mrn),
                    entry.sex.clone(),
                    entry.phone.clone(),
                    entry.email.clone(),
                    entry.address.clone(),
                    said("Guarantor", &entry.guarantor),
                ];
                for coverage in &entry.coverages {
                    parts.push(joined(" ", &[&coverage.payer, &coverage.member_id]));
                    parts.push(coverage.plan.clone());
                }
                parts.extend(numbers(&patient.marks));
                joined(" · ", &parts)
            }
            Self::Treatment(treatment) => {
                let entry = &treatment.entry;
                let code = |procedure: &crate::save_treatment::ProcedureEntry| {
                    joined(" ", &[&procedure.code, &procedure.modifiers, &procedure.charge])
                };
                let codes: Vec<String> = entry.procedures.iter().map(code).collect();
                let mut parts = vec![
                    entry.location.clone(),
                    entry.physician.clone(),
                    entry.status.clone(),
                    joined("; ", &codes),
                ];
                parts.extend(numbers(&treatment.marks));
                joined(" · ", &parts)
            }
            Self::Physician(physician) => {
                let npi = parse_npi("npi", &physician.npi).ok().flatten();
                said("NPI", &npi.unwrap_or_default())
            }
            Self::Coverage(coverage) => {
                let entry = &coverage.entry;
                joined(" · ", &[&entry.payer, &entry.member_id, &entry.plan])
            }
            Self::Procedure(procedure) => match &procedure.code {
                ProcedureCode::National(code) => code.clone(),
                ProcedureCode::Foreign(code) => {
                    joined(" · ", &[code.label(), code.display.clone().unwrap_or_default()])
                }
            },
        }
    }
}

/// What patients are called, by what other systems call them and what is theirs.
#[derive(Debug, Default)]
pub struct Names(HashMap<Mark, String>);

impl Names {
    /// Remembers whose a record of an earlier row is.
    pub(crate) fn add(&mut self, record: &Record) {
        let marks = match record {
            Record::Patient(patient) => &patient.marks,
            Record::Treatment(treatment) => &treatment.marks,
            Record::Physician(_) | Record::Coverage(_) | Record::Procedure(_) => return,
        };
        let who = record.who(self);
        self.0.extend(marks.iter().map(|mark| (mark.clone(), who.clone())));
    }

    /// Whose the first is that is known; nobody's, when none is.
    fn of(&self, marks: &[Mark]) -> String {
        marks.iter().find_map(|mark| self.0.get(mark)).cloned().unwrap_or_default()
    }
}

/// The numbers of another system that people know; addresses say nothing to them.
fn numbers(marks: &[Mark]) -> impl Iterator<Item = String> {
    let known = marks.iter().filter(|mark| mark.system == CSV_SYSTEM);
    known.map(|mark| said("Number", &mark.value))
}

/// "MRN 123", or nothing.
fn said(what: &str, value: &str) -> String {
    if value.trim().is_empty() { String::new() } else { format!("{what} {value}") }
}

fn joined(between: &str, parts: &[impl AsRef<str>]) -> String {
    let parts = parts.iter().map(|part| part.as_ref().trim()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(between)
}
