//! Whether a webhook is Stripe's, and of now.

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;

use super::{wire, words};
use crate::Secret;
use crate::processor::{Delivery, Event, Object, WebhookRefusal};

/// The header that carries the signatures.
pub const SIGNATURE_HEADER: &str = "stripe-signature";

/// How far a signature's time may be from ours, before and after.
pub const TOLERANCE: SignedDuration = SignedDuration::from_secs(300);

/// The longest header that is looked at, in bytes; two signatures take under 200.
const HEADER_BYTES_MAX: usize = 2048;
/// Bytes of a SHA-256 sum.
const SUM_BYTES: usize = 32;
/// Digits of a time in seconds, until the year 33658.
const TIME_DIGITS_MAX: usize = 12;

/// Checks every `v1` signature against every secret, always all of them and in constant time,
/// then the signed time, then reads the event.
pub(super) fn verify(
    delivery: Delivery<'_>,
    now: Timestamp,
    secrets: &[Secret],
) -> Result<Event, WebhookRefusal> {
    let mut headers = delivery.headers.get_all(SIGNATURE_HEADER).iter();
    let header = headers.next().ok_or(WebhookRefusal::Unsigned)?;
    let header = header.to_str().map_err(|_| WebhookRefusal::Malformed)?;
    if headers.next().is_some() || header.len() > HEADER_BYTES_MAX {
        return Err(WebhookRefusal::Malformed);
    }
    let signed = Signed::read(header)?;
    let mut is_signed = false;
    for secret in secrets {
        let mac = signed.mac(secret, delivery.body);
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
    let event = serde_json::from_slice(delivery.body).map_err(|_| WebhookRefusal::NotAnEvent)?;
    Ok(read(event))
}

/// An event, in our words.
pub(super) fn read(event: wire::Event) -> Event {
    let object = event.data.object;
    let named = object.object.as_deref().map(words::object).zip(object.id);
    Event {
        id: event.id,
        kind: event.r#type,
        object: named.map(|(kind, id)| Object { kind, id }),
        account: event.account,
        is_test_money: !event.livemode,
        created_at: wire::moment(event.created),
    }
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
        Ok(Self { time, at: wire::moment(seconds), sums })
    }

    fn mac(&self, secret: &Secret, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
            .expect("HMAC takes keys of any length");
        mac.update(self.time.as_bytes());
        mac.update(b".");
        mac.update(body);
        mac
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
