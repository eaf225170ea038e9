//! Which days a payer's dates allow, and when a plan's year turns.

use jiff::civil::Date;

use super::benefit::BenefitDate;

/// Why a day is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outside {
    /// It begins later.
    Before(Date),
    /// It ended earlier.
    After(Date),
}

/// Qualifiers that give a period at once. A single day under one of them only repeats the date
/// that was asked about, so it allows every day.
const PERIODS: [&str; 4] = ["291", "292", "307", "472"];

/// Qualifiers that give the first and the last day apart.
const PAIRS: [(&str, &str); 5] =
    [("346", "347"), ("348", "349"), ("356", "357"), ("539", "540"), ("193", "194")];

/// A stretch of days; an end that is not known is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    from: Option<Date>,
    to: Option<Date>,
}

impl Span {
    fn holds(self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    /// A period that ends before it begins says nothing.
    fn makes_sense(&self) -> bool {
        self.from.zip(self.to).is_none_or(|(from, to)| from <= to)
    }
}

/// The periods under one qualifier.
fn periods(dates: &[BenefitDate], qualifier: &str) -> Vec<Span> {
    let of_kind = dates.iter().filter(|date| date.qualifier == qualifier && date.to.is_some());
    of_kind.map(|date| Span { from: Some(date.from), to: date.to }).collect()
}

/// The spans of a pair of qualifiers, put together in the order in which they were sent.
fn pairs(dates: &[BenefitDate], first: &str, last: &str) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for date in dates {
        if date.qualifier == first {
            spans.push(Span { from: Some(date.from), to: date.to });
        } else if date.qualifier == last {
            let end = date.to.unwrap_or(date.from);
            match spans.last_mut().filter(|span| span.to.is_none()) {
                Some(span) => span.to = Some(end),
                None => spans.push(Span { from: None, to: Some(end) }),
            }
        }
    }
    spans
}

/// Why `day` is not allowed by the dates; `None` when it is. Each kind of date must allow it in
/// one of its spans.
pub(super) fn excludes(dates: &[BenefitDate], day: Date) -> Option<Outside> {
    let by_period = PERIODS.iter().map(|qualifier| periods(dates, qualifier));
    let by_pair = PAIRS.iter().map(|(first, last)| pairs(dates, first, last));
    by_period.chain(by_pair).find_map(|spans| why_outside(&spans, day))
}

fn why_outside(spans: &[Span], day: Date) -> Option<Outside> {
    let spans = || spans.iter().filter(|span| span.makes_sense());
    if spans().next().is_none() || spans().any(|span| span.holds(day)) {
        return None;
    }
    let ended = spans().filter_map(|span| span.to).filter(|&to| to < day).max();
    let begins = spans().filter_map(|span| span.from).filter(|&from| from > day).min();
    ended.map(Outside::After).or(begins.map(Outside::Before))
}

/// The last day that the dates name as an end, for a sentence about coverage that has ended.
pub(super) fn last_end(dates: &[BenefitDate]) -> Option<Date> {
    let by_period = PERIODS.iter().map(|qualifier| periods(dates, qualifier));
    let by_pair = PAIRS.iter().map(|(first, last)| pairs(dates, first, last));
    by_period.chain(by_pair).flatten().filter_map(|span| span.to).max()
}

/// The single day that the payer says it answered for.
pub(super) fn answered_for(dates: &[BenefitDate]) -> Option<Date> {
    let single =
        |date: &&BenefitDate| date.to.is_none() && PERIODS.contains(&date.qualifier.as_str());
    dates.iter().find(single).map(|date| date.from)
}

/// The day on which the plan began, from which its service years are counted.
pub(super) fn plan_begin(dates: &[BenefitDate]) -> Option<Date> {
    let begins = |date: &&BenefitDate| {
        date.qualifier == "346" || (date.qualifier == "291" && date.to.is_some())
    };
    dates.iter().find(begins).map(|date| date.from)
}

/// Whether two days lie in different calendar years.
pub(super) fn other_calendar_year(one: Date, other: Date) -> bool {
    one.year() != other.year()
}

/// Whether two days lie in different years counted from a plan's first day.
pub(super) fn other_service_year(begin: Date, one: Date, other: Date) -> bool {
    let year = |day: Date| {
        let turned = (day.month(), day.day()) >= (begin.month(), begin.day());
        i32::from(day.year()) - i32::from(!turned)
    };
    year(one) != year(other)
}

/// How many days lie between two dates; negative when the second is earlier.
pub(super) fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(qualifier: &str, from: &str, to: Option<&str>) -> BenefitDate {
        let day = |text: &str| text.parse().unwrap();
        BenefitDate { qualifier: qualifier.to_owned(), from: day(from), to: to.map(day) }
    }

    const DAY: Date = Date::constant(2026, 6, 15);

    #[test]
    fn periods_and_pairs_bound_the_days() {
        let period = |from, to| excludes(&[date("291", from, Some(to))], DAY);
        assert_eq!(period("2026-01-01", "2026-06-15"), None);
        let ended = Outside::After(Date::constant(2026, 6, 14));
        assert_eq!(period("2026-01-01", "2026-06-14"), Some(ended));
        let begins = Outside::Before(Date::constant(2026, 6, 16));
        assert_eq!(excludes(&[date("346", "2026-06-16", None)], DAY), Some(begins));
        let pair = [date("356", "2026-01-01", None), date("357", "2026-06-14", None)];
        assert_eq!(excludes(&pair, DAY), Some(ended));
    }

    #[test]
    fn one_of_several_spans_is_enough() {
        let history = [
            date("346", "2024-01-01", None),
            date("347", "2024-12-31", None),
            date("346", "2026-01-01", None),
        ];
        assert_eq!(excludes(&history, DAY), None);
    }

    #[test]
    fn dates_that_say_nothing_allow_every_day() {
        assert_eq!(excludes(&[], DAY), None);
        assert_eq!(excludes(&[date("291", "2027-01-01", None)], DAY), None);
        assert_eq!(excludes(&[date("291", "2027-01-01", Some("2026-01-01"))], DAY), None);
        assert_eq!(excludes(&[date("771", "2027-01-01", None)], DAY), None);
        assert_eq!(
            answered_for(&[date("472", "2027-01-01", None)]),
            Some("2027-01-01".parse().unwrap())
        );
    }

    #[test]
    fn service_years_turn_on_the_plans_own_day() {
        let begin = Date::constant(2020, 7, 1);
        let year = |one: &str, other: &str| {
            other_service_year(begin, one.parse().unwrap(), other.parse().unwrap())
        };
        assert!(!year("2026-11-01", "2027-06-30"));
        assert!(year("2026-06-30", "2026-07-01"));
    }

    #[test]
    fn days_are_counted_across_the_whole_calendar() {
        assert_eq!(days_between(DAY, Date::constant(2026, 7, 16)), 31);
        assert_eq!(days_between(DAY, Date::constant(2026, 6, 14)), -1);
        assert!(days_between(Date::MIN, Date::MAX) > 7_000_000);
    }
}
