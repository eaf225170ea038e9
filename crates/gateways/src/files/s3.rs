//! Buckets of stores that speak S3: Amazon's, or one that a clinic runs itself.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{HttpClient, HttpConnector};
use object_store::{ClientOptions, RetryConfig};
use reqwest::redirect::Policy;

use super::FilesAddress;
use crate::secret::Secret;
use crate::tls;

/// How long a connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// How long the store may be silent in the middle of an answer.
const SILENT_AT_MOST: Duration = Duration::from_secs(30);
/// How often a request is sent again.
const TRIES_MORE: usize = 3;
/// How long a request is tried in all.
const TRY_WITHIN: Duration = Duration::from_secs(40);
/// Hosts that only this machine reaches: plain http to them stays on it.
const LOCAL_HOSTS: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// How a bucket is reached.
#[derive(Debug, Clone, Default)]
pub struct S3Access {
    /// The store's address when it is not Amazon's, such as `https://files.clinic.example`.
    pub endpoint: Option<String>,
    /// The region (default `us-east-1`).
    pub region: Option<String>,
    /// The key's id and the secret that belongs to it; without, the machine's own role is asked.
    pub key: Option<(String, Secret)>,
}

/// Connects with the certificates that are built in, as to every other party.
#[derive(Debug)]
struct Connector(reqwest::Client);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

/// A bucket.
pub(super) fn bucket(name: &str, access: &S3Access) -> Result<Arc<AmazonS3>, FilesAddress> {
    let unusable = |error: &dyn std::fmt::Display| FilesAddress::Bucket(error.to_string());
    let config = tls::trusting(tls::public_authorities()).map_err(|error| unusable(&error))?;
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .user_agent(concat!("almoner/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_WITHIN)
        .read_timeout(SILENT_AT_MOST)
        .redirect(Policy::none())
        .build()
        .map_err(|error| unusable(&error))?;
    let retry = RetryConfig {
        max_retries: TRIES_MORE,
        retry_timeout: TRY_WITHIN,
        ..RetryConfig::default()
    };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(name)
        .with_http_connector(Connector(http))
        .with_retry(retry);
    if let Some(region) = &access.region {
        builder = builder.with_region(region);
    }
    if let Some(endpoint) = &access.endpoint {
        let endpoint = endpoint.trim_end_matches('/');
        let is_plain = !endpoint.starts_with("https://");
        if is_plain && !is_local(endpoint) {
            let line = format!("{endpoint} would send documents without TLS; use https://");
            return Err(FilesAddress::Bucket(line));
        }
        builder = builder.with_endpoint(endpoint).with_allow_http(is_plain);
    }
    if let Some((id, secret)) = &access.key {
        builder = builder.with_access_key_id(id).with_secret_access_key(secret.expose());
    }
    builder.build().map(Arc::new).map_err(|error| unusable(&error))
}

fn is_local(endpoint: &str) -> bool {
    let host = endpoint.strip_prefix("http://").unwrap_or_default();
    LOCAL_HOSTS.iter().any(|local| {
        let rest = host.strip_prefix(local);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(endpoint: &str) -> S3Access {
        S3Access { endpoint: Some(endpoint.to_owned()), ..S3Access::default() }
    }

    #[test]
    fn documents_never_leave_the_machine_without_tls() {
        assert!(bucket("clinic", &access("https://files.clinic.example/")).is_ok());
        assert!(bucket("clinic", &access("http://127.0.0.1:9000")).is_ok());
        assert!(bucket("clinic", &S3Access::default()).is_ok());
        for open in ["http://files.clinic.example", "http://127.0.0.1.evil.example", "ftp://x"] {
            assert!(bucket("clinic", &access(open)).is_err(), "{open}");
        }
    }

    #[test]
    fn the_secret_is_not_printed() {
        let key = Some(("ID".to_owned(), Secret::new("SAMPLE-secret")));
        let access = S3Access { key, ..S3Access::default() };
        assert!(!format!("{access:?}").contains("SAMPLE-secret"));
    }
}
