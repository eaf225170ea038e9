//! `cargo xtask bench`: how fast the program answers at a size, on a machine that is told of.
//!
//! Each part is a script or a program that prints its own tables; here they are given a database
//! and put together in `docs/benchmarks.md`. A timing never fails the command. To add a part, let
//! it print a table and add it to [`measure`].

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::browser::Engine;
use crate::postgres::{self, Postgres};
use crate::process::{self, Outcome};
use crate::tools::{self, Tool};
use crate::{long, project};

/// Where the results are kept.
const RESULTS: &str = "docs/benchmarks.md";
/// The lines above which a person writes, and below which this command does.
const MARK: &str = "<!-- Written by `cargo xtask bench` from here on. -->";

/// What the developer asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BenchOptions {
    /// How many payments.
    pub(crate) payments: u64,
    /// How many patients.
    pub(crate) patients: u64,
    /// How often each work is done, after it was done a few times unmeasured.
    pub(crate) count: u64,
    /// The engines to measure.
    pub(crate) engines: Vec<Engine>,
}

impl Default for BenchOptions {
    fn default() -> Self {
        let engines = vec![Engine::Embedded, Engine::Server];
        Self { payments: 1_000_000, patients: 1_000_000, count: 100, engines }
    }
}

/// Measures, and writes down what came of it.
pub(crate) fn run(options: &BenchOptions) -> Outcome<()> {
    let root = project::root();
    tools::ensure(&[Tool::Postgres, Tool::Node, Tool::Npm, Tool::Chromium])?;
    tools::ensure_node_packages(&root.join("e2e"), tools::NODE_MAJOR_MIN)?;
    process::run(&mut process::cargo(&root, &["build", "--release", "--package", "almoner"]))?;
    let folder = postgres::make_folder(None)?;
    // With memory as its manual advises, and with commits that are written down before they are
    // told: `VACUUM` takes rows for not yet visible to all while theirs is not.
    let buffers = format!("shared_buffers={}MB", memory_mib() / 4);
    let server = Postgres::start_with(&[&buffers, "synchronous_commit=on"])?;
    let mut text = machine(&server);
    for &engine in &options.engines {
        match measure(&root, &folder, engine, &server, options) {
            Ok(tables) => text.push_str(&tables),
            Err(message) => {
                let _ = std::fs::remove_dir_all(&folder);
                return Err(message);
            }
        }
    }
    let _ = std::fs::remove_dir_all(&folder);
    write(&root.join(RESULTS), &text)?;
    long::criterion(&root, &server)
}

/// Fills a database on an engine and measures on it.
fn measure(
    root: &Path,
    folder: &Path,
    engine: Engine,
    server: &Postgres,
    options: &BenchOptions,
) -> Outcome<String> {
    let binary = project::target(root).join("release/almoner");
    let database = match engine {
        Engine::Embedded => format!("sqlite://{}", folder.join("bench.db").display()),
        Engine::Server => {
            let create = "CREATE DATABASE almoner_bench";
            process::run(Command::new(server.psql()).args([server.url(), "-qc", create]))?;
            let (base, _) = server.url().rsplit_once('/').ok_or("a server without a database")?;
            format!("{base}/almoner_bench")
        }
    };
    let (payments, patients) = (options.payments.to_string(), options.patients.to_string());
    let mut load = Command::new(&binary);
    load.current_dir(folder).args(["demo-data", "--payments", &payments, "--patients", &patients]);
    let loaded = process::output(load.args(["--database", &database]))?;
    let results = folder.join("pages.md");
    let mut pages = Command::new("node");
    let chromium = tools::chromium().ok_or("no Chromium was found")?;
    pages
        .arg("bench/pages.mjs")
        .current_dir(root.join("e2e"))
        .env("ALMONER_BIN", &binary)
        .env("ALMONER_CHROMIUM", chromium)
        .env("ALMONER_E2E_OUT", folder)
        .env("ALMONER_BENCH_COUNT", options.count.to_string())
        .env("ALMONER_BENCH_DATABASE", &database)
        .env("ALMONER_BENCH_OUT", &results);
    process::run(&mut pages)?;
    let tables = std::fs::read_to_string(&results).map_err(|error| error.to_string())?;
    let title = engine.title();
    let said: Vec<&str> = loaded.lines().rev().skip(2).take(2).collect();
    let (size, speed) = (said.first().unwrap_or(&""), said.last().unwrap_or(&""));
    Ok(format!(
        "\n## {title}: {payments} payments, {patients} patients\n\nLoaded by `almoner demo-data`: \
        {speed} {size}\n\n{tables}"
    ))
}

/// The machine's memory; a gigabyte where it cannot be told.
fn memory_mib() -> u64 {
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib: Option<u64> = memory.and_then(|text| text.split_whitespace().next()?.parse().ok());
    kib.map_or(1024, |kib| kib.div_ceil(1024))
}

/// The machine in general words.
fn machine(server: &Postgres) -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let version = process::output(Command::new(server.psql()).arg("--version"));
    let browser = tools::chromium().map_or(String::new(), |chromium: PathBuf| {
        process::output(Command::new(chromium).arg("--version")).unwrap_or_default()
    });
    let mut text = String::new();
    let _ = writeln!(
        text,
        "Measured on {cores} cores and {} GB of memory ({}), with {}, SQLite as built in, and {}. \
        The browser, the server and the database share the machine.",
        memory_mib().div_ceil(1024),
        std::env::consts::ARCH,
        version.unwrap_or_default().trim().replace("psql (PostgreSQL)", "PostgreSQL"),
        browser.trim(),
    );
    text
}

/// Replaces what an earlier run wrote.
fn write(path: &Path, text: &str) -> Outcome<()> {
    let before = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let (head, _) = before.split_once(MARK).ok_or("docs/benchmarks.md has lost its mark")?;
    std::fs::write(path, format!("{head}{MARK}\n\n{text}")).map_err(|error| error.to_string())
}
