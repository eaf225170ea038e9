//! The papers that hang on some payments.

/// A paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paper {
    /// The front side of an insurance card.
    Card,
    /// A signed form.
    Consent,
    /// What somebody wrote who wants money back.
    Request,
}

impl Paper {
    /// What it is called.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Card => "Insurance card, front (sample).png",
            Self::Consent => "Consent to treatment (sample).pdf",
            Self::Request => "Refund request (sample).txt",
        }
    }

    /// What is in it.
    pub(super) fn content(self) -> &'static [u8] {
        match self {
            Self::Card => include_bytes!("papers/card.png"),
            Self::Consent => include_bytes!("papers/consent.pdf"),
            Self::Request => {
                b"Dear clinic,\n\nmy plan paid for the visit after all.\n\
                Please send me back what I paid.\n\nA. Specimen (sample letter)\n"
            }
        }
    }
}
