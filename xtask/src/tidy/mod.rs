//! Checks of style that the compiler does not make. Each prints `file:line: message`.
//!
//! To add a check: write a function `fn name(tree: &Tree, found: &mut Vec<Finding>)` in the module
//! it belongs to, add it to [`CHECKS`], and test it with one bad and one good sample.

mod dead;
mod docs;
mod engine_names;
mod migrations;
mod size;
mod source;
mod templates;
mod tree;
mod words;

use tree::{Finding, Tree};

use crate::process::Outcome;
use crate::project;

/// A check adds what it finds to the list.
type Check = fn(&Tree, &mut Vec<Finding>);

/// Every check, in the order in which they are run.
const CHECKS: [Check; 18] = [
    size::lines,
    size::files,
    size::functions,
    engine_names::outside_their_place,
    words::floats,
    words::unfinished,
    words::ignored_tests,
    words::sleeping_tests,
    words::machine_paths,
    templates::inline_style,
    templates::inline_handlers,
    templates::unescaped,
    dead::modules,
    dead::templates,
    migrations::on_both_engines,
    docs::decisions_and_changelog,
    docs::named_in_tables,
    docs::fixtures_in_tables,
];

/// Runs every check on the project.
pub(crate) fn run() -> Outcome<()> {
    let tree = Tree::read(&project::root())?;
    let mut found = Vec::new();
    for check in CHECKS {
        check(&tree, &mut found);
    }
    found.sort();
    for finding in &found {
        println!("{finding}");
    }
    println!("{} files, {} checks, {} findings", tree.files.len(), CHECKS.len(), found.len());
    if found.is_empty() { Ok(()) } else { Err(format!("{} style findings", found.len())) }
}
