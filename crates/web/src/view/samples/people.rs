//! Patients and treatments of the samples.

use almoner_domain::foreign_code::ForeignCode;
use almoner_domain::{Money, PatientId, TreatmentId};

use super::{HARD_NAME, NAMES, asked_rows, check_rows, patient, payment_rows, shell};
use crate::view::duplicates::OtherRecordsBlock;
use crate::view::eligibility::detail::Differences;
use crate::view::inquiries::AskedList;
use crate::view::parts::{Choice, Errors, Fact, Overdue, PatientMatch, PatientRef};
use crate::view::patients::{
    BalanceBlock, ConsentBlock, CoverageBlock, PatientCheck, PatientPage, PatientRow,
};
use crate::view::treatments::{
    ProcedureLine, TreatmentEntry, TreatmentFormPage, TreatmentPage, TreatmentRow,
};

/// Those whom a search finds.
pub(crate) fn matches() -> Vec<PatientMatch> {
    let one = |(index, name): (usize, &&str)| PatientMatch {
        id: PatientId::new(i64::try_from(index).unwrap_or(0) + 1),
        name: (*name).to_owned(),
        birth_date: "Apr 5, 1971".to_owned(),
        mrn_tail: (index != 3).then(|| "8213".to_owned()),
    };
    NAMES[..4].iter().enumerate().map(one).collect()
}

/// A list of patients.
pub(crate) fn patient_rows() -> Vec<PatientRow> {
    let row = |(index, name): (usize, &&str)| {
        let index = i64::try_from(index).unwrap_or(0);
        PatientRow {
            id: PatientId::new(index + 1),
            name: (*name).to_owned(),
            birth_date: "Apr 5, 1971".to_owned(),
            mrn: (index != 3).then(|| "0048213".to_owned()),
            phone: (index != 5).then(|| "(555) 010-0142".to_owned()),
            balance: Money::from_cents(index % 3 * 12_345),
            overdue_count: index % 3 / 2,
        }
    };
    NAMES.iter().enumerate().map(row).collect()
}

fn overdue() -> Overdue {
    Overdue { count: 2, amount: Money::from_cents(24_000), days: 14 }
}

/// A patient with another record, and with one that was merged.
fn other_records() -> OtherRecordsBlock {
    let twin = PatientRef { id: PatientId::new(9), name: HARD_NAME.to_owned() };
    OtherRecordsBlock {
        likely: vec![(twin, "name, date of birth".to_owned())],
        merged: vec![format!("PAT-007: {HARD_NAME}, born May 6, 1955, merged on Nov 2, 2026")],
        can_merge: true,
    }
}

/// A patient with everything.
pub(crate) fn patient_page() -> PatientPage {
    let coverage = |rank, plan: Option<&str>| CoverageBlock {
        rank,
        payer: "Northlake Health".to_owned(),
        member_id: "1EG4TE5MK73".to_owned(),
        plan: plan.map(str::to_owned),
        payer_id: plan.map(|_| "00042".to_owned()),
        through: plan.map(|_| format!("Child of {HARD_NAME}, born May 6, 1955")),
    };
    let check = |(index, row): (usize, _)| {
        let age = format!("{} days ago", index * 40 + 3);
        PatientCheck { row, age, is_latest: index == 0 }
    };
    PatientPage {
        shell: shell(),
        id: PatientId::new(2),
        name: HARD_NAME.to_owned(),
        facts: super::patient_block().facts,
        consent: Some(ConsentBlock {
            key: "k".to_owned(),
            since: Some("Nov 2, 2026".to_owned()),
            can_change: true,
        }),
        balance: BalanceBlock {
            owed: Money::from_cents(91_937),
            facts: vec![Fact::new("Outstanding", "$919.37"), Fact::new("Overdue", "$120.00")],
        },
        overdue: Some(overdue()),
        payments: payment_rows(6),
        more_payments: Some("/payments?q=obrien".to_owned()),
        treatments: treatment_rows(),
        coverages: vec![coverage("Primary", Some("Lake Choice Gold")), coverage("Secondary", None)],
        checks: check_rows(true).into_iter().enumerate().map(check).collect(),
        differences: Some(Differences { back: "patient", ..super::differences() }),
        asked: AskedList { rows: asked_rows(), parts: "checks" },
        others: other_records(),
        can_check: true,
        can_edit: true,
        can_create: true,
    }
}

/// A list of treatments.
pub(crate) fn treatment_rows() -> Vec<TreatmentRow> {
    let row = |(index, name): (usize, &&str)| {
        let seq = i64::try_from(index).unwrap_or(0);
        TreatmentRow {
            id: TreatmentId::new(900 - seq),
            patient: patient(seq + 1, name),
            service_at: "Nov 30, 2026, 9:30 AM EST".to_owned(),
            physician: (index != 3).then(|| "Avery Testperson".to_owned()),
            location: "Harbor Street".to_owned(),
            codes: vec!["99213".to_owned(), "J1745".to_owned()],
            status: "Scheduled".to_owned(),
            overdue: (index % 3 == 0).then(overdue),
        }
    };
    NAMES.iter().enumerate().map(row).collect()
}

/// A code of another system than CPT and HCPCS.
fn foreign_code() -> ForeignCode {
    ForeignCode {
        system: Some("http://snomed.info/sct".to_owned()),
        code: "428191000124101".to_owned(),
        display: Some(HARD_NAME.to_owned()),
    }
}

/// A treatment with everything.
pub(crate) fn treatment_page() -> TreatmentPage {
    let line = |code: &str, modifiers: &str, cents: Option<i64>| ProcedureLine {
        code: code.to_owned(),
        modifiers: modifiers.to_owned(),
        charge: cents.map(Money::from_cents),
    };
    TreatmentPage {
        shell: shell(),
        id: TreatmentId::new(894),
        patient: patient(2, HARD_NAME),
        status: "Scheduled".to_owned(),
        facts: vec![
            Fact::new("Service", "Nov 30, 2026, 9:30 AM EST"),
            Fact::new("Physician", "Avery Testperson"),
            Fact::new("Location", "Harbor Street"),
        ],
        procedures: vec![line("27447", "RT 51", Some(400_000)), line("99213", "", None)],
        foreign_codes: vec![foreign_code()],
        charges: None,
        overdue: Some(overdue()),
        payments: payment_rows(4),
        can_edit: true,
        can_create_payment: true,
        can_check: true,
    }
}

/// The blank form of a treatment.
pub(crate) fn treatment_form() -> TreatmentFormPage {
    TreatmentFormPage {
        shell: shell(),
        key: "k".to_owned(),
        id: None,
        version: 0,
        patient: matches().remove(1),
        entry: TreatmentEntry { status: "scheduled".to_owned(), ..TreatmentEntry::default() },
        physicians: vec![Choice::new("PHY-001", "Testperson, Avery")],
        locations: vec![Choice::new("LOC-001", "Harbor Street (America/New_York)")],
        statuses: vec![Choice::new("scheduled", "Scheduled"), Choice::new("done", "Done")],
        errors: Errors::default(),
    }
}
