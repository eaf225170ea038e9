//! Runs the browser tests of `e2e/` against the built binary, on one engine at a time.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::postgres::{self, Postgres};
use crate::process::{self, Outcome};
use crate::{canary, project, tools};

/// The engine behind the server under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    /// SQLite, inside the binary.
    Embedded,
    /// PostgreSQL, beside it.
    Server,
}

impl Engine {
    /// Its name, for people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Embedded => "SQLite",
            Self::Server => "PostgreSQL",
        }
    }

    /// Its name, for the tests and for folders.
    fn word(self) -> &'static str {
        match self {
            Self::Embedded => "sqlite",
            Self::Server => "postgres",
        }
    }
}

/// Runs all of `e2e/tests` with Node's own runner, and once, on the embedded engine, `e2e/looks`:
/// how pages look cannot depend on the engine. What the servers print and which addresses the
/// browser asks for is left in a folder of this engine's, for [`search_leaks`].
pub(crate) fn run(root: &Path, engine: Engine, server: &Postgres) -> Outcome<()> {
    let out = output_folder(root, engine);
    if out.exists() {
        std::fs::remove_dir_all(&out).map_err(|error| error.to_string())?;
    }
    std::fs::create_dir_all(&out).map_err(|error| error.to_string())?;
    let chromium = tools::chromium().ok_or("no Chromium was found")?;
    let firefox = tools::firefox().ok_or("no Firefox was found")?;
    let node = || {
        let mut node = Command::new("node");
        node.current_dir(root.join("e2e"))
            .env("ALMONER_BIN", binary(root))
            .env("ALMONER_CHROMIUM", &chromium)
            .env("ALMONER_FIREFOX", &firefox)
            .env("ALMONER_PSQL", server.psql())
            .env("ALMONER_E2E_ENGINE", engine.word())
            .env("ALMONER_E2E_OUT", &out)
            .env(postgres::VARIABLE, server.url());
        node
    };
    process::run(node().arg("lib/fill.mjs"))?;
    let options = ["--test", "--test-concurrency=2", "--test-reporter=spec"];
    process::run(node().args(options).args(test_files(root, engine)?))
}

/// The tests of an engine, the longest first.
fn test_files(root: &Path, engine: Engine) -> Outcome<Vec<PathBuf>> {
    let folders: &[&str] = match engine {
        Engine::Embedded => &["e2e/looks", "e2e/tests"],
        Engine::Server => &["e2e/tests"],
    };
    let files = |folder: &&str| project::files_ending(&root.join(folder), ".test.mjs");
    let tests: Vec<PathBuf> = folders.iter().flat_map(files).collect();
    if tests.is_empty() { Err("there are no browser tests".to_owned()) } else { Ok(tests) }
}

/// Searches what the browser tests left behind for patient data that must not be there.
pub(crate) fn search_leaks(root: &Path, engine: Engine) -> Outcome<()> {
    canary::search(&root.join("e2e/canaries.txt"), &output_folder(root, engine))
}

fn output_folder(root: &Path, engine: Engine) -> PathBuf {
    project::target(root).join("e2e").join(engine.word())
}

/// The program as the tests have it built.
pub(crate) fn binary(root: &Path) -> PathBuf {
    project::target(root).join("debug/almoner")
}
