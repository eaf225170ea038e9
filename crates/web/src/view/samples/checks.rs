//! Eligibility checks of the samples.

use almoner_domain::estimate::Outcome;
use almoner_domain::{CheckId, InquiryId};

use super::{HARD_NAME, HARD_TEXT, NAMES, patient, shell};
use crate::view::eligibility::CheckRow;
use crate::view::eligibility::detail::{
    BenefitRow, CheckPage, Differences, Matrix, MatrixLine, Rejection, Section, SegmentLine,
    StatusLine,
};
use crate::view::eligibility::import::{Counts, ImportedCheck, ImportedFile};
use crate::view::eligibility::inbox::{Candidate, Side};
use crate::view::parts::{Fact, Link};

/// A list of checks, matched or waiting.
pub(crate) fn check_rows(is_matched: bool) -> Vec<CheckRow> {
    let row = |(index, outcome): (usize, &Outcome)| {
        let seq = i64::try_from(index).unwrap_or(0) + if is_matched { 1 } else { 101 };
        CheckRow {
            id: CheckId::new(seq),
            patient: is_matched.then(|| patient(seq, NAMES[index])),
            named: NAMES[index].to_uppercase(),
            payer: "Northlake Health Plans of the Upper Lakes".to_owned(),
            plan: (index != 1).then(|| "Lake Choice Gold".to_owned()),
            outcome: *outcome,
            checked_at: "Nov 20, 2026, 8:15 AM".to_owned(),
        }
    };
    let shown = if is_matched { 5 } else { 2 };
    Outcome::ALL[..shown].iter().enumerate().map(row).collect()
}

/// A page of checks of all kinds.
pub(crate) fn long_check_list() -> Vec<CheckRow> {
    let (matched, waiting) = (check_rows(true), check_rows(false));
    let kinds: Vec<&CheckRow> = matched.iter().chain(&waiting).collect();
    let row = |number: i64| {
        let kind = kinds[usize::try_from(number).unwrap_or(0) % kinds.len()].clone();
        CheckRow { id: CheckId::new(1_240 - number), ..kind }
    };
    (0..50).map(row).collect()
}

/// What became of three files.
pub(crate) fn imported_files() -> Vec<ImportedFile> {
    let checks = check_rows(true);
    let read = |row: &CheckRow, first: Option<i64>, note: Option<&str>| ImportedCheck {
        row: row.clone(),
        first: first.map(CheckId::new),
        note: note.map(str::to_owned),
    };
    let waiting = check_rows(false);
    vec![
        ImportedFile {
            name: "answers-2026-11-20.271".to_owned(),
            error: None,
            counts: Counts { all: 1_204, duplicates: 0, waiting: 1 },
            checks: vec![
                read(&waiting[0], None, Some("It names another person than was asked for.")),
                read(&checks[0], None, None),
                read(&checks[3], None, None),
            ],
            warnings: vec!["The count of segments in SE01 is wrong.".to_owned()],
        },
        ImportedFile {
            name: "again.271".to_owned(),
            error: None,
            counts: Counts { all: 1, duplicates: 1, waiting: 0 },
            checks: vec![read(&checks[0], Some(1), None)],
            warnings: Vec::new(),
        },
        ImportedFile {
            name: format!("{HARD_NAME}.pdf"),
            error: Some("This is not X12: no ISA segment was found. The file was kept.".to_owned()),
            counts: Counts::default(),
            checks: Vec::new(),
            warnings: Vec::new(),
        },
    ]
}

/// A person on both sides, who differs in those fields.
pub(crate) fn sides(differing: &[&str]) -> Vec<Side> {
    let known = [
        ("last_name", "Last name", Some("PLACEHOLDER-FEATHERSTONEHAUGH"), Some(HARD_NAME)),
        ("first_name", "First name", Some("MAXIMILIANA"), Some("Maximiliana Bartholomea")),
        ("date_of_birth", "Date of birth", Some("Apr 5, 1971"), Some("May 4, 1971")),
        ("member_id", "Member ID", Some("1EG4TE5MK73"), None),
        ("address", "Address", None, Some("1 Sample Street, Exampleville, NY 10001")),
    ];
    let side = |(name, label, theirs, ours): (&'static str, _, Option<&str>, Option<&str>)| Side {
        name,
        label,
        theirs: theirs.map(str::to_owned),
        ours: ours.map(str::to_owned),
        differs: differing.contains(&name),
    };
    known.into_iter().map(side).collect()
}

/// Patients whom a check may be about.
pub(crate) fn candidates() -> Vec<Candidate> {
    let candidate = |seq, reasons: &[&'static str], differing: &[&str]| Candidate {
        patient: patient(seq, NAMES[usize::try_from(seq).unwrap_or(0)]),
        reasons: reasons.to_vec(),
        sides: sides(differing),
    };
    vec![
        candidate(2, &["Same member ID", "Same date of birth"], &["first_name"]),
        candidate(1, &["Same member ID"], &["last_name", "first_name", "date_of_birth"]),
    ]
}

/// Reasons why a payer could not answer.
pub(crate) fn rejections() -> Vec<Rejection> {
    let rejection = |reason: &str, advice, links, codes: &str| Rejection {
        reason: reason.to_owned(),
        concerns: "the subscriber".to_owned(),
        advice,
        links,
        follow_up: "Correct the data and send again".to_owned(),
        codes: codes.to_owned(),
    };
    let edit = Link::new("/patients/PAT-002/edit#f-date_of_birth", "Edit the date of birth");
    let birth = "Compare the date of birth with the insurance card.";
    vec![
        rejection("The birth date does not match", birth, vec![edit], "71, C"),
        rejection("The payer cannot respond now", "Ask again later.", Vec::new(), "42, R"),
    ]
}

/// A check with everything.
pub(crate) fn check_page() -> CheckPage {
    CheckPage {
        shell: shell(),
        id: CheckId::new(12),
        outcome: Outcome::Active,
        headline: "Coverage is active".to_owned(),
        payer: "Northlake Health".to_owned(),
        plan: Some("Lake Choice Gold".to_owned()),
        patient: Some(patient(2, HARD_NAME)),
        coverage: vec![
            Fact::new("Person", "A dependent of OBRIEN, SEAN"),
            Fact::new("Plan", "Jan 1, 2026 – Dec 31, 2026"),
        ],
        statuses: vec![
            StatusLine {
                label: "Active".to_owned(),
                look: "paid",
                rows: vec![row(1, "Whole plan", None, &[]), row(2, "Office visit", None, &[])],
            },
            StatusLine {
                label: "Inactive".to_owned(),
                look: "cancelled",
                rows: vec![row(3, "Dental", None, &["SEE THE DENTAL CARRIER"])],
            },
        ],
        rejections: Vec::new(),
        matching: None,
        differences: Some(differences()),
        sections: vec![plan_section(), visit_section()],
        more_sections: vec![Section {
            title: "Physical therapy".to_owned(),
            matrix: None,
            rows: vec![row(30, "Limit", Some("12 visits"), &[])],
        }],
        has_cost_sharing: true,
        context: vec![row(40, "Deductible", Some("$100.00"), &[])],
        hidden_rows: Some("1,204 more rows".to_owned()),
        person: vec![
            Fact::new("Name", "OBRIEN, MARY"),
            Fact::new("Member ID", "1EG4TE5MK73"),
            Fact::new("Subscriber's name", "OBRIEN, SEAN"),
        ],
        facts: vec![
            Fact::new("Checked", "Nov 20, 2026, 8:15 AM"),
            Fact::new("Imported", "Nov 20, 2026, 8:20 AM"),
            Fact::new("Trace", "TRACE-7"),
        ],
        warnings: vec!["The control numbers of ISA and IEA differ.".to_owned()],
        inquiry: Some(InquiryId::new(4)),
        can_unmatch: true,
    }
}

/// What a payer says otherwise.
pub(crate) fn differences() -> Differences {
    let differing = ["date_of_birth", "last_name"];
    let sides = sides(&differing);
    Differences {
        key: "k".to_owned(),
        check: CheckId::new(12),
        patient: almoner_domain::PatientId::new(2),
        version: 3,
        headline: "Northlake Health has another last name and date of birth".to_owned(),
        is_flagged: true,
        dismissed: None,
        sides: sides.into_iter().filter(|side| side.differs).collect(),
        back: "check",
        can_edit: true,
    }
}

fn plan_section() -> Section {
    let family = |index, value| BenefitRow {
        about: vec!["Family".to_owned(), "calendar year".to_owned()],
        ..row(index, "Deductible", Some(value), &[])
    };
    let one = |index, value| vec![row(index, "Deductible", Some(value), &[])];
    Section {
        title: "Whole plan".to_owned(),
        matrix: Some(Matrix {
            networks: vec!["In network", "Out of network"],
            lines: vec![
                MatrixLine { label: "Co-payment", cells: vec![Vec::new(), Vec::new()] },
                MatrixLine { label: "Co-insurance", cells: vec![one(9, "20 %"), one(10, "40 %")] },
                MatrixLine {
                    label: "Deductible",
                    cells: vec![
                        vec![row(11, "Deductible", Some("$412.35"), &[]), family(12, "$1,500.00")],
                        Vec::new(),
                    ],
                },
                MatrixLine {
                    label: "Out-of-pocket maximum",
                    cells: vec![one(13, "$99,999.99 (no limit)"), Vec::new()],
                },
            ],
        }),
        rows: vec![BenefitRow {
            notes: vec!["30 visits for 1 × calendar year".to_owned()],
            ..row(14, "Limit", Some("30 visits"), &["AFTER DEDUCTIBLE"])
        }],
    }
}

fn visit_section() -> Section {
    let copays = vec![
        row(4, "Co-payment", Some("$0.00"), &["PRIMARY CARE"]),
        row(5, "Co-payment", None, &["SPECIALIST", HARD_TEXT]),
    ];
    Section {
        title: "Office visit".to_owned(),
        matrix: Some(Matrix {
            networks: vec!["In network"],
            lines: vec![MatrixLine { label: "Co-payment", cells: vec![copays] }],
        }),
        rows: Vec::new(),
    }
}

fn row(index: i64, what: &str, value: Option<&str>, messages: &[&str]) -> BenefitRow {
    let segment = |text: &str, words: Option<&str>| SegmentLine {
        text: text.to_owned(),
        words: words.map(str::to_owned),
    };
    BenefitRow {
        index,
        what: what.to_owned(),
        about: vec!["Individual".to_owned(), "remaining".to_owned()],
        value: value.map(str::to_owned),
        messages: messages.iter().map(|&message| message.to_owned()).collect(),
        notes: Vec::new(),
        segments: vec![
            segment("EB*B*IND*98***27*50*****Y", None),
            segment("DTP*348*D8*20260101", Some("Benefit begins: Jan 1, 2026")),
        ],
    }
}
