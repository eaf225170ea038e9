//! Whole files: the project's own, and a folder of samples when one is named.

use std::collections::BTreeSet;
use std::fs;

use almoner_x12::{Date, Interchange, Network, WarningCode, read};

use crate::cases::common::{codes, envelope_codes, must_read};

pub(crate) const DEPENDENT: &str = include_str!("../fixtures/dependent.271");
pub(crate) const BATCH: &str = include_str!("../fixtures/batch_4010.271");

/// The indexes of all rows; the subscriber's rows may stand beside several dependents.
pub(crate) fn row_indexes(found: &Interchange) -> BTreeSet<usize> {
    let rows =
        found.answers.iter().flat_map(|one| one.benefits.iter().chain(&one.subscriber_benefits));
    rows.map(|row| row.index).collect()
}

#[test]
fn a_dependent_is_the_patient() {
    let found = must_read(DEPENDENT.as_bytes());
    assert_eq!(envelope_codes(&found), []);
    let [answer] = &found.answers[..] else {
        panic!("one answer was expected");
    };
    assert_eq!(codes(answer), []);
    assert_eq!(answer.transaction_control, "0042");
    assert_eq!(answer.reference, "ALM-REF-42");
    assert_eq!(answer.version.as_deref(), Some("005010X279A1"));
    assert_eq!(answer.payer.phone.as_deref(), Some("5550100"));
    assert_eq!(answer.payer.url.as_deref(), Some("payer.example"));
    assert_eq!(answer.receiver.id.as_deref(), Some("1234567893"));
    assert_eq!(answer.traces, ["ALM-TRACE-42"]);
    assert_eq!(answer.payer_traces, ["PAYER-TRACE-7"]);
    assert_eq!(answer.subscriber_traces, ["ALM-TRACE-SUB"]);
    assert!(answer.is_dependent);
    assert_eq!(answer.patient.first.as_deref(), Some("CHILD"));
    assert_eq!(answer.patient.birth_date, Date::new(2015, 6, 7));
    assert_eq!(answer.patient.relationship.as_deref(), Some("19"));
    assert!(answer.patient.changed_demographics);
    assert_eq!(answer.patient.group_number.as_deref(), Some("GROUP42"));
    assert_eq!(answer.subscriber.member_id.as_deref(), Some("1EG4TE5MK73"));
    assert_eq!(answer.plan.as_deref(), Some("SAMPLE GOLD PPO"));
    assert_eq!(answer.dates.len(), 2);
    assert_eq!(answer.messages, ["MEMBER PAYS AT THE TIME OF SERVICE"]);
    assert_eq!((answer.benefits.len(), answer.subscriber_benefits.len()), (7, 2));
    assert_eq!(answer.rejections.len(), 1);
    let office = &answer.benefits[1];
    assert_eq!(office.segment, "EB*B*IND*98***27*25.00*****Y");
    assert_eq!((office.network, office.entities.len()), (Network::In, 2));
    assert_eq!(office.messages, ["OFFICE VISIT", "DEDUCTIBLE WAIVED"]);
    assert_eq!(office.related.len(), 11);
    let bytes = &DEPENDENT[answer.segments.clone()];
    assert!(bytes.starts_with("ST*271*0042") && bytes.ends_with("SE*45*0042"));
}

#[test]
fn a_batch_of_release_4010_is_read_whole() {
    let found = must_read(BATCH.as_bytes());
    assert_eq!(envelope_codes(&found), [WarningCode::OtherTransaction]);
    let patients: Vec<_> = found
        .answers
        .iter()
        .map(|one| {
            let name = one.patient.first.as_deref().unwrap_or("nobody");
            (name, one.is_dependent, one.traces.first().map_or("none", String::as_str))
        })
        .collect();
    assert_eq!(
        patients,
        [
            ("ALPHA", false, "TRACE-A"),
            ("CHARLIE", true, "TRACE-C"),
            ("DELTA", true, "TRACE-D"),
            ("nobody", false, "none"),
        ]
    );
    assert_eq!(found.answers[1].subscriber, found.answers[2].subscriber);
    assert_eq!(found.answers[3].rejections[0].loop_name, "2100A");
    assert_eq!(found.answers[3].payer.name.as_deref(), Some("SECOND SAMPLE PLAN"));
    assert_eq!(row_indexes(&found).len(), BATCH.matches("\nEB|").count());
}

/// Counts the rows of a file without the reader's help.
fn count_rows(text: &str) -> usize {
    text.split(['~', '\n', '\r']).filter(|segment| segment.starts_with("EB*")).count()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the samples are not part of the project")]
fn samples_are_read_whole() {
    let Ok(folder) = std::env::var("ALMONER_SAMPLES_271") else {
        println!("left out: ALMONER_SAMPLES_271 not set");
        return;
    };
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("the folder of samples can be listed").flatten() {
        let path = entry.path();
        let is_answer = path.extension().is_some_and(|extension| extension == "271");
        let input = fs::read(&path).expect("a sample can be read");
        let text = String::from_utf8_lossy(&input);
        match read(&input) {
            Ok(found) => {
                assert!(is_answer, "{path:?}");
                assert_eq!(row_indexes(&found).len(), count_rows(&text), "{path:?}");
                assert!(!found.answers.is_empty(), "{path:?}");
                for answer in &found.answers {
                    let complete = !answer.benefits.is_empty() || !answer.rejections.is_empty();
                    assert!(complete, "{path:?}");
                    println!("{path:?}: {:?} {:?}", codes(answer), envelope_codes(&found));
                }
                count += 1;
            }
            Err(error) => assert!(!is_answer, "{path:?}: {error}"),
        }
    }
    assert!(count > 0, "no sample in {folder}");
}
