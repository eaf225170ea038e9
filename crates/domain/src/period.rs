//! Ranges of dates that are said in words, such as "this month", and follow the calendar.

use jiff::civil::Date;

use crate::list::Span;

/// A range of dates that means others tomorrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Period {
    /// The day itself.
    Today,
    /// The day before.
    Yesterday,
    /// Seven days, of which today is the last.
    LastSevenDays,
    /// Seven days, of which today is the first.
    NextSevenDays,
    /// The month of today, all of it.
    ThisMonth,
    /// The month before.
    LastMonth,
    /// The month after.
    NextMonth,
    /// The year of today, all of it.
    ThisYear,
}

impl Period {
    /// Those in which something has happened.
    pub const PAST: [Self; 6] = [
        Self::Today,
        Self::Yesterday,
        Self::LastSevenDays,
        Self::ThisMonth,
        Self::LastMonth,
        Self::ThisYear,
    ];
    /// Those in which something falls due.
    pub const AHEAD: [Self; 4] =
        [Self::Today, Self::NextSevenDays, Self::ThisMonth, Self::NextMonth];

    /// The name in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Today => "today",
            Self::Yesterday => "yesterday",
            Self::LastSevenDays => "last_7_days",
            Self::NextSevenDays => "next_7_days",
            Self::ThisMonth => "this_month",
            Self::LastMonth => "last_month",
            Self::NextMonth => "next_month",
            Self::ThisYear => "this_year",
        }
    }

    /// How people say it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Today => "Today",
            Self::Yesterday => "Yesterday",
            Self::LastSevenDays => "Last 7 days",
            Self::NextSevenDays => "Next 7 days",
            Self::ThisMonth => "This month",
            Self::LastMonth => "Last month",
            Self::NextMonth => "Next month",
            Self::ThisYear => "This year",
        }
    }

    /// The dates that it means on that day, both ends included. At the very ends of the calendar
    /// it is shorter.
    pub fn span(self, today: Date) -> Span<Date> {
        let days = |count: i64| today.saturating_add(jiff::Span::new().days(count));
        let month = |day: Date| (day.first_of_month(), day.last_of_month());
        let (from, to) = match self {
            Self::Today => (today, today),
            Self::Yesterday => (days(-1), days(-1)),
            Self::LastSevenDays => (days(-6), today),
            Self::NextSevenDays => (today, days(6)),
            Self::ThisMonth => month(today),
            Self::LastMonth => month(today.first_of_month().yesterday().unwrap_or(today)),
            Self::NextMonth => month(today.last_of_month().tomorrow().unwrap_or(today)),
            Self::ThisYear => (today.first_of_year(), today.last_of_year()),
        };
        Span { from: Some(from), to: Some(to) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(period: Period, today: &str) -> String {
        let span = period.span(today.parse().unwrap());
        format!("{} {}", span.from.unwrap(), span.to.unwrap())
    }

    #[test]
    fn ranges_follow_the_calendar() {
        for (period, today, expected) in [
            (Period::Today, "2026-03-31", "2026-03-31 2026-03-31"),
            (Period::Yesterday, "2028-03-01", "2028-02-29 2028-02-29"),
            (Period::LastSevenDays, "2026-01-03", "2025-12-28 2026-01-03"),
            (Period::NextSevenDays, "2026-12-29", "2026-12-29 2027-01-04"),
            (Period::ThisMonth, "2028-02-10", "2028-02-01 2028-02-29"),
            (Period::LastMonth, "2026-03-31", "2026-02-01 2026-02-28"),
            (Period::LastMonth, "2026-01-31", "2025-12-01 2025-12-31"),
            (Period::NextMonth, "2026-01-31", "2026-02-01 2026-02-28"),
            (Period::NextMonth, "2026-12-01", "2027-01-01 2027-01-31"),
            (Period::ThisYear, "2026-06-15", "2026-01-01 2026-12-31"),
        ] {
            assert_eq!(told(period, today), expected, "{period:?} on {today}");
        }
    }

    #[test]
    fn the_ends_of_the_calendar_are_no_ends_of_the_program() {
        let all = [Period::PAST.as_slice(), Period::AHEAD.as_slice()].concat();
        for period in all {
            for today in [Date::MIN, Date::MAX] {
                let span = period.span(today);
                assert!(span.from <= span.to, "{period:?}");
            }
        }
    }

    #[test]
    fn no_two_ranges_share_a_name() {
        for group in [Period::PAST.as_slice(), Period::AHEAD.as_slice()] {
            for (place, period) in group.iter().enumerate() {
                let same = group.iter().position(|other| other.as_str() == period.as_str());
                assert_eq!(same, Some(place));
            }
        }
    }
}
