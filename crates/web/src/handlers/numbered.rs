//! Lists that are paged by number: their address, read, and the ways to their other pages.

use almoner_domain::list::{DEFAULT_PAGE_SIZE, Direction, PAGE_SIZES};
use axum::response::{IntoResponse, Redirect, Response};

use super::Paging;
use crate::view::parts::Pager;
use crate::view::query::ListQuery;

/// The greatest number of a page that is looked at.
const MAX_NUMBER: i64 = 1_000_000;

/// The number of a page, as it stands in an address.
pub(crate) fn page_number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number| (1..=MAX_NUMBER).contains(number))
}

/// What an address asks for.
#[derive(Debug)]
pub(crate) struct Numbered {
    /// The query as it was typed.
    pub(crate) query: ListQuery,
    /// The place of the page.
    pub(crate) paging: Paging,
}

impl Numbered {
    /// Reads the pairs of an address of the list in `usual` order. What cannot be understood is
    /// left out.
    pub(crate) fn read(usual: ListQuery, pairs: &[(String, String)]) -> Self {
        let mut query = usual;
        let mut number = 1;
        for (name, value) in pairs {
            match (&**name, &**value) {
                ("q", text) => text.trim().clone_into(&mut query.q),
                ("dir", "asc") => query.direction = Direction::Ascending,
                ("dir", "desc") => query.direction = Direction::Descending,
                ("per_page", text) => {
                    let size = text.parse().ok().filter(|size| PAGE_SIZES.contains(size));
                    query.per_page = size.unwrap_or(DEFAULT_PAGE_SIZE);
                }
                ("page", text) => number = page_number(text).unwrap_or(1),
                _ => {}
            }
        }
        let per_page = query.per_page;
        Self { query, paging: Paging { number, per_page } }
    }

    fn last(&self, total: i64) -> i64 {
        ((total + self.paging.per_page - 1) / self.paging.per_page).max(1)
    }

    fn href(&self, number: i64) -> String {
        let number = if number > 1 { number.to_string() } else { String::new() };
        self.query.page_href("page", &number)
    }

    /// Goes to the last page when the list is shorter than the page that is asked for.
    pub(crate) fn beyond(&self, total: i64) -> Option<Response> {
        let last = self.last(total);
        let is_beyond = self.paging.number > last;
        is_beyond.then(|| Redirect::to(&self.href(last)).into_response())
    }

    /// The ways to the other pages, when `shown` rows of `total` are on this one.
    pub(crate) fn pager(&self, total: i64, shown: usize) -> Pager {
        let Paging { number, per_page } = self.paging;
        let last = self.last(total);
        let shown = i64::try_from(shown).unwrap_or(per_page);
        let way = |exists: bool, number: i64| exists.then(|| self.href(number));
        Pager {
            from: Some((number - 1) * per_page + 1),
            shown,
            total,
            and_more: false,
            first: way(number > 1, 1),
            previous: way(number > 1, number - 1),
            next: way(number < last, number + 1),
            last: way(number < last, last),
            sizes: self.query.sizes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&str, &str)]) -> Numbered {
        let own = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        let usual = ListQuery::new("/patients", "name", Direction::Ascending);
        Numbered::read(usual, &pairs.iter().map(own).collect::<Vec<_>>())
    }

    #[test]
    fn pages_lead_to_their_neighbours() {
        let middle = asked(&[("q", " li "), ("page", "2"), ("per_page", "25")]);
        let pager = middle.pager(60, 25);
        assert_eq!((pager.from, pager.shown), (Some(26), 25));
        let base = "/patients?q=li&sort=name&dir=asc&per_page=25";
        assert_eq!(pager.previous.as_deref(), Some(base));
        assert_eq!(pager.next, Some(format!("{base}&page=3")));
        assert_eq!(pager.next, pager.last);
    }

    #[test]
    fn odd_numbers_mean_the_first_page_and_great_ones_the_last() {
        for odd in ["0", "-1", "x", "9223372036854775807"] {
            assert_eq!(asked(&[("page", odd)]).paging.number, 1, "{odd}");
        }
        let pager = asked(&[]).pager(0, 0);
        assert_eq!((&*pager.range(), pager.next, pager.previous), ("No results", None, None));
        assert!(asked(&[("page", "2")]).beyond(50).is_some());
        assert!(asked(&[("page", "2")]).beyond(51).is_none());
    }
}
