//! What is left of deductibles and maxima, levels, limits and odd values.

use super::*;

fn left(rows: impl IntoIterator<Item = Benefit>) -> Figure {
    of_rows(&office(), rows).deductible_remaining
}

fn of_period(period: &str, dollars: i64) -> Benefit {
    deductible(dollars).period(period)
}

#[test]
fn what_remains_counts_before_everything() {
    let figure = left([of_period("23", 1000), of_period("24", 300), deductible(650)]);
    assert_eq!(figure.amount(), dollars(650));
    assert!(!figure.derived && !figure.may_be_lower);
    assert_eq!(figure.rows, [4]);
}

#[test]
fn the_lifetimes_remainder_counts_when_there_is_no_other() {
    assert_eq!(left([of_period("33", 70), of_period("23", 1000)]).amount(), dollars(70));
    assert_eq!(left([of_period("33", 70), deductible(50)]).amount(), dollars(50));
}

#[test]
fn a_total_less_what_was_used_is_marked_as_derived() {
    let blank = Benefit { period: None, ..deductible(1000) };
    for total in [of_period("22", 1000), of_period("25", 1000), of_period("32", 1000), blank] {
        let figure = left([total, of_period("24", 300)]);
        assert_eq!((figure.amount(), figure.derived), (dollars(700), true));
        assert_eq!(figure.rows, [2, 3]);
    }
    let overdrawn = left([of_period("23", 1000), of_period("24", 1300)]);
    assert_eq!(overdrawn.amount(), Some(Money::ZERO), "never below nothing");
}

#[test]
fn a_total_alone_may_be_lower() {
    let estimate = of_rows(&office(), [of_period("23", 1000)]);
    assert_eq!(estimate.deductible_remaining.amount(), dollars(1000));
    assert!(estimate.deductible_remaining.may_be_lower);
    assert!(has(&estimate, WarningCode::MayBeLower));
}

#[test]
fn what_was_used_alone_says_nothing() {
    assert_eq!(left([of_period("24", 300)]).state, FigureState::NotReturned);
    assert_eq!(left([of_period("26", 300)]).state, FigureState::NotReturned);
    assert_eq!(left([row("C").about("30")]).state, FigureState::NotReturned);
}

#[test]
fn contradicting_uses_leave_the_total() {
    let figure = left([of_period("23", 1000), of_period("24", 300), of_period("24", 400)]);
    assert_eq!((figure.amount(), figure.may_be_lower), (dollars(1000), true));
}

#[test]
fn of_individual_and_family_the_smaller_is_used_and_both_are_shown() {
    let (own, shared) = (deductible(500).level("IND"), deductible(200).level("FAM"));
    let estimate = of_rows(&office(), [own.clone(), shared]);
    let figure = &estimate.deductible_remaining;
    assert_eq!((figure.amount(), figure.level), (dollars(200), Some(FigureLevel::Family)));
    assert_eq!((figure.options.len(), figure.rows.as_slice()), (2, [3].as_slice()));
    assert!(has(&estimate, WarningCode::FamilyAndIndividual));
    assert_eq!(left([own, deductible(800).level("FAM")]).level, Some(FigureLevel::Individual));
}

#[test]
fn only_a_family_figure_is_used_and_said() {
    let estimate = of_rows(&office(), [deductible(900).level("FAM")]);
    assert_eq!(estimate.deductible_remaining.amount(), dollars(900));
    assert!(has(&estimate, WarningCode::FamilyOnly));
}

#[test]
fn a_choice_between_individual_and_family_may_be_overruled() {
    let rows = [deductible(500).level("IND"), deductible(200).level("FAM")];
    let choices = Choices { deductible: Some(RowChoice::Row(2)), ..Choices::default() };
    let estimate = of_rows(&choosing(choices, office()), rows);
    assert_eq!(estimate.deductible_remaining.amount(), dollars(500));
}

#[test]
fn whom_a_copay_covers_does_not_hide_another_value() {
    let estimate = of_rows(&office(), [copay(25).level("IND"), copay(40).level("FAM")]);
    assert_eq!((estimate.case, estimate.copay.options.len()), (Case::Conflict, 2));
    let same = of_rows(&office(), [copay(25).level("IND"), copay(25).level("FAM")]);
    assert_eq!((same.case, same.amount), (Case::Ok, dollars(25)));
}

#[test]
fn beyond_99999_there_is_no_limit() {
    let unlimited = || Benefit { amount_cents: Some(9_999_999), ..maximum(0) };
    let estimate = of_rows(&charging(150, office()), [copay(25), unlimited()]);
    assert_eq!(estimate.out_of_pocket_remaining.state, FigureState::NoLimit);
    assert_eq!(estimate.out_of_pocket_remaining.value, None);
    assert_eq!(estimate.amount, dollars(25));
    let rows = [maximum(700).level("IND"), unlimited().level("FAM")];
    let estimate = of_rows(&office(), rows);
    assert_eq!(estimate.out_of_pocket_remaining.amount(), dollars(700));
    assert!(!has(&estimate, WarningCode::FamilyAndIndividual));
    let close = Benefit { amount_cents: Some(9_999_899), ..deductible(0) };
    assert_eq!(left([close]).amount(), Some(Money::from_cents(9_999_899)));
}

#[test]
fn a_deductible_without_limit_is_not_a_deductible_of_nothing() {
    let unlimited = Benefit { amount_cents: Some(9_999_999), ..deductible(0) };
    let estimate = of_rows(&charging(150, office()), [unlimited, share(20)]);
    assert_eq!((estimate.case, estimate.amount), (Case::Partial, None));
}

#[test]
fn negative_rows_are_set_aside_and_said() {
    let estimate = of_rows(&office(), [deductible(-5), of_period("23", 1000)]);
    assert_eq!(estimate.deductible_remaining.amount(), dollars(1000));
    let warning = estimate.warnings.iter().find(|w| w.code == WarningCode::RowSetAside).unwrap();
    assert_eq!(warning.row, Some(2));
    assert_eq!(left([deductible(-5)]).state, FigureState::NotReturned);
}

#[test]
fn a_copay_without_an_amount_is_not_a_copay_of_nothing() {
    let bare = Benefit { amount_cents: None, ..copay(0) };
    let rows = [bare, deductible(0), share(20)];
    let estimate = of_rows(&charging(150, office()), rows.clone());
    assert_eq!((estimate.case, estimate.rule), (Case::Partial, Some(Rule::CopayOnly)));
    assert_eq!(estimate.rules_offered, [Rule::CopayOnly, Rule::DeductibleCoinsurance]);
    let choices = Choices { rule: Some(Rule::DeductibleCoinsurance), ..Choices::default() };
    let estimate = of_rows(&choosing(choices, charging(150, office())), rows);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(30)));
}

#[test]
fn percentages_above_one_are_divided_and_said() {
    let whole = Benefit { percent_bp: Some(200_000), ..share(0) };
    let estimate = of_rows(&office(), [whole]);
    assert_eq!(estimate.coinsurance.percent(), BasisPoints::new(2_000));
    assert!(has(&estimate, WarningCode::PercentRescaled));
    for odd in [None, Some(-1), Some(1_000_001), Some(i64::MAX), Some(i64::MIN)] {
        let estimate = of_rows(&office(), [Benefit { percent_bp: odd, ..share(0) }]);
        assert_eq!(estimate.coinsurance.state, FigureState::NotReturned, "{odd:?}");
    }
}

#[test]
fn a_copay_of_nothing_beside_a_share_of_nothing_is_nothing() {
    let rows = [copay(0), share(0), deductible(0)];
    let estimate = of_rows(&charging(150, office()), rows);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, Some(Money::ZERO)));
    assert_eq!(estimate.copay.state, FigureState::Known);
}

#[test]
fn the_same_value_twice_is_one_value_from_two_rows() {
    let figure = of_rows(&office(), [copay(25), copay(25).says("PRIMARY CARE")]).copay;
    assert_eq!((figure.state, figure.rows.as_slice()), (FigureState::Known, [2, 3].as_slice()));
}

#[test]
fn after_the_year_turned_totals_replace_remainders() {
    let january = Date::constant(2027, 1, 5);
    let request = Request { service_date: january, today: january, ..office() };
    let rows = [of_period("23", 1000), of_period("24", 900), deductible(100)];
    let estimate = of_rows(&request, rows);
    let figure = &estimate.deductible_remaining;
    assert_eq!((figure.amount(), figure.derived), (dollars(1000), false));
    assert!(figure.may_be_lower && has(&estimate, WarningCode::OtherPlanYear));
    assert!(has(&estimate, WarningCode::Stale));
    let remainder_only = of_rows(&request, [deductible(0)]);
    assert_eq!(remainder_only.deductible_remaining.state, FigureState::NotReturned);
    let lifetime = of_rows(&request, [of_period("33", 60)]);
    assert_eq!(lifetime.deductible_remaining.amount(), dollars(60));
}

#[test]
fn a_service_year_turns_on_its_own_day() {
    let january = Date::constant(2027, 1, 5);
    let request = Request { service_date: january, ..office() };
    let rows = [active(), of_period("22", 1000), deductible(100)];
    let checks = [Check { dates: vec![date("346", "2026-07-01", None)], ..check(rows) }];
    let estimate = estimate(&request, &checks);
    assert_eq!(estimate.deductible_remaining.amount(), dollars(100));
    assert!(!has(&estimate, WarningCode::OtherPlanYear));
}
