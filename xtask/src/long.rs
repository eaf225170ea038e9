//! The commands that take long, and the one that lends its PostgreSQL to any other command.

use std::path::Path;
use std::process::Command;

use crate::postgres::Postgres;
use crate::process::{self, Outcome};
use crate::steps::Steps;
use crate::tools::{self, Tool};
use crate::{project, suite};

/// Tests that see it set multiply their cases.
const SOAK: (&str, &str) = ("ALMONER_SOAK", "1");

/// Runs every benchmark of the crates; each prints its own ratios.
pub(crate) fn criterion(root: &Path, server: &Postgres) -> Outcome<()> {
    let mut command = process::cargo(root, &["bench", "--workspace", "--bench", "*"]);
    process::run(command.envs(server.variables()))
}

/// Runs the long forms of all tests, then each fuzz target for so many seconds.
pub(crate) fn soak(seconds: u32) -> Outcome<()> {
    let root = project::root();
    tools::ensure(&[Tool::Postgres])?;
    tools::ensure_cargo(&root)?;
    let server = Postgres::start_on_disk(&[])?;
    let mut steps = Steps::new(true);
    steps.run("long tests", || suite::nextest(&root, &server, "nextest-soak.toml", &[SOAK]));
    let targets = tools::fuzz_targets(&root);
    if targets.is_empty() {
        println!("\nno fuzzing: `cargo fuzz` is not installed, or fuzz/fuzz_targets is empty");
    }
    for target in targets {
        let mut command = fuzz(&root, &target, seconds);
        steps.run(&format!("fuzz {target}"), || process::run(&mut command));
    }
    steps.finish()
}

/// Runs one command while a throw-away PostgreSQL is up.
pub(crate) fn with_postgres(words: &[String]) -> Outcome<()> {
    tools::ensure(&[Tool::Postgres])?;
    let server = Postgres::start()?;
    let mut command = Command::new(&words[0]);
    process::run(command.args(&words[1..]).envs(server.variables()))
}

/// Fuzzes one target for so many seconds, from its seeds and from what earlier runs found.
fn fuzz(root: &Path, target: &str, seconds: u32) -> Command {
    let corpus = format!("fuzz/corpus/{target}");
    let seeds = format!("fuzz/seeds/{target}");
    let limit = format!("-max_total_time={seconds}");
    // There is no unsafe code, so an address sanitizer would only slow it down.
    let mut words = vec!["fuzz", "run", "--sanitizer", "none", target, &corpus];
    if root.join(&seeds).is_dir() {
        words.push(&seeds);
    }
    words.extend(["--", &limit]);
    let _ = std::fs::create_dir_all(root.join(&corpus));
    let mut command = process::cargo(root, &words);
    // Coverage needs unstable flags, which the stable compiler takes only with this.
    command.env("RUSTC_BOOTSTRAP", "1");
    command
}
