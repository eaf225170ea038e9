//! Every case, in the order in which the cases are checked, and when an amount may be used.

use super::*;

#[test]
fn a_private_payment_and_no_type_are_not_estimated() {
    let checks = [check([active(), copay(25)])];
    for payment_type in [None, Some(PaymentType::PrivatePay)] {
        let estimate = estimate(&Request { payment_type, ..office() }, &checks);
        assert_eq!((estimate.case, estimate.check), (Case::NotApplicable, None));
        assert!(!estimate.offers_amount());
    }
}

#[test]
fn without_a_check_there_is_nothing_to_say() {
    let estimate = estimate(&office(), &[]);
    assert_eq!((estimate.case, estimate.amount), (Case::NoCheck, None));
    assert!(!estimate.offers_amount());
    assert_eq!(estimate.copay.state, FigureState::NotReturned);
}

#[test]
fn a_rejected_check_offers_the_older_good_one() {
    let good = Check { checked_on: Date::constant(2026, 11, 1), ..check([active(), copay(25)]) };
    let inactive = Check { id: CheckId::new(6), ..check([row("6")]) };
    let checks = [rejected(9), rejected(8), inactive, good];
    let offered = estimate(&office(), &checks);
    assert_eq!((offered.case, offered.check), (Case::Rejected, Some(CheckId::new(9))));
    assert_eq!(offered.rejections[0].code.as_deref(), Some("75"));
    assert_eq!(offered.other_check, Some(CheckId::new(7)));
    assert_eq!(offered.other_checked_on, Some(Date::constant(2026, 11, 1)));
    assert!(!offered.offers_amount() && offered.rule.is_none() && offered.warnings.is_empty());

    let choices = Choices { check: offered.other_check, ..Choices::default() };
    let chosen = estimate(&choosing(choices, office()), &checks);
    assert_eq!((chosen.case, chosen.amount), (Case::Ok, dollars(25)));
    assert_eq!(chosen.age_days, Some(22));
    assert!(chosen.offers_amount() && has(&chosen, WarningCode::OlderCheck));
}

#[test]
fn a_rejection_beside_benefits_is_shown_and_does_not_stop_them() {
    let rejections = vec![Rejection { code: Some("42".to_owned()), ..Rejection::default() }];
    let checks = [Check { rejections, ..check([active(), copay(25)]) }];
    let estimate = estimate(&office(), &checks);
    assert_eq!((estimate.case, estimate.rejections.len()), (Case::Ok, 1));
    assert!(has(&estimate, WarningCode::RejectedInPart));
}

#[test]
fn inactive_coverage_has_no_amount_and_says_its_date() {
    let row = row("6").about("30").dated("357", "2026-08-31", None);
    let estimate = estimate(&office(), &[check([row, copay(25)])]);
    assert_eq!((estimate.case, estimate.amount), (Case::Inactive, None));
    assert!(!estimate.offers_amount());
    let warning = &estimate.warnings[0];
    assert_eq!((warning.code, warning.row), (WarningCode::Inactive, Some(1)));
    assert!(warning.message.contains("2026-08-31"), "{}", warning.message);
    assert!(warning.message.contains("Private Pay"), "{}", warning.message);
}

#[test]
fn a_service_outside_the_coverage_has_no_amount() {
    let rows = || check([active(), copay(25)]);
    let ended = Check { dates: vec![date("347", "2026-11-22", None)], ..rows() };
    let later = Check { dates: vec![date("356", "2026-11-24", None)], ..rows() };
    let by_row = check([active().dated("291", "2025-01-01", Some("2025-12-31")), copay(25)]);
    for check in [ended, later, by_row] {
        let estimate = estimate(&office(), &[check]);
        assert_eq!((estimate.case, estimate.amount), (Case::Inactive, None));
        assert!(has(&estimate, WarningCode::OutsideCoverage));
    }
}

#[test]
fn active_and_inactive_together_need_a_person_who_names_the_check() {
    let checks = [check([active(), row("6").about("98"), copay(25)])];
    let open = estimate(&office(), &checks);
    assert_eq!((open.case, open.amount), (Case::NeedsReview, None));
    assert_eq!(open.copay.amount(), dollars(25));
    let lines: Vec<i64> = open.sources.iter().map(|source| source.row).collect();
    assert_eq!(lines, [1, 2, 3], "both lines and the co-payment's are shown");
    assert!(!open.offers_amount());
    let choices = Choices { check: Some(checks[0].id), ..Choices::default() };
    let reviewed = estimate(&choosing(choices, office()), &checks);
    assert_eq!((reviewed.case, reviewed.amount), (Case::Ok, dollars(25)));
    assert!(reviewed.offers_amount() && has(&reviewed, WarningCode::ActiveAndInactive));
}

#[test]
fn inactive_for_another_service_is_no_contradiction() {
    let estimate = of_rows(&office(), [row("6").about("35"), copay(25)]);
    assert_eq!(estimate.case, Case::Ok);
}

#[test]
fn what_is_not_covered_costs_its_charge_whatever_else_is_known() {
    let rows = || [row("I").about("98"), copay(25).about("30"), maximum(0)];
    let open = of_rows(&office(), rows());
    assert_eq!((open.case, open.amount, open.offers_amount()), (Case::NotCovered, None, false));
    let charged = of_rows(&charging(300, office()), rows());
    assert_eq!((charged.case, charged.amount), (Case::NotCovered, dollars(300)));
    assert!(charged.offers_amount());
}

#[test]
fn exclusions_of_something_particular_do_not_exclude_the_visit() {
    let estimate = of_rows(&office(), [row("E").about("98").says("ACUPUNCTURE"), copay(25)]);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(25)));
    assert!(has(&estimate, WarningCode::Exclusion));
    let cosmetic = row("E").about("30").says("COSMETIC SURGERY");
    assert_eq!(of_rows(&office(), [cosmetic, copay(25)]).case, Case::Ok);
    let elsewhere = row("I").about("98").network(Network::Out);
    assert_eq!(of_rows(&office(), [elsewhere, copay(25)]).case, Case::Ok);
}

#[test]
fn a_treatment_is_not_covered_when_none_of_its_codes_is() {
    let request = charging(500, treatment(&["J1745", "96413"]));
    let one = [row("I").of("J1745"), deductible(100)];
    let partly = of_rows(&request, one.clone());
    assert_ne!(partly.case, Case::NotCovered);
    assert!(has(&partly, WarningCode::Exclusion));
    let all = of_rows(&request, one.into_iter().chain([row("E").of("96413")]));
    assert_eq!((all.case, all.amount), (Case::NotCovered, dollars(500)));
}

#[test]
fn two_values_without_words_are_a_conflict_until_one_is_picked() {
    let rows = || [copay(25), copay(40)];
    let open = of_rows(&office(), rows());
    assert_eq!((open.case, open.amount), (Case::Conflict, None));
    assert_eq!((open.copay.state, open.copay.options.len()), (FigureState::Choice, 2));
    assert!(!open.offers_amount());
    let choices = Choices { copay: Some(3), ..Choices::default() };
    let picked = of_rows(&choosing(choices, office()), rows());
    assert_eq!((picked.case, picked.amount), (Case::Ok, dollars(40)));
    assert_eq!(picked.copay.rows, [3]);
    assert!(picked.offers_amount());
}

#[test]
fn several_copays_with_their_words_are_a_choice() {
    let rows = || [copay(25).says("PRIMARY CARE"), copay(40).says("SPECIALIST")];
    let open = of_rows(&office(), rows());
    assert_eq!((open.case, open.amount), (Case::ChoiceNeeded, None));
    assert_eq!(open.copay.value, None, "nothing is preselected");
    assert_eq!(open.copay.options[1].messages, ["SPECIALIST"]);
    let visit_class = Some(VisitClass::Specialist);
    let by_class = of_rows(&Request { visit_class, ..office() }, rows());
    assert_eq!((by_class.case, by_class.amount), (Case::Ok, dollars(40)));
    assert!(has(&by_class, WarningCode::Preselected));
    let visit_class = Some(VisitClass::Urgent);
    assert_eq!(of_rows(&Request { visit_class, ..office() }, rows()).case, Case::ChoiceNeeded);
}

#[test]
fn a_contradiction_that_the_rule_does_not_need_withholds_nothing() {
    let rows = [copay(25), share(20), share(30)];
    let estimate = of_rows(&office(), rows);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(25)));
    assert_eq!(estimate.coinsurance.state, FigureState::Choice);
}

#[test]
fn a_contradicting_maximum_withholds_the_amount() {
    let open = of_rows(&office(), [copay(25), maximum(10), maximum(90)]);
    assert_eq!((open.case, open.amount), (Case::Conflict, None));
}

#[test]
fn active_without_money_rows_says_so() {
    let estimate = of_rows(&charging(150, office()), [row("F").about("98").dollars(3)]);
    assert_eq!((estimate.case, estimate.amount), (Case::NoMoneyRows, None));
    assert!(!estimate.offers_amount());
    assert_eq!(estimate.steps, ["The payer returned no cost sharing."]);
}

#[test]
fn a_missing_figure_is_said_and_the_rest_is_a_range() {
    let estimate = of_rows(&charging(150, office()), [deductible(40), maximum(100)]);
    assert_eq!((estimate.case, estimate.amount), (Case::Partial, None));
    assert_eq!(estimate.coinsurance.state, FigureState::NotReturned);
    assert_eq!(estimate.range, Some(Range { at_least: dollars(40), at_most: dollars(100) }));
    assert!(estimate.steps[0].contains("co-insurance"), "{:?}", estimate.steps);
    assert!(!estimate.offers_amount());
}

#[test]
fn a_missing_figure_that_the_rule_does_not_need_may_be_missing() {
    let estimate = of_rows(&charging(150, office()), [deductible(800)]);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(150)));
    assert!(estimate.offers_amount() && has(&estimate, WarningCode::OutOfPocketUnknown));
}

#[test]
fn staff_may_state_what_the_payer_did_not_return() {
    let choices = Choices { deductible: Some(RowChoice::None), ..Choices::default() };
    let request = choosing(choices, charging(150, office()));
    let estimate = of_rows(&request, [share(20)]);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(30)));
    assert_eq!(estimate.deductible_remaining.state, FigureState::NotReturned);
    assert!(has(&estimate, WarningCode::StatedByStaff));
    assert_eq!(estimate.inputs.choices.deductible, Some(RowChoice::None));
}

#[test]
fn only_the_charge_may_be_missing() {
    let estimate = of_rows(&office(), [deductible(40), share(20)]);
    assert_eq!((estimate.case, estimate.amount), (Case::NeedsCharge, None));
    assert!(!estimate.offers_amount());
}

#[test]
fn a_copay_is_the_amount_for_an_office_visit() {
    let estimate = of_rows(&office(), [copay(25), deductible(800), share(20), maximum(5000)]);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(25)));
    assert_eq!(estimate.rule, Some(Rule::CopayOnly));
    assert_eq!(estimate.copay.rows, [2]);
    assert_eq!(estimate.sources[0].segment, "EB*2");
    assert!(estimate.offers_amount());
    assert_eq!(estimate.engine_version, ENGINE_VERSION);
}

#[test]
fn nothing_to_collect_offers_no_amount() {
    let estimate = of_rows(&office(), [copay(50), maximum(0)]);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, Some(Money::ZERO)));
    assert!(!estimate.offers_amount());
    let steps = estimate.steps.join(" ");
    assert!(steps.contains("maximum is reached") && steps.contains("Nothing to collect now"));
}

#[test]
fn nothing_left_out_of_pocket_needs_nothing_else() {
    let estimate = of_rows(&office(), [copay(25), copay(40), maximum(0)]);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, Some(Money::ZERO)));
}

#[test]
fn a_treatment_without_a_charge_is_copay_and_deductible() {
    let rows = [copay(50).about("30"), deductible(800), maximum(5000)];
    let estimate = of_rows(&treatment(&[]), rows);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(850)));
    assert_eq!(estimate.rule, Some(Rule::CopayFirst));
    assert_eq!(estimate.range.unwrap().at_most, dollars(5000));
    assert!(estimate.offers_amount());
    for code in [WarningCode::AssumesCharge, WarningCode::BeforeCoinsurance] {
        assert!(has(&estimate, code), "{code:?}");
    }
}

#[test]
fn an_amount_that_no_payment_may_ask_for_is_not_offered() {
    let rows = || [row("I").about("98")];
    assert!(of_rows(&charging(999_999, office()), rows()).offers_amount());
    assert!(!of_rows(&charging(1_000_000, office()), rows()).offers_amount());
}

#[test]
fn coverage_that_is_not_stated_is_only_a_warning() {
    let estimate = estimate(&office(), &[check([copay(25)])]);
    assert_eq!(estimate.case, Case::Ok);
    assert!(has(&estimate, WarningCode::CoverageNotStated));
}

#[test]
fn the_names_of_cases_lead_back_to_them() {
    for case in Case::ALL {
        assert_eq!(Case::from_name(case.as_str()), Some(case));
        assert_eq!(serde_json::to_string(&case).unwrap(), format!("\"{}\"", case.as_str()));
    }
}

#[test]
fn the_snapshot_speaks_the_interface_and_is_read_back() {
    let rows = [copay(25), share(20), deductible(800), maximum(99_999).of("J1745")];
    let estimate = of_rows(&charging(150, treatment(&["J1745"])), rows);
    let json = serde_json::to_value(&estimate).unwrap();
    assert_eq!(json["check_id"], "ELG-007");
    assert_eq!(json["deductible_remaining"]["state"], "known");
    assert_eq!(json["deductible_remaining"]["amount_cents"], 80_000);
    assert_eq!(json["out_of_pocket_remaining"]["state"], "no_limit");
    assert!(json["out_of_pocket_remaining"].get("amount_cents").is_none());
    assert_eq!(json["coinsurance"]["state"], "not_returned");
    assert_eq!(serde_json::from_value::<Estimate>(json).unwrap(), estimate);
}

#[test]
fn a_snapshot_from_before_a_field_was_added_is_read() {
    let estimate = of_rows(&charging(150, office()), [copay(25)]);
    let mut json = serde_json::to_value(&estimate).unwrap();
    json.as_object_mut().unwrap().remove("service_types").unwrap();
    json["inputs"].as_object_mut().unwrap().remove("charge_source").unwrap();
    let read: Estimate = serde_json::from_value(json).unwrap();
    assert_eq!((read.amount, read.service_types.len()), (estimate.amount, 0));
    assert_eq!(read.inputs.charge_source, None);
}

#[test]
fn the_steps_lead_from_the_charge_to_the_amount() {
    let rows = [deductible(800), share(20).about("30"), maximum(1250)];
    let estimate = of_rows(&charging(4000, treatment(&[])), rows);
    assert_eq!(
        estimate.steps,
        [
            "Rule: Deductible, then co-insurance.",
            "Expected charge: $4,000.00.",
            "Remaining deductible: $800.00.",
            "Co-insurance: 20 % of $3,200.00 is $640.00.",
            "The out-of-pocket maximum leaves at most $1,250.00.",
            "Amount: $1,250.00.",
        ]
    );
    let rows = [copay(50).about("30"), deductible(800), maximum(5000)];
    let estimate = of_rows(&treatment(&[]), rows);
    assert_eq!(
        estimate.steps,
        [
            "Rule: Co-payment, then deductible, then co-insurance.",
            "No charge is known; it is assumed to reach the deductible.",
            "Co-payment: $50.00.",
            "Remaining deductible: $800.00.",
            "Co-insurance and what else depends on the charge is left out.",
            "Amount: $850.00.",
            "The share is at most $5,000.00.",
        ]
    );
}
