//! Versions of a thing: the `ETag` of an answer, and the `If-Match` of a change.
//!
//! The tag is the thing's version, which every change of it raises. What an answer shows beside
//! (a name, whether something is overdue today) has no part in it: it tells whether a change
//! would undo somebody else's, not whether an answer may be taken from a cache.

use almoner_app::Error;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{self, HeaderValue};
use axum::http::request::Parts;
use axum::response::Response;

use super::problem::Problem;

/// The most tags that one `If-Match` may name.
const MAX_TAGS: usize = 20;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum IfMatch {
    /// Nothing was said, or `*`: whatever is there.
    Any,
    /// One of these versions.
    Versions(Vec<i64>),
}

impl IfMatch {
    /// Refuses when another version stands than those that were named.
    ///
    /// # Errors
    /// `stale`, with the version that stands.
    pub(super) fn check(&self, current: i64) -> Result<(), Problem> {
        match self {
            Self::Versions(named) if !named.contains(&current) => {
                Err(Error::Stale { current }.into())
            }
            Self::Any | Self::Versions(_) => Ok(()),
        }
    }

    /// Whether versions were named.
    pub(super) fn is_bound(&self) -> bool {
        matches!(self, Self::Versions(_))
    }

    /// Reads the headers (RFC 9110, 13.1.1). A weak tag is none of ours and matches nothing.
    fn read(headers: &HeaderMap) -> Option<Self> {
        let mut versions = Vec::new();
        let mut is_given = false;
        for value in headers.get_all(header::IF_MATCH) {
            is_given = true;
            let value = value.to_str().ok()?.trim();
            if value == "*" {
                return Some(Self::Any);
            }
            for tag in value.split(',') {
                let tag = tag.trim();
                let strong = tag.strip_prefix("W/").unwrap_or(tag);
                let inner = strong.strip_prefix('"')?.strip_suffix('"')?;
                // Another text is a tag as well, though no version of ours.
                versions.extend(inner.parse::<i64>().ok().filter(|_| strong == tag));
            }
        }
        if versions.len() > MAX_TAGS {
            return None;
        }
        Some(if is_given { Self::Versions(versions) } else { Self::Any })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::read(&parts.headers).ok_or_else(|| {
            let message = "Send the ETag that an answer gave, with its quotes.";
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
        assert_eq!(read(&["\"7\""]), Some(IfMatch::Versions(vec![7])));
        assert_eq!(read(&["\"7\", \"8\"", "\"9\""]), Some(IfMatch::Versions(vec![7, 8, 9])));
        assert_eq!(read(&["*"]), Some(IfMatch::Any));
        assert_eq!(read(&[]), Some(IfMatch::Any));
    }

    #[test]
    fn a_tag_of_another_kind_matches_nothing() {
        for other in ["W/\"7\"", "\"x\"", "\"\""] {
            assert_eq!(read(&[other]), Some(IfMatch::Versions(Vec::new())), "{other}");
        }
        for broken in ["7", "\"7", "", "\"7\",", "W/7"] {
            assert_eq!(read(&[broken]), None, "{broken}");
        }
    }

    #[test]
    fn only_what_was_named_may_be_changed() {
        let named = IfMatch::Versions(vec![7, 8]);
        assert!(named.is_bound() && named.check(8).is_ok() && named.check(9).is_err());
        assert!(!IfMatch::Any.is_bound() && IfMatch::Any.check(9).is_ok());
        assert!(IfMatch::Versions(Vec::new()).check(1).is_err());
    }
}
