//! FHIR R4: reads bundles into plain structs, and writes the resources of the read facade.
//!
//! Nothing here knows the database or the network. [`read`] gives the people, coverages, visits,
//! practitioners and locations of a bundle, or every fault of it with its place, such as
//! `Bundle.entry[12].resource.birthDate`. Nothing is invented: what a resource does not say stays
//! unsaid, a code keeps its system, and what cannot be taken over is noted.
//!
//! To read another kind of resource, write its file beside `visit.rs` and its line in `bundle.rs`;
//! to write one, a struct in `write/`, which is serialised as FHIR's JSON says.

mod bundle;
mod coding;
mod coverage;
mod findings;
mod index;
mod moment;
mod node;
mod person;
mod places;
mod visit;
pub mod write;

pub use bundle::{Bundle, MAX_BUNDLE_BYTES, MAX_ENTRIES, MAX_VALUES, read};
pub use coding::{Code, Coding};
pub use coverage::{Coverage, Relation};
pub use findings::{Finding, MAX_FAULTS, MAX_NOTES};
pub use person::{Person, Sex};
pub use places::{Location, Practitioner};
pub use visit::{LooseProcedure, Procedure, Visit, VisitStatus};

/// Whom or what a resource refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Something of the same bundle: its place in the list of its kind.
    Within(usize),
    /// Something that an earlier bundle may have held: its outside id.
    Outside(String),
}
