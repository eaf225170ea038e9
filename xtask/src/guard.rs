//! A small process that owns a server and stops it when this program ends, however it ends.
//!
//! The guard reads a pipe that only its parent holds open. A normal end, an error, a panic, Ctrl-C
//! and even SIGKILL all close that pipe; the guard then stops the server, waits for it, and removes
//! its folder. It runs in its own process group, so that Ctrl-C reaches it through the pipe alone.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::process::Outcome;

/// The name of the internal command that is the guard.
pub(crate) const NAME: &str = "guard";
/// The server's output, in the folder that the guard removes.
pub(crate) const LOG: &str = "server.log";

const POLL: Duration = Duration::from_millis(50);
const STOP_SECONDS_MAX: u64 = 10;

/// A guarded server; dropping it stops the server and removes its folder.
pub(crate) struct Guarded {
    guard: Child,
    pipe: Option<ChildStdin>,
}

/// The user and group to run a server as.
#[derive(Clone, Copy)]
pub(crate) struct Owner {
    /// The user's number.
    pub(crate) uid: u32,
    /// The group's number.
    pub(crate) gid: u32,
}

impl Guarded {
    /// Starts `words` (a program and its arguments) under a guard. `folder` holds its output and
    /// is removed at the end; `owner` is who it runs as, when not this user.
    pub(crate) fn start(folder: &Path, owner: Option<Owner>, words: &[String]) -> Outcome<Self> {
        let itself = std::env::current_exe().map_err(|error| error.to_string())?;
        let owner = owner.map_or_else(|| "-".to_owned(), |who| format!("{}:{}", who.uid, who.gid));
        let mut guard = Command::new(itself)
            .arg(NAME)
            .arg(folder)
            .arg(owner)
            .args(words)
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|error| format!("cannot start the guard: {error}"))?;
        let pipe = guard.stdin.take();
        Ok(Self { guard, pipe })
    }

    /// Whether the server is still running.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.guard.try_wait(), Ok(None))
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.pipe.take());
        // The guard ends by itself: it bounds how long it waits for the server.
        let _ = self.guard.wait();
    }
}

/// The guard's own main: `FOLDER OWNER PROGRAM ARGUMENT…`, as [`Guarded::start`] writes them.
pub(crate) fn run(words: &[String]) -> Outcome<()> {
    let [folder, owner, program, arguments @ ..] = words else {
        return Err("the guard is started by other commands only".to_owned());
    };
    let folder = PathBuf::from(folder);
    let ended = guard(&folder, parse_owner(owner)?, program, arguments);
    // When the server ended by itself, its parent still wants to read the log.
    if ended == Ok(Ended::ByParent) {
        let _ = std::fs::remove_dir_all(&folder);
    }
    ended.map(|_| ())
}

/// Why a guarded server ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    ByParent,
    ByItself,
}

fn guard(
    folder: &Path,
    owner: Option<Owner>,
    program: &str,
    arguments: &[String],
) -> Outcome<Ended> {
    let log = File::create(folder.join(LOG)).map_err(|error| error.to_string())?;
    let log_too = log.try_clone().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    command.stdin(Stdio::null()).stdout(log).stderr(log_too);
    if let Some(owner) = owner {
        command.uid(owner.uid).gid(owner.gid);
    }
    let mut server = command.spawn().map_err(|error| format!("cannot start {program}: {error}"))?;
    let (parent, parent_is_alive) = mpsc::channel::<()>();
    std::thread::spawn(move || {
        // Returns when the pipe's other end is closed; the channel closes with it.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        drop(parent);
    });
    loop {
        if matches!(server.try_wait(), Ok(Some(_))) {
            return Ok(Ended::ByItself);
        }
        if parent_is_alive.recv_timeout(POLL) == Err(RecvTimeoutError::Disconnected) {
            stop(&mut server);
            return Ok(Ended::ByParent);
        }
    }
}

/// Asks the server to quit at once, waits a while, then kills it.
fn stop(server: &mut Child) {
    let id = server.id().to_string();
    // The server has not been waited for, so the number is still its own.
    let _ = Command::new("sh").args(["-c", "kill -QUIT \"$1\"", "sh", &id]).status();
    let deadline = Instant::now() + Duration::from_secs(STOP_SECONDS_MAX);
    while Instant::now() < deadline {
        if matches!(server.try_wait(), Ok(Some(_))) {
            return;
        }
        std::thread::sleep(POLL);
    }
    let _ = server.kill();
    let _ = server.wait();
}

fn parse_owner(text: &str) -> Outcome<Option<Owner>> {
    if text == "-" {
        return Ok(None);
    }
    let parsed = text
        .split_once(':')
        .and_then(|(uid, gid)| Some(Owner { uid: uid.parse().ok()?, gid: gid.parse().ok()? }));
    parsed.map(Some).ok_or_else(|| format!("`{text}` is not an owner"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_read_back() {
        assert!(matches!(parse_owner("-"), Ok(None)));
        assert!(matches!(parse_owner("103:111"), Ok(Some(Owner { uid: 103, gid: 111 }))));
        assert!(parse_owner("postgres").is_err());
    }

    #[test]
    fn a_server_that_ends_by_itself_is_noticed() {
        let folder = std::env::temp_dir().join(format!("xtask-guard-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the folder can be made");
        let ended = guard(&folder, None, "sh", &["-c".to_owned(), "echo gone".to_owned()]);
        let log = std::fs::read_to_string(folder.join(LOG)).expect("the log was written");
        std::fs::remove_dir_all(&folder).expect("the folder can be removed");
        // Where tests have no standard input, the parent seems to be gone instead.
        assert!(matches!(ended, Ok(Ended::ByItself | Ended::ByParent)));
        assert!(log == "gone\n" || log.is_empty(), "{log}");
    }
}
