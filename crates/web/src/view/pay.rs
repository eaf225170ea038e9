//! What a payer sees who opens a payment link: no patient, no treatment, nothing about health.

use almoner_domain::{Money, PaymentId};
use askama::Template;

use super::payments::receipt::Paper;
use super::{Samples, samples};

/// The payer's page: GET and POST `/pay/{token}`.
#[derive(Debug, Clone, Template)]
#[template(path = "pay.html")]
pub(crate) struct PayPage {
    /// What is to be paid, or why nothing is shown.
    pub(crate) bill: Result<Bill, Closed>,
    /// The processor is the sandbox.
    pub(crate) test_money: bool,
}

/// Why nothing is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closed {
    /// The link opens nothing, for whatever reason.
    NoLonger,
    /// It was looked at too often in a short time.
    TooOften,
    /// The payer comes back from the processor, and from which link is not known.
    Back,
}

/// What is to be paid.
#[derive(Debug, Clone)]
pub(crate) struct Bill {
    /// The clinic's name.
    pub(crate) clinic: String,
    /// Where to call.
    pub(crate) phone: Option<String>,
    /// Which payment.
    pub(crate) payment: PaymentId,
    /// How much.
    pub(crate) amount: Money,
    /// When it is due.
    pub(crate) due: Option<String>,
    /// The link's last day; none once it does not matter any more.
    pub(crate) until: Option<String>,
    /// Where the form is sent.
    pub(crate) action: String,
    /// How things stand.
    pub(crate) state: PayState,
}

/// How things stand for the payer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PayState {
    /// To be paid.
    Payable,
    /// The last try did not work.
    Failed {
        /// Why, in plain words, when it is known.
        reason: Option<String>,
    },
    /// To be paid, but not here: the clinic takes no cards.
    NotHere,
    /// The payment page could not be opened just now.
    NotNow,
    /// Under way.
    Processing {
        /// The payer may not have done their part yet.
        goes_on: bool,
    },
    /// Paid.
    Paid {
        /// On which day.
        on: String,
        /// How much of it was given back or is on its way back.
        refunded: Option<Money>,
    },
}

impl PayState {
    fn heading(&self) -> &'static str {
        match self {
            Self::Payable | Self::NotHere | Self::NotNow => "Payment requested",
            Self::Failed { .. } => "The payment did not go through",
            Self::Processing { .. } => "Payment in progress",
            Self::Paid { .. } => "Payment received",
        }
    }

    /// Whether the payer can pay here.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self, Self::Payable | Self::Failed { .. } | Self::NotNow)
    }
}

impl PayPage {
    /// A title that says nothing of the payment: it is shown in lists of open and visited pages.
    fn title(&self) -> &str {
        self.bill.as_ref().map_or("Payment link", |bill| &bill.clinic)
    }

    /// Whether the page waits for the processor.
    fn waits(&self) -> bool {
        let waits = |bill: &Bill| matches!(bill.state, PayState::Processing { .. });
        self.bill.as_ref().is_ok_and(waits)
    }
}

/// What a payer can print: GET `/pay/{token}/receipts`.
#[derive(Debug, Clone, Template)]
#[template(path = "pay_receipts.html")]
pub(crate) struct PayReceiptsPage {
    /// The receipts, the oldest first.
    pub(crate) papers: Vec<Paper>,
    /// The link.
    pub(crate) back: String,
}

impl Samples for PayReceiptsPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let back = "/pay/1-894-1-sample".to_owned();
        let plain = |paper: &Paper| paper.items.is_none();
        let papers = samples::papers().into_iter().map(|(_, paper)| paper).filter(plain);
        let all = Self { papers: papers.collect(), back };
        let one = Self { papers: all.papers.iter().take(1).cloned().collect(), ..all.clone() };
        let none = Self { papers: Vec::new(), ..all.clone() };
        vec![("all", all), ("one", one), ("none", none)]
    }
}

impl Samples for PayPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let bill = Bill {
            clinic: "Harbor Street Clinic".to_owned(),
            phone: Some("(555) 010-0100".to_owned()),
            payment: PaymentId::new(894),
            amount: Money::from_cents(67_937),
            due: Some("Dec 1, 2026".to_owned()),
            until: Some("Dec 22, 2026".to_owned()),
            action: "/pay/1-894-1-sample".to_owned(),
            state: PayState::Payable,
        };
        let page = |bill| Self { bill, test_money: true };
        let with = |state| page(Ok(Bill { until: None, state, ..bill.clone() }));
        let reason = Some("The card has expired.".to_owned());
        let paid = |refunded| PayState::Paid { on: "Nov 22, 2026".to_owned(), refunded };
        let clinic = samples::HARD_NAME.to_owned();
        let plain = Bill { phone: None, due: None, clinic, ..bill.clone() };
        vec![
            ("payable", page(Ok(bill.clone()))),
            ("plain", Self { test_money: false, ..page(Ok(plain)) }),
            ("not-here", with(PayState::NotHere)),
            ("not-now", with(PayState::NotNow)),
            ("declined", with(PayState::Failed { reason })),
            ("failed", with(PayState::Failed { reason: None })),
            ("processing", with(PayState::Processing { goes_on: false })),
            ("going-on", with(PayState::Processing { goes_on: true })),
            ("paid", with(paid(None))),
            ("refunded", with(paid(Some(Money::from_cents(10_000))))),
            ("no-longer", page(Err(Closed::NoLonger))),
            ("too-often", page(Err(Closed::TooOften))),
            ("back", page(Err(Closed::Back))),
        ]
    }
}
