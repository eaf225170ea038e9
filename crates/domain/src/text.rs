//! Free text from people: trimmed, bounded, free of control characters.

use std::fmt::Write as _;

use crate::error::Invalid;

/// The longest memo, in bytes.
pub const MAX_MEMO_BYTES: usize = 2_000;
/// The longest note, in bytes.
pub const MAX_NOTE_BYTES: usize = 10_000;
/// The longest name, reference or other single line, in bytes.
pub const MAX_LINE_BYTES: usize = 200;

/// An optional single line; blank is none.
///
/// # Errors
/// Says, for `field`, that the text is too long.
pub fn line(field: &str, text: &str) -> Result<Option<String>, Invalid> {
    bounded(field, text, MAX_LINE_BYTES, false)
}

/// A single line that must be given.
///
/// # Errors
/// Says, for `field`, that the text is missing (in the words of `what`) or too long.
pub fn required_line(field: &str, what: &str, text: &str) -> Result<String, Invalid> {
    line(field, text)?.ok_or_else(|| Invalid::one(field, "required", format!("Enter {what}.")))
}

/// Optional text with line breaks; blank is none.
///
/// # Errors
/// Says, for `field`, that the text is longer than `max_bytes`.
pub fn paragraph(field: &str, text: &str, max_bytes: usize) -> Result<Option<String>, Invalid> {
    bounded(field, text, max_bytes, true)
}

fn bounded(
    field: &str,
    text: &str,
    max_bytes: usize,
    line_breaks: bool,
) -> Result<Option<String>, Invalid> {
    if text.len() > max_bytes {
        let message = format!(
            "This is {} characters too long (at most {max_bytes} are kept).",
            text.len() - max_bytes
        );
        return Err(Invalid::one(field, "too_long", message));
    }
    let unified = text.replace("\r\n", "\n");
    let clean: String = unified
        .chars()
        .filter_map(|letter| match letter {
            '\n' if line_breaks => Some(letter),
            '\n' | '\t' | '\r' => Some(' '),
            _ if letter.is_control() => None,
            _ => Some(letter),
        })
        .collect();
    let clean = clean.trim();
    Ok((!clean.is_empty()).then(|| clean.to_owned()))
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Hexadecimal digits as bytes; `None` when they are not.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_is_none_and_controls_are_dropped() {
        assert_eq!(line("memo", " \u{0}\t "), Ok(None));
        assert_eq!(line("memo", "a\r\nb\u{7}"), Ok(Some("a b".to_owned())));
        assert_eq!(paragraph("note", "a\r\nb\n", 100), Ok(Some("a\nb".to_owned())));
    }

    #[test]
    fn bytes_go_to_digits_and_back() {
        assert_eq!(hex(&[0, 255, 16]), "00ff10");
        assert_eq!(unhex("00FF10"), Some(vec![0, 255, 16]));
        assert_eq!((unhex("0"), unhex("0g")), (None, None));
    }

    #[test]
    fn too_long_is_said_and_not_cut() {
        assert_eq!(line("name", &"x".repeat(201)).unwrap_err().0[0].code, "too_long");
    }
}
