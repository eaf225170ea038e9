//! What payers really send, one test for each quirk. `envelopes` has those of the envelope.

use crate::cases::common::{ABOVE, SUBSCRIBER, codes, file, one, rows};
use almoner_x12::{Date, Network, WarningCode};

/// The period and the amount of each row.
fn figures(text: &str) -> Vec<(String, Option<i64>)> {
    let answer = one(&rows(text));
    let rows = answer.benefits.into_iter();
    rows.map(|row| (row.period.unwrap_or_default(), row.amount_cents)).collect()
}

#[test]
fn a_percentage_is_read_in_every_shape() {
    let answer = one(&rows(
        "EB*A*IND*30***23**.2****Y~EB*A*IND*98***23**0.20~\
         EB*A*IND*UC***23**20~EB*A*IND*86***23*.2~",
    ));
    for row in &answer.benefits {
        assert_eq!(row.percent_bp, Some(2000), "{}", row.segment);
        assert_eq!(row.amount_cents, None, "{}", row.segment);
    }
    let sent: Vec<_> =
        answer.benefits.iter().filter_map(|row| row.percent_as_sent.clone()).collect();
    assert_eq!(sent, [".2", "0.20", "20", ".2"]);
    assert_eq!(codes(&answer), [WarningCode::PercentWhole, WarningCode::PercentInAmount]);
}

#[test]
fn a_total_and_a_remainder_are_two_rows() {
    let found = figures("EB*C*IND*30***23*1500~EB*C*IND*30***29*412.35~EB*G*IND*30****6000~");
    assert_eq!(
        found,
        [
            ("23".to_owned(), Some(150_000)),
            ("29".to_owned(), Some(41_235)),
            (String::new(), Some(600_000))
        ]
    );
}

#[test]
fn only_the_used_amount_may_be_sent() {
    assert_eq!(figures("EB*C*IND*30***24*812.5~"), [("24".to_owned(), Some(81_250))]);
}

#[test]
fn a_limit_of_all_nines_is_kept_as_sent() {
    let answer = one(&rows("EB*G*FAM*30***23*99999.99~"));
    assert_eq!(answer.benefits[0].amount_cents, Some(9_999_999));
    assert_eq!(answer.benefits[0].level.as_deref(), Some("FAM"));
}

#[test]
fn a_copay_of_zero_and_a_coinsurance_of_zero_are_known() {
    let answer = one(&rows("EB*B*IND*98***27*0~EB*A*IND*98***27**0~EB*C*IND*98~"));
    assert_eq!(answer.benefits[0].amount_cents, Some(0));
    assert_eq!(answer.benefits[1].percent_bp, Some(0));
    assert_eq!(answer.benefits[2].amount_cents, None, "unknown is not zero");
}

#[test]
fn two_copays_may_differ_in_their_messages_only() {
    let answer = one(&rows(
        "EB*B*IND*98***27*20*****Y~MSG*PRIMARY CARE~\
         EB*B*IND*98***27*45*****Y~MSG*SPECIALIST~MSG*TIER 1~",
    ));
    assert_eq!(answer.benefits[0].messages, ["PRIMARY CARE"]);
    assert_eq!(answer.benefits[1].messages, ["SPECIALIST", "TIER 1"]);
}

#[test]
fn a_message_that_contradicts_the_network_is_noticed() {
    let answer = one(&rows("EB*C*IND*30***23*500*****Y~MSG*OUT-OF-NETWORK DEDUCTIBLE~"));
    assert_eq!(answer.benefits[0].network, Network::In);
    assert_eq!(codes(&answer), [WarningCode::NetworkContradicted]);
}

#[test]
fn every_network_statement_is_told_apart() {
    let answer = one(&rows(
        "EB*B*IND*98***27*1*****Y~EB*B*IND*98***27*2*****N~EB*B*IND*98***27*3*****W~\
         EB*B*IND*98***27*4*****U~EB*B*IND*98***27*5~",
    ));
    let found: Vec<_> = answer.benefits.iter().map(|row| row.network.as_str()).collect();
    assert_eq!(found, ["in", "out", "either", "unknown", "not_stated"]);
}

#[test]
fn elements_shifted_by_one_are_read_with_a_warning() {
    let answer = one(&rows("EB*C*IND*30*HM*29*500.00*****Y~EB*C*IND*30***GOLD*23*1500*****Y~"));
    assert_eq!(answer.benefits[0].amount_cents, Some(50_000));
    assert_eq!(answer.benefits[0].period.as_deref(), Some("29"));
    assert_eq!(answer.benefits[1].amount_cents, Some(150_000));
    assert_eq!(answer.benefits[1].percent_bp, None);
    assert!(answer.benefits.iter().all(|row| row.network == Network::In));
    assert_eq!(codes(&answer), [WarningCode::ElementsShifted; 2]);
}

#[test]
fn figures_that_may_be_shifted_or_not_are_withheld() {
    let answer = one(&rows("EB*B*IND*98****25*20~EB*B*IND*98**27*25~"));
    assert!(answer.benefits.iter().all(|row| row.amount_cents.is_none()));
    assert!(answer.benefits.iter().all(|row| row.percent_bp.is_none()));
    assert_eq!(codes(&answer), [WarningCode::ElementsUncertain; 2]);
}

#[test]
fn one_message_may_speak_of_several_rows_and_stands_with_the_last() {
    let answer = one(&rows("EB*B*IND*98***27*20~EB*B*IND*BY***27*20~MSG*BOTH PER VISIT~"));
    let found: Vec<_> = answer.benefits.iter().map(|row| row.messages.len()).collect();
    assert_eq!(found, [0, 1]);
}

#[test]
fn a_coinsurance_without_percentage_is_unknown() {
    let answer = one(&rows("EB*A*IND*30***23~"));
    assert_eq!(answer.benefits[0].percent_bp, None);
    assert_eq!(codes(&answer), [WarningCode::PercentMissing]);
}

#[test]
fn active_and_inactive_rows_stand_together() {
    let answer = one(&rows("EB*1**30**GOLD~EB*6**30~"));
    assert!(answer.benefits[0].is_active() && answer.benefits[1].is_inactive());
    assert_eq!(answer.plan.as_deref(), Some("GOLD"));
}

#[test]
fn an_answer_without_any_money_is_read() {
    let answer = one(&rows("EB*1**30**GOLD~EB*U**30~"));
    assert!(answer.benefits.iter().all(|row| row.amount_cents.is_none()));
    assert_eq!(codes(&answer), []);
}

#[test]
fn a_row_under_the_payer_goes_to_the_only_patient() {
    let above = ABOVE.replace("HL*2*1", "EB*1**30**GOLD~HL*2*1");
    let answer = one(&file(&format!("{above}{SUBSCRIBER}EB*B*IND*98***27*25~")));
    assert_eq!(answer.patient.last.as_deref(), Some("SAMPLE"));
    assert_eq!(answer.benefits.len(), 2);
    assert!(answer.benefits[0].misplaced && !answer.benefits[1].misplaced);
    assert_eq!(codes(&answer), [WarningCode::MisplacedBenefit]);
}

#[test]
fn a_row_under_the_payer_is_given_to_none_of_several_patients() {
    let above = ABOVE.replace("HL*2*1", "EB*1**30**GOLD~HL*2*1");
    let second = SUBSCRIBER.replace("HL*3", "HL*4").replace("*PAT*", "*SECOND*");
    let text = file(&format!("{above}{SUBSCRIBER}EB*1**98~{second}EB*6**98~"));
    let answers = crate::cases::common::must_read(text.as_bytes()).answers;
    let found: Vec<_> =
        answers.iter().map(|one| (one.patient.first.as_deref(), one.benefits.len())).collect();
    assert_eq!(found, [(None, 1), (Some("PAT"), 1), (Some("SECOND"), 1)]);
    assert!(answers[0].benefits[0].misplaced);
}

#[test]
fn a_row_under_the_payer_alone_is_read() {
    let answer = one(&file("HL*1**20*0~NM1*PR*2*SAMPLE PLAN~EB*1**30~"));
    assert!(answer.benefits[0].misplaced && answer.patient.is_unnamed());
}

#[test]
fn levels_without_a_kind_are_inferred() {
    for kind in ["", "99", "PATIENT", "-1", "4294967296"] {
        let text =
            file(&format!("{ABOVE}{SUBSCRIBER}EB*1**30~").replace("*22*0", &format!("*{kind}*0")));
        let answer = one(&text);
        assert_eq!(answer.patient.first.as_deref(), Some("PAT"), "{kind}");
        assert!(!answer.is_dependent);
        assert_eq!(answer.traces, ["TRACE-1"]);
        assert_eq!(codes(&answer), [WarningCode::LevelInferred]);
    }
}

#[test]
fn every_level_may_be_without_a_kind() {
    let body = format!("{ABOVE}{SUBSCRIBER}HL*4*3*23*0~NM1*03*1*SAMPLE*CHILD~EB*1**30~");
    let text = file(&body.replace("*20*1", "").replace("*21*1", "").replace("*23*0", "*?*0"));
    let answer = one(&text.replace("*22*0", "*22*1"));
    assert_eq!(answer.payer.name.as_deref(), Some("SAMPLE PLAN"));
    assert_eq!(answer.receiver.id.as_deref(), Some("1234567893"));
    assert_eq!(answer.patient.first.as_deref(), Some("CHILD"));
    assert_eq!(answer.subscriber.first.as_deref(), Some("PAT"));
    assert!(answer.is_dependent);
}

#[test]
fn hostile_levels_do_no_harm() {
    for hostile in ["HL*3*3*22*0", "HL*3*99999999999999999999*22*0", "HL***22", "HL*3*4*22*1"] {
        let answer =
            one(&file(&format!("{ABOVE}{SUBSCRIBER}EB*1**30~")).replace("HL*3*2*22*0", hostile));
        assert_eq!(answer.patient.first.as_deref(), Some("PAT"), "{hostile}");
        assert_eq!(answer.payer.name.as_deref(), Some("SAMPLE PLAN"), "{hostile}");
    }
}

#[test]
fn without_any_levels_the_names_tell_them_apart() {
    let body = "NM1*PR*2*SAMPLE PLAN~NM1*1P*2*SAMPLE CLINIC~TRN*2*TRACE-1~\
                NM1*IL*1*SAMPLE*PAT****MI*1EG4TE5MK73~EB*1**30~NM1*03*1*SAMPLE*CHILD~EB*6**30~";
    let answer = one(&file(body));
    assert!(answer.is_dependent);
    assert_eq!(answer.patient.first.as_deref(), Some("CHILD"));
    assert_eq!(answer.subscriber.first.as_deref(), Some("PAT"));
    assert_eq!(answer.subscriber_traces, ["TRACE-1"]);
    assert!(answer.benefits[0].is_inactive() && answer.subscriber_benefits[0].is_active());
    assert_eq!(codes(&answer), [WarningCode::LevelImplied; 4]);
}

#[test]
fn people_are_never_merged() {
    let text = file(&format!("{ABOVE}{SUBSCRIBER}EB*1**30~NM1*IL*1*SAMPLE*OTHER~EB*6**30~"));
    let answers = crate::cases::common::must_read(text.as_bytes()).answers;
    let found: Vec<_> = answers
        .iter()
        .map(|one| {
            (one.patient.first.as_deref().unwrap_or_default(), one.benefits[0].code.as_str())
        })
        .collect();
    assert_eq!(found, [("PAT", "1"), ("OTHER", "6")]);
}

#[test]
fn a_patient_may_be_named_by_any_of_three_codes() {
    for code in ["IL", "03", "QC"] {
        let answer = one(&rows("EB*1**30~").replace("NM1*IL", &format!("NM1*{code}")));
        assert_eq!(answer.patient.first.as_deref(), Some("PAT"), "{code}");
        assert!(!answer.is_dependent);
        let body = format!("{ABOVE}{SUBSCRIBER}HL*4*3*23*0~NM1*{code}*1*SAMPLE*CHILD~EB*1**30~");
        let answer = one(&file(&body));
        assert_eq!(answer.patient.first.as_deref(), Some("CHILD"), "{code}");
        assert_eq!(answer.subscriber.member_id.as_deref(), Some("1EG4TE5MK73"));
    }
}

#[test]
fn an_announced_dependent_that_is_missing_is_noticed() {
    let answer = one(&rows("EB*1**30~").replace("*22*0", "*22*1"));
    assert_eq!(codes(&answer), [WarningCode::DependentMissing]);
}

#[test]
fn rejections_are_read_at_every_level_and_beside_benefits() {
    let body = "HL*1**20*1~AAA*Y**42*R~NM1*PR*2*SAMPLE PLAN~AAA*Y**79*N~HL*2*1*21*1~\
                NM1*1P*2*SAMPLE CLINIC~AAA*Y**51*C~HL*3*2*22*1~NM1*IL*1*SAMPLE*PAT~AAA*N**75*C~\
                EB*1**30~AAA*N**15*C~HL*4*3*23*0~NM1*03*1*SAMPLE*CHILD~AAA*N**71*C~EB*1**30~\
                AAA*N**62*N~";
    let answer = one(&file(body));
    let found: Vec<_> = answer
        .rejections
        .iter()
        .map(|one| (one.loop_name.as_str(), one.code.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(
        found,
        [
            ("2000A", "42"),
            ("2100A", "79"),
            ("2100B", "51"),
            ("2100C", "75"),
            ("2110C", "15"),
            ("2100D", "71"),
            ("2110D", "62"),
        ]
    );
    assert_eq!(answer.benefits[0].rejections.len(), 1);
    assert_eq!(answer.rejections[5].reason(), "The birth date does not match the payer's records");
    assert_eq!(answer.rejections[5].follow_up(), "Correct the data and send again");
}

#[test]
fn a_rejection_above_any_patient_is_an_answer() {
    let answer = one(&file("HL*1**20*0~NM1*PR*2*SAMPLE PLAN~AAA*N**42*P~"));
    assert!(answer.patient.is_unnamed() && answer.benefits.is_empty());
    assert_eq!(answer.rejections[0].follow_up(), "Send the original request again");
    assert_eq!(answer.reference, "REF-1");
    assert_eq!(codes(&answer), []);
}

#[test]
fn what_follows_a_row_belongs_to_it() {
    let answer = one(&rows(
        "EB*R**30*MC~REF*18*OTHER-1~DTP*290*RD8*20260101-20261231~LS*2120~\
         NM1*PRP*2*OTHER SAMPLE PLAN*****PI*00099~PER*IC**TE*5550100~NM1*IL*1*SAMPLE*OTHER~LE*2120~\
         EB*F*IND*98***29*0**VS*0~HSD*VS*20***23*1~III*ZZ*11~",
    ));
    let other = &answer.benefits[0];
    assert_eq!(other.references, [("18".to_owned(), "OTHER-1".to_owned())]);
    assert_eq!(other.dates[0].to, Date::new(2026, 12, 31));
    assert_eq!(other.entities.len(), 2);
    assert_eq!(other.entities[0].phone.as_deref(), Some("5550100"));
    assert_eq!(other.related.len(), 7);
    let visits = &answer.benefits[1];
    assert_eq!((visits.quantity.as_deref(), visits.period.as_deref()), (Some("0"), Some("29")));
    assert_eq!(visits.delivery, ["20 visits for 1 × calendar year"]);
    assert_eq!(visits.conditions, [("ZZ".to_owned(), "11".to_owned())]);
    assert_eq!(answer.patient.first.as_deref(), Some("PAT"));
}

#[test]
fn entities_outside_their_loop_still_belong_to_the_row() {
    let answer = one(&rows("EB*R**30~NM1*PR*2*OTHER PLAN~NM1*IL*1*SAMPLE*OTHER~EB*1**30~"));
    assert_eq!(answer.benefits[0].entities.len(), 2);
    assert_eq!(codes(&answer), [WarningCode::LoopUnmarked; 2]);
}

#[test]
fn a_procedure_makes_a_row_specific() {
    let answer =
        one(&rows("EB*B*IND*98***27*150.00****Y*Y*HC:J1745:JW~EB*B*IND*****9****N*N*N4:0001~"));
    let procedure = answer.benefits[0].procedure.clone().unwrap_or_default();
    assert_eq!((procedure.qualifier.as_deref(), procedure.code.as_str()), (Some("HC"), "J1745"));
    assert_eq!(procedure.modifiers, ["JW"]);
    assert_eq!(answer.benefits[0].authorization.as_deref(), Some("Y"));
    let drug = answer.benefits[1].procedure.clone().unwrap_or_default();
    assert_eq!(drug.qualifier.as_deref(), Some("N4"));
}

#[test]
fn a_declared_repetition_that_is_not_the_used_one_is_split_all_the_same() {
    let answer = one(&rows("EB*1**30>98>UC~"));
    assert_eq!(answer.benefits[0].service_types, ["30", "98", "UC"]);
    assert_eq!(codes(&answer), [WarningCode::UndeclaredSeparator]);
}

#[test]
fn dates_that_are_none_are_left_out_with_a_warning() {
    let answer = one(&rows(
        "DTP*346*D8*00000000~DTP*347*D8*20260230~DTP*291*RD8*20261231-20260101~EB*1**30~",
    ));
    assert_eq!(answer.dates.len(), 1);
    assert_eq!(
        codes(&answer),
        [WarningCode::DateUnreadable, WarningCode::DateUnreadable, WarningCode::DateReversed]
    );
}

#[test]
fn the_plan_comes_from_the_first_active_row_or_else_from_elsewhere() {
    assert_eq!(one(&rows("EB*C**30**OTHER~EB*1**30**GOLD~")).plan.as_deref(), Some("GOLD"));
    assert_eq!(one(&rows("EB*C**30**SILVER~EB*1**30~")).plan.as_deref(), Some("SILVER"));
    assert_eq!(one(&rows("REF*18*PLAN-1~EB*1**30~")).plan.as_deref(), Some("PLAN-1"));
    assert_eq!(one(&rows("EB*R**30**THEIRS~EB*1**30~")).plan, None);
}

#[test]
fn warnings_tell_no_values() {
    let answer =
        one(&rows("EB*C*IND*30***23*SECRET~DTP*346*D8*SECRET~AAA*N*75*C~EB*A**30***SECRET~"));
    assert!(answer.warnings.len() >= 4);
    for warning in &answer.warnings {
        assert!(!warning.message.contains("SECRET") && !warning.message.contains("SAMPLE"));
    }
}
