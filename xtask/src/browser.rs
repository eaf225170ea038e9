//! Runs the browser tests of `e2e/` against the built binary, on one engine at a time.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::postgres::{self, Postgres};
use crate::process::{self, Outcome};
use crate::{canary, project, tools};

/// The engine behind the server under test.
#[derive(Clone, Copy)]
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

/// Runs all of `e2e/tests` with Node's own runner. What the servers print and which addresses the
/// browser asks for is left in a folder of this engine's, for [`search_leaks`].
pub(crate) fn run(root: &Path, engine: Engine, server: &Postgres) -> Outcome<()> {
    let out = output_folder(root, engine);
    if out.exists() {
        std::fs::remove_dir_all(&out).map_err(|error| error.to_string())?;
    }
    std::fs::create_dir_all(&out).map_err(|error| error.to_string())?;
    let chromium = tools::chromium().ok_or("no Chromium was found")?;
    let tests = project::files_ending(&root.join("e2e/tests"), ".test.mjs");
    if tests.is_empty() {
        return Err("there are no browser tests in e2e/tests".to_owned());
    }
    let mut node = Command::new("node");
    node.args(["--test", "--test-concurrency=2", "--test-reporter=spec"])
        .args(tests)
        .current_dir(root.join("e2e"));
    node.env("ALMONER_BIN", binary(root))
        .env("ALMONER_CHROMIUM", chromium)
        .env("ALMONER_PSQL", server.psql())
        .env("ALMONER_E2E_ENGINE", engine.word())
        .env("ALMONER_E2E_OUT", out)
        .env(postgres::VARIABLE, server.url());
    process::run(&mut node)
}

/// Searches what the browser tests left behind for patient data that must not be there.
pub(crate) fn search_leaks(root: &Path, engine: Engine) -> Outcome<()> {
    canary::search(&root.join("e2e/canaries.txt"), &output_folder(root, engine))
}

fn output_folder(root: &Path, engine: Engine) -> PathBuf {
    project::target(root).join("e2e").join(engine.word())
}

fn binary(root: &Path) -> PathBuf {
    project::target(root).join("debug/almoner")
}
