//! Letters about a payment, as its cards show them.

use almoner_domain::PatientId;

/// What a patient's page lacks for letters to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// An e-mail address.
    Address,
    /// A note that the patient agreed.
    Consent,
}

/// Whether a letter can be sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Sending {
    /// There is nothing to send, or nothing to send it with.
    #[default]
    Not,
    /// It could be, if that were not missing on that patient's page.
    Wants(PatientId, Missing),
    /// It can.
    Ready,
}

impl Sending {
    /// It can.
    pub(crate) fn is_ready(self) -> bool {
        self == Self::Ready
    }

    /// Whose page lacks what.
    pub(crate) fn wants(self) -> Option<(PatientId, bool)> {
        match self {
            Self::Wants(patient, missing) => Some((patient, missing == Missing::Address)),
            Self::Not | Self::Ready => None,
        }
    }
}
