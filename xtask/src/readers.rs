//! Has readers that are not ours read the questions and the receipts that we write.
//!
//! They are Python packages of fixed versions in an environment of their own under the folder that
//! cargo builds into. What they check, and how it is known that they do, stands in
//! `crates/x12/tests/independent/read_270.py` and `crates/web/tests/independent/read_pdf.py`.

use std::path::Path;
use std::process::Command;

use crate::process::{self, Outcome};
use crate::{project, python};

const FOLDER: &str = "crates/x12/tests/independent";

/// What is written and read: the package, its example that writes, and the script that reads.
const READ: [(&str, &str, &str); 2] = [
    ("almoner-x12", "inquiries", "crates/x12/tests/independent/read_270.py"),
    ("almoner-web", "receipts", "crates/web/tests/independent/read_pdf.py"),
];

/// Writes a question and a receipt of each shape and has them read; an error when a reader
/// objects.
pub(crate) fn run(root: &Path) -> Outcome<()> {
    let list = root.join(FOLDER).join("requirements.txt");
    let python = python::environment(root, "python", &list)?;
    for (package, example, script) in READ {
        let folder = project::target(root).join("read").join(example);
        remake(&folder)?;
        let arguments = ["run", "--quiet", "--package", package, "--example", example, "--"];
        process::run(process::cargo(root, &arguments).arg(&folder))?;
        let script = root.join(script);
        process::run(Command::new(&python).arg("-B").arg(script).arg(folder))?;
    }
    Ok(())
}

/// An empty folder, whatever was there.
fn remake(folder: &Path) -> Outcome<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(|error| error.to_string())?;
    }
    std::fs::create_dir_all(folder).map_err(|error| error.to_string())
}
