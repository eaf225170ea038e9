//! The address of the payments list, read: every state of the list is in it.

use almoner_domain::list::{
    Cursor, DEFAULT_PAGE_SIZE, Direction, DueFilter, Filter, PAGE_SIZES, PageRequest, Place,
    Search, Sort, Span,
};
use almoner_domain::payment::PaymentType;
use almoner_domain::period::Period;
use almoner_domain::{Invalid, LocationId, Money, Status, time};
use axum::http::Uri;
use axum_extra::extract::Query;
use jiff::civil::Date;

use crate::handlers::numbered::page_number;
use crate::view::query::{NO_DUE_DATE, PaymentsQuery};

/// What an address asks for.
pub(super) struct Asked {
    /// The query as it was typed.
    pub(super) query: PaymentsQuery,
    /// What the store is asked for.
    pub(super) request: PageRequest,
    /// The number of the page, for the range that is shown; `None` where it was not counted.
    pub(super) number: Option<i64>,
    /// What could not be understood; the list is shown without it.
    pub(super) faults: Invalid,
}

/// Reads the pairs of an address. What cannot be understood is told and left out.
pub(super) fn read(pairs: &[(String, String)], today: Date) -> Asked {
    let mut query = PaymentsQuery::default();
    let mut faults = Invalid::default();
    let mut direction = None;
    let mut number = None;
    let mut place = Place::First;
    for (name, value) in pairs {
        match &**name {
            "status" => query.statuses.extend(known(&mut faults, name, Status::from_name(value))),
            "location" => {
                query.locations.extend(known(&mut faults, name, value.parse::<LocationId>().ok()));
            }
            "type" if value.is_empty() => query.kind = None,
            "type" => query.kind = known(&mut faults, name, PaymentType::from_name(value)),
            "overdue" => query.overdue = value == "1",
            "sort" => query.sort = Sort::from_name(value).unwrap_or(Sort::Created),
            "dir" => direction = read_direction(value),
            "per_page" => {
                let size = value.parse().ok().filter(|size| PAGE_SIZES.contains(size));
                query.per_page = size.unwrap_or(DEFAULT_PAGE_SIZE);
            }
            "page" if value == "last" => place = Place::Last,
            "page" => number = page_number(value),
            "after" => place = read_cursor(value).map_or(place, Place::After),
            "before" => place = read_cursor(value).map_or(place, Place::Before),
            _ => {
                if let Some(field) = text_field(&mut query, name) {
                    value.trim().clone_into(field);
                }
            }
        }
    }
    query.statuses.sort_unstable();
    query.statuses.dedup();
    query.locations.sort_unstable();
    query.locations.dedup();
    query.direction = direction.unwrap_or(query.sort.default_direction());
    if let (Place::First, Some(number @ 2..)) = (place, number) {
        place = Place::Number(number);
    }
    query.settle_ranges();
    let filter = filter(&query, today, &mut faults);
    let request = PageRequest {
        filter,
        search: Search::parse(&query.q),
        sort: query.sort,
        direction: query.direction,
        per_page: query.per_page,
        place,
    };
    Asked { query, request, number, faults }
}

/// What a word of the address stands for. Forms send none but known ones; a list that left one out
/// without a word would hold more than was asked for.
fn known<T>(faults: &mut Invalid, name: &str, found: Option<T>) -> Option<T> {
    if found.is_none() {
        let message = format!("The address narrows the list by a {name} that is not known.");
        faults.push("", "unknown", message);
    }
    found
}

/// The list of an address that a form of ours sent; another text is the list of all.
pub(super) fn from_href(href: &str, today: Date) -> PaymentsQuery {
    let address = href.parse::<Uri>().ok().filter(|uri| uri.path() == PaymentsQuery::PATH);
    let pairs = address.and_then(|uri| Query::<Vec<(String, String)>>::try_from_uri(&uri).ok());
    read(&pairs.map(|pairs| pairs.0).unwrap_or_default(), today).query
}

fn read_direction(value: &str) -> Option<Direction> {
    match value {
        "asc" => Some(Direction::Ascending),
        "desc" => Some(Direction::Descending),
        _ => None,
    }
}

fn text_field<'a>(query: &'a mut PaymentsQuery, name: &str) -> Option<&'a mut String> {
    Some(match name {
        "q" => &mut query.q,
        "due" => &mut query.due,
        "due_from" => &mut query.due_from,
        "due_to" => &mut query.due_to,
        "created" => &mut query.created,
        "created_from" => &mut query.created_from,
        "created_to" => &mut query.created_to,
        "paid" => &mut query.paid,
        "paid_from" => &mut query.paid_from,
        "paid_to" => &mut query.paid_to,
        "min" => &mut query.min,
        "max" => &mut query.max,
        _ => return None,
    })
}

/// A cursor in an address: the key (blank where it is a name), the status's rank, the number.
pub(crate) fn cursor_text(cursor: Cursor) -> String {
    let key = cursor.key.map(|key| key.to_string()).unwrap_or_default();
    format!("{key}.{}.{}", cursor.rank, cursor.seq)
}

/// Reads a cursor of an address.
pub(crate) fn read_cursor(text: &str) -> Option<Cursor> {
    let mut parts = text.splitn(3, '.');
    let key = match parts.next()? {
        "" => None,
        key => Some(key.parse().ok()?),
    };
    Some(Cursor { key, rank: parts.next()?.parse().ok()?, seq: parts.next()?.parse().ok()? })
}

fn filter(query: &PaymentsQuery, today: Date, faults: &mut Invalid) -> Filter {
    let mut dates = |chosen: (&str, &str, &[Period]), from: (&str, &str), to: (&str, &str)| {
        if chosen.1.is_empty() {
            let mut end = |(name, text): (&str, &str)| {
                (!text.is_empty()).then(|| faults.collect(time::parse_date(name, text))).flatten()
            };
            return Span { from: end(from), to: end(to) };
        }
        faults.collect(period(chosen)).map(|period| period.span(today)).unwrap_or_default()
    };
    let due = if query.due == NO_DUE_DATE {
        DueFilter::Without
    } else {
        let chosen = ("due", &*query.due, &Period::AHEAD[..]);
        let (from, to) = (("due_from", &*query.due_from), ("due_to", &*query.due_to));
        DueFilter::Within(dates(chosen, from, to))
    };
    let created = dates(
        ("created", &query.created, &Period::PAST),
        ("created_from", &query.created_from),
        ("created_to", &query.created_to),
    );
    let paid = dates(
        ("paid", &query.paid, &Period::PAST),
        ("paid_from", &query.paid_from),
        ("paid_to", &query.paid_to),
    );
    let mut amount = |name, text: &str| {
        (!text.is_empty()).then(|| faults.collect(Money::parse(name, text))).flatten()
    };
    Filter {
        statuses: query.statuses.clone(),
        locations: query.locations.clone(),
        kind: query.kind,
        due,
        created,
        paid,
        amount: Span { from: amount("min", &query.min), to: amount("max", &query.max) },
        overdue: query.overdue,
    }
}

/// The range of that name among those that a field offers.
fn period((field, name, offered): (&str, &str, &[Period])) -> Result<Period, Invalid> {
    let named = offered.iter().find(|period| period.as_str() == name);
    named.copied().ok_or_else(|| {
        Invalid::one(field, "unknown_range", "Choose one of the ranges that are offered.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = Date::constant(2026, 3, 31);

    fn asked(pairs: &[(&str, &str)]) -> Asked {
        let own = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        read(&pairs.iter().map(own).collect::<Vec<_>>(), TODAY)
    }

    #[test]
    fn an_address_is_read_and_written_back() {
        let pairs = [("status", "paid"), ("status", "draft"), ("q", " li "), ("sort", "due")];
        let asked = asked(&pairs);
        assert_eq!(asked.request.filter.statuses, [Status::Draft, Status::Paid]);
        assert_eq!(asked.request.direction, Direction::Ascending);
        let href = "/payments?q=li&status=draft&status=paid&sort=due&dir=asc";
        assert_eq!(asked.query.href(), href);
    }

    #[test]
    fn what_cannot_be_understood_is_told_and_left_out() {
        let asked = asked(&[("min", "abc"), ("due_from", "31.3."), ("per_page", "7")]);
        assert_eq!(asked.faults.0.len(), 2);
        assert_eq!(asked.request.filter, Filter::default());
        assert_eq!(asked.request.per_page, DEFAULT_PAGE_SIZE);
        assert_eq!(asked.query.min, "abc");
    }

    #[test]
    fn only_our_own_list_is_gone_back_to() {
        let back = |href: &str| from_href(href, TODAY).href();
        assert_eq!(back("/payments?status=draft&after=1.2.3"), "/payments?status=draft");
        for odd in ["", "https://example.org/payments?q=x", "//example.org", "/patients?q=x", "\n"]
        {
            assert!(!back(odd).contains("example.org"), "{odd}");
        }
        assert_eq!(back("/patients?q=x"), "/payments");
    }

    #[test]
    fn a_range_of_the_calendar_wins_over_typed_dates_and_stays_one() {
        let pairs = [
            ("due", "next_month"),
            ("due_from", "2026-01-01"),
            ("due_to", "tomorrow"),
            ("created", "last_month"),
            ("paid_from", "2026-03-01"),
        ];
        let asked = asked(&pairs);
        assert_eq!(asked.faults.0, []);
        let span = |from, to| Span { from: Some(from), to: Some(to) };
        let april = span(Date::constant(2026, 4, 1), Date::constant(2026, 4, 30));
        let february = span(Date::constant(2026, 2, 1), Date::constant(2026, 2, 28));
        assert_eq!(asked.request.filter.due, DueFilter::Within(april));
        assert_eq!(asked.request.filter.created, february);
        let from = Some(Date::constant(2026, 3, 1));
        assert_eq!(asked.request.filter.paid, Span { from, to: None });
        let href = "/payments?due=next_month&created=last_month&paid_from=2026-03-01";
        assert_eq!(asked.query.href(), href);
    }

    #[test]
    fn payments_without_a_due_date_are_asked_for_by_name() {
        let asked = asked(&[("due", "none"), ("due_from", "2026-01-01")]);
        assert_eq!(asked.request.filter.due, DueFilter::Without);
        assert_eq!(asked.query.href(), "/payments?due=none");
    }

    #[test]
    fn a_range_that_is_not_offered_is_told_and_left_out() {
        for (field, name) in
            [("due", "last_month"), ("created", "next_month"), ("paid", "none"), ("paid", "Today")]
        {
            let asked = asked(&[(field, name)]);
            assert_eq!(asked.faults.0.len(), 1, "{field} {name}");
            assert_eq!(asked.request.filter, Filter::default());
        }
    }

    #[test]
    fn a_word_that_is_not_known_is_told_and_left_out() {
        for (field, word) in
            [("status", "payed"), ("status", ""), ("location", "PAY-001"), ("type", "visit")]
        {
            let asked = asked(&[(field, word), ("status", "paid")]);
            assert_eq!(asked.faults.0.len(), 1, "{field} {word}");
            assert_eq!(asked.request.filter.statuses, [Status::Paid]);
        }
        assert_eq!(asked(&[("type", "")]).faults.0, []);
    }

    #[test]
    fn cursors_go_there_and_back() {
        for key in [Some(-5), Some(99_991_231), None] {
            let cursor = Cursor { key, rank: 3, seq: 17 };
            assert_eq!(read_cursor(&cursor_text(cursor)), Some(cursor));
        }
        for broken in ["", "1", "1.2", "a.b.c", "1.2.3.4x"] {
            assert_eq!(read_cursor(broken), None, "{broken}");
        }
    }
}
