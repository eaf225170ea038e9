//! How far a command has come that takes long.

use almoner_domain::ambient::{Clock as _, SystemClock};
use jiff::{SignedDuration, Timestamp};

/// A line is printed after so many seconds at the earliest.
const REPORT_SECONDS: i64 = 2;

/// Prints how far it has come: at the beginning and the end of each thing, and now and then.
pub(super) struct Report {
    begun: Timestamp,
    next: Timestamp,
}

impl Report {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { begun: now, next: now }
    }

    /// Tells what is done, how much of how much of it, and how many rows that is in all.
    #[expect(clippy::print_stdout, reason = "whoever waits is told how far it has come")]
    pub(super) fn tell(&mut self, what: &str, (done, all): (i64, i64), rows: i64) {
        let now = SystemClock.now();
        if done < all && done > 0 && now < self.next {
            return;
        }
        self.next = now + SignedDuration::from_secs(REPORT_SECONDS);
        let speed = per_second(rows, seconds_since(self.begun).max(1));
        let percent = 100 * done / all.max(1);
        println!("{what}: {done} of {all} ({percent} %); {rows} rows, {speed} rows/s");
    }
}

/// How many seconds have gone by.
pub(super) fn seconds_since(begun: Timestamp) -> i64 {
    SystemClock.now().duration_since(begun).as_secs()
}

/// So many rows in so many seconds.
pub(super) fn per_second(rows: i64, seconds: i64) -> i64 {
    rows / seconds
}
