//! The use cases: one verb, one file, one transaction.
//!
//! A use case checks the permission, begins a transaction, locks what it changes, decides by
//! the domain's rules, writes the change with its ledger, rollup and audit rows, and commits.
//! Nothing outside is called while a transaction is open. To add one, add its file here, its
//! line to the table in `permission.rs`, and its tests on both engines.

pub mod add_note;
pub mod add_organization;
pub mod attempt;
pub mod audit_reads;
pub mod change_status;
pub mod check_answer;
pub mod context;
pub mod create_payment;
pub mod credentials;
pub mod edit_payment;
pub mod error;
pub mod estimate_payment;
pub mod import_eligibility;
pub mod match_check;
pub mod permission;
pub mod read;
pub mod receive_file;
pub mod refund_payment;
pub mod reverse_tender;
pub mod save_location;
pub mod save_patient;
pub mod save_physician;
pub mod save_treatment;
pub mod seal_audit;
pub mod settle_refund;
pub mod sign_in;
pub mod staff_accounts;
pub mod void_payment;

mod record;
mod step;

pub use context::{Actor, App};
pub use error::Error;
