//! Picking up what the carrier brought.

use std::collections::BTreeMap;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::{SignedDuration, Timestamp};

use super::{names, sync_folder};
use crate::clearinghouse::Delivery;

/// How long a file must not have changed before it is picked up.
pub const SETTLE_SECONDS: i64 = 5;
/// The most bytes of one file; larger ones stay where they are.
pub const MAX_DELIVERY_BYTES: u64 = 32 * 1024 * 1024;
/// The most bytes that one look hands over, beyond its first file.
const MAX_LOOK_BYTES: u64 = 2 * MAX_DELIVERY_BYTES;
/// The most entries of the folder that one look goes through.
const MAX_LOOK_ENTRIES: usize = 100_000;
/// The most characters of a file's own name in its name under `done`.
const MAX_DONE_CHARS: usize = 120;
/// The most files of one name and one second under `done`.
const MAX_DONE_TWINS: usize = 1_000;

/// What was seen of the inbox.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    /// The files of the last look, by their encoded names.
    seen: BTreeMap<String, Seen>,
    /// How many things could not be picked up at the last look.
    odd: usize,
}

#[derive(Debug, Clone)]
struct Seen {
    stamp: Stamp,
    /// Since when it has not changed.
    since: Timestamp,
    /// How often it was handed over without being taken.
    deliveries: u32,
}

/// What tells whether a file is the same and unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    len: u64,
    modified: Option<SystemTime>,
    /// The device and the file on it, so that no link is followed.
    #[cfg(unix)]
    inode: (u64, u64),
}

impl Stamp {
    fn of(data: &Metadata) -> Self {
        Self {
            len: data.len(),
            modified: data.modified().ok(),
            #[cfg(unix)]
            inode: {
                use std::os::unix::fs::MetadataExt as _;
                (data.dev(), data.ino())
            },
        }
    }
}

impl Inbox {
    /// What lies there unchanged, at most `limit`, the longest waiting first.
    pub(super) fn look(
        &mut self,
        folder: &Path,
        now: Timestamp,
        limit: usize,
    ) -> io::Result<Vec<Delivery>> {
        let (found, mut odd) = list(folder)?;
        let before = std::mem::take(&mut self.seen);
        let mut settled = Vec::new();
        for (name, (path, stamp)) in found {
            let seen = match before.get(&name) {
                // A clock that was set back begins anew.
                Some(seen) if seen.stamp == stamp && seen.since <= now => seen.clone(),
                _ => Seen { stamp, since: now, deliveries: 0 },
            };
            if now.duration_since(seen.since) >= SignedDuration::from_secs(SETTLE_SECONDS) {
                // What nobody takes must not stand before the rest for ever.
                settled.push((seen.deliveries, seen.stamp.modified, name.clone(), path));
            }
            self.seen.insert(name, seen);
        }
        settled.sort();
        let mut deliveries: Vec<Delivery> = Vec::new();
        let mut bytes = 0;
        for (_, _, name, path) in settled {
            let Some(seen) = self.seen.get_mut(&name) else { continue };
            let is_too_much = !deliveries.is_empty() && bytes + seen.stamp.len > MAX_LOOK_BYTES;
            if deliveries.len() >= limit || is_too_much {
                break;
            }
            match read(&path, &seen.stamp) {
                Ok(Some(content)) => {
                    bytes += seen.stamp.len;
                    seen.deliveries = seen.deliveries.saturating_add(1);
                    deliveries.push(Delivery { name, content });
                }
                Ok(None) => seen.since = now,
                // Another server that shares the folder was quicker.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(_) => odd += 1,
            }
        }
        if odd > 0 && odd != self.odd {
            // Payers put names of people into names of files, so none is logged.
            tracing::warn!(count = odd, "the clearinghouse's inbox holds what cannot be taken");
        }
        self.odd = odd;
        Ok(deliveries)
    }

    /// Moves a file that was handed over out of the inbox. One that changed since then stays, and
    /// is handed over again.
    pub(super) fn put_away(
        &mut self,
        folder: &Path,
        done: &Path,
        name: &str,
        now: Timestamp,
    ) -> io::Result<()> {
        let Some(path) = names::find(folder, name)? else { return Ok(()) };
        let stamp = match path.symlink_metadata() {
            Ok(data) => Stamp::of(&data),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let is_it = |seen: &Seen| seen.deliveries > 0 && seen.stamp == stamp;
        if !self.seen.get(name).is_some_and(is_it) {
            return Ok(());
        }
        match move_into(done, &path, name, now) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            moved => moved?,
        }
        self.seen.remove(name);
        sync_folder(done)?;
        sync_folder(folder)
    }
}

type Found = BTreeMap<String, (PathBuf, Stamp)>;

/// The files that may be picked up, and how many other things there are.
fn list(folder: &Path) -> io::Result<(Found, usize)> {
    let mut found = Found::new();
    let mut odd = 0;
    for entry in std::fs::read_dir(folder)?.take(MAX_LOOK_ENTRIES) {
        let entry = entry?;
        let name = names::encode(&entry.file_name());
        if names::is_unfinished(&name) {
            continue;
        }
        // This does not follow links.
        let Ok(data) = entry.metadata() else { continue };
        if !data.is_file() || data.len() > MAX_DELIVERY_BYTES {
            odd += 1;
        } else if data.len() > 0 {
            found.insert(name, (entry.path(), Stamp::of(&data)));
        }
    }
    Ok((found, odd))
}

/// The content, unless the file is another one or changed meanwhile.
fn read(path: &Path, stamp: &Stamp) -> io::Result<Option<Vec<u8>>> {
    let file = File::open(path)?;
    if Stamp::of(&file.metadata()?) != *stamp {
        return Ok(None);
    }
    let mut content = Vec::new();
    (&file).take(stamp.len + 1).read_to_end(&mut content)?;
    let is_whole = content.len() as u64 == stamp.len && Stamp::of(&file.metadata()?) == *stamp;
    Ok(is_whole.then_some(content))
}

/// Moves the file to a name of its own: payers use names again, and nothing is overwritten.
fn move_into(done: &Path, path: &Path, name: &str, now: Timestamp) -> io::Result<()> {
    let time = now.strftime("%Y%m%dT%H%M%SZ");
    let kept: String = name.chars().take(MAX_DONE_CHARS).collect();
    for twin in 1..=MAX_DONE_TWINS {
        let place = done.join(format!("{time}-{twin}-{kept}"));
        // Taking the name first makes sure that no other file has it.
        match OpenOptions::new().write(true).create_new(true).open(&place) {
            Ok(_) => {
                let moved = std::fs::rename(path, &place);
                if moved.is_err() {
                    let _ = std::fs::remove_file(&place);
                }
                return moved;
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
