//! What holds of one answer may hold of it together with anything else.
//!
//! Each feature changes one good answer and leaves its mark on the estimate. Every two of them
//! are put together: both marks are there, the case is the first that either asks for, and the
//! reference comes to the same. To add a feature, add a line to [`FEATURES`].

use crate::random::found;
use crate::reference;
use crate::support::*;

/// A question and the check that it is asked of.
#[derive(Clone)]
struct Situation {
    request: Request,
    check: Check,
}

impl Situation {
    /// A drug for $4,000: a co-payment of $50, a deductible of $800, 20 %, at most $5,000.
    fn good() -> Self {
        let rows = [
            copay(50).about("30").says("PRIMARY CARE"),
            share(20).about("30"),
            deductible(800).level("IND"),
            maximum(5_000).level("IND"),
        ];
        Self { request: charging(4_000, treatment(&["J1745"])), check: active_with(rows) }
    }

    fn add(&mut self, row: Benefit) {
        let index = i64::try_from(self.check.benefits.len()).expect("there are few rows") + 1;
        let segment = format!("EB*{}*{index}", row.code);
        self.check.benefits.push(Benefit { index, segment, ..row });
    }

    fn each_row(&mut self, code: &str, change: impl Fn(&mut Benefit)) {
        self.check.benefits.iter_mut().filter(|row| row.code == code).for_each(change);
    }

    fn with(features: &[&Feature]) -> Self {
        let mut situation = Self::good();
        for feature in features {
            (feature.change)(&mut situation);
        }
        situation
    }

    fn estimate(&self) -> Estimate {
        estimate(&self.request, std::slice::from_ref(&self.check))
    }
}

struct Feature {
    name: &'static str,
    change: fn(&mut Situation),
    /// The case that it asks for; the others leave the case to the rest.
    case: Option<Case>,
    /// Whether the estimate says so.
    mark: fn(&Estimate) -> bool,
}

const FEATURES: [Feature; 15] = [
    Feature {
        name: "several co-payments",
        change: |s| s.add(copay(40).about("30").says("SPECIALIST")),
        case: Some(Case::ChoiceNeeded),
        mark: |e| e.copay.state == FigureState::Choice && e.copay.options.len() == 2,
    },
    Feature {
        name: "a contradiction",
        change: |s| s.add(maximum(4_000).level("IND")),
        case: Some(Case::Conflict),
        mark: |e| e.out_of_pocket_remaining.state == FigureState::Choice,
    },
    Feature {
        name: "family and individual",
        change: |s| s.add(deductible(300).level("FAM")),
        case: None,
        mark: |e| has(e, WarningCode::FamilyAndIndividual),
    },
    Feature {
        name: "a stale check",
        change: |s| s.check.checked_on = Date::constant(2026, 9, 30),
        case: None,
        mark: |e| has(e, WarningCode::Stale) && e.age_days == Some(54),
    },
    Feature {
        name: "another plan year",
        change: |s| {
            s.request.service_date = Date::constant(2027, 1, 5);
            for level in ["IND", "FAM"] {
                s.add(deductible(1_000).period("23").level(level));
                s.add(maximum(6_000).period("23").level(level));
            }
        },
        case: None,
        mark: |e| has(e, WarningCode::OtherPlanYear),
    },
    Feature {
        name: "network not stated",
        change: |s| s.each_row("A", |row| row.network = Network::NotStated),
        case: None,
        mark: |e| has(e, WarningCode::NetworkNotStated),
    },
    Feature {
        name: "a row for the procedure",
        change: |s| s.add(share(10).of("J1745")),
        case: None,
        mark: |e| {
            e.coinsurance.percent() == bp(1_000)
                && e.procedures[0].row == Some(e.coinsurance.rows[0])
        },
    },
    Feature {
        name: "a limit used up",
        change: |s| s.add(row("F").about("30").period("29").cents(0)),
        case: None,
        mark: |e| has(e, WarningCode::LimitReached),
    },
    Feature {
        name: "authorization required",
        change: |s| s.add(Benefit { authorization: Some(true), ..row("CB").about("30") }),
        case: None,
        mark: |e| has(e, WarningCode::AuthorizationRequired),
    },
    Feature {
        name: "another payer",
        change: |s| s.add(row("R").about("30")),
        case: None,
        mark: |e| has(e, WarningCode::OtherPayer),
    },
    Feature {
        name: "spend-down",
        change: |s| s.add(row("Y").dollars(300)),
        case: None,
        mark: |e| has(e, WarningCode::SpendDown),
    },
    Feature {
        name: "not covered",
        change: |s| s.add(row("I").of("J1745")),
        case: Some(Case::NotCovered),
        mark: |e| has(e, WarningCode::NotCovered),
    },
    Feature {
        name: "active and inactive",
        change: |s| s.add(row("6").about("30")),
        case: Some(Case::NeedsReview),
        mark: |e| has(e, WarningCode::ActiveAndInactive),
    },
    Feature {
        name: "coverage that ended",
        change: |s| s.check.dates.push(date("357", "2026-10-31", None)),
        case: Some(Case::Inactive),
        mark: |e| has(e, WarningCode::OutsideCoverage),
    },
    Feature {
        name: "no share that can be used",
        change: |s| s.each_row("A", |row| row.percent_bp = None),
        case: Some(Case::Partial),
        mark: |e| e.coinsurance.rows.is_empty() || has(e, WarningCode::RowSetAside),
    },
];

/// Of two features, what one does to the other's mark.
fn hides(one: &Feature, other: &Feature) -> bool {
    let pair = [one.name, other.name];
    let is = |first: &str, second: &str| pair == [first, second] || pair == [second, first];
    // A date outside the coverage is said before what else the payer says of coverage; a share
    // without a percentage is nothing that could lack a network or a procedure's own value.
    is("active and inactive", "coverage that ended")
        || is("no share that can be used", "network not stated")
        || is("no share that can be used", "a row for the procedure")
        || is("a row for the procedure", "network not stated")
        || is("another plan year", "a contradiction")
        || is("another plan year", "coverage that ended")
}

fn agree_with_the_reference(situation: &Situation, names: &[&str]) {
    let Situation { request, check } = situation;
    let expected = reference::estimate(request, std::slice::from_ref(check));
    assert_eq!(found(&situation.estimate()), expected, "{names:?}");
}

#[test]
fn the_good_answer_is_good() {
    let estimate = Situation::good().estimate();
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(1_480)));
    let words: Vec<&str> = estimate.warnings.iter().map(|w| w.code.as_str()).collect();
    assert!(words.is_empty(), "{words:?}");
}

#[test]
fn each_feature_leaves_its_mark_and_asks_for_its_case() {
    for feature in &FEATURES {
        assert!(!(feature.mark)(&Situation::good().estimate()), "{}", feature.name);
        let situation = Situation::with(&[feature]);
        let estimate = situation.estimate();
        assert!((feature.mark)(&estimate), "{}", feature.name);
        assert_eq!(estimate.case, feature.case.unwrap_or(Case::Ok), "{}", feature.name);
        agree_with_the_reference(&situation, &[feature.name]);
    }
}

#[test]
fn any_two_features_are_both_said_and_the_first_case_holds() {
    let place = |case: Case| Case::ALL.iter().position(|one| *one == case);
    for (at, one) in FEATURES.iter().enumerate() {
        for other in &FEATURES[at + 1..] {
            let names = [one.name, other.name];
            let situation = Situation::with(&[one, other]);
            agree_with_the_reference(&situation, &names);
            if hides(one, other) {
                continue;
            }
            let estimate = situation.estimate();
            assert!((one.mark)(&estimate) && (other.mark)(&estimate), "{names:?} {estimate:#?}");
            let cases = [one.case, other.case].into_iter().flatten();
            let first = cases.min_by_key(|case| place(*case)).unwrap_or(Case::Ok);
            assert_eq!(estimate.case, first, "{names:?}");
        }
    }
}

#[test]
fn any_three_features_agree_with_the_reference() {
    for (at, one) in FEATURES.iter().enumerate() {
        for (next, other) in FEATURES.iter().enumerate().skip(at + 1) {
            for third in &FEATURES[next + 1..] {
                let situation = Situation::with(&[one, other, third]);
                agree_with_the_reference(&situation, &[one.name, other.name, third.name]);
            }
        }
    }
}

#[test]
fn out_of_network_every_feature_is_said_of_its_own_rows() {
    for feature in FEATURES.iter().filter(|feature| feature.name != "network not stated") {
        let mut situation = Situation::with(&[feature]);
        situation.request.network = NetworkChoice::Out;
        for row in &mut situation.check.benefits {
            row.network = Network::Out;
        }
        let estimate = situation.estimate();
        assert!((feature.mark)(&estimate), "{}", feature.name);
        assert!(has(&estimate, WarningCode::OutOfNetwork), "{}", feature.name);
        assert_eq!(estimate.case, feature.case.unwrap_or(Case::Ok), "{}", feature.name);
        agree_with_the_reference(&situation, &[feature.name]);
    }
}

#[test]
fn a_maximum_that_was_reached_last_year_is_not_reached_this_year() {
    let rows = || [copay(50), maximum(0), maximum(5_000).period("23")];
    assert_eq!(result(&office(), rows()), (Case::Ok, Some(Money::ZERO)));
    let january = Request { service_date: Date::constant(2027, 1, 5), ..office() };
    assert_eq!(result(&january, rows()), (Case::Ok, dollars(50)));
    let remainder_alone = of_rows(&january, [copay(50), maximum(0)]);
    assert_eq!(remainder_alone.amount, dollars(50), "what is not known caps nothing");
    assert!(has(&remainder_alone, WarningCode::OutOfPocketUnknown));
}

#[test]
fn a_reached_maximum_settles_several_copays_and_contradictions() {
    let choice = [copay(25).says("PRIMARY CARE"), copay(40).says("SPECIALIST"), maximum(0)];
    assert_eq!(result(&office(), choice), (Case::Ok, Some(Money::ZERO)));
    let conflict = [copay(25), copay(40), deductible(10), deductible(20), maximum(0)];
    assert_eq!(result(&charging(150, office()), conflict), (Case::Ok, Some(Money::ZERO)));
}

#[test]
fn several_copays_of_the_right_network_only() {
    let rows = [
        copay(25).says("PRIMARY CARE"),
        copay(40).says("SPECIALIST"),
        copay(60).says("PRIMARY CARE").network(Network::Out),
        copay(90).says("SPECIALIST").network(Network::Out),
    ];
    let request = Request { visit_class: Some(VisitClass::Specialist), ..office() };
    assert_eq!(result(&request, rows.clone()), (Case::Ok, dollars(40)));
    assert_eq!(result(&out_of_network(request), rows), (Case::Ok, dollars(90)));
}

#[test]
fn family_only_and_derived_are_both_labelled() {
    let rows = [
        row("C").about("30").period("23").dollars(3_000).level("FAM"),
        row("C").about("30").period("24").dollars(2_950).level("FAM"),
        share(20),
    ];
    let estimate = of_rows(&charging(150, office()), rows);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(70)));
    let figure = &estimate.deductible_remaining;
    assert_eq!((figure.level, figure.derived), (Some(FigureLevel::Family), true));
    assert_eq!(figure.rows, [2, 3]);
    assert!(has(&estimate, WarningCode::FamilyOnly) && has(&estimate, WarningCode::Derived));
}

#[test]
fn a_procedure_row_without_a_network_counts_before_a_type_in_network() {
    let rows = [share(10).of("J1745").network(Network::NotStated), share(20).about("1")];
    let estimate =
        of_rows(&charging(100, treatment(&["J1745"])), rows.into_iter().chain([deductible(0)]));
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(10)));
    assert!(has(&estimate, WarningCode::NetworkNotStated));
}

#[test]
fn not_covered_ignores_copay_maximum_choice_and_contradiction() {
    let rows = [
        row("I").about("98"),
        copay(25).about("30"),
        copay(40).about("30"),
        maximum(0),
        row("Y").dollars(300),
    ];
    for rule in [None, Some(Rule::CopayOnly), Some(Rule::DeductibleCoinsurance)] {
        let choices = Choices { rule, ..Choices::default() };
        let estimate = of_rows(&choosing(choices, charging(300, office())), rows.clone());
        assert_eq!((estimate.case, estimate.amount), (Case::NotCovered, dollars(300)));
        assert_eq!((estimate.rule, estimate.range), (None, None));
        assert!(has(&estimate, WarningCode::SpendDown));
    }
}

#[test]
fn an_older_check_that_stands_in_is_still_judged_by_its_age_and_year() {
    let good = Check {
        checked_on: Date::constant(2025, 12, 1),
        ..active_with([copay(25), maximum(0), maximum(5_000).period("23")])
    };
    let checks = [rejected(9), good];
    let estimate = estimate(&naming(&checks[1], office()), &checks);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(25)));
    for code in [WarningCode::OlderCheck, WarningCode::Stale, WarningCode::OtherPlanYear] {
        assert!(has(&estimate, code), "{code:?}");
    }
}

#[test]
fn a_reviewed_check_may_still_need_a_choice() {
    let rows = [row("6").about("98"), copay(25).says("PRIMARY CARE"), copay(40).says("SPECIALIST")];
    let check = active_with(rows);
    let reviewed = estimate(&naming(&check, office()), std::slice::from_ref(&check));
    assert_eq!((reviewed.case, reviewed.amount), (Case::ChoiceNeeded, None));
    let choices = Choices { check: Some(check.id), copay: Some(4), ..Choices::default() };
    let chosen = estimate(&choosing(choices, office()), &[check]);
    assert_eq!((chosen.case, chosen.amount), (Case::Ok, dollars(40)));
}
