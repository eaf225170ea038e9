//! A receipt's page, and the card of a payment's receipts.

use almoner_domain::{Money, PatientId, PaymentId, ReceiptId};
use askama::Template;

use super::mails::{Missing, Sending};
use crate::view::Samples;
use crate::view::parts::{Errors, Fact, Shell};
use crate::view::samples;

/// The receipts of a payment. Its form: POST `…/receipts`.
#[derive(Debug, Clone)]
pub(crate) struct ReceiptsBlock {
    /// Those that were issued, the newest first.
    pub(crate) rows: Vec<ReceiptRow>,
    /// Money was taken or given back before there were receipts, and receipts can be issued.
    pub(crate) can_issue: bool,
    /// What became of those that were sent by e-mail, the newest first.
    pub(crate) mails: Vec<String>,
}

/// A receipt in the card.
#[derive(Debug, Clone)]
pub(crate) struct ReceiptRow {
    /// Which.
    pub(crate) id: ReceiptId,
    /// `Payment` or `Refund REF-001`.
    pub(crate) what: String,
    /// How much.
    pub(crate) amount: Money,
    /// When the money moved.
    pub(crate) on: String,
    /// What it says was undone.
    pub(crate) is_undone: bool,
}

/// What stands on a receipt, on the page and in the PDF.
#[derive(Debug, Clone)]
pub(crate) struct Paper {
    /// Its number.
    pub(crate) number: ReceiptId,
    /// The payment.
    pub(crate) payment: PaymentId,
    /// It is for money that was given back.
    pub(crate) is_refund: bool,
    /// The clinic's name.
    pub(crate) clinic: String,
    /// Address and phone, line by line.
    pub(crate) address: Vec<String>,
    /// What has to be known: it was undone, it is not real money.
    pub(crate) notes: Vec<String>,
    /// How much.
    pub(crate) amount: Money,
    /// Numbers, date, way of payment.
    pub(crate) facts: Vec<Fact>,
    /// What only the itemised one says.
    pub(crate) items: Option<Items>,
}

/// What only an itemised receipt says.
#[derive(Debug, Clone)]
pub(crate) struct Items {
    /// Patient, date of service, physician.
    pub(crate) facts: Vec<Fact>,
    /// What was done.
    pub(crate) services: Vec<Service>,
}

/// A service.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    /// Its code and modifiers.
    pub(crate) code: String,
    /// What is charged for it.
    pub(crate) charge: String,
}

impl Paper {
    /// What kind of receipt it is.
    pub(crate) fn title(&self) -> &'static str {
        match (self.is_refund, self.items.is_some()) {
            (false, false) => "Receipt",
            (false, true) => "Itemized receipt",
            (true, false) => "Refund receipt",
            (true, true) => "Itemized refund receipt",
        }
    }

    /// What its amount is.
    pub(crate) fn amount_label(&self) -> &'static str {
        if self.is_refund { "Amount refunded" } else { "Amount paid" }
    }
}

/// A receipt: GET `/payments/PAY-001/receipts/RCP-001`, with `itemised=1` for the itemised one. Its
/// forms: POST `…/print` with `itemised` and `as`, and POST `…/send`.
#[derive(Debug, Clone, Template)]
#[template(path = "payments/receipt.html")]
pub(crate) struct ReceiptPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What stands on it.
    pub(crate) paper: Paper,
    /// What every form carries.
    pub(crate) key: String,
    /// The printing was noted, and is to begin.
    pub(crate) is_printing: bool,
    /// Whether it can be sent by e-mail; the itemised one never is.
    pub(crate) sending: Sending,
    /// What became of this payment's receipts that were sent, the newest first.
    pub(crate) mails: Vec<String>,
    /// What was wrong.
    pub(crate) errors: Errors,
}

impl ReceiptPage {
    /// Where it is.
    fn href(&self) -> String {
        format!("/payments/{}/receipts/{}", self.paper.payment, self.paper.number)
    }

    /// What the form says of this receipt's kind.
    fn itemised(&self) -> &'static str {
        if self.paper.items.is_some() { "1" } else { "" }
    }

    /// This page's query.
    fn query(&self) -> &'static str {
        if self.paper.items.is_some() { "?itemised=1" } else { "" }
    }
}

impl Samples for ReceiptPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let page = |paper: Paper| Self {
            shell: samples::shell(),
            sending: if paper.items.is_some() { Sending::Not } else { Sending::Ready },
            paper,
            key: "k".to_owned(),
            is_printing: false,
            mails: vec!["RCP-001 sent Nov 22, 2026, 2:41 PM".to_owned()],
            errors: Errors::default(),
        };
        let papers = samples::papers();
        let mut pages: Vec<_> =
            papers.into_iter().map(|(name, paper)| (name, page(paper))).collect();
        let printing = Self { is_printing: true, ..pages[0].1.clone() };
        let unsent = Self {
            sending: Sending::Wants(PatientId::new(2), Missing::Consent),
            errors: almoner_domain::Invalid::one("mail", "no_consent", samples::HARD_TEXT).into(),
            ..pages[0].1.clone()
        };
        pages.extend([("printing", printing), ("unsent", unsent)]);
        pages
    }
}
