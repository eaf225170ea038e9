//! Interchanges, groups and transactions: several of them, broken ones, and other kinds.

use almoner_x12::{WarningCode, read};

use crate::cases::common::{
    all_of, codes, envelope_codes, fixture, must_read, one, one_of, patients, rows,
};
use crate::cases::delimiters::is_read_whole;

#[test]
fn several_groups_and_transactions_are_read() {
    let found = all_of("several_groups.271");
    assert_eq!(patients(&found), ["ONE", "TWO", "THREE", "FOUR"]);
    let controls: Vec<_> = found.answers.iter().map(|one| &*one.transaction_control).collect();
    assert_eq!(controls, ["0001", "0002", "0003", "0004"]);
    assert_eq!(envelope_codes(&found), []);
}

#[test]
fn wrong_counts_are_warnings() {
    let found = all_of("wrong_counts.271");
    assert_eq!(envelope_codes(&found), [WarningCode::CountMismatch; 2]);
    assert_eq!(codes(&found.answers[0]), [WarningCode::CountMismatch]);
    assert_eq!(found.answers[0].benefits.len(), 4);
}

#[test]
fn wrong_control_numbers_are_warnings() {
    let found = all_of("wrong_controls.271");
    assert_eq!(envelope_codes(&found), [WarningCode::ControlMismatch; 2]);
    assert_eq!(codes(&found.answers[0]), [WarningCode::ControlMismatch]);
    assert_eq!(found.answers[0].benefits.len(), 4);
}

#[test]
fn a_transaction_without_header_is_read() {
    let answer = &all_of("header_missing.271").answers[0];
    assert_eq!((answer.benefits.len(), codes(answer)[0]), (4, WarningCode::HeaderMissing));
}

#[test]
fn segments_behind_an_early_trailer_are_read() {
    let answer = one_of("trailer_early.271");
    assert_eq!((answer.benefits.len(), codes(&answer)), (4, vec![WarningCode::AfterTrailer]));
}

#[test]
fn a_missing_trailer_is_noticed() {
    let answer = one_of("trailer_missing.271");
    assert_eq!((answer.benefits.len(), codes(&answer)), (4, vec![WarningCode::TrailerMissing]));
    let found = all_of("interchange_trailer_missing.271");
    assert_eq!(envelope_codes(&found), [WarningCode::TrailerMissing]);
    assert_eq!(patients(&found), ["PAT", "SECOND"]);
    for answer in &found.answers {
        is_read_whole(answer, "interchange_trailer_missing.271");
    }
}

#[test]
fn half_a_figure_is_no_figure() {
    let found = all_of("truncated.271");
    assert_eq!(envelope_codes(&found), [WarningCode::Truncated]);
    let answer = &found.answers[0];
    assert_eq!((answer.benefits.len(), codes(answer)), (4, vec![WarningCode::Truncated]));
    assert_eq!(answer.benefits[3].segment, "EB*C*IND*30***29*41");
    assert_eq!(answer.benefits[3].amount_cents, None);
    assert_eq!(answer.benefits[2].amount_cents, Some(150_000));
}

#[test]
fn a_cut_file_before_another_is_told_apart() {
    let found = all_of("truncated_then_whole.271");
    assert_eq!(patients(&found), ["PAT", "SECOND"]);
    assert_eq!(found.answers[0].benefits[3].amount_cents, None);
    assert_eq!(codes(&found.answers[0]), [WarningCode::Truncated]);
    is_read_whole(&found.answers[1], "truncated_then_whole.271");
}

#[test]
fn a_file_cut_anywhere_keeps_what_was_read() {
    let text = rows("EB*C*IND*30***23*1500.00*****Y~MSG*ONE~EB*C*IND*30***29*412.35*****Y~");
    let whole = one(&text);
    for cut in 0..text.len() {
        let Ok(found) = read(&text.as_bytes()[..cut]) else {
            continue;
        };
        for answer in &found.answers {
            let complete = text[..cut].contains("~SE");
            assert_eq!(codes(answer).contains(&WarningCode::Truncated), !complete, "{cut}");
            for (row, expected) in answer.benefits.iter().zip(&whole.benefits) {
                let amount = row.amount_cents;
                assert!(amount.is_none() || amount == expected.amount_cents, "{cut}: {amount:?}");
            }
        }
    }
}

#[test]
fn other_transactions_beside_an_answer_are_named() {
    let found = all_of("other_transactions.271");
    is_read_whole(&found.answers[0], "other_transactions.271");
    assert_eq!(envelope_codes(&found), [WarningCode::OtherTransaction]);
    assert!(found.warnings[0].message.contains("999"));
}

#[test]
fn a_receipt_with_errors_beside_an_answer_is_noticed() {
    let found = all_of("interchange_rejected.271");
    assert_eq!(envelope_codes(&found), [WarningCode::InterchangeRejected]);
    is_read_whole(&found.answers[0], "interchange_rejected.271");
}

#[test]
fn segments_outside_a_transaction_are_noticed() {
    let found = all_of("outside_transaction.271");
    assert_eq!(envelope_codes(&found), [WarningCode::OutsideTransaction]);
    is_read_whole(&found.answers[0], "outside_transaction.271");
}

#[test]
fn the_time_of_the_answer_comes_from_the_payer() {
    let at = |name| one_of(name).answered_at.map(|at| at.to_string());
    assert_eq!(at("subscriber.271").as_deref(), Some("2026-03-02T09:15:00"));
    assert_eq!(at("time_from_group.271").as_deref(), Some("2026-03-02T09:15:00"));
    assert_eq!(codes(&one_of("time_from_group.271")), [WarningCode::TimeFromGroup]);
    assert_eq!(at("time_missing.271").as_deref(), Some("2026-03-01T00:00:00"));
    assert_eq!(codes(&one_of("time_missing.271")), [WarningCode::TimeMissing]);
}

#[test]
fn the_places_of_the_transactions_lead_back_to_the_file() {
    for name in ["several_groups.271", "several_interchanges.271", "batch_4010.271"] {
        let input = fixture(name);
        for answer in must_read(&input).answers {
            let text = String::from_utf8_lossy(&input[answer.segments.clone()]);
            assert!(text.starts_with("ST"), "{name}: {text}");
            assert!(text.ends_with(&answer.transaction_control), "{name}: {text}");
        }
    }
}
