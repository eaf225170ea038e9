//! The days of a large clinic: how many payments each of them has, and who is known by then.

use almoner_domain::time;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::demo::dice::Dice;

/// Three years, up to yesterday.
pub(super) const DAYS: usize = 1_096;
/// The clinic opens at eight.
const OPENS: Time = Time::constant(8, 0, 0, 0);
/// How long the doors are open: nine hours, in microseconds.
const OPEN_US: i64 = 9 * 3_600 * 1_000_000;

/// The days, and what is shared out among them.
pub(super) struct Timeline {
    /// The present moment; nothing happens after it.
    pub(super) now: Timestamp,
    zone: TimeZone,
    opens: Vec<Timestamp>,
    /// How much had been going on before each day, and in all.
    before: Vec<i64>,
    payments: i64,
    patients: i64,
}

impl Timeline {
    /// The days before `now`, for so many payments and patients.
    pub(super) fn new(now: Timestamp, zone: &TimeZone, payments: i64, patients: i64) -> Self {
        let first = time::local_date(now, zone).saturating_sub(in_days(DAYS).days());
        let dates: Vec<Date> =
            (0..DAYS).map(|day| first.saturating_add(in_days(day).days())).collect();
        let opens = dates.iter().map(|date| {
            let opens = date.to_datetime(OPENS).to_zoned_datetime(zone.clone());
            opens.expect("a day of our time").timestamp()
        });
        let mut before = vec![0];
        for (day, date) in dates.iter().enumerate() {
            before.push(before[day] + weight(date.weekday()) * (600 + in_days(day)));
        }
        let opens = opens.collect();
        Self { now, zone: zone.clone(), opens, before, payments, patients }
    }

    /// The number of the first payment of a day, from 0; of the day after the last, how many there
    /// are.
    pub(super) fn first_payment(&self, day: usize) -> i64 {
        self.payments * self.before[day] / self.before[DAYS]
    }

    /// When a payment of that day is created: each later than the one before it.
    pub(super) fn created(&self, day: usize, number: i64, dice: &Dice) -> Timestamp {
        let first = self.first_payment(day);
        let slot = OPEN_US / (self.first_payment(day + 1) - first);
        let within = slot * (number - first) + dice.between(0, slot.min(1_000_000_000) - 1);
        self.opens[day] + SignedDuration::from_micros(within)
    }

    /// How many patients are known when a day begins: half of them from the start, the others come
    /// day by day.
    pub(super) fn known(&self, day: usize) -> i64 {
        self.at_first() + self.patients / 2 * in_days(day) / in_days(DAYS)
    }

    /// When a patient was added, from 0: before the day on which they are known.
    pub(super) fn added(&self, patient: i64, dice: &Dice) -> Timestamp {
        let later = patient - self.at_first();
        let day = if later < 0 {
            -dice.between(1, 365)
        } else {
            (later + 1) * in_days(DAYS) / (self.patients / 2).max(1) - 1
        };
        let known = usize::try_from(day).ok().and_then(|day| self.opens.get(day));
        let opens = known.copied().unwrap_or(self.opens[0] + SignedDuration::from_hours(24 * day));
        opens + SignedDuration::from_secs(dice.between(0, 8 * 3_600))
    }

    fn at_first(&self) -> i64 {
        self.patients - self.patients / 2
    }

    /// So many days later, not on a Sunday.
    pub(super) fn days_later(&self, from: Timestamp, days: i64, dice: &Dice) -> Timestamp {
        let moment = from + SignedDuration::from_hours(24 * days);
        let moment = moment + SignedDuration::from_mins(dice.between(1, 50));
        let is_closed = self.date(moment).weekday() == Weekday::Sunday;
        moment + SignedDuration::from_hours(if is_closed { 24 } else { 0 })
    }

    /// The clinic's date at a moment.
    pub(super) fn date(&self, at: Timestamp) -> Date {
        time::local_date(at, &self.zone)
    }
}

/// How much is going on on a weekday.
fn weight(day: Weekday) -> i64 {
    match day {
        Weekday::Sunday => 0,
        Weekday::Saturday => 30,
        Weekday::Monday => 115,
        _ => 100,
    }
}

fn in_days(day: usize) -> i64 {
    i64::try_from(day).expect("a few years")
}
