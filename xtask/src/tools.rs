//! The programs that the tests need: found, or installed where this user may, or asked for.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{self, Outcome, find_program};
use crate::project;

/// The oldest Node.js whose test runner and fetch the browser tests use.
pub(crate) const NODE_MAJOR_MIN: u32 = 18;
/// The oldest Node.js that the compiler of the typed client is told about.
pub(crate) const CLIENTS_NODE_MAJOR_MIN: u32 = 20;
/// The oldest Node.js that Stripe's official client runs on.
pub(crate) const STRIPE_NODE_MAJOR_MIN: u32 = 20;
const CHROMIUM_NAMES: [&str; 4] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const FIREFOX_NAMES: [&str; 2] = ["firefox-esr", "firefox"];

/// A program that is not part of Rust's toolchain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    /// The PostgreSQL server.
    Postgres,
    /// A Chromium for the browser tests.
    Chromium,
    /// A Firefox, in which the main story is told once more.
    Firefox,
    /// Node.js, which runs the browser tests.
    Node,
    /// npm, which fetches their packages.
    Npm,
    /// Python, which runs the programs of others that ours are compared with.
    Python,
}

impl Tool {
    /// Debian's packages for it. The fonts are what pages are measured and pictured with.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Postgres => &["postgresql"],
            Self::Chromium => &["chromium", "fonts-liberation"],
            Self::Firefox => &["firefox-esr"],
            Self::Node => &["nodejs"],
            Self::Npm => &["npm"],
            Self::Python => &["python3", "python3-venv"],
        }
    }

    fn is_present(self) -> bool {
        match self {
            Self::Postgres => postgres_programs().is_some(),
            Self::Chromium => chromium().is_some(),
            Self::Firefox => firefox().is_some(),
            Self::Node => find_program("node").is_some(),
            Self::Npm => find_program("npm").is_some(),
            Self::Python => has_python(),
        }
    }
}

/// Makes sure that all of `wanted` are there, installing what is missing as root on Debian.
pub(crate) fn ensure(wanted: &[Tool]) -> Outcome<()> {
    let packages = missing_packages(wanted)?;
    if packages.is_empty() {
        return Ok(());
    }
    let apt = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    process::run(apt().args(["update", "-q"]))?;
    let mut install = apt();
    install.args(["install", "-q", "-y", "--no-install-recommends"]).args(&packages);
    process::run(&mut install)?;
    match self::missing(wanted).as_slice() {
        [] => Ok(()),
        still => Err(format!("still missing after installing {}: {still:?}", packages.join(" "))),
    }
}

/// The packages of those of `wanted` that are not there; an error when they cannot be installed
/// either.
pub(crate) fn missing_packages(wanted: &[Tool]) -> Outcome<Vec<&'static str>> {
    let missing = missing(wanted);
    let packages: Vec<&str> = missing.iter().flat_map(|tool| tool.packages()).copied().collect();
    let can_install = is_root() && Path::new("/etc/debian_version").exists();
    if packages.is_empty() || can_install { Ok(packages) } else { Err(how_to_install(&packages)) }
}

/// Makes sure of Rust's own tools: rustfmt, clippy and nextest.
pub(crate) fn ensure_cargo(root: &Path) -> Outcome<()> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if !process::succeeds(&mut process::cargo(root, &[subcommand, "--version"])) {
            return Err(format!(
                "`cargo {subcommand}` is missing; add it with `rustup component add {component}`"
            ));
        }
    }
    if process::succeeds(&mut process::cargo(root, &["nextest", "--version"])) {
        return Ok(());
    }
    process::run(&mut process::cargo(root, &["install", "cargo-nextest", "--locked"]))
}

/// Makes sure that a folder's packages are installed as its lock file says.
pub(crate) fn ensure_node_packages(folder: &Path, node_major_min: u32) -> Outcome<()> {
    let version = process::output(Command::new("node").arg("--version"))?;
    if node_major(&version).is_none_or(|major| major < node_major_min) {
        return Err(format!(
            "Node.js {node_major_min} or newer is needed, this is {}",
            version.trim()
        ));
    }
    let lock = modified(&folder.join("package-lock.json"));
    let installed = modified(&folder.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= lock {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(folder);
    process::run(&mut npm)
}

/// The folder of PostgreSQL's server programs: the newest of Debian's, else that on the `PATH`.
pub(crate) fn postgres_programs() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.parse().ok()?;
            Some((version, path.join("bin")))
        })
        .filter(|(_, folder)| has_server(folder))
        .collect();
    versions.sort();
    let newest = versions.pop().map(|(_, folder)| folder);
    newest.or_else(|| {
        let folder = find_program("initdb")?.canonicalize().ok()?.parent()?.to_path_buf();
        has_server(&folder).then_some(folder)
    })
}

/// The Chromium to test with: `ALMONER_CHROMIUM` when set, else one on the `PATH`.
pub(crate) fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("ALMONER_CHROMIUM").map(PathBuf::from);
    named.or_else(|| CHROMIUM_NAMES.iter().find_map(|name| find_program(name)))
}

/// The Firefox to test with: `ALMONER_FIREFOX` when set, else one on the `PATH`.
pub(crate) fn firefox() -> Option<PathBuf> {
    let named = std::env::var_os("ALMONER_FIREFOX").map(PathBuf::from);
    named.or_else(|| FIREFOX_NAMES.iter().find_map(|name| find_program(name)))
}

/// Whether this process runs as root.
pub(crate) fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// The fuzz targets, when `cargo fuzz` is there to run them.
pub(crate) fn fuzz_targets(root: &Path) -> Vec<String> {
    if !process::succeeds(&mut process::cargo(root, &["fuzz", "--version"])) {
        return Vec::new();
    }
    project::files_ending(&root.join("fuzz/fuzz_targets"), ".rs")
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect()
}

/// Whether Python can make environments: Debian has that in a package of its own.
fn has_python() -> bool {
    process::succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"]))
}

fn has_server(folder: &Path) -> bool {
    ["initdb", "postgres", "pg_isready", "psql"].iter().all(|name| folder.join(name).exists())
}

fn missing(wanted: &[Tool]) -> Vec<Tool> {
    wanted.iter().copied().filter(|tool| !tool.is_present()).collect()
}

fn how_to_install(packages: &[&str]) -> String {
    format!(
        "these are missing: {}\n  on Debian, as root: apt-get update && apt-get install {}",
        packages.join(", "),
        packages.join(" ")
    )
}

fn node_major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn modified(path: &Path) -> Option<std::time::SystemTime> {
    std::fs::metadata(path).and_then(|data| data.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_the_way_out() {
        let text = how_to_install(&["postgresql", "chromium"]);
        assert!(text.contains("missing: postgresql, chromium"), "{text}");
        assert!(text.contains("apt-get install postgresql chromium"), "{text}");
    }

    #[test]
    fn versions_of_node_are_read() {
        assert_eq!(node_major("v20.20.2\n"), Some(20));
        assert_eq!(node_major("20"), None);
    }
}
