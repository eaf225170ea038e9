//! The models of FHIR R4, which check what the read facade gives.

use std::path::{Path, PathBuf};

use crate::process::Outcome;
use crate::python;

/// Names the Python that has the models.
const PYTHON: &str = "ALMONER_FHIR_PYTHON";

/// Installs the models as their list says, and tells the tests where they are.
pub(crate) fn models(root: &Path) -> Outcome<Vec<(&'static str, PathBuf)>> {
    let list = root.join("crates/web/tests/fhir/requirements.txt");
    Ok(vec![(PYTHON, python::environment(root, "fhir-python", &list)?)])
}
