//! Clients in Python and in TypeScript, which makers that others keep have made from the
//! interface's description, take a payment over a running server.
//!
//! The makers are installed by `cargo xtask test`, which says where; without it these tests say
//! that they are left out.

use std::path::{Path, PathBuf};

use almoner_store::on_both_engines;
use almoner_store::testing::TestDb;
use tempfile::TempDir;
use tokio::process::Command;

use crate::common::{Server, run, set_up};

/// Names the Python that has the maker of Python clients.
const PYTHON: &str = "ALMONER_CLIENTS_PYTHON";
/// Names the Node.js that finds the maker of TypeScript clients beside its script.
const NODE: &str = "ALMONER_CLIENTS_NODE";
/// What the scripts are allowed.
const SCOPES: &str = "patients:read,patients:write,payments:read,payments:write,refunds:write";

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

#[expect(clippy::disallowed_methods, reason = "where the makers are is said by the environment")]
#[expect(clippy::print_stdout, reason = "what is left out is said")]
fn program(variable: &str) -> Option<PathBuf> {
    let found = std::env::var_os(variable).map(PathBuf::from);
    if found.is_none() {
        println!("left out: {variable} is not set");
    }
    found
}

/// A server with a key, and a folder with its description.
struct Described {
    folder: TempDir,
    key: String,
    server: Server,
}

impl Described {
    async fn start(db: &TestDb) -> Self {
        let folder = tempfile::tempdir().unwrap();
        set_up(folder.path(), &db.url, "m@test.clinic", "manager").await;
        let create = ["key", "create", "--name", "Made client", "--scopes", SCOPES];
        let key = run(folder.path(), &db.url, &create).await.stdout.trim().to_owned();
        let server = Server::start(folder.path(), &db.url).await;
        // The client wants to know its cryptography even where it speaks plain HTTP.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let described = reqwest::get(format!("{}/api/v1/openapi.json", server.base)).await;
        let described = described.unwrap().bytes().await.unwrap();
        std::fs::write(folder.path().join("openapi.json"), described).unwrap();
        Self { folder, key, server }
    }

    /// Runs a program in the folder; it fails with all that the program said.
    async fn run(&self, program: &Path, arguments: &[&str]) {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder.path()).kill_on_drop(true);
        command.env("PYTHONPATH", self.folder.path()).env("NO_COLOR", "1");
        command.env("ALMONER_URL", &self.server.base).env("ALMONER_KEY", &self.key);
        let output = command.output().await.expect("the program starts");
        let said = String::from_utf8_lossy(&output.stdout);
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}\n{said}\n{complained}");
    }

    /// Copies a file of ours into the folder.
    fn take(&self, name: &str) {
        std::fs::copy(here().join(name), self.folder.path().join(name)).unwrap();
    }

    /// Passes when the server's books are whole, with all that the client did.
    async fn verified(&self, db: &TestDb) {
        let verified = run(self.folder.path(), &db.url, &["verify"]).await;
        assert_eq!(verified.code, 0, "{}", verified.stderr);
    }
}

on_both_engines! {
    async fn a_python_client_takes_a_payment(db) {
        let Some(python) = program(PYTHON) else { return };
        let described = Described::start(&db).await;
        described.take("make.yml");
        described.take("pay.py");
        let make = [
            "-B", "-m", "openapi_python_client", "generate", "--path", "openapi.json", "--meta",
            "none", "--output-path", "almoner_client", "--config", "make.yml", "--fail-on-warning",
        ];
        described.run(&python, &make).await;
        described.run(&python, &["-B", "pay.py"]).await;
        described.verified(&db).await;
    }

    async fn a_typescript_client_takes_a_payment(db) {
        let Some(node) = program(NODE) else { return };
        let described = Described::start(&db).await;
        for name in ["package.json", "tsconfig.json", "pay.ts"] {
            described.take(name);
        }
        let packages = described.folder.path().join("node_modules");
        std::os::unix::fs::symlink(here().join("node_modules"), packages).unwrap();
        let maker = "node_modules/openapi-typescript/bin/cli.js";
        let make = [maker, "openapi.json", "-o", "schema.d.ts"];
        described.run(&node, &make).await;
        described.run(&node, &["node_modules/typescript/bin/tsc"]).await;
        described.run(&node, &["out/pay.js"]).await;
        described.verified(&db).await;
    }
}
