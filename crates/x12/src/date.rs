//! Plain calendar dates and times, valid by construction.

use std::fmt;

/// A real day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// The year, from 1 to 9999.
    pub year: i16,
    /// The month, from 1 to 12.
    pub month: u8,
    /// The day, from 1 to the last of the month.
    pub day: u8,
}

/// A day with a time, as the payer wrote it: the format knows no time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    /// The year, from 1 to 9999.
    pub year: i16,
    /// The month, from 1 to 12.
    pub month: u8,
    /// The day, from 1 to the last of the month.
    pub day: u8,
    /// The hour, from 0 to 23.
    pub hour: u8,
    /// The minute, from 0 to 59.
    pub minute: u8,
    /// The second, from 0 to 59.
    pub second: u8,
}

/// A date or a period, with what it is a date of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanDate {
    /// DTP01, for instance `291` plan, `346` plan begins, `347` plan ends, `472` service.
    pub qualifier: String,
    /// The day, or the first day of the period.
    pub from: Date,
    /// The last day of the period, when one was sent.
    pub to: Option<Date>,
}

impl Date {
    /// The date, when it is a day of the calendar.
    pub fn new(year: i16, month: u8, day: u8) -> Option<Date> {
        let real = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in(year, month)).contains(&day);
        real.then_some(Date { year, month, day })
    }

    /// Reads `CCYYMMDD`.
    pub(crate) fn read(text: &str) -> Option<Date> {
        let digits = text.trim();
        if digits.len() != 8 || !all_digits(digits) {
            return None;
        }
        Date::new(
            digits.get(..4)?.parse().ok()?,
            digits.get(4..6)?.parse().ok()?,
            digits.get(6..)?.parse().ok()?,
        )
    }

    /// Reads `CCYYMMDD` or, as old headers have it, `YYMMDD` of this century.
    pub(crate) fn read_short(text: &str) -> Option<Date> {
        let digits = text.trim();
        if digits.len() == 6 { Date::read(&format!("20{digits}")) } else { Date::read(digits) }
    }
}

impl DateTime {
    /// Joins a day with `HHMM`, `HHMMSS` or longer. The second value tells whether a time was read.
    pub(crate) fn read(date: Date, time: &str) -> (DateTime, bool) {
        let parsed = clock(time.trim());
        let (hour, minute, second) = parsed.unwrap_or((0, 0, 0));
        let Date { year, month, day } = date;
        (DateTime { year, month, day, hour, minute, second }, parsed.is_some())
    }

    /// The day alone.
    pub fn date(self) -> Date {
        Date { year: self.year, month: self.month, day: self.day }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{:02}:{:02}:{:02}", self.date(), self.hour, self.minute, self.second)
    }
}

fn clock(text: &str) -> Option<(u8, u8, u8)> {
    if !matches!(text.len(), 4 | 6..=8) || !all_digits(text) {
        return None;
    }
    let hour = text.get(..2)?.parse().ok()?;
    let minute = text.get(2..4)?.parse().ok()?;
    let second = text.get(4..6).map_or(Some(0), |part| part.parse().ok())?;
    (hour < 24 && minute < 60 && second < 60).then_some((hour, minute, second))
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn days_in(year: i16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Reads a date or a period by its content, whatever its format qualifier says: `CCYYMMDD`,
/// `CCYYMMDD-CCYYMMDD`, `CCYYMMDDHHMM`, and `YYMMDD` when the qualifier is `D6`.
pub(crate) fn read_period(format: &str, text: &str) -> Option<(Date, Option<Date>)> {
    let text = text.trim();
    if let Some((from, to)) = text.split_once('-') {
        let from = Date::read(from)?;
        return if to.trim().is_empty() {
            Some((from, None))
        } else {
            Date::read(to).map(|to| (from, Some(to)))
        };
    }
    if format == "D6" {
        return Date::read_short(text).map(|date| (date, None));
    }
    match text.len() {
        16 => Some((Date::read(text.get(..8)?)?, Some(Date::read(text.get(8..)?)?))),
        12 | 14 if all_digits(text) => Date::read(text.get(..8)?).map(|date| (date, None)),
        _ => Date::read(text).map(|date| (date, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Date {
        Date::read(text).unwrap_or(Date { year: 0, month: 0, day: 0 })
    }

    #[test]
    fn only_real_days_are_dates() {
        assert_eq!(day("20240229").to_string(), "2024-02-29");
        assert_eq!(day("20000229").to_string(), "2000-02-29");
        for text in ["20260229", "19000229", "20261301", "20260431", "00000000", "2026", "2026O101"]
        {
            assert_eq!(Date::read(text), None, "{text}");
        }
    }

    #[test]
    fn periods_are_read_by_their_content() {
        let both = Some((day("20260101"), Some(day("20261231"))));
        assert_eq!(read_period("RD8", "20260101-20261231"), both);
        assert_eq!(read_period("D8", "20260101-20261231"), both);
        assert_eq!(read_period("RD8", "2026010120261231"), both);
        assert_eq!(read_period("RD8", "20260101"), Some((day("20260101"), None)));
        assert_eq!(read_period("RD8", "20260101-"), Some((day("20260101"), None)));
        assert_eq!(read_period("DT", "202601011230"), Some((day("20260101"), None)));
        assert_eq!(read_period("D6", "260101"), Some((day("20260101"), None)));
        assert_eq!(read_period("RD8", "20260101-20269999"), None);
        assert_eq!(read_period("D8", "202601"), None);
    }

    #[test]
    fn times_may_be_short_long_or_missing() {
        let date = day("20260602");
        assert_eq!(DateTime::read(date, "0901").0.to_string(), "2026-06-02T09:01:00");
        assert_eq!(DateTime::read(date, "23595901").0.to_string(), "2026-06-02T23:59:59");
        assert!(!DateTime::read(date, "2460").1);
        assert!(!DateTime::read(date, "").1);
    }

    proptest! {
        #[test]
        fn no_text_panics(format in ".{0,3}", text in ".{0,20}") {
            let _ = read_period(&format, &text);
            let _ = clock(&text);
        }
    }
}
