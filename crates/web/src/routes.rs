//! Every address of the program.

use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, http::Uri};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _};
use tower_http::compression::{CompressionLayer, DefaultPredicate};
use tower_http::timeout::TimeoutLayer;

use crate::handlers::{
    asset, audit, duplicates, eligibility, eligibility_settings, email_consent, health, imports,
    jobs, jump, lasting, merge_patients, patient_form, patients, pay, payments, payouts,
    reminder_settings, reports, sandbox, settings, sign_in, treatments, webhook_settings, webhooks,
};
use crate::state::Web;
use crate::xlsx_file::MEDIA_TYPE;
use crate::{api, failure, fhir, freshness, security, session, uploads, watching};

/// The largest form that is read.
const MAX_FORM_BYTES: usize = 256 * 1024;
/// The largest import that is read: several files at once.
const MAX_IMPORT_BYTES: usize = 64 * 1024 * 1024;
/// The largest webhook that is read.
const MAX_WEBHOOK_BYTES: usize = 1024 * 1024;
/// How long a request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);
/// How long an import may take: its largest file comes over a slow line.
const IMPORT_TIMEOUT: Duration = Duration::from_mins(10);
/// How long a workbook may take, which is written before it is sent.
const WORKBOOK_TIMEOUT: Duration = Duration::from_mins(10);

/// The whole program: its pages, and its interface for other programs.
pub fn router(web: Web) -> Router {
    // Workbooks are packed already.
    let is_compressed = DefaultPredicate::new().and(NotForContentType::const_new(MEDIA_TYPE));
    Router::new()
        .merge(pages(&web))
        .merge(api::router(&web))
        .merge(fhir::router(&web))
        .layer(CompressionLayer::new().gzip(true).compress_when(is_compressed))
        .layer(from_fn_with_state(web.clone(), security::headers))
        .layer(from_fn_with_state(web.clone(), watching::watched))
        .with_state(web)
}

fn pages(web: &Web) -> Router<Web> {
    let late = |limit| TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, limit);
    let staff_only = from_fn_with_state(web.clone(), session::staff_only);
    let staff = Router::new().merge(payment_pages()).merge(other_pages()).layer(staff_only.clone());
    let import = Router::new()
        .route(
            "/eligibility/import",
            post(eligibility::import::submit).layer(DefaultBodyLimit::max(MAX_IMPORT_BYTES)),
        )
        .route(
            "/payments/{id}/documents",
            post(payments::documents::add)
                .layer(DefaultBodyLimit::max(payments::documents::max_form_bytes(web))),
        )
        .route(
            "/imports",
            get(imports::list)
                .post(imports::begin)
                .layer(DefaultBodyLimit::max(imports::MAX_FORM_BYTES)),
        )
        .layer(from_fn_with_state(web.clone(), uploads::bounded))
        .layer(staff_only.clone())
        .layer(late(IMPORT_TIMEOUT));
    let workbooks = workbooks().layer(staff_only).layer(late(WORKBOOK_TIMEOUT));
    // A link is all that a payer shows, and old browsers do not say from which page a form comes.
    let payers = Router::new()
        .route("/pay/back", get(pay::back))
        .route("/pay/{token}", get(pay::look).post(pay::pay))
        .route("/pay/{token}/receipts", get(pay::receipts))
        .route("/sandbox/{session}", get(sandbox::look).post(sandbox::submit))
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .layer(late(REQUEST_TIMEOUT));
    // Signed by the processor, so that it need not come from a page of ours.
    let webhooks = Router::new()
        .route("/webhooks/{processor}", post(webhooks::receive))
        .layer(DefaultBodyLimit::max(MAX_WEBHOOK_BYTES))
        .layer(late(REQUEST_TIMEOUT));
    Router::new()
        .merge(staff)
        .route("/sign-in", get(sign_in::form).post(sign_in::submit))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/session", get(lasting::tell).post(lasting::stay))
        .route("/assets/{*path}", get(asset::asset))
        .route("/favicon.ico", get(asset::favicon))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .fallback(not_found)
        .layer(late(REQUEST_TIMEOUT))
        .merge(import)
        .merge(workbooks)
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .layer(from_fn_with_state(web.clone(), freshness::page_wrote))
        .layer(from_fn_with_state(web.clone(), security::own_requests))
        .merge(webhooks)
        .merge(payers)
        .layer(CatchPanicLayer::new())
}

/// Nothing of a workbook is sent before all of it is written.
fn workbooks() -> Router<Web> {
    Router::new()
        .route("/payments/export.xlsx", get(payments::export::file))
        .route("/reports/day-close.xlsx", get(reports::day_close::file))
        .route("/reports/collections.xlsx", get(reports::collections::file))
        .route("/reports/aging.xlsx", get(reports::aging::file))
        .route("/reports/books.xlsx", get(reports::books::file))
}

fn payment_pages() -> Router<Web> {
    Router::new()
        .route("/", get(|| async { Redirect::to("/payments") }))
        .route("/payments", get(payments::list::page).post(payments::create::submit))
        .route("/payments/new", get(payments::create::start).post(payments::create::again))
        .route("/payments/export.csv", get(payments::export::file))
        .route("/payments/picked", get(payments::picked::preview).post(payments::picked::submit))
        .route("/payments/views", get(payments::views::page).post(payments::views::save))
        .route("/payments/views/remove", post(payments::views::remove))
        .route("/payments/look", post(payments::views::look))
        .route("/payments/exceptions", get(payments::exceptions::page))
        .route("/payments/exceptions/{id}", post(payments::exceptions::solve))
        .route("/payments/exceptions/{id}/refund/new", get(payments::exceptions::review))
        .route("/payments/exceptions/{id}/refund", post(payments::exceptions::submit))
        .route("/payments/exceptions/{id}/kept", post(payments::exceptions::keep))
        .route("/payments/exceptions/{id}/look", post(payments::exceptions::look))
        .route("/payments/{id}", get(payments::detail::page))
        .route("/payments/{id}/edit", get(payments::edit::form).post(payments::edit::submit))
        .route("/payments/{id}/status/new", get(payments::status::form))
        .route("/payments/{id}/status", post(payments::status::submit))
        .route(
            "/payments/{id}/refunds/new",
            get(payments::refund::form).post(payments::refund::review),
        )
        .route("/payments/{id}/refunds", post(payments::refund::submit))
        .route("/payments/{id}/reversal/new", get(payments::reversal::form))
        .route("/payments/{id}/reversal", post(payments::reversal::submit))
        .route("/payments/{id}/receipts", post(payments::receipts::issue))
        .route("/payments/{id}/receipts/{receipt}", get(payments::receipts::page))
        .route("/payments/{id}/receipts/{receipt}/print", post(payments::receipts::print))
        .route("/payments/{id}/receipts/{receipt}/send", post(payments::receipts::send))
        .route("/payments/{id}/link", post(payments::link::issue))
        .route("/payments/{id}/link/send", post(payments::link::send))
        .route("/payments/{id}/link/revoke", post(payments::link::revoke))
        .route("/payments/{id}/documents/{document}", get(payments::documents::content_of))
        .route("/payments/{id}/documents/{document}/image", get(payments::documents::image))
        .route("/payments/{id}/documents/{document}/name", post(payments::documents::rename))
        .route("/payments/{id}/documents/{document}/delete", post(payments::documents::delete))
        .route("/payments/{id}/documents/{document}/restore", post(payments::documents::restore))
        .route("/payments/{id}/notes", post(payments::notes::add))
        .route("/payments/{id}/notes/{note}", post(payments::notes::edit))
        .route("/payments/{id}/exceptions/{exception}", post(payments::detail::solve))
}

fn other_pages() -> Router<Web> {
    Router::new()
        .route("/payouts", get(payouts::list))
        .route("/payouts/{id}", get(payouts::page))
        .route("/reports", get(|| async { Redirect::to("/reports/day-close") }))
        .route("/reports/day-close", get(reports::day_close::page))
        .route("/reports/day-close.csv", get(reports::day_close::file))
        .route("/reports/day-close/count", get(reports::count::form))
        .route("/reports/day-close/counts", post(reports::count::submit))
        .route("/reports/collections", get(reports::collections::page))
        .route("/reports/collections.csv", get(reports::collections::file))
        .route("/reports/aging", get(reports::aging::page))
        .route("/reports/aging.csv", get(reports::aging::file))
        .route("/reports/books", get(reports::books::page))
        .route("/reports/books.csv", get(reports::books::file))
        .route("/patients", get(patients::list).post(patient_form::add))
        .route("/patients/new", get(patient_form::new))
        .route("/patients/duplicates", get(duplicates::list))
        .route("/patients/duplicates/apart", post(duplicates::apart))
        .route("/patients/{id}", get(patients::page))
        .route("/patients/{id}/edit", get(patient_form::edit).post(patient_form::save))
        .route("/patients/{id}/email-consent", post(email_consent::submit))
        .route("/patients/{id}/merge", get(merge_patients::form).post(merge_patients::submit))
        .route("/treatments", get(treatments::list).post(treatments::add))
        .route("/treatments/new", get(treatments::new))
        .route("/treatments/{id}", get(treatments::page))
        .route("/treatments/{id}/edit", get(treatments::edit).post(treatments::save))
        .route("/eligibility", get(eligibility::list::page).post(eligibility::run::submit))
        .route("/eligibility/new", get(eligibility::run::new))
        .route("/eligibility/inbox", get(eligibility::inbox::page))
        .route("/eligibility/files/{id}/raw", get(eligibility::files::unread))
        .route("/eligibility/files/{id}/dismiss", post(eligibility::files::dismiss))
        .route("/eligibility/{id}", get(eligibility::detail::page))
        .route("/eligibility/{id}/match", post(eligibility::matching::submit))
        .route(
            "/eligibility/{id}/unmatch",
            get(eligibility::matching::unmatch_form).post(eligibility::matching::unmatch),
        )
        .route("/eligibility/{id}/differences", post(eligibility::differences::submit))
        .route("/eligibility/{id}/raw", get(eligibility::files::of_check))
        .route("/inquiries/{id}", get(eligibility::run::page))
        .route("/settings", get(|| async { Redirect::to("/settings/locations") }))
        .route("/settings/locations", get(settings::locations).post(settings::add_location))
        .route("/settings/locations/{id}", get(settings::location).post(settings::save_location))
        .route("/settings/physicians", get(settings::physicians).post(settings::add_physician))
        .route(
            "/settings/eligibility",
            get(eligibility_settings::form).post(eligibility_settings::submit),
        )
        .route("/imports/{id}", get(imports::page).post(imports::submit))
        .route("/imports/{id}/faults.csv", get(imports::faults))
        .route("/jump", get(jump::page))
        .route("/colours", post(lasting::colours))
        .route("/audit", get(audit::page))
        .route("/settings/jobs", get(jobs::page).post(jobs::hurry))
        .route("/settings/webhooks", get(webhook_settings::list).post(webhook_settings::add))
        .route(
            "/settings/webhooks/{id}",
            get(webhook_settings::page).post(webhook_settings::submit),
        )
        .route("/settings/reminders", get(reminder_settings::form).post(reminder_settings::submit))
        .route("/settings/physicians/{id}", get(settings::physician).post(settings::save_physician))
}

async fn not_found(axum::extract::State(web): axum::extract::State<Web>, _: Uri) -> Response {
    failure::page(&web, None, &almoner_app::Error::NotFound("page")).into_response()
}
