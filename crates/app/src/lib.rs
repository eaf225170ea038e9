//! The use cases: one verb, one file, one transaction.
//!
//! A use case checks the permission, begins a transaction, locks what it changes, decides by
//! the domain's rules, writes the change with its ledger, rollup and audit rows, and commits.
//! Nothing outside is called while a transaction is open. To add one, add its file here, its
//! line to the table in `permission.rs`, and its tests on both engines.

pub mod add_note;
pub mod add_organization;
pub mod api_keys;
pub mod apply_events;
pub mod ask_attempts;
pub mod attempt;
pub mod audit_reads;
pub mod authenticate_key;
pub mod begin_payment;
pub mod change_status;
pub mod check_answer;
pub mod compare_person;
pub mod consent_email;
pub mod context;
pub mod count_drawer;
pub mod create_payment;
pub mod credentials;
pub mod dismiss_differences;
pub mod dismiss_file;
pub mod edit_payment;
pub mod error;
pub mod estimate_payment;
pub mod exchange_checks;
pub mod export_report;
pub mod give_back;
pub mod hosted_page;
pub mod hurry_queue;
pub mod import_eligibility;
pub mod import_payouts;
pub mod issue_link;
pub mod issue_receipts;
pub mod link_keys;
pub mod look_again;
pub mod match_check;
pub mod open_link;
pub mod pay_link;
pub mod permission;
pub mod post_mail;
pub mod print_receipt;
pub mod read;
pub mod read_audit;
pub mod read_inbox;
pub mod read_inquiries;
pub mod read_payouts;
pub mod read_queues;
pub mod read_receipt;
pub mod read_reports;
pub mod read_troubles;
pub mod receive_event;
pub mod receive_file;
pub mod refund_payment;
pub mod remind;
pub mod reverse_tender;
pub mod run_check;
pub mod run_once;
pub mod save_eligibility_settings;
pub mod save_location;
pub mod save_patient;
pub mod save_physician;
pub mod save_reminder_settings;
pub mod save_treatment;
pub mod seal_audit;
pub mod send_link;
pub mod send_links;
pub mod send_receipt;
pub mod settle_refund;
pub mod settle_unapplied;
pub mod sign_in;
pub mod solve_exception;
pub mod staff_accounts;
pub mod sweep_events;
pub mod unmatch_check;
pub mod use_payers_data;
pub mod void_payment;

mod apply_attempt;
mod apply_dispute;
mod apply_refund;
mod book_payout;
mod exception;
mod inquiry_step;
mod letters;
mod match_answer;
mod npi;
mod question;
mod record;
mod step;

pub use context::{Actor, App, Who};
pub use error::Error;
