//! Answers without end: the work grows with the rows and not with their square.

use std::time::{Duration, Instant};

use almoner_domain::estimate::MAX_ROWS;

use crate::support::*;

/// More rows than any payer is known to send, and a fifth of them.
const MANY_ROWS: usize = 1_500;
const FEW_ROWS: usize = MANY_ROWS / 5;

/// How often an estimate of many rows is drawn; one of few rows is drawn five times as often, so
/// that both cost the same as long as the work grows with the rows.
const RUNS: usize = 4;

/// So many times that work is allowed. Sorted lists cost a little more than once, pairs of rows
/// five times.
const MAX_TIMES: u32 = 2;

const WORDS: &str = "AFTER DEDUCTIBLE; LESSER OF 50 OR 20 %; WAIVED IF ADMITTED; TIER 2; REFERRAL; \
                     OUT OF NETWORK";

/// A row by its number.
type Numbered = fn(i64) -> Benefit;

/// Ways of being many.
const SHAPES: [(&str, Numbered); 9] = [
    ("co-payments that all differ", |n| copay(n).says(&format!("VISIT {n}"))),
    ("co-payments that all contradict", copay),
    ("co-payments that all say everything", |n| copay(n).says(WORDS).says(&n.to_string())),
    ("co-payments that are all the same", |_| copay(25).says(WORDS)),
    ("totals and uses that are all the same", |n| {
        deductible(if n % 2 == 0 { 1_000 } else { 300 }).period(if n % 2 == 0 {
            "23"
        } else {
            "24"
        })
    }),
    ("uses that all differ", |n| deductible(n).period(if n == 0 { "23" } else { "24" })),
    ("levels and networks in turn", |n| {
        let network = if n % 3 == 0 { Network::In } else { Network::NotStated };
        maximum(n).level(if n % 2 == 0 { "IND" } else { "FAM" }).network(network)
    }),
    ("rows for procedures", |n| share(n % 100).of(&format!("J{:04}", n % 10_000))),
    ("exclusions and statuses", |n| match n % 3 {
        0 => row("I").of(&format!("J{n:04}")),
        1 => row("E").about("30").says(WORDS),
        _ => row("6").about("98").dated("291", "2024-01-01", Some("2024-12-31")),
    }),
];

fn question() -> Request {
    let codes: Vec<String> = (1_740..1_760).map(|code| format!("J{code}")).collect();
    Request { procedures: codes, ..charging(150, office()) }
}

fn answer(rows: usize, row: Numbered) -> Check {
    active_with((0..i64::try_from(rows - 1).expect("there are few rows")).map(row))
}

/// How long this thread has worked. Where the system does not say it, how long it has been, which
/// other programs disturb.
#[expect(clippy::disallowed_methods, reason = "the growth of the work is what is measured")]
fn worked(since: Instant) -> Duration {
    let said = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = said.and_then(|said| said.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| Instant::now().duration_since(since), Duration::from_nanos)
}

#[expect(clippy::disallowed_methods, reason = "the growth of the work is what is measured")]
fn work(check: &Check, runs: usize) -> Duration {
    let (request, start) = (question(), Instant::now());
    let before = worked(start);
    for _ in 0..runs {
        let estimate = estimate(&request, std::slice::from_ref(check));
        assert!(estimate.check.is_some());
    }
    worked(start).saturating_sub(before)
}

#[test]
fn the_work_does_not_grow_with_the_square_of_the_rows() {
    for (name, row) in SHAPES {
        let few = work(&answer(FEW_ROWS, row), RUNS * (MANY_ROWS / FEW_ROWS));
        let many = work(&answer(MANY_ROWS, row), RUNS);
        assert!(many < few * MAX_TIMES, "{name}: {many:?}, and {few:?} in parts");
    }
}

#[test]
fn what_is_said_does_not_grow_with_the_square_of_the_rows() {
    for (name, row) in SHAPES {
        let estimate = estimate(&question(), &[answer(MANY_ROWS, row)]);
        let figures = [
            &estimate.copay,
            &estimate.coinsurance,
            &estimate.deductible_remaining,
            &estimate.out_of_pocket_remaining,
        ];
        let rows: usize = figures.iter().map(|figure| figure.rows.len()).sum();
        let options: usize = figures.iter().map(|figure| figure.options.len()).sum();
        assert!(rows <= MANY_ROWS && options <= MANY_ROWS, "{name}: {rows} rows");
        assert!(estimate.sources.len() <= MANY_ROWS && estimate.procedures.len() <= MANY_ROWS + 20);
        assert!(estimate.warnings.len() <= 250, "{name}: {} warnings", estimate.warnings.len());
    }
}

#[test]
fn rows_beyond_the_limit_are_left_out_and_said() {
    let longer = answer(MAX_ROWS + 100, |n| copay(n).says(&n.to_string()));
    let estimate = estimate(&office(), &[longer]);
    assert_eq!(estimate.case, Case::ChoiceNeeded);
    assert_eq!(estimate.copay.options.len(), MAX_ROWS - 1);
    assert!(has(&estimate, WarningCode::RowsLeftOut));
}
