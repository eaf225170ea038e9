//! The pages, and what other programs see of a clinic's payments.
//!
//! A request passes the guards (`security`), is given its member of the staff (`session`), and
//! reaches a handler, which extracts, calls one use case and fills a page (`view`). To add a
//! page, add its struct and template, its handler, and its line in `routes`. Other programs ask
//! by the calls of `api`, which have guards of their own.

mod api;
mod assets;
mod cell;
mod csv_file;
mod failure;
mod fhir;
mod format;
mod handlers;
mod pdf;
mod qr;
mod receipt_pdf;
mod routes;
mod security;
mod session;
mod state;
mod throttle;
mod uploads;
mod view;
mod watching;
mod xlsx_file;

pub use assets::assets;
pub use csv_file::csv_text;
pub use handlers::health::readiness;
pub use routes::router;
pub use state::{Web, WebSettings};
pub use uploads::UploadSettings;
pub use view::{rendered_samples, sample_list, sample_receipts};
