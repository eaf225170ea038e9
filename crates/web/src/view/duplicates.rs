//! Patients who were entered twice: the pairs, and two records before they are merged.

use almoner_domain::PatientId;
use askama::Template;

use super::Samples;
use super::parts::{Choice, Errors, Fact, PatientRef, Shell};
use super::samples;

/// Pairs of patients who may be one person: GET `/patients/duplicates`.
#[derive(Debug, Clone, Template)]
#[template(path = "patients/duplicates.html")]
pub(crate) struct DuplicatesPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What every form carries.
    pub(crate) key: String,
    /// The pairs.
    pub(crate) pairs: Vec<PairRow>,
    /// There are more than are shown.
    pub(crate) has_more: bool,
}

/// Two patients who may be one person. Its form: POST `/patients/duplicates/apart` with `one`,
/// `other`.
#[derive(Debug, Clone)]
pub(crate) struct PairRow {
    /// The two.
    pub(crate) people: [PersonCell; 2],
    /// What they have alike: "name, date of birth".
    pub(crate) likeness: String,
}

/// One of the two.
#[derive(Debug, Clone)]
pub(crate) struct PersonCell {
    /// Who, as `Last, First`.
    pub(crate) who: PatientRef,
    /// What tells them apart: "born Feb 29, 1980 · MRN 77 · 3 payments".
    pub(crate) detail: String,
}

/// The form that asks which other record a patient has: GET `/patients/PAT-001/merge`.
#[derive(Debug, Clone, Template)]
#[template(path = "patients/merge_with.html")]
pub(crate) struct MergeWithPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Whose record stays, as `First Last`.
    pub(crate) kept: PatientRef,
    /// What was typed.
    pub(crate) with: String,
    /// What is wrong.
    pub(crate) errors: Errors,
}

/// Two records side by side: GET `/patients/PAT-001/merge` with `with`. Its form: POST to the same
/// with `other`, `kept_version`, `other_version`, each field's name with `kept` or `other`,
/// `primary` and `secondary`.
#[derive(Debug, Clone, Template)]
#[template(path = "patients/merge.html")]
pub(crate) struct MergePage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What every form carries.
    pub(crate) key: String,
    /// The record that stays.
    pub(crate) kept: RecordColumn,
    /// The record that is merged into it.
    pub(crate) other: RecordColumn,
    /// The fields in which they are not the same.
    pub(crate) fields: Vec<FieldChoice>,
    /// The fields in which they are.
    pub(crate) same: Vec<Fact>,
    /// The coverages of both.
    pub(crate) coverages: Vec<Choice>,
    /// The chosen primary one.
    pub(crate) primary: String,
    /// The chosen secondary one.
    pub(crate) secondary: String,
    /// What goes over: "3 payments, 1 treatment"; blank for nothing.
    pub(crate) moved: String,
    /// What is wrong.
    pub(crate) errors: Errors,
}

/// A record.
#[derive(Debug, Clone)]
pub(crate) struct RecordColumn {
    /// Whose, as `First Last`.
    pub(crate) who: PatientRef,
    /// Its version as shown.
    pub(crate) version: i64,
    /// "added Mar 3, 2026 · 3 payments, 1 treatment".
    pub(crate) detail: String,
}

/// A field in which two records differ.
#[derive(Debug, Clone)]
pub(crate) struct FieldChoice {
    /// The name in forms.
    pub(crate) name: &'static str,
    /// What people call it.
    pub(crate) label: &'static str,
    /// What each says, the one that stays first; none for nothing.
    pub(crate) values: [Option<String>; 2],
    /// The other's is taken.
    pub(crate) takes_other: bool,
}

impl FieldChoice {
    /// What each side's button sends, whether it is pressed, and what it says.
    fn ways(&self) -> [(&'static str, bool, &Option<String>); 2] {
        [("kept", !self.takes_other, &self.values[0]), ("other", self.takes_other, &self.values[1])]
    }
}

/// Which other records a patient has.
#[derive(Debug, Clone, Default)]
pub(crate) struct OtherRecordsBlock {
    /// Who may be the same person, with what both have alike.
    pub(crate) likely: Vec<(PatientRef, String)>,
    /// Who was merged into the patient: "PAT-005, Ann Sampel, born …, on Nov 27, 2026".
    pub(crate) merged: Vec<String>,
    /// They may be compared.
    pub(crate) can_merge: bool,
}

fn person(seq: i64, detail: &str) -> PersonCell {
    let who = PatientRef { id: PatientId::new(seq), name: samples::HARD_NAME.to_owned() };
    PersonCell { who, detail: detail.to_owned() }
}

impl Samples for DuplicatesPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let pair = PairRow {
            people: [
                person(3, "born Feb 29, 1980 · MRN 0042 · 12 payments"),
                person(1_200_345, "born Feb 29, 1980 · no payments"),
            ],
            likeness: "nearly the same name, date of birth, member ID, phone, e-mail".to_owned(),
        };
        let usual = Self {
            shell: samples::manager_shell(),
            key: "k".to_owned(),
            pairs: vec![pair.clone(), pair],
            has_more: true,
        };
        let empty = Self { pairs: Vec::new(), has_more: false, ..usual.clone() };
        vec![("usual", usual), ("empty", empty)]
    }
}

impl Samples for MergeWithPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let usual = Self {
            shell: samples::manager_shell(),
            kept: person(3, "").who,
            with: String::new(),
            errors: Errors::default(),
        };
        let message = "No patient has this number.";
        let wrong = Self {
            with: samples::HARD_TEXT.to_owned(),
            errors: almoner_domain::Invalid::one("with", "unknown", message).into(),
            ..usual.clone()
        };
        vec![("usual", usual), ("wrong", wrong)]
    }
}

impl Samples for MergePage {
    fn samples() -> Vec<(&'static str, Self)> {
        let column = |seq, detail: &str| RecordColumn {
            who: person(seq, "").who,
            version: 2,
            detail: detail.to_owned(),
        };
        let choice = |name, label, values: [Option<&str>; 2]| FieldChoice {
            name,
            label,
            takes_other: values[0].is_none(),
            values: values.map(|value| value.map(str::to_owned)),
        };
        let usual = Self {
            shell: samples::manager_shell(),
            key: "k".to_owned(),
            kept: column(3, "added Mar 3, 2026 · 12 payments, 2 treatments"),
            other: column(1_200_345, "added Nov 27, 2026 · 1 payment"),
            fields: vec![
                choice("first_name", "First name", [Some("Ann"), Some("Anne")]),
                choice("mrn", "MRN", [None, Some("0042")]),
                choice("address", "Address", [Some(samples::HARD_TEXT), None]),
            ],
            same: vec![Fact::new("Date of birth", "Feb 29, 1980")],
            coverages: vec![Choice::new("kept-0", "Northlake Health, member 1EG4TE5MK73")],
            primary: "kept-0".to_owned(),
            secondary: String::new(),
            moved: "1 payment".to_owned(),
            errors: Errors::default(),
        };
        let message = "This is the primary coverage already.";
        let wrong = Self {
            secondary: usual.primary.clone(),
            errors: almoner_domain::Invalid::one("secondary", "same", message).into(),
            ..usual.clone()
        };
        let bare = Self {
            fields: Vec::new(),
            coverages: Vec::new(),
            moved: String::new(),
            ..usual.clone()
        };
        vec![("usual", usual), ("wrong", wrong), ("bare", bare)]
    }
}
