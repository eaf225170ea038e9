//! What a search asks for. A parameter that is not known is refused when the program says
//! `Prefer: handling=strict`; else it is ignored, and the page's own link, which repeats what was
//! heeded, does not have it.

use std::fmt::Write as _;

use almoner_app::read_records::{PageAt, RecordsView};
use almoner_domain::PatientId;
use almoner_domain::list::Place;
use almoner_fhir::write::{Link, Resource, Searchset};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum_extra::extract::Query;

use crate::api::problem::{Code, Problem};
use crate::api::v1::records;
use crate::state::Web;

/// The most resources of a page.
const MAX_COUNT: i64 = 100;
/// The resources of a page when nothing is said.
const DEFAULT_COUNT: i64 = 50;
/// The longest value that is looked at, in bytes.
const MAX_VALUE_BYTES: usize = 500;
/// Formats under which our one is asked for.
const FORMATS: [&str; 4] = ["json", "application/fhir+json", "application/json", "text/json"];

/// What a search asks for.
#[derive(Debug)]
pub(super) struct Asked {
    left: Vec<(String, String)>,
    heeded: Vec<(String, String)>,
    is_strict: bool,
}

/// Something wrong with a parameter.
pub(super) fn wrong(name: &str, message: &str) -> Problem {
    Problem::new(Code::MalformedRequest, format!("{name}: {message}"))
}

fn is_strict(headers: &HeaderMap) -> bool {
    let said = headers.get_all("prefer").into_iter().filter_map(|value| value.to_str().ok());
    let mut parts = said.flat_map(|value| value.split([',', ';']));
    parts.any(|part| part.trim().eq_ignore_ascii_case("handling=strict"))
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let unreadable = |_| Problem::new(Code::MalformedRequest, "The query cannot be read.");
        let pairs = pairs.map_err(unreadable)?.0;
        let is_strict = is_strict(&parts.headers);
        let mut asked = Self { left: pairs, heeded: Vec::new(), is_strict };
        if let Some(format) = asked.take("_format")?
            && !FORMATS.contains(&format.as_str())
        {
            return Err(wrong("_format", "Answers are written as JSON alone."));
        }
        Ok(asked)
    }
}

impl Asked {
    /// The value of a parameter.
    fn take(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let is_modified =
            |given: &str| given.strip_prefix(name).is_some_and(|rest| rest.starts_with(':'));
        if self.left.iter().any(|(given, _)| is_modified(given)) {
            return Err(wrong(name, "Modifiers and chains are not supported."));
        }
        let mut found = Vec::new();
        self.left.retain(|(given, value)| {
            let is_it = given == name;
            if is_it {
                found.push(value.clone());
            }
            !is_it
        });
        if found.len() > 1 {
            return Err(wrong(name, "Send it once."));
        }
        let found = found.pop().filter(|value| !value.trim().is_empty());
        if found.as_ref().is_some_and(|value| value.len() > MAX_VALUE_BYTES) {
            return Err(wrong(name, "This is too long."));
        }
        if found.as_ref().is_some_and(|value| value.chars().any(char::is_control)) {
            return Err(wrong(name, "This holds a character that stands in no record."));
        }
        Ok(found)
    }

    /// The value of a parameter, which the page's own link repeats.
    pub(super) fn one(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let found = self.take(name)?;
        self.heeded.extend(found.iter().map(|value| (name.to_owned(), value.clone())));
        Ok(found)
    }

    /// A patient, named by `Patient/PAT-001`, its whole address, or the id alone.
    pub(super) fn patient(&mut self, names: [&str; 2]) -> Result<Option<PatientId>, Problem> {
        let mut found = None;
        for name in names {
            let Some(text) = self.one(name)? else { continue };
            let id = text.rsplit_once('/').map_or(&*text, |(_, id)| id);
            let id = id.parse().map_err(|_| wrong(name, "Send a patient such as PAT-001."))?;
            if found.replace(id).is_some_and(|other: PatientId| other != id) {
                return Err(wrong(name, "Two patients are named."));
            }
        }
        Ok(found)
    }

    /// Which page is asked for, in the order of numbers or of last changes.
    pub(super) fn page(&mut self, is_by_change: bool) -> Result<PageAt, Problem> {
        let count = match self.one("_count")? {
            None => DEFAULT_COUNT,
            Some(text) => match text.parse::<i64>() {
                Ok(count) if count > 0 => count.min(MAX_COUNT),
                _ => return Err(wrong("_count", "Send a number from 1 to 100.")),
            },
        };
        let mut place = Place::First;
        for (name, is_after) in [("_after", true), ("_before", false)] {
            let Some(text) = self.take(name)? else { continue };
            let cursor = records::cursor(&text, is_by_change)
                .ok_or_else(|| wrong(name, "Follow the links of the pages."))?;
            place = if is_after { Place::After(cursor) } else { Place::Before(cursor) };
        }
        Ok((place, count))
    }

    /// Ends the reading: what is left was not known.
    pub(super) fn end(&mut self) -> Result<(), Problem> {
        match self.left.first() {
            Some((name, _)) if self.is_strict => {
                let name: String = name.chars().take(60).collect();
                Err(wrong(
                    &name,
                    "This parameter is not known; /fhir/metadata lists those that are.",
                ))
            }
            _ => Ok(()),
        }
    }

    /// The address of a page of this search.
    fn address(&self, base: &str, kind: &str, turn: Option<(&str, String)>) -> String {
        let mut address = format!("{base}/{kind}");
        let turn = turn.map(|(name, value)| (name.to_owned(), value));
        for (index, (name, value)) in self.heeded.iter().cloned().chain(turn).enumerate() {
            address.push(if index == 0 { '?' } else { '&' });
            let _ = write!(address, "{}={}", escaped(&name), escaped(&value));
        }
        address
    }

    /// A page of what was found, with its neighbours.
    pub(super) fn answered<T>(
        &self,
        web: &Web,
        kind: &str,
        view: RecordsView<T>,
        resource: impl Fn(T) -> Resource,
    ) -> Response {
        let base = super::base(web);
        let page = &view.page;
        let mut links = vec![Link { relation: "self", url: self.address(&base, kind, None) }];
        let ends = page.rows.first().zip(page.rows.last());
        if let Some((first, last)) = ends {
            let turns = [
                ("next", "_after", last, page.has_next),
                ("previous", "_before", first, page.has_previous),
            ];
            for (relation, name, cursor, _) in turns.into_iter().filter(|turn| turn.3) {
                let turn = Some((name, records::told(cursor)));
                links.push(Link { relation, url: self.address(&base, kind, turn) });
            }
        }
        let total = page.total_is_exact.then_some(page.total);
        let found = view.rows.into_iter().map(resource).collect();
        super::told(StatusCode::OK, &Searchset::new(&base, total, links, found))
    }
}

/// A text as it may stand in a query.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&str, &str)]) -> Asked {
        let left = pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        Asked { left: left.collect(), heeded: Vec::new(), is_strict: true }
    }

    #[test]
    fn what_is_heeded_is_repeated_and_the_rest_is_told() {
        let mut search = asked(&[("name", "Ann & Co"), ("odd", "1")]);
        assert_eq!(search.one("name").unwrap().as_deref(), Some("Ann & Co"));
        assert_eq!(search.address("b", "Patient", None), "b/Patient?name=Ann%20%26%20Co");
        assert!(search.end().is_err());
        search.is_strict = false;
        assert!(search.end().is_ok());
        assert!(asked(&[("name:exact", "x")]).one("name").is_err());
        assert!(asked(&[("name", "x"), ("name", "y")]).one("name").is_err());
        assert!(asked(&[("identifier", "a\0")]).one("identifier").is_err());
    }

    #[test]
    fn a_patient_is_named_in_three_ways() {
        for text in ["PAT-001", "Patient/PAT-001", "https://a.example/fhir/Patient/PAT-001"] {
            let found = asked(&[("subject", text)]).patient(["subject", "patient"]);
            assert_eq!(found.unwrap(), Some(PatientId::new(1)), "{text}");
        }
        let two = [("subject", "PAT-001"), ("patient", "PAT-002")];
        assert!(asked(&two).patient(["subject", "patient"]).is_err());
        assert!(asked(&[("subject", "x")]).patient(["subject", "patient"]).is_err());
    }

    #[test]
    fn a_program_may_prefer_to_be_told() {
        let said = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("prefer", axum::http::HeaderValue::from_static(value));
            is_strict(&headers)
        };
        assert!(said("return=minimal, handling=Strict"));
        assert!(!said("handling=lenient"));
    }
}
