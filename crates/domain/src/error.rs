//! What was wrong with an input, said beside the field it concerns.

use serde::{Deserialize, Serialize};

/// One fault of one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The field's name as forms and programs send it, such as `amount`.
    pub field: String,
    /// A stable name of the fault, such as `too_large`.
    pub code: String,
    /// What is wrong and the way out, for a person.
    pub message: String,
}

/// All faults of an input; never empty when returned as an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
#[error("{} field(s) need attention", .0.len())]
pub struct Invalid(pub Vec<FieldError>);

impl Invalid {
    /// A single fault.
    pub fn one(field: &str, code: &str, message: impl Into<String>) -> Self {
        let mut all = Self::default();
        all.push(field, code, message);
        all
    }

    /// Adds a fault.
    pub fn push(&mut self, field: &str, code: &str, message: impl Into<String>) {
        self.0.push(FieldError {
            field: field.to_owned(),
            code: code.to_owned(),
            message: message.into(),
        });
    }

    /// Keeps the value, or notes its faults and gives `None`, so that one answer names them all.
    pub fn collect<T>(&mut self, result: Result<T, Invalid>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(mut faults) => {
                self.0.append(&mut faults.0);
                None
            }
        }
    }

    /// `Ok` when no fault was noted.
    pub fn into_result(self) -> Result<(), Invalid> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}
