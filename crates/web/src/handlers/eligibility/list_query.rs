//! The address of the list of checks, read.

use almoner_domain::checks::{CheckPlace, CheckRequest, CheckSort, MAX_PAYERS, payer_key};
use almoner_domain::estimate::Outcome;
use almoner_domain::list::{DEFAULT_PAGE_SIZE, Direction, PAGE_SIZES, Search, Span};
use almoner_domain::{Invalid, time};

use crate::handlers::numbered::page_number;
use crate::view::eligibility::query::ChecksQuery;
use crate::view::parts::Errors;

/// What an address asks for.
pub(super) struct Asked {
    /// The query as it was typed.
    pub(super) query: ChecksQuery,
    /// What the store is asked for.
    pub(super) request: CheckRequest,
    /// The number of the page, for the range that is shown; `None` where it was not counted.
    pub(super) number: Option<i64>,
    /// What could not be understood; the list is shown without it.
    pub(super) errors: Errors,
}

/// Reads the pairs of an address. What cannot be understood is told and left out.
pub(super) fn read(pairs: &[(String, String)]) -> Asked {
    let mut query = ChecksQuery::default();
    let mut direction = None;
    let mut number = None;
    let mut place = CheckPlace::First;
    for (name, value) in pairs {
        let text = value.trim();
        match &**name {
            "q" => text.clone_into(&mut query.q),
            "outcome" => query.outcomes.extend(Outcome::from_name(value)),
            "payer" if !text.is_empty() => query.payers.push(payer_key(text)),
            "waiting" => query.waiting = value == "1",
            "checked_from" => text.clone_into(&mut query.checked_from),
            "checked_to" => text.clone_into(&mut query.checked_to),
            "sort" => query.sort = CheckSort::from_name(value).unwrap_or(CheckSort::Checked),
            "dir" if value == "asc" => direction = Some(Direction::Ascending),
            "dir" if value == "desc" => direction = Some(Direction::Descending),
            "per_page" => {
                let size = value.parse().ok().filter(|size| PAGE_SIZES.contains(size));
                query.per_page = size.unwrap_or(DEFAULT_PAGE_SIZE);
            }
            "page" if value == "last" => place = CheckPlace::Last,
            "page" => number = page_number(value),
            "after" => place = value.parse().map_or(place, CheckPlace::After),
            "before" => place = value.parse().map_or(place, CheckPlace::Before),
            _ => {}
        }
    }
    let rank = |outcome: &Outcome| Outcome::ALL.iter().position(|other| other == outcome);
    query.outcomes.sort_unstable_by_key(rank);
    query.outcomes.dedup();
    query.payers.sort_unstable();
    query.payers.dedup();
    query.payers.truncate(MAX_PAYERS);
    query.direction = direction.unwrap_or(query.sort.default_direction());
    if let (CheckPlace::First, Some(number @ 2..)) = (place, number) {
        place = CheckPlace::Number(number);
    }
    let mut faults = Invalid::default();
    let mut end = |name, text: &str| {
        (!text.is_empty()).then(|| faults.collect(time::parse_date(name, text))).flatten()
    };
    let checked = Span {
        from: end("checked_from", &query.checked_from),
        to: end("checked_to", &query.checked_to),
    };
    let request = CheckRequest {
        outcomes: query.outcomes.clone(),
        payers: query.payers.clone(),
        waiting: query.waiting,
        checked,
        search: Search::parse_as("elg", &query.q),
        sort: query.sort,
        direction: query.direction,
        per_page: query.per_page,
        place,
    };
    Asked { query, request, number, errors: faults.into() }
}

#[cfg(test)]
mod tests {
    use almoner_domain::CheckId;

    use super::*;

    fn asked(pairs: &[(&str, &str)]) -> Asked {
        let own = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        read(&pairs.iter().map(own).collect::<Vec<_>>())
    }

    #[test]
    fn an_address_is_read_and_written_back() {
        let asked = asked(&[
            ("outcome", "review"),
            ("outcome", "active"),
            ("outcome", "active"),
            ("payer", "Sample\0 Plan"),
            ("q", " elg-7 "),
            ("sort", "patient"),
            ("after", "ELG-012"),
            ("page", "2"),
        ]);
        assert_eq!(asked.request.outcomes, [Outcome::Active, Outcome::Review]);
        assert_eq!(asked.request.search, Search::Id(7));
        assert_eq!(asked.request.place, CheckPlace::After(CheckId::new(12)));
        assert_eq!((asked.request.direction, asked.number), (Direction::Ascending, Some(2)));
        let href = "/eligibility?q=elg-7&outcome=active&outcome=review&payer=sample+plan\
            &sort=patient&dir=asc";
        assert_eq!(asked.query.href(), href);
    }

    #[test]
    fn what_cannot_be_understood_is_told_and_left_out() {
        let asked = asked(&[
            ("checked_from", "31.3."),
            ("outcome", "fine"),
            ("per_page", "7"),
            ("after", "PAY-1"),
            ("page", "-3"),
        ]);
        assert_eq!(asked.errors.0.len(), 1);
        assert_eq!(asked.request, CheckRequest::default());
        assert_eq!(asked.query.checked_from, "31.3.");
        let many: Vec<(String, String)> =
            (0..90).map(|n| ("payer".to_owned(), format!("p{n}"))).collect();
        assert_eq!(read(&many).request.payers.len(), MAX_PAYERS);
    }
}
