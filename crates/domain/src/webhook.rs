//! What other programs are told of, by webhooks.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident => $text:literal,)*) => {
        /// What happened. The names are stable; to add one, add a line to the list.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventKind { $($(#[$doc])* $name,)* }

        impl EventKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name that is stored and sent.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

events! {
    /// A payment was created.
    PaymentCreated => "payment.created",
    /// A payment has another status.
    PaymentStatusChanged => "payment.status_changed",
    /// Something else of a payment changed: its version did.
    PaymentChanged => "payment.changed",
    /// A payment has another link.
    PaymentLinkIssued => "payment.link_issued",
    /// A refund was made; it may be on its way.
    RefundCreated => "refund.created",
    /// The money of a refund that was on its way is back.
    RefundSettled => "refund.settled",
    /// A refund failed: the money is still here.
    RefundFailed => "refund.failed",
    /// A payer disputes a payment at the bank.
    DisputeOpened => "dispute.opened",
    /// Nothing happened: somebody tries whether events arrive.
    Test => "webhook.test",
}

impl EventKind {
    /// The kind with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }
}

/// A text that is no id of an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an id like evt_019d…")]
pub struct EventIdError;

/// What an event is known by: `evt_` and 32 hex digits. Ids sort by the moment of the event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(String);

/// What every id of an event begins with.
const PREFIX: &str = "evt_";
/// The bytes behind an id: six of milliseconds, ten of chance.
const BYTES: usize = 16;

impl EventId {
    /// The id of these bytes.
    pub fn new(bytes: [u8; BYTES]) -> Self {
        Self(format!("{PREFIX}{}", crate::text::hex(&bytes)))
    }

    /// What is before every id of that moment and later.
    pub fn before(at: Timestamp) -> Self {
        let mut bytes = [0; BYTES];
        bytes[..6].copy_from_slice(&at.as_millisecond().max(0).to_be_bytes()[2..]);
        Self::new(bytes)
    }

    /// The id as it is stored and sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl FromStr for EventId {
    type Err = EventIdError;

    fn from_str(text: &str) -> Result<Self, EventIdError> {
        let digits = text.strip_prefix(PREFIX).ok_or(EventIdError)?;
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_id = digits.len() == 2 * BYTES && digits.bytes().all(is_digit);
        is_id.then(|| Self(text.to_owned())).ok_or(EventIdError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_the_names_that_were_promised() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::from_name(kind.as_str()), Some(*kind));
        }
        assert_eq!(EventKind::from_name("payment.paid"), None);
    }

    #[test]
    fn ids_are_read_as_they_are_written_and_sort_by_time() {
        let id = EventId::new([0xa7; BYTES]);
        assert_eq!(id.to_string().parse(), Ok(id.clone()));
        for wrong in ["", "evt_", "evt_A7", &id.to_string().replace("a7", "A7"), "a7a7"] {
            assert_eq!(wrong.parse::<EventId>(), Err(EventIdError), "{wrong}");
        }
        let at = |text: &str| EventId::before(text.parse().expect("a moment"));
        assert!(at("2026-03-10T15:00:00Z") < at("2026-03-10T15:00:00.001Z"));
        assert_eq!(
            at("1970-01-01T00:00:01Z").as_str(),
            format!("evt_0000000003e8{}", "0".repeat(20))
        );
    }
}
