//! Serves the fake until it is stopped: `cargo run -p almoner-stripe-fake --example serve`.
//!
//! Prints its address, its key and its webhook secret. `POST /_fake/VERB` does what the payer, the
//! bank and time do; the verbs stand in `src/remote.rs`.
#![expect(clippy::print_stdout, reason = "the address is what it is started for")]

use almoner_stripe_fake::{API_KEY, Fake, WEBHOOK_SECRET};

#[tokio::main]
#[expect(clippy::disallowed_methods, reason = "outside of a test, now is now")]
async fn main() {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seconds = since.map(|since| since.as_secs()).unwrap_or_default();
    let fake = Fake::start(i64::try_from(seconds).unwrap_or_default()).await;
    println!("{} {API_KEY} {WEBHOOK_SECRET}", fake.base_url());
    std::future::pending::<()>().await;
}
