//! The project's own text files, read once and handed to every check.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::process::Command;

use super::source::{self, Masked};
use crate::process::{self, Outcome};

/// Folders that are never the project's own, for trees that git does not manage.
const FOREIGN_FOLDERS: [&str; 5] =
    ["target", "node_modules", "almoner-data", "artifacts", "screenshots"];

/// Something to put right, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finding {
    path: String,
    line: usize,
    message: String,
}

impl Finding {
    /// A finding at a line of a file, counted from 1.
    pub(super) fn new(file: &File, line: usize, message: impl Into<String>) -> Self {
        Self { path: file.path.clone(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// One text file.
pub(super) struct File {
    /// Its path in the project, with `/` between the parts.
    pub(super) path: String,
    /// What it says.
    pub(super) text: String,
    /// For Rust: the same with comments and literals blanked out.
    pub(super) rust: Option<Masked>,
}

impl File {
    /// A file of this path and text.
    pub(super) fn new(path: &str, text: &str) -> Self {
        let rust = Path::new(path).extension().is_some_and(|ending| ending == "rs");
        let rust = rust.then(|| source::mask(text));
        Self { path: path.to_owned(), text: text.to_owned(), rust }
    }

    /// The crate's folder name, for files under `crates/`.
    pub(super) fn crate_name(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }

    /// Whether the name ends with one of these.
    pub(super) fn ends_with_any(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.path.ends_with(ending))
    }

    /// Whether all of it is test code, by its place.
    pub(super) fn is_test(&self) -> bool {
        self.path.contains("/tests/")
            || self.path.ends_with("/tests.rs")
            || self.path.ends_with("/testing.rs")
            || self.path.contains("/testing/")
    }

    /// The numbers of the lines of `view` on which `wanted` holds, counted from 1.
    pub(super) fn lines_where<'view>(
        view: &'view str,
        wanted: impl Fn(&str) -> bool + 'view,
    ) -> impl Iterator<Item = usize> + 'view {
        view.lines().enumerate().filter(move |(_, line)| wanted(line)).map(|(index, _)| index + 1)
    }
}

/// All files of the project.
pub(super) struct Tree {
    /// Those that are text, sorted by path.
    pub(super) files: Vec<File>,
    /// The paths of all, text or not.
    pub(super) paths: BTreeSet<String>,
}

impl Tree {
    /// Reads the files that git tracks or would track; without git, all that are not foreign.
    pub(super) fn read(root: &Path) -> Outcome<Self> {
        let mut paths = match git_paths(root) {
            Ok(paths) => paths,
            Err(_) => walk(root, "")?,
        };
        paths.sort();
        paths.dedup();
        let mut files = Vec::new();
        let mut kept = BTreeSet::new();
        for path in paths {
            let full = root.join(&path);
            // Deleted files are still tracked, and links lead to what is read anyway.
            if !full.is_file() || full.is_symlink() {
                continue;
            }
            let bytes = std::fs::read(&full).map_err(|error| format!("{path}: {error}"))?;
            // What is not UTF-8 is an image or the like.
            if let Ok(text) = String::from_utf8(bytes) {
                files.push(File::new(&path, &text));
            }
            kept.insert(path);
        }
        Ok(Self { files, paths: kept })
    }

    /// A tree for tests of the checks.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let paths = files.iter().map(|(path, _)| (*path).to_owned()).collect();
        Self { files: files.iter().map(|(path, text)| File::new(path, text)).collect(), paths }
    }

    /// The Rust files, with their masked text.
    pub(super) fn rust(&self) -> impl Iterator<Item = (&File, &Masked)> {
        self.files.iter().filter_map(|file| Some((file, file.rust.as_ref()?)))
    }
}

fn git_paths(root: &Path) -> Outcome<Vec<String>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root);
    let printed = process::output(&mut git)?;
    Ok(printed.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
}

fn walk(root: &Path, folder: &str) -> Outcome<Vec<String>> {
    let mut paths = Vec::new();
    let entries = std::fs::read_dir(root.join(folder))
        .map_err(|error| format!("cannot read the folder `{folder}`: {error}"))?;
    for entry in entries.filter_map(Result::ok) {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if !is_folder {
            paths.push(path);
        } else if !FOREIGN_FOLDERS.contains(&name.as_str()) && name != ".git" {
            paths.extend(walk(root, &path)?);
        }
    }
    Ok(paths)
}

/// Runs one check on a tree of these files and returns the findings as text.
#[cfg(test)]
pub(super) fn found(check: fn(&Tree, &mut Vec<Finding>), files: &[(&str, &str)]) -> Vec<String> {
    let mut found = Vec::new();
    check(&Tree::of(files), &mut found);
    found.iter().map(ToString::to_string).collect()
}
