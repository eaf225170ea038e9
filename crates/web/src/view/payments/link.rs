//! The card of a payment's link.

use crate::qr::Qr;

/// The link of a payment. Its forms: POST `…/link` with `until` and `replaces`, and POST
/// `…/link/revoke`.
#[derive(Debug, Clone)]
pub(crate) struct LinkBlock {
    /// What there is.
    pub(crate) state: LinkState,
    /// A link may be issued now.
    pub(crate) can_issue: bool,
    /// Issuing one submits the draft.
    pub(crate) is_draft: bool,
    /// The last day of the link to be issued, as a date field writes it.
    pub(crate) until_entry: String,
}

/// What there is.
#[derive(Debug, Clone)]
pub(crate) enum LinkState {
    /// No link was issued.
    None,
    /// A link that opens.
    Live {
        /// Its address.
        url: String,
        /// The address as a picture.
        picture: Option<Qr>,
        /// Its number on the payment.
        generation: i64,
        /// The last day.
        until: String,
    },
    /// The newest one ended after this day.
    Expired(String),
    /// The newest one was ended by hand on this day.
    Revoked(String),
    /// Nothing is to be paid any more.
    Over,
}

impl LinkBlock {
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.state, LinkState::Live { .. })
    }

    /// A card in which pages show themselves.
    pub(crate) fn sample(state: LinkState) -> Self {
        let until_entry = "2026-12-22".to_owned();
        Self { state, can_issue: true, is_draft: false, until_entry }
    }
}

impl LinkState {
    /// A link that opens, in which pages show themselves.
    pub(crate) fn live_sample() -> Self {
        let url = "https://pay.clinic.example/pay/1-894-1-0123456789abcdefghijklmnopq";
        let until = "Dec 22, 2026".to_owned();
        Self::Live { url: url.to_owned(), picture: crate::qr::code(url), generation: 1, until }
    }
}
