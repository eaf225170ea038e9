//! Which rows count: person and plan, the day, coverage, network, specificity, exclusions.

use crate::support::*;

fn chosen(request: &Request, rows: impl IntoIterator<Item = Benefit>) -> Option<Money> {
    of_rows(request, rows).copay.amount()
}

#[test]
fn rows_of_another_payer_only_warn() {
    let other = Benefit { code: "R".to_owned(), ..copay(99) };
    let estimate = of_rows(&office(), [other, copay(25)]);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(25)));
    assert_eq!(rows_warned(&estimate, WarningCode::OtherPayer), [Some(2)]);
    let alone = of_rows(&office(), [row("R").dollars(99)]);
    assert_eq!(alone.case, Case::NoMoneyRows);
}

#[test]
fn rows_count_on_the_days_of_their_own_dates() {
    let kinds = [
        vec![date("292", "2026-01-01", Some("2026-11-22"))],
        vec![date("348", "2026-11-24", None)],
        vec![date("349", "2026-11-22", None)],
        vec![date("346", "2026-11-24", None)],
        vec![date("347", "2026-11-22", None)],
        vec![date("356", "2026-11-24", None)],
        vec![date("357", "2026-11-22", None)],
        vec![date("291", "2025-01-01", Some("2025-12-31"))],
        vec![date("307", "2027-01-01", Some("2027-12-31"))],
        vec![date("472", "2026-12-01", Some("2026-12-31"))],
    ];
    for dates in kinds {
        let other_day = Benefit { dates: dates.clone(), ..copay(90) };
        assert_eq!(chosen(&office(), [other_day, copay(25)]), dollars(25), "{dates:?}");
    }
    let today = copay(25).dated("348", "2026-11-23", None).dated("349", "2026-11-23", None);
    assert_eq!(chosen(&office(), [today]), dollars(25), "both ends belong to it");
}

#[test]
fn coverage_is_active_by_a_row_for_the_service_or_the_plan() {
    let case = |rows: Vec<Benefit>| estimate(&office(), &[check(rows)]).case;
    for code in ["1", "2", "3", "4", "5"] {
        for about in ["30", "98", "BY", "BZ", "96"] {
            assert_eq!(case(vec![row(code).about(about), copay(25)]), Case::Ok, "{code} {about}");
        }
        assert_eq!(case(vec![row(code), copay(25)]), Case::Ok, "{code} without a type");
    }
    let unstated = estimate(&office(), &[check([row("1").about("33"), copay(25)])]);
    assert!(has(&unstated, WarningCode::CoverageNotStated), "it is about another service");
}

#[test]
fn coverage_is_inactive_by_a_row_for_the_service_or_the_plan() {
    for code in ["6", "7", "8"] {
        for about in ["30", "98"] {
            let estimate = estimate(&office(), &[check([row(code).about(about), copay(25)])]);
            assert_eq!((estimate.case, estimate.amount), (Case::Inactive, None));
            assert!(has(&estimate, WarningCode::Inactive) && !estimate.offers_amount());
        }
        assert_eq!(result(&office(), [row(code).about("33"), copay(25)]).0, Case::Ok);
    }
}

#[test]
fn active_and_inactive_at_the_service_or_the_plan_need_review() {
    for about in ["30", "98", "96"] {
        let estimate = of_rows(&office(), [row("6").about(about), copay(25)]);
        assert_eq!((estimate.case, estimate.amount), (Case::NeedsReview, None), "{about}");
        assert_eq!(rows_warned(&estimate, WarningCode::ActiveAndInactive), [Some(2), Some(1)]);
    }
}

#[test]
fn an_inactive_row_about_another_time_contradicts_nothing() {
    let earlier = row("6").about("30").dated("291", "2024-01-01", Some("2024-12-31"));
    assert_eq!(result(&office(), [earlier.clone(), copay(25)]), (Case::Ok, dollars(25)));
    let alone = estimate(&office(), &[check([earlier, copay(25)])]);
    assert_eq!(alone.case, Case::Inactive);
    assert!(alone.warnings[0].message.contains("2024-12-31"), "{:?}", alone.warnings);
}

#[test]
fn a_status_for_the_other_network_has_no_say() {
    let managed = [
        row("1").about("30"),
        row("6").about("30").network(Network::Out),
        copay(25),
        copay(80).network(Network::Out),
    ];
    let of = |request: &Request| estimate(request, &[check(managed.clone())]).case;
    assert_eq!(of(&office()), Case::Ok, "out of network there is no coverage, within there is");
    assert_eq!(of(&out_of_network(office())), Case::Inactive);
}

#[test]
fn a_day_outside_the_coverage_is_inactive_and_says_the_date() {
    let ended = Check { dates: vec![date("357", "2026-11-22", None)], ..active_with([copay(25)]) };
    let later = Check { dates: vec![date("346", "2026-11-24", None)], ..active_with([copay(25)]) };
    let by_row = check([active().dated("291", "2025-01-01", Some("2025-12-31")), copay(25)]);
    for (check, day) in [(ended, "2026-11-22"), (later, "2026-11-24"), (by_row, "2025-12-31")] {
        let estimate = estimate(&office(), &[check]);
        assert_eq!((estimate.case, estimate.amount), (Case::Inactive, None));
        let warning = &estimate.warnings[0];
        assert_eq!(warning.code, WarningCode::OutsideCoverage);
        assert!(warning.message.contains(day) && warning.message.contains("Private Pay"));
    }
}

#[test]
fn rows_of_the_wrong_network_are_out() {
    let rows = || [copay(25), copay(90).network(Network::Out)];
    assert_eq!(chosen(&office(), rows()), dollars(25));
    assert_eq!(chosen(&out_of_network(office()), rows()), dollars(90));
    assert_eq!(chosen(&office(), [copay(90).network(Network::Out)]), None);
    assert_eq!(chosen(&out_of_network(office()), [copay(25)]), None);
}

#[test]
fn in_network_takes_its_own_then_either_then_what_is_not_stated_flagged() {
    let of = |network: Network, dollars: i64| copay(dollars).network(network);
    let (own, either) = (of(Network::In, 1), of(Network::Either, 2));
    for open in [Network::NotStated, Network::Unknown] {
        let rows = [of(open, 3), either.clone(), own.clone()];
        assert_eq!(chosen(&office(), rows), dollars(1));
        assert_eq!(chosen(&office(), [of(open, 3), either.clone()]), dollars(2));
        let flagged = of_rows(&office(), [of(open, 3)]);
        assert_eq!((flagged.case, flagged.amount), (Case::Ok, dollars(3)));
        assert_eq!(rows_warned(&flagged, WarningCode::NetworkNotStated), [Some(2)]);
    }
}

#[test]
fn out_of_network_takes_its_own_then_either_and_nothing_else() {
    let of = |network: Network, dollars: i64| copay(dollars).network(network);
    let (own, either) = (of(Network::Out, 1), of(Network::Either, 2));
    let request = out_of_network(office());
    assert_eq!(chosen(&request, [either.clone(), own]), dollars(1));
    assert_eq!(chosen(&request, [either]), dollars(2));
    for other in [Network::NotStated, Network::Unknown, Network::In] {
        let estimate = of_rows(&request, [of(other, 3)]);
        assert_eq!((estimate.case, estimate.copay.amount()), (Case::NoMoneyRows, None));
        assert!(has(&estimate, WarningCode::OtherNetwork), "{other:?}");
    }
}

#[test]
fn networks_are_never_mixed_within_a_figure() {
    let total = row("C").about("30").period("23").dollars(1_000);
    let used = row("C").about("30").period("24").dollars(900).network(Network::Out);
    let estimate = of_rows(&office(), [total, used, deductible(50).network(Network::Out)]);
    let figure = &estimate.deductible_remaining;
    assert_eq!((figure.amount(), figure.rows.as_slice()), (dollars(1_000), [2].as_slice()));
    assert!(figure.may_be_lower, "what was used out of network is not subtracted");
}

#[test]
fn the_network_is_chosen_for_each_figure_by_itself() {
    let rows = [
        copay(25),
        share(20).network(Network::Either),
        deductible(100).network(Network::NotStated),
        maximum(900).network(Network::Out),
    ];
    let estimate = of_rows(&office(), rows);
    assert_eq!(estimate.copay.amount(), dollars(25));
    assert_eq!(estimate.coinsurance.percent(), bp(2_000));
    assert_eq!(estimate.deductible_remaining.amount(), dollars(100));
    assert_eq!(estimate.out_of_pocket_remaining.state, FigureState::NotReturned);
}

#[test]
fn the_network_is_right_or_wrong_first_and_better_or_worse_last() {
    let rows = [copay(25).about("30"), copay(40).network(Network::NotStated)];
    assert_eq!(chosen(&office(), rows), dollars(40), "specificity before the better statement");
    let rows = [copay(25).about("30"), copay(40).network(Network::Out)];
    assert_eq!(chosen(&office(), rows), dollars(25), "the wrong network before specificity");
}

#[test]
fn an_office_visit_asks_for_its_types_in_order_and_then_for_the_plan() {
    let types = ["30", "96", "BZ", "BY", "98"];
    let rows: Vec<Benefit> = (1..).zip(types).map(|(n, t)| copay(n).about(t)).collect();
    for (keep, expected) in (1..=rows.len()).zip(1..) {
        assert_eq!(chosen(&office(), rows[..keep].to_vec()), dollars(expected));
    }
    assert_eq!(chosen(&office(), [Benefit { service_types: vec![], ..copay(30) }]), dollars(30));
    assert_eq!(chosen(&office(), [copay(60).about("33")]), None);
}

#[test]
fn urgent_care_asks_for_its_own_type_first() {
    let urgent = Request { visit_class: Some(VisitClass::Urgent), ..office() };
    let rows = || [copay(25), copay(75).about("UC")];
    assert_eq!(chosen(&urgent, rows()), dollars(75));
    assert_eq!(chosen(&office(), rows()), dollars(25));
    assert_eq!(chosen(&urgent, [copay(25)]), dollars(25), "the others follow");
}

#[test]
fn a_treatment_asks_by_its_codes_and_then_for_the_plan() {
    let rows = || [copay(25).about("30"), copay(60).about("78"), copay(70).about("98")];
    assert_eq!(chosen(&treatment(&["96413"]), rows()), dollars(60));
    assert_eq!(chosen(&treatment(&["X1234"]), rows()), dollars(25));
    assert_eq!(chosen(&treatment(&[]), rows()), dollars(25));
}

#[test]
fn a_row_for_a_procedure_counts_before_its_service_type_and_only_for_its_code() {
    let rows = || [copay(25).about("78"), copay(90).about("30").of("96413")];
    assert_eq!(chosen(&treatment(&["96413"]), rows()), dollars(90));
    assert_eq!(chosen(&treatment(&["96413-59"]), rows()), dollars(90), "modifiers do not matter");
    assert_eq!(chosen(&treatment(&["J9035"]), rows()), dollars(25));
    assert_eq!(chosen(&treatment(&["J9035"]), [copay(90).about("30").of("96413")]), None);
}

#[test]
fn a_row_for_a_range_of_procedures_counts_for_those_within() {
    let ranged = |code: &str| {
        let procedure = Procedure {
            qualifier: Some("HC".to_owned()),
            code: "J1000".to_owned(),
            range_end: Some("J1999".to_owned()),
            ..Procedure::default()
        };
        let row = Benefit { procedure: Some(procedure), ..copay(90) };
        chosen(&treatment(&[code]), [row, copay(25).about("30")])
    };
    assert_eq!([ranged("J1000"), ranged("J1745"), ranged("J1999")], [dollars(90); 3]);
    assert_eq!([ranged("J0999"), ranged("J2000"), ranged("J17455")], [dollars(25); 3]);
}

#[test]
fn a_drug_code_is_not_taken_for_a_procedure() {
    let drug = Procedure {
        qualifier: Some("N4".to_owned()),
        code: "00172-0000-01".to_owned(),
        ..Procedure::default()
    };
    let rows = [Benefit { procedure: Some(drug), ..copay(90) }, copay(25).about("30")];
    let estimate = of_rows(&treatment(&["00172"]), rows);
    assert_eq!(estimate.copay.amount(), dollars(25));
    let drugs: Vec<bool> = estimate.procedures.iter().map(|line| line.in_treatment).collect();
    assert_eq!(drugs, [true, false], "it is shown, as something else");
}

#[test]
fn rows_of_one_procedure_that_differ_by_a_modifier_are_a_choice() {
    let with = |modifier: &str, percent: i64| {
        let modifiers = vec![modifier.to_owned()];
        let procedure = Procedure { code: "J1745".to_owned(), modifiers, ..Procedure::default() };
        Benefit { procedure: Some(procedure), ..share(percent) }
    };
    let rows = [with("JW", 10), with("JZ", 20), deductible(0)];
    let request = charging(500, treatment(&["J1745"]));
    assert_eq!(result(&request, rows.clone()), (Case::ChoiceNeeded, None));
    let choices = Choices { coinsurance: Some(RowChoice::Row(3)), ..Choices::default() };
    assert_eq!(result(&choosing(choices, request), rows), (Case::Ok, dollars(100)));
}

#[test]
fn a_deductible_at_the_service_replaces_the_plans() {
    let rows = [deductible(700), deductible(0).about("98"), share(20)];
    let estimate = of_rows(&charging(150, office()), rows);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(30)));
    assert_eq!(estimate.deductible_remaining.rows, [3]);
    let plan = of_rows(&charging(150, office()), [deductible(700), share(20)]);
    assert_eq!(plan.amount, dollars(150));
}

#[test]
fn each_figure_is_as_specific_as_its_own_rows() {
    let rows = [copay(50).of("J1745"), share(20).about("1"), deductible(800), maximum(5_000)];
    let estimate = of_rows(&charging(4_000, treatment(&["J1745"])), rows);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(1_480)));
    let figures = [&estimate.copay, &estimate.coinsurance, &estimate.deductible_remaining];
    assert_eq!(figures.map(|figure| figure.rows[0]), [2, 3, 4]);
}

#[test]
fn a_service_is_not_covered_by_its_code() {
    let request = charging(500, treatment(&["J1745"]));
    for code in ["E", "I"] {
        let rows = [row(code).of("J1745"), share(20).about("1"), deductible(100)];
        assert_eq!(result(&request, rows), (Case::NotCovered, dollars(500)), "{code}");
    }
    let others = [row("I").of("97110"), share(20).about("1"), deductible(0)];
    assert_eq!(result(&request, others), (Case::Ok, dollars(100)));
}

#[test]
fn a_service_is_not_covered_by_its_type_or_the_plan() {
    for excluded in [row("I").about("98"), row("E").about("98"), row("I").about("30"), row("I")] {
        let rows = [excluded.clone(), maximum(0)];
        let estimate = of_rows(&charging(300, office()), rows);
        assert_eq!((estimate.case, estimate.amount), (Case::NotCovered, dollars(300)));
        assert_eq!(rows_warned(&estimate, WarningCode::NotCovered), [Some(2)]);
    }
}

#[test]
fn what_is_shared_is_closer_than_what_is_excluded_further_away() {
    let rows = [row("I").about("30"), copay(25)];
    assert_eq!(result(&office(), rows), (Case::Ok, dollars(25)));
    let exclusions_of_the_plan = [row("E").about("30"), copay(25).about("30")];
    let estimate = of_rows(&office(), exclusions_of_the_plan);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(25)));
    assert!(has(&estimate, WarningCode::Exclusion), "a plan that excludes something covers most");
}

#[test]
fn an_exclusion_with_words_is_of_something_particular() {
    let rows = [row("I").about("98").says("ACUPUNCTURE"), copay(25)];
    let estimate = of_rows(&office(), rows);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(25)));
    assert_eq!(rows_warned(&estimate, WarningCode::Exclusion), [Some(2)]);
}

#[test]
fn a_treatment_is_not_covered_when_none_of_its_codes_is() {
    let request = charging(500, treatment(&["J1745", "70553"]));
    let shared = || [share(20).about("30"), deductible(0)];
    let of = |rows: &[Benefit]| result(&request, rows.iter().cloned().chain(shared())).0;
    let (drug, scan) = (row("I").of("J1745"), row("I").about("62"));
    assert_eq!(of(std::slice::from_ref(&drug)), Case::Ok, "the scan may be covered");
    assert_eq!(of(std::slice::from_ref(&scan)), Case::Ok, "the drug may be covered");
    assert_eq!(of(&[drug.clone(), scan.clone()]), Case::NotCovered, "by code and by type");
    let both = of_rows(&request, [drug, scan].into_iter().chain(shared()));
    assert_eq!(rows_warned(&both, WarningCode::NotCovered), [Some(2), Some(3)]);
    assert_eq!(both.amount, dollars(500));
}

#[test]
fn a_part_that_is_excluded_is_said() {
    let request = charging(500, treatment(&["J1745", "70553"]));
    let rows = [row("I").of("J1745"), share(20).about("30"), deductible(0)];
    let estimate = of_rows(&request, rows);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(100)));
    assert_eq!(rows_warned(&estimate, WarningCode::Exclusion), [Some(2)]);
    assert_eq!(estimate.procedures[0].label.as_deref(), Some("Not covered"));
}

#[test]
fn out_of_network_an_exclusion_without_a_network_is_at_least_said() {
    let rows = [
        row("I").about("98").network(Network::NotStated),
        copay(60).network(Network::Out),
        Benefit { authorization: Some(true), ..row("CB").about("98").network(Network::NotStated) },
        row("F").about("98").period("29").cents(0).network(Network::Unknown),
    ];
    let estimate = of_rows(&out_of_network(office()), rows);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(60)));
    let said = [
        (WarningCode::Exclusion, 2),
        (WarningCode::AuthorizationRequired, 4),
        (WarningCode::LimitReached, 5),
    ];
    for (code, row) in said {
        assert_eq!(rows_warned(&estimate, code), [Some(row)], "{code:?}");
    }
}
