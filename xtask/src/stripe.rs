//! Stripe's official clients, which the tests drive the stand-in for Stripe with.

use std::path::{Path, PathBuf};

use crate::process::{Outcome, find_program};
use crate::{python, tools};

const FOLDER: &str = "crates/stripe-fake/tests/official";

/// Names the Python that has the official client.
const PYTHON: &str = "ALMONER_STRIPE_PYTHON";
/// Names the Node.js that finds the official client beside its script.
const NODE: &str = "ALMONER_STRIPE_NODE";

/// Installs both clients as their lists say, and tells the tests where they are.
pub(crate) fn clients(root: &Path) -> Outcome<Vec<(&'static str, PathBuf)>> {
    let folder = root.join(FOLDER);
    let python = python::environment(root, "stripe-python", &folder.join("requirements.txt"))?;
    tools::ensure_node_packages(&folder, tools::STRIPE_NODE_MAJOR_MIN)?;
    let node = find_program("node").ok_or("Node.js is not on the PATH")?;
    Ok(vec![(PYTHON, python), (NODE, node)])
}
