//! Days and moments as FHIR writes them, also those that it knows only in part.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::findings::Findings;
use crate::node::Node;

/// The years of the moments that are taken.
const YEARS: std::ops::Range<i16> = 1900..2200;

/// How much of a day or moment is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// The year, or the year and the month.
    Part,
    /// The day.
    Day(Date),
    /// The very moment.
    Moment(Timestamp),
}

fn known(text: &str) -> Option<Known> {
    let is_number = |part: &str, digits: usize| {
        part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let parts: Vec<&str> = text.split('-').collect();
    match parts[..] {
        [year] if is_number(year, 4) => Some(Known::Part),
        [year, month] if is_number(year, 4) && is_number(month, 2) => {
            let month: i8 = month.parse().ok()?;
            (1..=12).contains(&month).then_some(Known::Part)
        }
        [year, month, day] if is_number(year, 4) && is_number(month, 2) && is_number(day, 2) => {
            text.parse().ok().map(Known::Day)
        }
        _ if text.contains('T') => text.parse().ok().map(Known::Moment),
        _ => None,
    }
}

/// A day that must be known whole.
pub(crate) fn day(node: &Node<'_>, name: &str, found: &mut Findings) -> Option<Date> {
    let text = node.text(name, found)?;
    let place = node.at(name);
    match known(text) {
        Some(Known::Day(day)) => return Some(day),
        Some(Known::Part) => found.fault(
            &place,
            "incomplete_date",
            "Only a part of this date is known. A whole day is needed: complete it at its source.",
        ),
        _ => found.fault(&place, "not_a_date", "This is not a date such as 1980-02-29."),
    }
    None
}

/// A moment that must be known whole.
pub(crate) fn moment(node: &Node<'_>, name: &str, found: &mut Findings) -> Option<Timestamp> {
    let text = node.text(name, found)?;
    let place = node.at(name);
    match known(text) {
        Some(Known::Moment(moment)) => {
            if YEARS.contains(&TimeZone::UTC.to_datetime(moment).year()) {
                return Some(moment);
            }
            found.fault(&place, "out_of_range", "This lies outside the years 1900 to 2199.");
        }
        Some(Known::Day(_) | Known::Part) => found.fault(
            &place,
            "incomplete_time",
            "The time of day is not known. A treatment has one: complete it at its source.",
        ),
        None => found.fault(
            &place,
            "not_a_time",
            "This is not a time with its zone, such as 2026-03-10T09:30:00-05:00.",
        ),
    }
    None
}

/// Whether a period has ended before `today`. What cannot be read has no end.
pub(crate) fn has_ended(node: &Node<'_>, today: Date) -> bool {
    let end = node.get("period").and_then(|period| period.word("end"));
    match end.and_then(known) {
        Some(Known::Day(day)) => day < today,
        Some(Known::Moment(moment)) => TimeZone::UTC.to_datetime(moment).date() < today,
        Some(Known::Part) => end.is_some_and(|end| {
            let today = today.to_string();
            today.get(..end.len()).is_some_and(|today| end < today)
        }),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_as_is_known_is_told_apart() {
        assert_eq!(known("1970"), Some(Known::Part));
        assert_eq!(known("1970-05"), Some(Known::Part));
        assert_eq!(known("1970-05-31"), Some(Known::Day(jiff::civil::date(1970, 5, 31))));
        let moment = "2005-07-29T20:37:06Z".parse().unwrap();
        assert_eq!(known("2005-07-29T16:37:06-04:00"), Some(Known::Moment(moment)));
        for odd in ["", "70", "1970-13", "1970-02-30", "1970-5-1", "May", "2005-07-29T20:37:06"] {
            assert_eq!(known(odd), None, "{odd}");
        }
    }
}
