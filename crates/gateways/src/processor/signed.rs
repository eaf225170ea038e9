//! Signatures of webhooks in the form `t=TIME,v1=SUM`: an HMAC over the time, a dot and the body.

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;

use super::{Delivery, WebhookRefusal};
use crate::Secret;

/// How far a signature's time may be from ours, before and after.
pub const TOLERANCE: SignedDuration = SignedDuration::from_secs(300);

/// The longest header that is looked at, in bytes; two signatures take under 200.
const HEADER_BYTES_MAX: usize = 2048;
/// Bytes of a SHA-256 sum.
const SUM_BYTES: usize = 32;
/// Digits of a time in seconds, until the year 33658.
const TIME_DIGITS_MAX: usize = 12;

/// Checks every `v1` signature of a header against every secret, always all of them and in
/// constant time, then the signed time.
pub(super) fn check(
    header: &str,
    delivery: Delivery<'_>,
    now: Timestamp,
    secrets: &[Secret],
) -> Result<(), WebhookRefusal> {
    let mut headers = delivery.headers.get_all(header).iter();
    let header = headers.next().ok_or(WebhookRefusal::Unsigned)?;
    let header = header.to_str().map_err(|_| WebhookRefusal::Malformed)?;
    if headers.next().is_some() || header.len() > HEADER_BYTES_MAX {
        return Err(WebhookRefusal::Malformed);
    }
    let signed = Signed::read(header)?;
    let mut is_signed = false;
    for secret in secrets {
        let mac = mac(secret, signed.time, delivery.body);
        for sum in &signed.sums {
            is_signed |= mac.clone().verify_slice(sum).is_ok();
        }
    }
    if !is_signed {
        return Err(WebhookRefusal::WrongSignature);
    }
    let age = now.duration_since(signed.at);
    if age > TOLERANCE {
        return Err(WebhookRefusal::TooOld);
    }
    if age < -TOLERANCE {
        return Err(WebhookRefusal::FromTheFuture);
    }
    Ok(())
}

/// The header that signs a body at a moment.
pub(super) fn sign(secret: &Secret, body: &[u8], now: Timestamp) -> String {
    let time = now.as_second().to_string();
    let sum = mac(secret, &time, body).finalize().into_bytes();
    format!("t={time},v1={}", almoner_domain::text::hex(&sum))
}

fn mac(secret: &Secret, time: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac
}

/// What the header says.
struct Signed<'a> {
    /// The time as it was written, which is what was signed.
    time: &'a str,
    at: Timestamp,
    sums: Vec<[u8; SUM_BYTES]>,
}

impl<'a> Signed<'a> {
    /// Reads `t=…,v1=…,v1=…`. Other schemes are passed over: a test scheme is never trusted.
    fn read(header: &'a str) -> Result<Self, WebhookRefusal> {
        let (mut time, mut sums, mut has_scheme) = (None, Vec::new(), false);
        for part in header.split(',') {
            let (name, value) = part.trim().split_once('=').ok_or(WebhookRefusal::Malformed)?;
            match name {
                "t" if time.is_some() => return Err(WebhookRefusal::Malformed),
                "t" => time = Some(value),
                "v1" => {
                    has_scheme = true;
                    // A sum of another form can fit nothing.
                    sums.extend(sum(value));
                }
                _ => {}
            }
        }
        let time = time.ok_or(WebhookRefusal::Malformed)?;
        let digits = time.len() <= TIME_DIGITS_MAX && time.bytes().all(|b| b.is_ascii_digit());
        let seconds = time.parse().ok().filter(|_| digits).ok_or(WebhookRefusal::Malformed)?;
        if !has_scheme {
            return Err(WebhookRefusal::UnknownScheme);
        }
        let at = Timestamp::from_second(seconds).map_err(|_| WebhookRefusal::Malformed)?;
        Ok(Self { time, at, sums })
    }
}

/// Reads a sum in small hexadecimal digits.
fn sum(text: &str) -> Option<[u8; SUM_BYTES]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    let mut sum = [0; SUM_BYTES];
    if pairs.len() != SUM_BYTES {
        return None;
    }
    for (byte, [high, low]) in sum.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(sum)
}
