//! The estimate of any answer and any question: it returns, and the invariants of the tests hold.
//!
//! Run it with `cargo +nightly fuzz run estimate fuzz/corpus/estimate fuzz/seeds/estimate`. What
//! the bytes stand for is said in `sets.rs`, which the tests share; a seed is named for its case.

#![no_main]

#[path = "../../crates/domain/tests/estimates/invariants.rs"]
mod invariants;
#[path = "../../crates/domain/tests/estimates/sets.rs"]
mod sets;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let set = sets::set(input);
    let estimate = almoner_domain::estimate::estimate(&set.request, &set.checks);
    invariants::hold(&set, &estimate);
});
