//! Makers of clients, which make typed clients from the interface's description for the tests.

use std::path::{Path, PathBuf};

use crate::process::{Outcome, find_program};
use crate::{python, tools};

const FOLDER: &str = "crates/almoner/tests/clients";

/// Names the Python that has the maker of Python clients.
const PYTHON: &str = "ALMONER_CLIENTS_PYTHON";
/// Names the Node.js that finds the maker of TypeScript clients beside its script.
const NODE: &str = "ALMONER_CLIENTS_NODE";

/// Installs both makers as their lists say, and tells the tests where they are.
pub(crate) fn makers(root: &Path) -> Outcome<Vec<(&'static str, PathBuf)>> {
    let folder = root.join(FOLDER);
    let python = python::environment(root, "clients-python", &folder.join("requirements.txt"))?;
    tools::ensure_node_packages(&folder, tools::CLIENTS_NODE_MAJOR_MIN)?;
    let node = find_program("node").ok_or("Node.js is not on the PATH")?;
    Ok(vec![(PYTHON, python), (NODE, node)])
}
