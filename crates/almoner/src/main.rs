//! Almoner.
fn main() {}
