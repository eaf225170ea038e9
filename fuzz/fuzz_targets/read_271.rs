//! The reader of eligibility answers on any bytes: it returns, its ranges lie within the input, and
//! no row is given to two patients.
//!
//! Run it with `cargo +nightly fuzz run read_271 fuzz/corpus/read_271 fuzz/seeds/read_271`; add a
//! file to `fuzz/seeds/read_271` for each new shape of input.

#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(found) = almoner_x12::read(input) else {
        return;
    };
    assert!(!found.answers.is_empty());
    let mut rows = BTreeSet::new();
    for answer in &found.answers {
        assert!(answer.segments.start <= answer.segments.end);
        assert!(answer.segments.end <= input.len());
        for row in &answer.benefits {
            assert!(rows.insert(row.index));
            assert!(row.segment.starts_with("EB"));
        }
    }
    let _ = almoner_x12::readable_text(&found.answers[0], input);
});
