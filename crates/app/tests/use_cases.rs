//! The use cases on both engines: what they do, refuse and leave behind.
//!
//! One program for all, so that it is linked once. To add a subject, add a file to `use_cases/`
//! and name it here; its tests run on both engines (`on_both_engines!`), each in a database of
//! its own with the small clinic of `common.rs`. `ALMONER_SOAK=1` multiplies the repetitions.

#![expect(clippy::print_stdout, reason = "a seed is printed so that a failure can be repeated")]

#[path = "use_cases/answers.rs"]
mod answers;
#[path = "use_cases/archives.rs"]
mod archives;
#[path = "use_cases/bundles.rs"]
mod bundles;
#[path = "use_cases/common.rs"]
mod common;
#[path = "use_cases/crashes.rs"]
mod crashes;
#[path = "use_cases/create.rs"]
mod create;
#[path = "use_cases/documents.rs"]
mod documents;
#[path = "use_cases/edit.rs"]
mod edit;
#[path = "use_cases/eligibility.rs"]
mod eligibility;
#[path = "use_cases/estimate.rs"]
mod estimate;
#[path = "use_cases/exchange.rs"]
mod exchange;
#[path = "use_cases/exports.rs"]
mod exports;
#[path = "use_cases/given_back.rs"]
mod given_back;
#[path = "use_cases/imports.rs"]
mod imports;
#[path = "use_cases/inbox.rs"]
mod inbox;
#[path = "use_cases/interleavings.rs"]
mod interleavings;
#[path = "use_cases/keys.rs"]
mod keys;
#[path = "use_cases/large_files.rs"]
mod large_files;
#[path = "use_cases/letters.rs"]
mod letters;
#[path = "use_cases/links.rs"]
mod links;
#[path = "use_cases/mail.rs"]
mod mail;
#[path = "use_cases/matching.rs"]
mod matching;
#[path = "use_cases/merging.rs"]
mod merging;
#[path = "use_cases/midnight.rs"]
mod midnight;
#[path = "use_cases/notes.rs"]
mod notes;
#[path = "use_cases/other_organization.rs"]
mod other_organization;
#[path = "use_cases/patients.rs"]
mod patients;
#[path = "use_cases/payer.rs"]
mod payer;
#[path = "use_cases/permissions.rs"]
mod permissions;
#[path = "use_cases/permissions_given.rs"]
mod permissions_given;
#[path = "use_cases/queues.rs"]
mod queues;
#[path = "use_cases/receipts.rs"]
mod receipts;
#[path = "use_cases/refund.rs"]
mod refund;
#[path = "use_cases/reminders.rs"]
mod reminders;
#[path = "use_cases/reports.rs"]
mod reports;
#[path = "use_cases/reversal.rs"]
mod reversal;
#[path = "use_cases/run_check.rs"]
mod run_check;
#[path = "use_cases/run_once.rs"]
mod run_once;
#[path = "use_cases/scripted.rs"]
mod scripted;
#[path = "use_cases/sign_in.rs"]
mod sign_in;
#[path = "use_cases/source.rs"]
mod source;
#[path = "use_cases/status.rs"]
mod status;
#[path = "use_cases/story.rs"]
mod story;
#[path = "use_cases/stripe.rs"]
mod stripe;
#[path = "use_cases/stripe_disputes.rs"]
mod stripe_disputes;
#[path = "use_cases/stripe_events.rs"]
mod stripe_events;
#[path = "use_cases/stripe_interleavings.rs"]
mod stripe_interleavings;
#[path = "use_cases/stripe_payouts.rs"]
mod stripe_payouts;
#[path = "use_cases/stripe_refunds.rs"]
mod stripe_refunds;
#[path = "use_cases/tamper.rs"]
mod tamper;
#[path = "use_cases/tamper_stripe.rs"]
mod tamper_stripe;
#[path = "use_cases/theirs.rs"]
mod theirs;
#[path = "use_cases/webhooks.rs"]
mod webhooks;
