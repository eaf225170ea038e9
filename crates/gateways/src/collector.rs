//! A collector of traces. What is said to it is for the program's own telemetry; how it is reached
//! is here, as it is for every party outside.

use std::time::Duration;

use reqwest::redirect::Policy;

use crate::tls;

/// A client for a collector that answers within that time, and is never led elsewhere.
///
/// # Errors
/// The TLS of this build cannot be set up, in words.
pub fn client(answer: Duration) -> Result<reqwest::Client, String> {
    let config = tls::trusting(tls::public_authorities()).map_err(|error| error.to_string())?;
    reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .user_agent(concat!("almoner/", env!("CARGO_PKG_VERSION")))
        .timeout(answer)
        .redirect(Policy::none())
        .build()
        .map_err(|error| error.to_string())
}
