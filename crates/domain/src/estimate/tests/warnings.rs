//! What is said beside the case.

use super::*;

fn warned(row: Benefit) -> Vec<WarningCode> {
    let estimate = of_rows(&office(), [copay(25), maximum(5000), row]);
    assert_eq!((estimate.case, estimate.amount), (Case::Ok, dollars(25)));
    estimate.warnings.iter().map(|warning| warning.code).collect()
}

fn aged(days: i64) -> Estimate {
    let checked_on = TODAY.checked_sub(jiff::Span::new().days(days)).unwrap();
    estimate(&office(), &[Check { checked_on, ..check([active(), copay(25)]) }])
}

#[test]
fn a_good_answer_has_no_warnings() {
    assert!(warned(active()).is_empty());
}

#[test]
fn a_check_is_stale_after_thirty_days_and_still_used() {
    assert!(!has(&aged(30), WarningCode::Stale));
    let stale = aged(31);
    assert!(has(&stale, WarningCode::Stale) && stale.offers_amount());
    assert_eq!(stale.age_days, Some(31));
    assert!(!has(&aged(-3), WarningCode::Stale));
}

#[test]
fn limits_authorizations_and_other_payers_are_said() {
    let limit = |quantity: &str| Benefit {
        quantity_qualifier: Some("VS".to_owned()),
        quantity: Some(quantity.to_owned()),
        ..row("F").about("98").period("29")
    };
    assert_eq!(warned(limit("0")), [WarningCode::LimitReached]);
    assert_eq!(warned(limit("0.00")), [WarningCode::LimitReached]);
    assert!(warned(limit("3")).is_empty());
    assert!(warned(limit("")).is_empty());
    assert!(warned(limit("0").about("33")).is_empty());
    let authorized = Benefit { authorization: Some(true), ..row("CB").about("98") };
    assert_eq!(warned(authorized), [WarningCode::AuthorizationRequired]);
    assert_eq!(warned(row("R").about("30")), [WarningCode::OtherPayer]);
    assert_eq!(warned(row("Y").dollars(300)), [WarningCode::SpendDown]);
}

#[test]
fn being_out_of_network_is_said() {
    let request = Request { network: NetworkChoice::Out, ..office() };
    let estimate = of_rows(&request, [copay(60).network(Network::Out)]);
    assert_eq!((estimate.amount, estimate.network), (dollars(60), NetworkChoice::Out));
    assert!(has(&estimate, WarningCode::OutOfNetwork) && estimate.offers_amount());
}

#[test]
fn words_that_contradict_the_network_are_said() {
    let estimate = of_rows(&office(), [copay(25).says("OUT OF NETWORK")]);
    assert!(has(&estimate, WarningCode::NetworkContradicted));
}

#[test]
fn the_payers_words_are_said_once_for_each_row() {
    let words = "DEDUCTIBLE WAIVED; WAIVED IF ADMITTED; TIER 2; REFERRAL; GREATER OF 10 OR 20 %";
    let estimate = of_rows(&office(), [copay(25).says(words).says(words)]);
    let said: Vec<&str> = estimate.warnings.iter().map(|warning| warning.code.as_str()).collect();
    assert_eq!(
        said,
        [
            "out_of_pocket_unknown",
            "says_deductible_waived",
            "says_greater_of",
            "says_waived_if_admitted",
            "says_tier",
            "says_referral",
        ]
    );
    assert_eq!(estimate.rule, Some(Rule::CopayOnly), "words never switch the rule");
    assert_eq!(estimate.rules_offered, [Rule::CopayOnly, Rule::DeductibleCoinsurance]);
}

#[test]
fn an_answer_for_another_date_is_said() {
    let dates = vec![date("291", "2026-11-01", None)];
    let estimate = estimate(&office(), &[Check { dates, ..check([active(), copay(25)]) }]);
    assert_eq!(estimate.case, Case::Ok);
    assert!(has(&estimate, WarningCode::OtherDate));
}

#[test]
fn a_charge_beyond_belief_is_set_aside() {
    for cents in [-1, i64::MIN, i64::MAX] {
        let charge = Some(Money::from_cents(cents));
        let estimate = of_rows(&Request { charge, ..office() }, [copay(25)]);
        assert_eq!(estimate.amount, dollars(25));
        assert!(has(&estimate, WarningCode::ChargeSetAside));
    }
}

#[test]
fn codes_are_stored_by_their_names() {
    for code in WarningCode::ALL {
        assert_eq!(serde_json::to_string(code).unwrap(), format!("\"{}\"", code.as_str()));
    }
}
