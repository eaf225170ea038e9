//! The reader of FHIR bundles on any bytes: it returns, what it links lies within what it read, and
//! every fault has a place.
//!
//! Run it with `cargo +nightly fuzz run read_bundle fuzz/corpus/read_bundle
//! fuzz/seeds/read_bundle`; add a file to `fuzz/seeds/read_bundle` for each new shape of input.

#![no_main]

use almoner_fhir::{Link, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    match read(input, jiff::civil::date(2026, 3, 10)) {
        Err(faults) => {
            assert!(!faults.is_empty());
            assert!(faults.iter().all(|fault| fault.place.starts_with("Bundle")));
        }
        Ok(bundle) => {
            let is_person = |link: &Link| match link {
                Link::Within(at) => *at < bundle.persons.len(),
                Link::Outside(_) => true,
            };
            assert!(bundle.coverages.iter().all(|one| is_person(&one.patient)));
            for visit in &bundle.visits {
                assert!(is_person(&visit.patient));
                if let Some(Link::Within(at)) = visit.practitioner {
                    assert!(at < bundle.practitioners.len());
                }
                if let Some(Link::Within(at)) = visit.location {
                    assert!(at < bundle.locations.len());
                }
            }
        }
    }
});
