//! Which use cases there are, read from the source itself, so that none is forgotten.

use std::collections::BTreeSet;
use std::path::Path;

/// Every public function of the crate that is told who asks, as `file::function`.
pub(crate) fn use_cases() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("the source is there") {
        let path = entry.expect("the source can be listed").path();
        // A folder has parts of the file of its name, and no use case.
        if path.is_dir() {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("the source can be read");
        let file = path.file_stem().and_then(|stem| stem.to_str()).expect("files have names");
        for function in text.split("\npub async fn ").skip(1) {
            let (name, rest) = function.split_once('(').expect("functions have parameters");
            let parameters = rest.split("\n{").next().and_then(|head| head.split("->").next());
            if parameters.is_some_and(|parameters| parameters.contains("actor: &Actor")) {
                found.insert(format!("{file}::{name}"));
            }
        }
    }
    assert!(found.len() > 30, "the source was read: {found:?}");
    found
}
