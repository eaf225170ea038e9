//! The pages as a browser meets them, and the interface as other programs do, on both engines:
//! the whole router, asked over HTTP.
//!
//! One program for all, so that it is linked once. To add a subject, add a file to `pages/` or
//! `api/` and name it here. Whatever a test asks, every answer is held against the rules of
//! `site.rs`: it carries the headers that protect a page, and it is no fault of ours.

#[path = "pages/access.rs"]
mod access;
#[path = "api/access.rs"]
mod api_access;
#[path = "api/attached.rs"]
mod api_attached;
#[path = "api/checks.rs"]
mod api_checks;
#[path = "api/description.rs"]
mod api_description;
#[path = "api/estimates.rs"]
mod api_estimates;
#[path = "api/hostile.rs"]
mod api_hostile;
#[path = "api/once.rs"]
mod api_once;
#[path = "api/payment_links.rs"]
mod api_payment_links;
#[path = "api/payment_pages.rs"]
mod api_payment_pages;
#[path = "api/payments.rs"]
mod api_payments;
#[path = "api/program.rs"]
mod api_program;
#[path = "api/records.rs"]
mod api_records;
#[path = "api/records_lists.rs"]
mod api_records_lists;
#[path = "api/reports.rs"]
mod api_reports;
#[path = "pages/audit.rs"]
mod audit;
#[path = "pages/documents.rs"]
mod documents;
#[path = "pages/duplicates.rs"]
mod duplicates;
#[path = "pages/eligibility.rs"]
mod eligibility;
#[path = "pages/eligibility_settings.rs"]
mod eligibility_settings;
#[path = "pages/estimate.rs"]
mod estimate;
#[path = "pages/estimate_cases.rs"]
mod estimate_cases;
#[path = "pages/exports.rs"]
mod exports;
#[path = "fhir/facade.rs"]
mod fhir_facade;
#[path = "pages/fields.rs"]
mod fields;
#[path = "pages/hostile.rs"]
mod hostile;
#[path = "pages/imports.rs"]
mod imports;
#[path = "pages/inbox.rs"]
mod inbox;
#[path = "pages/jobs.rs"]
mod jobs;
#[path = "pages/jump.rs"]
mod jump;
#[path = "pages/large_files.rs"]
mod large_files;
#[path = "pages/lists.rs"]
mod lists;
#[path = "pages/mail.rs"]
mod mail;
#[path = "pages/patients.rs"]
mod patients;
#[path = "pages/pay.rs"]
mod pay;
#[path = "pages/payouts.rs"]
mod payouts;
#[path = "pages/ranges.rs"]
mod ranges;
#[path = "pages/receipts.rs"]
mod receipts;
#[path = "pages/reminder_settings.rs"]
mod reminder_settings;
#[path = "pages/replica.rs"]
mod replica;
#[path = "pages/reports.rs"]
mod reports;
#[path = "pages/run_check.rs"]
mod run_check;
#[path = "pages/settings.rs"]
mod settings;
#[path = "pages/site.rs"]
mod site;
#[path = "pages/treatments.rs"]
mod treatments;
#[path = "pages/troubles.rs"]
mod troubles;
#[path = "pages/uploads.rs"]
mod uploads;
#[path = "pages/webhook_settings.rs"]
mod webhook_settings;
#[path = "pages/webhooks.rs"]
mod webhooks;
