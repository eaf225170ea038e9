//! A PostgreSQL of our own: in a temporary folder, on a free loopback port, gone afterwards.

use std::ffi::OsStr;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::guard::{Guarded, LOG, Owner};
use crate::process::{self, Outcome};
use crate::tools;

/// The variable that tells tests where the server is; without it they run on SQLite alone.
pub(crate) const VARIABLE: &str = "ALMONER_TEST_POSTGRES";
/// The variable that tells tests of a folder for what all of them need, as long as the server runs.
const TEMPLATES_VARIABLE: &str = "ALMONER_TEST_TEMPLATES";

/// Where Linux keeps files in memory. A test's database is a thousand files that live for a second:
/// on a disk, making them takes longer than most tests.
const MEMORY: &str = "/dev/shm";
/// What must be free there: the log of what is written, and the databases of a few tests at once.
const MEMORY_KIB_MIN: u64 = 6 << 20;
/// How long that log may become there, instead of what is said below.
const MEMORY_SETTING: &str = "max_wal_size=1GB";
const START_SECONDS_MAX: u64 = 60;
const START_TRIES_MAX: u32 = 3;
const POLL: Duration = Duration::from_millis(50);
/// Speed over durability: what the server holds is worth nothing after the run.
const SETTINGS: [&str; 8] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=300",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_wal_size=4GB",
    "log_min_messages=fatal",
];

/// A running server; dropping it stops it and removes its folder.
pub(crate) struct Postgres {
    url: String,
    programs: PathBuf,
    templates: PathBuf,
    _server: Guarded,
}

impl Postgres {
    /// Makes an empty cluster and starts it, in memory where there is enough: for many small
    /// databases.
    pub(crate) fn start() -> Outcome<Self> {
        match memory() {
            Some(place) => Self::start_in(&place, &[MEMORY_SETTING]),
            None => Self::start_on_disk(&[]),
        }
    }

    /// Makes one on the disk, with further settings, which override ours: for large databases.
    pub(crate) fn start_on_disk(settings: &[&str]) -> Outcome<Self> {
        Self::start_in(&std::env::temp_dir(), settings)
    }

    fn start_in(place: &Path, settings: &[&str]) -> Outcome<Self> {
        let programs = tools::postgres_programs()
            .ok_or("PostgreSQL's initdb and postgres were not found on this machine")?;
        let owner = server_owner()?;
        let mut last = String::new();
        for _ in 0..START_TRIES_MAX {
            let folder = make_folder_in(place, owner)?;
            match start_server(&folder, &programs, owner, settings) {
                Ok((server, url)) => {
                    let templates = folder.join("templates");
                    std::fs::create_dir(&templates).map_err(|error| error.to_string())?;
                    return Ok(Self { url, programs, templates, _server: server });
                }
                Err(message) => last = message,
            }
            let _ = std::fs::remove_dir_all(&folder);
        }
        Err(format!("PostgreSQL did not start: {last}"))
    }

    /// The address of its maintenance database, for a user who may make others.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What tests are told by their environment.
    pub(crate) fn variables(&self) -> [(&'static str, &OsStr); 2] {
        [(VARIABLE, self.url.as_ref()), (TEMPLATES_VARIABLE, self.templates.as_os_str())]
    }

    /// The `psql` that belongs to the server.
    pub(crate) fn psql(&self) -> PathBuf {
        self.programs.join("psql")
    }
}

fn start_server(
    folder: &Path,
    programs: &Path,
    owner: Option<Owner>,
    settings: &[&str],
) -> Outcome<(Guarded, String)> {
    let data = folder.join("data");
    init(programs, &data, owner)?;
    let port = free_port()?;
    let mut words = vec![
        programs.join("postgres").display().to_string(),
        "-D".to_owned(),
        data.display().to_string(),
        "-p".to_owned(),
        port.to_string(),
    ];
    let settings = SETTINGS.iter().chain(settings);
    words.extend(settings.flat_map(|setting| ["-c".to_owned(), (*setting).to_owned()]));
    let mut server = Guarded::start(folder, owner, &words)?;
    await_ready(programs, port, &mut server, folder)?;
    Ok((server, format!("postgres://postgres@127.0.0.1:{port}/postgres")))
}

/// Makes the cluster. Its default collation is a natural language's where the server offers one:
/// a query that forgets `COLLATE "C"` then sorts otherwise than SQLite, and a test sees it.
fn init(programs: &Path, data: &Path, owner: Option<Owner>) -> Outcome<()> {
    let natural: &[&str] = &["--locale-provider=icu", "--icu-locale=en-US"];
    let attempt = |more: &[&str]| {
        let mut command = Command::new(programs.join("initdb"));
        command.arg("-D").arg(data).args(more).current_dir("/").args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]);
        if let Some(owner) = owner {
            use std::os::unix::process::CommandExt as _;
            command.uid(owner.uid).gid(owner.gid);
        }
        process::output(&mut command).map(|_| ())
    };
    attempt(natural).or_else(|_| {
        let _ = std::fs::remove_dir_all(data);
        attempt(&[])
    })
}

fn await_ready(programs: &Path, port: u16, server: &mut Guarded, folder: &Path) -> Outcome<()> {
    let deadline = Instant::now() + Duration::from_secs(START_SECONDS_MAX);
    let port = port.to_string();
    while Instant::now() < deadline && server.is_running() {
        let mut ask = Command::new(programs.join("pg_isready"));
        if process::succeeds(ask.args(["-q", "-h", "127.0.0.1", "-p", &port])) {
            return Ok(());
        }
        std::thread::sleep(POLL);
    }
    let log = std::fs::read_to_string(folder.join(LOG)).unwrap_or_default();
    Err(format!("it was not ready in time; its log says:\n{log}"))
}

/// A port that nobody listened on a moment ago; the caller tries again when it is taken meanwhile.
pub(crate) fn free_port() -> Outcome<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    listener.local_addr().map(|address| address.port()).map_err(|error| error.to_string())
}

/// PostgreSQL refuses to run as root, so root runs it as `postgres`, or as `nobody` without that.
fn server_owner() -> Outcome<Option<Owner>> {
    if !tools::is_root() {
        return Ok(None);
    }
    let id = |flag: &str, user: &str| -> Outcome<u32> {
        let text = process::output(Command::new("id").args([flag, user]))?;
        text.trim().parse().map_err(|_| format!("`id {flag} {user}` printed `{text}`"))
    };
    let user = if id("-u", "postgres").is_ok() { "postgres" } else { "nobody" };
    Ok(Some(Owner { uid: id("-u", user)?, gid: id("-g", user)? }))
}

/// The folder that is memory, when there is enough of it; a container may have very little.
fn memory() -> Option<PathBuf> {
    let words = ["--output=fstype,avail", "-k", MEMORY];
    let told = process::output(Command::new("df").args(words)).ok()?;
    let told = told.lines().last()?.split_once(' ').filter(|(kind, _)| *kind == "tmpfs")?;
    let room: u64 = told.1.trim().parse().ok()?;
    let free = available_kib(&std::fs::read_to_string("/proc/meminfo").ok()?)?;
    (room.min(free) >= MEMORY_KIB_MIN).then(|| PathBuf::from(MEMORY))
}

/// The memory that can be had without pushing anything out, as Linux tells it.
fn available_kib(told: &str) -> Option<u64> {
    let line = told.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// A new folder for a server, which its guard removes.
pub(crate) fn make_folder(owner: Option<Owner>) -> Outcome<PathBuf> {
    make_folder_in(&std::env::temp_dir(), owner)
}

fn make_folder_in(place: &Path, owner: Option<Owner>) -> Outcome<PathBuf> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("almoner-server-{}-{count}", std::process::id());
    let folder = place.join(name);
    std::fs::create_dir(&folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    if let Some(owner) = owner {
        std::os::unix::fs::chown(&folder, Some(owner.uid), Some(owner.gid))
            .map_err(|error| format!("cannot hand over {}: {error}", folder.display()))?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_differ() {
        let (one, two) = (make_folder(None), make_folder(None));
        assert_ne!(one, two);
        for folder in [one, two] {
            std::fs::remove_dir(folder.expect("it was made")).expect("it is empty");
        }
    }

    #[test]
    fn free_memory_is_read() {
        let told = "MemTotal:       24601948 kB\nMemAvailable:   23166340 kB\nBuffers: 1 kB\n";
        assert_eq!(available_kib(told), Some(23_166_340));
        assert_eq!(available_kib("MemTotal: 1 kB\n"), None);
    }

    #[test]
    fn a_free_port_can_be_listened_on() {
        let port = free_port().expect("there is one");
        assert!(TcpListener::bind(("127.0.0.1", port)).is_ok());
    }
}
