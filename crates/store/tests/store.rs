//! The database on both engines: what it holds, refuses and lists, and what a list costs.
//!
//! One program for all, so that it is linked once. To add a subject, add a file to `store/` and
//! name it here. Each test runs on both engines (`on_both_engines!`) in a database of its own.

#![expect(clippy::print_stdout, reason = "a cost is measured to be read")]

#[path = "store/archives.rs"]
mod archives;
#[path = "store/asking.rs"]
mod asking;
#[path = "store/audit_list.rs"]
mod audit_list;
#[path = "store/check_flat.rs"]
mod check_flat;
#[path = "store/check_model.rs"]
mod check_model;
#[path = "store/check_walk.rs"]
mod check_walk;
#[path = "store/clinic.rs"]
mod clinic;
#[path = "store/common.rs"]
mod common;
#[path = "store/copies.rs"]
mod copies;
#[path = "store/file_parts.rs"]
mod file_parts;
#[path = "store/flat.rs"]
mod flat;
#[path = "store/flat_load.rs"]
mod flat_load;
#[path = "store/gathered.rs"]
mod gathered;
#[path = "store/inquiries.rs"]
mod inquiries;
#[path = "store/kept_rows.rs"]
mod kept_rows;
#[path = "store/list_model.rs"]
mod list_model;
#[path = "store/list_walk.rs"]
mod list_walk;
#[path = "store/partitions.rs"]
mod partitions;
#[path = "store/receipt_lookup.rs"]
mod receipt_lookup;
#[path = "store/record_flat.rs"]
mod record_flat;
#[path = "store/record_load.rs"]
mod record_load;
#[path = "store/record_walk.rs"]
mod record_walk;
#[path = "store/refund_cap.rs"]
mod refund_cap;
#[path = "store/reminders.rs"]
mod reminders;
#[path = "store/reports.rs"]
mod reports;
#[path = "store/schema.rs"]
mod schema;
#[path = "store/seals.rs"]
mod seals;
#[path = "store/status_graph.rs"]
mod status_graph;
#[path = "store/suggestions.rs"]
mod suggestions;
#[path = "store/type_by_amount.rs"]
mod type_by_amount;
