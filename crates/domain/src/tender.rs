//! How money was taken: cash, check, terminal and the rest.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Invalid;
use crate::money::Money;
use crate::text;

/// The means by which money was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TenderType {
    /// Notes and coins.
    Cash,
    /// A paper check.
    Check,
    /// A card at the clinic's own terminal.
    CardTerminal,
    /// A bank transfer.
    BankTransfer,
    /// A card of a health savings or flexible spending account.
    HsaFsaCard,
    /// A money order.
    MoneyOrder,
    /// Anything else, said in its reference.
    Other,
    /// A card through the processor; never entered by hand.
    CardProcessor,
}

impl TenderType {
    /// All that staff may enter by hand, in the order of the form.
    pub const BY_HAND: [Self; 7] = [
        Self::Cash,
        Self::Check,
        Self::CardTerminal,
        Self::BankTransfer,
        Self::HsaFsaCard,
        Self::MoneyOrder,
        Self::Other,
    ];

    /// The name that is stored and sent to programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::Check => "check",
            Self::CardTerminal => "card_terminal",
            Self::BankTransfer => "bank_transfer",
            Self::HsaFsaCard => "hsa_fsa_card",
            Self::MoneyOrder => "money_order",
            Self::Other => "other",
            Self::CardProcessor => "card_processor",
        }
    }

    /// The type with that stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        let processor = (name == Self::CardProcessor.as_str()).then_some(Self::CardProcessor);
        Self::BY_HAND.into_iter().find(|kind| kind.as_str() == name).or(processor)
    }

    /// The name that people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Cash => "Cash",
            Self::Check => "Check",
            Self::CardTerminal => "Card terminal",
            Self::BankTransfer => "Bank transfer",
            Self::HsaFsaCard => "HSA/FSA card",
            Self::MoneyOrder => "Money order",
            Self::Other => "Other",
            Self::CardProcessor => "Card",
        }
    }

    /// Where the money goes when a payment of this kind is refunded, in words.
    pub fn refund_way(self) -> &'static str {
        match self {
            Self::Cash => "handed back in cash",
            Self::Check => "by a check from the clinic",
            Self::CardTerminal => "to the card, at the terminal",
            Self::BankTransfer => "by bank transfer",
            Self::HsaFsaCard => "to the HSA/FSA card, at the terminal",
            Self::MoneyOrder => "by a check from the clinic (paid by money order)",
            Self::Other => "the way it was paid",
            Self::CardProcessor => "to the card that paid, through the processor",
        }
    }
}

/// A tender as staff enter it: only the type is required, and a reference for `Other`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TenderEntry {
    /// The type's stored name.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the patient handed over, as typed; cash only.
    pub given: String,
    /// The number of a check or money order.
    pub number: String,
    /// The terminal's authorization code.
    pub authorization_code: String,
    /// The last four digits of a card.
    pub last_four: String,
    /// What else identifies the money.
    pub reference: String,
    /// When the money was received, when it was said.
    pub received_at: Option<Timestamp>,
}

/// A tender that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tender {
    /// The means.
    pub kind: TenderType,
    /// What was handed over in cash, when it was said.
    pub given: Option<Money>,
    /// The number of a check or money order.
    pub number: Option<String>,
    /// The terminal's authorization code.
    pub authorization_code: Option<String>,
    /// The last four digits of a card.
    pub last_four: Option<String>,
    /// What else identifies the money.
    pub reference: Option<String>,
    /// When the money was received, when it was said; the books follow the moment at which it was
    /// entered.
    pub received_at: Option<Timestamp>,
}

impl Tender {
    /// A tender of which nothing but the means is known.
    pub fn of(kind: TenderType) -> Self {
        Self {
            kind,
            given: None,
            number: None,
            authorization_code: None,
            last_four: None,
            reference: None,
            received_at: None,
        }
    }

    /// The change to hand back on `amount`, when it was said how much was given.
    pub fn change(&self, amount: Money) -> Option<Money> {
        self.given.map(|given| given.minus(amount))
    }
}

impl TenderEntry {
    /// Checks what was typed against the amount that is due.
    ///
    /// # Errors
    /// Every field that needs attention: an unknown type, less cash than the amount, a last
    /// four that is not four digits, `Other` without a reference, a line that is too long.
    pub fn check(&self, amount: Money) -> Result<Tender, Invalid> {
        let mut faults = Invalid::default();
        let kind = TenderType::from_name(&self.kind)
            .filter(|&kind| kind != TenderType::CardProcessor)
            .ok_or_else(|| Invalid::one("tender_type", "required", "Choose how it was paid."));
        let kind = faults.collect(kind);
        let given = faults.collect(self.cash_given(kind, amount)).flatten();
        let number = faults.collect(text::line("number", &self.number)).flatten();
        let code = text::line("authorization_code", &self.authorization_code);
        let authorization_code = faults.collect(code).flatten();
        let last_four = faults.collect(self.checked_last_four()).flatten();
        let reference = faults.collect(text::line("reference", &self.reference)).flatten();
        if kind == Some(TenderType::Other) && reference.is_none() {
            faults.push("reference", "required", "Say what it was and how to find it again.");
        }
        match kind {
            Some(kind) if faults.0.is_empty() => Ok(Tender {
                kind,
                given,
                number,
                authorization_code,
                last_four,
                reference,
                received_at: self.received_at,
            }),
            _ => Err(faults),
        }
    }

    fn cash_given(
        &self,
        kind: Option<TenderType>,
        amount: Money,
    ) -> Result<Option<Money>, Invalid> {
        if self.given.trim().is_empty() || kind != Some(TenderType::Cash) {
            return Ok(None);
        }
        let given = Money::parse("given", &self.given)?;
        if given < amount {
            let message = format!("This is less than the amount of {amount}.");
            return Err(Invalid::one("given", "less_than_amount", message));
        }
        Ok(Some(given))
    }

    fn checked_last_four(&self) -> Result<Option<String>, Invalid> {
        let digits = text::line("last_four", &self.last_four)?;
        match digits {
            Some(digits)
                if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                let message = "Enter the last four digits only.";
                Err(Invalid::one("last_four", "not_four_digits", message))
            }
            digits => Ok(digits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AMOUNT: Money = Money::from_cents(12_000);

    fn entry(kind: &str) -> TenderEntry {
        TenderEntry { kind: kind.to_owned(), ..TenderEntry::default() }
    }

    #[test]
    fn only_the_type_is_required_but_for_other() {
        for kind in TenderType::BY_HAND {
            let checked = entry(kind.as_str()).check(AMOUNT);
            assert_eq!(checked.is_ok(), kind != TenderType::Other, "{kind:?}");
        }
        assert!(entry("").check(AMOUNT).is_err());
        assert!(entry("card_processor").check(AMOUNT).is_err());
    }

    #[test]
    fn cash_gives_change_and_never_too_little() {
        let given = |text: &str| TenderEntry { given: text.to_owned(), ..entry("cash") };
        let tender = given("150").check(AMOUNT).unwrap();
        assert_eq!(tender.change(AMOUNT), Some(Money::from_cents(3_000)));
        assert_eq!(given("119.99").check(AMOUNT).unwrap_err().0[0].code, "less_than_amount");
    }

    #[test]
    fn a_card_number_is_never_taken_for_its_last_four() {
        let card = |text: &str| TenderEntry { last_four: text.to_owned(), ..entry("check") };
        assert!(card("4242424242424242").check(AMOUNT).is_err());
        assert!(card("4242").check(AMOUNT).is_ok());
    }
}
