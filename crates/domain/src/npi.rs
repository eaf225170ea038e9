//! National provider identifiers: ten digits, of which the last checks the others.

use crate::error::Invalid;
use crate::text;

/// Digits of an identifier.
pub const NPI_DIGITS: usize = 10;
/// What the prefix 80840 adds to the check: identifiers are numbers of health cards of the
/// United States, written without their prefix.
const PREFIX_SUM: u32 = 24;

/// Whether a text is an identifier: ten digits whose check digit fits (ISO/IEC 7812, Luhn).
pub fn is_npi(text: &str) -> bool {
    let digits: Option<Vec<u32>> = text.chars().map(|letter| letter.to_digit(10)).collect();
    let Some(digits) = digits.filter(|digits| digits.len() == NPI_DIGITS) else {
        return false;
    };
    let weighed = digits.iter().rev().enumerate().map(|(place, &digit)| match place % 2 {
        0 => digit,
        _ => digit * 2 / 10 + digit * 2 % 10,
    });
    (weighed.sum::<u32>() + PREFIX_SUM).is_multiple_of(10)
}

/// Reads an identifier as forms send it; blank is none.
///
/// # Errors
/// Says, for `field`, that the text has not ten digits, or that one of them is wrong.
pub fn parse_npi(field: &str, text: &str) -> Result<Option<String>, Invalid> {
    let Some(npi) = text::line(field, text)? else {
        return Ok(None);
    };
    if npi.len() != NPI_DIGITS || !npi.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Invalid::one(field, "not_an_npi", "An NPI has ten digits."));
    }
    if !is_npi(&npi) {
        let message = "This is no NPI: one of its digits is wrong. Compare it with the source.";
        return Err(Invalid::one(field, "wrong_check_digit", message));
    }
    Ok(Some(npi))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_tells_a_mistyped_number() {
        assert!(is_npi("1234567893"));
        for wrong in ["1234567890", "1234567839", "123456789", "12345678933", "", "123456789٣"] {
            assert!(!is_npi(wrong), "{wrong}");
        }
        let right = "1234567893";
        for place in 0..NPI_DIGITS {
            for digit in '0'..='9' {
                let mut letters: Vec<char> = right.chars().collect();
                letters[place] = digit;
                let text: String = letters.iter().collect();
                assert_eq!(is_npi(&text), text == right, "{text}");
            }
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let code = |text| parse_npi("npi", text).unwrap_err().0.remove(0).code;
        assert_eq!(parse_npi("npi", " 1234567893 "), Ok(Some("1234567893".to_owned())));
        assert_eq!(parse_npi("npi", "  "), Ok(None));
        assert_eq!(code("12"), "not_an_npi");
        assert_eq!(code("123456789X"), "not_an_npi");
        assert_eq!(code("1234567890"), "wrong_check_digit");
    }
}
