//! The rows of the case table: what the panel has to say, and whether the amount may be used.

use crate::support::*;

#[test]
fn without_a_type_or_for_a_private_payment_there_is_no_panel() {
    for payment_type in [None, Some(PaymentType::PrivatePay)] {
        let request = Request { payment_type, ..charging(150, office()) };
        let estimate = estimate(&request, &[active_with([copay(25)])]);
        assert_eq!((estimate.case, estimate.check), (Case::NotApplicable, None));
        assert!(estimate.amount.is_none() && !estimate.offers_amount());
    }
}

#[test]
fn without_a_check_one_is_to_be_imported_or_run() {
    let estimate = estimate(&charging(150, office()), &[]);
    assert_eq!((estimate.case, estimate.amount), (Case::NoCheck, None));
    assert!(estimate.steps[0].contains("Import or run one") && !estimate.offers_amount());
}

#[test]
fn a_rejection_is_shown_and_the_older_good_check_is_offered_with_its_age() {
    let good = Check { checked_on: Date::constant(2026, 11, 1), ..active_with([copay(25)]) };
    let inactive = Check { id: CheckId::new(6), ..check([row("6")]) };
    let reason = Rejection {
        code: Some("75".to_owned()),
        reason: "The subscriber was not found.".to_owned(),
        follow_up_text: Some("Correct it and ask again.".to_owned()),
        ..Rejection::default()
    };
    let latest = Check { rejections: vec![reason.clone()], ..rejected(9) };
    let checks = [latest, rejected(8), inactive, good];
    let open = estimate(&office(), &checks);
    assert_eq!((open.case, open.check, open.amount), (Case::Rejected, Some(CheckId::new(9)), None));
    assert_eq!(open.rejections, [reason]);
    assert_eq!(open.other_check, Some(CheckId::new(7)));
    assert_eq!(open.other_checked_on, Some(Date::constant(2026, 11, 1)));
    assert!(!open.offers_amount());

    let chosen = estimate(&naming(&checks[3], office()), &checks);
    assert_eq!((chosen.case, chosen.amount, chosen.age_days), (Case::Ok, dollars(25), Some(22)));
    assert!(chosen.offers_amount() && has(&chosen, WarningCode::OlderCheck));
}

#[test]
fn a_rejection_beside_benefits_stops_nothing_and_is_shown() {
    let rejections = vec![Rejection { code: Some("42".to_owned()), ..Rejection::default() }];
    let estimate = estimate(&office(), &[Check { rejections, ..active_with([copay(25)]) }]);
    assert_eq!((estimate.case, estimate.rejections.len()), (Case::Ok, 1));
    assert!(has(&estimate, WarningCode::RejectedInPart) && estimate.offers_amount());
}

#[test]
fn inactive_coverage_says_since_when_and_suggests_private_pay() {
    let ended = row("6").about("30").dated("357", "2026-08-31", None);
    let estimate = estimate(&charging(150, office()), &[check([ended, copay(25)])]);
    assert_eq!((estimate.case, estimate.amount), (Case::Inactive, None));
    let message = &estimate.warnings[0].message;
    assert!(message.contains("2026-08-31") && message.contains("Private Pay"), "{message}");
    assert!(estimate.steps[0].contains("Private Pay") && !estimate.offers_amount());
}

#[test]
fn no_money_rows_are_said_and_nothing_can_be_used() {
    let estimate = of_rows(&charging(150, office()), [row("CB").about("98")]);
    assert_eq!((estimate.case, estimate.amount), (Case::NoMoneyRows, None));
    assert_eq!(estimate.steps, ["The payer returned no cost sharing."]);
    assert!(!estimate.offers_amount());
}

#[test]
fn some_missing_lines_say_so_and_the_amount_is_used_when_it_can_be_computed() {
    let computable = of_rows(&office(), [copay(25)]);
    assert!(computable.offers_amount());
    for figure in [
        &computable.coinsurance,
        &computable.deductible_remaining,
        &computable.out_of_pocket_remaining,
    ] {
        assert_eq!((figure.state, figure.value), (FigureState::NotReturned, None));
    }
    let missing = of_rows(&charging(150, office()), [share(20)]);
    assert_eq!((missing.case, missing.offers_amount()), (Case::Partial, false));
    assert_eq!(missing.steps[0], "Not returned by the payer: remaining deductible.");
}

#[test]
fn a_check_older_than_so_many_days_is_stale_and_used() {
    let aged = |days: i64, limit: i64| {
        let checked_on = TODAY.checked_sub(jiff::Span::new().days(days)).expect("a near day");
        let request = Request { stale_after_days: limit, ..office() };
        estimate(&request, &[Check { checked_on, ..active_with([copay(25)]) }])
    };
    assert!(!has(&aged(30, 30), WarningCode::Stale));
    let stale = aged(31, 30);
    assert!(has(&stale, WarningCode::Stale) && stale.offers_amount());
    assert_eq!(stale.age_days, Some(31));
    assert!(has(&aged(8, 7), WarningCode::Stale) && !has(&aged(90, 90), WarningCode::Stale));
}

#[test]
fn another_plan_year_is_flagged_and_totals_are_used() {
    let request = Request { service_date: Date::constant(2027, 1, 2), ..treatment(&[]) };
    let rows = [row("C").about("30").period("23").dollars(1_000), deductible(5)];
    let estimate = of_rows(&request, rows);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(1_000)));
    assert!(has(&estimate, WarningCode::OtherPlanYear) && estimate.offers_amount());
}

#[test]
fn out_of_network_and_network_not_stated_are_said_and_used() {
    let outside = of_rows(&out_of_network(office()), [copay(60).network(Network::Out)]);
    assert!(has(&outside, WarningCode::OutOfNetwork) && outside.offers_amount());
    assert_eq!(outside.network, NetworkChoice::Out);
    let open = of_rows(&office(), [copay(60).network(Network::NotStated)]);
    assert!(has(&open, WarningCode::NetworkNotStated) && open.offers_amount());
    assert_eq!(open.network, NetworkChoice::In, "the default is labelled");
}

#[test]
fn several_copays_and_contradictions_are_used_after_choosing() {
    let choice = [copay(25).says("PRIMARY CARE"), copay(40).says("SPECIALIST")];
    let conflict = [copay(25), copay(40)];
    for rows in [choice, conflict] {
        assert!(!of_rows(&office(), rows.clone()).offers_amount());
        let choices = Choices { copay: Some(2), ..Choices::default() };
        assert!(of_rows(&choosing(choices, office()), rows).offers_amount());
    }
}

#[test]
fn an_amount_of_nothing_is_said_with_its_reason_and_not_used() {
    let estimate = of_rows(&office(), [copay(50), maximum(0)]);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, Some(Money::ZERO)));
    let last = estimate.steps.last().map(String::as_str);
    let expected = "Nothing to collect now: the out-of-pocket maximum is reached.";
    assert_eq!((last, estimate.offers_amount()), (Some(expected), false));
}

#[test]
fn a_treatment_without_a_charge_is_labelled_as_assuming_one() {
    let rows = [copay(50).about("30"), deductible(800), maximum(5_000)];
    let estimate = of_rows(&treatment(&[]), rows);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(850)));
    let said = estimate.warnings.iter().find(|w| w.code == WarningCode::AssumesCharge);
    assert!(said.is_some_and(|said| said.message.ends_with("at most $5,000.00.")));
    assert!(estimate.offers_amount());
}

#[test]
fn needs_review_shows_both_and_is_used_after_naming_the_check() {
    let check = active_with([row("6").about("98"), copay(25)]);
    let open = estimate(&office(), std::slice::from_ref(&check));
    assert_eq!((open.case, open.offers_amount()), (Case::NeedsReview, false));
    assert_eq!(rows_warned(&open, WarningCode::ActiveAndInactive), [Some(2), Some(1)]);
    assert!(open.sources.iter().any(|source| source.row == 2));
    let reviewed = estimate(&naming(&check, office()), &[check]);
    assert_eq!((reviewed.case, reviewed.amount), (Case::Ok, dollars(25)));
    assert!(reviewed.offers_amount() && has(&reviewed, WarningCode::ActiveAndInactive));
}

#[test]
fn family_and_individual_are_both_shown_and_the_smaller_is_used() {
    let rows = [maximum(500).level("IND"), maximum(20).level("FAM"), copay(25)];
    let estimate = of_rows(&office(), rows);
    assert_eq!((estimate.amount, estimate.offers_amount()), (dollars(20), true));
    assert_eq!(estimate.out_of_pocket_remaining.options.len(), 2);
}

#[test]
fn limits_authorizations_other_payers_and_spend_down_warn() {
    let visits = |quantity: &str| Benefit {
        quantity_qualifier: Some("VS".to_owned()),
        quantity: Some(quantity.to_owned()),
        ..row("F").about("98").period("29")
    };
    let warned = |other: Benefit| {
        let estimate = of_rows(&office(), [copay(25), maximum(900), other]);
        assert!(estimate.case == Case::Ok && estimate.offers_amount());
        estimate.warnings.iter().map(|warning| warning.code).collect::<Vec<WarningCode>>()
    };
    assert_eq!(warned(visits("0")), [WarningCode::LimitReached]);
    assert!(warned(visits("3")).is_empty());
    assert!(warned(visits("0").about("33")).is_empty(), "visits of another kind");
    assert!(warned(visits("0").network(Network::Out)).is_empty(), "visits elsewhere");
    let authorized = Benefit { authorization: Some(true), ..row("CB").about("98") };
    assert_eq!(warned(authorized.clone()), [WarningCode::AuthorizationRequired]);
    assert!(warned(Benefit { authorization: Some(false), ..authorized }).is_empty());
    assert_eq!(warned(row("R").about("30")), [WarningCode::OtherPayer]);
    assert_eq!(warned(row("Y").dollars(300)), [WarningCode::SpendDown]);
}

#[test]
fn what_is_not_covered_is_used_only_with_a_charge() {
    let rows = || [row("I").about("98"), copay(25).about("30")];
    let open = of_rows(&office(), rows());
    assert_eq!((open.case, open.amount, open.offers_amount()), (Case::NotCovered, None, false));
    assert!(open.steps[0].contains("not covered"));
    assert!(of_rows(&charging(300, office()), rows()).offers_amount());
}

#[test]
fn the_first_check_counts_and_the_payer_is_always_named() {
    let primary = Check { payer: "SAMPLE PRIMARY PLAN".to_owned(), ..active_with([copay(25)]) };
    let other = Check {
        id: CheckId::new(8),
        checked_on: TODAY,
        payer: "SAMPLE SECOND PLAN".to_owned(),
        ..active_with([copay(40)])
    };
    let checks = [primary, other];
    let first = estimate(&office(), &checks);
    assert_eq!((first.payer.as_deref(), first.amount), (Some("SAMPLE PRIMARY PLAN"), dollars(25)));
    let second = estimate(&naming(&checks[1], office()), &checks);
    assert_eq!((second.payer.as_deref(), second.amount), (Some("SAMPLE SECOND PLAN"), dollars(40)));
    let said = second.warnings.iter().find(|w| w.code == WarningCode::OlderCheck);
    assert_eq!(
        said.map(|said| said.message.as_str()),
        Some("The check of the primary coverage is not used."),
        "the one that is used is the newer one"
    );
    let rejected = estimate(&office(), &[rejected(9)]);
    assert_eq!(rejected.payer.as_deref(), Some("EXAMPLE HEALTH PLAN"));
}
