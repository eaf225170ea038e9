//! Which rows count: network first, then specificity, separately for each figure.

use super::*;

const OUT: NetworkChoice = NetworkChoice::Out;

fn chosen(request: &Request, rows: impl IntoIterator<Item = Benefit>) -> Option<Money> {
    of_rows(request, rows).copay.amount()
}

fn out_of_network() -> Request {
    Request { network: OUT, ..office() }
}

#[test]
fn rows_of_the_wrong_network_are_out() {
    let rows = || [copay(25), copay(90).network(Network::Out)];
    assert_eq!(chosen(&office(), rows()), dollars(25));
    assert_eq!(chosen(&out_of_network(), rows()), dollars(90));
    assert_eq!(chosen(&office(), [copay(90).network(Network::Out)]), None);
    assert_eq!(chosen(&out_of_network(), [copay(25)]), None);
}

#[test]
fn in_network_takes_its_own_then_either_then_what_is_not_stated() {
    let own = || copay(1);
    let either = || copay(2).network(Network::Either);
    let blank = || copay(3).network(Network::NotStated);
    assert_eq!(chosen(&office(), [blank(), either(), own()]), dollars(1));
    assert_eq!(chosen(&office(), [blank(), either()]), dollars(2));
    let estimate = of_rows(&office(), [blank()]);
    assert_eq!(estimate.copay.amount(), dollars(3));
    assert!(has(&estimate, WarningCode::NetworkNotStated));
}

#[test]
fn out_of_network_takes_its_own_then_either_and_nothing_else() {
    let own = || copay(1).network(Network::Out);
    let either = || copay(2).network(Network::Either);
    let unknown = || copay(3).network(Network::Unknown);
    assert_eq!(chosen(&out_of_network(), [unknown(), either(), own()]), dollars(1));
    assert_eq!(chosen(&out_of_network(), [unknown(), either()]), dollars(2));
    assert_eq!(chosen(&out_of_network(), [unknown()]), None);
}

#[test]
fn network_never_outweighs_being_specific() {
    let rows = [copay(25).about("30"), copay(40).network(Network::NotStated)];
    assert_eq!(chosen(&office(), rows), dollars(40));
}

#[test]
fn an_exact_service_type_counts_before_the_whole_plan_in_its_order() {
    let types = ["30", "96", "BZ", "BY", "98"];
    let rows: Vec<Benefit> = (1..).zip(types).map(|(n, t)| copay(n).about(t)).collect();
    for keep in (1..=rows.len()).rev() {
        let amount = dollars(i64::try_from(keep).unwrap());
        assert_eq!(chosen(&office(), rows[..keep].to_vec()), amount);
    }
    let urgent = Request { visit_class: Some(VisitClass::Urgent), ..office() };
    assert_eq!(chosen(&urgent, [copay(25), copay(75).about("UC")]), dollars(75));
    assert_eq!(chosen(&office(), [copay(25), copay(75).about("UC")]), dollars(25));
}

#[test]
fn a_row_may_name_several_types_or_none() {
    let several = Benefit { service_types: vec!["33".into(), "98".into()], ..copay(25) };
    assert_eq!(chosen(&office(), [several, copay(30).about("30")]), dollars(25));
    let blank = Benefit { service_types: Vec::new(), ..copay(30) };
    assert_eq!(chosen(&office(), [blank]), dollars(30));
    assert_eq!(chosen(&office(), [copay(60).about("33")]), None);
}

#[test]
fn a_procedure_counts_before_everything_and_only_for_its_own_code() {
    let rows = || [copay(25).about("30"), copay(90).about("30").of("J1745")];
    assert_eq!(chosen(&treatment(&["j1745"]), rows()), dollars(90));
    assert_eq!(chosen(&treatment(&["96413"]), rows()), dollars(25));
    assert_eq!(chosen(&treatment(&["96413"]), [copay(90).of("J1745")]), None);
    let mut ranged = copay(90).of("J1000");
    ranged.procedure.as_mut().unwrap().range_end = Some("J1999".to_owned());
    assert_eq!(chosen(&treatment(&["J1745"]), [ranged]), dollars(90));
}

#[test]
fn a_treatment_asks_by_its_codes_and_then_for_the_whole_plan() {
    let rows = || [copay(25).about("30"), copay(60).about("78")];
    assert_eq!(chosen(&treatment(&["96413"]), rows()), dollars(60));
    assert_eq!(chosen(&treatment(&["12345"]), rows()), dollars(25));
}

#[test]
fn each_figure_is_chosen_by_itself() {
    let rows = [copay(25), share(20).about("30"), deductible(100), deductible(700).about("98")];
    let estimate = of_rows(&office(), rows);
    assert_eq!(estimate.copay.rows, [2]);
    assert_eq!(estimate.coinsurance.rows, [3]);
    assert_eq!(estimate.deductible_remaining.amount(), dollars(700), "it replaces the plan's");
}

#[test]
fn rows_outside_their_dates_are_out() {
    let old = copay(20).dated("292", "2025-01-01", Some("2025-12-31"));
    let now = copay(25).dated("348", "2026-01-01", None);
    assert_eq!(chosen(&office(), [old, now]), dollars(25));
}

#[test]
fn other_payers_rows_only_warn() {
    let other = Benefit { code: "R".to_owned(), ..copay(99) };
    let estimate = of_rows(&office(), [other, copay(25)]);
    assert_eq!(estimate.amount, dollars(25));
    assert!(has(&estimate, WarningCode::OtherPayer));
}

#[test]
fn medicares_hospital_part_yields_to_its_medical_part() {
    let part = |kind: &str, row: Benefit| Benefit { insurance_type: Some(kind.into()), ..row };
    let both = [part("MA", deductible(1_676)), part("MB", deductible(0))];
    let estimate = of_rows(&office(), both);
    assert_eq!(estimate.deductible_remaining.amount(), Some(Money::ZERO));
    let hospital = of_rows(&office(), [part("MA", deductible(1_676))]);
    assert_eq!(hospital.deductible_remaining.amount(), dollars(1_676));
}

#[test]
fn a_choice_of_a_row_that_is_not_offered_is_ignored_and_said() {
    let choices =
        Choices { copay: Some(99), deductible: Some(RowChoice::Row(2)), ..Choices::default() };
    let estimate = of_rows(&choosing(choices, office()), [copay(25)]);
    assert_eq!(estimate.amount, dollars(25));
    let ignored: Vec<Option<i64>> = estimate
        .warnings
        .iter()
        .filter(|warning| warning.code == WarningCode::ChoiceIgnored)
        .map(|warning| warning.row)
        .collect();
    assert_eq!(ignored, [Some(99), Some(2)]);
}

#[test]
fn a_check_that_is_not_the_patients_is_not_used() {
    let choices = Choices { check: Some(CheckId::new(500)), ..Choices::default() };
    let estimate = of_rows(&choosing(choices, office()), [copay(25)]);
    assert_eq!(estimate.check, Some(CheckId::new(7)));
    assert!(has(&estimate, WarningCode::CheckNotFound));
}

#[test]
fn every_treatment_code_and_every_procedure_row_has_a_line() {
    let rows = [share(20).of("J1745"), row("I").of("97110"), copay(25)];
    let estimate = of_rows(&treatment(&["96413", "J1745"]), rows);
    let lines: Vec<(&str, Option<i64>, bool)> = estimate
        .procedures
        .iter()
        .map(|line| (line.code.as_str(), line.row, line.in_treatment))
        .collect();
    let expected = [("96413", None, true), ("J1745", Some(2), true), ("97110", Some(3), false)];
    assert_eq!(lines, expected);
    let percent = BasisPoints::new(2_000).unwrap();
    assert_eq!(estimate.procedures[1].value, Some(FigureValue::Percent(percent)));
    assert_eq!(estimate.procedures[2].label.as_deref(), Some("Not covered"));
}

#[test]
fn words_offer_rules_and_never_switch_them() {
    let after = of_rows(&treatment(&[]), [copay(50).about("30").says("AFTER DEDUCTIBLE")]);
    assert_eq!(after.rule, Some(Rule::CopayFirst));
    assert_eq!(after.rules_offered, [Rule::CopayFirst, Rule::CopayAfterDeductible]);
    assert!(has(&after, WarningCode::SaysAfterDeductible));

    let rows = [copay(50).about("30").says("AFTER DEDUCTIBLE"), deductible(800)];
    let choices = Choices { rule: Some(Rule::CopayAfterDeductible), ..Choices::default() };
    let request = charging(4_000, choosing(choices, treatment(&[])));
    let chosen = of_rows(&request, rows);
    assert_eq!((chosen.case, chosen.amount), (Case::Ok, dollars(850)));
}
