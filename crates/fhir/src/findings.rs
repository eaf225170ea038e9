//! What is said about a bundle: its faults, and what was not taken over.

/// Faults that are told at most.
pub const MAX_FAULTS: usize = 100;
/// Notes that are told at most.
pub const MAX_NOTES: usize = 1_000;

/// Something to say about a place of a bundle. The words hold nothing of what stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where, such as `Bundle.entry[12].resource.birthDate`.
    pub place: String,
    /// A stable name, such as `incomplete_date`.
    pub code: &'static str,
    /// What it is and the way out, for a person.
    pub message: String,
}

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// What keeps the bundle from being taken.
    pub(crate) faults: Vec<Finding>,
    /// What is not taken over of it.
    pub(crate) notes: Vec<Finding>,
}

impl Findings {
    /// A fault.
    pub(crate) fn fault(&mut self, place: &str, code: &'static str, message: &str) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(finding(place, code, message));
        }
    }

    /// A reference that leads nowhere, unless more is said of it already.
    pub(crate) fn unresolved(&mut self, place: &str, message: &str) {
        if !self.faults.iter().any(|fault| fault.place == place) {
            self.fault(place, "unresolved_reference", message);
        }
    }

    /// A reference that leads to several, told once.
    pub(crate) fn ambiguous(&mut self, place: &str) {
        if !self.faults.iter().any(|fault| fault.place == place) {
            let message = "Several resources have this id or identifier. Give each its own, or \
                name one by the address of its entry.";
            self.fault(place, "ambiguous_reference", message);
        }
    }

    /// Something that is not taken over.
    pub(crate) fn note(&mut self, place: &str, code: &'static str, message: &str) {
        if self.notes.len() < MAX_NOTES {
            self.notes.push(finding(place, code, message));
        }
    }
}

fn finding(place: &str, code: &'static str, message: &str) -> Finding {
    Finding { place: place.to_owned(), code, message: message.to_owned() }
}
