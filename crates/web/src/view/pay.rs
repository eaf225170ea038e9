//! What a payer sees who opens a payment link: no patient, no treatment, nothing about health.

use almoner_domain::{Money, PaymentId};
use askama::Template;

use super::Samples;

/// After how many seconds a page that waits for the processor looks again.
const REFRESH_SECONDS: u32 = 4;

/// The payer's page: GET and POST `/pay/{token}`.
#[derive(Debug, Clone, Template)]
#[template(path = "pay.html")]
pub(crate) struct PayPage {
    /// What is to be paid; none when the link opens nothing, for whatever reason.
    pub(crate) bill: Option<Bill>,
    /// Cards are taken.
    pub(crate) can_pay: bool,
    /// The processor is the sandbox.
    pub(crate) test_money: bool,
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
    /// Until when the link holds; none once it does not matter any more.
    pub(crate) expires: Option<String>,
    /// Where the form is sent.
    pub(crate) action: String,
    /// How things stand.
    pub(crate) state: PayState,
}

/// How things stand for the payer.
#[derive(Debug, Clone)]
pub(crate) enum PayState {
    /// To be paid.
    Payable,
    /// The last try did not work.
    Failed {
        /// Why, in plain words.
        reason: String,
    },
    /// Under way.
    Processing,
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
            Self::Payable => "Payment requested",
            Self::Failed { .. } => "The payment did not go through",
            Self::Processing => "Payment in progress",
            Self::Paid { .. } => "Payment received",
        }
    }

    fn can_pay(&self) -> bool {
        matches!(self, Self::Payable | Self::Failed { .. })
    }
}

impl PayPage {
    /// A title that says nothing, for it is shown in lists of open and visited pages.
    fn title(&self) -> String {
        self.bill.as_ref().map_or_else(|| "Payment link".to_owned(), |bill| bill.clinic.clone())
    }

    fn refreshes_after(&self) -> Option<u32> {
        let waits = |bill: &Bill| matches!(bill.state, PayState::Processing);
        self.bill.as_ref().is_some_and(waits).then_some(REFRESH_SECONDS)
    }
}

impl Samples for PayPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let bill = Bill {
            clinic: "Harbor Street Clinic".to_owned(),
            phone: Some("555-0100".to_owned()),
            payment: PaymentId::new(894),
            amount: Money::from_cents(67_937),
            due: Some("Dec 1, 2026".to_owned()),
            expires: Some("Dec 22, 2026".to_owned()),
            action: "/pay/1-894-1-sample".to_owned(),
            state: PayState::Payable,
        };
        let page = |bill: Option<Bill>| Self { bill, can_pay: true, test_money: true };
        let with = |state| Some(Bill { state, ..bill.clone() });
        let failed = PayState::Failed { reason: "The card was declined.".to_owned() };
        let paid = |refunded| PayState::Paid { on: "Nov 22, 2026".to_owned(), refunded };
        let offline = Self { can_pay: false, test_money: false, ..page(with(PayState::Payable)) };
        let plain = Bill { phone: None, due: None, clinic: "O'Brien & Søn <b>".to_owned(), ..bill.clone() };
        vec![
            ("payable", page(with(PayState::Payable))),
            ("plain", page(Some(plain))),
            ("offline", offline),
            ("failed", page(with(failed))),
            ("processing", page(with(PayState::Processing))),
            ("paid", page(with(paid(None)))),
            ("refunded", page(with(paid(Some(Money::from_cents(10_000)))))),
            ("invalid", page(None)),
        ]
    }
}
