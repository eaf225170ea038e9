//! The pages: what a browser sees of a clinic's payments.
//!
//! A request passes the guards (`security`), is given its member of the staff (`session`), and
//! reaches a handler, which extracts, calls one use case and fills a page (`view`). To add a
//! page, add its struct and template, its handler, and its line in `routes`.

mod assets;
mod failure;
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
mod view;

pub use assets::assets;
pub use routes::router;
pub use state::{Web, WebSettings};
pub use view::{rendered_samples, sample_receipts};
