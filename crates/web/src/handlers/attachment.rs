//! Files that are handed out: to be kept, and never run as pages of ours.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::ops::Range;

use almoner_app::{Actor, App, Error, read_documents};
use almoner_domain::text;
use almoner_store::documents::Document;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

/// How a file is handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// To be kept.
    Attached,
    /// As an image on a page.
    Inline,
}

/// What a request says about which part of a file it wants (RFC 9110, sections 13.1.5 and 14.2).
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    range: Option<String>,
    if_range: Option<String>,
}

/// A part that the file does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outside {
    /// How long the file is.
    size_bytes: u64,
}

impl Outside {
    /// What says so beside the status.
    pub(crate) fn header(self) -> (HeaderName, HeaderValue) {
        let text = format!("bytes */{}", self.size_bytes);
        (header::CONTENT_RANGE, HeaderValue::from_str(&text).expect("it is a number"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        if parts.method != Method::GET {
            return Ok(Self::default());
        }
        let text = |name: HeaderName| {
            parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        Ok(Self { range: text(header::RANGE), if_range: text(header::IF_RANGE) })
    }
}

impl Asked {
    /// The one range that is wanted of a document; nothing for the whole of it. What cannot be
    /// understood, several ranges, and a range of what is not this document ask for the whole.
    ///
    /// # Errors
    /// The document has no such part.
    pub(crate) fn of(&self, document: &Document) -> Result<Option<Range<u64>>, Outside> {
        let size_bytes = u64::try_from(document.size_bytes).unwrap_or_default();
        let is_same = self.if_range.as_ref().is_none_or(|wanted| *wanted == tag(document));
        match self.range.as_deref().filter(|_| is_same).and_then(read_range) {
            None => Ok(None),
            Some(wanted) => wanted.within(size_bytes).map(Some).ok_or(Outside { size_bytes }),
        }
    }
}

/// A range as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// From this byte on.
    From(u64),
    /// From the one byte to the other, which counts too.
    Between(u64, u64),
    /// So many bytes at the end.
    Last(u64),
}

impl Wanted {
    fn within(self, size_bytes: u64) -> Option<Range<u64>> {
        let range = match self {
            Self::From(from) => from..size_bytes,
            Self::Between(from, to) => from..to.saturating_add(1).min(size_bytes),
            Self::Last(count) => size_bytes.saturating_sub(count)..size_bytes,
        };
        (!range.is_empty()).then_some(range)
    }
}

fn read_range(text: &str) -> Option<Wanted> {
    let (unit, range) = text.split_once('=')?;
    let (from, to) = range.trim().split_once('-')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    match (from, to) {
        ("", count) => Some(Wanted::Last(read_number(count)?)),
        (from, "") => Some(Wanted::From(read_number(from)?)),
        (from, to) => {
            let (from, to) = (read_number(from)?, read_number(to)?);
            (from <= to).then_some(Wanted::Between(from, to))
        }
    }
}

/// Digits alone; a number that is too large to count means as much as the largest.
fn read_number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

/// What tells a document's content from any other: its bytes never change.
fn tag(document: &Document) -> String {
    format!("\"{}\"", text::hex(&document.hash))
}

/// Hands a document out, or a range of it, piece by piece. It cannot run anything, and nobody keeps
/// a copy on the way.
pub(crate) async fn document(
    (app, actor): (&App, &Actor),
    shown: Shown,
    document: &Document,
    range: Option<Range<u64>>,
) -> Result<Response, Error> {
    let pieces = read_documents::content(app, actor, document, range.clone()).await?;
    let whole = 0..u64::try_from(document.size_bytes).unwrap_or_default();
    let plain = |text: String| HeaderValue::from_str(&text).expect("every letter of it is plain");
    let media_type = HeaderValue::from_static(document.kind.media_type());
    let part = range.clone().unwrap_or(whole.clone());
    let headers: [(HeaderName, HeaderValue); 7] = [
        (header::CONTENT_TYPE, media_type),
        (header::CONTENT_LENGTH, (part.end - part.start).into()),
        (header::CONTENT_DISPOSITION, disposition(shown, &document.name)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (header::ETAG, plain(tag(document))),
    ];
    let body = Body::from_stream(pieces);
    let Some(Range { start, end }) = range else {
        return Ok((headers, body).into_response());
    };
    let place = plain(format!("bytes {start}-{}/{}", end - 1, whole.end));
    let place = [(header::CONTENT_RANGE, place)];
    Ok((StatusCode::PARTIAL_CONTENT, headers, place, body).into_response())
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
    fn one_range_is_understood() {
        let within = |text: &str, size| read_range(text).map(|wanted| wanted.within(size));
        for (text, range) in [
            ("bytes=0-0", 0..1),
            ("bytes=2-5", 2..6),
            ("Bytes= 2-5", 2..6),
            ("bytes=9-", 9..10),
            ("bytes=5-99999999999999999999", 5..10),
            ("bytes=-3", 7..10),
            ("bytes=-99", 0..10),
        ] {
            assert_eq!(within(text, 10), Some(Some(range)), "{text}");
        }
        for outside in ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999-"] {
            assert_eq!(within(outside, 10), Some(None), "{outside}");
        }
        for odd in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5-2",
            "bytes=1-2,4-5",
            "bytes=+1-2",
            "items=0-1",
            "bytes=a-b",
            "bytes=0x1-",
            "bytes=1--2",
            "bytes=1 - 2",
        ] {
            assert_eq!(within(odd, 10), None, "{odd}");
        }
    }

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
