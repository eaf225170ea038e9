//! One case per estimate: the first that holds, in the written order.

use crate::support::*;

fn case(request: &Request, check: Check) -> Case {
    estimate(request, &[check]).case
}

/// Two cases that hold at once, each shown to hold without the other.
fn first_of_two(expected: [Case; 2], both: (&Request, Check), second_alone: (&Request, Check)) {
    assert_eq!(case(both.0, both.1), expected[0]);
    assert_eq!(case(second_alone.0, second_alone.1), expected[1]);
}

#[test]
fn not_applicable_comes_before_no_check() {
    let private = Request { payment_type: Some(PaymentType::PrivatePay), ..office() };
    assert_eq!(estimate(&private, &[]).case, Case::NotApplicable);
    assert_eq!(estimate(&office(), &[]).case, Case::NoCheck);
}

#[test]
fn no_check_and_rejected_never_hold_at_once() {
    let unknown = Choices { check: Some(CheckId::new(99)), ..Choices::default() };
    assert_eq!(estimate(&choosing(unknown.clone(), office()), &[]).case, Case::NoCheck);
    assert_eq!(case(&choosing(unknown, office()), rejected(9)), Case::Rejected);
}

#[test]
fn rejected_comes_before_inactive() {
    let ended = || vec![date("357", "2026-01-31", None)];
    let both = Check { dates: ended(), ..rejected(7) };
    let alone = Check { dates: ended(), ..active_with([copay(25)]) };
    first_of_two([Case::Rejected, Case::Inactive], (&office(), both), (&office(), alone));
}

#[test]
fn inactive_comes_before_needs_review() {
    let rows = || active_with([row("6").about("98"), copay(25)]);
    let both = Check { dates: vec![date("357", "2026-01-31", None)], ..rows() };
    first_of_two([Case::Inactive, Case::NeedsReview], (&office(), both), (&office(), rows()));
}

#[test]
fn needs_review_comes_before_not_covered() {
    let both = active_with([row("6").about("98"), row("I").about("98")]);
    let reviewed = naming(&both, office());
    let expected = [Case::NeedsReview, Case::NotCovered];
    first_of_two(expected, (&office(), both.clone()), (&reviewed, both));
}

#[test]
fn not_covered_comes_before_conflict() {
    let conflict = || [copay(25), copay(40)];
    let both = active_with([row("I").about("98")].into_iter().chain(conflict()));
    let expected = [Case::NotCovered, Case::Conflict];
    first_of_two(expected, (&office(), both), (&office(), active_with(conflict())));
}

#[test]
fn conflict_comes_before_choice_needed() {
    let choice = || [copay(25).says("PRIMARY CARE"), copay(40).says("SPECIALIST")];
    let both = active_with(choice().into_iter().chain([maximum(10), maximum(20)]));
    let expected = [Case::Conflict, Case::ChoiceNeeded];
    first_of_two(expected, (&office(), both), (&office(), active_with(choice())));
}

#[test]
fn choice_needed_and_no_money_rows_never_hold_at_once() {
    let choice = active_with([copay(25).says("PRIMARY CARE"), copay(40).says("SPECIALIST")]);
    assert_eq!(case(&office(), choice), Case::ChoiceNeeded);
    assert_eq!(case(&office(), active_with([])), Case::NoMoneyRows);
}

#[test]
fn no_money_rows_comes_before_partial() {
    let both = active_with([row("F").about("98")]);
    let alone = active_with([deductible(40)]);
    let request = charging(150, office());
    first_of_two([Case::NoMoneyRows, Case::Partial], (&request, both), (&request, alone));
}

#[test]
fn partial_comes_before_needs_charge() {
    let both = active_with([deductible(40)]);
    let alone = active_with([deductible(40), share(20)]);
    first_of_two([Case::Partial, Case::NeedsCharge], (&office(), both), (&office(), alone));
}

#[test]
fn needs_charge_and_ok_never_hold_at_once() {
    let rows = || active_with([deductible(40), share(20)]);
    assert_eq!(case(&office(), rows()), Case::NeedsCharge);
    assert_eq!(case(&charging(150, office()), rows()), Case::Ok);
}

#[test]
fn money_that_answers_nothing_is_no_absence_of_money() {
    let used = row("C").about("30").period("24").dollars(300);
    assert_eq!(case(&charging(150, office()), active_with([used])), Case::Partial);
    let january = Date::constant(2027, 1, 5);
    let turned = charging(150, Request { service_date: january, ..office() });
    assert_eq!(case(&turned, active_with([deductible(0)])), Case::Partial);
    assert_eq!(case(&office(), active_with([deductible(-5)])), Case::NoMoneyRows, "set aside");
}

#[test]
fn everything_else_is_a_warning_and_changes_no_case() {
    let january = Date::constant(2027, 1, 5);
    let others: [(WarningCode, Request, Benefit); 8] = [
        (WarningCode::Stale, Request { stale_after_days: 0, ..office() }, active()),
        (WarningCode::OtherPlanYear, Request { service_date: january, ..office() }, active()),
        (WarningCode::NetworkNotStated, office(), maximum(900).network(Network::NotStated)),
        (WarningCode::LimitReached, office(), row("F").about("98").period("29").cents(0)),
        (
            WarningCode::AuthorizationRequired,
            office(),
            Benefit { authorization: Some(true), ..row("CB").about("98") },
        ),
        (WarningCode::OtherPayer, office(), row("R").about("30")),
        (WarningCode::SpendDown, office(), row("Y").dollars(300)),
        (WarningCode::Exclusion, office(), row("E").about("30")),
    ];
    for (code, request, other) in others {
        let estimate = of_rows(&request, [copay(25), other]);
        assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(25)), "{code:?}");
        assert!(has(&estimate, code) && estimate.offers_amount(), "{code:?}");
    }
}
