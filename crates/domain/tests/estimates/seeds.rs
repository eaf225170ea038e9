//! The fuzzer's seeds, each named for the case that it leads to.

use std::path::Path;

use almoner_domain::estimate::{Case, estimate};

use crate::invariants;
use crate::random::found;
use crate::reference;
use crate::sets::set;

/// Where the fuzzer begins; a seed is called `case` or `case-something`.
const FOLDER: &str = "../../fuzz/seeds/estimate";

#[test]
fn every_seed_of_the_fuzzer_leads_to_its_case() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the seeds are there") {
        let path = entry.expect("a seed can be read").path();
        let set = set(&std::fs::read(&path).expect("a seed can be read"));
        let estimate = estimate(&set.request, &set.checks);
        invariants::hold(&set, &estimate);
        assert_eq!(found(&estimate), reference::estimate(&set.request, &set.checks), "{path:?}");
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let case = name.split('-').next().unwrap_or_default();
        assert_eq!(estimate.case.as_str(), case, "{path:?}");
        cases.push(estimate.case);
    }
    assert!(Case::ALL.iter().all(|case| cases.contains(case)), "each case has a seed");
}
