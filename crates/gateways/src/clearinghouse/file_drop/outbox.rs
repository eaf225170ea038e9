//! Putting a question where its carrier finds it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::{reason, sync_folder};
use crate::clearinghouse::{ClearinghouseError, Reply};

/// The most bytes of one question; a 270 about one patient has under a thousand.
pub const MAX_QUESTION_BYTES: usize = 64 * 1024;
/// The most files in the outbox: when nobody carries them away, asking on is of no use.
pub const MAX_OUTBOX_FILES: usize = 10_000;
/// The longest reference.
const MAX_REFERENCE_BYTES: usize = 64;
/// The most drafts of one question beside each other, of servers that share the folder.
const MAX_DRAFTS: usize = 16;
/// What a draft's name ends with.
const DRAFT: &str = ".part";

/// Writes the question beside its place and renames it there, so that nobody sees half of it.
pub(super) fn put(outbox: &Path, reference: &str, text: &str) -> Result<Reply, ClearinghouseError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_name = (1..=MAX_REFERENCE_BYTES).contains(&reference.len());
    if !is_name || !reference.bytes().all(is_plain) {
        let line = "its reference is not fit to be a file's name".to_owned();
        return Err(ClearinghouseError::Refused(line));
    }
    if text.len() > MAX_QUESTION_BYTES {
        let line = format!("it is longer than {MAX_QUESTION_BYTES} bytes");
        return Err(ClearinghouseError::Refused(line));
    }
    let entries = std::fs::read_dir(outbox).map_err(|error| not_taken(&error))?;
    let held = entries.take(MAX_OUTBOX_FILES).count();
    if held >= MAX_OUTBOX_FILES {
        let line = format!("{held} files are in the outbox, and nobody carries them away");
        return Err(ClearinghouseError::NotTaken(line));
    }
    write(outbox, reference, text).map_err(|error| not_taken(&error))?;
    Ok(Reply::Later)
}

pub(super) fn not_taken(error: &io::Error) -> ClearinghouseError {
    let why = reason(error);
    ClearinghouseError::NotTaken(format!("the outbox cannot be written to: {why}"))
}

fn write(outbox: &Path, reference: &str, text: &str) -> io::Result<()> {
    let (path, mut file) = draft(outbox, reference)?;
    let place = outbox.join(format!("{reference}.270"));
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| std::fs::rename(&path, place));
    if written.is_err() {
        // The first error is the one to tell; a draft that stays is removed at the next start.
        let _ = std::fs::remove_file(&path);
    }
    written?;
    sync_folder(outbox)
}

/// A new file beside the question's place that nobody else writes.
fn draft(outbox: &Path, reference: &str) -> io::Result<(PathBuf, File)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // The group may read it: the carrier often is another user.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    for number in 0..MAX_DRAFTS {
        let path = outbox.join(format!("{reference}.{number}{DRAFT}"));
        match options.open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Removes the drafts that a crash left behind. When another server is about to rename one, that
/// server's question was not taken, and is asked again.
pub(super) fn remove_leftovers(outbox: &Path) {
    let Ok(entries) = std::fs::read_dir(outbox) else { return };
    for entry in entries.take(MAX_OUTBOX_FILES).flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && entry.file_name().to_string_lossy().ends_with(DRAFT) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
