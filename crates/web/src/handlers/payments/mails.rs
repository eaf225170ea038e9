//! What became of letters about a payment, in words.

use almoner_app::send_link::Mails;
use almoner_store::mail::{Mail, MailKind, MailState};
use almoner_store::payments::Payment;
use jiff::tz::TimeZone;

use crate::format;
use crate::view::payments::mails::{Missing, Sending};

/// Whether letters can be sent now, when `is_needed`, and what is missing otherwise.
pub(super) fn sending(mails: &Mails, payment: &Payment, is_needed: bool) -> Sending {
    let patient = payment.patient;
    match mails {
        Mails { is_set_up: false, .. } => Sending::Not,
        _ if !is_needed => Sending::Not,
        Mails { has_address: false, .. } => Sending::Wants(patient, Missing::Address),
        Mails { is_agreed: false, .. } => Sending::Wants(patient, Missing::Consent),
        _ => Sending::Ready,
    }
}

/// A line for each letter.
pub(super) fn rows(mails: &[Mail], zone: &TimeZone) -> Vec<String> {
    mails.iter().map(|mail| row(mail, zone)).collect()
}

fn row(mail: &Mail, zone: &TimeZone) -> String {
    let at = format::moment(mail.ended_at.unwrap_or(mail.queued_at), zone);
    let why = mail.failure.as_deref().unwrap_or_default();
    let what = match mail.kind {
        MailKind::Link => "Link".to_owned(),
        MailKind::Receipt(id) => id.to_string(),
        MailKind::Reminder { .. } => "Reminder".to_owned(),
    };
    match mail.state {
        MailState::Waiting if why.is_empty() => format!("{what} to be sent, asked for {at}"),
        MailState::Waiting => format!("{what} to be sent again, asked for {at}: {why}"),
        MailState::Sent => format!("{what} sent {at}"),
        MailState::Refused => {
            format!("{what} not delivered, {at}: {why}. Check the address before sending again.")
        }
        MailState::Dropped => format!("{what} not needed any more, {at}"),
    }
}
