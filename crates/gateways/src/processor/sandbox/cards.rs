//! The numbers of invented cards, one for each way in which a payment can go.

use crate::processor::Decline;

/// What a card does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Card {
    /// The money is taken at once.
    Pays,
    /// The bank says no.
    Refused(Decline),
    /// The bank asks the payer first.
    Asks,
    /// The money is taken after a while.
    PaysLate,
    /// The bank says no after a while.
    RefusedLate,
    /// The money is taken at once, and a refund comes back.
    RefundsFail,
}

/// Every number, what it does, and that in words.
pub const CARDS: [(&str, Card, &str); 8] = [
    ("4242 4242 4242 4242", Card::Pays, "pays"),
    ("4000 0000 0000 0002", Card::Refused(Decline::Declined), "is declined"),
    ("4000 0000 0000 9995", Card::Refused(Decline::InsufficientFunds), "has too little money"),
    ("4000 0000 0000 0069", Card::Refused(Decline::ExpiredCard), "has expired"),
    ("4000 0025 0000 3155", Card::Asks, "asks the payer to confirm"),
    ("4000 0000 0000 0077", Card::PaysLate, "pays after some seconds"),
    ("4000 0000 0000 0341", Card::RefusedLate, "is declined after some seconds"),
    ("4000 0000 0000 5126", Card::RefundsFail, "pays, and its refunds fail"),
];

/// The card of a number, however its digits are grouped; another number is wrong.
pub(super) fn card(typed: &str) -> Card {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let typed = digits(typed);
    let known = CARDS.iter().find(|(number, ..)| digits(number) == typed);
    known.map_or(Card::Refused(Decline::WrongDetails), |&(_, card, _)| card)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_known_however_it_is_grouped() {
        assert_eq!(card("4242424242424242"), Card::Pays);
        assert_eq!(card(" 4000-0025-0000-3155 "), Card::Asks);
        for wrong in ["", "4242", "4242 4242 4242 4241", "x"] {
            assert_eq!(card(wrong), Card::Refused(Decline::WrongDetails));
        }
    }
}
