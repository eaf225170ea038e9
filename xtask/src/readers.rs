//! Has readers that are not ours read the questions and the receipts that we write.
//!
//! They are Python packages of fixed versions in an environment of their own under the folder that
//! cargo builds into. What they check, and how it is known that they do, stands in
//! `crates/x12/tests/independent/read_270.py` and `crates/web/tests/independent/read_pdf.py`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{self, Outcome};
use crate::{project, python};

const FOLDER: &str = "crates/x12/tests/independent";

/// What is written and read: the example that writes, and the script that reads.
const READ: [(&str, &str); 2] = [
    ("inquiries", "crates/x12/tests/independent/read_270.py"),
    ("receipts", "crates/web/tests/independent/read_pdf.py"),
];

/// Writes a question and a receipt of each shape and has them read; an error when a reader
/// objects.
pub(crate) fn run(root: &Path) -> Outcome<()> {
    let python = python(root)?;
    // Built as for the tests, so that nothing is built twice with other features.
    process::run(&mut process::cargo(root, &["build", "--workspace", "--examples"]))?;
    for (example, script) in READ {
        let folder = project::target(root).join("read").join(example);
        remake(&folder)?;
        let program = project::target(root).join("debug/examples").join(example);
        process::run(Command::new(program).arg(&folder))?;
        let script = root.join(script);
        process::run(Command::new(&python).arg("-B").arg(script).arg(folder))?;
    }
    Ok(())
}

/// The Python that has the readers.
pub(crate) fn python(root: &Path) -> Outcome<PathBuf> {
    python::environment(root, "python", &root.join(FOLDER).join("requirements.txt"))
}

/// An empty folder, whatever was there.
fn remake(folder: &Path) -> Outcome<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(|error| error.to_string())?;
    }
    std::fs::create_dir_all(folder).map_err(|error| error.to_string())
}
