//! Both engines migrate in the same steps.

use std::collections::BTreeSet;

use super::tree::{Finding, Tree};

const FOLDER: &str = "crates/store/migrations/";
const ENGINES: [&str; 2] = ["sqlite", "postgres"];

/// Every migration is there for both engines, under the same name.
pub(super) fn on_both_engines(tree: &Tree, found: &mut Vec<Finding>) {
    let migrations = || {
        tree.files.iter().filter_map(|file| {
            let (engine, name) = file.path.strip_prefix(FOLDER)?.split_once('/')?;
            Some((file, engine, name))
        })
    };
    let all: BTreeSet<(&str, &str)> =
        migrations().map(|(_, engine, name)| (engine, name)).collect();
    for (file, engine, name) in migrations() {
        for other in ENGINES.iter().filter(|other| **other != engine) {
            if !all.contains(&(*other, name)) {
                let message = format!("there is no {FOLDER}{other}/{name}");
                found.push(Finding::new(file, 1, message));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::found;
    use super::*;

    #[test]
    fn a_migration_for_one_engine_only_is_found() {
        let samples = [
            ("crates/store/migrations/sqlite/0001_start.sql", ""),
            ("crates/store/migrations/postgres/0001_start.sql", ""),
            ("crates/store/migrations/postgres/0002_more.sql", ""),
        ];
        let expected = ["crates/store/migrations/postgres/0002_more.sql:1: there is no \
                         crates/store/migrations/sqlite/0002_more.sql"];
        assert_eq!(found(on_both_engines, &samples), expected);
        assert!(found(on_both_engines, &samples[..2]).is_empty());
    }
}
