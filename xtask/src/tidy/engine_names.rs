//! One code path for two databases: the engines are named in one place.

use super::source;
use super::tree::{File, Finding, Tree};

const NAMES: [&str; 4] = ["Sqlite", "Postgres", "sqlite", "postgres"];
/// Where a database address is read, it is read by its scheme.
const SCHEMES: [&str; 3] = ["sqlite:", "postgres:", "postgresql:"];
const SCHEME_CRATE: &str = "almoner";

/// In the crates, engine names stand in `store/src/db.rs` and `store/src/db/` only. Tests pick an
/// engine by its name, and the binary knows the schemes of database addresses.
pub(super) fn outside_their_place(tree: &Tree, found: &mut Vec<Finding>) {
    for (file, masked) in tree.rust() {
        let Some(name) = file.crate_name().filter(|_| !is_their_place(file)) else { continue };
        let tests = source::test_lines(&masked.code);
        let lines = File::lines_where(&masked.text, |line| names_engine(line, name));
        for line in lines.filter(|line| !tests.iter().any(|range| range.contains(line))) {
            let message = "an engine is named outside crates/store/src/db.rs";
            found.push(Finding::new(file, line, message));
        }
    }
}

fn is_their_place(file: &File) -> bool {
    file.path == "crates/store/src/db.rs"
        || file.path.starts_with("crates/store/src/db/")
        || file.is_test()
}

fn names_engine(line: &str, crate_name: &str) -> bool {
    let mut line = line.to_owned();
    if crate_name == SCHEME_CRATE {
        for scheme in SCHEMES {
            line = line.replace(scheme, "");
        }
    }
    NAMES.iter().any(|name| line.contains(name))
}

#[cfg(test)]
mod tests {
    use super::super::tree::found;
    use super::*;

    #[test]
    fn an_engine_named_elsewhere_is_found() {
        let samples = [
            ("crates/app/src/refund.rs", "fn a() {\n    match db { Db::Sqlite(_) => 1 }\n}\n"),
            ("crates/web/src/lib.rs", "const X: &str = \"postgres://\";\n"),
        ];
        let message = "an engine is named outside crates/store/src/db.rs";
        let expected = [
            format!("crates/app/src/refund.rs:2: {message}"),
            format!("crates/web/src/lib.rs:1: {message}"),
        ];
        assert_eq!(found(outside_their_place, &samples), expected);
    }

    #[test]
    fn their_places_tests_comments_and_addresses_pass() {
        let samples = [
            ("crates/store/src/db.rs", "enum Db { Sqlite, Postgres }"),
            ("crates/store/src/db/rows.rs", "use sqlx::Sqlite;"),
            ("crates/store/src/testing.rs", "mod sqlite {}"),
            ("crates/app/tests/refund.rs", "mod postgres {}"),
            ("crates/app/src/lib.rs", "// As on sqlite.\n#[cfg(test)]\nmod t { mod sqlite {} }\n"),
            ("crates/almoner/src/config.rs", "const D: &str = \"sqlite://almoner.db\";"),
            ("xtask/src/main.rs", "mod postgres;"),
        ];
        assert!(found(outside_their_place, &samples).is_empty());
    }
}
