//! What holds for every file: the project's own, and a folder of samples when one is named.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use almoner_x12::{Date, Interchange, Network, Unreadable, WarningCode, read};

use crate::cases::common::{all_of, codes, envelope_codes, folder, in_steps, one_of};

pub(crate) const DEPENDENT: &str = include_str!("../fixtures/dependent.271");
pub(crate) const BATCH: &str = include_str!("../fixtures/batch_4010.271");

/// The page on reading, which names every fixture, its test and what the page says.
const TABLE: &str = include_str!("../../../../docs/eligibility/reading.md");

/// Codes that only inputs provoke that are too large to be kept; `hostile` makes them.
const CODES_OF_LARGE_INPUTS: [WarningCode; 7] = [
    WarningCode::InputTooLong,
    WarningCode::SegmentTooLong,
    WarningCode::TooManyAnswers,
    WarningCode::TooManyBenefits,
    WarningCode::LevelTooLong,
    WarningCode::TransactionSplit,
    WarningCode::ContextLeftOut,
];

/// The indexes of all rows; the subscriber's rows may stand beside several dependents.
pub(crate) fn row_indexes(found: &Interchange) -> BTreeSet<usize> {
    let rows =
        found.answers.iter().flat_map(|one| one.benefits.iter().chain(&one.subscriber_benefits));
    rows.map(|row| row.index).collect()
}

/// Every fixture with its name, those that are no answers too.
fn fixtures() -> Vec<(String, Vec<u8>)> {
    let listed = fs::read_dir(folder()).expect("the folder of fixtures can be listed");
    let path = |entry: std::io::Result<fs::DirEntry>| entry.expect("a fixture is listed").path();
    let mut paths: Vec<_> = listed.map(path).filter(|path| path.is_file()).collect();
    paths.sort();
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let read = |path: &Path| fs::read(path).expect("a fixture can be read");
    paths.iter().map(|path| (name(path).unwrap_or_default(), read(path))).collect()
}

fn is_answer(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "271")
}

/// Counts the rows of a file without the reader's help: the name of a row between what cannot be
/// part of a name, with a separator that a header names behind it.
fn count_rows(input: &[u8]) -> usize {
    let after_header = input.windows(4).filter(|found| found.starts_with(b"ISA"));
    let mut separators: BTreeSet<u8> = after_header.map(|found| found[3]).collect();
    separators.retain(|byte| !byte.is_ascii_alphanumeric() && *byte != b' ');
    if separators.is_empty() {
        separators.insert(b'*');
    }
    let is_row = |found: &&[u8]| {
        let [line, before, b'E', b'B', separator] = **found else {
            return false;
        };
        // Line breaks in JSON are written with a letter.
        let is_start = !before.is_ascii_alphanumeric() || [line, before] == *b"\\n";
        separators.contains(&separator) && before != separator && is_start
    };
    input.windows(5).filter(is_row).count()
}

#[test]
fn every_row_of_every_fixture_is_read() {
    let mut transactions = 0;
    let mut rows = 0;
    for (name, input) in fixtures() {
        match read(&input) {
            Ok(found) => {
                assert!(is_answer(&name), "{name}");
                assert_eq!(row_indexes(&found).len(), count_rows(&input), "{name}");
                rows += row_indexes(&found).len();
                transactions += in_steps(&input, input.len()).0.len();
            }
            Err(error) => assert!(!is_answer(&name), "{name}: {error}"),
        }
    }
    println!("{transactions} transactions, {rows} rows");
    assert!(transactions >= 60 && rows >= 300);
}

#[test]
fn every_fixture_is_read_the_same_in_any_steps() {
    for (name, input) in fixtures() {
        // Several times in a row, so that it is longer than what the reader looks ahead.
        let input = input.repeat(1 + 3_000 / input.len());
        let whole = in_steps(&input, input.len() + 1);
        for step in [1, 2, 3, 5, 17, 106, 107, 1_000, 1_023, 1_024, 1_025] {
            assert_eq!(in_steps(&input, step), whole, "{name} in steps of {step}");
        }
    }
}

#[test]
fn all_fixtures_in_a_row_are_read_the_same_in_any_steps() {
    let input: Vec<u8> = fixtures().into_iter().flat_map(|(_, input)| input).collect();
    let whole = in_steps(&input, input.len() + 1);
    assert!(whole.0.len() > 100);
    for step in [1, 13, 997, 4_096] {
        assert_eq!(in_steps(&input, step), whole, "steps of {step}");
    }
}

/// Every warning of every fixture, as the page says it: a sentence.
fn sentences() -> BTreeSet<(WarningCode, String)> {
    let mut found = BTreeSet::new();
    for (_, input) in fixtures() {
        if let Ok(read) = read(&input) {
            let own = read.answers.into_iter().flat_map(|answer| answer.warnings);
            for warning in own.chain(read.warnings) {
                let (first, rest) = warning.message.split_at(1);
                found.insert((warning.code, format!("{}{rest}.", first.to_uppercase())));
            }
        }
    }
    found
}

#[test]
fn every_warning_is_provoked_by_a_fixture_and_explained() {
    let sentences = sentences();
    for code in WarningCode::ALL {
        let is_provoked = sentences.iter().any(|(found, _)| found == code);
        assert_ne!(is_provoked, CODES_OF_LARGE_INPUTS.contains(code), "{code}");
        assert!(TABLE.contains(&format!("`{code}`")), "{code} is not explained");
    }
    for (code, sentence) in sentences {
        assert!(TABLE.contains(&sentence), "{code}: {sentence}");
    }
}

#[test]
fn every_reason_for_reading_nothing_is_explained() {
    for (_, input) in fixtures() {
        if let Err(unreadable) = read(&input) {
            let text = unreadable.to_string();
            assert!(TABLE.contains(&text), "{text}");
        }
    }
    assert!(TABLE.contains(&Unreadable::Empty.to_string()));
}

#[test]
fn warnings_tell_no_values() {
    let values = ["SAMPLE", "SPECIMEN", "1EG4TE5MK73", "ALM-", "GOLD", "19800101", "0001", "N/A"];
    for (code, sentence) in sentences() {
        assert!(values.iter().all(|value| !sentence.contains(value)), "{code}: {sentence}");
    }
}

#[test]
fn people_in_fixtures_are_plainly_invented() {
    for (name, input) in fixtures() {
        let Ok(found) = read(&input) else {
            continue;
        };
        for answer in found.answers {
            for person in [&answer.patient, &answer.subscriber] {
                let last = person.last.as_deref().unwrap_or("SAMPLE");
                assert!(last.contains("SAMPLE") || last == "SPECIMEN", "{name}: {last}");
                let id = person.member_id.as_deref().unwrap_or("SYN");
                assert!(id == "1EG4TE5MK73" || id.starts_with("SYN"), "{name}: {id}");
            }
        }
    }
}

#[test]
fn a_dependent_is_the_patient() {
    let answer = one_of("dependent.271");
    assert_eq!(codes(&answer), []);
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
    let found = all_of("batch_4010.271");
    assert_eq!(envelope_codes(&found), [WarningCode::OtherTransaction]);
    let told: Vec<_> = found
        .answers
        .iter()
        .map(|one| {
            let name = one.patient.first.as_deref().unwrap_or("nobody");
            (name, one.is_dependent, one.traces.first().map_or("none", String::as_str))
        })
        .collect();
    assert_eq!(
        told,
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
        match read(&input) {
            Ok(found) => {
                assert!(is_answer, "{path:?}");
                assert_eq!(row_indexes(&found).len(), count_rows(&input), "{path:?}");
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
