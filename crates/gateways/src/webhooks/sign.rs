//! Signing, as Standard Webhooks 1.0.0 has it: an HMAC with SHA-256 over the id, the time and the
//! body.

use std::fmt;

use base64ct::{Base64, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The header with the id.
pub const ID_HEADER: &str = "webhook-id";
/// The header with the time, in seconds.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The header with the signatures, one for each secret.
pub const SIGNATURE_HEADER: &str = "webhook-signature";
/// The length of a secret; the specification asks for 24 to 64 bytes.
pub const SECRET_BYTES: usize = 32;
/// What a secret begins with where it is handed over.
const SECRET_PREFIX: &str = "whsec_";
/// What a signature of this kind begins with.
const SIGNATURE_VERSION: &str = "v1";

/// What deliveries are signed with. It is not printed, not even by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret([u8; SECRET_BYTES]);

impl SigningSecret {
    /// The secret of these bytes.
    pub fn new(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(bytes)
    }

    /// As the receiver's library takes it, for the one moment in which it is handed over.
    pub fn reveal(&self) -> String {
        format!("{SECRET_PREFIX}{}", Base64::encode_string(&self.0))
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SigningSecret(…)")
    }
}

/// The value of the header with the signatures.
pub(super) fn signatures(secrets: &[SigningSecret], id: &str, seconds: i64, body: &str) -> String {
    let one = |secret: &SigningSecret| {
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret.0).expect("any length will do");
        mac.update(format!("{id}.{seconds}.{body}").as_bytes());
        let seal = Base64::encode_string(&mac.finalize().into_bytes());
        format!("{SIGNATURE_VERSION},{seal}")
    };
    secrets.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn the_known_example_is_signed_as_it_is_known() {
        let mut bytes = [0; 24];
        let read = Base64::decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &mut bytes);
        let mut mac = Hmac::<Sha256>::new_from_slice(read.expect("it is Base64")).expect("a key");
        let body = r#"{"test": 2432232314}"#;
        mac.update(format!("msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{body}").as_bytes());
        let seal = Base64::encode_string(&mac.finalize().into_bytes());
        assert_eq!(seal, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_secret_signs_and_none_is_printed() {
        let secrets = [SigningSecret::new([1; 32]), SigningSecret::new([2; 32])];
        let both = signatures(&secrets, "evt_1", 7, "{}");
        let [first, second] = secrets.map(|secret| signatures(&[secret], "evt_1", 7, "{}"));
        assert_eq!(both, format!("{first} {second}"));
        assert!(first.starts_with("v1,") && first != second);
        let secret = SigningSecret::new([1; 32]);
        assert_eq!(format!("{secret:?}"), "SigningSecret(…)");
        assert_eq!(secret.reveal(), format!("whsec_{}=", "AQEB".repeat(10) + "AQE"));
    }
}
