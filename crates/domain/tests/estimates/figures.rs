//! What the four figures come to, and the odd ways in which payers send them.

use crate::support::*;

fn left(rows: impl IntoIterator<Item = Benefit>) -> Figure {
    of_rows(&office(), rows).deductible_remaining
}

fn of_period(period: &str, dollars: i64) -> Benefit {
    deductible(dollars).period(period)
}

#[test]
fn what_remains_is_taken_as_it_is_said() {
    let figure = left([of_period("23", 1_000), of_period("24", 300), deductible(650)]);
    assert_eq!((figure.amount(), figure.rows.as_slice()), (dollars(650), [4].as_slice()));
    assert!(!figure.derived && !figure.may_be_lower);
}

#[test]
fn else_what_remains_of_the_lifetime() {
    assert_eq!(left([of_period("33", 70), of_period("23", 1_000)]).amount(), dollars(70));
    assert_eq!(left([of_period("33", 70), deductible(50)]).amount(), dollars(50));
}

#[test]
fn else_a_total_less_what_was_used_marked_as_derived() {
    for period in ["22", "23", "25", "32", ""] {
        let rows = [of_period(period, 1_000), of_period("24", 300)];
        let estimate = of_rows(&office(), rows);
        let figure = &estimate.deductible_remaining;
        assert_eq!((figure.amount(), figure.derived), (dollars(700), true), "{period}");
        assert_eq!(figure.rows, [2, 3]);
        assert!(has(&estimate, WarningCode::Derived));
    }
}

#[test]
fn what_was_used_never_leaves_less_than_nothing() {
    let figure = left([of_period("23", 1_000), of_period("24", 1_300)]);
    assert_eq!((figure.amount(), figure.derived), (Some(Money::ZERO), true));
}

#[test]
fn else_a_total_marked_that_it_may_be_lower() {
    for period in ["22", "23", "25", "32", ""] {
        let estimate = of_rows(&office(), [of_period(period, 1_000)]);
        assert_eq!(estimate.deductible_remaining.amount(), dollars(1_000));
        assert!(estimate.deductible_remaining.may_be_lower, "{period}");
        assert!(has(&estimate, WarningCode::MayBeLower));
    }
    assert!(!left([of_period("23", 0)]).may_be_lower, "of nothing, nothing is used");
}

#[test]
fn what_was_used_alone_says_nothing_of_what_is_left() {
    let estimate = of_rows(&charging(150, office()), [of_period("24", 300), share(20)]);
    assert_eq!(estimate.deductible_remaining.state, FigureState::NotReturned);
    assert_eq!((estimate.case, estimate.amount), (Case::Partial, None));
}

#[test]
fn two_uses_that_contradict_leave_the_total() {
    let figure = left([of_period("23", 1_000), of_period("24", 300), of_period("24", 400)]);
    assert_eq!((figure.amount(), figure.may_be_lower), (dollars(1_000), true));
    assert_eq!(figure.rows, [2]);
}

#[test]
fn the_out_of_pocket_maximum_is_read_the_same_way() {
    let of = |rows: Vec<Benefit>| of_rows(&office(), rows).out_of_pocket_remaining;
    let total = || maximum(5_000).period("23");
    let figure = of(vec![total(), maximum(1_200).period("24")]);
    assert_eq!((figure.amount(), figure.derived), (dollars(3_800), true));
    assert_eq!(of(vec![total(), maximum(12)]).amount(), dollars(12));
    assert!(of(vec![total()]).may_be_lower);
}

#[test]
fn of_individual_and_family_the_smaller_is_used_and_both_are_shown() {
    let (own, shared) = (deductible(500).level("IND"), deductible(200).level("FAM"));
    let estimate = of_rows(&office(), [own.clone(), shared]);
    let figure = &estimate.deductible_remaining;
    assert_eq!((figure.amount(), figure.level), (dollars(200), Some(FigureLevel::Family)));
    assert_eq!((figure.options.len(), figure.rows.as_slice()), (2, [3].as_slice()));
    assert!(has(&estimate, WarningCode::FamilyAndIndividual));
    let figure = left([own, deductible(800).level("FAM")]);
    assert_eq!((figure.amount(), figure.level), (dollars(500), Some(FigureLevel::Individual)));
}

#[test]
fn of_two_levels_that_say_the_same_the_individual_one_is_named() {
    let figure = left([deductible(500).level("FAM"), deductible(500).level("IND")]);
    assert_eq!((figure.level, figure.rows.as_slice()), (Some(FigureLevel::Individual), &[3][..]));
}

#[test]
fn the_only_level_that_is_known_is_used_and_labelled() {
    let family = of_rows(&office(), [deductible(900).level("FAM")]);
    assert_eq!(family.deductible_remaining.amount(), dollars(900));
    assert_eq!(family.deductible_remaining.level, Some(FigureLevel::Family));
    assert_eq!(rows_warned(&family, WarningCode::FamilyOnly), [Some(2)]);
    let own = of_rows(&office(), [deductible(900).level("IND")]);
    assert_eq!(own.deductible_remaining.level, Some(FigureLevel::Individual));
    assert!(!has(&own, WarningCode::FamilyOnly));
}

#[test]
fn each_level_is_read_by_itself() {
    let rows = [
        of_period("23", 3_000).level("FAM"),
        of_period("24", 2_900).level("FAM"),
        of_period("23", 1_000).level("IND"),
        deductible(400).level("IND"),
    ];
    let figure = left(rows);
    assert_eq!((figure.amount(), figure.derived), (dollars(100), true));
    assert_eq!(figure.rows, [2, 3]);
}

#[test]
fn the_staff_may_pick_the_level_and_the_words_say_so() {
    let rows = [deductible(500).level("IND"), deductible(200).level("FAM")];
    let choices = Choices { deductible: Some(RowChoice::Row(2)), ..Choices::default() };
    let estimate = of_rows(&choosing(choices, office()), rows);
    assert_eq!(estimate.deductible_remaining.amount(), dollars(500));
    let said = estimate.warnings.iter().find(|w| w.code == WarningCode::FamilyAndIndividual);
    assert!(said.is_some_and(|said| said.message.contains("the chosen one is used")));
}

#[test]
fn from_99999_on_there_is_no_limit() {
    for cents in [9_999_900, 9_999_999, i64::MAX] {
        let estimate = of_rows(&office(), [copay(25), maximum(0).cents(cents)]);
        let figure = &estimate.out_of_pocket_remaining;
        assert_eq!((figure.state, figure.value), (FigureState::NoLimit, None), "{cents}");
        assert_eq!((figure.rows.as_slice(), estimate.amount), ([3].as_slice(), dollars(25)));
        assert!(!has(&estimate, WarningCode::OutOfPocketUnknown), "it is known that there is none");
    }
    let close = of_rows(&office(), [maximum(0).cents(9_999_899)]);
    assert_eq!(close.out_of_pocket_remaining.state, FigureState::Known);
}

#[test]
fn a_family_limit_that_means_none_does_not_bind() {
    let rows = [maximum(700).level("IND"), maximum(0).cents(9_999_999).level("FAM")];
    let estimate = of_rows(&charging(4_000, office()), rows.into_iter().chain([copay(900)]));
    assert_eq!(estimate.out_of_pocket_remaining.amount(), dollars(700));
    assert_eq!(estimate.amount, dollars(700));
    assert!(!has(&estimate, WarningCode::FamilyAndIndividual));
}

#[test]
fn a_deductible_without_a_limit_is_no_deductible_of_nothing() {
    let rows = [deductible(0).cents(9_999_999), share(20)];
    let estimate = of_rows(&charging(150, office()), rows);
    assert_eq!(estimate.deductible_remaining.state, FigureState::NoLimit);
    assert_eq!((estimate.case, estimate.amount), (Case::Partial, None));
    assert!(estimate.steps[0].contains("cannot be reckoned with"), "{:?}", estimate.steps);
}

#[test]
fn negative_rows_are_set_aside_and_said() {
    let estimate = of_rows(&office(), [deductible(-5), of_period("23", 1_000)]);
    assert_eq!(estimate.deductible_remaining.amount(), dollars(1_000));
    assert_eq!(rows_warned(&estimate, WarningCode::RowSetAside), [Some(2)]);
    for odd in [copay(-25), maximum(-1), deductible(-1)] {
        assert_eq!(result(&charging(150, office()), [odd, share(20)]).1, None, "and never zero");
    }
}

#[test]
fn a_negative_use_is_not_added_to_the_total() {
    let figure = left([of_period("23", 1_000), of_period("24", -300)]);
    assert_eq!((figure.amount(), figure.may_be_lower), (dollars(1_000), true));
}

#[test]
fn percentages_are_taken_as_sent_up_to_one_and_divided_above() {
    for (sent, expected) in [(0, 0), (1, 1), (2_000, 2_000), (10_000, 10_000)] {
        let estimate = of_rows(&office(), [Benefit { percent_bp: Some(sent), ..share(0) }]);
        assert_eq!(estimate.coinsurance.percent(), bp(expected));
        assert!(!has(&estimate, WarningCode::PercentRescaled), "{sent}");
    }
    for (sent, expected) in [(10_001, 100), (200_000, 2_000), (1_000_000, 10_000)] {
        let estimate = of_rows(&office(), [Benefit { percent_bp: Some(sent), ..share(0) }]);
        assert_eq!(estimate.coinsurance.percent(), bp(expected));
        assert_eq!(rows_warned(&estimate, WarningCode::PercentRescaled), [Some(2)]);
    }
}

#[test]
fn a_share_without_a_usable_percentage_is_not_returned() {
    for sent in [None, Some(-1), Some(1_000_001), Some(i64::MIN), Some(i64::MAX)] {
        let rows = [Benefit { percent_bp: sent, ..share(0) }, deductible(40)];
        let estimate = of_rows(&charging(150, office()), rows);
        assert_eq!(estimate.coinsurance.state, FigureState::NotReturned);
        assert_eq!((estimate.case, estimate.amount), (Case::Partial, None), "{sent:?}");
        assert_eq!(rows_warned(&estimate, WarningCode::RowSetAside), [Some(2)]);
    }
}

#[test]
fn a_copay_without_an_amount_is_no_copay_of_nothing() {
    let bare = Benefit { amount_cents: None, ..copay(0) };
    let estimate = of_rows(&charging(150, office()), [bare, deductible(0), share(20)]);
    assert_eq!((estimate.case, estimate.rule), (Case::Partial, Some(Rule::CopayOnly)));
    assert_eq!(estimate.rules_offered, [Rule::CopayOnly, Rule::DeductibleCoinsurance]);
    assert_eq!(estimate.range, Some(Range { at_least: None, at_most: dollars(150) }));
    let bare = Benefit { amount_cents: None, ..copay(0).about("30") };
    let treatment = of_rows(&treatment(&[]), [bare, deductible(800)]);
    assert_eq!((treatment.case, treatment.rule), (Case::Partial, Some(Rule::CopayFirst)));
    assert_eq!(treatment.rules_offered, [Rule::CopayFirst, Rule::DeductibleCoinsurance]);
}

#[test]
fn a_copay_of_nothing_beside_a_share_of_nothing_is_nothing() {
    let rows = [copay(0), share(0), deductible(0)];
    let estimate = of_rows(&charging(150, office()), rows);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, Some(Money::ZERO)));
    assert_eq!(estimate.copay.state, FigureState::Known);
    assert!(!has(&estimate, WarningCode::CopayOfNothing));
}

#[test]
fn a_copay_of_nothing_beside_a_share_offers_the_rule_with_the_share() {
    let rows = || [copay(0), share(20), deductible(40)];
    let estimate = of_rows(&charging(150, office()), rows());
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, Some(Money::ZERO)));
    assert_eq!(rows_warned(&estimate, WarningCode::CopayOfNothing), [Some(2)]);
    assert_eq!(estimate.rules_offered, [Rule::CopayOnly, Rule::DeductibleCoinsurance]);
    let request = by_rule(Rule::DeductibleCoinsurance, charging(150, office()));
    let chosen = of_rows(&request, rows());
    assert_eq!((chosen.amount, has(&chosen, WarningCode::CopayOfNothing)), (dollars(62), false));
}

#[test]
fn the_same_value_from_two_rows_is_one_value_that_names_both() {
    let figure = of_rows(&office(), [copay(25), copay(25).says("PRIMARY CARE")]).copay;
    assert_eq!((figure.state, figure.rows.as_slice()), (FigureState::Known, [2, 3].as_slice()));
}

#[test]
fn medicares_hospital_part_yields_to_its_medical_part() {
    let part = |kind: &str, row: Benefit| Benefit { insurance_type: Some(kind.into()), ..row };
    let both = [part("MA", deductible(1_676)), part("MB", deductible(0))];
    assert_eq!(left(both).amount(), Some(Money::ZERO));
    assert_eq!(left([part("MA", deductible(1_676))]).amount(), dollars(1_676));
}

#[test]
fn no_money_at_all_is_said_and_nothing_is_zero() {
    let rows = [row("F").about("98").dollars(3), row("CB").about("98"), row("D").says("HELLO")];
    let estimate = of_rows(&charging(150, office()), rows);
    assert_eq!((estimate.case, estimate.amount, estimate.range), (Case::NoMoneyRows, None, None));
    let figures = [
        &estimate.copay,
        &estimate.coinsurance,
        &estimate.deductible_remaining,
        &estimate.out_of_pocket_remaining,
    ];
    assert!(figures.iter().all(|figure| figure.state == FigureState::NotReturned));
}

#[test]
fn after_the_year_turned_totals_replace_remainders() {
    let january = Date::constant(2027, 1, 5);
    let request = Request { service_date: january, ..office() };
    let rows = [of_period("23", 1_000), of_period("24", 900), deductible(100), copay(25)];
    let estimate = of_rows(&request, rows);
    let figure = &estimate.deductible_remaining;
    assert_eq!((figure.amount(), figure.rows.as_slice()), (dollars(1_000), [2].as_slice()));
    assert!(figure.may_be_lower && !figure.derived);
    assert!(has(&estimate, WarningCode::OtherPlanYear) && estimate.offers_amount());
}

#[test]
fn after_the_year_turned_a_remainder_alone_is_not_known() {
    let january = Date::constant(2027, 1, 5);
    let request = charging(150, Request { service_date: january, ..office() });
    let estimate = of_rows(&request, [deductible(0), share(20)]);
    assert_eq!(estimate.deductible_remaining.state, FigureState::NotReturned);
    assert_eq!((estimate.case, estimate.amount), (Case::Partial, None));
    let lifetime = of_rows(&request, [of_period("33", 60), share(20)]);
    assert_eq!(lifetime.deductible_remaining.amount(), dollars(60), "a lifetime does not turn");
}

#[test]
fn after_the_year_turned_the_years_total_counts_before_the_lifetimes_remainder() {
    let january = Date::constant(2027, 1, 5);
    let request = Request { service_date: january, ..office() };
    let rows = [of_period("23", 1_000), deductible(100), of_period("33", 60)];
    let estimate = of_rows(&request, rows);
    assert_eq!(estimate.deductible_remaining.amount(), dollars(1_000));
}

#[test]
fn a_year_before_the_check_is_another_year_too() {
    let request = Request { service_date: Date::constant(2025, 12, 30), ..office() };
    let estimate = of_rows(&request, [of_period("23", 1_000), deductible(100)]);
    assert_eq!(estimate.deductible_remaining.amount(), dollars(1_000));
    assert!(has(&estimate, WarningCode::OtherPlanYear));
}

#[test]
fn a_service_year_turns_on_the_plans_own_day() {
    let july = || vec![date("346", "2026-07-01", None)];
    let rows = [active(), of_period("22", 1_000), deductible(100), copay(25)];
    let check = Check { dates: july(), ..check(rows) };
    let on = |year: i16, month: i8, day: i8| {
        let request = Request { service_date: Date::constant(year, month, day), ..office() };
        let estimate = estimate(&request, std::slice::from_ref(&check));
        (estimate.deductible_remaining.amount(), has(&estimate, WarningCode::OtherPlanYear))
    };
    assert_eq!(on(2027, 1, 5), (dollars(100), false));
    assert_eq!(on(2027, 6, 30), (dollars(100), false));
    assert_eq!(on(2027, 7, 1), (dollars(1_000), true));
}

#[test]
fn a_figure_without_a_total_turns_with_the_plans_other_totals() {
    let rows = [active(), of_period("22", 1_000), deductible(100), maximum(900), copay(25)];
    let check = Check { dates: vec![date("346", "2026-07-01", None)], ..check(rows) };
    let request = Request { service_date: Date::constant(2027, 1, 5), ..office() };
    let estimate = estimate(&request, &[check]);
    assert_eq!(estimate.out_of_pocket_remaining.amount(), dollars(900));
    assert!(!has(&estimate, WarningCode::OtherPlanYear));
}

#[test]
fn several_copays_are_a_choice_with_each_of_the_payers_messages() {
    let rows = || [copay(25).says("PRIMARY CARE"), copay(40).says("SPECIALIST")];
    let open = of_rows(&office(), rows());
    assert_eq!((open.case, open.amount), (Case::ChoiceNeeded, None));
    assert_eq!((open.copay.state, open.copay.value), (FigureState::Choice, None));
    let messages: Vec<&str> =
        open.copay.options.iter().flat_map(|o| &o.messages).map(String::as_str).collect();
    assert_eq!(messages, ["PRIMARY CARE", "SPECIALIST"], "nothing is preselected");
    assert_eq!(open.range, Some(Range { at_least: dollars(25), at_most: dollars(40) }));
    let choices = Choices { copay: Some(3), ..Choices::default() };
    let chosen = of_rows(&choosing(choices, office()), rows());
    assert_eq!((chosen.case, chosen.amount), (Case::Ok, dollars(40)));
    assert_eq!(chosen.copay.rows, [3]);
}

#[test]
fn the_visit_class_preselects_when_one_message_matches() {
    let rows = || {
        [
            copay(40).says("URGENT CARE"),
            copay(40).says("SPECIALIST"),
            copay(25).says("PRIMARY CARE, NOT SPECIALIST"),
        ]
    };
    let of = |class| of_rows(&Request { visit_class: Some(class), ..office() }, rows());
    let specialist = of(VisitClass::Specialist);
    assert_eq!((specialist.case, specialist.amount), (Case::Ok, dollars(40)));
    assert_eq!(specialist.copay.rows, [3], "the row whose words match, not one of its value");
    assert_eq!(rows_warned(&specialist, WarningCode::Preselected), [Some(3)]);
    assert_eq!(of(VisitClass::Primary).amount, dollars(25));
    assert_eq!(of(VisitClass::Telehealth).case, Case::ChoiceNeeded, "none matches");
}

#[test]
fn the_visit_class_decides_nothing_when_two_messages_match() {
    let rows = || [copay(25).says("SPECIALIST"), copay(40).says("SPECIALIST, SURGEON")];
    let request = Request { visit_class: Some(VisitClass::Specialist), ..office() };
    assert_eq!(result(&request, rows()), (Case::ChoiceNeeded, None));
    let choices = Choices { copay: Some(2), ..Choices::default() };
    assert_eq!(result(&choosing(choices, request), rows()), (Case::Ok, dollars(25)));
}

#[test]
fn a_single_copay_needs_no_visit_class() {
    let request = Request { visit_class: Some(VisitClass::Specialist), ..office() };
    let estimate = of_rows(&request, [copay(25)]);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(25)));
    assert!(!has(&estimate, WarningCode::Preselected));
}

#[test]
fn contradictions_without_words_are_listed_and_withheld_until_one_is_picked() {
    let pairs = [
        (copay(25), copay(40), Choices { copay: Some(3), ..Choices::default() }),
        (
            share(20),
            share(30),
            Choices { coinsurance: Some(RowChoice::Row(3)), ..Choices::default() },
        ),
        (
            deductible(20),
            deductible(30),
            Choices { deductible: Some(RowChoice::Row(3)), ..Choices::default() },
        ),
        (maximum(10), maximum(20), Choices { out_of_pocket: Some(3), ..Choices::default() }),
    ];
    for (one, other, choices) in pairs {
        let others = [deductible(10), share(10), maximum(1_000)];
        let code = one.code.clone();
        let others = others.into_iter().filter(|row| row.code != code);
        let rows: Vec<Benefit> = [one, other].into_iter().chain(others).collect();
        let request = charging(100, office());
        let open = of_rows(&request, rows.clone());
        assert_eq!((open.case, open.amount), (Case::Conflict, None), "{:?}", rows[0].code);
        assert!(open.steps[0].contains("two values") && open.range.is_some());
        let picked = of_rows(&choosing(choices, request), rows);
        assert_eq!(picked.case, Case::Ok);
        assert!(picked.amount.is_some() && picked.sources.iter().any(|source| source.row == 3));
    }
}

#[test]
fn the_same_words_do_not_tell_two_values_apart() {
    let rows = [copay(25).says("PRIMARY CARE"), copay(40).says("PRIMARY CARE")];
    assert_eq!(result(&office(), rows), (Case::Conflict, None));
    let partly = [copay(25), copay(40), copay(60).says("SPECIALIST")];
    assert_eq!(result(&office(), partly), (Case::Conflict, None));
}

#[test]
fn a_family_contradiction_counts_though_the_individual_figure_is_a_choice() {
    let rows = [
        maximum(100).level("IND").says("TIER 1"),
        maximum(200).level("IND").says("TIER 2"),
        maximum(300).level("FAM"),
        maximum(400).level("FAM"),
        copay(25),
    ];
    let estimate = of_rows(&office(), rows);
    assert_eq!((estimate.case, estimate.amount), (Case::Conflict, None));
    assert_eq!(estimate.out_of_pocket_remaining.options.len(), 4);
}

#[test]
fn whom_a_copay_covers_does_not_hide_another_value() {
    let rows = [copay(25).level("IND"), copay(40).level("FAM")];
    assert_eq!(result(&office(), rows), (Case::Conflict, None));
}

#[test]
fn a_contradiction_that_the_rule_does_not_need_withholds_nothing() {
    let estimate = of_rows(&office(), [copay(25), share(20), share(30)]);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(25)));
    assert_eq!(estimate.coinsurance.state, FigureState::Choice, "it is still shown");
}

#[test]
fn a_choice_of_a_row_that_is_not_offered_is_ignored_and_said() {
    let choices =
        Choices { copay: Some(99), deductible: Some(RowChoice::Row(2)), ..Choices::default() };
    let estimate = of_rows(&choosing(choices, office()), [copay(25)]);
    assert_eq!(estimate.amount, dollars(25));
    assert_eq!(rows_warned(&estimate, WarningCode::ChoiceIgnored), [Some(99), Some(2)]);
    let open = Choices { copay: Some(99), ..Choices::default() };
    assert_eq!(result(&choosing(open, office()), [copay(25), copay(40)]).0, Case::Conflict);
}

#[test]
fn a_better_network_decides_only_between_rows_that_compete() {
    let total = row("C").about("30").period("23").dollars(1_000);
    let either = deductible(400).network(Network::Either);
    let estimate = of_rows(&office(), [total.clone(), either.clone()]);
    assert_eq!(estimate.deductible_remaining.amount(), dollars(400), "they complete each other");
    let estimate = of_rows(&office(), [total, either, deductible(300)]);
    assert_eq!(estimate.deductible_remaining.amount(), dollars(300));
    assert_eq!(estimate.deductible_remaining.options.len(), 1);
}

#[test]
fn a_row_without_a_level_counts_as_the_patients_own_after_one_that_says_so() {
    let figure = left([deductible(300), deductible(500).level("IND")]);
    assert_eq!((figure.amount(), figure.rows.as_slice()), (dollars(500), [3].as_slice()));
    let alone = left([deductible(300), deductible(200).level("FAM")]);
    assert_eq!((alone.amount(), alone.options.len()), (dollars(200), 2));
}

#[test]
fn a_years_total_counts_before_a_lifetimes() {
    assert_eq!(left([of_period("32", 5_000), of_period("23", 1_000)]).amount(), dollars(1_000));
}

#[test]
fn a_copay_counts_whatever_its_period_and_a_deductible_only_for_years_and_lifetimes() {
    for period in ["27", "26", "36", "23", ""] {
        let estimate = of_rows(&office(), [copay(25).period(period)]);
        assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(25)), "{period}");
    }
    for period in ["27", "26", "36", "34"] {
        let figure = left([of_period(period, 100), deductible(500)]);
        assert_eq!((figure.amount(), figure.options.len()), (dollars(500), 1), "{period}");
        assert_eq!(left([of_period(period, 100)]).state, FigureState::NotReturned);
    }
}

#[test]
fn a_row_that_is_set_aside_leaves_the_next_closest() {
    let bare = Benefit { amount_cents: None, ..copay(0) };
    let estimate = of_rows(&office(), [bare, copay(25).about("30")]);
    assert_eq!((estimate.amount, estimate.copay.rows.as_slice()), (dollars(25), [3].as_slice()));
    assert_eq!(rows_warned(&estimate, WarningCode::RowSetAside), [Some(2)]);
}
