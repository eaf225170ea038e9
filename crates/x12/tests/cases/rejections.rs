//! Rejections (AAA) at every level, alone and beside benefits.

use almoner_x12::{Interchange, WarningCode};

use crate::cases::common::{all_of, codes, one_of};

/// The loop and the code of every rejection of every answer.
fn found(read: &Interchange) -> Vec<(&str, &str)> {
    let all = read.answers.iter().flat_map(|one| &one.rejections);
    all.map(|one| (one.loop_name.as_str(), one.code.as_deref().unwrap_or_default())).collect()
}

#[test]
fn rejections_are_read_at_every_level_and_beside_benefits() {
    let read = all_of("aaa_every_level.271");
    let expected = [
        ("2000A", "42"),
        ("2100A", "79"),
        ("2000B", "41"),
        ("2100B", "51"),
        ("2000C", "33"),
        ("2100C", "75"),
        ("2110C", "15"),
        ("2000D", "33"),
        ("2100D", "71"),
        ("2110D", "62"),
    ];
    assert_eq!(found(&read), expected);
    let answer = &read.answers[0];
    assert_eq!((answer.benefits.len(), answer.subscriber_benefits.len()), (2, 1));
    assert_eq!(answer.benefits[1].rejections[0].code.as_deref(), Some("62"));
}

#[test]
fn a_rejection_above_any_patient_is_an_answer() {
    for (name, place) in [
        ("aaa_payer_2000a.271", ("2000A", "42")),
        ("aaa_payer_2100a.271", ("2100A", "42")),
        ("aaa_provider_2100b.271", ("2100B", "51")),
    ] {
        let read = all_of(name);
        assert_eq!(found(&read), [place], "{name}");
        let answer = &read.answers[0];
        assert!(answer.patient.is_unnamed() && answer.benefits.is_empty(), "{name}");
        assert_eq!((answer.reference.as_str(), codes(answer)), ("ALM-REF-1", vec![]), "{name}");
    }
    let answer = one_of("aaa_payer_2100a.271");
    assert_eq!(answer.payer.phone.as_deref(), Some("5550100"));
    assert_eq!(answer.rejections[0].reason(), "The payer cannot respond at this time");
}

#[test]
fn reasons_are_told_in_words() {
    let read = all_of("aaa_reasons.271");
    let words: Vec<_> = read.answers.iter().map(|one| one.rejections[0].reason()).collect();
    let expected = [
        "The payer cannot respond at this time",
        "The birth date does not match the payer's records",
        "The member id is missing or invalid",
        "The subscriber's name is missing or invalid",
        "The subscriber was not found",
        "The member id occurs more than once at the payer",
        "The subscriber is not in the group or plan named",
        "The service date is not within the provider's time with the plan",
        "The service date is outside the time the payer answers for",
        "Required data is missing",
        "The payer gave a reason that is not in our list",
    ];
    assert_eq!(words, expected);
    assert!(found(&read).iter().all(|(place, _)| *place == "2100C"));
}

#[test]
fn what_may_be_done_is_told_in_words() {
    let read = all_of("aaa_follow_ups.271");
    let words: Vec<_> = read.answers.iter().map(|one| one.rejections[0].follow_up()).collect();
    let expected = [
        "Correct the data and send again",
        "Do not send again",
        "Send the original request again",
        "Sending again is allowed",
        "Do not send again: the request was passed to a third party",
        "Wait at least 30 seconds and send again, at most 10 times",
        "Wait at least 10 days and send again",
        "Do not send again: the payer holds the request and will answer",
    ];
    assert_eq!(words, expected);
}

#[test]
fn a_rejection_of_a_dependent_is_the_dependents() {
    let answer = one_of("aaa_dependent_2100d.271");
    assert!(answer.is_dependent && answer.benefits.is_empty());
    assert_eq!(answer.rejections[0].loop_name, "2100D");
    assert_eq!(answer.rejections[0].reason(), "The subscriber was found, the patient was not");
}

#[test]
fn a_rejection_of_a_row_stands_with_the_row() {
    for (name, place) in [("aaa_row_2110c.271", "2110C"), ("aaa_row_2110d.271", "2110D")] {
        let answer = one_of(name);
        assert!(answer.benefits[0].is_active() && answer.benefits[0].rejections.is_empty());
        assert_eq!(answer.benefits[1].rejections, answer.rejections, "{name}");
        assert_eq!(answer.rejections[0].loop_name, place);
    }
}

#[test]
fn benefits_beside_a_rejection_stand() {
    let answer = one_of("aaa_beside_benefits.271");
    assert_eq!(answer.rejections[0].code.as_deref(), Some("52"));
    assert_eq!((answer.benefits.len(), codes(&answer)), (4, vec![]));
    assert_eq!(answer.benefits[3].amount_cents, Some(41_235));
}

#[test]
fn a_shifted_rejection_is_read_from_where_it_stands() {
    let answer = one_of("aaa_shifted.271");
    assert_eq!(answer.rejections[0].code.as_deref(), Some("75"));
    assert_eq!(answer.rejections[0].follow_up.as_deref(), Some("C"));
    assert_eq!(codes(&answer), [WarningCode::ElementsShifted]);
}

#[test]
fn a_rejection_without_reason_says_so() {
    let answer = one_of("aaa_without_reason.271");
    assert_eq!(answer.rejections[0].reason(), "No reason given");
    assert_eq!(answer.rejections[0].follow_up(), "No advice given");
}

#[test]
fn a_rejection_of_release_4010_is_read() {
    let answer = one_of("aaa_4010.271");
    assert_eq!(answer.rejections[0].code.as_deref(), Some("75"));
    assert_eq!(answer.delimiters.repetition, None);
}

#[test]
fn a_rejection_before_any_level_is_the_payers() {
    let answer = one_of("aaa_before_levels.271");
    assert_eq!(answer.rejections[0].loop_name, "2000A");
    assert_eq!(codes(&answer), [WarningCode::LevelImplied]);
}
