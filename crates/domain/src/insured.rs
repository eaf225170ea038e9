//! How a patient is insured: by themselves, or through somebody else.

use serde::{Deserialize, Serialize};

/// What the patient is to the subscriber, through whom they are insured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relationship {
    /// The patient is the subscriber.
    #[default]
    #[serde(rename = "self")]
    Subscriber,
    /// The husband or wife.
    Spouse,
    /// A son or daughter.
    Child,
    /// Anybody else.
    Other,
}

impl Relationship {
    /// All four, in the order of the form.
    pub const ALL: [Self; 4] = [Self::Subscriber, Self::Spouse, Self::Child, Self::Other];

    /// The name that is stored and sent to programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subscriber => "self",
            Self::Spouse => "spouse",
            Self::Child => "child",
            Self::Other => "other",
        }
    }

    /// The relationship with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|relationship| relationship.as_str() == name)
    }

    /// The name that people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Subscriber => "Self",
            Self::Spouse => "Spouse",
            Self::Child => "Child",
            Self::Other => "Other",
        }
    }

    /// The code that a question has for a dependent (INS02); none for the subscriber, and none
    /// for others, of whom the format has many kinds.
    pub fn code(self) -> Option<&'static str> {
        match self {
            Self::Subscriber | Self::Other => None,
            Self::Spouse => Some("01"),
            Self::Child => Some("19"),
        }
    }

    /// The relationship behind a dependent's code (INS02); any code that is not listed is other.
    pub fn from_code(code: &str) -> Self {
        match code {
            "18" => Self::Subscriber,
            "01" => Self::Spouse,
            "19" => Self::Child,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_lead_back() {
        for relationship in Relationship::ALL {
            assert_eq!(Relationship::from_name(relationship.as_str()), Some(relationship));
            let stored = serde_json::to_string(&relationship).unwrap();
            assert_eq!(stored, format!("\"{}\"", relationship.as_str()));
            if let Some(code) = relationship.code() {
                assert_eq!(Relationship::from_code(code), relationship);
            }
        }
        assert_eq!(Relationship::from_code("18"), Relationship::Subscriber);
        assert_eq!(Relationship::from_code("G8"), Relationship::Other);
    }
}
