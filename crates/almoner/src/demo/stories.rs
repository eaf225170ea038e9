//! The payments: who owes what for which treatment since when, and what became of it.

use almoner_domain::payment::PaymentType;
use almoner_domain::{Money, Status, time};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use super::Size;
use super::calendar::{Calendar, later, open_second};
use super::checks::Check;
use super::clinic::{self, Who};
use super::dice::Dice;
use super::names::{MEMOS, NOTES};
use super::papers::Paper;
use super::paths::{Path, Rarity, Step};
use super::people::{self, KNOWN_DAYS, Person};
use super::treatments::Treatment;

/// How many days back the payments go.
const OLDEST: i64 = 546;

/// Of a hundred payments so many have this status, from so many days ago to so many; the rest
/// is Paid.
const SHARES: [(Status, i64, i64, i64); 8] = [
    (Status::Draft, 4, 1, 20),
    (Status::Pending, 12, 0, 48),
    (Status::Processing, 3, 0, 5),
    (Status::Failed, 4, 2, 160),
    (Status::Cancelled, 5, 3, OLDEST),
    (Status::Voided, 3, 2, 420),
    (Status::PartiallyRefunded, 4, 4, OLDEST),
    (Status::Refunded, 3, 4, OLDEST),
];

/// A payment of the plan.
pub(super) struct Story {
    /// The place of the patient.
    pub(super) person: usize,
    /// The place of the treatment.
    pub(super) treatment: Option<usize>,
    /// The place of the location, when there is no treatment.
    pub(super) location: usize,
    /// What it is for.
    pub(super) kind: Option<PaymentType>,
    /// How much, unless it is estimated.
    pub(super) amount: Money,
    /// When it is due.
    pub(super) due: Option<Date>,
    /// What it is about.
    pub(super) memo: Option<&'static str>,
    /// Begins as a draft.
    pub(super) draft: bool,
    /// The amount is taken from the estimate when there is one; sometimes staff round it.
    pub(super) estimate: Option<Rounding>,
    /// Who creates it.
    pub(super) author: Who,
    /// When it is created.
    pub(super) at: Timestamp,
    /// What happens then.
    pub(super) steps: Vec<(Timestamp, Step)>,
}

/// What staff do with an estimated amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rounding {
    /// They take it as it is.
    Exact,
    /// They drop the cents, when there are any.
    Dollars,
}

/// What the payments refer to.
pub(super) struct Cast<'a> {
    pub(super) dice: &'a Dice,
    pub(super) calendar: &'a Calendar,
    pub(super) people: &'a [Person],
    pub(super) checks: &'a [Check],
    pub(super) treatments: &'a [Treatment],
}

/// All payments, in no order.
pub(super) fn plan(cast: &Cast<'_>, size: &Size) -> Vec<Story> {
    let mut stories = Vec::with_capacity(size.payments);
    let all = i64::try_from(size.payments).expect("a countable number");
    for (status, percent, newest, oldest) in SHARES {
        let first = stories.len();
        let mut ages = Vec::new();
        for number in 0..(all * percent / 100).max(2) {
            let is_pending = status == Status::PartiallyRefunded && number == 0;
            let rarity = if is_pending { Rarity::PendingRefund } else { Rarity::None };
            let days_ago = if is_pending { newest } else { age(cast.dice, status, newest, oldest) };
            stories.push(cast.story(status, days_ago, rarity));
            ages.push(days_ago);
        }
        let these = ages.into_iter().zip(&mut stories[first..]);
        match status {
            Status::Pending => cast.attach(these, size.papers, &ARRIVAL),
            Status::Refunded => cast.attach(these, 1, &[(0, Paper::Request)]),
            _ => {}
        }
    }
    stories.push(cast.story(Status::Paid, 12, Rarity::FailedRefund));
    while stories.len() < size.payments {
        let days_ago = age(cast.dice, Status::Paid, 0, OLDEST);
        stories.push(cast.story(Status::Paid, days_ago, Rarity::None));
    }
    for _ in 0..size.notes {
        let place = cast.dice.place(stories.len());
        cast.annotate(&mut stories[place]);
    }
    stories
}

/// How many days ago; the clinic grows, and most of what is awaited is new.
fn age(dice: &Dice, status: Status, newest: i64, oldest: i64) -> i64 {
    let age = dice.between(newest, oldest);
    let leans = if status == Status::Pending { 70 } else { 30 };
    if dice.chance(leans) { age.min(dice.between(newest, oldest)) } else { age }
}

impl Cast<'_> {
    fn story(&self, status: Status, days_ago: i64, rarity: Rarity) -> Story {
        let dice = self.dice;
        let wanted = dice.weighed(&[
            (34, Some(PaymentType::TreatmentPrePayment)),
            (44, Some(PaymentType::OfficeVisit)),
            (16, Some(PaymentType::PrivatePay)),
            (6, None),
        ]);
        let checked = wanted.is_some_and(PaymentType::is_estimated).then(|| self.checked(days_ago));
        let checked = checked.flatten().filter(|_| dice.chance(60));
        let treatment = self.treatment(wanted, checked, days_ago);
        let person = match treatment {
            Some(place) => self.treatments[place].person,
            None => checked.unwrap_or_else(|| people::known(dice, self.people, days_ago)),
        };
        let location = dice.weighed(&[(50, 0), (22, 1), (28, 2)]);
        let Path { draft, steps, .. } = Path::to(dice, status, rarity);
        let zone = &clinic::zones()[location];
        let begins = self.calendar.at(days_ago, open_second(dice), zone);
        let (waits, steps): (Vec<_>, Vec<_>) = steps.into_iter().unzip();
        let (at, moments) = self.calendar.fit(begins, &waits);
        let memo = dice.chance(45).then(|| *dice.pick(MEMOS));
        let is_rounded = dice.chance(15);
        Story {
            person,
            treatment,
            location,
            kind: wanted,
            amount: amount(dice, wanted),
            due: self.due(at),
            memo,
            draft,
            estimate: checked.map(|_| if is_rounded { Rounding::Dollars } else { Rounding::Exact }),
            author: if dice.chance(55) { Who::Front } else { Who::Biller },
            at,
            steps: moments.into_iter().zip(steps).collect(),
        }
    }

    /// Somebody whose eligibility was checked shortly before.
    fn checked(&self, days_ago: i64) -> Option<usize> {
        let recent = days_ago + KNOWN_DAYS..days_ago + 25;
        let fits = |check: &&Check| check.is_matched() && recent.contains(&check.days_ago);
        let found: Vec<&Check> = self.checks.iter().filter(fits).collect();
        (!found.is_empty()).then(|| self.dice.pick(&found).person)
    }

    /// A treatment that was entered by then: before it for a pre-payment, after it for a visit.
    fn treatment(
        &self,
        kind: Option<PaymentType>,
        person: Option<usize>,
        days_ago: i64,
    ) -> Option<usize> {
        let served = match kind? {
            PaymentType::TreatmentPrePayment => days_ago - 40..days_ago,
            PaymentType::OfficeVisit => days_ago + 1..days_ago + 30,
            PaymentType::PrivatePay => return None,
        };
        if kind == Some(PaymentType::OfficeVisit) && !self.dice.chance(55) {
            return None;
        }
        let fits = |place: &usize| {
            let treatment = &self.treatments[*place];
            person.is_none_or(|person| person == treatment.person)
                && treatment.entered >= days_ago + KNOWN_DAYS
                && served.contains(&treatment.served)
        };
        let found: Vec<usize> = (0..self.treatments.len()).filter(fits).collect();
        (!found.is_empty()).then(|| *self.dice.pick(&found))
    }

    fn due(&self, at: Timestamp) -> Option<Date> {
        let days = *self.dice.pick(&[0, 7, 14, 14, 21, 30, 30, 30, 45]);
        let day = time::local_date(at, &self.calendar.zone).saturating_add(days.days());
        self.dice.chance(90).then_some(day)
    }

    /// Adds documents to the newest of these payments, each with its age in days.
    fn attach<'a>(
        &self,
        stories: impl Iterator<Item = (i64, &'a mut Story)>,
        count: usize,
        papers: &[(i64, Paper)],
    ) {
        let mut newest: Vec<_> = stories.collect();
        newest.sort_by_key(|(days_ago, _)| *days_ago);
        for (_, story) in newest.into_iter().take(count) {
            for &(wait, paper) in papers {
                let at = later(story.at, wait).min(later(self.calendar.now, -1));
                story.steps.push((at.max(story.at), Step::Attach(Who::Front, paper)));
            }
        }
    }

    /// Adds a note, some time after the payment was created.
    fn annotate(&self, story: &mut Story) {
        let wait = self.dice.between(30, 20_000);
        let newest = later(self.calendar.now, -1);
        let at = later(story.at, wait).min(newest);
        let who = if self.dice.chance(60) { Who::Biller } else { Who::Front };
        let text = *self.dice.pick(NOTES);
        story.steps.push((at, Step::Note(who, text)));
    }
}

/// After how many minutes the papers of somebody who came to the desk are added.
const ARRIVAL: [(i64, Paper); 2] = [(3, Paper::Card), (5, Paper::Consent)];

/// What is usually asked for.
pub(crate) fn amount(dice: &Dice, kind: Option<PaymentType>) -> Money {
    let dollars = match kind {
        Some(PaymentType::TreatmentPrePayment) => dice.between(6, 150) * 10,
        Some(PaymentType::OfficeVisit) => *dice.pick(&[20, 25, 30, 40, 45, 50, 60, 75, 90]),
        Some(PaymentType::PrivatePay) => dice.between(8, 60) * 10,
        None => dice.between(15, 400),
    };
    with_cents(dice, dollars)
}

/// An amount of so many dollars, now and then with some cents.
pub(crate) fn with_cents(dice: &Dice, dollars: i64) -> Money {
    let cents = if dice.chance(35) { dice.between(1, 99) } else { 0 };
    Money::from_cents(dollars * 100 + cents)
}
