//! Questions to payers of the samples.

use almoner_domain::inquiry::InquiryState;
use almoner_domain::{CheckId, InquiryId, PatientId};

use super::{HARD_NAME, NAMES, patient, shell};
use crate::view::inquiries::{AgainForm, AskedRow, CheckEntry, InquiryPage};
use crate::view::parts::Fact;

/// Questions in each state that people look after.
pub(crate) fn asked_rows() -> Vec<AskedRow> {
    let row = |seq, state, words: &str| AskedRow {
        id: InquiryId::new(seq),
        patient: Some(patient(seq, NAMES[usize::try_from(seq).unwrap_or(0)])),
        payer: "Northlake Health Plans of the Upper Lakes".to_owned(),
        about: "Office visit, Nov 30, 2026".to_owned(),
        state,
        words: words.to_owned(),
        check: None,
        again: None,
    };
    let again = AgainForm {
        key: "k".to_owned(),
        patient: PatientId::new(2),
        entry: CheckEntry {
            coverage: "1".to_owned(),
            service_type: "98".to_owned(),
            ..CheckEntry::default()
        },
    };
    let refused = "The clearinghouse refused the question: unknown sender O'Brien & Søn <b>.";
    let other =
        "Answered 5 min ago. The answer names another person, so somebody has to look at it.";
    vec![
        AskedRow { check: Some(CheckId::new(12)), ..row(5, InquiryState::Answered, other) },
        row(4, InquiryState::Waiting, "Asked 12 s ago; the payer has not answered yet."),
        row(3, InquiryState::Sent, "Asked 2 h ago; the payer has not answered yet."),
        AskedRow { again: Some(again.clone()), ..row(2, InquiryState::Failed, refused) },
        AskedRow {
            again: Some(again),
            ..row(1, InquiryState::Expired, "No answer came within 72 hours.")
        },
    ]
}

/// A question that is under way.
pub(crate) fn inquiry_page() -> InquiryPage {
    InquiryPage {
        shell: shell(),
        id: InquiryId::new(4),
        state: InquiryState::Waiting,
        words: "Asked 12 s ago; the payer has not answered yet.".to_owned(),
        patient: patient(2, HARD_NAME),
        facts: vec![
            Fact::new("Payer", "Northlake Health"),
            Fact::new("Payer ID", "00042"),
            Fact::new("Service", "Office visit"),
            Fact::new("Trace", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        ],
        check: None,
        again: None,
        segments: vec!["NM1*PR*2*NORTHLAKE HEALTH*****PI*00042".to_owned(), "EQ*98".to_owned()],
    }
}
