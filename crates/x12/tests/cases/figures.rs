//! Money and percentages as payers write them: what is unknown is never a figure.

use almoner_x12::{Network, WarningCode};

use crate::cases::common::{codes, one_of, rows_of};

/// The period and the amount of each row.
fn figures(name: &str) -> Vec<(String, Option<i64>)> {
    let rows = rows_of(name).into_iter();
    rows.map(|row| (row.period.unwrap_or_default(), row.amount_cents)).collect()
}

/// The same, to compare with.
fn expected(pairs: &[(&str, Option<i64>)]) -> Vec<(String, Option<i64>)> {
    pairs.iter().map(|(period, amount)| ((*period).to_owned(), *amount)).collect()
}

#[test]
fn amounts_are_read_in_every_shape() {
    let found: Vec<_> = figures("eb07_amounts.271").into_iter().map(|found| found.1).collect();
    let expected = [0, 2500, 2500, 50, 150_000, 9_999_999, 1235, 150_000, -1250];
    assert_eq!(found, expected.map(Some));
}

#[test]
fn an_amount_that_cannot_be_read_is_unknown() {
    let answer = one_of("amount_unreadable.271");
    assert_eq!(answer.benefits[1].amount_cents, None);
    assert!(answer.benefits[1].segment.contains("N/A"));
    assert_eq!(codes(&answer), [WarningCode::AmountUnreadable]);
}

#[test]
fn a_percentage_is_read_in_every_shape() {
    let answer = one_of("percent_forms.271");
    let percents: Vec<_> = answer.benefits.iter().map(|row| row.percent_bp).collect();
    let whole = Some(2000);
    assert_eq!(percents, [whole, whole, whole, whole, whole, Some(0), Some(10_000)]);
    assert!(answer.benefits.iter().all(|row| row.amount_cents.is_none()));
    let sent: Vec<_> =
        answer.benefits.iter().filter_map(|row| row.percent_as_sent.as_deref()).collect();
    assert_eq!(sent, [".2", "0.20", "20", ".2", "20", "0", "1"]);
    let expected = [
        WarningCode::PercentWhole,
        WarningCode::PercentInAmount,
        WarningCode::PercentInAmount,
        WarningCode::PercentWhole,
    ];
    assert_eq!(codes(&answer), expected);
}

#[test]
fn a_percentage_that_cannot_be_read_is_unknown() {
    let answer = one_of("percent_unreadable.271");
    assert!(answer.benefits.iter().all(|row| row.percent_bp.is_none()));
    assert_eq!(codes(&answer), [WarningCode::PercentUnreadable; 3]);
}

#[test]
fn a_coinsurance_without_percentage_is_unknown() {
    let answer = one_of("percent_missing.271");
    assert_eq!(answer.benefits[1].percent_bp, None);
    assert_eq!(codes(&answer), [WarningCode::PercentMissing]);
}

#[test]
fn a_total_and_a_remainder_are_two_rows() {
    let pairs = [
        ("", None),
        ("23", Some(150_000)),
        ("29", Some(41_235)),
        ("", Some(600_000)),
        ("29", Some(510_010)),
    ];
    assert_eq!(figures("total_and_remaining.271"), expected(&pairs));
}

#[test]
fn only_the_used_amount_may_be_sent() {
    let pairs = [("", None), ("24", Some(81_250)), ("23", Some(150_000))];
    assert_eq!(figures("only_used.271"), expected(&pairs));
}

#[test]
fn a_limit_of_all_nines_is_kept_as_sent() {
    let rows = rows_of("no_limit.271");
    assert_eq!(rows[1].amount_cents, Some(9_999_999));
    assert_eq!(rows[1].level.as_deref(), Some("FAM"));
}

#[test]
fn a_copay_of_zero_and_a_coinsurance_of_zero_are_known() {
    let rows = rows_of("zero_and_unknown.271");
    assert_eq!(rows[1].amount_cents, Some(0));
    assert_eq!(rows[2].percent_bp, Some(0));
    assert_eq!(rows[3].amount_cents, None, "unknown is not zero");
}

#[test]
fn two_copays_may_differ_in_their_messages_only() {
    let rows = rows_of("copays_by_message.271");
    assert_eq!(rows[1].messages, ["PRIMARY CARE"]);
    assert_eq!(rows[2].messages, ["SPECIALIST", "TIER 1"]);
    assert_eq!((rows[1].amount_cents, rows[2].amount_cents), (Some(2000), Some(4500)));
}

#[test]
fn elements_shifted_to_the_left_are_read_from_there() {
    let answer = one_of("shifted_left.271");
    let [_, deductible, out, copay] = &answer.benefits[..] else {
        panic!("four rows were expected");
    };
    assert_eq!((deductible.period.as_deref(), deductible.amount_cents), (Some("29"), Some(50_000)));
    assert_eq!(deductible.network, Network::In);
    assert_eq!((out.plan.as_deref(), out.amount_cents), (Some("SAMPLE GOLD PPO"), Some(150_000)));
    assert_eq!(out.network, Network::Out);
    let procedure = copay.procedure.as_ref().map(|found| found.code.as_str());
    assert_eq!((copay.amount_cents, procedure), (Some(2500), Some("J1745")));
    assert_eq!(codes(&answer), [WarningCode::ElementsShifted; 3]);
}

#[test]
fn elements_shifted_to_the_right_are_read_from_there() {
    let answer = one_of("shifted_right.271");
    let [_, deductible, copay] = &answer.benefits[..] else {
        panic!("three rows were expected");
    };
    assert_eq!((deductible.amount_cents, deductible.percent_bp), (Some(150_000), None));
    assert_eq!(deductible.network, Network::In);
    assert_eq!((copay.amount_cents, copay.network), (Some(2500), Network::Out));
    assert_eq!(codes(&answer), [WarningCode::ElementsShifted; 2]);
}

#[test]
fn figures_that_may_be_shifted_or_not_are_withheld() {
    let answer = one_of("shift_uncertain.271");
    assert!(answer.benefits.iter().all(|row| row.amount_cents.is_none()));
    assert!(answer.benefits.iter().all(|row| row.percent_bp.is_none()));
    assert_eq!(codes(&answer), [WarningCode::ElementsUncertain; 2]);
}

#[test]
fn active_and_inactive_rows_stand_together() {
    let answer = one_of("active_and_inactive.271");
    assert!(answer.benefits[0].is_active() && answer.benefits[1].is_inactive());
    assert_eq!(answer.plan.as_deref(), Some("SAMPLE GOLD PPO"));
}

#[test]
fn an_inactive_answer_says_until_when() {
    let row = rows_of("inactive.271").remove(0);
    assert!(row.is_inactive());
    assert_eq!(row.dates[0].from.to_string(), "2025-12-31");
}

#[test]
fn an_answer_without_any_money_is_read() {
    let rows = rows_of("no_money.271");
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row.amount_cents.is_none() && row.percent_bp.is_none()));
}

#[test]
fn a_spend_down_is_read() {
    let rows = rows_of("spend_down.271");
    assert_eq!((rows[1].code.as_str(), rows[1].amount_cents), ("Y", Some(25_000)));
}

#[test]
fn visits_that_are_used_up_are_a_quantity_of_zero() {
    let row = rows_of("visits_used_up.271").remove(1);
    assert_eq!((row.quantity.as_deref(), row.period.as_deref()), (Some("0"), Some("29")));
    assert_eq!(row.delivery, ["20 visits for 1 × calendar year"]);
}
