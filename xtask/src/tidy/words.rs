//! Words that have no place in the code.

use super::source::{self, Function};
use super::tree::{File, Finding, Tree};

/// Crates in which every number is exact.
const EXACT_CRATES: [&str; 5] = ["domain", "store", "app", "gateways", "x12"];
const UNFINISHED: [&str; 3] = ["todo!", "dbg!", "unimplemented!"];
/// Parts of paths on one developer's machine, written in pieces so that this file passes.
const MACHINE_PATHS: [&str; 3] =
    [concat!("/wo", "rk/"), concat!("../sha", "red"), concat!("/ro", "ot/")];
/// A helper that may sleep, because it polls with a deadline, begins with this.
const AWAIT_PREFIX: &str = "await_";

/// Money, percentages and times are integers: no floats where they are computed.
pub(super) fn floats(tree: &Tree, found: &mut Vec<Finding>) {
    for (file, masked) in tree.rust() {
        if !file.crate_name().is_some_and(|name| EXACT_CRATES.contains(&name)) {
            continue;
        }
        for word in ["f32", "f64"] {
            for at in source::words(&masked.code, word) {
                let line = source::line_of(&masked.code, at);
                found.push(Finding::new(file, line, format!("`{word}` cannot hold exact amounts")));
            }
        }
    }
}

/// Nothing half-made is committed.
pub(super) fn unfinished(tree: &Tree, found: &mut Vec<Finding>) {
    for (file, masked) in tree.rust() {
        for word in UNFINISHED {
            for line in File::lines_where(&masked.code, |line| has_macro(line, word)) {
                found.push(Finding::new(file, line, format!("`{word}` is left in the code")));
            }
        }
    }
}

fn has_macro(line: &str, word: &str) -> bool {
    let name = word.trim_end_matches('!');
    source::words(line, name).any(|at| line[at + name.len()..].starts_with('!'))
}

/// A test that is not run proves nothing; long forms go behind `ALMONER_SOAK`.
pub(super) fn ignored_tests(tree: &Tree, found: &mut Vec<Finding>) {
    let is_ignored = |line: &str| line.contains("#[ignore") || line.contains(", ignore)]");
    for (file, masked) in tree.rust() {
        for line in File::lines_where(&masked.code, is_ignored) {
            found.push(Finding::new(file, line, "an ignored test; make its long form a setting"));
        }
    }
}

/// Tests wait for what they want to see, with a deadline, and never for a time to pass.
pub(super) fn sleeping_tests(tree: &Tree, found: &mut Vec<Finding>) {
    let message = "a sleep in a test; wait in a helper `await_…` that has a deadline";
    for (file, masked) in tree.rust() {
        let tests = source::test_lines(&masked.code);
        let functions = source::functions(&masked.code);
        for at in sleeps(&masked.code) {
            let line = source::line_of(&masked.code, at);
            let in_test = file.is_test() || tests.iter().any(|range| range.contains(&line));
            if in_test && !in_await_helper(&masked.code, &functions, line) {
                found.push(Finding::new(file, line, message));
            }
        }
    }
    for file in tree.files.iter().filter(|file| file.path.starts_with("e2e/tests/")) {
        let sleeps = |line: &str| line.contains("waitForTimeout(") || line.contains("setTimeout(");
        for line in File::lines_where(&file.text, sleeps) {
            found.push(Finding::new(
                file,
                line,
                "a sleep in a test; wait for what it wants to see",
            ));
        }
    }
}

fn sleeps(code: &str) -> impl Iterator<Item = usize> {
    source::words(code, "sleep").filter(|at| {
        let called = code[at + "sleep".len()..].starts_with('(');
        let defined = code[..*at].trim_end().ends_with("fn");
        called && !defined
    })
}

fn in_await_helper(code: &str, functions: &[Function], line: usize) -> bool {
    let around = functions.iter().filter(|function| function.lines.contains(&line));
    let innermost = around.min_by_key(|function| function.len());
    innermost.is_some_and(|function| {
        let first = function.lines.start() - 1;
        let mut body = code.lines().skip(first).take(function.len());
        function.name.starts_with(AWAIT_PREFIX) && body.any(|line| line.contains("deadline"))
    })
}

/// The project works in any folder on any machine, so it names none.
pub(super) fn machine_paths(tree: &Tree, found: &mut Vec<Finding>) {
    for file in &tree.files {
        for path in MACHINE_PATHS {
            for line in File::lines_where(&file.text, |line| line.contains(path)) {
                found.push(Finding::new(file, line, format!("`{path}` is a path on one machine")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::found;
    use super::*;

    #[test]
    fn floats_are_found_where_numbers_are_exact() {
        let source = "// As f64.\nfn f(x: f64) {}\n";
        let samples = [("crates/domain/src/a.rs", source), ("crates/web/src/a.rs", source)];
        assert_eq!(
            found(floats, &samples),
            ["crates/domain/src/a.rs:2: `f64` cannot hold exact amounts"]
        );
    }

    #[test]
    fn unfinished_code_is_found() {
        let samples = [("a.rs", "fn f() { todo!() }\nfn g() { \"todo!\"; my_todo!(); }\n")];
        assert_eq!(found(unfinished, &samples), ["a.rs:1: `todo!` is left in the code"]);
    }

    #[test]
    fn ignored_tests_are_found() {
        let bad = "#[test]\n#[ignore = \"slow\"]\nfn t() {}\n";
        assert_eq!(found(ignored_tests, &[("a.rs", bad)]).len(), 1);
        assert!(found(ignored_tests, &[("a.rs", "#[test]\nfn t() { ignore() }\n")]).is_empty());
    }

    #[test]
    fn sleeping_tests_are_found() {
        let bad = "#[cfg(test)]\nmod tests {\n  fn t() { std::thread::sleep(x); }\n}\n";
        let path = "crates/jobs/src/lib.rs";
        assert_eq!(found(sleeping_tests, &[(path, bad)]).len(), 1);
        let script = "await page.waitForTimeout(100);\n";
        assert_eq!(found(sleeping_tests, &[("e2e/tests/a.test.mjs", script)]).len(), 1);
    }

    #[test]
    fn waiting_with_a_deadline_passes() {
        let helper = "fn await_row() {\n  let deadline = now();\n  tokio::time::sleep(x);\n}\n";
        let server = "fn poll() { tokio::time::sleep(x); }\n";
        let samples = [("crates/app/tests/a.rs", helper), ("crates/jobs/src/lib.rs", server)];
        assert!(found(sleeping_tests, &samples).is_empty());
    }

    #[test]
    fn paths_on_one_machine_are_found() {
        let bad = format!("see {}main\n", MACHINE_PATHS[0]);
        assert_eq!(found(machine_paths, &[("README.md", &bad)]).len(), 1);
        assert!(found(machine_paths, &[("README.md", "network/ work shared")]).is_empty());
    }
}
