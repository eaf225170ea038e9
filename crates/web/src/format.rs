//! Dates, moments and labels as people read them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::view::parts::plural;

/// A text that begins with a capital.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}", letters.as_str())
}

/// `Nov 23, 2026`
pub(crate) fn date(date: Date) -> String {
    almoner_domain::time::spelled(date)
}

/// `Nov 23, 2026`, the date at that moment in that zone.
pub(crate) fn day(at: Timestamp, zone: &TimeZone) -> String {
    date(almoner_domain::time::local_date(at, zone))
}

/// `Nov 23, 2026, 2:41 PM`
pub(crate) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%b %-d, %Y, %-I:%M %p").to_string()
}

/// `Nov 23, 2026, 2:41 PM EST`, for moments in a zone that is not the organization's own.
pub(crate) fn moment_with_zone(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%b %-d, %Y, %-I:%M %p %Z").to_string()
}

/// `Nov 23, 2026, 2:41:07 PM`, where the order of what happened counts.
pub(crate) fn exact(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%b %-d, %Y, %-I:%M:%S %p").to_string()
}

/// `2:41 PM`, with seconds when there are any.
pub(crate) fn clock(at: Timestamp, zone: &TimeZone) -> String {
    let at = at.to_zoned_datetime(zone.clone());
    let form = if at.second() == 0 { "%-I:%M %p" } else { "%-I:%M:%S %p" };
    at.strftime(form).to_string()
}

/// `12 s ago`, `3 min ago`, `2 h ago`, then `on Nov 23, 2026, 2:41 PM`.
pub(crate) fn ago(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let seconds = now.duration_since(at).as_secs().max(0);
    match seconds {
        0 => "just now".to_owned(),
        1..60 => format!("{seconds} s ago"),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..86_400 => format!("{} h ago", seconds / 3_600),
        _ => format!("on {}", moment(at, zone)),
    }
}

/// `Nov 2026` of a month like 202611.
pub(crate) fn month(month: i64) -> String {
    let first = almoner_domain::time::date_from_key(month * 100 + 1);
    first.map_or_else(String::new, |first| first.strftime("%b %Y").to_string())
}

/// `today`, `yesterday`, `3 days ago`: how long ago a payer answered.
pub(crate) fn age(checked: Date, today: Date) -> String {
    match i64::from((today - checked).get_days()) {
        ..=0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days => format!("{} ago", plural(days, "day")),
    }
}

/// The last digits of a medical record number.
pub(crate) fn tail(mrn: Option<&str>) -> Option<String> {
    const SHOWN: usize = 4;
    let letters: Vec<char> = mrn?.chars().collect();
    Some(letters[letters.len().saturating_sub(SHOWN)..].iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_the_american_way() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let at: Timestamp = "2026-11-24T04:05:00Z".parse().unwrap();
        assert_eq!(date(Date::constant(2026, 1, 2)), "Jan 2, 2026");
        assert_eq!(moment(at, &zone), "Nov 23, 2026, 11:05 PM");
        assert_eq!(moment_with_zone(at, &zone), "Nov 23, 2026, 11:05 PM EST");
        assert_eq!(month(202_611), "Nov 2026");
        assert_eq!(clock(at, &zone), "11:05 PM");
        let after = |seconds| ago(at, at + jiff::SignedDuration::from_secs(seconds), &zone);
        let told = [-5, 0, 59, 60, 3_599, 3_600, 86_399].map(after);
        let expected =
            ["just now", "just now", "59 s ago", "1 min ago", "59 min ago", "1 h ago", "23 h ago"];
        assert_eq!(told, expected);
        assert_eq!(after(86_400), "on Nov 23, 2026, 11:05 PM");
        assert_eq!(tail(Some("MRN00123")).as_deref(), Some("0123"));
        assert_eq!(tail(Some("7")).as_deref(), Some("7"));
    }
}
