//! The official libraries of Standard Webhooks, which verify what the tests send.

use std::path::{Path, PathBuf};

use crate::process::{Outcome, find_program};
use crate::{python, tools};

const FOLDER: &str = "crates/gateways/tests/webhooks/official";

/// Names the Python that has the official library.
const PYTHON: &str = "ALMONER_WEBHOOKS_PYTHON";
/// Names the Node.js that finds the official library beside its script.
const NODE: &str = "ALMONER_WEBHOOKS_NODE";

/// Installs both libraries as their lists say, and tells the tests where they are.
pub(crate) fn libraries(root: &Path) -> Outcome<Vec<(&'static str, PathBuf)>> {
    let folder = root.join(FOLDER);
    let python = python::environment(root, "webhooks-python", &folder.join("requirements.txt"))?;
    tools::ensure_node_packages(&folder, tools::NODE_MAJOR_MIN)?;
    let node = find_program("node").ok_or("Node.js is not on the PATH")?;
    Ok(vec![(PYTHON, python), (NODE, node)])
}
