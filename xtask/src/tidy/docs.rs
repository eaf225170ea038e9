//! Documents that others look for by name and form.

use std::collections::{BTreeMap, BTreeSet};

use super::source;
use super::tree::{File, Finding, Tree};

const DECISIONS: &str = "docs/decisions/";
const CHANGELOG: &str = "CHANGELOG.md";
const NUMBER_DIGITS: usize = 4;
/// Files that are proof of something, and are named by a table that says of what.
const FIXTURES: [&str; 1] = ["crates/x12/tests/fixtures/"];

/// Decisions are `NNNN-title.md`, each number once, and begin with a heading; so does the change
/// log, which has a section for each version.
pub(super) fn decisions_and_changelog(tree: &Tree, found: &mut Vec<Finding>) {
    let mut numbers: BTreeMap<&str, &str> = BTreeMap::new();
    for file in &tree.files {
        if let Some(name) = file.path.strip_prefix(DECISIONS) {
            let Some(number) = decision_number(name) else {
                found.push(Finding::new(file, 1, "a decision is named NNNN-title.md"));
                continue;
            };
            if let Some(other) = numbers.insert(number, name) {
                found.push(Finding::new(file, 1, format!("the number is taken by {other}")));
            }
            check_heading(file, found);
        } else if file.path == CHANGELOG {
            check_heading(file, found);
            if !file.text.lines().any(|line| line.starts_with("## ")) {
                found.push(Finding::new(file, 1, "there is no `## ` section for a version"));
            }
        }
    }
}

fn check_heading(file: &File, found: &mut Vec<Finding>) {
    if !file.text.starts_with("# ") {
        found.push(Finding::new(file, 1, "the first line is not a `# ` heading"));
    }
}

fn decision_number(name: &str) -> Option<&str> {
    let (number, title) = name.strip_suffix(".md")?.split_once('-')?;
    let is_number = number.len() == NUMBER_DIGITS && number.bytes().all(|b| b.is_ascii_digit());
    let is_title = !title.is_empty()
        && title.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    (is_number && is_title).then_some(number)
}

/// What stands between back quotes in the tables of a document, with the number of its line.
fn quoted_in_tables(file: &File) -> impl Iterator<Item = (usize, &str)> {
    let ending = std::path::Path::new(&file.path).extension();
    let is_document = file.path.starts_with("docs/") && ending.is_some_and(|ending| ending == "md");
    let lines = file
        .text
        .lines()
        .enumerate()
        .filter(move |(_, line)| is_document && line.trim_start().starts_with('|'));
    lines.flat_map(|(index, line)| {
        line.split('`').skip(1).step_by(2).map(move |quoted| (index + 1, quoted))
    })
}

/// What a table of a document names between back quotes is there: a test as
/// `path/to/file.rs::name`, a file by its path.
pub(super) fn named_in_tables(tree: &Tree, found: &mut Vec<Finding>) {
    let tests: BTreeMap<&str, BTreeSet<String>> = tree
        .rust()
        .map(|(file, masked)| {
            let functions = source::functions(&masked.code);
            (file.path.as_str(), functions.into_iter().map(|function| function.name).collect())
        })
        .collect();
    for file in &tree.files {
        for (line, quoted) in quoted_in_tables(file) {
            let (path, name) = match quoted.split_once(".rs::") {
                Some((path, name)) => (format!("{path}.rs"), Some(name)),
                None => (quoted.to_owned(), None),
            };
            let is_path = name.is_some() || path.starts_with("crates/") || path.starts_with("e2e/");
            if !is_path {
                continue;
            }
            if !tree.paths.contains(&path) {
                found.push(Finding::new(file, line, format!("there is no file `{path}`")));
            } else if let Some(name) = name
                && !tests.get(path.as_str()).is_some_and(|names| names.contains(name))
            {
                let message = format!("there is no function `{name}` in `{path}`");
                found.push(Finding::new(file, line, message));
            }
        }
    }
}

/// Every fixture is named by a table of a document, which says what it proves.
pub(super) fn fixtures_in_tables(tree: &Tree, found: &mut Vec<Finding>) {
    let named: BTreeSet<&str> =
        tree.files.iter().flat_map(quoted_in_tables).map(|(_, quoted)| quoted).collect();
    let fixtures = tree.paths.iter().filter(|path| {
        FIXTURES.iter().any(|folder| path.starts_with(folder)) && !named.contains(path.as_str())
    });
    for path in fixtures {
        found.push(Finding::new(
            &File::new(path, ""),
            1,
            "no table under docs/ names this fixture",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::found;
    use super::*;

    #[test]
    fn wrong_names_and_forms_are_found() {
        let samples = [
            ("CHANGELOG.md", "Changes\n"),
            ("docs/decisions/0001-two-engines.md", "# Two engines\n"),
            ("docs/decisions/0001-again.md", "# Again\n"),
            ("docs/decisions/7-short.md", "# Short\n"),
        ];
        let expected = [
            "CHANGELOG.md:1: the first line is not a `# ` heading",
            "CHANGELOG.md:1: there is no `## ` section for a version",
            "docs/decisions/0001-again.md:1: the number is taken by 0001-two-engines.md",
            "docs/decisions/7-short.md:1: a decision is named NNNN-title.md",
        ];
        assert_eq!(found(decisions_and_changelog, &samples), expected);
    }

    #[test]
    fn right_names_and_forms_pass() {
        let samples = [
            ("CHANGELOG.md", "# Changes\n\n## 0.1.0\n"),
            ("docs/decisions/0001-two-engines.md", "# Two engines\n"),
            ("docs/OPERATIONS.md", "Anything.\n"),
        ];
        assert!(found(decisions_and_changelog, &samples).is_empty());
    }

    #[test]
    fn what_tables_name_must_be_there() {
        let samples = [
            (
                "docs/a/b.md",
                "`crates/x/none.rs::outside_a_table`\n\n| a | b |\n|---|---|\n\
                 | `crates/x/t.rs::there` | `crates/x/t.rs::missing` |\n\
                 | `crates/x/none.rs::there` | `crates/x/f.271` |\n\
                 | `crates/x/none.271` | `any_code` |\n",
            ),
            ("crates/x/t.rs", "#[test]\nfn there() {}\n// fn missing() {}\n"),
            ("crates/x/f.271", "ISA"),
        ];
        let expected = [
            "docs/a/b.md:5: there is no function `missing` in `crates/x/t.rs`",
            "docs/a/b.md:6: there is no file `crates/x/none.rs`",
            "docs/a/b.md:7: there is no file `crates/x/none.271`",
        ];
        assert_eq!(found(named_in_tables, &samples), expected);
    }

    #[test]
    fn fixtures_must_be_named() {
        let samples = [
            ("docs/a.md", "| `crates/x12/tests/fixtures/a.271` |\n"),
            ("crates/x12/tests/fixtures/a.271", "ISA"),
            ("crates/x12/tests/fixtures/b.271", "ISA"),
            ("crates/x12/tests/cases/c.rs", ""),
        ];
        let expected =
            ["crates/x12/tests/fixtures/b.271:1: no table under docs/ names this fixture"];
        assert_eq!(found(fixtures_in_tables, &samples), expected);
    }
}
