//! Documents that others look for by name and form.

use std::collections::BTreeMap;

use super::tree::{File, Finding, Tree};

const DECISIONS: &str = "docs/decisions/";
const CHANGELOG: &str = "CHANGELOG.md";
const NUMBER_DIGITS: usize = 4;

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
}
