//! Has readers that are not ours read the questions and the receipts that we write.
//!
//! They are Python packages of fixed versions in an environment of their own under the folder that
//! cargo builds into. What they check, and how it is known that they do, stands in
//! `crates/x12/tests/independent/read_270.py` and `crates/web/tests/independent/read_pdf.py`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{self, Outcome};
use crate::project;

const FOLDER: &str = "crates/x12/tests/independent";

/// What is written and read: the package, its example that writes, and the script that reads.
const READ: [(&str, &str, &str); 2] = [
    ("almoner-x12", "inquiries", "crates/x12/tests/independent/read_270.py"),
    ("almoner-web", "receipts", "crates/web/tests/independent/read_pdf.py"),
];

/// Writes a question and a receipt of each shape and has them read; an error when a reader
/// objects.
pub(crate) fn run(root: &Path) -> Outcome<()> {
    let python = environment(root)?;
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

/// Python in an environment with the packages that the list names, made anew when the list
/// changed.
fn environment(root: &Path) -> Outcome<PathBuf> {
    let list = root.join(FOLDER).join("requirements.txt");
    let wanted = std::fs::read_to_string(&list)
        .map_err(|error| format!("cannot read {}: {error}", list.display()))?;
    let folder = project::target(root).join("python");
    let python = folder.join("bin/python");
    // Written last, so that an environment that was cut off is made anew.
    let made = folder.join("made-of.txt");
    if std::fs::read_to_string(&made).is_ok_and(|made| made == wanted) {
        return Ok(python);
    }
    remake(&folder)?;
    process::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    install.args(["--no-deps", "--only-binary", ":all:", "--requirement"]);
    process::run(install.arg(&list))?;
    std::fs::write(&made, wanted).map_err(|error| error.to_string())?;
    Ok(python)
}

/// An empty folder, whatever was there.
fn remake(folder: &Path) -> Outcome<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(|error| error.to_string())?;
    }
    std::fs::create_dir_all(folder).map_err(|error| error.to_string())
}
