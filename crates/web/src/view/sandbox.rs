//! The sandbox's page for payers.

use almoner_domain::Money;
use askama::Template;

use super::{Samples, samples};

/// A card's number is asked for, or the payer's word: GET and POST `/sandbox/{session}` with
/// `card` or `answer`.
#[derive(Debug, Clone, Template)]
#[template(path = "sandbox.html")]
pub(crate) struct SandboxPage {
    /// The clinic.
    pub(crate) clinic: String,
    /// How much.
    pub(crate) amount: Money,
    /// Where the forms are sent.
    pub(crate) action: String,
    /// Where the payer goes without paying.
    pub(crate) back: String,
    /// What is asked for.
    pub(crate) ask: Ask,
    /// The numbers that can be tried.
    pub(crate) cards: Vec<TestCard>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ask {
    /// A card; why the last one was refused.
    Card(Option<String>),
    /// Whether it is really the payer.
    Confirm,
}

/// A number that can be tried.
#[derive(Debug, Clone)]
pub(crate) struct TestCard {
    /// The number.
    pub(crate) number: String,
    /// What it does.
    pub(crate) does: String,
}

impl Samples for SandboxPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let card = |number: &str, does: &str| TestCard {
            number: number.to_owned(),
            does: does.to_owned(),
        };
        let usual = Self {
            clinic: samples::HARD_NAME.to_owned(),
            amount: Money::from_cents(67_937),
            action: "/sandbox/sbx_1-0a".to_owned(),
            back: "/pay/back".to_owned(),
            ask: Ask::Card(None),
            cards: vec![
                card("4242 4242 4242 4242", "pays"),
                card("4000 0000 0000 0002", "is declined"),
            ],
        };
        let refused = Ask::Card(Some("The card has expired.".to_owned()));
        vec![
            ("refused", Self { ask: refused, ..usual.clone() }),
            ("confirm", Self { ask: Ask::Confirm, ..usual.clone() }),
            ("card", usual),
        ]
    }
}
