//! Eligibility checks of the samples.

use almoner_domain::{CheckId, InquiryId};

use super::{HARD_NAME, HARD_TEXT, NAMES, patient, shell};
use crate::view::eligibility::{
    BenefitGroup, BenefitRow, CheckPage, CheckRow, ImportedCheck, ImportedFile, Outcome,
};
use crate::view::parts::Fact;

/// A list of checks, matched or waiting.
pub(crate) fn check_rows(is_matched: bool) -> Vec<CheckRow> {
    let names = ["active", "inactive", "review", "rejected", "unknown"];
    let row = |(index, name): (usize, &&str)| {
        let seq = i64::try_from(index).unwrap_or(0) + if is_matched { 1 } else { 101 };
        CheckRow {
            id: CheckId::new(seq),
            patient: is_matched.then(|| patient(seq, NAMES[index])),
            named: NAMES[index].to_uppercase(),
            payer: "Northlake Health Plans of the Upper Lakes".to_owned(),
            plan: (index != 1).then(|| "Lake Choice Gold".to_owned()),
            outcome: Outcome::from_name(name).unwrap_or(Outcome::Unknown),
            checked_at: "Nov 20, 2026, 8:15 AM".to_owned(),
        }
    };
    let shown = if is_matched { 5 } else { 2 };
    names[..shown].iter().enumerate().map(row).collect()
}

/// What became of three files.
pub(crate) fn imported_files() -> Vec<ImportedFile> {
    let checks = check_rows(true);
    let read = |row: &CheckRow, is_duplicate, note: Option<&str>| ImportedCheck {
        row: row.clone(),
        is_duplicate,
        note: note.map(str::to_owned),
    };
    let waiting = check_rows(false);
    vec![
        ImportedFile {
            name: "answers-2026-11-20.271".to_owned(),
            error: None,
            checks: vec![
                read(&checks[0], false, None),
                read(&checks[3], false, None),
                read(&waiting[0], false, Some("It names another person than was asked for.")),
            ],
            warnings: vec!["The count of segments in SE01 is wrong.".to_owned()],
        },
        ImportedFile {
            name: "again.271".to_owned(),
            error: None,
            checks: vec![read(&checks[0], true, None)],
            warnings: Vec::new(),
        },
        ImportedFile {
            name: format!("{HARD_NAME}.pdf"),
            error: Some("This is not X12: no ISA segment was found. The file was kept.".to_owned()),
            checks: Vec::new(),
            warnings: Vec::new(),
        },
    ]
}

/// A check with everything.
pub(crate) fn check_page() -> CheckPage {
    CheckPage {
        shell: shell(),
        id: CheckId::new(12),
        outcome: Outcome::Active,
        payer: "Northlake Health".to_owned(),
        plan: Some("Lake Choice Gold".to_owned()),
        patient: Some(patient(2, HARD_NAME)),
        facts: vec![
            Fact::new("Checked", "Nov 20, 2026, 8:15 AM"),
            Fact::new("Imported", "Nov 20, 2026, 8:20 AM"),
            Fact::new("Service date", "Nov 30, 2026"),
            Fact::new("Named", "OBRIEN, MARY"),
            Fact::new("Member id", "1EG4TE5MK73"),
        ],
        rejections: Vec::new(),
        warnings: vec!["The control numbers of ISA and IEA differ.".to_owned()],
        groups: vec![
            BenefitGroup {
                title: "Office visit".to_owned(),
                network: "In network".to_owned(),
                rows: vec![
                    row(4, "Co-pay", Some("Visit"), Some("$50.00"), &["PRIMARY CARE"]),
                    row(5, "Co-pay", Some("Visit"), Some("$75.00"), &["SPECIALIST", HARD_TEXT]),
                ],
            },
            BenefitGroup {
                title: "Whole plan".to_owned(),
                network: "Network not stated".to_owned(),
                rows: vec![
                    row(1, "Active coverage", None, None, &[]),
                    row(7, "Deductible", Some("Remaining"), Some("$800.00"), &[]),
                    row(9, "Co-insurance", None, Some("20 %"), &[]),
                ],
            },
        ],
        inquiry: Some(InquiryId::new(4)),
        matching: None,
        can_download: true,
    }
}

fn row(
    index: i64,
    what: &str,
    period: Option<&str>,
    value: Option<&str>,
    messages: &[&str],
) -> BenefitRow {
    BenefitRow {
        index,
        what: what.to_owned(),
        level: Some("Individual".to_owned()),
        period: period.map(str::to_owned),
        value: value.map(str::to_owned),
        procedure: (index == 7).then(|| "J1745".to_owned()),
        messages: messages.iter().map(|&message| message.to_owned()).collect(),
        segment: "EB*B*IND*98***27*50*****Y".to_owned(),
    }
}
