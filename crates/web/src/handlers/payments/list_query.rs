//! The address of the payments list, read: every state of the list is in it.

use almoner_domain::list::{
    Cursor, DEFAULT_PAGE_SIZE, Direction, Filter, PAGE_SIZES, PageRequest, Place, Search, Sort,
    Span,
};
use almoner_domain::payment::PaymentType;
use almoner_domain::{Invalid, LocationId, Money, Status, time};
use axum::http::Uri;
use axum_extra::extract::Query;
use jiff::civil::Date;

use crate::view::query::PaymentsQuery;

/// What an address asks for.
pub(super) struct Asked {
    /// The query as it was typed.
    pub(super) query: PaymentsQuery,
    /// What the store is asked for.
    pub(super) request: PageRequest,
    /// The number of the page, for the range that is shown.
    pub(super) number: i64,
    /// What could not be understood; the list is shown without it.
    pub(super) faults: Invalid,
}

/// Reads the pairs of an address. What cannot be understood is told and left out.
pub(super) fn read(pairs: &[(String, String)], today: Date) -> Asked {
    let mut query = PaymentsQuery::default();
    let mut direction = None;
    let mut number = 1;
    let mut place = Place::First;
    for (name, value) in pairs {
        match &**name {
            "status" => query.statuses.extend(Status::from_name(value)),
            "location" => query.locations.extend(value.parse::<LocationId>().ok()),
            "type" => query.kind = PaymentType::from_name(value),
            "overdue" => query.overdue = value == "1",
            "sort" => query.sort = Sort::from_name(value).unwrap_or(Sort::Created),
            "dir" => direction = read_direction(value),
            "per_page" => {
                let size = value.parse().ok().filter(|size| PAGE_SIZES.contains(size));
                query.per_page = size.unwrap_or(DEFAULT_PAGE_SIZE);
            }
            "page" if value == "last" => place = Place::Last,
            "page" => number = value.parse().ok().filter(|&n| n > 0).unwrap_or(1),
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
    if place == Place::First && number > 1 {
        place = Place::Number(number);
    }
    let mut faults = Invalid::default();
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
        "due_from" => &mut query.due_from,
        "due_to" => &mut query.due_to,
        "created_from" => &mut query.created_from,
        "created_to" => &mut query.created_to,
        "paid_from" => &mut query.paid_from,
        "paid_to" => &mut query.paid_to,
        "paid" => &mut query.paid,
        "min" => &mut query.min,
        "max" => &mut query.max,
        _ => return None,
    })
}

/// A cursor in an address: the key (blank where it is a name), the status's rank, the number.
pub(super) fn cursor_text(cursor: Cursor) -> String {
    let key = cursor.key.map(|key| key.to_string()).unwrap_or_default();
    format!("{key}.{}.{}", cursor.rank, cursor.seq)
}

fn read_cursor(text: &str) -> Option<Cursor> {
    let mut parts = text.splitn(3, '.');
    let key = match parts.next()? {
        "" => None,
        key => Some(key.parse().ok()?),
    };
    Some(Cursor { key, rank: parts.next()?.parse().ok()?, seq: parts.next()?.parse().ok()? })
}

fn filter(query: &PaymentsQuery, today: Date, faults: &mut Invalid) -> Filter {
    let mut dates = |names: [&str; 2], typed: [&str; 2]| {
        let mut end = |name, text: &str| {
            let text = text.trim();
            (!text.is_empty()).then(|| faults.collect(time::parse_date(name, text))).flatten()
        };
        Span { from: end(names[0], typed[0]), to: end(names[1], typed[1]) }
    };
    let due = dates(["due_from", "due_to"], [&query.due_from, &query.due_to]);
    let created = dates(["created_from", "created_to"], [&query.created_from, &query.created_to]);
    let typed_paid = dates(["paid_from", "paid_to"], [&query.paid_from, &query.paid_to]);
    let paid = preset(&query.paid, today).unwrap_or(typed_paid);
    let mut amount = |name, text: &str| {
        let text = text.trim();
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

/// The dates that a relative range means today.
fn preset(name: &str, today: Date) -> Option<Span<Date>> {
    let (from, to) = match name {
        "today" => (today, today),
        "this_month" => (today.first_of_month(), today.last_of_month()),
        "last_month" => {
            let last = today.first_of_month().yesterday().ok()?;
            (last.first_of_month(), last)
        }
        _ => return None,
    };
    Some(Span { from: Some(from), to: Some(to) })
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
    fn relative_ranges_follow_the_calendar() {
        let span = |from, to| Some(Span { from: Some(from), to: Some(to) });
        let february = (Date::constant(2026, 2, 1), Date::constant(2026, 2, 28));
        assert_eq!(preset("last_month", TODAY), span(february.0, february.1));
        assert_eq!(preset("today", TODAY), span(TODAY, TODAY));
        assert_eq!(preset("next_year", TODAY), None);
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
