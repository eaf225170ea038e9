//! Estimates as the rest of the program sees them: the rules sentence by sentence, the order of
//! the cases, combinations, and ten thousand random answers against a second implementation.
//!
//! One program for all, so that it is linked once. To add a subject, add a file to `estimates/`
//! and name it here. `ALMONER_SOAK=1` multiplies the random answers. The table of
//! `docs/eligibility/estimating.md` names these tests; keep the two together.

#[path = "estimates/amounts.rs"]
mod amounts;
#[path = "estimates/choosing.rs"]
mod choosing;
#[path = "estimates/combinations.rs"]
mod combinations;
#[path = "estimates/figures.rs"]
mod figures;
#[path = "estimates/invariants.rs"]
mod invariants;
#[path = "estimates/large.rs"]
mod large;
#[path = "estimates/order.rs"]
mod order;
#[path = "estimates/random.rs"]
mod random;
#[path = "estimates/ratio.rs"]
mod ratio;
#[path = "estimates/reference.rs"]
mod reference;
#[path = "estimates/reference_amount.rs"]
mod reference_amount;
#[path = "estimates/reference_rows.rs"]
mod reference_rows;
#[path = "estimates/seeds.rs"]
mod seeds;
#[path = "estimates/sets.rs"]
mod sets;
#[path = "estimates/snapshot.rs"]
mod snapshot;
#[path = "estimates/support.rs"]
mod support;
#[path = "estimates/table.rs"]
mod table;
#[path = "estimates/words.rs"]
mod words;
