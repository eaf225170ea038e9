//! Has readers that are not ours read the questions that we write.
//!
//! They are Python packages of fixed versions in an environment of their own under the folder that
//! cargo builds into. What they check, and how it is known that they do, stands in
//! `crates/x12/tests/independent/read_270.py`.

use std::path::Path;
use std::process::Command;

use crate::process::{self, Outcome};
use crate::{project, python};

const FOLDER: &str = "crates/x12/tests/independent";

/// Writes a question of each shape and has it read; an error when a reader objects.
pub(crate) fn run(root: &Path) -> Outcome<()> {
    let list = root.join(FOLDER).join("requirements.txt");
    let python = python::environment(root, "python", &list)?;
    let questions = project::target(root).join("questions");
    remake(&questions)?;
    let mut write = process::cargo(
        root,
        &["run", "--quiet", "--package", "almoner-x12", "--example", "inquiries", "--"],
    );
    process::run(write.arg(&questions))?;
    let script = root.join(FOLDER).join("read_270.py");
    process::run(Command::new(python).arg("-B").arg(script).arg(questions))
}

/// An empty folder, whatever was there.
fn remake(folder: &Path) -> Outcome<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(|error| error.to_string())?;
    }
    std::fs::create_dir_all(folder).map_err(|error| error.to_string())
}
