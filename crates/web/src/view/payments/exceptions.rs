//! What a person has to look at.

use almoner_domain::{ExceptionId, Invalid, Money, PaymentId};
use askama::Template;

use crate::view::parts::{Errors, Shell};
use crate::view::{Samples, samples};

/// Money that came or went otherwise than awaited: GET `/payments/exceptions`; POST
/// `/payments/exceptions/{id}` with `solution`.
#[derive(Debug, Clone, Template)]
#[template(path = "payments/exceptions.html")]
pub(crate) struct ExceptionsPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// The oldest first.
    pub(crate) rows: Vec<ExceptionRow>,
    /// Saying what was done is offered.
    pub(crate) can_solve: bool,
    /// What makes a second sending the same.
    pub(crate) key: String,
    /// The one whose solution was refused, and what was typed.
    pub(crate) faulty: Option<(ExceptionId, String)>,
    /// Why.
    pub(crate) errors: Errors,
}

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct ExceptionRow {
    /// Which.
    pub(crate) id: ExceptionId,
    /// The payment that it is about.
    pub(crate) payment: Option<PaymentId>,
    /// What happened, in a few words.
    pub(crate) what: String,
    /// How much came or went.
    pub(crate) amount: Option<Money>,
    /// What happened.
    pub(crate) words: String,
    /// What can be done.
    pub(crate) advice: String,
    /// When.
    pub(crate) raised_at: String,
    /// What is offered to do about it.
    pub(crate) ways: Ways,
}

/// What there is to do about an exception: GET `/payments/exceptions/EXC-001/refund/new`; POST
/// `…/kept`, `…/look`.
#[derive(Debug, Clone)]
pub(crate) struct Ways {
    /// Which exception.
    pub(crate) id: ExceptionId,
    /// The payment that can be refunded.
    pub(crate) payment: Option<PaymentId>,
    /// What became of giving the money back so far.
    pub(crate) told: Option<String>,
    /// A second payment that can be given back.
    pub(crate) give_back: Option<Money>,
    /// Keeping the money is offered.
    pub(crate) can_keep: bool,
    /// Asking the processor again is offered.
    pub(crate) can_look_again: bool,
}

impl Ways {
    /// Everything that can be offered, and what it may say.
    pub(crate) fn sample(id: ExceptionId) -> Self {
        Self {
            id,
            payment: Some(PaymentId::new(894)),
            told: Some(samples::HARD_TEXT.to_owned()),
            give_back: Some(Money::from_cents(67_937)),
            can_keep: true,
            can_look_again: true,
        }
    }
}

/// What giving a second payment back does: POST `/payments/exceptions/EXC-001/refund` with `key`.
#[derive(Debug, Clone, Template)]
#[template(path = "payments/give_back.html")]
pub(crate) struct GiveBackPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What makes a second sending the same.
    pub(crate) key: String,
    /// The exception that it solves.
    pub(crate) id: ExceptionId,
    /// The payment that was paid twice.
    pub(crate) payment: PaymentId,
    /// All that is left of the second money.
    pub(crate) amount: Money,
}

impl Samples for GiveBackPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let usual = Self {
            shell: samples::shell(),
            key: "k".to_owned(),
            id: ExceptionId::new(12),
            payment: PaymentId::new(894),
            amount: Money::from_cents(67_937),
        };
        vec![("usual", usual)]
    }
}

impl ExceptionsPage {
    fn is_faulty(&self, id: ExceptionId) -> bool {
        self.faulty.as_ref().is_some_and(|(faulty, _)| *faulty == id)
    }

    fn entry(&self, id: ExceptionId) -> &str {
        let typed = self.faulty.as_ref().filter(|(faulty, _)| *faulty == id);
        typed.map_or("", |(_, typed)| typed)
    }
}

impl Samples for ExceptionsPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let row = |seq: i64, payment| ExceptionRow {
            id: ExceptionId::new(seq),
            payment,
            what: "Paid twice".to_owned(),
            amount: Some(Money::from_cents(67_937)),
            words: samples::HARD_TEXT.to_owned(),
            advice: "Give it back at the processor.".to_owned(),
            raised_at: "Nov 20, 2026, 2:41 PM".to_owned(),
            ways: Ways::sample(ExceptionId::new(seq)),
        };
        let usual = Self {
            shell: samples::shell(),
            rows: vec![
                row(1, Some(PaymentId::new(894))),
                ExceptionRow { amount: None, ..row(2, None) },
            ],
            can_solve: true,
            key: "k".to_owned(),
            faulty: None,
            errors: Errors::default(),
        };
        let refused = Self {
            faulty: Some((ExceptionId::new(2), samples::HARD_TEXT.to_owned())),
            errors: Invalid::one("solution", "required", "Say what was done about it.").into(),
            ..usual.clone()
        };
        let seen = Self { can_solve: false, ..usual.clone() };
        let empty = Self { rows: Vec::new(), ..usual.clone() };
        vec![("usual", usual), ("refused", refused), ("seen", seen), ("empty", empty)]
    }
}
