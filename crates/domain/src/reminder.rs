//! When a clinic reminds payers of what is due: so many days before and after, and not at night.
//!
//! Every fault names the field it concerns as the form sends it: `days_before`, `days_after`.

use jiff::Timestamp;
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::error::Invalid;

/// The longest time before the due date, in days.
pub const MAX_DAYS_BEFORE: i64 = 60;
/// The longest time after the due date, in days.
pub const MAX_DAYS_AFTER: i64 = 365;
/// The most reminders after the due date.
pub const MAX_AFTER: usize = 5;
/// So many days late, a reminder is still sent: a server may be down over a weekend.
pub const MAX_DAYS_LATE: i64 = 2;

/// Reminders are sent from this hour of the day on.
const FIRST_HOUR: i8 = 9;
/// From this hour on, they wait for the next morning.
const NIGHT_HOUR: i8 = 20;

/// When a clinic reminds; [`Default`] is what holds until it sets anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReminderSettings {
    /// Reminders are sent at all.
    pub is_on: bool,
    /// So many days before the due date; 0 is the date itself.
    pub before: Option<i64>,
    /// So many days after the due date, the least first.
    pub after: Vec<i64>,
}

impl Default for ReminderSettings {
    fn default() -> Self {
        Self { is_on: false, before: Some(3), after: vec![7, 21] }
    }
}

/// The settings as they are typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReminderEntry {
    /// Reminders are sent at all.
    pub is_on: bool,
    /// A number of days, or blank.
    pub days_before: String,
    /// Numbers of days, parted by commas or blanks.
    pub days_after: String,
}

/// Payments that one reminder is for: those due in a span of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// How many days after the due date; before it, less than zero.
    pub days: i64,
    /// The first due date.
    pub from: Date,
    /// The last due date.
    pub to: Date,
}

impl ReminderSettings {
    /// Reads what was typed.
    ///
    /// # Errors
    /// Says what is wrong with each field.
    pub fn parse(entry: &ReminderEntry) -> Result<Self, Invalid> {
        let mut faults = Invalid::default();
        let before = faults.collect(parse_before(&entry.days_before));
        let after = faults.collect(parse_after(&entry.days_after));
        let (Some(before), Some(after)) = (before, after) else {
            return Err(faults);
        };
        if entry.is_on && before.is_none() && after.is_empty() {
            let message = "Say how many days before or after the due date.";
            return Err(Invalid::one("days_before", "required", message));
        }
        Ok(Self { is_on: entry.is_on, before, after })
    }

    /// The settings as a form holds them.
    pub fn entry(&self) -> ReminderEntry {
        let after: Vec<String> = self.after.iter().map(i64::to_string).collect();
        ReminderEntry {
            is_on: self.is_on,
            days_before: self.before.map(|days| days.to_string()).unwrap_or_default(),
            days_after: after.join(", "),
        }
    }

    /// What is to be reminded of on a day, the latest reminder first. One that is missed may be
    /// late by [`MAX_DAYS_LATE`], but what comes before the due date never comes after it.
    pub fn steps(&self, today: Date) -> Vec<Step> {
        if !self.is_on {
            return Vec::new();
        }
        let due = |days: i64| today.saturating_sub(days.days());
        let after = self.after.iter().rev().map(|&days| Step {
            days,
            from: due(days + MAX_DAYS_LATE),
            to: due(days),
        });
        let before = self.before.map(|days| Step {
            days: -days,
            from: due((MAX_DAYS_LATE - days).min(0)),
            to: due(-days),
        });
        after.chain(before).collect()
    }
}

fn parse_days(field: &str, text: &str, least: i64, most: i64) -> Result<i64, Invalid> {
    let days = text.parse().ok().filter(|days| (least..=most).contains(days));
    days.ok_or_else(|| {
        Invalid::one(field, "out_of_range", format!("Enter days between {least} and {most}."))
    })
}

fn parse_before(text: &str) -> Result<Option<i64>, Invalid> {
    let text = text.trim();
    let days = || parse_days("days_before", text, 0, MAX_DAYS_BEFORE);
    (!text.is_empty()).then(days).transpose()
}

fn parse_after(text: &str) -> Result<Vec<i64>, Invalid> {
    let parted = |letter: char| letter == ',' || letter == ';' || letter.is_whitespace();
    let mut days = Vec::new();
    for part in text.split(parted).filter(|part| !part.is_empty()) {
        days.push(parse_days("days_after", part, 1, MAX_DAYS_AFTER)?);
        if days.len() > MAX_AFTER {
            let message = format!("Enter at most {MAX_AFTER} numbers of days.");
            return Err(Invalid::one("days_after", "too_many", message));
        }
    }
    days.sort_unstable();
    days.dedup();
    Ok(days)
}

/// The first moment from `at` on at which it is not night for whoever lives in that zone.
pub fn by_day(at: Timestamp, zone: &TimeZone) -> Timestamp {
    let local = zone.to_datetime(at);
    let day = match local.hour() {
        hour if hour < FIRST_HOUR => local.date(),
        hour if hour < NIGHT_HOUR => return at,
        _ => local.date().saturating_add(1.day()),
    };
    let morning = day.at(FIRST_HOUR, 0, 0, 0).to_zoned_datetime(zone.clone());
    morning.map_or(at, |morning| morning.timestamp())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn typed(before: &str, after: &str) -> ReminderEntry {
        let (days_before, days_after) = (before.to_owned(), after.to_owned());
        ReminderEntry { is_on: true, days_before, days_after }
    }

    #[test]
    fn what_is_typed_is_read_and_told_back() {
        let read = ReminderSettings::parse(&typed(" 3 ", "21; 7,7 ")).unwrap();
        assert_eq!(read, ReminderSettings { is_on: true, ..ReminderSettings::default() });
        assert_eq!(ReminderSettings::parse(&read.entry()).unwrap(), read);
        let none = ReminderSettings::parse(&typed("", "1")).unwrap();
        assert_eq!((none.before, none.after), (None, vec![1]));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let fault = |before: &str, after: &str| {
            let faults = ReminderSettings::parse(&typed(before, after)).unwrap_err().0;
            faults.into_iter().map(|fault| (fault.field, fault.code)).collect::<Vec<_>>()
        };
        let told = |field: &str, code: &str| vec![(field.to_owned(), code.to_owned())];
        for wrong in ["-1", "61", "x", "1.5", "3 4", "9223372036854775808"] {
            assert_eq!(fault(wrong, "7"), told("days_before", "out_of_range"), "{wrong}");
        }
        for wrong in ["0", "366", "seven", "7, x"] {
            assert_eq!(fault("3", wrong), told("days_after", "out_of_range"), "{wrong}");
        }
        assert_eq!(fault("", "1 2 3 4 5 6"), told("days_after", "too_many"));
        assert_eq!(fault("", ""), told("days_before", "required"));
        let off = ReminderEntry::default();
        assert!(ReminderSettings::parse(&off).is_ok(), "what is off needs no days");
    }

    #[test]
    fn each_step_looks_back_a_little_and_never_past_the_due_date() {
        let settings = ReminderSettings { is_on: true, before: Some(1), after: vec![7, 21] };
        let steps = settings.steps(date(2026, 3, 31));
        let step = |days, from, to| Step { days, from, to };
        let expected = [
            step(21, date(2026, 3, 8), date(2026, 3, 10)),
            step(7, date(2026, 3, 22), date(2026, 3, 24)),
            step(-1, date(2026, 3, 31), date(2026, 4, 1)),
        ];
        assert_eq!(steps, expected);
        let early = ReminderSettings { before: Some(5), after: Vec::new(), ..settings.clone() };
        let expected = [step(-5, date(2026, 4, 3), date(2026, 4, 5))];
        assert_eq!(early.steps(date(2026, 3, 31)), expected);
        assert!(ReminderSettings { is_on: false, ..settings }.steps(date(2026, 3, 31)).is_empty());
    }

    #[test]
    fn nights_end_at_nine_even_when_the_clock_is_changed() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let by_day = |at: &str| by_day(at.parse().unwrap(), &zone).to_string();
        assert_eq!(by_day("2026-03-10T13:00:00Z"), "2026-03-10T13:00:00Z");
        assert_eq!(by_day("2026-03-10T12:59:59Z"), "2026-03-10T13:00:00Z");
        assert_eq!(by_day("2026-03-10T23:59:59Z"), "2026-03-10T23:59:59Z");
        assert_eq!(by_day("2026-03-11T00:00:00Z"), "2026-03-11T13:00:00Z");
        // The clock goes forward in the night to the eighth of March.
        assert_eq!(by_day("2026-03-08T01:00:00Z"), "2026-03-08T13:00:00Z");
        assert_eq!(by_day("2026-03-08T06:30:00Z"), "2026-03-08T13:00:00Z");
    }
}
