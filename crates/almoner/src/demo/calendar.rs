//! When things happen: days before today, in the hours in which the clinic is open.

use almoner_domain::time;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::dice::Dice;

/// The clinic opens at eight.
const OPENS: Time = Time::constant(8, 0, 0, 0);
/// How long the doors are open, in seconds.
const OPEN_SECONDS: i64 = 9 * 3600;

/// Minutes that are kept free before now for each step that follows.
const ROOM: i64 = 10;

/// The present moment, and what lies before it.
pub(super) struct Calendar {
    /// The real moment at which the clinic is filled; nothing happens after it.
    pub(super) now: Timestamp,
    /// The organization's time zone.
    pub(super) zone: TimeZone,
}

/// A wait between two steps.
#[derive(Debug, Clone, Copy)]
pub(super) enum After {
    /// So many minutes.
    Minutes(i64),
    /// So many days, at a second of the open hours.
    Days(i64, i64),
}

/// A second within the hours in which the clinic is open.
pub(super) fn open_second(dice: &Dice) -> i64 {
    dice.between(0, OPEN_SECONDS)
}

impl Calendar {
    /// The organization's date today.
    pub(super) fn today(&self) -> Date {
        time::local_date(self.now, &self.zone)
    }

    /// The date so many days ago, or the Saturday before when that is a Sunday.
    pub(super) fn day(&self, days_ago: i64) -> Date {
        let day = self.today().saturating_sub(days_ago.days());
        if day.weekday() == Weekday::Sunday { day.saturating_sub(1.day()) } else { day }
    }

    /// That second of the open hours so many days ago, somewhere.
    pub(super) fn at(&self, days_ago: i64, second: i64, zone: &TimeZone) -> Timestamp {
        moment(self.day(days_ago), second, zone)
    }

    /// The moment after a wait.
    pub(super) fn after(&self, from: Timestamp, wait: After) -> Timestamp {
        match wait {
            After::Minutes(minutes) => later(from, minutes),
            After::Days(days, second) => {
                let day = time::local_date(from, &self.zone).saturating_add(days.days());
                let sunday = day.weekday() == Weekday::Sunday;
                let day = if sunday { day.saturating_add(1.day()) } else { day };
                moment(day, second, &self.zone)
            }
        }
    }

    /// The moment of a beginning and of the steps that follow it, each after the one before and
    /// all of them past.
    pub(super) fn fit(&self, begins: Timestamp, waits: &[After]) -> (Timestamp, Vec<Timestamp>) {
        let mut left = ROOM * i64::try_from(waits.len() + 1).expect("a short list");
        let begins = begins.min(later(self.now, -left));
        let (mut last, mut moments) = (begins, Vec::with_capacity(waits.len()));
        for &wait in waits {
            left -= ROOM;
            let latest = later(self.now, -left);
            let next = self.after(last, wait).max(later(last, 1));
            // What would lie ahead is brought halfway back.
            last = if next <= latest { next } else { last + (latest - last) / 2 };
            moments.push(last);
        }
        (begins, moments)
    }
}

fn moment(day: Date, second: i64, zone: &TimeZone) -> Timestamp {
    let opens = day.to_datetime(OPENS).to_zoned_datetime(zone.clone()).expect("a day of our time");
    opens.timestamp() + SignedDuration::from_secs(second)
}

/// So many minutes later.
pub(super) fn later(from: Timestamp, minutes: i64) -> Timestamp {
    from + SignedDuration::from_mins(minutes)
}
