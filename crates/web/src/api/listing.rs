//! Pages of a list: what is asked for with `limit`, `after` and `before`, and the answer.
//!
//! A call reads its query with a type of its own that holds a [`Turn`] and names [`PageParams`]
//! among its `params`; it answers with [`Listed`]. A cursor is a text that only we read: it says
//! after or before which row a page lies, so that rows that are added meanwhile move none.

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::fields::{self, Fields};

/// The most rows that a page has.
pub(super) const MAX_LIMIT: i64 = 100;
/// The rows of a page when nothing is said.
pub(super) const DEFAULT_LIMIT: i64 = 50;
/// The longest cursor that is looked at, in bytes.
const MAX_CURSOR_BYTES: usize = 500;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Listed<T> {
    /// The rows of the page, in the order that was asked for.
    data: Vec<T>,
    /// What to send as `after` for the page that follows; null on the last one.
    next: Option<String>,
    /// What to send as `before` for the page that precedes; null on the first one.
    previous: Option<String>,
    /// How many there are in all; more than so many when it is not exact.
    total: i64,
    /// Whether the total is exact.
    total_is_exact: bool,
}

/// How many there are in all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Total {
    /// The number; when it is not exact, there are more.
    pub(super) number: i64,
    /// Whether it is exact.
    pub(super) is_exact: bool,
}

impl<T> Listed<T> {
    /// The page of these rows. `ends` are the cursors of its first and its last row, `more` says
    /// whether rows precede and whether rows follow.
    pub(super) fn new(
        data: Vec<T>,
        ends: Option<(String, String)>,
        more: (bool, bool),
        total: Total,
    ) -> Self {
        let (first, last) = ends.unzip();
        Self {
            data,
            next: last.filter(|_| more.1),
            previous: first.filter(|_| more.0),
            total: total.number,
            total_is_exact: total.is_exact,
        }
    }
}

/// Where a page lies in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At<C> {
    /// It is the first one.
    First,
    /// It follows the row of this cursor.
    After(C),
    /// It precedes the row of this cursor.
    Before(C),
}

/// Which page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn<C> {
    /// The most rows that it has.
    pub(super) limit: i64,
    /// Where it lies.
    pub(super) at: At<C>,
}

/// The part of a query that says which page is asked for, as it is described.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes what `Turn::read` reads")]
pub(super) struct PageParams {
    /// The most rows that the page has.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<i64>,
    /// The page that follows: `next` of an answer, with the same query otherwise.
    after: Option<String>,
    /// The page that precedes: `previous` of an answer, with the same query otherwise.
    before: Option<String>,
}

impl<C> Turn<C> {
    /// Reads `limit`, `after` and `before`; `cursor` reads the text that an answer gave.
    pub(super) fn read(
        fields: &mut Fields<'_>,
        cursor: impl Fn(&str) -> Option<C>,
    ) -> Option<Self> {
        let one = |json: &_| {
            let text = fields::text(json)?;
            let read = (text.len() <= MAX_CURSOR_BYTES).then(|| cursor(text)).flatten();
            let message = "Send what an answer gave as next or previous.";
            read.map_or_else(|| fields::wrong("malformed", message), Ok)
        };
        let limit = fields.optional("limit", fields::digits(1..=MAX_LIMIT));
        let after = fields.optional("after", one);
        let before = fields.optional("before", one);
        let at = match (after, before) {
            (None, None) => At::First,
            (Some(after), None) => At::After(after),
            (None, Some(before)) => At::Before(before),
            (Some(_), Some(_)) => {
                fields.fault("before", "not_both", "Send after or before, not both.");
                return None;
            }
        };
        Some(Self { limit: limit.unwrap_or(DEFAULT_LIMIT), at })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::fields::FromFields;
    use super::super::json::Json;
    use super::*;

    #[derive(Debug)]
    struct Sample(Turn<i64>);

    impl FromFields for Sample {
        fn read(fields: &mut Fields<'_>) -> Option<Self> {
            Turn::read(fields, |text| text.parse().ok()).map(Self)
        }
    }

    fn read(pairs: &[(&str, &str)]) -> Result<Turn<i64>, Vec<String>> {
        let text = |&(name, value): &(&str, &str)| (name.to_owned(), Json::Text(value.to_owned()));
        let read = fields::read::<Sample>(&Json::Object(pairs.iter().map(text).collect()));
        let told = |fault: almoner_domain::FieldError| format!("{} {}", fault.field, fault.code);
        read.map(|sample| sample.0).map_err(|faults| faults.0.into_iter().map(told).collect())
    }

    #[test]
    fn a_page_is_asked_for_by_its_neighbour() {
        assert_eq!(read(&[]), Ok(Turn { limit: DEFAULT_LIMIT, at: At::First }));
        let after = read(&[("limit", "100"), ("after", "7")]);
        assert_eq!(after, Ok(Turn { limit: MAX_LIMIT, at: At::After(7) }));
        assert_eq!(read(&[("before", "7")]).map(|turn| turn.at), Ok(At::Before(7)));
    }

    #[test]
    fn what_is_odd_is_refused_and_not_guessed() {
        let odd = |pairs: &[(&str, &str)]| read(pairs).expect_err("it is odd");
        for limit in ["0", "101", "-1"] {
            assert_eq!(odd(&[("limit", limit)]), ["limit out_of_range"], "{limit}");
        }
        assert_eq!(odd(&[("limit", "ten")]), ["limit not_an_integer"]);
        assert_eq!(odd(&[("after", "x")]), ["after malformed"]);
        assert_eq!(odd(&[("after", &"1".repeat(1_000))]), ["after malformed"]);
        assert_eq!(odd(&[("after", "1"), ("before", "2")]), ["before not_both"]);
        assert_eq!(odd(&[("limit", "1"), ("limit", "2")]), ["limit duplicate_field"]);
    }

    #[test]
    fn a_page_says_where_the_others_are() {
        let ends = || Some(("a".to_owned(), "b".to_owned()));
        let total = Total { number: 9, is_exact: true };
        let told = |more| serde_json::to_value(Listed::new(vec![1], ends(), more, total)).unwrap();
        assert_eq!(
            told((false, true)),
            json!({ "data": [1], "next": "b", "previous": null, "total": 9,
                "total_is_exact": true })
        );
        let last = told((true, false));
        assert_eq!((&last["next"], &last["previous"]), (&Value::Null, &json!("a")));
    }
}
