//! The kept sums of many payments, added up first and written once.

use std::collections::BTreeMap;

use almoner_domain::payment::PaymentType;
use almoner_domain::{LocationId, Money, time};
use jiff::civil::Date;

use super::{Bulk, Slot};
use crate::params;
use crate::payments::Payment;
use crate::rollups::Moved;

/// How many, how much, and how much of that was refunded.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    n: i64,
    amount: Money,
    refunded: Money,
}

impl Sum {
    fn add(&mut self, n: i64, amount: Money, refunded: Money) {
        self.n += n;
        self.amount = self.amount.plus(amount);
        self.refunded = self.refunded.plus(refunded);
    }
}

/// What was taken: the month, the location, the payment's type and the tender.
type Taken = (i64, i64, &'static str, &'static str);

/// Sums that grow with each payment; how many rows they take depends on locations and days alone.
#[derive(Debug, Default)]
pub struct Sums {
    standing: BTreeMap<(i64, &'static str), Sum>,
    due: BTreeMap<(i64, &'static str, i64), Sum>,
    months: BTreeMap<(i64, i64), Sum>,
    taken: BTreeMap<Taken, Sum>,
    days: BTreeMap<(i64, i64), Sum>,
}

impl Sums {
    /// Counts a payment where it stands after all that happened to it, and on its first day.
    pub fn payment(&mut self, payment: &Payment, created: Date) {
        let (location, status) = (payment.location.seq(), payment.status.as_str());
        let (amount, refunded) = (payment.amount, payment.refunded);
        self.standing.entry((location, status)).or_default().add(1, amount, refunded);
        if let Some(due) = payment.due.filter(|_| payment.status.can_be_overdue()) {
            let key = (location, status, time::date_key(due));
            self.due.entry(key).or_default().add(1, amount, refunded);
        }
        let key = (time::date_key(created), location);
        self.days.entry(key).or_default().add(1, amount, refunded);
    }

    /// Counts money taken or refunded in the month of `day`.
    pub fn moved(&mut self, location: LocationId, day: Date, moved: Moved) {
        let (month, location) = (time::month_key(day), location.seq());
        let kind = moved.kind.map_or("", PaymentType::as_str);
        let key = (month, location, kind, moved.tender.as_str());
        for sum in
            [self.months.entry((month, location)).or_default(), self.taken.entry(key).or_default()]
        {
            sum.add(1, moved.gross, moved.refunded);
        }
    }

    /// Adds the rows of all sums.
    pub fn write(self, bulk: &mut Bulk) {
        let (org, shard) = (bulk.org, 0_i64);
        for ((location, status), Sum { n, amount, refunded }) in self.standing {
            let values = params![org, location, status, shard, n, amount, refunded];
            bulk.add(Slot::RollupStatus, values);
        }
        for ((location, status, day), Sum { n, amount, .. }) in self.due {
            bulk.add(Slot::RollupDue, params![org, location, status, day, shard, n, amount]);
        }
        for ((month, location), Sum { amount, refunded, .. }) in self.months {
            bulk.add(Slot::RollupMonth, params![org, month, location, shard, amount, refunded]);
        }
        for ((month, location, kind, tender), Sum { amount, refunded, .. }) in self.taken {
            let values = params![org, month, location, kind, tender, shard, amount, refunded];
            bulk.add(Slot::RollupTaken, values);
        }
        for ((day, location), Sum { n, .. }) in self.days {
            bulk.add(Slot::RollupDay, params![org, day, location, shard, n]);
        }
    }
}
