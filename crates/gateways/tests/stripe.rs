//! The gateway to Stripe, against the strict fake: every outcome, every fault, and what is sent.

#[path = "stripe/attempts.rs"]
mod attempts;
#[path = "stripe/common.rs"]
mod common;
#[path = "stripe/faults.rs"]
mod faults;
#[path = "stripe/official.rs"]
mod official;
#[path = "stripe/privacy.rs"]
mod privacy;
#[path = "stripe/refunds.rs"]
mod refunds;
#[path = "stripe/reports.rs"]
mod reports;
#[path = "stripe/settings.rs"]
mod settings;
#[path = "stripe/webhooks.rs"]
mod webhooks;
