//! The sandbox's balance: what was booked on a day is paid out when the day is over.

use std::collections::BTreeMap;

use almoner_domain::Money;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::CURRENCY;
use crate::processor::{Movement, MovementKind, Page, Payout, PayoutStanding};

/// A card payment costs 2.9 % and 30 cents.
const FEE_PER_MILLE: i64 = 29;
const FEE_FIXED: Money = Money::from_cents(30);
/// How long a payout is on its way.
const ARRIVES_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// Bookings that are remembered at most; the oldest is forgotten first.
const MAX_BOOKINGS: usize = 40_000;

/// What was booked, by its id.
#[derive(Debug, Default)]
pub(super) struct Balance {
    booked: BTreeMap<(Timestamp, String), Movement>,
}

/// What is booked.
#[derive(Debug)]
pub(super) struct Booking<'a> {
    /// What it is.
    pub(super) kind: MovementKind,
    /// How much; negative when it takes from the balance.
    pub(super) amount: Money,
    /// The charge or refund.
    pub(super) source: &'a str,
    /// The payment that it is about.
    pub(super) payment: &'a str,
    /// Our reference.
    pub(super) reference: &'a str,
    /// When.
    pub(super) at: Timestamp,
}

/// What the sandbox keeps of a payment.
pub(super) fn fee(amount: Money) -> Money {
    Money::from_cents((amount.cents() * FEE_PER_MILLE + 500) / 1_000).plus(FEE_FIXED)
}

fn day(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}

fn payout_id(day: Date) -> String {
    format!("sbx_po_{}", day.strftime("%Y%m%d"))
}

impl Balance {
    /// Books it; the same again is booked once.
    pub(super) fn book(&mut self, booking: &Booking<'_>) {
        let id = format!("sbx_txn_{}", booking.source);
        if self.booked.values().any(|booked| booked.id == id) {
            return;
        }
        if self.booked.len() >= MAX_BOOKINGS {
            self.booked.pop_first();
        }
        let is_payment = booking.kind == MovementKind::Payment;
        let fee = if is_payment { fee(booking.amount) } else { Money::ZERO };
        let movement = Movement {
            id: id.clone(),
            kind: booking.kind.clone(),
            amount: booking.amount,
            fee,
            net: booking.amount.minus(fee),
            currency: CURRENCY.to_owned(),
            source: Some(booking.source.to_owned()),
            payment: Some(booking.payment.to_owned()),
            reference: Some(booking.reference.to_owned()),
            created_at: booking.at,
            available_at: booking.at,
        };
        self.booked.insert((booking.at, id), movement);
    }

    /// The payouts of the days that are over, the newest first; all of them fit on a page.
    pub(super) fn payouts(&self, (since, now): (Timestamp, Timestamp)) -> Page<Payout> {
        let mut by_day: BTreeMap<Date, Money> = BTreeMap::new();
        for booked in self.booked.values().filter(|booked| day(booked.created_at) < day(now)) {
            let sum = by_day.entry(day(booked.created_at)).or_default();
            *sum = sum.plus(booked.net);
        }
        let payout = |(day, amount): (Date, Money)| {
            let midnight = day.tomorrow().ok()?.to_datetime(Time::midnight());
            let created_at = midnight.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp();
            let arrives_at = created_at + ARRIVES_AFTER;
            let arrived = now >= arrives_at;
            let standing = if arrived { PayoutStanding::Paid } else { PayoutStanding::InTransit };
            Some(Payout {
                id: payout_id(day),
                amount,
                currency: CURRENCY.to_owned(),
                standing,
                arrives_at,
                created_at,
                is_automatic: true,
                is_itemised: true,
            })
        };
        let all = by_day.into_iter().rev().filter_map(payout);
        Page { items: all.filter(|payout| payout.created_at >= since).collect(), next: None }
    }

    /// What a payout is made of; all of it fits on a page.
    pub(super) fn movements(&self, payout: &str) -> Page<Movement> {
        let of_payout = |booked: &&Movement| payout_id(day(booked.created_at)) == payout;
        Page { items: self.booked.values().filter(of_payout).cloned().collect(), next: None }
    }
}
