//! Has Schemathesis, a Python package, ask the running program for all that the description of its
//! interface allows, and for much that it does not. What it is told of that stands in
//! `crates/web/tests/conformance/`.

use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::browser::{self, Engine};
use crate::guard::{Guarded, LOG};
use crate::postgres::{self, Postgres};
use crate::process::{self, Outcome};
use crate::python;

const FOLDER: &str = "crates/web/tests/conformance";
/// An answer of a payer, as programs hand them in.
const ANSWER: &str = "crates/x12/tests/fixtures/active_and_inactive.271";
/// Keys that take turns, as one may ask only at a steady pace.
const KEYS: usize = 8;
/// All that a key may be for.
const SCOPES: &str = "payments:read,payments:write,refunds:write,patients:read,patients:write,\
    treatments:read,treatments:write,eligibility:read,eligibility:write,estimates:read,\
    settings:read,settings:write,webhooks:write";
const START_SECONDS_MAX: u64 = 60;
const POLL: Duration = Duration::from_millis(50);

/// The Python that has Schemathesis.
pub(crate) fn python(root: &Path) -> Outcome<PathBuf> {
    python::environment(root, "schemathesis", &root.join(FOLDER).join("requirements.txt"))
}

/// Fills a database, starts the program on it, asks, and has every cent verified.
pub(crate) fn run(root: &Path, engine: Engine, server: &Postgres) -> Outcome<()> {
    let python = python(root)?;
    let folder = postgres::make_folder(None)?;
    let database = database(engine, server, &folder)?;
    let almoner = |words: &[&str]| {
        let mut command = Command::new(browser::binary(root));
        command.current_dir(&folder).args(["--database", &database]).args(words);
        process::output(&mut command)
    };
    almoner(&["demo-data", "--payments", "200", "--patients", "40"])?;
    let make = ["key", "create", "--name", "Conformance", "--scopes", SCOPES];
    let keys: Outcome<Vec<String>> = (0..KEYS).map(|_| almoner(&make)).collect();
    let port = postgres::free_port()?;
    let listen = format!("127.0.0.1:{port}");
    let program = browser::binary(root).display().to_string();
    let words = [&*program, "--database", &database, "demo", "--log", "error", "--listen", &listen];
    let mut started = Guarded::start(&folder, None, &words.map(str::to_owned))?;
    wait(&mut started, port, &folder)?;
    let base = format!("http://{listen}");
    let mut ask = Command::new(python);
    ask.current_dir(root.join(FOLDER))
        .args(["-B", "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run"])
        .args([&format!("{base}/api/v1/openapi.json"), "--url", &base])
        .env("ALMONER_KEYS", keys?.concat())
        .env("ALMONER_ANSWER", root.join(ANSWER));
    let told = process::output(&mut ask)?;
    almoner(&["verify"])?;
    println!("{} operations, 0 failures", operations(&told).ok_or("it asked for nothing")?);
    Ok(())
}

/// The address of an empty database.
fn database(engine: Engine, server: &Postgres, folder: &Path) -> Outcome<String> {
    const NAME: &str = "conformance";
    match engine {
        Engine::Embedded => Ok(format!("sqlite://{}", folder.join("almoner.db").display())),
        Engine::Server => {
            let make = format!("CREATE DATABASE {NAME}");
            process::output(Command::new(server.psql()).args([server.url(), "-c", &make]))?;
            let (host, _) = server.url().rsplit_once('/').ok_or("the server has no database")?;
            Ok(format!("{host}/{NAME}"))
        }
    }
}

/// Waits until the program listens.
fn wait(started: &mut Guarded, port: u16, folder: &Path) -> Outcome<()> {
    let deadline = Instant::now() + Duration::from_secs(START_SECONDS_MAX);
    while Instant::now() < deadline && started.is_running() {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(());
        }
        std::thread::sleep(POLL);
    }
    let log = std::fs::read_to_string(folder.join(LOG)).unwrap_or_default();
    Err(format!("the program was not ready in time; its log says:\n{log}"))
}

/// How many operations were asked for, when that was all of those that there are.
fn operations(told: &str) -> Option<u32> {
    let line = told.lines().find_map(|line| line.trim().strip_prefix("Selected: "))?;
    let (selected, all) = line.split_once('/')?;
    let tested = told.lines().find_map(|line| line.trim().strip_prefix("Tested: "))?;
    let count = tested.parse().ok().filter(|count| *count > 0)?;
    (selected == all && selected == tested).then_some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_operations_are_counted_or_none() {
        let told = |selected: &str, tested: &str| {
            operations(&format!("API Operations:\n  Selected: {selected}\n  Tested: {tested}\n"))
        };
        assert_eq!(told("9/9", "9"), Some(9));
        for (selected, tested) in [("8/9", "8"), ("9/9", "8"), ("0/0", "0")] {
            assert_eq!(told(selected, tested), None, "{selected} {tested}");
        }
        assert_eq!(operations(""), None);
    }
}
