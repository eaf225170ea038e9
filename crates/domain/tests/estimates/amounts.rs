//! The vectors that were agreed on, each as a whole estimate, and what is said when a figure or
//! the charge is missing.

use crate::support::*;

/// Rows for a treatment: the plan's co-payment, deductible left, co-insurance, maximum left.
fn plan(k: Option<i64>, d: Option<i64>, p: Option<i64>, o: Option<i64>) -> Vec<Benefit> {
    let k = k.map(|dollars| copay(dollars).about("30"));
    let p = p.map(|percent| share(percent).about("30"));
    [k, d.map(deductible), p, o.map(maximum)].into_iter().flatten().collect()
}

/// The amount of an office visit in dollars and cents, as it is printed.
fn office_visit(x: Option<i64>, rows: Vec<Benefit>) -> String {
    let request = Request { charge: x.and_then(dollars), ..office() };
    result(&request, rows).1.map_or("none".to_owned(), |amount| amount.to_string())
}

fn a_treatment(x: Option<i64>, rows: Vec<Benefit>) -> String {
    let request = Request { charge: x.and_then(dollars), ..treatment(&[]) };
    result(&request, rows).1.map_or("none".to_owned(), |amount| amount.to_string())
}

#[test]
fn office_k_25() {
    assert_eq!(office_visit(None, plan(Some(25), None, None, None)), "$25.00");
}

#[test]
fn office_k_50_o_12() {
    assert_eq!(office_visit(None, plan(Some(50), None, None, Some(12))), "$12.00");
}

#[test]
fn o_0_whatever_else_is_unknown() {
    for k in [Some(50), None] {
        assert_eq!(office_visit(None, plan(k, None, None, Some(0))), "$0.00");
        assert_eq!(a_treatment(Some(150), plan(k, None, None, Some(0))), "$0.00");
    }
}

#[test]
fn x_150_k_0_d_0_p_0() {
    let rows = || plan(Some(0), Some(0), Some(0), None);
    assert_eq!(office_visit(Some(150), rows()), "$0.00");
    assert_eq!(a_treatment(Some(150), rows()), "$0.00");
}

#[test]
fn office_x_150_d_800_p_20() {
    assert_eq!(office_visit(Some(150), plan(None, Some(800), Some(20), None)), "$150.00");
}

#[test]
fn office_x_150_d_40_p_20() {
    assert_eq!(office_visit(Some(150), plan(None, Some(40), Some(20), None)), "$62.00");
}

#[test]
fn office_no_k_no_x() {
    assert_eq!(office_visit(None, plan(None, Some(40), Some(20), None)), "none");
    assert_eq!(office_visit(None, plan(None, None, None, None)), "none");
}

#[test]
fn treatment_x_4000_d_800_p_20_o_1250_or_5000() {
    let with = |o: i64| a_treatment(Some(4_000), plan(None, Some(800), Some(20), Some(o)));
    assert_eq!(with(1_250), "$1,250.00");
    assert_eq!(with(5_000), "$1,440.00");
}

#[test]
fn treatment_k_50_first_x_4000_d_800_p_20_o_5000() {
    let rows = plan(Some(50), Some(800), Some(20), Some(5_000));
    assert_eq!(a_treatment(Some(4_000), rows), "$1,480.00");
}

#[test]
fn copay_after_deductible_k_50_d_800_x_4000() {
    let request = by_rule(Rule::CopayAfterDeductible, charging(4_000, treatment(&[])));
    let rows = plan(Some(50), Some(800), None, None);
    assert_eq!(result(&request, rows), (Case::Ok, dollars(850)));
}

#[test]
fn treatment_no_x_d_800_k_50_o_5000() {
    let estimate = of_rows(&treatment(&[]), plan(Some(50), Some(800), None, Some(5_000)));
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(850)));
    assert_eq!(estimate.range, Some(Range { at_least: None, at_most: dollars(5_000) }));
    let said = |code| estimate.warnings.iter().find(|warning| warning.code == code);
    let assumed = said(WarningCode::AssumesCharge).map(|warning| warning.message.as_str());
    assert_eq!(assumed, Some("The charge is assumed to reach the deductible; at most $5,000.00."));
    assert!(said(WarningCode::BeforeCoinsurance).is_some() && estimate.offers_amount());
}

#[test]
fn treatment_no_x_d_0_p_20() {
    let estimate = of_rows(&treatment(&[]), plan(None, Some(0), Some(20), None));
    assert_eq!((estimate.case, estimate.amount), (Case::NeedsCharge, None));
    assert_eq!(a_treatment(None, plan(None, Some(0), Some(0), None)), "$0.00");
}

#[test]
fn treatment_no_x_d_4000_o_1250() {
    let estimate = of_rows(&treatment(&[]), plan(None, Some(4_000), None, Some(1_250)));
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(1_250)));
    assert!(!has(&estimate, WarningCode::BeforeCoinsurance), "the maximum leaves no more");
}

#[test]
fn not_covered_x_300() {
    let rows = [row("I").about("98"), copay(25).about("30"), maximum(0)];
    assert_eq!(result(&charging(300, office()), rows), (Case::NotCovered, dollars(300)));
}

#[test]
fn x_133_33_d_0_p_15() {
    let charge = Some(Money::from_cents(13_333));
    let request = Request { charge, ..office() };
    assert_eq!(result(&request, plan(None, Some(0), Some(15), None)).1, dollars(20));
}

#[test]
fn a_share_of_half_a_cent_is_rounded_up() {
    for (cents, expected) in [(1, 1), (3, 2), (5, 3)] {
        let charge = Some(Money::from_cents(cents));
        let request = Request { charge, ..office() };
        let amount = result(&request, plan(None, Some(0), Some(50), None)).1;
        assert_eq!(amount, Some(Money::from_cents(expected)));
    }
}

#[test]
fn the_rule_is_chosen_by_the_kind_of_payment_and_by_a_copay() {
    let rule = |request: &Request, rows: Vec<Benefit>| of_rows(request, rows).rule;
    let (with, without) =
        (plan(Some(50), Some(800), Some(20), None), plan(None, Some(1), None, None));
    assert_eq!(rule(&office(), with.clone()), Some(Rule::CopayOnly));
    assert_eq!(rule(&treatment(&[]), with), Some(Rule::CopayFirst));
    for request in [office(), treatment(&[])] {
        assert_eq!(rule(&request, without.clone()), Some(Rule::DeductibleCoinsurance));
    }
}

#[test]
fn each_rule_takes_its_parts_in_its_own_order() {
    let rows = plan(Some(50), Some(100), Some(20), None);
    let of = |rule: Rule, x: i64| result(&by_rule(rule, charging(x, office())), rows.clone()).1;
    let table = [
        (Rule::CopayOnly, [dollars(30), dollars(50), dollars(50)]),
        (Rule::DeductibleCoinsurance, [dollars(30), dollars(104), dollars(180)]),
        (Rule::CopayFirst, [dollars(30), dollars(120), dollars(220)]),
        (Rule::CopayAfterDeductible, [dollars(30), dollars(120), dollars(150)]),
    ];
    for (rule, amounts) in table {
        assert_eq!([30, 120, 500].map(|x| of(rule, x)), amounts.map(|a| a), "{rule:?}");
    }
}

#[test]
fn no_amount_exceeds_the_charge_or_what_is_left_out_of_pocket() {
    let rows = plan(Some(500), Some(800), Some(100), Some(90));
    for rule in Rule::ALL {
        let of = |x: i64| result(&by_rule(rule, charging(x, office())), rows.clone()).1;
        assert_eq!((of(60), of(4_000)), (dollars(60), dollars(90)), "{rule:?}");
    }
}

#[test]
fn a_figure_that_is_missing_means_no_amount_but_a_range() {
    let range = |least: i64, most: i64| {
        Some(Range { at_least: dollars(least).filter(|l| l.cents() > 0), at_most: dollars(most) })
    };
    let office = |rows| of_rows(&charging(150, office()), rows);
    let table = [
        (office(plan(None, Some(40), None, None)), range(40, 150), "co-insurance"),
        (office(plan(None, Some(40), None, Some(90))), range(40, 90), "co-insurance"),
        (office(plan(None, None, Some(20), None)), range(30, 150), "remaining deductible"),
    ];
    for (estimate, expected, missing) in table {
        assert_eq!((estimate.case, estimate.amount), (Case::Partial, None));
        assert_eq!(estimate.range, expected);
        assert!(estimate.steps[0].contains(missing), "{:?}", estimate.steps);
        assert!(estimate.steps[1].contains("at most"), "{:?}", estimate.steps);
    }
    let treatment = of_rows(&treatment(&[]), plan(Some(50), None, None, Some(900)));
    assert_eq!((treatment.case, treatment.range), (Case::Partial, range(50, 900)));
}

#[test]
fn a_figure_that_the_rule_does_not_need_may_be_missing() {
    let within = of_rows(&charging(150, office()), plan(None, Some(800), None, None));
    assert_eq!((within.case, within.amount), (Case::Ok, dollars(150)));
    assert_eq!(within.coinsurance.state, FigureState::NotReturned);
    let copay = of_rows(&charging(150, office()), plan(Some(25), None, None, None));
    assert_eq!((copay.case, copay.amount), (Case::Ok, dollars(25)));
}

#[test]
fn a_figure_is_not_needed_once_the_maximum_is_reached_without_it() {
    let estimate = of_rows(&charging(4_000, office()), plan(None, Some(2_000), None, Some(1_500)));
    assert_eq!((estimate.case, estimate.amount, estimate.range), (Case::Ok, dollars(1_500), None));
    let whole = of_rows(&charging(150, office()), plan(None, None, Some(100), None));
    assert_eq!((whole.case, whole.amount), (Case::Ok, dollars(150)), "all of it, either way");
}

#[test]
fn an_unknown_maximum_caps_nothing_and_is_said() {
    let estimate = of_rows(&charging(4_000, office()), plan(None, Some(800), Some(20), None));
    assert_eq!(estimate.amount, dollars(1_440));
    assert!(has(&estimate, WarningCode::OutOfPocketUnknown));
}

#[test]
fn the_staff_may_state_what_the_payer_did_not_return_and_it_is_recorded() {
    let request = charging(150, office());
    let no_deductible = Choices { deductible: Some(RowChoice::None), ..Choices::default() };
    let estimate =
        of_rows(&choosing(no_deductible, request.clone()), plan(None, None, Some(20), None));
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(30)));
    assert_eq!(estimate.deductible_remaining.state, FigureState::NotReturned);
    assert_eq!(estimate.inputs.choices.deductible, Some(RowChoice::None));
    assert!(has(&estimate, WarningCode::StatedByStaff));

    let no_share = Choices { coinsurance: Some(RowChoice::None), ..Choices::default() };
    let estimate = of_rows(&choosing(no_share, request), plan(None, Some(40), None, None));
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(40)));
    assert_eq!(estimate.coinsurance.state, FigureState::NotReturned);
    let sent = serde_json::to_value(&estimate).expect("an estimate is plain values");
    assert_eq!(sent["inputs"]["choices"]["coinsurance"], "none");
    assert!(sent["coinsurance"].get("percent_bp").is_none(), "stated is not returned");
}

#[test]
fn what_the_staff_state_against_the_payer_is_said() {
    let choices = Choices { deductible: Some(RowChoice::None), ..Choices::default() };
    let rows = plan(None, Some(800), Some(20), None);
    let estimate = of_rows(&choosing(choices, charging(150, office())), rows);
    assert_eq!(estimate.amount, dollars(30));
    assert_eq!(estimate.deductible_remaining.amount(), dollars(800), "the payer's word is shown");
    let said = estimate.warnings.iter().find(|w| w.code == WarningCode::StatedByStaff);
    let said = said.map(|said| (said.message.as_str(), said.row));
    let message =
        "The staff stated that no deductible applies, although the payer returned $800.00.";
    assert_eq!(said, Some((message, Some(2))));
}

#[test]
fn office_without_a_charge_is_the_copay_or_nothing() {
    let rows = || plan(Some(50), Some(800), Some(20), Some(900));
    let of = |rule: Rule, rows| of_rows(&by_rule(rule, office()), rows);
    let first = of(Rule::CopayFirst, rows());
    assert_eq!(first.amount, dollars(50));
    assert_eq!(first.range, Some(Range { at_least: dollars(50), at_most: dollars(900) }));
    let after = of(Rule::CopayAfterDeductible, rows());
    assert_eq!((after.case, after.amount), (Case::NeedsCharge, None), "the deductible is first");
    let met = plan(Some(50), Some(0), None, None);
    assert_eq!(of(Rule::CopayAfterDeductible, met).amount, dollars(50));
}

#[test]
fn a_treatment_without_a_charge_is_the_copay_and_the_deductible() {
    let of = |rows| of_rows(&treatment(&[]), rows);
    let both = of(plan(Some(50), Some(800), Some(0), None));
    assert_eq!((both.amount, both.range.and_then(|r| r.at_most)), (dollars(850), dollars(850)));
    assert!(!has(&both, WarningCode::BeforeCoinsurance), "there is no co-insurance to come");
    let met = of(plan(Some(50), Some(0), Some(20), Some(900)));
    assert_eq!((met.case, met.amount), (Case::Ok, dollars(50)));
    assert_eq!(met.range, Some(Range { at_least: dollars(50), at_most: dollars(900) }));
    assert!(!has(&met, WarningCode::AssumesCharge), "no deductible is left to be reached");
    let nothing_yet = of(plan(Some(0), Some(0), Some(20), None));
    assert_eq!((nothing_yet.case, nothing_yet.amount), (Case::NeedsCharge, None));
}

#[test]
fn an_assumed_deductible_is_no_lower_end() {
    let estimate = of_rows(&treatment(&[]), plan(None, Some(800), Some(20), None));
    assert_eq!((estimate.amount, estimate.range), (dollars(800), None));
    let words = estimate.steps.join(" ");
    assert!(words.contains("assumed to reach the deductible"), "{words}");
    assert!(!words.contains("at least"), "a charge of $100 would be all of it: {words}");
}

#[test]
fn a_charge_beyond_belief_is_set_aside_everywhere() {
    for cents in [-1, i64::MIN, 1_000_000_000_001, i64::MAX] {
        let charge = Some(Money::from_cents(cents));
        let estimate = of_rows(&Request { charge, ..office() }, [copay(25)]);
        assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(25)));
        assert!(has(&estimate, WarningCode::ChargeSetAside));
        assert!(!estimate.steps.join(" ").contains("Expected charge"), "{:?}", estimate.steps);
        let excluded = of_rows(&Request { charge, ..office() }, [row("I").about("98")]);
        assert_eq!((excluded.case, excluded.amount), (Case::NotCovered, None));
    }
}

#[test]
fn nothing_to_collect_says_why() {
    let last = |request: &Request, rows: Vec<Benefit>| {
        let estimate = of_rows(request, rows);
        assert_eq!((estimate.case, estimate.amount), (Case::Ok, Some(Money::ZERO)));
        assert!(!estimate.offers_amount());
        estimate.steps.last().cloned().unwrap_or_default()
    };
    let (open, charged) = (office(), charging(150, office()));
    let stated = Choices { deductible: Some(RowChoice::None), ..Choices::default() };
    let cent = Request { charge: Some(Money::from_cents(1)), ..office() };
    let table = [
        (&open, plan(Some(25), None, None, Some(0)), "the out-of-pocket maximum is reached"),
        (&open, plan(Some(0), None, None, None), "the co-payment is $0.00"),
        (
            &charged,
            plan(None, Some(0), Some(0), None),
            "no deductible is left, the co-insurance is 0 %",
        ),
        (
            &open,
            plan(None, Some(0), Some(0), None),
            "no deductible is left, the co-insurance is 0 %",
        ),
        (&charging(0, office()), plan(Some(25), None, None, None), "the expected charge is $0.00"),
        (
            &choosing(stated, charging(150, office())),
            plan(None, None, Some(0), None),
            "no deductible applies, as the staff stated, the co-insurance is 0 %",
        ),
        (
            &cent,
            plan(None, Some(0), Some(20), None),
            "no deductible is left, a co-insurance of 20 % comes to less than a cent",
        ),
    ];
    for (request, rows, reason) in table {
        assert_eq!(last(request, rows), format!("Nothing to collect now: {reason}."));
    }
}

#[test]
fn the_steps_lead_from_the_charge_to_the_amount() {
    let rows = plan(None, Some(800), Some(20), Some(1_250));
    let estimate = of_rows(&charging(4_000, treatment(&[])), rows);
    let expected = [
        "Rule: Deductible, then co-insurance.",
        "Expected charge: $4,000.00.",
        "Remaining deductible: $800.00.",
        "Co-insurance: 20 % of $3,200.00 is $640.00.",
        "The out-of-pocket maximum leaves at most $1,250.00.",
        "Amount: $1,250.00.",
    ];
    assert_eq!(estimate.steps, expected);
}
