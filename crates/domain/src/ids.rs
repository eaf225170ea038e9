//! Ids are types, printed with their prefix: `PAY-001`.
//!
//! An id is a number that is counted per organization. It is printed with at least three
//! digits and grows past them. To add a kind, add a line to the list at the end.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is no id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an id like {prefix}-001")]
pub struct IdError {
    prefix: &'static str,
}

/// The organization that a row belongs to. It is never printed; people see its slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrganizationId(pub i64);

fn parse(text: &str, prefix: &'static str) -> Result<i64, IdError> {
    let error = IdError { prefix };
    let (head, digits) = text.split_once('-').ok_or_else(|| error.clone())?;
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !head.eq_ignore_ascii_case(prefix) || !plain {
        return Err(error);
    }
    digits.parse().ok().filter(|&number| number > 0).ok_or(error)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// What every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// The id with this number, which counts from one.
            pub fn new(seq: i64) -> Self {
                assert!(seq > 0, "ids count from one");
                Self(seq)
            }

            /// The number behind the prefix.
            pub fn seq(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "-{:03}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                parse(text, $prefix).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
                let text = String::deserialize(source)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

ids! {
    /// A payment.
    PaymentId "PAY";
    /// A patient.
    PatientId "PAT";
    /// A treatment.
    TreatmentId "TRT";
    /// An eligibility check.
    CheckId "ELG";
    /// A question to a payer.
    InquiryId "INQ";
    /// A location of the clinic.
    LocationId "LOC";
    /// A physician.
    PhysicianId "PHY";
    /// A refund.
    RefundId "REF";
    /// Something about money that a person has to look at.
    ExceptionId "EXC";
    /// Money that the processor sent to the clinic's bank.
    PayoutId "PYO";
    /// A receipt.
    ReceiptId "RCP";
    /// A count of a drawer.
    DrawerCountId "CNT";
    /// A member of the staff.
    UserId "USR";
    /// A key with which another program asks.
    KeyId "KEY";
    /// Where another program is told of events.
    WebhookId "WHK";
    /// A file of records that is imported.
    ImportId "IMP";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_printed_with_three_digits_and_grow() {
        assert_eq!(PaymentId::new(1).to_string(), "PAY-001");
        assert_eq!(PaymentId::new(1000).to_string(), "PAY-1000");
    }

    #[test]
    fn ids_are_read_in_any_case_and_with_any_zeros() {
        assert_eq!("pay-0012".parse(), Ok(PaymentId::new(12)));
        for wrong in ["PAY", "PAY-", "PAT-1", "PAY-0", "PAY--1", "PAY-1x", "12", "PAY-+1"] {
            assert!(wrong.parse::<PaymentId>().is_err(), "{wrong}");
        }
    }
}
