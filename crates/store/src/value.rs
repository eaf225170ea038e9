//! What statements are given: plain values, the same for every engine.

use almoner_domain::webhook::EventId;

/// A value that is bound to a parameter.
#[derive(Debug, Clone)]
pub enum Value {
    /// A whole number, or none.
    Int(Option<i64>),
    /// A text, or none.
    Text(Option<String>),
    /// Bytes, or none.
    Bytes(Option<Vec<u8>>),
}

macro_rules! value_from {
    ($($source:ty => $variant:ident, $convert:expr;)+) => {$(
        impl From<$source> for Value {
            fn from(value: $source) -> Self {
                Self::$variant(Some(($convert)(value)))
            }
        }

        impl From<Option<$source>> for Value {
            fn from(value: Option<$source>) -> Self {
                Self::$variant(value.map($convert))
            }
        }
    )+};
}

value_from! {
    i64 => Int, |number| number;
    &str => Text, str::to_owned;
    String => Text, |text| text;
    &[u8] => Bytes, <[u8]>::to_vec;
    Vec<u8> => Bytes, |bytes| bytes;
    jiff::Timestamp => Int, almoner_domain::time::micros;
    almoner_domain::Money => Int, almoner_domain::Money::cents;
    almoner_domain::OrganizationId => Int, |id: almoner_domain::OrganizationId| id.0;
    almoner_domain::PaymentId => Int, almoner_domain::PaymentId::seq;
    almoner_domain::PatientId => Int, almoner_domain::PatientId::seq;
    almoner_domain::TreatmentId => Int, almoner_domain::TreatmentId::seq;
    almoner_domain::CheckId => Int, almoner_domain::CheckId::seq;
    almoner_domain::InquiryId => Int, almoner_domain::InquiryId::seq;
    almoner_domain::LocationId => Int, almoner_domain::LocationId::seq;
    almoner_domain::PhysicianId => Int, almoner_domain::PhysicianId::seq;
    almoner_domain::RefundId => Int, almoner_domain::RefundId::seq;
    almoner_domain::PayoutId => Int, almoner_domain::PayoutId::seq;
    almoner_domain::ReceiptId => Int, almoner_domain::ReceiptId::seq;
    almoner_domain::ExceptionId => Int, almoner_domain::ExceptionId::seq;
    almoner_domain::DrawerCountId => Int, almoner_domain::DrawerCountId::seq;
    almoner_domain::UserId => Int, almoner_domain::UserId::seq;
    almoner_domain::KeyId => Int, almoner_domain::KeyId::seq;
    almoner_domain::WebhookId => Int, almoner_domain::WebhookId::seq;
    almoner_domain::ImportId => Int, almoner_domain::ImportId::seq;
    &EventId => Text, |id: &EventId| id.as_str().to_owned();
}

/// The parameters of a statement, in order: `params![org, seq]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::db::Value::from($value)),*]
    };
}
