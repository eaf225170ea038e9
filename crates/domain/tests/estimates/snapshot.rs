//! What programs get and what a payment keeps.

use serde_json::{Value, json};

use crate::support::*;

fn sent(estimate: &Estimate) -> Value {
    serde_json::to_value(estimate).expect("an estimate is plain values")
}

/// A treatment with one of everything.
fn rich() -> Estimate {
    let rows = [
        copay(50).about("30"),
        share(20).about("1").says("AFTER DEDUCTIBLE"),
        row("C").about("30").period("23").dollars(1_000),
        row("C").about("30").period("24").dollars(200),
        maximum(99_999).level("FAM"),
        row("I").of("97110"),
    ];
    let check = Check { plan: Some("SAMPLE GOLD".to_owned()), ..active_with(rows) };
    let check = Check {
        benefits: check
            .benefits
            .into_iter()
            .map(|row| Benefit { related: vec!["MSG*SAMPLE".to_owned()], ..row })
            .collect(),
        ..check
    };
    let choices = Choices { rule: Some(Rule::CopayAfterDeductible), ..Choices::default() };
    estimate(&choosing(choices, charging(4_000, treatment(&["J1745"]))), &[check])
}

#[test]
fn the_answer_has_the_members_that_others_rely_on() {
    let sent = sent(&rich());
    let members = [
        "case",
        "check_id",
        "copay",
        "coinsurance",
        "deductible_remaining",
        "out_of_pocket_remaining",
        "procedures",
        "amount_cents",
        "range",
        "rule",
        "steps",
        "warnings",
        "payer",
        "plan",
        "network",
        "checked_on",
        "service_date",
        "engine_version",
        "inputs",
        "sources",
        "rejections",
        "rules_offered",
        "other_check_id",
    ];
    for member in members {
        assert!(sent.get(member).is_some(), "{member}");
    }
    assert_eq!((&sent["case"], &sent["check_id"]), (&json!("ok"), &json!("ELG-007")));
    assert_eq!(
        (&sent["rule"], &sent["amount_cents"]),
        (&json!("copay_after_deductible"), &json!(85_000))
    );
}

#[test]
fn each_figure_is_a_state_a_value_its_options_and_its_rows() {
    let sent = sent(&rich());
    let figure = &sent["deductible_remaining"];
    assert_eq!((&figure["state"], &figure["amount_cents"]), (&json!("known"), &json!(80_000)));
    assert_eq!((&figure["derived"], &figure["rows"]), (&json!(true), &json!([4, 5])));
    assert_eq!(figure["options"][0]["row"], 4);
    let share = &sent["coinsurance"];
    assert_eq!((&share["state"], &share["percent_bp"]), (&json!("known"), &json!(2_000)));
    assert_eq!(share["options"][0]["messages"], json!(["AFTER DEDUCTIBLE"]));
    let maximum = &sent["out_of_pocket_remaining"];
    assert_eq!((&maximum["state"], &maximum["rows"]), (&json!("no_limit"), &json!([6])));
    assert!(maximum.get("amount_cents").is_none());
    let open = of_rows(&office(), [copay(25), copay(40)]);
    let open = serde_json::to_value(open.copay).expect("a figure is plain values");
    assert_eq!((&open["state"], open.get("amount_cents")), (&json!("choice"), None));
    assert_eq!(open["options"][1]["amount_cents"], 4_000);
}

#[test]
fn what_is_not_returned_has_no_number_anywhere() {
    let open = sent(&of_rows(&treatment(&["J1745"]), [row("C").about("30")]));
    assert_eq!(open["amount_cents"], Value::Null);
    for figure in ["copay", "coinsurance", "deductible_remaining", "out_of_pocket_remaining"] {
        let figure = open[figure].as_object().expect("a figure is an object");
        assert_eq!(figure["state"], "not_returned");
        assert!(!figure.contains_key("amount_cents") && !figure.contains_key("percent_bp"));
    }
    let line = open["procedures"][0].as_object().expect("a line is an object");
    assert_eq!((&line["code"], &line["row"]), (&json!("J1745"), &Value::Null));
    assert!(!line.contains_key("amount_cents") && !line.contains_key("percent_bp"));
    let text = open.to_string();
    assert!(!text.contains("_cents\":0") && !text.contains("_bp\":0"), "{text}");
}

#[test]
fn every_treatment_code_and_every_procedure_row_has_a_line() {
    let rows =
        [share(20).of("J1745"), row("I").of("97110"), copay(25).of("J1745").says("PER DOSE")];
    let estimate = of_rows(&treatment(&["96413", "J1745"]), rows);
    let lines: Vec<(&str, Option<i64>, bool)> = estimate
        .procedures
        .iter()
        .map(|line| (line.code.as_str(), line.row, line.in_treatment))
        .collect();
    let expected = [
        ("96413", None, true),
        ("J1745", Some(2), true),
        ("J1745", Some(4), true),
        ("97110", Some(3), false),
    ];
    assert_eq!(lines, expected);
    assert_eq!(estimate.procedures[2].messages, ["PER DOSE"]);
}

#[test]
fn the_snapshot_keeps_the_rows_the_inputs_the_rule_and_the_version() {
    let estimate = rich();
    assert_eq!(estimate.engine_version, almoner_domain::estimate::ENGINE_VERSION);
    assert_eq!(estimate.inputs.choices.rule, estimate.rule);
    assert_eq!(estimate.inputs.charge, dollars(4_000));
    let used: Vec<i64> = estimate.sources.iter().map(|source| source.row).collect();
    assert_eq!(used, [2, 3, 4, 5, 6, 7]);
    let source = &estimate.sources[0];
    assert_eq!((source.segment.as_str(), source.related.len()), ("EB*B*2", 1));
    let text = serde_json::to_string(&estimate).expect("an estimate is plain values");
    let read: Estimate = serde_json::from_str(&text).expect("what was written is read");
    assert_eq!(read, estimate);
}

#[test]
fn a_snapshot_of_the_first_version_is_still_read() {
    let text = include_str!("snapshot_v1.json");
    let kept: Estimate = serde_json::from_str(text).expect("what was written once is read");
    assert_eq!((kept.engine_version, kept.case), (1, Case::Ok));
    assert_eq!((kept.amount, kept.rule), (dollars(850), Some(Rule::CopayFirst)));
    assert_eq!(kept.range.and_then(|range| range.at_least), dollars(850));
}

#[test]
fn warnings_are_a_code_a_message_and_perhaps_a_row() {
    let sent = sent(&of_rows(&office(), [copay(25).network(Network::NotStated)]));
    let warnings = sent["warnings"].as_array().expect("warnings are a list");
    let members = |warning: &Value| -> Vec<String> {
        warning.as_object().expect("a warning is an object").keys().cloned().collect()
    };
    assert_eq!(members(&warnings[0]), ["code", "message", "row"]);
    assert_eq!(
        (&warnings[0]["code"], &warnings[0]["row"]),
        (&json!("network_not_stated"), &json!(2))
    );
    assert_eq!(members(&warnings[1]), ["code", "message"]);
    assert_eq!(warnings[1]["code"], "out_of_pocket_unknown");
}

#[test]
fn choices_are_read_as_they_are_described_and_nothing_else_is() {
    let text = r#"{"rule":"copay_after_deductible","copay":3,"coinsurance":"none",
        "deductible":4,"out_of_pocket":5,"check":"ELG-007"}"#;
    let choices: Choices = serde_json::from_str(text).expect("all of them are choices");
    let expected = Choices {
        rule: Some(Rule::CopayAfterDeductible),
        copay: Some(3),
        coinsurance: Some(RowChoice::None),
        deductible: Some(RowChoice::Row(4)),
        out_of_pocket: Some(5),
        check: Some(CheckId::new(7)),
    };
    assert_eq!(choices, expected);
    for text in [r#"{"copay":"none"}"#, r#"{"rule":"free"}"#, r#"{"price":1}"#] {
        assert!(serde_json::from_str::<Choices>(text).is_err(), "{text}");
    }
}

#[test]
fn every_case_has_its_name() {
    let names = [
        "not_applicable",
        "no_check",
        "rejected",
        "inactive",
        "needs_review",
        "not_covered",
        "conflict",
        "choice_needed",
        "no_money_rows",
        "partial",
        "needs_charge",
        "ok",
    ];
    assert_eq!(Case::ALL.map(Case::as_str), names);
    for (case, name) in Case::ALL.iter().zip(names) {
        assert_eq!(serde_json::to_value(case).expect("a case is a name"), name);
    }
}

#[test]
fn the_disclaimer_says_what_an_estimate_rests_on() {
    let words = almoner_domain::estimate::DISCLAIMER;
    for phrase in [
        "eligibility benefit information only",
        "may differ from the final patient responsibility",
        "Fee schedules and payer-specific rates are not yet included",
    ] {
        assert!(words.contains(phrase), "{phrase}");
    }
}
