//! No file that nothing uses.

use std::collections::{BTreeMap, BTreeSet};

use super::source;
use super::tree::{File, Finding, Tree};

/// Folders whose every Rust file is a target of its own.
const TARGET_FOLDERS: [&str; 5] =
    ["/tests/", "/benches/", "/examples/", "/src/bin/", "/fuzz_targets/"];
const TARGET_FILES: [&str; 3] = ["/src/lib.rs", "/src/main.rs", "/build.rs"];

/// Every Rust file is reached by `mod` from a target of its crate.
pub(super) fn modules(tree: &Tree, found: &mut Vec<Finding>) {
    let files: BTreeMap<&str, &File> =
        tree.rust().map(|(file, _)| (file.path.as_str(), file)).collect();
    let mut open: Vec<&str> = files.keys().copied().filter(|path| is_target(path)).collect();
    let mut reached: BTreeSet<&str> = open.iter().copied().collect();
    while let Some(path) = open.pop() {
        for candidate in named_modules(files[path]) {
            if let Some((path, _)) = files.get_key_value(candidate.as_str())
                && reached.insert(path)
            {
                open.push(path);
            }
        }
    }
    for file in files.values().filter(|file| !reached.contains(file.path.as_str())) {
        found.push(Finding::new(file, 1, "no `mod` leads to this file"));
    }
}

fn is_target(path: &str) -> bool {
    let in_folder = TARGET_FOLDERS.iter().any(|folder| {
        path.split_once(folder).is_some_and(|(before, name)| {
            // Below `src`, a folder called `tests` is a module.
            !name.contains('/') && (*folder == "/src/bin/" || !before.contains("/src"))
        })
    });
    in_folder || TARGET_FILES.iter().any(|name| path.ends_with(name))
}

/// The paths at which the modules that a file declares may stand.
fn named_modules(file: &File) -> Vec<String> {
    let Some(masked) = &file.rust else { return Vec::new() };
    let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
    let owns_folder = is_target(&file.path) || name == "mod.rs";
    let base = if owns_folder {
        folder.to_owned()
    } else {
        format!("{folder}/{}", name.trim_end_matches(".rs"))
    };
    let mut paths = Vec::new();
    for at in source::words(&masked.code, "mod") {
        let rest = masked.code[at + "mod".len()..].trim_start();
        let module: String =
            rest.chars().take_while(|char| char.is_alphanumeric() || *char == '_').collect();
        if rest[module.len()..].trim_start().starts_with(';') {
            paths.push(format!("{base}/{module}.rs"));
            paths.push(format!("{base}/{module}/mod.rs"));
        }
    }
    let by_path = masked.text.split("#[path = \"").skip(1);
    paths.extend(by_path.filter_map(|rest| Some(format!("{folder}/{}", rest.split('"').next()?))));
    paths
}

/// Every template is named by a page of its crate, or by another template.
pub(super) fn templates(tree: &Tree, found: &mut Vec<Finding>) {
    for file in &tree.files {
        let Some((owner, name)) = file.path.split_once("/templates/") else { continue };
        let quoted = format!("\"{name}\"");
        let is_named = tree.files.iter().any(|other| {
            let near = other.path.starts_with(&format!("{owner}/")) && other.path != file.path;
            let text = other.rust.as_ref().map_or(&other.text, |masked| &masked.text);
            near && text.lines().any(|line| line.contains(&quoted))
        });
        if !is_named {
            found.push(Finding::new(file, 1, "no page and no other template names this one"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::found;
    use super::*;

    #[test]
    fn a_file_that_no_module_names_is_found() {
        let samples = [
            ("crates/app/src/lib.rs", "mod used;\n// mod commented;\nmod inline { }\n"),
            ("crates/app/src/used.rs", "pub(crate) mod deep;\n"),
            ("crates/app/src/used/deep.rs", ""),
            ("crates/app/src/commented.rs", ""),
            ("crates/app/src/inline.rs", ""),
        ];
        let expected = [
            "crates/app/src/commented.rs:1: no `mod` leads to this file",
            "crates/app/src/inline.rs:1: no `mod` leads to this file",
        ];
        assert_eq!(found(modules, &samples), expected);
    }

    #[test]
    fn targets_and_folders_of_tests_pass() {
        let samples = [
            ("crates/app/tests/refund.rs", "mod common;"),
            ("crates/app/tests/common/mod.rs", "mod rows;"),
            ("crates/app/tests/common/rows.rs", ""),
            ("crates/app/src/lib.rs", "#[path = \"other/place.rs\"]\nmod x;\nmod y;"),
            ("crates/app/src/other/place.rs", ""),
            ("crates/app/src/y/mod.rs", "mod tests;"),
            ("crates/app/src/y/tests/mod.rs", ""),
            ("fuzz/fuzz_targets/x12.rs", ""),
        ];
        assert_eq!(found(modules, &samples), [""; 0]);
    }

    #[test]
    fn templates_that_nothing_names_are_found() {
        let samples = [
            ("crates/web/src/list.rs", "#[template(path = \"list.html\")]\n// \"old.html\"\n"),
            ("crates/web/templates/list.html", "{% include \"parts/row.html\" %}"),
            ("crates/web/templates/parts/row.html", ""),
            ("crates/web/templates/old.html", ""),
        ];
        let expected =
            ["crates/web/templates/old.html:1: no page and no other template names this one"];
        assert_eq!(found(templates, &samples), expected);
    }
}
