//! Every vector that was agreed on, and the rules against a reference written another way.

use proptest::prelude::*;

use super::*;

/// Terms in dollars and percent: nothing is known but what is named.
#[derive(Clone, Copy)]
struct Given {
    rule: Rule,
    place: Place,
    x: Option<i64>,
    k: Option<i64>,
    d: Option<i64>,
    p: Option<i64>,
    o: Option<i64>,
}

const OFFICE: Given = Given {
    rule: Rule::CopayOnly,
    place: Place::Office,
    x: None,
    k: None,
    d: None,
    p: None,
    o: None,
};
const NO_COPAY: Given = Given { rule: Rule::DeductibleCoinsurance, ..OFFICE };
const TREATMENT: Given = Given { place: Place::Treatment, ..NO_COPAY };
const COPAY_FIRST: Given = Given { rule: Rule::CopayFirst, ..TREATMENT };

fn owes(given: Given) -> Owed {
    let dollars = |amount: Option<i64>| amount.map(|amount| Money::from_cents(amount * 100));
    patient_owes(&Terms {
        rule: given.rule,
        place: given.place,
        charge: dollars(given.x),
        copay: dollars(given.k),
        deductible: dollars(given.d),
        coinsurance: given.p.map(|percent| BasisPoints::new(percent * 100).unwrap()),
        out_of_pocket: dollars(given.o),
    })
}

fn cents(given: Given) -> Option<i64> {
    owes(given).amount.map(Money::cents)
}

#[test]
fn office_with_a_copay_of_25() {
    assert_eq!(cents(Given { k: Some(25), ..OFFICE }), Some(2_500));
}

#[test]
fn office_with_a_copay_of_50_and_12_left_out_of_pocket() {
    assert_eq!(cents(Given { k: Some(50), o: Some(12), ..OFFICE }), Some(1_200));
}

#[test]
fn nothing_left_out_of_pocket_means_nothing_to_pay_whatever_else_is_unknown() {
    for given in [OFFICE, NO_COPAY, TREATMENT, COPAY_FIRST] {
        let owed = owes(Given { o: Some(0), ..given });
        assert_eq!(owed.amount, Some(Money::ZERO));
        assert_eq!(owed.parts, [Part::MaximumReached]);
        assert!(owed.missing.is_empty());
    }
}

#[test]
fn all_zero_with_a_charge_of_150_is_nothing() {
    let zero = Given { x: Some(150), k: Some(0), d: Some(0), p: Some(0), ..OFFICE };
    for rule in Rule::ALL {
        assert_eq!(cents(Given { rule, ..zero }), Some(0), "{rule:?}");
    }
}

#[test]
fn office_charge_of_150_within_a_deductible_of_800() {
    let given = Given { x: Some(150), d: Some(800), p: Some(20), ..NO_COPAY };
    assert_eq!(cents(given), Some(15_000));
    assert_eq!(cents(Given { p: None, ..given }), Some(15_000), "co-insurance is not needed");
}

#[test]
fn office_charge_of_150_over_a_deductible_of_40() {
    let given = Given { x: Some(150), d: Some(40), p: Some(20), ..NO_COPAY };
    assert_eq!(cents(given), Some(6_200));
}

#[test]
fn office_without_copay_and_charge_has_no_amount() {
    assert_eq!(cents(NO_COPAY), None);
    assert_eq!(cents(OFFICE), None);
    let owed = owes(Given { d: Some(40), p: Some(20), ..NO_COPAY });
    assert_eq!((owed.amount, owed.missing), (None, vec![Need::Charge]));
}

#[test]
fn treatment_of_4000_reaches_1250_out_of_pocket() {
    let given = Given { x: Some(4000), d: Some(800), p: Some(20), o: Some(1250), ..TREATMENT };
    assert_eq!(cents(given), Some(125_000));
}

#[test]
fn treatment_of_4000_stays_below_5000_out_of_pocket() {
    let given = Given { x: Some(4000), d: Some(800), p: Some(20), o: Some(5000), ..TREATMENT };
    assert_eq!(cents(given), Some(144_000));
}

#[test]
fn treatment_of_4000_with_a_copay_of_50_first() {
    let rest = Given { x: Some(4000), d: Some(800), p: Some(20), o: Some(5000), ..COPAY_FIRST };
    assert_eq!(cents(Given { k: Some(50), ..rest }), Some(148_000));
}

#[test]
fn copay_of_50_after_a_deductible_of_800() {
    let rule = Rule::CopayAfterDeductible;
    let given = Given { rule, k: Some(50), d: Some(800), x: Some(4000), ..TREATMENT };
    assert_eq!(cents(given), Some(85_000));
}

#[test]
fn treatment_without_charge_is_copay_and_deductible_and_at_most_5000() {
    let owed = owes(Given { k: Some(50), d: Some(800), o: Some(5000), ..COPAY_FIRST });
    assert_eq!(owed.amount, Some(Money::from_cents(85_000)));
    assert_eq!(owed.range.unwrap().at_most, Some(Money::from_cents(500_000)));
    assert!(owed.assumes_charge && owed.is_incomplete);
}

#[test]
fn treatment_without_charge_and_with_a_met_deductible_needs_the_charge() {
    let owed = owes(Given { d: Some(0), p: Some(20), ..TREATMENT });
    assert_eq!((owed.amount, owed.missing), (None, vec![Need::Charge]));
    let zero_copay = owes(Given { k: Some(0), d: Some(0), p: Some(20), ..COPAY_FIRST });
    assert_eq!(zero_copay.amount, None, "a co-payment of nothing does not settle it");
    assert_eq!(cents(Given { d: Some(0), p: Some(0), ..TREATMENT }), Some(0));
}

#[test]
fn treatment_without_charge_is_capped_by_what_is_left_out_of_pocket() {
    assert_eq!(cents(Given { d: Some(4000), o: Some(1250), ..TREATMENT }), Some(125_000));
}

#[test]
fn a_service_that_is_not_covered_costs_its_charge() {
    let charge = Some(Money::from_cents(30_000));
    assert_eq!(not_covered(charge).amount, charge);
    assert_eq!(not_covered(None).amount, None);
}

#[test]
fn fifteen_percent_of_133_33_is_20_00() {
    let owed = patient_owes(&Terms {
        rule: Rule::DeductibleCoinsurance,
        place: Place::Office,
        charge: Some(Money::from_cents(13_333)),
        copay: None,
        deductible: Some(Money::ZERO),
        coinsurance: BasisPoints::new(1_500),
        out_of_pocket: None,
    });
    assert_eq!(owed.amount, Some(Money::from_cents(2_000)));
}

#[test]
fn a_missing_figure_means_a_range_and_no_amount() {
    let owed = owes(Given { x: Some(150), d: Some(40), o: Some(100), ..NO_COPAY });
    assert_eq!((owed.amount, owed.missing), (None, vec![Need::Coinsurance]));
    let money = |dollars: i64| Some(Money::from_cents(dollars * 100));
    assert_eq!(owed.range, Some(Range { at_least: money(40), at_most: money(100) }));
    let owed = owes(Given { x: Some(150), p: Some(20), ..NO_COPAY });
    assert_eq!(owed.missing, [Need::Deductible]);
    assert_eq!(owed.range, Some(Range { at_least: money(30), at_most: money(150) }));
    let owed = owes(Given { k: Some(50), o: Some(900), ..COPAY_FIRST });
    assert_eq!(owed.missing, [Need::Deductible, Need::Coinsurance, Need::Charge]);
    assert_eq!(owed.range, Some(Range { at_least: money(50), at_most: money(900) }));
}

#[test]
fn what_is_unknown_has_no_say_once_the_known_parts_reach_the_maximum() {
    let given = Given { x: Some(4000), d: Some(2000), o: Some(1500), ..TREATMENT };
    let owed = owes(given);
    assert_eq!((owed.amount, owed.missing), (Some(Money::from_cents(150_000)), vec![]));
    assert_eq!(owed.range, None);
    assert_eq!(owed.parts.last(), Some(&Part::Capped(Money::from_cents(150_000))));
    let open = Given { x: None, d: None, k: Some(50), o: Some(40), ..COPAY_FIRST };
    assert_eq!(cents(open), Some(4_000));
    assert_eq!(cents(Given { o: Some(60), ..open }), None);
    let capped = owes(Given { d: Some(4000), o: Some(1250), ..TREATMENT });
    assert!(!capped.is_incomplete, "co-insurance can add nothing");
    let most = Some(Money::from_cents(125_000));
    assert_eq!(capped.range, Some(Range { at_least: None, at_most: most }));
}

#[test]
fn what_is_unknown_has_no_say_once_the_known_parts_reach_the_charge() {
    let whole = Given { x: Some(150), p: Some(100), ..NO_COPAY };
    assert_eq!(cents(whole), Some(15_000), "all of it, whatever the deductible");
    let rule = Rule::CopayAfterDeductible;
    assert_eq!(cents(Given { rule, x: Some(20), k: Some(25), ..OFFICE }), Some(2_000));
}

#[test]
fn without_a_charge_a_deductible_is_no_lower_end() {
    let owed = owes(Given { k: Some(50), d: Some(800), p: Some(20), ..COPAY_FIRST });
    assert_eq!((owed.amount, owed.range), (Some(Money::from_cents(85_000)), None));
    let unknown = owes(Given { d: Some(800), ..COPAY_FIRST });
    assert_eq!((unknown.amount, unknown.range), (None, None));
    let met = owes(Given { k: Some(50), d: Some(0), p: Some(20), o: Some(900), ..COPAY_FIRST });
    let money = |dollars: i64| Some(Money::from_cents(dollars * 100));
    assert_eq!(met.range, Some(Range { at_least: money(50), at_most: money(900) }));
}

#[test]
fn values_that_are_still_to_be_picked_leave_a_range() {
    let terms = |k: i64, o: i64| Terms {
        rule: Rule::CopayOnly,
        place: Place::Office,
        charge: None,
        copay: Some(Money::from_cents(k)),
        deductible: None,
        coinsurance: None,
        out_of_pocket: Some(Money::from_cents(o)),
    };
    let range = |least: i64, most: i64| {
        let (at_least, at_most) = (Money::from_cents(least), Money::from_cents(most));
        Some(Range { at_least: Some(at_least), at_most: Some(at_most) })
    };
    assert_eq!(between(&terms(2_500, 9_000), &terms(4_000, 9_000)), range(2_500, 4_000));
    assert_eq!(between(&terms(2_500, 1_000), &terms(2_500, 9_000)), range(1_000, 2_500));
}

#[test]
fn office_without_charge_counts_the_copay_alone() {
    let given = Given { k: Some(50), d: Some(800), p: Some(20), ..OFFICE };
    assert_eq!(cents(given), Some(5_000));
    assert_eq!(cents(Given { rule: Rule::CopayFirst, ..given }), Some(5_000));
    let after = Given { rule: Rule::CopayAfterDeductible, ..given };
    assert_eq!(cents(after), None, "the deductible would come first");
    assert_eq!(cents(Given { d: Some(0), ..after }), Some(5_000));
    assert_eq!(cents(Given { k: None, d: Some(0), p: Some(0), ..NO_COPAY }), Some(0));
}

/// The same rules as exact fractions: everything in ten-thousandths of a cent, rounded once. They
/// grow with each figure, so an amount is known when the lowest and the highest come to the same.
fn reference(terms: &Terms) -> Option<i128> {
    const UNIT: i128 = 10_000;
    let scaled = |money: Money| i128::from(money.cents()) * UNIT;
    let x = scaled(terms.charge?);
    let owes = |k: i128, d: i128, p: i128| {
        let exact = match terms.rule {
            Rule::CopayOnly => k.min(x),
            Rule::DeductibleCoinsurance => {
                let d = d.min(x);
                d + (x - d) * p / UNIT
            }
            Rule::CopayFirst => {
                let k = k.min(x);
                let d = d.min(x - k);
                k + d + (x - k - d) * p / UNIT
            }
            Rule::CopayAfterDeductible => {
                let d = d.min(x);
                d + k.min(x - d)
            }
        };
        let capped = terms.out_of_pocket.map_or(exact, |limit| exact.min(scaled(limit))).min(x);
        (2 * capped + UNIT).div_euclid(2 * UNIT)
    };
    let (k, d) = (terms.copay.map(scaled), terms.deductible.map(scaled));
    let p = terms.coinsurance.map(|share| i128::from(share.get()));
    let lowest = owes(k.unwrap_or(0), d.unwrap_or(0), p.unwrap_or(0));
    let highest = owes(k.unwrap_or(x), d.unwrap_or(x), p.unwrap_or(UNIT));
    (lowest == highest).then_some(lowest)
}

fn money() -> impl Strategy<Value = Money> {
    prop_oneof![Just(0), 0..=300_i64, 0..=500_000_i64, 0..=9_999_899_i64]
        .prop_map(Money::from_cents)
}

fn terms() -> impl Strategy<Value = Terms> {
    let rule = prop::sample::select(Rule::ALL.to_vec());
    let place = prop_oneof![Just(Place::Office), Just(Place::Treatment)];
    let share = prop_oneof![Just(0), Just(2_000), 0..=10_000_i64].prop_map(BasisPoints::new);
    let share = prop_oneof![share, Just(None)];
    let figures = [money(), money(), money(), money()].map(prop::option::of);
    let [x, k, d, o] = figures;
    (rule, place, x, k, d, o, share).prop_map(|(rule, place, x, k, d, o, share)| Terms {
        rule,
        place,
        charge: x,
        copay: k,
        deductible: d,
        coinsurance: share,
        out_of_pocket: o,
    })
}

proptest! {
    #[test]
    fn with_a_charge_the_amount_is_that_of_exact_fractions(terms in terms(), x in money()) {
        let terms = Terms { charge: terms.charge.or(Some(x)), ..terms };
        let amount = patient_owes(&terms).amount.map(|amount| i128::from(amount.cents()));
        prop_assert_eq!(amount, reference(&terms));
    }

    #[test]
    fn nobody_pays_more_than_the_charge_or_what_is_left_out_of_pocket(terms in terms()) {
        let owed = patient_owes(&terms);
        if let Some(amount) = owed.amount {
            prop_assert!(amount >= Money::ZERO);
            prop_assert!(terms.charge.is_none_or(|charge| amount <= charge));
            prop_assert!(terms.out_of_pocket.is_none_or(|limit| amount <= limit));
        }
        prop_assert_eq!(owed.amount.is_none(), !owed.missing.is_empty());
    }

    #[test]
    fn a_range_holds_whatever_the_missing_figures_turn_out_to_be(
        terms in terms(), x in money(), k in money(), d in money(), p in 0..=10_000_i64,
    ) {
        let terms = Terms { charge: terms.charge.or(Some(x)), ..terms };
        let owed = patient_owes(&terms);
        let full = patient_owes(&Terms {
            copay: terms.copay.or(Some(k)),
            deductible: terms.deductible.or(Some(d)),
            coinsurance: terms.coinsurance.or(BasisPoints::new(p)),
            ..terms
        });
        let amount = full.amount.unwrap();
        if let Some(known) = owed.amount {
            prop_assert_eq!(known, amount);
            return Ok(());
        }
        let range = owed.range.unwrap();
        prop_assert!(range.at_least.is_none_or(|least| least <= amount));
        prop_assert!(range.at_most.is_some_and(|most| amount <= most));
    }

    #[test]
    fn without_a_charge_the_amount_is_never_above_what_a_large_charge_brings(terms in terms()) {
        let open = patient_owes(&Terms { charge: None, ..terms });
        let large = Money::from_cents(1_000_000_000_000);
        let settled = patient_owes(&Terms { charge: Some(large), ..terms });
        if let (Some(open), Some(settled)) = (open.amount, settled.amount) {
            prop_assert!(open <= settled);
        }
    }

    #[test]
    fn forgetting_a_figure_never_changes_an_amount_but_for_the_cap(
        terms in terms(), forget in 0..3,
    ) {
        let mut fewer = terms;
        match forget {
            0 => fewer.copay = None,
            1 => fewer.deductible = None,
            _ => fewer.coinsurance = None,
        }
        let (all, some) = (patient_owes(&terms).amount, patient_owes(&fewer).amount);
        if let (Some(all), Some(some)) = (all, some) {
            prop_assert_eq!(all, some);
        }
    }
}
