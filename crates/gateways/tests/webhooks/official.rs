//! What is sent is believed by the official libraries of Standard Webhooks, and nothing that was
//! changed after.

use std::path::{Path, PathBuf};

use almoner_domain::ambient::{Clock as _, SystemClock};
use almoner_gateways::webhooks::HttpWebhooks;
use tokio::process::Command;

use crate::receiver::{Got, Mood, Receiver};
use crate::{BODY, secrets, send};

/// Says whether it believes what the environment holds.
const PYTHON: &str = "import os\nfrom standardwebhooks.webhooks import Webhook\ne = os.environ\n\
    h = {n: e[n] for n in ('webhook-id', 'webhook-timestamp', 'webhook-signature')}\n\
    print(Webhook(e['SECRET']).verify(e['BODY'], h)['data']['id'])";
const NODE: &str = "const { Webhook } = require('standardwebhooks'); const e = process.env; \
    console.log(new Webhook(e.SECRET).verify(e.BODY, e).data.id)";

#[expect(clippy::disallowed_methods, reason = "where the libraries are is in the environment")]
#[expect(clippy::print_stdout, reason = "what is left out is said")]
fn program(variable: &str) -> Option<PathBuf> {
    let found = std::env::var_os(variable).map(PathBuf::from);
    if found.is_none() {
        println!("left out: {variable} is not set");
    }
    found
}

/// An event as it arrived.
async fn arrived() -> Got {
    let receiver = Receiver::start(Mood::Answer(200)).await;
    let now = SystemClock.now();
    assert_eq!(send(&HttpWebhooks::new(true), &receiver.url(), now).await, Ok(200));
    receiver.received().remove(0)
}

/// What a library prints, or nothing when it does not believe it.
async fn verified(
    (program, flag, script): (&Path, &str, &str),
    got: &Got,
    (secret, body): (&str, &str),
) -> Option<String> {
    let mut command = Command::new(program);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/webhooks/official");
    command.args([flag, script]).current_dir(folder).kill_on_drop(true);
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        command.env(name, got.header(name));
    }
    let output = command.env("SECRET", secret).env("BODY", body).output().await;
    let output = output.expect("the script starts");
    let told = String::from_utf8_lossy(&output.stderr);
    let is_refusal = told.contains("WebhookVerificationError");
    assert!(output.status.success() != is_refusal, "{told}");
    let printed = String::from_utf8(output.stdout).expect("ids are text");
    output.status.success().then(|| printed.trim().to_owned())
}

async fn check(library: (&Path, &str, &str)) {
    let got = arrived().await;
    assert_eq!(got.body, BODY);
    for secret in secrets() {
        let found = verified(library, &got, (&secret.reveal(), &got.body)).await;
        assert_eq!(found.as_deref(), Some("PAY-001"), "each of the secrets signs");
    }
    let [secret, _] = secrets().map(|secret| secret.reveal());
    let changed = got.body.replace("PAY-001", "PAY-002");
    assert_eq!(verified(library, &got, (&secret, &changed)).await, None);
    let other = secret.replacen("Bwc", "Bwd", 1);
    assert_eq!(verified(library, &got, (&other, &got.body)).await, None);
}

#[tokio::test]
async fn the_python_library_believes_what_is_sent() {
    let Some(python) = program("ALMONER_WEBHOOKS_PYTHON") else { return };
    check((&python, "-c", PYTHON)).await;
}

#[tokio::test]
async fn the_node_library_believes_what_is_sent() {
    let Some(node) = program("ALMONER_WEBHOOKS_NODE") else { return };
    check((&node, "-e", NODE)).await;
}
