//! What the server does and costs, measured by `almoner-bench`, which knows no engine.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use super::BenchOptions;
use super::databases::{Filled, Place};
use crate::browser::Engine;
use crate::postgres::Postgres;
use crate::process::{self, Outcome};

/// Accounts of the database benchmark, in hundred thousands.
const SCALE: &str = "10";
/// How long it runs with each number of clients.
const SECONDS: &str = "10";
/// How many clients write at the same time.
const CLIENTS: [&str; 4] = ["1", "8", "16", "32"];
/// What writes are to reach of it.
const GOAL: &str = "0.9";

/// Measures, and has the books proved afterwards, as what was written is part of them.
pub(super) fn measure(
    place: &Place<'_>,
    databases: &[Filled],
    options: &BenchOptions,
) -> Outcome<String> {
    let largest = databases.last().ok_or("a size is missing")?;
    let (bare, empty) = (place.empty("bare")?, place.empty("empty")?);
    let (count, writes) = (options.count.to_string(), options.writes.to_string());
    let mut bench = Command::new(place.binary.with_file_name("almoner-bench"));
    bench.arg("--binary").arg(&place.binary);
    for database in databases {
        bench.args(["--database", &format!("{}={}", database.payments, database.url)]);
    }
    bench.args(["--bare", &bare, "--empty", &empty, "--loaded", &largest.speed]);
    bench.args(["--count", &count, "--writes", &writes]);
    if place.engine == Engine::Server {
        bench.args(["--backends", "postgres: postgres {} "]);
        bench.args(["--reference", "pgbench, TPC-B-like", "--goal", GOAL]);
        for (clients, speed) in known(place.server)? {
            bench.args(["--speed", &format!("{clients}={speed}")]);
        }
    }
    let mut text = process::output(bench.current_dir(place.folder))?;
    place.verify(largest)?;
    text.push_str("- `almoner verify` finds no difference after all of that.\n");
    if place.engine == Engine::Server {
        let deadlocks = place.ask("SELECT sum(deadlocks) FROM pg_stat_database")?;
        let _ = writeln!(text, "- Deadlocks: {}.", deadlocks.trim());
    }
    println!("{text}");
    Ok(text)
}

/// What the server does in a second of the transactions that such servers are compared by.
fn known(server: &Postgres) -> Outcome<Vec<(&'static str, String)>> {
    let (base, _) = server.url().rsplit_once('/').ok_or("a server without a database")?;
    let url = format!("{base}/almoner_pgbench");
    let psql = server.psql();
    let pgbench = psql.with_file_name("pgbench");
    let run = |program: &Path, words: &[&str]| process::output(Command::new(program).args(words));
    run(&psql, &[server.url(), "-qc", "CREATE DATABASE almoner_pgbench"])?;
    run(&pgbench, &["-i", "-q", "-s", SCALE, &url])?;
    let mut speeds = Vec::new();
    for clients in CLIENTS {
        let threads = if clients == "1" { "1" } else { "2" };
        let told = run(&pgbench, &["-n", "-c", clients, "-j", threads, "-T", SECONDS, &url])?;
        let speed = told.lines().find_map(|line| line.strip_prefix("tps = "));
        let speed = speed.and_then(|rest| rest.split(' ').next());
        speeds.push((clients, speed.ok_or("pgbench does not say its speed")?.to_owned()));
    }
    Ok(speeds)
}
