//! The clearinghouses: on a real disk, over real connections on this machine, and invented.
//!
//! One program for all, so that it is linked once. To add a clearinghouse, add a file to
//! `clearinghouses/` and name it here.

#[path = "clearinghouses/file_drop.rs"]
mod file_drop;
#[path = "clearinghouses/http.rs"]
mod http;
#[path = "clearinghouses/questions.rs"]
mod questions;
#[path = "clearinghouses/sandbox.rs"]
mod sandbox;
#[path = "clearinghouses/tls.rs"]
mod tls;
