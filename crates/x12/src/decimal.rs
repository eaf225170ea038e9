//! Decimal numbers as payers write them, read into integers without floating point.

/// The most digits before the decimal point; more would not fit an `i64` of cents.
const MAX_WHOLE_DIGITS: usize = 15;
/// One hundred percent in basis points.
const WHOLE_BP: i64 = 10_000;

/// How a percentage was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Percent {
    /// As the format asks: a fraction of one, in basis points.
    Fraction(i64),
    /// As a number above one, or with a percent sign; divided by one hundred.
    Whole(i64),
}

/// Reads a decimal number into units of `10^-scale`, rounded half up by its magnitude.
///
/// A leading sign, a currency sign and well-formed thousands separators are allowed.
pub(crate) fn scaled(text: &str, scale: usize) -> Option<i64> {
    let text = text.trim();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let text = text.strip_prefix('$').unwrap_or(text).trim_start();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = whole_part(whole)?;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut digits = fraction.bytes().map(|byte| i64::from(byte - b'0'));
    for _ in 0..scale {
        value = value.checked_mul(10)?.checked_add(digits.next().unwrap_or(0))?;
    }
    if digits.next().unwrap_or(0) >= 5 {
        value = value.checked_add(1)?;
    }
    Some(if negative { -value } else { value })
}

fn whole_part(text: &str) -> Option<i64> {
    if text.contains(',') {
        let mut groups = text.split(',');
        let first = groups.next()?;
        if first.is_empty() || first.len() > 3 || !groups.all(|group| group.len() == 3) {
            return None;
        }
    }
    let mut value = 0_i64;
    for byte in text.bytes().filter(|byte| *byte != b',') {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
    }
    (value < 10_i64.pow(u32::try_from(MAX_WHOLE_DIGITS).ok()?)).then_some(value)
}

/// Reads an amount of money into cents.
pub(crate) fn cents(text: &str) -> Option<i64> {
    scaled(text, 2)
}

/// Reads a percentage of at most one hundred.
pub(crate) fn percent(text: &str) -> Option<Percent> {
    let text = text.trim();
    if let Some(whole) = text.strip_suffix('%') {
        return whole_percent(whole);
    }
    match scaled(text, 4)? {
        bp @ 0..=WHOLE_BP => Some(Percent::Fraction(bp)),
        ..0 => None,
        _ => whole_percent(text),
    }
}

fn whole_percent(text: &str) -> Option<Percent> {
    let bp = scaled(text, 2)?;
    (0..=WHOLE_BP).contains(&bp).then_some(Percent::Whole(bp))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cents_as_payers_write_them() {
        for (text, expected) in [
            ("25", Some(2500)),
            ("25.", Some(2500)),
            (".5", Some(50)),
            ("0", Some(0)),
            ("99999.99", Some(9_999_999)),
            ("-12.30", Some(-1230)),
            ("+7.1", Some(710)),
            ("$1,500.00", Some(150_000)),
            ("-$3", Some(-300)),
            (" 40.00 ", Some(4000)),
            ("12.345", Some(1235)),
            ("12.3449", Some(1234)),
            ("-0.005", Some(-1)),
            ("", None),
            (".", None),
            ("-", None),
            ("1,50", None),
            (",500", None),
            ("1e3", None),
            ("12.3.4", None),
            ("ten", None),
            ("9999999999999999999999", None),
            ("999999999999999", Some(99_999_999_999_999_900)),
        ] {
            assert_eq!(cents(text), expected, "{text}");
        }
    }

    #[test]
    fn percentages_as_payers_write_them() {
        for (text, expected) in [
            (".2", Some(Percent::Fraction(2000))),
            ("0.20", Some(Percent::Fraction(2000))),
            ("0", Some(Percent::Fraction(0))),
            ("1", Some(Percent::Fraction(10_000))),
            ("0.33335", Some(Percent::Fraction(3334))),
            ("20", Some(Percent::Whole(2000))),
            ("33.33495", Some(Percent::Whole(3333))),
            ("100", Some(Percent::Whole(10_000))),
            ("1%", Some(Percent::Whole(100))),
            ("101", None),
            ("-0.2", None),
            ("x", None),
        ] {
            assert_eq!(percent(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_amount_of_cents_is_read_back(value in -99_999_999_999_i64..99_999_999_999) {
            let sign = if value < 0 { "-" } else { "" };
            let text = format!("{sign}{}.{:02}", value.abs() / 100, value.abs() % 100);
            prop_assert_eq!(cents(&text), Some(value));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = cents(&text);
            let _ = percent(&text);
        }
    }
}
