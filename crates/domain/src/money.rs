//! Money is whole cents, and so is every sum of it.
//!
//! Arithmetic is checked: a sum that does not fit is a broken invariant, not a number. Nothing
//! here or anywhere else in the program reckons with money as a float; only a spreadsheet's cell is
//! one, read from the decimals. Rounding happens in one function, [`Money::share`], half up.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Invalid;

/// An amount in cents of the organization's currency; negative amounts are allowed in sums.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Money(i64);

/// A percentage in hundredths of a percent: 2000 is 20 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BasisPoints(i64);

/// How many basis points are the whole.
const WHOLE_BP: i64 = 10_000;

/// The greatest amount that one payment may ask for: $999,999.99.
pub const MAX_PAYMENT: Money = Money(99_999_999);

/// The longest text that is looked at as an amount, in bytes.
const MAX_AMOUNT_TEXT_BYTES: usize = 32;

impl BasisPoints {
    /// A share of 0 % to 100 %; `None` outside.
    pub fn new(basis_points: i64) -> Option<Self> {
        (0..=WHOLE_BP).contains(&basis_points).then_some(Self(basis_points))
    }

    /// Hundredths of a percent.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for BasisPoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 100, self.0 % 100);
        match rest {
            0 => write!(f, "{whole} %"),
            _ if rest % 10 == 0 => write!(f, "{whole}.{} %", rest / 10),
            _ => write!(f, "{whole}.{rest:02} %"),
        }
    }
}

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount of cents.
    pub const fn from_cents(cents: i64) -> Self {
        Self(cents)
    }

    /// The amount in cents.
    pub const fn cents(self) -> i64 {
        self.0
    }

    /// The sum, or `None` when it does not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or `None` when it does not fit.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The sum of two amounts that are known to be far from the limits.
    ///
    /// # Panics
    /// When the sum does not fit: a stored amount was corrupt.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        self.checked_add(other).expect("amounts are bounded far below the limit of i64")
    }

    /// The difference of two amounts that are known to be far from the limits.
    ///
    /// # Panics
    /// When the difference does not fit: a stored amount was corrupt.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.checked_sub(other).expect("amounts are bounded far below the limit of i64")
    }

    /// That share of the amount, rounded half up to a cent.
    ///
    /// # Panics
    /// Never: a share is no greater than its whole.
    #[must_use]
    pub fn share(self, share: BasisPoints) -> Self {
        let product = i128::from(self.0) * i128::from(share.0) * 2 + i128::from(WHOLE_BP);
        let cents = product.div_euclid(i128::from(WHOLE_BP) * 2);
        Self(i64::try_from(cents).expect("a share is no greater than its whole"))
    }

    /// Dollars and cents for other programs: `1234.50`, `-0.05`.
    pub fn to_plain(self) -> String {
        let (sign, cents) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        format!("{sign}{}.{:02}", cents / 100, cents % 100)
    }

    /// Reads what a person typed as an amount to pay: `$1,234.50`, `1234.5`, `1,234.50`.
    ///
    /// # Errors
    /// Says what is wrong, for `field`: nothing typed, no amount, more than two decimals, zero,
    /// negative, or over $999,999.99.
    pub fn parse_payment(field: &str, text: &str) -> Result<Self, Invalid> {
        let money = Self::parse(field, text)?;
        if money.0 < 0 {
            return Err(Invalid::one(field, "negative", "The amount cannot be negative."));
        }
        if money.0 == 0 {
            return Err(Invalid::one(field, "zero", "The amount must be more than $0.00."));
        }
        if money > MAX_PAYMENT {
            let message = format!("The amount cannot be over {MAX_PAYMENT}.");
            return Err(Invalid::one(field, "too_large", message));
        }
        Ok(money)
    }

    /// Reads dollars and cents as a person types them; zero and negative amounts are read too.
    ///
    /// # Errors
    /// Says what is wrong, for `field`: nothing typed, no amount, or more than two decimals.
    pub fn parse(field: &str, text: &str) -> Result<Self, Invalid> {
        let unreadable =
            || Invalid::one(field, "not_an_amount", "Enter dollars and cents, such as 125.50.");
        let text = text.trim();
        if text.is_empty() {
            return Err(Invalid::one(field, "required", "Enter an amount."));
        }
        if text.len() > MAX_AMOUNT_TEXT_BYTES {
            return Err(unreadable());
        }
        let (negative, rest) = match text.strip_prefix(['-', '\u{2212}']) {
            Some(rest) => (true, rest.trim_start()),
            None => (false, text),
        };
        let rest = rest.strip_prefix('$').unwrap_or(rest).trim_start();
        let (dollars, decimals) = rest.split_once('.').unwrap_or((rest, ""));
        if !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(unreadable());
        }
        if decimals.len() > 2 {
            let message = "Use at most two decimals: dollars and whole cents.";
            return Err(Invalid::one(field, "too_many_decimals", message));
        }
        let dollars = parse_dollars(dollars, decimals.is_empty()).ok_or_else(unreadable)?;
        let cents: i64 = format!("{decimals:0<2}").parse().map_err(|_| unreadable())?;
        let total = dollars.checked_mul(100).and_then(|whole| whole.checked_add(cents));
        let total = total.ok_or_else(unreadable)?;
        Ok(Self(if negative { -total } else { total }))
    }
}

/// Whole dollars, with commas nowhere or before every third digit.
fn parse_dollars(text: &str, required: bool) -> Option<i64> {
    if text.is_empty() {
        return (!required).then_some(0);
    }
    if text.contains(',') {
        let mut groups = text.split(',');
        let first = groups.next()?;
        let grouped = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
        if !grouped {
            return None;
        }
    }
    let digits: String = text.chars().filter(|&letter| letter != ',').collect();
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let dollars = (self.0.unsigned_abs() / 100).to_string();
        let cents = self.0.unsigned_abs() % 100;
        let mut grouped = String::with_capacity(dollars.len() + dollars.len() / 3);
        for (index, digit) in dollars.chars().enumerate() {
            if index > 0 && (dollars.len() - index).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        write!(f, "{sign}${grouped}.{cents:02}")
    }
}

impl std::iter::Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::plus)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> String {
        Money::parse_payment("amount", text).unwrap_err().0[0].code.clone()
    }

    #[test]
    fn other_programs_read_dollars_and_cents() {
        let plain = |cents| Money::from_cents(cents).to_plain();
        assert_eq!([plain(123_450), plain(-5), plain(0)], ["1234.50", "-0.05", "0.00"]);
    }

    #[test]
    fn the_usual_ways_of_writing_an_amount_are_the_same() {
        for text in ["$1,234.50", "1234.5", "1,234.50", " $ 1234.50 "] {
            assert_eq!(Money::parse_payment("amount", text), Ok(Money(123_450)), "{text}");
        }
        assert_eq!(Money::parse_payment("amount", ".50"), Ok(Money(50)));
        assert_eq!(Money::parse_payment("amount", "5."), Ok(Money(500)));
    }

    #[test]
    fn what_is_no_amount_to_pay_is_refused_with_its_reason() {
        assert_eq!(code(""), "required");
        assert_eq!(code("0"), "zero");
        assert_eq!(code("-5"), "negative");
        assert_eq!(code("1.005"), "too_many_decimals");
        assert_eq!(code("1000000"), "too_large");
        for text in ["abc", "1,23", "1,2345", "12,34.5", ".", "1e3", "--1", "1.2.3", "٣", "$"] {
            assert_eq!(code(text), "not_an_amount", "{text}");
        }
        assert_eq!(code(&"9".repeat(4000)), "not_an_amount");
    }

    #[test]
    fn money_is_printed_with_commas_and_cents() {
        assert_eq!(Money(0).to_string(), "$0.00");
        assert_eq!(Money(123_456_789).to_string(), "$1,234,567.89");
        assert_eq!(Money(-5).to_string(), "-$0.05");
        assert_eq!(Money(i64::MIN).to_string(), "-$92,233,720,368,547,758.08");
    }

    #[test]
    fn shares_are_rounded_half_up() {
        let share = |cents, bp| Money(cents).share(BasisPoints::new(bp).unwrap()).0;
        assert_eq!(share(13_333, 1_500), 2_000);
        assert_eq!(share(1, 5_000), 1);
        assert_eq!(share(1, 4_999), 0);
        assert_eq!(share(3, 5_000), 2);
        assert_eq!(BasisPoints::new(10_001), None);
        assert_eq!(BasisPoints::new(-1), None);
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(cents in 1..=99_999_999_i64) {
            let money = Money(cents);
            prop_assert_eq!(Money::parse_payment("amount", &money.to_string()), Ok(money));
        }

        #[test]
        fn reading_never_panics(text in "\\PC{0,40}") {
            let _ = Money::parse("amount", &text);
        }

        #[test]
        fn a_share_and_the_rest_make_the_whole(cents in 0..=99_999_999_i64, bp in 0..=10_000_i64) {
            let (whole, part) = (Money(cents), BasisPoints(bp));
            let share = whole.share(part);
            prop_assert!(share >= Money::ZERO && share <= whole);
            let exact = i128::from(cents) * i128::from(bp);
            prop_assert!((i128::from(share.0) * 10_000 - exact).abs() * 2 <= 10_000);
        }
    }
}
