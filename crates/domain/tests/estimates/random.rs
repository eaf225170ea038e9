//! Ten thousand random answers: the engine and the reference come to the same results.

use std::collections::{BTreeMap, BTreeSet};

use almoner_domain::Money;
use almoner_domain::estimate::{
    Benefit, Case, Check, Estimate, Figure, FigureValue, Network, NetworkChoice, Outcome, Request,
    Rule, estimate,
};

use crate::invariants;
use crate::reference::{self, Expected, Seen};
use crate::sets::{Set, set};

const SETS: u64 = 10_000;
const SOAK_FACTOR: u64 = 20;
const SEED: u64 = 271;
const BYTES_MAX: usize = 700;

/// How often each case and each rule must occur, so that none is compared by accident only.
const OFTEN: u64 = 40;

/// How many sets are tried: some, or as many as a soak test takes.
#[expect(clippy::disallowed_methods, reason = "a soak test is asked for by the environment")]
fn rounds() -> u64 {
    let is_soak = std::env::var("ALMONER_SOAK").is_ok_and(|value| value == "1");
    if is_soak { SETS * SOAK_FACTOR } else { SETS }
}

/// Repeatable bytes: the generator called `SplitMix64`.
fn bytes(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).to_le_bytes()
    };
    std::iter::repeat_with(next).flatten().take(BYTES_MAX).collect()
}

/// The sets, each with its number.
fn sets() -> impl Iterator<Item = (u64, Set)> {
    (0..rounds()).map(|number| (number, set(&bytes(SEED + number))))
}

fn seen(figure: &Figure) -> Seen {
    let value = figure.value.map(|value| match value {
        FigureValue::Amount(money) => money.cents(),
        FigureValue::Percent(share) => share.get(),
    });
    Seen { state: figure.state, value, rows: figure.rows.iter().copied().collect() }
}

/// What the engine says, as the reference says it.
pub(crate) fn found(estimate: &Estimate) -> Expected {
    let range = estimate.range.map_or((None, None), |range| (range.at_least, range.at_most));
    let cents = |money: Option<Money>| money.map(Money::cents);
    Expected {
        case: estimate.case,
        figures: [
            seen(&estimate.copay),
            seen(&estimate.coinsurance),
            seen(&estimate.deductible_remaining),
            seen(&estimate.out_of_pocket_remaining),
        ],
        amount: cents(estimate.amount),
        range: (cents(range.0), cents(range.1)),
    }
}

fn agree(set: &Set) -> bool {
    found(&estimate(&set.request, &set.checks)) == reference::estimate(&set.request, &set.checks)
}

/// The set without whatever does not matter to the disagreement.
fn smallest(mut set: Set) -> Set {
    loop {
        let mut fewer = Vec::new();
        for (at, check) in set.checks.iter().enumerate() {
            for row in 0..check.benefits.len() {
                let mut without = set.clone();
                without.checks[at].benefits.remove(row);
                fewer.push(without);
            }
        }
        match fewer.into_iter().find(|set| !agree(set)) {
            Some(without) => set = without,
            None => return set,
        }
    }
}

/// Rows in another order, by bytes of the set's own.
fn shuffled(check: &Check, number: u64) -> Check {
    let mut check = check.clone();
    let order = bytes(number);
    for (place, byte) in (1..check.benefits.len()).zip(&order) {
        check.benefits.swap(place, usize::from(*byte) % (place + 1));
    }
    check
}

/// The check with rows for the other network, as much as possible like those that count.
fn with_wrong_network(check: &Check, request: &Request) -> Check {
    let network = match request.network {
        NetworkChoice::In => Network::Out,
        NetworkChoice::Out => Network::In,
    };
    let wrong = |code: &str, place: i64, cents: i64| Benefit {
        code: code.to_owned(),
        index: 1_000 + place,
        network,
        service_types: ["98", "30", "1", "62", "78"].map(str::to_owned).to_vec(),
        period: matches!(code, "C" | "G").then(|| "29".to_owned()),
        amount_cents: Some(cents),
        percent_bp: Some(cents),
        ..Benefit::default()
    };
    let codes = (0..).zip(["B", "A", "C", "G", "B", "E", "I", "1", "6"]);
    let mut check = check.clone();
    for (place, code) in codes {
        check.benefits.insert(0, wrong(code, place, 100 * place));
    }
    check
}

/// How often each thing occurred.
#[derive(Default)]
struct Counts<Thing>(BTreeMap<Thing, u64>);

impl<Thing: Ord + std::fmt::Debug> Counts<Thing> {
    fn note(&mut self, thing: Thing) {
        *self.0.entry(thing).or_default() += 1;
    }

    fn assert_often(&self, all: impl IntoIterator<Item = Thing>) {
        for thing in all {
            let count = self.0.get(&thing).copied().unwrap_or(0);
            assert!(count >= OFTEN, "{thing:?} occurred {count} times");
        }
    }
}

#[test]
fn ten_thousand_random_answers_agree_with_the_reference() {
    let (mut cases, mut rules) = (Counts::default(), Counts::default());
    for (number, set) in sets() {
        let estimate = estimate(&set.request, &set.checks);
        let (engine, expected) = (found(&estimate), reference::estimate(&set.request, &set.checks));
        assert!(
            engine == expected,
            "set {number}\n{:#?}\nengine {engine:#?}\nreference {expected:#?}",
            smallest(set)
        );
        cases.note(estimate.case.as_str());
        if let Some(rule) = estimate.rule.filter(|_| estimate.case == Case::Ok) {
            rules.note(rule.as_str());
        }
    }
    cases.assert_often(Case::ALL.map(Case::as_str));
    rules.assert_often(Rule::ALL.map(Rule::as_str));
}

#[test]
fn every_random_answer_keeps_the_invariants() {
    for (number, set) in sets() {
        let estimate = estimate(&set.request, &set.checks);
        let hold = || invariants::hold(&set, &estimate);
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(hold));
        assert!(outcome.is_ok(), "set {number}\n{set:#?}\n{estimate:#?}");
    }
}

#[test]
fn the_order_of_rows_changes_nothing() {
    for (number, set) in sets() {
        let checks: Vec<Check> = set.checks.iter().map(|check| shuffled(check, number)).collect();
        let (before, after) =
            (estimate(&set.request, &set.checks), estimate(&set.request, &checks));
        assert_eq!(found(&before), found(&after), "set {number}");
        let rules = |estimate: &Estimate| -> BTreeSet<&str> {
            estimate.rules_offered.iter().map(|rule| rule.as_str()).collect()
        };
        assert_eq!(rules(&before), rules(&after), "set {number}");
    }
}

#[test]
fn rows_of_the_other_network_change_nothing() {
    for (number, set) in sets() {
        let wrong = |check: &Check| match check.outcome {
            // Without a row there is nothing that a row could be added to.
            Outcome::Rejected => check.clone(),
            _ => with_wrong_network(check, &set.request),
        };
        let checks: Vec<Check> = set.checks.iter().map(wrong).collect();
        let (before, after) =
            (estimate(&set.request, &set.checks), estimate(&set.request, &checks));
        assert_eq!(found(&before), found(&after), "set {number}");
        assert_eq!(before.rule, after.rule, "set {number}");
        assert_eq!(before.rules_offered, after.rules_offered, "set {number}");
    }
}
