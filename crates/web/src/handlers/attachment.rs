//! Files that are handed out: to be kept, and never run as pages of ours.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};

use almoner_gateways::files::Pieces;

/// How a file is handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// To be kept.
    Attached,
    /// As an image on a page.
    Inline,
}

/// A file, piece by piece. It cannot run anything, and nobody keeps a copy on the way.
pub(crate) fn response(
    shown: Shown,
    (name, media_type, size_bytes): (&str, &'static str, i64),
    pieces: Pieces,
) -> Response {
    let headers: [(HeaderName, HeaderValue); 5] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_LENGTH, size_bytes.into()),
        (header::CONTENT_DISPOSITION, disposition(shown, name)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
    ];
    (headers, Body::from_stream(pieces)).into_response()
}

/// The name of a file as a header says it (RFC 6266): once in plain letters for old programs, and
/// once as it is (RFC 8187).
fn disposition(shown: Shown, name: &str) -> HeaderValue {
    let kind = match shown {
        Shown::Attached => "attachment",
        Shown::Inline => "inline",
    };
    let plain = |letter: char| {
        let is_plain = letter.is_ascii_alphanumeric() || "-_. ()".contains(letter);
        if is_plain { letter } else { '_' }
    };
    let fallback: String = name.chars().map(plain).collect();
    let mut exact = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            exact.push(char::from(byte));
        } else {
            write!(exact, "%{byte:02X}").expect("writing to a String cannot fail");
        }
    }
    let text = format!("{kind}; filename=\"{fallback}\"; filename*=UTF-8''{exact}");
    HeaderValue::from_str(&text).expect("every letter of it is plain")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_header() {
        let said = |name: &str| disposition(Shown::Attached, name).to_str().unwrap().to_owned();
        assert_eq!(
            said("front side (1).png"),
            "attachment; filename=\"front side (1).png\"; \
             filename*=UTF-8''front%20side%20%281%29.png"
        );
        assert_eq!(
            said("O'Brien & Søn \"<b>\"\r\nX: y%.txt"),
            "attachment; filename=\"O_Brien _ S_n __b____X_ y_.txt\"; \
             filename*=UTF-8''O%27Brien%20%26%20S%C3%B8n%20%22%3Cb%3E%22%0D%0AX%3A%20y%25.txt"
        );
        let inline = disposition(Shown::Inline, "a.png");
        assert!(inline.to_str().unwrap().starts_with("inline; "));
    }
}
