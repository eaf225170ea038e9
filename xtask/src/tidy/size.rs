//! Lines, functions and files stay short enough to be read at once.

use super::source;
use super::tree::{File, Finding, Tree};

const RUST_LINE_CHARS_MAX: usize = 100;
const PAGE_LINE_CHARS_MAX: usize = 120;
const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;
const PAGE_ENDINGS: [&str; 4] = [".css", ".js", ".mjs", ".html"];

/// Lines of Rust have at most 100 characters, lines of pages and scripts at most 120.
pub(super) fn lines(tree: &Tree, found: &mut Vec<Finding>) {
    for file in &tree.files {
        let max = if file.rust.is_some() {
            RUST_LINE_CHARS_MAX
        } else if file.ends_with_any(&PAGE_ENDINGS) {
            PAGE_LINE_CHARS_MAX
        } else {
            continue;
        };
        for line in File::lines_where(&file.text, |line| is_too_long(line, max)) {
            found.push(Finding::new(file, line, format!("the line is longer than {max}")));
        }
    }
}

/// A comment that is only an address cannot be broken.
fn is_too_long(line: &str, max: usize) -> bool {
    let lone_address = line.trim_start().starts_with("//")
        && line.contains("https://")
        && line.split_whitespace().count() <= 3;
    line.chars().count() > max && !lone_address
}

/// Source files have at most 600 lines.
pub(super) fn files(tree: &Tree, found: &mut Vec<Finding>) {
    for file in &tree.files {
        let lines = file.text.lines().count();
        let counts = file.rust.is_some() || file.ends_with_any(&PAGE_ENDINGS);
        if counts && lines > FILE_LINES_MAX {
            let message = format!("the file has {lines} lines, more than {FILE_LINES_MAX}");
            found.push(Finding::new(file, lines, message));
        }
    }
}

/// Functions have at most 70 lines, from `fn` to the last brace.
pub(super) fn functions(tree: &Tree, found: &mut Vec<Finding>) {
    for (file, masked) in tree.rust() {
        for function in source::functions(&masked.code) {
            let (name, lines) = (&function.name, function.len());
            if lines > FUNCTION_LINES_MAX {
                let message = format!("`{name}` has {lines} lines, more than {FUNCTION_LINES_MAX}");
                found.push(Finding::new(file, *function.lines.start(), message));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::found;
    use super::*;

    #[test]
    fn long_lines_are_found_by_kind() {
        let (rust, page) = ("x".repeat(101), "é".repeat(121));
        let address = format!("/// <https://example.com/{}>", "x".repeat(100));
        let files = [
            ("crates/web/src/lib.rs", rust.as_str()),
            ("crates/web/src/a.rs", address.as_str()),
            ("crates/web/assets/app.css", page.as_str()),
            ("crates/web/assets/app.js", rust.as_str()),
            ("README.md", page.as_str()),
        ];
        let expected = [
            "crates/web/src/lib.rs:1: the line is longer than 100",
            "crates/web/assets/app.css:1: the line is longer than 120",
        ];
        assert_eq!(found(lines, &files), expected);
    }

    #[test]
    fn long_files_are_found() {
        let (long, short) = ("\n".repeat(601), "\n".repeat(600));
        let samples = [("a.rs", long.as_str()), ("b.rs", short.as_str()), ("c.sql", &long)];
        assert_eq!(found(files, &samples), ["a.rs:601: the file has 601 lines, more than 600"]);
    }

    #[test]
    fn long_functions_are_found() {
        let body = |lines: usize| format!("\nfn f() {{\n{}}}\n", "x;\n".repeat(lines));
        let (long, short) = (body(69), body(68));
        let samples = [("a.rs", long.as_str()), ("b.rs", short.as_str())];
        assert_eq!(found(functions, &samples), ["a.rs:2: `f` has 71 lines, more than 70"]);
    }
}
