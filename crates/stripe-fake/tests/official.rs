//! Stripe's own clients, in Python and Node.js, against the fake: what they accept, send and sign
//! is what Stripe's protocol is.
//!
//! They are installed by `cargo xtask test`, which says where; without it these tests say that
//! they are left out.

use std::path::{Path, PathBuf};

use almoner_stripe_fake::{API_KEY, Fake, WEBHOOK_SECRET};
use tokio::process::Command;

/// Names the Python that has the official client.
const PYTHON: &str = "ALMONER_STRIPE_PYTHON";
/// Set when the official Node.js client is installed beside its script.
const NODE: &str = "ALMONER_STRIPE_NODE";

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[expect(clippy::disallowed_methods, reason = "where the clients are is said by the environment")]
#[expect(clippy::print_stdout, reason = "what is left out is said")]
fn program(variable: &str) -> Option<PathBuf> {
    let found = std::env::var_os(variable).map(PathBuf::from);
    if found.is_none() {
        println!("left out: {variable} is not set");
    }
    found
}

/// A fake at the real time, which the clients compare signatures with.
#[expect(clippy::disallowed_methods, reason = "the official clients look at the real clock")]
async fn fake() -> Fake {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seconds = since.expect("the clock is right").as_secs();
    Fake::start(i64::try_from(seconds).expect("the clock is right")).await
}

/// Runs a script against a fake of its own; it fails with all that the script said.
async fn drive(program: &Path, arguments: &[&str]) {
    let fake = fake().await;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(here().join("tests/official")).kill_on_drop(true);
    command.env("STRIPE_FAKE_URL", fake.base_url()).env("STRIPE_FAKE_KEY", API_KEY);
    command.env("STRIPE_FAKE_SECRET", WEBHOOK_SECRET);
    let output = command.output().await.expect("the script starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complained}");
}

#[tokio::test]
async fn the_official_python_client_is_served() {
    let Some(python) = program(PYTHON) else { return };
    drive(&python, &["-B", "-m", "unittest", "-v", "drive"]).await;
}

#[tokio::test]
async fn the_official_node_client_is_served() {
    let Some(node) = program(NODE) else { return };
    drive(&node, &["--test", "drive.test.mjs"]).await;
}

#[tokio::test]
async fn the_parameters_are_those_of_the_official_types() {
    let Some(python) = program(PYTHON) else { return };
    let script = here().join("tools/parameters.py");
    let output = Command::new(python).arg("-B").arg(script).output().await;
    let output = output.expect("the script starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let made = String::from_utf8(output.stdout).expect("the list is text");
    let kept = std::fs::read_to_string(here().join("parameters.txt")).expect("the list is there");
    assert!(made == kept, "make parameters.txt again with tools/parameters.py");
}
