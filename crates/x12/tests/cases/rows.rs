//! What a row (EB) says, element by element, and what stands beneath it.

use almoner_x12::{Benefit, Date, Network, WarningCode};

use crate::cases::common::{codes, one, one_of, rows, rows_of};

/// One text of each row, empty when there is none.
fn column(rows: &[Benefit], of: impl Fn(&Benefit) -> Option<String>) -> Vec<String> {
    rows.iter().map(|row| of(row).unwrap_or_default()).collect()
}

#[test]
fn every_kind_of_row_is_kept_with_its_code() {
    let rows = rows_of("eb01_codes.271");
    let found: Vec<_> = rows.iter().map(|row| row.code.as_str()).collect();
    let expected = "1 2 3 4 5 6 7 8 9 A B C CB D E F G H I J K L M MC N O P Q R S T U V W X Y";
    assert_eq!(found.join(" "), expected);
    let active: Vec<_> = rows.iter().map(|row| (row.is_active(), row.is_inactive())).collect();
    assert_eq!(active[..5], [(true, false); 5]);
    assert_eq!(active[5..8], [(false, true); 3]);
    assert_eq!(active[8..], [(false, false); 28]);
}

#[test]
fn a_row_that_does_not_say_what_it_is_is_noticed() {
    let answer = one_of("code_missing.271");
    assert_eq!(answer.benefits[1].code, "");
    assert_eq!(codes(&answer), [WarningCode::CodeMissing]);
}

#[test]
fn levels_of_coverage_are_kept() {
    let found = column(&rows_of("eb02_levels.271"), |row| row.level.clone());
    assert_eq!(found, ["IND", "FAM", "EMP", "ECH", "ESP", "DEP", "SPO", "SPC", "CHD", ""]);
}

#[test]
fn service_types_repeat() {
    let rows = rows_of("eb03_service_types.271");
    let found: Vec<_> = rows.iter().map(|row| row.service_types.join(" ")).collect();
    assert_eq!(found, ["30 98 UC", "98", "", "BY BZ"]);
}

#[test]
fn the_kind_and_the_name_of_the_plan_are_read() {
    let answer = one_of("eb04_eb05_plan.271");
    let rows = &answer.benefits;
    assert_eq!(column(rows, |row| row.insurance_type.clone()), ["PR", "HM"]);
    assert_eq!(column(rows, |row| row.plan.clone()), ["SAMPLE GOLD PPO", "SPECIMEN HMO"]);
    assert_eq!(answer.plan.as_deref(), Some("SAMPLE GOLD PPO"));
}

#[test]
fn the_plan_comes_from_the_first_active_row_or_else_from_elsewhere() {
    let plan = |text: &str| one(&rows(text)).plan;
    assert_eq!(plan("EB*C**30**OTHER~EB*1**30**GOLD~").as_deref(), Some("GOLD"));
    assert_eq!(plan("EB*C**30**SILVER~EB*1**30~").as_deref(), Some("SILVER"));
    assert_eq!(plan("REF*18*PLAN-1~EB*1**30~").as_deref(), Some("PLAN-1"));
    assert_eq!(plan("EB*R**30**THEIRS~EB*1**30~"), None);
}

#[test]
fn periods_are_kept() {
    let rows = rows_of("eb06_periods.271");
    let found = column(&rows, |row| row.period.clone()).join(" ");
    assert_eq!(found, "6 7 13 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36");
    assert!(rows.iter().all(|row| row.amount_cents == Some(10_050)));
    assert!(rows.iter().all(|row| row.network == Network::In));
}

#[test]
fn quantities_are_kept() {
    let rows = rows_of("eb09_eb10_quantities.271");
    let found = column(&rows, |row| {
        row.quantity_qualifier.clone().zip(row.quantity.clone()).map(|(a, b)| a + " " + &b)
    });
    assert_eq!(found, ["VS 20", "VS 0", "P6 12"]);
    assert_eq!(rows[1].period.as_deref(), Some("29"));
}

#[test]
fn authorizations_are_kept() {
    let found = column(&rows_of("eb11_authorization.271"), |row| row.authorization.clone());
    assert_eq!(found, ["Y", "N", "U", ""]);
}

#[test]
fn every_network_statement_is_told_apart() {
    let rows = rows_of("eb12_networks.271");
    let found: Vec<_> = rows.iter().map(|row| row.network.as_str()).collect();
    assert_eq!(found, ["in", "out", "either", "unknown", "not_stated"]);
}

#[test]
fn a_network_that_is_none_is_unknown() {
    let answer = one_of("network_unreadable.271");
    assert_eq!(answer.benefits[1].network, Network::Unknown);
    assert_eq!(codes(&answer), [WarningCode::NetworkUnreadable]);
}

#[test]
fn a_message_that_contradicts_the_network_is_noticed() {
    let answer = one_of("network_contradicted.271");
    assert_eq!(answer.benefits[1].network, Network::In);
    assert_eq!(codes(&answer), [WarningCode::NetworkContradicted]);
}

#[test]
fn a_procedure_makes_a_row_specific() {
    let rows = rows_of("eb13_procedures.271");
    let found = column(&rows, |row| {
        let found = row.procedure.clone()?;
        let end = found.range_end.map(|end| format!("-{end}")).unwrap_or_default();
        let modifiers = found.modifiers.join(":");
        Some(format!("{} {}{end} {modifiers}", found.qualifier?, found.code))
    });
    let expected = [
        "HC J1745 ",
        "HC J1745 JW:25",
        "HC J1745-J1750 ",
        "CJ 00000 ",
        "AD D0000 ",
        "ID 0000 ",
        "N4 00000000001 ",
        "ZZ LOCAL-1 ",
    ];
    assert_eq!(found, expected);
}

#[test]
fn rows_point_to_diagnoses() {
    let answer = one_of("eb14_diagnoses.271");
    assert_eq!(answer.patient.diagnoses.len(), 2);
    assert_eq!(answer.patient.diagnoses[1], ("ABF".to_owned(), "Z0001".to_owned()));
    let found: Vec<_> =
        answer.benefits.iter().map(|row| row.diagnosis_pointers.join(" ")).collect();
    assert_eq!(found, ["1 2", "2"]);
}

#[test]
fn deliveries_are_told_in_words() {
    let rows = rows_of("hsd_deliveries.271");
    assert_eq!(rows[0].delivery, ["20 visits for 1 × calendar year"]);
    assert_eq!(rows[1].delivery, ["2 visits per week", "12 visits per day for 6 × weeks"]);
}

#[test]
fn references_of_a_row_are_kept() {
    let row = rows_of("ref_of_row.271").remove(0);
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(row.references, [pair("9F", "REFERRAL1"), pair("G1", "AUTH1")]);
    assert_eq!(row.related, ["REF*9F*REFERRAL1", "REF*G1*AUTH1*BEFORE THE VISIT"]);
}

#[test]
fn dates_are_read_at_the_level_and_at_the_row() {
    let answer = one_of("dtp_dates.271");
    assert_eq!(codes(&answer), []);
    let shown = |dates: &[almoner_x12::PlanDate]| {
        let shown = dates.iter().map(|date| {
            let to = date.to.map(|to| format!(" {to}")).unwrap_or_default();
            format!("{} {}{to}", date.qualifier, date.from)
        });
        shown.collect::<Vec<_>>()
    };
    let expected = [
        "291 2026-01-01 2026-12-31",
        "307 2026-01-01 2026-12-31",
        "346 2026-01-01",
        "347 2026-12-31",
        "356 2025-01-01",
        "357 2027-12-31",
    ];
    assert_eq!(shown(&answer.dates), expected);
    let expected = [
        "292 2026-03-01 2026-03-31",
        "348 2026-01-01",
        "349 2026-12-31",
        "472 2026-03-02",
        "193 2026-01-01",
        "194 2026-12-31",
        "435 2026-01-01 2026-01-05",
    ];
    assert_eq!(shown(&answer.benefits[0].dates), expected);
}

#[test]
fn dates_that_are_none_are_left_out() {
    let answer = one_of("dates_unreadable.271");
    assert_eq!((answer.dates.len(), answer.patient.birth_date), (0, None));
    assert_eq!(codes(&answer), [WarningCode::DateUnreadable; 4]);
}

#[test]
fn a_period_that_ends_before_it_begins_is_noticed() {
    let answer = one_of("date_reversed.271");
    assert_eq!(answer.dates[0].to, Date::new(2026, 1, 1));
    assert_eq!(codes(&answer), [WarningCode::DateReversed]);
}

#[test]
fn a_row_may_have_several_messages() {
    assert_eq!(rows_of("msg_several.271")[0].messages, ["OFFICE VISIT", "DEDUCTIBLE WAIVED"]);
}

#[test]
fn one_message_may_speak_of_several_rows_and_stands_with_the_last() {
    let rows = rows_of("msg_of_several_rows.271");
    let found: Vec<_> = rows.iter().map(|row| row.messages.len()).collect();
    assert_eq!(found, [0, 1]);
}

#[test]
fn conditions_are_kept() {
    let rows = rows_of("iii_conditions.271");
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(rows[0].conditions, [pair("ZZ", "11"), pair("ZZ", "22")]);
    assert_eq!(rows[1].conditions, [pair("BK", "Z0000")]);
}

#[test]
fn entities_of_a_row_belong_to_it() {
    let answer = one_of("loop_2120.271");
    assert_eq!(codes(&answer), []);
    let other = &answer.benefits[0];
    assert_eq!(other.references, [("18".to_owned(), "OTHER-1".to_owned())]);
    assert_eq!(other.dates[0].to, Date::new(2026, 12, 31));
    assert_eq!((other.entities.len(), other.related.len()), (2, 7));
    assert_eq!(other.entities[0].phone.as_deref(), Some("5550100"));
    assert_eq!(other.entities[0].url.as_deref(), Some("other.example"));
    assert_eq!(other.entities[0].email.as_deref(), Some("a@other.example"));
    assert_eq!(answer.benefits[1].entities[0].entity.as_deref(), Some("P3"));
    assert_eq!(answer.patient.first.as_deref(), Some("PAT"));
}

#[test]
fn entities_outside_their_loop_still_belong_to_the_row() {
    let answer = one_of("loop_2120_unmarked.271");
    assert_eq!((answer.benefits.len(), answer.benefits[0].entities.len()), (2, 2));
    assert_eq!(codes(&answer), [WarningCode::LoopUnmarked; 2]);
}

#[test]
fn a_line_of_forty_thousand_bytes_is_read() {
    let rows = rows_of("long_line.271");
    assert!(rows[0].messages[0].len() > 40_000);
    assert_eq!(rows[1].amount_cents, Some(2500));
}
