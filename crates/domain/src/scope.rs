//! What a key of another program is for.

use std::collections::BTreeSet;
use std::fmt;

use crate::error::Invalid;

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident => $text:literal,)*) => {
        /// One thing that a key may be for; what each opens stands in the use cases' table. The
        /// names are stable; to add one, add a line to the list.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Scope { $($(#[$doc])* $name,)* }

        impl Scope {
            /// Every scope, in the order in which they are listed.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name that is stored and typed on the command line.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

scopes! {
    /// See payments.
    PaymentsRead => "payments:read",
    /// Create and change payments, take tenders, add notes.
    PaymentsWrite => "payments:write",
    /// Give money back.
    RefundsWrite => "refunds:write",
    /// See patients.
    PatientsRead => "patients:read",
    /// Add and change patients.
    PatientsWrite => "patients:write",
    /// See treatments.
    TreatmentsRead => "treatments:read",
    /// Add and change treatments.
    TreatmentsWrite => "treatments:write",
    /// See eligibility checks.
    EligibilityRead => "eligibility:read",
    /// Hand in eligibility checks.
    EligibilityWrite => "eligibility:write",
    /// Ask for estimates.
    EstimatesRead => "estimates:read",
    /// See locations and physicians.
    SettingsRead => "settings:read",
    /// Add and change locations and physicians.
    SettingsWrite => "settings:write",
    /// Choose where events are sent.
    WebhooksWrite => "webhooks:write",
}

impl Scope {
    /// The scope with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scope| scope.as_str() == name)
    }
}

/// All that a key is for: one scope at least, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Reads names that are parted by commas or blanks, in any order.
    ///
    /// # Errors
    /// Says which name is no scope and which there are, or that none was given.
    pub fn parse(names: &str) -> Result<Self, Invalid> {
        let mut scopes = BTreeSet::new();
        let parts = names.split([',', ' ']).filter(|name| !name.is_empty());
        for name in parts {
            let unknown = || {
                let message = format!("There is no scope {name}. Choose from: {}.", all_names());
                Invalid::one("scopes", "unknown", message)
            };
            scopes.insert(Scope::from_name(name).ok_or_else(unknown)?);
        }
        if scopes.is_empty() {
            let message = format!("Name one scope at least. There are: {}.", all_names());
            return Err(Invalid::one("scopes", "required", message));
        }
        Ok(Self(scopes))
    }

    /// Whether a scope is among them.
    pub fn have(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }
}

/// The names, parted by blanks, as they are stored.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            write!(f, "{}{}", if index == 0 { "" } else { " " }, scope.as_str())?;
        }
        Ok(())
    }
}

fn all_names() -> String {
    Scope::ALL.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_in_any_order_and_once_each() {
        let scopes = Scopes::parse("estimates:read, eligibility:write,estimates:read").unwrap();
        assert_eq!(scopes.to_string(), "eligibility:write estimates:read");
        assert_eq!(Scopes::parse(&scopes.to_string()), Ok(scopes.clone()));
        assert!(scopes.have(Scope::EstimatesRead) && !scopes.have(Scope::PatientsRead));
    }

    #[test]
    fn an_unknown_scope_is_told_with_the_list() {
        let told = |names: &str| Scopes::parse(names).unwrap_err().0.remove(0);
        let fault = told("payments:read,payments:delete");
        assert_eq!((&*fault.field, &*fault.code), ("scopes", "unknown"));
        assert!(fault.message.contains("no scope payments:delete"), "{}", fault.message);
        for scope in Scope::ALL {
            assert!(fault.message.contains(scope.as_str()), "{}", fault.message);
        }
        assert_eq!(told(" , ").code, "required");
        assert_eq!(told("Payments:Read").code, "unknown");
    }
}
