//! Versions of a thing: the `ETag` of an answer, and the `If-Match` of a change.
//!
//! The tag is the thing's version, which every change of it raises. What an answer shows beside
//! (a name, whether something is overdue today) has no part in it: it tells whether a change
//! would undo somebody else's, not whether an answer may be taken from a cache.
//!
//! A handler takes [`IfMatch`] among its extractors and hands [`IfMatch::version`] to its use
//! case, which looks at it where it holds the row and answers `stale` (412) when another version
//! stands. It answers with [`tagged`].

use almoner_app::Error;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{self, HeaderValue};
use axum::http::request::Parts;
use axum::response::Response;
use utoipa::IntoParams;

use super::problem::Problem;

/// What stands for a tag that is none of ours: versions count from one.
const NO_VERSION: i64 = 0;
/// How often a change is made anew when somebody else's came between and no version was named.
const MAX_TRIES: usize = 5;

/// The answer with the tag of its version.
///
/// # Panics
/// Never: a number is plain digits.
pub(super) fn tagged(version: i64, mut response: Response) -> Response {
    let tag = HeaderValue::from_str(&format!("\"{version}\"")).expect("digits are plain");
    response.headers_mut().insert(header::ETAG, tag);
    response
}

/// What the program believes that it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IfMatch {
    /// Nothing was said, or `*`: whatever is there.
    Any,
    /// This version.
    Version(i64),
}

/// The header, as it is described; a call names it among its `params`.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it only describes what `IfMatch` reads")]
pub(super) struct IfMatchParam {
    /// The `ETag` of an answer. When it was changed since, it is not changed again (412, `stale`).
    #[param(rename = "If-Match", example = "\"3\"", pattern = "^\"[1-9][0-9]{0,9}\"$")]
    if_match: Option<String>,
}

impl IfMatch {
    /// The version that has to stand, when one was named.
    pub(super) fn version(self) -> Option<i64> {
        match self {
            Self::Any => None,
            Self::Version(version) => Some(version),
        }
    }

    /// Refuses when another version stands than the one that was named.
    ///
    /// # Errors
    /// `stale`, with the version that stands.
    pub(super) fn check(self, current: i64) -> Result<(), Error> {
        match self {
            Self::Version(named) if named != current => Err(Error::Stale { current }),
            Self::Any | Self::Version(_) => Ok(()),
        }
    }

    /// Makes a change of what stands, which reads it, calls [`check`](Self::check) and writes. When
    /// no version was named and somebody else's change comes between, it is made anew.
    ///
    /// # Errors
    /// Whatever the change failed with in the end.
    pub(super) async fn on_what_stands<T, F>(self, change: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        for _ in 1..MAX_TRIES {
            match change().await {
                Err(Error::Stale { .. }) if self == Self::Any => {}
                ended => return ended,
            }
        }
        change().await
    }

    /// Reads the header (RFC 9110, 13.1.1), of which one tag is taken. A weak tag is none of ours
    /// and matches nothing.
    fn read(headers: &HeaderMap) -> Option<Self> {
        let mut given = headers.get_all(header::IF_MATCH).into_iter();
        let Some(first) = given.next() else {
            return Some(Self::Any);
        };
        let tag = first.to_str().ok().filter(|_| given.next().is_none())?.trim();
        if tag == "*" {
            return Some(Self::Any);
        }
        let strong = tag.strip_prefix("W/").unwrap_or(tag);
        let inner = strong.strip_prefix('"')?.strip_suffix('"')?;
        if inner.contains('"') {
            return None;
        }
        // Another text is a tag as well, though no version of ours.
        let version = inner.parse().ok().filter(|_| strong == tag);
        Some(Self::Version(version.unwrap_or(NO_VERSION)))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::read(&parts.headers).ok_or_else(|| {
            let message = "Send the one ETag that an answer gave, with its quotes.";
            Problem::field("If-Match", "malformed", message)
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;

    use super::*;

    fn read(values: &[&'static str]) -> Option<IfMatch> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::IF_MATCH, HeaderValue::from_static(value));
        }
        IfMatch::read(&headers)
    }

    #[test]
    fn a_tag_is_read_as_it_is_given() {
        let response = tagged(7, ().into_response());
        assert_eq!(response.headers()[header::ETAG], "\"7\"");
        assert_eq!(read(&["\"7\""]), Some(IfMatch::Version(7)));
        assert_eq!(read(&["*"]), Some(IfMatch::Any));
        assert_eq!(read(&[]), Some(IfMatch::Any));
    }

    #[test]
    fn a_tag_of_another_kind_matches_nothing() {
        for other in ["W/\"7\"", "\"x\"", "\"\""] {
            assert_eq!(read(&[other]), Some(IfMatch::Version(NO_VERSION)), "{other}");
        }
        for broken in ["7", "\"7", "", "\"7\", \"8\"", "W/7"] {
            assert_eq!(read(&[broken]), None, "{broken}");
        }
        assert_eq!(read(&["\"7\"", "\"8\""]), None);
    }

    #[test]
    fn only_what_was_named_may_be_changed() {
        assert!(IfMatch::Version(8).check(8).is_ok() && IfMatch::Version(8).check(9).is_err());
        assert!(IfMatch::Any.check(9).is_ok());
        assert_eq!((IfMatch::Any.version(), IfMatch::Version(8).version()), (None, Some(8)));
    }
}
