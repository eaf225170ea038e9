//! The reader of eligibility answers on any bytes: it returns, its ranges lie within the input, no
//! row is given to two patients, and the steps in which it is given the input make no difference.
//!
//! Run it with `cargo +nightly fuzz run read_271 fuzz/corpus/read_271 fuzz/seeds/read_271`; add a
//! file to `fuzz/seeds/read_271` for each new shape of input. The last byte is the size of a step.

#![no_main]

use std::collections::BTreeSet;

use almoner_x12::{Reader, Transaction, Unreadable, Warning};
use libfuzzer_sys::fuzz_target;

/// Several times what the reader looks ahead.
const LONG_BYTES: usize = 3000;

fuzz_target!(|input: &[u8]| {
    let step = input.last().map_or(1, |last| usize::from(*last) + 1);
    // Every other time it is longer than what the reader looks ahead.
    let times = if step % 2 == 0 { 1 } else { 1 + LONG_BYTES / input.len().max(1) };
    let input = input.repeat(times);
    let whole = read(&input, input.len() + 1);
    assert_eq!(whole, read(&input, step));
    let (transactions, end) = whole;
    assert_eq!(transactions.is_empty(), end.is_err());
    let mut rows = BTreeSet::new();
    for transaction in &transactions {
        assert!(!transaction.answers.is_empty());
        for answer in &transaction.answers {
            assert!(answer.segments.start <= answer.segments.end);
            assert!(answer.segments.end <= input.len());
            for row in &answer.benefits {
                assert!(rows.insert(row.index));
                assert!(row.segment.starts_with("EB"));
                assert!(transaction.text.contains(&row.segment));
            }
        }
    }
});

/// Everything that is read from an input in such steps.
fn read(input: &[u8], step: usize) -> (Vec<Transaction>, Result<Vec<Warning>, Unreadable>) {
    let mut reader = Reader::with_step(input, step);
    let next = || reader.next_transaction().expect("memory can be read");
    let transactions = std::iter::from_fn(next).collect();
    (transactions, reader.finish())
}
