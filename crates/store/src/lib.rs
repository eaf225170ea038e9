//! What is stored and how it is asked for: one set of statements for both engines.
//!
//! A file here belongs to one table or one question. Its functions take the transaction that
//! their caller began, so that a use case decides what stands or falls together. To store
//! something new, add a migration to both engines and a file of functions; the statement is
//! plain SQL that both engines understand (`$1` parameters, `ON CONFLICT`, `RETURNING`, row
//! values; sums are cast to `BIGINT`).

pub mod api_keys;
pub mod api_requests;
pub mod archive;
mod asking;
pub mod attempts;
pub mod audit;
pub mod audit_list;
pub mod author;
pub mod books;
pub mod bulk;
pub mod cards;
pub mod check_list;
pub mod copy;
pub mod counters;
pub mod day_close;
pub mod db;
pub mod disputes;
pub mod documents;
pub mod duplicates;
pub mod eligibility;
pub mod eligibility_files;
pub mod eligibility_settings;
pub mod exceptions;
mod fill;
pub mod idempotency;
pub mod import_files;
pub mod imported_records;
pub mod imports;
pub mod inquiries;
pub mod ledger;
pub mod links;
pub mod locations;
pub mod mail;
pub mod merged;
mod named;
pub mod notes;
pub mod organizations;
pub mod patients;
pub mod payment_list;
pub mod payments;
pub mod payouts;
pub mod physicians;
pub mod processor_events;
pub mod queues;
pub mod receipts;
pub mod record_list;
pub mod refunds;
pub mod reminders;
pub mod report_sums;
pub mod rollups;
pub mod saved_views;
pub mod sessions;
pub mod staff;
mod statement;
pub mod stored_files;
pub mod suggestions;
pub mod tenders;
#[cfg(feature = "testing")]
pub use db::testing;
pub mod treatments;
pub mod unapplied;
pub mod unapplied_refunds;
mod value;
pub mod verify;
pub mod webhook_deliveries;
pub mod webhook_endpoints;
pub mod webhook_events;

pub use db::{Db, StoreError, Tx};
