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

impl<T> Listed<T> {
    /// All rows of a list that is on one page; `most` is how many are read of it.
    pub(super) fn whole(data: Vec<T>, most: Option<i64>) -> Self {
        let number = i64::try_from(data.len()).unwrap_or(i64::MAX);
        let is_exact = most.is_none_or(|most| number < most);
        Self::new(data, None, (false, false), Total { number, is_exact })
    }

    /// The page of a list whose rows are few and all at hand, in the order of their numbers.
    pub(super) fn of_few(all: Vec<T>, turn: Turn<i64>, number: impl Fn(&T) -> i64) -> Self {
        let total = Total { number: i64::try_from(all.len()).unwrap_or(i64::MAX), is_exact: true };
        let limit = usize::try_from(turn.limit).unwrap_or(usize::MAX);
        let first = match turn.at {
            At::First => 0,
            At::After(seq) => all.partition_point(|row| number(row) <= seq),
            At::Before(seq) => all.partition_point(|row| number(row) < seq).saturating_sub(limit),
        };
        let end = match turn.at {
            At::Before(seq) => all.partition_point(|row| number(row) < seq),
            At::First | At::After(_) => all.len().min(first.saturating_add(limit)),
        };
        let more = (first > 0, end < all.len());
        let data: Vec<T> = all.into_iter().skip(first).take(end - first).collect();
        let told = |row: &T| number(row).to_string();
        let ends = data.first().map(told).zip(data.last().map(told));
        Self::new(data, ends, more, total)
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
    fn a_few_rows_are_paged_as_many_are() {
        let page = |at, limit| {
            let listed = Listed::of_few(vec![2, 3, 5, 7], Turn { limit, at }, |row| *row);
            (listed.data, listed.previous, listed.next)
        };
        let text = |number: i64| Some(number.to_string());
        assert_eq!(page(At::First, 9), (vec![2, 3, 5, 7], None, None));
        assert_eq!(page(At::First, 2), (vec![2, 3], None, text(3)));
        assert_eq!(page(At::After(3), 2), (vec![5, 7], text(5), None));
        assert_eq!(page(At::Before(5), 1), (vec![3], text(3), text(3)));
        assert_eq!(page(At::Before(5), 9), (vec![2, 3], None, text(3)));
        assert_eq!(page(At::After(9), 2), (vec![], None, None));
        assert_eq!(page(At::Before(i64::MIN), 2), (vec![], None, None));
        let whole = |most| Listed::whole(vec![1, 2], most).total_is_exact;
        assert_eq!([whole(None), whole(Some(3)), whole(Some(2))], [true, true, false]);
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
