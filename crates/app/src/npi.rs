//! National provider identifiers as they are typed.

use almoner_domain::{Invalid, text};
use almoner_x12::inquiry::is_npi;

/// Digits of an identifier.
const NPI_DIGITS: usize = 10;

/// Reads an identifier; blank is none.
///
/// # Errors
/// Says, for `field`, that the text has not ten digits, or that one of them is wrong.
pub(crate) fn parse_npi(field: &str, typed: &str) -> Result<Option<String>, Invalid> {
    let Some(npi) = text::line(field, typed)? else {
        return Ok(None);
    };
    if npi.len() != NPI_DIGITS || !npi.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Invalid::one(field, "not_an_npi", "An NPI has ten digits."));
    }
    if !is_npi(&npi) {
        let message = "One digit of this NPI is wrong: its last digit does not fit the others.";
        return Err(Invalid::one(field, "wrong_check_digit", message));
    }
    Ok(Some(npi))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_number_is_said() {
        let code = |text| parse_npi("npi", text).unwrap_err().0.remove(0).code;
        assert_eq!(parse_npi("npi", " 1234567893 "), Ok(Some("1234567893".to_owned())));
        assert_eq!(parse_npi("npi", "  "), Ok(None));
        assert_eq!(code("12"), "not_an_npi");
        assert_eq!(code("123456789X"), "not_an_npi");
        assert_eq!(code("1234567890"), "wrong_check_digit");
        assert_eq!(code("1234567839"), "wrong_check_digit", "two digits in each other's place");
    }
}
