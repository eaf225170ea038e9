//! The rules of a clinic's payments, free of database, network and clock.
//!
//! Everything here is a value or a pure function. What changes from clinic to clinic or from
//! moment to moment (the time, randomness, what is stored) comes in as an argument, so that
//! each rule can be tested alone. A new rule belongs here when it can be said without naming
//! a table, a page or a party outside; otherwise it is a use case.

pub mod ambient;
pub mod asking;
pub mod checks;
pub mod document;
pub mod error;
pub mod estimate;
pub mod foreign_code;
pub mod ids;
pub mod inquiry;
pub mod insured;
pub mod ledger;
pub mod likeness;
pub mod list;
pub mod list_look;
pub mod money;
pub mod name;
pub mod payment;
pub mod period;
pub mod refund;
pub mod reminder;
pub mod report;
pub mod role;
pub mod scope;
pub mod status;
pub mod tender;
pub mod text;
pub mod time;
pub mod trace;
pub mod webhook;

pub use error::{FieldError, Invalid};
pub use ids::{
    CheckId, DrawerCountId, ExceptionId, ImportId, InquiryId, KeyId, LocationId, OrganizationId,
    PatientId, PaymentId, PayoutId, PhysicianId, ReceiptId, RefundId, TreatmentId, UserId,
    WebhookId,
};
pub use money::{BasisPoints, Money};
pub use status::Status;
