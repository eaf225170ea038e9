//! Dates and moments, and the numbers they are stored as.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::error::Invalid;

/// The stored key of a due date that was not given; it sorts after every date.
pub const NO_DUE_KEY: i64 = 99_991_231;

/// The date as a number that sorts and reads like it: 2026-11-23 is 20261123.
pub fn date_key(date: Date) -> i64 {
    i64::from(date.year()) * 10_000 + i64::from(date.month()) * 100 + i64::from(date.day())
}

/// The key of a due date that may be missing.
pub fn due_key(due: Option<Date>) -> i64 {
    due.map_or(NO_DUE_KEY, date_key)
}

/// The date behind a key; `None` for [`NO_DUE_KEY`] and for what is no date.
pub fn date_from_key(key: i64) -> Option<Date> {
    if key == NO_DUE_KEY {
        return None;
    }
    let year = i16::try_from(key / 10_000).ok()?;
    let month = i8::try_from(key / 100 % 100).ok()?;
    let day = i8::try_from(key % 100).ok()?;
    Date::new(year, month, day).ok()
}

/// The month of a date as a number: 2026-11-23 is 202611.
pub fn month_key(date: Date) -> i64 {
    date_key(date) / 100
}

/// The date at that moment in that time zone.
pub fn local_date(at: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(at).date()
}

/// `Nov 23, 2026`, as people read a date.
pub fn spelled(date: Date) -> String {
    date.strftime("%b %-d, %Y").to_string()
}

/// Microseconds since 1970 in UTC, as moments are stored.
pub fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// The moment behind stored microseconds.
///
/// # Panics
/// When the number is out of the calendar's range: the stored value was corrupt.
pub fn from_micros(us: i64) -> Timestamp {
    Timestamp::from_microsecond(us).expect("stored moments come from the calendar")
}

/// The first moment of a date in a time zone.
///
/// # Panics
/// Near the calendar's ends (years -9999 and 9999), which no form accepts.
pub fn start_of_day(date: Date, zone: &TimeZone) -> Timestamp {
    let zoned = date.to_zoned_datetime(zone.clone()).expect("dates are within the calendar");
    zoned.timestamp()
}

/// Reads a date as forms send it: `YYYY-MM-DD`.
///
/// # Errors
/// Says, for `field`, that the text is no date of the years 1900 to 2199.
pub fn parse_date(field: &str, text: &str) -> Result<Date, Invalid> {
    let wrong = || Invalid::one(field, "not_a_date", "Enter a date such as 2026-11-23.");
    let date: Date = text.trim().parse().map_err(|_| wrong())?;
    if (1900..2200).contains(&date.year()) { Ok(date) } else { Err(wrong()) }
}

/// Finds a time zone by its name, such as `America/New_York`.
///
/// # Errors
/// Says, for `field`, that there is no such zone.
pub fn parse_zone(field: &str, name: &str) -> Result<TimeZone, Invalid> {
    TimeZone::get(name.trim()).map_err(|_| {
        Invalid::one(field, "unknown_time_zone", "Enter a time zone such as America/New_York.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_dates_are_each_others_inverse() {
        let leap = Date::constant(2028, 2, 29);
        assert_eq!(date_key(leap), 20_280_229);
        assert_eq!(date_from_key(20_280_229), Some(leap));
        assert_eq!(date_from_key(due_key(None)), None);
        assert_eq!(date_from_key(20_270_229), None);
    }

    #[test]
    fn midnight_belongs_to_the_day_of_its_own_zone() {
        let zone = |name| TimeZone::get(name).unwrap();
        let at: Timestamp = "2026-11-24T04:30:00Z".parse().unwrap();
        assert_eq!(local_date(at, &zone("America/New_York")), Date::constant(2026, 11, 23));
        assert_eq!(local_date(at, &zone("UTC")), Date::constant(2026, 11, 24));
        let start = start_of_day(Date::constant(2026, 11, 23), &zone("America/New_York"));
        assert_eq!(start.to_string(), "2026-11-23T05:00:00Z");
    }

    #[test]
    fn odd_dates_are_refused() {
        for text in ["", "2026-02-30", "23.11.2026", "0001-01-01", "9999-12-31"] {
            assert!(parse_date("due_date", text).is_err(), "{text}");
        }
    }
}
