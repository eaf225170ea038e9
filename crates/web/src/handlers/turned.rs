//! Lists that are turned by the rows at a page's ends: the ways to their other pages.

use crate::view::parts::{PageSize, Pager};

/// A page of such a list.
#[derive(Debug)]
pub(crate) struct Turned {
    /// The number that the address gives the page.
    pub(crate) number: Option<i64>,
    /// Whether the last page is asked for.
    pub(crate) is_last: bool,
    /// Rows that a page may have.
    pub(crate) per_page: i64,
    /// Rows that it has.
    pub(crate) shown: usize,
    /// The places of its first and its last row, as addresses tell them.
    pub(crate) ends: Option<(String, String)>,
    /// Whether rows precede.
    pub(crate) has_previous: bool,
    /// Whether rows follow.
    pub(crate) has_next: bool,
    /// How many rows the list has; at least so many when it is not exact.
    pub(crate) total: i64,
    /// Whether `total` is exact.
    pub(crate) is_exact: bool,
}

impl Turned {
    /// The ways to the other pages; `href` gives the address of one, from a name and a value.
    pub(crate) fn pager(&self, sizes: Vec<PageSize>, href: impl Fn(&str, &str) -> String) -> Pager {
        let number = self.known_number();
        let turn = |name: &str, place: &str, step: i64| match number {
            Some(number) if number + step <= 1 => href("", ""),
            Some(number) => format!("{}&page={}", href(name, place), number + step),
            None => href(name, place),
        };
        let previous = self.ends.as_ref().map(|ends| &ends.0).filter(|_| self.has_previous);
        let next = self.ends.as_ref().map(|ends| &ends.1).filter(|_| self.has_next);
        let from = number.map(|number| (number - 1) * self.per_page + 1);
        let shown = i64::try_from(self.shown).unwrap_or(self.per_page);
        Pager {
            from,
            shown,
            // The rows that are seen are among those that there are.
            total: from.map_or(self.total, |from| self.total.max(from - 1 + shown)),
            and_more: !self.is_exact,
            first: self.has_previous.then(|| href("", "")),
            previous: previous.map(|place| turn("before", place, -1)),
            next: next.map(|place| turn("after", place, 1)),
            last: next.map(|_| href("page", "last")),
            sizes,
        }
    }

    /// The page's number from the front. Of a list that was not counted to its end, pages that
    /// were come to from there have none.
    fn known_number(&self) -> Option<i64> {
        match self.number {
            _ if !self.has_previous => Some(1),
            _ if !self.is_last => self.number,
            _ => self.is_exact.then_some((self.total + self.per_page - 1) / self.per_page),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pager(turned: &Turned) -> Pager {
        turned.pager(Vec::new(), |name, value| format!("/list?{name}={value}"))
    }

    fn middle() -> Turned {
        Turned {
            number: Some(3),
            is_last: false,
            per_page: 25,
            shown: 25,
            ends: Some(("a".to_owned(), "z".to_owned())),
            has_previous: true,
            has_next: true,
            total: 1_800,
            is_exact: false,
        }
    }

    #[test]
    fn a_page_that_is_counted_from_the_front_tells_its_rows_and_its_neighbours() {
        let pager = pager(&middle());
        assert_eq!(pager.range(), "51–75 of more than 1,800");
        assert_eq!(pager.previous.as_deref(), Some("/list?before=a&page=2"));
        assert_eq!(pager.next.as_deref(), Some("/list?after=z&page=4"));
        assert_eq!(pager.last.as_deref(), Some("/list?page=last"));
    }

    #[test]
    fn rows_that_are_seen_are_counted() {
        let beyond = pager(&Turned { number: Some(73), ..middle() });
        assert_eq!(beyond.range(), "1,801–1,825 of more than 1,825");
    }

    #[test]
    fn the_first_page_has_a_plain_address() {
        let second = pager(&Turned { number: Some(2), ..middle() });
        assert_eq!(second.previous.as_deref(), Some("/list?="));
        let first = pager(&Turned { number: None, has_previous: false, ..middle() });
        assert_eq!((first.from, first.first, first.previous), (Some(1), None, None));
        assert_eq!(first.next.as_deref(), Some("/list?after=z&page=2"));
    }

    #[test]
    fn an_end_that_was_not_counted_has_no_number() {
        let last = Turned { is_last: true, has_next: false, number: None, ..middle() };
        let end = pager(&last);
        assert_eq!(end.range(), "The last 25 of more than 1,800");
        assert_eq!(end.previous.as_deref(), Some("/list?before=a"));
        assert_eq!((end.next, end.last), (None, None));
        let before_it = pager(&Turned { number: None, ..middle() });
        assert_eq!(before_it.range(), "25 of more than 1,800");
        assert_eq!(before_it.next.as_deref(), Some("/list?after=z"));
        let counted = pager(&Turned { total: 1_810, shown: 10, is_exact: true, ..last });
        assert_eq!(counted.range(), "1,801–1,810 of 1,810");
    }

    #[test]
    fn nothing_is_found_on_no_page() {
        let none = pager(&Turned {
            number: Some(1),
            shown: 0,
            ends: None,
            has_previous: false,
            has_next: false,
            total: 0,
            is_exact: true,
            ..middle()
        });
        assert_eq!(none.range(), "No results");
        assert_eq!((none.first, none.previous, none.next, none.last), (None, None, None, None));
    }
}
