//! File names as plain text, and back to the file.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Endings of files that are still being written.
const UNFINISHED: [&str; 3] = [".part", ".filepart", ".tmp"];

/// The name with everything but letters, digits, `.`, `-` and `_` written as `%` and two digits:
/// no two names become the same, and none is a path.
pub(super) fn encode(name: &OsStr) -> String {
    let mut text = String::new();
    for byte in name.as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02x}");
        }
    }
    text
}

/// The file in `folder` whose name is encoded so, if there is one.
pub(super) fn find(folder: &Path, encoded: &str) -> std::io::Result<Option<PathBuf>> {
    if !encoded.contains('%') {
        let is_name = encode(OsStr::new(encoded)) == encoded && !is_unfinished(encoded);
        return Ok(is_name.then(|| folder.join(encoded)));
    }
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        if encode(&name) == encoded {
            return Ok(Some(folder.join(name)));
        }
    }
    Ok(None)
}

/// Whether a file of this name is to be left alone: hidden, nameless, or still being written.
pub(super) fn is_unfinished(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.is_empty()
        || name.starts_with('.')
        || UNFINISHED.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_plain_text() {
        assert_eq!(encode(OsStr::new("ALM-42_a.271")), "ALM-42_a.271");
        assert_eq!(encode(OsStr::new("a b/ü%.271")), "a%20b%2f%c3%bc%25.271");
    }

    #[test]
    fn names_that_are_paths_lead_nowhere() {
        let folder = Path::new("folder");
        for name in ["", ".", "..", ".hidden", "../x", "a/b", "x.part", "\u{fc}"] {
            assert_eq!(find(folder, name).ok(), Some(None), "{name}");
        }
        assert_eq!(find(folder, "a.271").ok(), Some(Some(folder.join("a.271"))));
    }

    #[test]
    fn files_under_way_are_known_by_their_names() {
        for name in ["a.part", "A.271.PART", "x.filepart", "y.tmp", ".271"] {
            assert!(is_unfinished(name), "{name}");
        }
        assert!(!is_unfinished("part.271"));
    }
}
