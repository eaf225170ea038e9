//! What Stripe's own clients sign is believed, and nothing that was changed after.

use std::path::{Path, PathBuf};

use almoner_gateways::Secret;
use almoner_gateways::processor::stripe::{SIGNATURE_HEADER, Stripe};
use almoner_gateways::processor::{Delivery, Processor as _, WebhookRefusal};
use reqwest::header::{HeaderMap, HeaderValue};
use tokio::process::Command;

use crate::common::{BEGIN, moment, settings};

const SECRET: &str = "whsec_SAMPLE_official";
/// With letters and spaces that a careless client would change.
const BODY: &str = "{\"id\":\"evt_1\", \"type\":\"payout.paid\",\"created\":1764115200,\n\
    \"livemode\":false,\"data\":{\"object\":{\"object\":\"payout\",\"id\":\"po_Søn\"}}}";

#[expect(clippy::disallowed_methods, reason = "where the clients are is said by the environment")]
#[expect(clippy::print_stdout, reason = "what is left out is said")]
fn program(variable: &str) -> Option<PathBuf> {
    let found = std::env::var_os(variable).map(PathBuf::from);
    if found.is_none() {
        println!("left out: {variable} is not set");
    }
    found
}

/// Where the official clients are installed.
fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../stripe-fake/tests/official")
}

/// What a script prints, given the body, the secret and the time.
async fn signed(program: &Path, flag: &str, script: &str) -> String {
    let mut command = Command::new(program);
    command.args([flag, script]).current_dir(clients()).kill_on_drop(true);
    command.env("BODY", BODY).env("SECRET", SECRET).env("AT", BEGIN.to_string());
    let output = command.output().await.expect("the script starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("a header is text").trim().to_owned()
}

fn check(header: &str) {
    let mut settings = settings("http://127.0.0.1:9");
    settings.webhook_secrets = vec![Secret::new("whsec_SAMPLE_other"), Secret::new(SECRET)];
    let stripe = Stripe::new(settings).expect("the settings are right");
    let mut headers = HeaderMap::new();
    headers.insert(SIGNATURE_HEADER, HeaderValue::from_str(header).expect("a header"));
    let verify = |body: &str, at: i64| {
        stripe.verify(Delivery { body: body.as_bytes(), headers: &headers }, moment(at))
    };
    assert_eq!(verify(BODY, BEGIN).expect("it is believed").id, "evt_1", "{header}");
    let changed = BODY.replace("paid", "gone");
    assert_eq!(verify(&changed, BEGIN), Err(WebhookRefusal::WrongSignature));
    assert_eq!(verify(BODY, BEGIN + 301), Err(WebhookRefusal::TooOld));
    assert_eq!(verify(BODY, BEGIN - 301), Err(WebhookRefusal::FromTheFuture));
}

#[tokio::test]
async fn what_the_python_client_signs_is_believed() {
    let Some(python) = program("ALMONER_STRIPE_PYTHON") else { return };
    let script = "import os, stripe; print(stripe.WebhookSignature.generate_signature_header(\
        os.environ['BODY'], os.environ['SECRET'], int(os.environ['AT'])))";
    check(&signed(&python, "-c", script).await);
}

#[tokio::test]
async fn what_the_node_client_signs_is_believed() {
    let Some(node) = program("ALMONER_STRIPE_NODE") else { return };
    let script = "const { BODY: payload, SECRET: secret, AT } = process.env; \
        const stripe = require('stripe')('sk_test_SAMPLE'); \
        const options = { payload, secret, timestamp: Number(AT) }; \
        console.log(stripe.webhooks.generateTestHeaderString(options))";
    check(&signed(&node, "-e", script).await);
}
