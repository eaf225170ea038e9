//! Estimates as the rest of the program sees them: the rules sentence by sentence, and the order
//! of the cases.
//!
//! One program for all, so that it is linked once. To add a subject, add a file to `estimates/`
//! and name it here.

#[path = "estimates/amounts.rs"]
mod amounts;
#[path = "estimates/choosing.rs"]
mod choosing;
#[path = "estimates/figures.rs"]
mod figures;
#[path = "estimates/order.rs"]
mod order;
#[path = "estimates/support.rs"]
mod support;
#[path = "estimates/table.rs"]
mod table;
#[path = "estimates/words.rs"]
mod words;
