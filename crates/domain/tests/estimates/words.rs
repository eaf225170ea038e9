//! The payer's own words: they are shown, they offer another rule, and they never switch one.

use crate::support::*;

#[test]
fn after_the_deductible_offers_that_rule_and_never_switches_it() {
    for words in ["AFTER DEDUCTIBLE", "copay applies after ded", "SUBJECT TO DEDUCTIBLE"] {
        let rows = [copay(50).about("30").says(words), deductible(800)];
        let estimate = of_rows(&charging(4_000, office()), rows.clone());
        assert_eq!((estimate.rule, estimate.amount), (Some(Rule::CopayOnly), dollars(50)));
        assert_eq!(estimate.rules_offered, [Rule::CopayOnly, Rule::CopayAfterDeductible]);
        assert_eq!(rows_warned(&estimate, WarningCode::SaysAfterDeductible), [Some(2)], "{words}");
        let request = by_rule(Rule::CopayAfterDeductible, charging(4_000, office()));
        assert_eq!(result(&request, rows), (Case::Ok, dollars(850)));
    }
}

#[test]
fn a_waived_deductible_offers_the_copay_alone() {
    let rows = [copay(50).about("30").says("DEDUCTIBLE WAIVED"), deductible(800), share(20)];
    let estimate = of_rows(&charging(4_000, treatment(&[])), rows);
    assert_eq!(estimate.rule, Some(Rule::CopayFirst));
    assert_eq!(estimate.rules_offered, [Rule::CopayFirst, Rule::CopayOnly]);
    assert!(has(&estimate, WarningCode::SaysDeductibleWaived));
}

#[test]
fn the_greater_or_lesser_of_two_offers_both_rules() {
    let table = [
        ("GREATER OF $50 OR 20%", WarningCode::SaysGreaterOf),
        ("$50 OR 20%, WHICHEVER IS GREATER", WarningCode::SaysGreaterOf),
        ("LESSER OF $50 OR 20%", WarningCode::SaysLesserOf),
        ("50.00 or 20 %, whichever is less", WarningCode::SaysLesserOf),
    ];
    for (words, code) in table {
        let estimate = of_rows(&charging(100, office()), [copay(50).says(words)]);
        assert_eq!((estimate.rule, estimate.amount), (Some(Rule::CopayOnly), dollars(50)));
        assert_eq!(estimate.rules_offered, [Rule::CopayOnly, Rule::DeductibleCoinsurance]);
        assert!(has(&estimate, code), "{words}");
    }
}

#[test]
fn admission_tier_and_referral_are_only_said() {
    let table = [
        ("COPAY WAIVED IF ADMITTED", WarningCode::SaysWaivedIfAdmitted),
        ("TIER 2 PROVIDER", WarningCode::SaysTier),
        ("REFERRAL REQUIRED", WarningCode::SaysReferral),
    ];
    for (words, code) in table {
        let estimate = of_rows(&office(), [copay(50).says(words)]);
        assert_eq!((estimate.amount, estimate.rules_offered.len()), (dollars(50), 1), "{words}");
        assert_eq!(rows_warned(&estimate, code), [Some(2)]);
    }
}

#[test]
fn words_are_shown_beside_the_row_that_they_belong_to() {
    let estimate = of_rows(&office(), [copay(25).says("CALL FOR DETAILS").says("SECOND LINE")]);
    assert_eq!(estimate.copay.options[0].messages, ["CALL FOR DETAILS", "SECOND LINE"]);
    let other = of_rows(&office(), [copay(25), share(20).about("33").says("TIER 2")]);
    assert!(!has(&other, WarningCode::SaysTier), "a row that is not used says nothing");
}

#[test]
fn one_message_about_several_rows_is_shown_and_not_taken_apart() {
    let words = "PCP $25 / SPECIALIST $40 AFTER DEDUCTIBLE; ER $250";
    let request = Request { visit_class: Some(VisitClass::Specialist), ..office() };
    let estimate = of_rows(&request, [copay(25).says(words), deductible(100)]);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(25)));
    assert_eq!(estimate.copay.options[0].messages, [words]);
    assert!(has(&estimate, WarningCode::SaysAfterDeductible));
}

#[test]
fn two_copays_that_differ_only_in_their_words_are_told_apart_by_them() {
    let rows = [copay(25).says("PRIMARY CARE"), copay(25).says("SPECIALIST")];
    assert_eq!(result(&office(), rows), (Case::Ok, dollars(25)), "the value is the same");
    let rows = [copay(25).says("PRIMARY CARE"), copay(40).says("SPECIALIST")];
    assert_eq!(result(&office(), rows), (Case::ChoiceNeeded, None));
}

#[test]
fn words_that_contradict_the_network_are_said_and_the_network_stands() {
    for words in ["OUT OF NETWORK", "OON BENEFIT", "NON-PARTICIPATING PROVIDER"] {
        let estimate = of_rows(&office(), [copay(25).says(words)]);
        assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(25)), "{words}");
        assert_eq!(rows_warned(&estimate, WarningCode::NetworkContradicted), [Some(2)]);
    }
    let outside = copay(60).network(Network::Out).says("IN-NETWORK TIER 1");
    let estimate = of_rows(&out_of_network(office()), [outside]);
    assert_eq!(estimate.amount, dollars(60));
    assert!(has(&estimate, WarningCode::NetworkContradicted));
    let both = of_rows(&office(), [copay(25).says("IN AND OUT OF NETWORK COMBINED")]);
    assert!(!has(&both, WarningCode::NetworkContradicted));
}

#[test]
fn options_say_of_which_plan_they_are() {
    let of_plan =
        |name: &str, dollars: i64| Benefit { plan: Some(name.to_owned()), ..copay(dollars) };
    let estimate = of_rows(&office(), [of_plan("SAMPLE GOLD", 25), of_plan("SAMPLE VISION", 40)]);
    assert_eq!(estimate.case, Case::Conflict);
    let labels: Vec<&str> = estimate.copay.options.iter().map(|o| o.label.as_str()).collect();
    assert!(labels[0].ends_with("SAMPLE GOLD") && labels[1].ends_with("SAMPLE VISION"));
}
