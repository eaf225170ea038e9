//! `cargo xtask bench`: how fast the program answers at a size, on a machine that is told of.
//!
//! Each part is a script or a program that prints its own tables; here they are given databases
//! and put together in `docs/benchmarks.md`. A timing never fails the command. To add a part, let
//! it print a table and add it to [`engine_told`].

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

mod answers;
mod databases;

use databases::{Filled, Place};

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
    /// How many payments, the fewest first.
    pub(crate) sizes: Vec<u64>,
    /// How many patients the most payments are of; the others have as many for each payment.
    pub(crate) patients: u64,
    /// How often each page is asked for, after it was asked for a few times unmeasured.
    pub(crate) count: u64,
    /// How often each number of clients writes each thing.
    pub(crate) writes: u64,
    /// The engines to measure.
    pub(crate) engines: Vec<Engine>,
    /// What to measure.
    pub(crate) parts: Vec<Part>,
}

/// A part of what is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// What the server costs and how much it does.
    Server,
    /// How soon a browser shows it.
    Browser,
    /// The benchmarks of the crates.
    Crates,
}

impl Part {
    /// The part with that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "server" => Some(Self::Server),
            "browser" => Some(Self::Browser),
            "crates" => Some(Self::Crates),
            _ => None,
        }
    }
}

impl Default for BenchOptions {
    fn default() -> Self {
        Self {
            sizes: vec![10_000, 1_000_000],
            patients: 1_000_000,
            count: 100,
            writes: 2_000,
            engines: vec![Engine::Embedded, Engine::Server],
            parts: vec![Part::Server, Part::Browser, Part::Crates],
        }
    }
}

/// Measures, and writes down what came of it.
pub(crate) fn run(options: &BenchOptions) -> Outcome<()> {
    let root = project::root();
    tools::ensure(&[Tool::Postgres])?;
    let has = |part| options.parts.contains(&part);
    if has(Part::Browser) {
        tools::ensure(&[Tool::Node, Tool::Npm, Tool::Chromium])?;
        tools::ensure_node_packages(&root.join("e2e"), tools::NODE_MAJOR_MIN)?;
    }
    let build = ["build", "--release", "--package", "almoner", "--package", "almoner-bench"];
    process::run(&mut process::cargo(&root, &build))?;
    let folder = postgres::make_folder(None)?;
    // With memory as its manual advises, and with commits that are on disk before they are told,
    // as a clinic has them.
    let buffers = format!("shared_buffers={}MB", memory_mib() / 4);
    let settings = [&*buffers, "fsync=on", "full_page_writes=on", "synchronous_commit=on"];
    let server = Postgres::start_on_disk(&settings)?;
    let measured = measure(&root, &folder, &server, options);
    let _ = std::fs::remove_dir_all(&folder);
    if has(Part::Server) || has(Part::Browser) {
        write(&root.join(RESULTS), &measured?)?;
    }
    if has(Part::Crates) { long::criterion(&root, &server) } else { Ok(()) }
}

/// Measures each engine, and tells of the machine first.
fn measure(
    root: &Path,
    folder: &Path,
    server: &Postgres,
    options: &BenchOptions,
) -> Outcome<String> {
    let mut text = machine(server);
    for &engine in &options.engines {
        let binary = project::target(root).join("release/almoner");
        text.push_str(&engine_told(root, &Place { engine, server, folder, binary }, options)?);
    }
    Ok(text)
}

/// Fills the databases of an engine and measures on them. Pages come before the server, which
/// writes.
fn engine_told(root: &Path, place: &Place<'_>, options: &BenchOptions) -> Outcome<String> {
    let most = options.sizes.last().copied().unwrap_or(1);
    let of_size = |&size: &u64| {
        let patients = u128::from(size) * u128::from(options.patients) / u128::from(most);
        place.fill(size, u64::try_from(patients).unwrap_or(u64::MAX))
    };
    let is_wanted = |part| options.parts.contains(&part);
    if !is_wanted(Part::Server) && !is_wanted(Part::Browser) {
        return Ok(String::new());
    }
    let databases: Vec<Filled> = options.sizes.iter().map(of_size).collect::<Outcome<_>>()?;
    let largest = databases.last().ok_or("a size is missing")?;
    let (payments, patients) = (largest.payments, largest.patients);
    let mut text = format!(
        "\n## {}: {payments} payments, {patients} patients\n\nLoaded by `almoner demo-data`: \
        {}\n\n",
        place.engine.title(),
        largest.said
    );
    if is_wanted(Part::Browser) {
        text.push_str(&browser(root, place, &largest.url, options.count)?);
        text.push('\n');
    }
    if is_wanted(Part::Server) {
        text.push_str(&answers::measure(place, &databases, options)?);
    }
    Ok(text)
}

/// Works on the pages in a browser.
fn browser(root: &Path, place: &Place<'_>, database: &str, count: u64) -> Outcome<String> {
    let results = place.folder.join("pages.md");
    let mut pages = Command::new("node");
    let chromium = tools::chromium().ok_or("no Chromium was found")?;
    pages
        .arg("bench/pages.mjs")
        .current_dir(root.join("e2e"))
        .env("ALMONER_BIN", &place.binary)
        .env("ALMONER_CHROMIUM", chromium)
        .env("ALMONER_E2E_OUT", place.folder)
        .env("ALMONER_BENCH_COUNT", count.to_string())
        .env("ALMONER_BENCH_DATABASE", database)
        .env("ALMONER_BENCH_OUT", &results);
    process::run(&mut pages)?;
    std::fs::read_to_string(&results).map_err(|error| error.to_string())
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
    let browser = tools::chromium().map_or(String::new(), |chromium| {
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
