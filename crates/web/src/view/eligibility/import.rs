//! What became of an import.

use almoner_domain::CheckId;
use askama::Template;

use super::CheckRow;
use crate::view::Samples;
use crate::view::parts::{Shell, plural};
use crate::view::samples;

/// What became of an import: the answer to the form **Import**.
#[derive(Debug, Clone, Template)]
#[template(path = "eligibility/imported.html")]
pub(crate) struct ImportedPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// A part for each file.
    pub(crate) files: Vec<ImportedFile>,
}

impl ImportedPage {
    /// `3 checks read from 2 files`
    fn read(&self) -> String {
        let checks = self.files.iter().map(|file| file.counts.all).sum();
        format!("{} read from {}", counted(checks, "check"), counted(self.files.len(), "file"))
    }

    /// `1 file`
    fn failed(&self) -> String {
        counted(self.failed_count(), "file")
    }

    fn failed_count(&self) -> usize {
        self.files.iter().filter(|file| file.error.is_some()).count()
    }
}

fn counted(number: usize, noun: &str) -> String {
    plural(i64::try_from(number).unwrap_or(i64::MAX), noun)
}

/// What became of a file.
#[derive(Debug, Clone)]
pub(crate) struct ImportedFile {
    /// Its name.
    pub(crate) name: String,
    /// Why nothing could be read.
    pub(crate) error: Option<String>,
    /// How many checks there are in it.
    pub(crate) counts: Counts,
    /// The checks in it that are shown: first those that wait.
    pub(crate) checks: Vec<ImportedCheck>,
    /// What deserves care about the file as a whole.
    pub(crate) warnings: Vec<String>,
}

/// How many checks there are in a file.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    /// All of them.
    pub(crate) all: usize,
    /// Those that were there already.
    pub(crate) duplicates: usize,
    /// The new ones that wait for a patient.
    pub(crate) waiting: usize,
}

impl ImportedFile {
    /// `3 answers: 1 new and matched, 1 waits for a patient, 1 here already`
    pub(crate) fn told(&self) -> String {
        let Counts { all, duplicates, waiting } = self.counts;
        let matched = all.saturating_sub(duplicates + waiting);
        let parts = [
            (matched, "matched".to_owned()),
            (waiting, if waiting == 1 { "waits" } else { "wait" }.to_owned() + " for a patient"),
            (duplicates, "here already".to_owned()),
        ];
        let told = parts.into_iter().filter(|part| part.0 > 0);
        let told: Vec<String> = told.map(|(count, what)| format!("{count} {what}")).collect();
        let colon = if told.is_empty() { "" } else { ": " };
        format!("{}{colon}{}", counted(all, "answer"), told.join(", "))
    }

    /// How many of its checks are not shown.
    pub(crate) fn hidden(&self) -> Option<String> {
        let hidden = self.counts.all.saturating_sub(self.checks.len());
        (hidden > 0).then(|| counted(hidden, "more answer"))
    }
}

/// A check that was read from a file.
#[derive(Debug, Clone)]
pub(crate) struct ImportedCheck {
    /// The check, or the first one of a duplicate.
    pub(crate) row: CheckRow,
    /// The same answer was there already, as this check.
    pub(crate) first: Option<CheckId>,
    /// Why it waits in the inbox, when the reason is not just that nobody matches.
    pub(crate) note: Option<String>,
}

impl Samples for ImportedPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let files = samples::imported_files();
        let usual = Self { shell: samples::shell(), files };
        let one = Self { files: usual.files[2..].to_vec(), ..usual.clone() };
        vec![("usual", usual), ("failed", one)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_of_in_one_line() {
        let told = |all, duplicates, waiting| {
            let counts = Counts { all, duplicates, waiting };
            let (name, checks, warnings) = (String::new(), Vec::new(), Vec::new());
            ImportedFile { name, error: None, counts, checks, warnings }.told()
        };
        assert_eq!(told(1, 0, 0), "1 answer: 1 matched");
        assert_eq!(told(4, 1, 2), "4 answers: 1 matched, 2 wait for a patient, 1 here already");
        assert_eq!(told(0, 0, 0), "0 answers");
    }
}
