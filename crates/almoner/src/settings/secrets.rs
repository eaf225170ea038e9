//! Secrets: from the environment or from files, never from the command line, which others on the
//! machine can read.

use std::path::Path;

use almoner_gateways::Secret;

use crate::Failure;

/// What a file holds that a setting names.
pub(super) fn read(flag: &str, path: &str) -> Result<Vec<u8>, Failure> {
    let shown = Path::new(path).display();
    std::fs::read(path).map_err(|error| Failure::Usage(format!("{flag} {shown}: {error}")))
}

/// The secret that a file holds, without the line break at its end.
pub(super) fn read_secret(flag: &str, path: &str) -> Result<Secret, Failure> {
    let text = read_text(flag, path)?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n'])))
}

/// The secrets that a file holds, one a line.
pub(super) fn read_secrets(flag: &str, path: &str) -> Result<Vec<Secret>, Failure> {
    Ok(parted(&read_text(flag, path)?))
}

/// Secrets parted by blanks or line breaks.
pub(crate) fn parted(text: &str) -> Vec<Secret> {
    text.split_whitespace().map(Secret::new).collect()
}

fn read_text(flag: &str, path: &str) -> Result<String, Failure> {
    String::from_utf8(read(flag, path)?)
        .map_err(|_| Failure::Usage(format!("{flag} {path} is not UTF-8")))
}
