//! Payer, receiver, subscriber and dependent: who is the patient, whatever the levels look like.

use almoner_x12::{Date, WarningCode};

use crate::cases::common::{all_of, codes, envelope_codes, one_of, patients};

#[test]
fn a_subscriber_is_the_patient() {
    let answer = one_of("subscriber.271");
    assert_eq!(codes(&answer), []);
    assert_eq!(answer.version.as_deref(), Some("005010X279A1"));
    assert_eq!(answer.receiver.id.as_deref(), Some("1234567893"));
    assert!(!answer.is_dependent && answer.patient == answer.subscriber);
    let patient = &answer.patient;
    assert_eq!(patient.birth_date, Date::new(1980, 1, 1));
    assert_eq!((patient.sex.as_deref(), patient.relationship.as_deref()), (Some("F"), Some("18")));
    assert_eq!(patient.address_lines, ["1 SAMPLE WAY", "UNIT 2"]);
    assert_eq!(
        (patient.city.as_deref(), patient.state.as_deref()),
        (Some("TESTVILLE"), Some("NY"))
    );
    assert_eq!(patient.zip.as_deref(), Some("00000"));
    assert_eq!(patient.group_number.as_deref(), Some("GROUP42"));
    assert_eq!(answer.plan.as_deref(), Some("SAMPLE GOLD PPO"));
    assert_eq!(answer.dates.len(), 2);
    assert_eq!(answer.messages, ["MEMBER PAYS AT THE TIME OF SERVICE"]);
}

#[test]
fn release_4010_is_read() {
    let answer = one_of("subscriber_4010.271");
    assert_eq!((answer.version.as_deref(), codes(&answer)), (Some("004010X092A1"), vec![]));
    assert_eq!(answer.patient.group_number.as_deref(), Some("GROUP42"));
    assert_eq!(answer.dates[0].qualifier, "307");
    assert_eq!(answer.benefits[2].percent_bp, Some(2000));
    let answer = one_of("dependent_4010.271");
    assert!(answer.is_dependent);
    assert_eq!(answer.patient.first.as_deref(), Some("CHILD"));
    assert_eq!(answer.subscriber.first.as_deref(), Some("ADULT"));
    assert_eq!(answer.benefits[1].amount_cents, Some(2500));
}

#[test]
fn every_dependent_has_an_answer_with_the_subscriber_as_context() {
    let found = all_of("two_dependents.271");
    assert_eq!(patients(&found), ["CHILD", "SPOUSE"]);
    for answer in &found.answers {
        assert!(answer.is_dependent);
        assert_eq!(answer.subscriber.first.as_deref(), Some("ADULT"));
        assert_eq!(answer.subscriber_benefits[1].amount_cents, Some(300_000));
        assert_eq!((answer.benefits.len(), codes(answer)), (1, vec![]));
    }
    assert!(found.answers[0].benefits[0].is_active());
    assert!(found.answers[1].benefits[0].is_inactive());
}

#[test]
fn several_payers_receivers_subscribers_and_dependents_are_read() {
    let found = all_of("several_levels.271");
    assert_eq!(patients(&found), ["ONE", "CHILD", "SPOUSE", "THREE", "FOUR"]);
    let parties: Vec<_> = found
        .answers
        .iter()
        .map(|one| (one.payer.name.as_deref(), one.receiver.name.as_deref()))
        .collect();
    let (first, second) = (Some("SAMPLE HEALTH PLAN"), Some("SECOND SAMPLE PLAN"));
    let (clinic, other) = (Some("SPECIMEN CLINIC"), Some("SECOND SPECIMEN CLINIC"));
    let expected =
        [(first, clinic), (first, clinic), (first, clinic), (first, other), (second, clinic)];
    assert_eq!(parties, expected);
    assert_eq!(found.answers[1].subscriber.first.as_deref(), Some("TWO"));
    assert_eq!(envelope_codes(&found), []);
}

#[test]
fn a_patient_may_be_named_by_any_of_three_codes() {
    let found = all_of("name_codes.271");
    assert_eq!(patients(&found), ["IL", "03", "QC", "CHILD-IL", "CHILD-03", "CHILD-QC"]);
    for (place, answer) in found.answers.iter().enumerate() {
        assert_eq!((answer.is_dependent, codes(answer)), (place > 2, vec![]));
        assert_eq!(answer.subscriber.member_id.as_deref(), Some("1EG4TE5MK73"));
    }
}

#[test]
fn traces_tie_the_answer_to_the_request() {
    let answer = one_of("traces.271");
    assert_eq!(answer.reference, "ALM-REF-1");
    assert_eq!(answer.traces, ["ALM-TRACE-2"]);
    assert_eq!(answer.payer_traces, ["PAYER-TRACE-7"]);
    assert_eq!(answer.subscriber_traces, ["ALM-TRACE-SUB"]);
}

#[test]
fn changed_demographics_are_noticed() {
    let found = all_of("changed_demographics.271");
    let changed: Vec<_> =
        found.answers.iter().map(|one| one.patient.changed_demographics).collect();
    assert_eq!(changed, [true, true, false]);
    assert_eq!(found.answers[0].patient.last.as_deref(), Some("SAMPLE-MARRIED"));
    assert_eq!(found.answers[1].patient.birth_date, Date::new(2015, 7, 6));
    assert!(!found.answers[1].subscriber.changed_demographics);
}

#[test]
fn a_level_with_a_wrong_kind_is_inferred() {
    let found = all_of("hl03_hostile.271");
    assert_eq!(patients(&found), ["KIND0", "KIND1", "KIND2", "KIND3", "KIND4"]);
    for answer in &found.answers {
        assert!(!answer.is_dependent);
        assert_eq!(answer.traces, ["ALM-TRACE-1"]);
        assert_eq!(codes(answer), [WarningCode::LevelInferred]);
    }
}

#[test]
fn every_level_may_be_without_a_kind() {
    let answer = one_of("hl03_missing.271");
    assert_eq!(answer.payer.name.as_deref(), Some("SAMPLE HEALTH PLAN"));
    assert_eq!(answer.receiver.id.as_deref(), Some("1234567893"));
    assert_eq!(answer.patient.first.as_deref(), Some("CHILD"));
    assert_eq!(answer.subscriber.first.as_deref(), Some("ADULT"));
    assert!(answer.is_dependent);
    assert_eq!(codes(&answer), [WarningCode::LevelInferred; 4]);
}

#[test]
fn a_level_that_names_a_wrong_parent_does_no_harm() {
    let found = all_of("hl02_wrong.271");
    assert_eq!(patients(&found), ["PARENT0", "PARENT1", "PARENT2", "PARENT3"]);
    let mismatch = vec![WarningCode::ParentMismatch];
    let warned: Vec<_> = found.answers.iter().map(codes).collect();
    assert_eq!(warned, [mismatch.clone(), mismatch.clone(), vec![], mismatch]);
    for answer in &found.answers {
        assert_eq!(answer.payer.name.as_deref(), Some("SAMPLE HEALTH PLAN"));
    }
}

#[test]
fn without_any_levels_the_names_tell_them_apart() {
    let answer = one_of("no_levels.271");
    assert!(answer.is_dependent);
    assert_eq!(answer.patient.first.as_deref(), Some("CHILD"));
    assert_eq!(answer.subscriber.first.as_deref(), Some("ADULT"));
    assert_eq!(answer.subscriber_traces, ["ALM-TRACE-1"]);
    assert!(answer.benefits[0].is_inactive() && answer.subscriber_benefits[0].is_active());
    assert_eq!(codes(&answer), [WarningCode::LevelImplied; 4]);
}

#[test]
fn people_are_never_merged() {
    let found = all_of("second_person.271");
    assert_eq!(patients(&found), ["PAT", "OTHER"]);
    assert_eq!(found.answers[0].benefits[0].code, "1");
    assert_eq!(found.answers[1].benefits[0].code, "6");
    assert_eq!(codes(&found.answers[1]), [WarningCode::LevelImplied]);
}

#[test]
fn an_announced_dependent_that_is_missing_is_noticed() {
    assert_eq!(codes(&one_of("dependent_announced.271")), [WarningCode::DependentMissing]);
}

#[test]
fn a_dependent_without_a_subscriber_is_noticed() {
    let answer = one_of("dependent_without_subscriber.271");
    assert!(answer.is_dependent && answer.subscriber.is_unnamed());
    assert_eq!(answer.patient.first.as_deref(), Some("CHILD"));
    assert_eq!(codes(&answer), [WarningCode::SubscriberMissing]);
}

#[test]
fn an_answer_about_nobody_is_noticed() {
    let answer = one_of("no_patient.271");
    assert!(answer.patient.is_unnamed() && answer.benefits[0].is_active());
    assert_eq!(codes(&answer), [WarningCode::NoPatient]);
}

#[test]
fn a_name_where_none_belongs_is_noticed() {
    let answer = one_of("unexpected_name.271");
    assert_eq!(answer.patient.first.as_deref(), Some("PAT"));
    assert_eq!(codes(&answer), [WarningCode::UnexpectedName]);
}

#[test]
fn a_row_under_the_payer_goes_to_the_only_patient() {
    let answer = one_of("row_under_payer.271");
    assert_eq!(answer.patient.last.as_deref(), Some("SAMPLE"));
    assert_eq!(answer.benefits.len(), 2);
    assert!(answer.benefits[0].misplaced && !answer.benefits[1].misplaced);
    assert_eq!(codes(&answer), [WarningCode::MisplacedBenefit]);
}

#[test]
fn a_row_under_the_payer_is_given_to_none_of_several_patients() {
    let found = all_of("row_under_payer_of_several.271");
    assert_eq!(patients(&found), ["", "PAT", "SECOND"]);
    assert!(found.answers.iter().all(|one| one.benefits.len() == 1));
    assert!(found.answers[0].benefits[0].misplaced);
}

#[test]
fn a_row_above_any_patient_is_read() {
    let answer = one_of("row_under_payer_alone.271");
    assert!(answer.benefits[0].misplaced && answer.patient.is_unnamed());
    let answer = one_of("row_before_levels.271");
    assert!(answer.benefits[0].misplaced && answer.patient.is_unnamed());
    assert_eq!(codes(&answer)[0], WarningCode::LevelImplied);
}

#[test]
fn long_values_of_a_person_are_clipped() {
    let answer = one_of("long_field.271");
    assert_eq!(answer.patient.last.map(|last| last.len()), Some(512));
    assert_eq!(answer.warnings[0].code, WarningCode::FieldClipped);
}

#[test]
fn what_a_level_repeats_too_often_is_left_out() {
    let answer = one_of("many_references.271");
    assert_eq!(answer.patient.references.len(), 200);
    assert_eq!(codes(&answer), [WarningCode::RepeatsLeftOut]);
}

#[test]
fn more_warnings_than_anybody_reads_are_left_out() {
    let answer = one_of("many_warnings.271");
    assert_eq!(answer.warnings.len(), 100);
    assert_eq!(codes(&answer)[99], WarningCode::TooManyWarnings);
    assert_eq!(answer.benefits.len(), 4);
}
