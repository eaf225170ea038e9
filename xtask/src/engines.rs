//! Counts the tests that ran on each database engine.
//!
//! A test that touches data is made once for each engine, and the two differ only in the last part
//! of their path: `…::sqlite` and `…::postgres`. A test that is there on one engine only is a hole
//! in the promise that both behave alike, so it fails the run.

use std::collections::BTreeSet;
use std::path::Path;

use crate::process::Outcome;

/// The tests that ran, by engine, without the engine's name.
#[derive(Default)]
pub(crate) struct Ran {
    sqlite: BTreeSet<String>,
    postgres: BTreeSet<String>,
    neither: usize,
}

impl Ran {
    /// Reads the `JUnit` report that nextest leaves.
    pub(crate) fn read(report: &Path) -> Outcome<Self> {
        let text = std::fs::read_to_string(report)
            .map_err(|error| format!("cannot read {}: {error}", report.display()))?;
        Ok(Self::parse(&text))
    }

    fn parse(report: &str) -> Self {
        let mut ran = Self::default();
        for tag in report.split("<testcase ").skip(1) {
            let tag = tag.split('>').next().unwrap_or(tag);
            let crate_name = attribute(tag, "classname").unwrap_or_default();
            let name = attribute(tag, "name").unwrap_or_default();
            let full = format!("{crate_name} {name}");
            if let Some(base) = full.strip_suffix("::sqlite") {
                ran.sqlite.insert(base.to_owned());
            } else if let Some(base) = full.strip_suffix("::postgres") {
                ran.postgres.insert(base.to_owned());
            } else {
                ran.neither += 1;
            }
        }
        ran
    }

    /// One line for the developer.
    pub(crate) fn line(&self) -> String {
        format!(
            "tests on SQLite: {}, on PostgreSQL: {}, on neither: {}",
            self.sqlite.len(),
            self.postgres.len(),
            self.neither
        )
    }

    /// An error that names the tests which ran on one engine only.
    pub(crate) fn check(&self) -> Outcome<()> {
        let lonely: Vec<&str> =
            self.sqlite.symmetric_difference(&self.postgres).map(String::as_str).collect();
        if lonely.is_empty() {
            return Ok(());
        }
        Err(format!("{} tests ran on one engine only:\n  {}", lonely.len(), lonely.join("\n  ")))
    }
}

fn attribute<'tag>(tag: &'tag str, name: &str) -> Option<&'tag str> {
    let start = tag.match_indices(name).find_map(|(at, _)| {
        let alone = at == 0 || tag[..at].ends_with(' ');
        let rest = tag[at + name.len()..].strip_prefix("=\"")?;
        alone.then_some(rest)
    })?;
    start.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(names: &[&str]) -> String {
        let case = |name: &&str| {
            format!(
                "<testcase name=\"{name}\" classname=\"almoner-app\" time=\"0.01\">\n</testcase>"
            )
        };
        names.iter().map(case).collect()
    }

    #[test]
    fn tests_are_counted_by_engine() {
        let ran = Ran::parse(&report(&["refund::sqlite", "refund::postgres", "money::adds"]));
        assert_eq!(ran.line(), "tests on SQLite: 1, on PostgreSQL: 1, on neither: 1");
        assert_eq!(ran.check(), Ok(()));
    }

    #[test]
    fn a_test_on_one_engine_only_fails() {
        let ran = Ran::parse(&report(&["refund::sqlite", "pay::postgres", "refund::postgres"]));
        let message = ran.check().unwrap_err();
        assert!(message.contains("almoner-app pay"), "{message}");
        assert!(!message.contains("refund"), "{message}");
    }

    #[test]
    fn no_tests_at_all_pass() {
        assert_eq!(Ran::parse("<testsuites></testsuites>").check(), Ok(()));
    }
}
