//! The card of a payment's link.

use almoner_domain::PatientId;

use super::mails::{Missing, Sending};
use crate::qr::Qr;

/// The link of a payment. Its forms: POST `…/link` with `until` and `replaces`, and POST
/// `…/link/revoke`.
#[derive(Debug, Clone)]
pub(crate) struct LinkBlock {
    /// What there is.
    pub(crate) state: LinkState,
    /// Sending it by e-mail.
    pub(crate) mail: MailBlock,
    /// A link may be issued now.
    pub(crate) can_issue: bool,
    /// Issuing one submits the draft.
    pub(crate) is_draft: bool,
    /// The last day of the link to be issued, as a date field writes it.
    pub(crate) until_entry: String,
}

/// Sending a link by e-mail. Its form: POST `…/link/send`.
#[derive(Debug, Clone, Default)]
pub(crate) struct MailBlock {
    /// Whether it can be sent now.
    pub(crate) sending: Sending,
    /// What became of the letters, the newest first.
    pub(crate) rows: Vec<String>,
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
        let rows = [
            "Reminder to be sent again, asked for Nov 22, 2026, 4:00 PM: it took too long",
            "Link not delivered, Nov 22, 2026, 2:41 PM: the mail server refused it: code 550. \
                Check the address before sending again.",
            "Link sent Nov 21, 2026, 9:02 AM",
        ];
        let sending = match state {
            LinkState::Live { .. } => Sending::Ready,
            LinkState::None => Sending::Wants(PatientId::new(2), Missing::Address),
            _ => Sending::Wants(PatientId::new(2), Missing::Consent),
        };
        let mail = MailBlock { sending, rows: rows.map(str::to_owned).to_vec() };
        Self { state, mail, can_issue: true, is_draft: false, until_entry }
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
