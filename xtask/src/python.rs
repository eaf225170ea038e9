//! Python with packages of fixed versions, in environments of their own under the folder that
//! cargo builds into.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{self, Outcome};
use crate::project;

/// Python in the environment of that name, with the packages that `list` names; made anew when
/// the list changed.
pub(crate) fn environment(root: &Path, name: &str, list: &Path) -> Outcome<PathBuf> {
    let wanted = std::fs::read_to_string(list)
        .map_err(|error| format!("cannot read {}: {error}", list.display()))?;
    let folder = project::target(root).join(name);
    let python = folder.join("bin/python");
    // Written last, so that an environment that was cut off is made anew.
    let made = folder.join("made-of.txt");
    if std::fs::read_to_string(&made).is_ok_and(|made| made == wanted) {
        return Ok(python);
    }
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|error| error.to_string())?;
    }
    process::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    install.args(["--no-deps", "--only-binary", ":all:", "--requirement"]);
    process::run(install.arg(list))?;
    std::fs::write(&made, wanted).map_err(|error| error.to_string())?;
    Ok(python)
}
