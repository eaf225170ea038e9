//! Webhooks, signed as Stripe signs them.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::{Parts, lock};

/// A webhook that is ready to be sent.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// The event's id.
    pub event: String,
    /// The event's type.
    pub kind: String,
    /// The body, byte for byte.
    pub body: String,
    /// The value of the `Stripe-Signature` header.
    pub signature: String,
}

/// Signs a body at that time with each of the secrets.
///
/// # Panics
/// Never: HMAC takes keys of any length.
pub fn sign(body: &str, at: i64, secrets: &[&str]) -> String {
    let mut header = format!("t={at}");
    for secret in secrets {
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes());
        let mut mac = mac.expect("HMAC takes keys of any length");
        mac.update(format!("{at}.{body}").as_bytes());
        header += ",v1=";
        for byte in mac.finalize().into_bytes() {
            let _ = write!(header, "{byte:02x}");
        }
    }
    header
}

pub(crate) fn take(parts: &Parts) -> Vec<Webhook> {
    let events = std::mem::take(&mut parts.world().outbox);
    events.iter().map(|event| again(parts, event)).collect()
}

pub(crate) fn again(parts: &Parts, event: &str) -> Webhook {
    let world = parts.world();
    let object = world.get(event).expect("there is an event of that id");
    let kind = object["type"].as_str().unwrap_or_default().to_owned();
    // Stripe sends its JSON indented, which a receiver that parses before it checks would lose.
    let body = serde_json::to_string_pretty(object).expect("JSON can be written");
    let now = world.now;
    drop(world);
    let secrets = lock(&parts.secrets);
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    let signature = sign(&body, now, &secrets);
    Webhook { event: event.to_owned(), kind, body, signature }
}
