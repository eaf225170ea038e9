//! A body of JSON as it was sent: nothing is converted, and nothing is lost on the way.
//!
//! A number is an integer only when it is written as one: `1e3`, `1.0` and `"100"` are none.
//! Names that stand twice are kept twice, so that the reader can refuse them.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Truth(bool),
    /// A number that is written as an integer and fits.
    Integer(i64),
    /// Any other number.
    Number,
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// Names and their values, in the order in which they were sent.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a body; `None` when it is not JSON.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// What kind of value it is, for people.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Truth(_) => "a truth value",
            Self::Integer(_) => "an integer",
            Self::Number => "a number that is no integer here",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_any(Values)
    }
}

struct Values;

impl<'de> Visitor<'de> for Values {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, is_true: bool) -> Result<Json, E> {
        Ok(Json::Truth(is_true))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(i64::try_from(number).map_or(Json::Number, Json::Integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Json, A::Error> {
        let mut object = Vec::new();
        while let Some(pair) = pairs.next_entry()? {
            object.push(pair);
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Json> {
        Json::read(text.as_bytes())
    }

    #[test]
    fn only_what_is_written_as_an_integer_is_one() {
        assert_eq!(read("12550"), Some(Json::Integer(12_550)));
        assert_eq!(read("-1"), Some(Json::Integer(-1)));
        assert_eq!(read("9223372036854775807"), Some(Json::Integer(i64::MAX)));
        let none = ["1e3", "1.5", "1.0", "-0", "1E+2", "9223372036854775808", "1e400"];
        for none in none.into_iter().filter_map(read) {
            assert_eq!(none, Json::Number);
        }
        assert_eq!(read("\"100\""), Some(Json::Text("100".to_owned())));
    }

    #[test]
    fn names_that_stand_twice_are_kept_twice() {
        let pair = |number| ("a".to_owned(), Json::Integer(number));
        assert_eq!(read(r#"{"a":1,"a":2}"#), Some(Json::Object(vec![pair(1), pair(2)])));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        let deep = "[".repeat(100_000);
        let wrong =
            ["", " ", "{", "{}{}", "{'a':1}", "{\"a\":01}", "NaN", "\u{feff}{}", "+1", &deep];
        for wrong in wrong {
            assert_eq!(read(wrong), None, "{}", &wrong[..wrong.len().min(20)]);
        }
        assert_eq!(Json::read(b"\"\xff\""), None);
        assert_eq!(read(r#""\ud800""#), None);
        let nested = format!("{}{}", "{\"a\":".repeat(100), "1}".replace('}', &"}".repeat(100)));
        assert!(read(&nested).is_some());
    }
}
