//! What one of very many payments is like, and what becomes of it. What would happen after the
//! present moment has not happened: so it comes that most open payments are new.

use almoner_domain::payment::PaymentType;
use almoner_domain::refund::RefundReason;
use almoner_domain::tender::TenderType;
use almoner_domain::{Money, Status};
use almoner_store::treatments::{Procedure, TreatmentStatus};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::timeline::Timeline;
use crate::demo::dice::Dice;
use crate::demo::names::{CANCELLATIONS, MEMOS};
use crate::demo::stories;

/// Tells the dice of payments from those of patients.
const KIND: u64 = 2;

/// Codes with their usual charge in dollars.
const CODES: [(&str, i64); 10] = [
    ("99213", 145),
    ("99214", 205),
    ("99203", 180),
    ("99204", 260),
    ("36415", 18),
    ("80053", 64),
    ("93000", 95),
    ("20610", 275),
    ("45378", 1_650),
    ("29881", 3_850),
];

/// What happens to a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Staff move it along, with a reason.
    Move(Status, Option<&'static str>),
    /// Staff take the money.
    Pay(TenderType),
    /// The processor held the money of a payer, and let it go.
    Void,
    /// So many hundredths of what is left are given back.
    Refund(i64, RefundReason),
}

/// What was or will be done for the patient.
#[derive(Debug)]
pub(super) struct Care {
    pub(super) at: Timestamp,
    pub(super) status: TreatmentStatus,
    pub(super) procedures: Vec<Procedure>,
    /// The place of the physician among those of the location.
    pub(super) physician: usize,
}

/// A payment.
#[derive(Debug)]
pub(super) struct Story {
    /// The number of the patient, from 0.
    pub(super) patient: i64,
    /// The place of the location.
    pub(super) location: usize,
    pub(super) kind: Option<PaymentType>,
    pub(super) amount: Money,
    pub(super) due: Option<Date>,
    pub(super) memo: Option<&'static str>,
    pub(super) is_draft: bool,
    /// Whether the front desk entered it, and not a biller.
    pub(super) is_from_desk: bool,
    pub(super) care: Option<Care>,
    pub(super) at: Timestamp,
    pub(super) steps: Vec<(Timestamp, Step)>,
}

/// A wait before a step.
#[derive(Debug, Clone, Copy)]
enum After {
    Minutes(i64, i64),
    Days(i64, i64),
}

use After::{Days, Minutes};

/// The dice of the payment with that number, from 0.
pub(super) fn dice(seed: u64, number: i64) -> Dice {
    Dice::of(seed, KIND, number)
}

/// Whose a payment is, of so many who are known: a few come often. It is the first that the dice
/// are asked.
pub(super) fn patient(dice: &Dice, known: i64) -> i64 {
    let among = dice.weighed(&[(70, 1), (24, 10), (6, 200)]);
    dice.between(0, (known / among).max(1) - 1)
}

impl Story {
    /// The payment with that number, created on that day at one of so many locations.
    pub(super) fn of(
        timeline: &Timeline,
        seed: u64,
        (day, number): (usize, i64),
        locations: usize,
    ) -> Self {
        let dice = dice(seed, number);
        let patient = patient(&dice, timeline.known(day));
        let at = timeline.created(day, number, &dice);
        let location = dice.early_place(locations, 2);
        let kind = dice.weighed(&[
            (34, Some(PaymentType::TreatmentPrePayment)),
            (44, Some(PaymentType::OfficeVisit)),
            (16, Some(PaymentType::PrivatePay)),
            (6, None),
        ]);
        let (is_draft, path) = path(&dice);
        let mut steps = Vec::with_capacity(path.len());
        let mut moment = at;
        for (after, step) in path {
            moment = match after {
                Minutes(least, most) => {
                    moment + SignedDuration::from_mins(dice.between(least, most))
                }
                Days(least, most) => {
                    // Most do soon what some put off.
                    let days = dice.between(least, most).min(dice.between(least, most));
                    timeline.days_later(moment, days, &dice)
                }
            };
            if moment >= timeline.now {
                break;
            }
            steps.push((moment, step));
        }
        let waits = *dice.pick(&[0, 7, 14, 14, 21, 30, 30, 30, 45]);
        let due = timeline.date(at).saturating_add(waits.days());
        Self {
            patient,
            location,
            kind,
            amount: amount(&dice, kind),
            due: dice.chance(90).then_some(due),
            memo: dice.chance(45).then(|| *dice.pick(MEMOS)),
            is_draft,
            is_from_desk: dice.chance(55),
            care: care(timeline, &dice, kind, at),
            at,
            steps,
        }
    }
}

/// How a payment begins, whether as a draft, and goes on.
fn path(dice: &Dice) -> (bool, Vec<(After, Step)>) {
    let pay = |dice: &Dice| Step::Pay(tender(dice));
    let to = |status| Step::Move(status, None);
    let off = |dice: &Dice| Step::Move(Status::Cancelled, Some(*dice.pick(CANCELLATIONS)));
    let which = dice.between(1, 1_000);
    let (is_draft, mut steps) = match which {
        1..=450 => (false, vec![(Minutes(1, 40), pay(dice))]),
        451..=820 => (false, vec![(Days(1, 75), pay(dice))]),
        821..=850 => (false, vec![(Days(2, 30), to(Status::Processing)), (Days(1, 4), pay(dice))]),
        851..=890 => (false, vec![(Days(2, 30), to(Status::Failed)), (Days(2, 30), pay(dice))]),
        891..=900 => (false, vec![(Days(2, 30), to(Status::Failed))]),
        901..=950 => (false, vec![(Days(5, 60), off(dice))]),
        951..=966 => (true, vec![(Days(3, 40), off(dice))]),
        967..=986 => (true, vec![(Days(1, 12), to(Status::Pending)), (Days(1, 60), pay(dice))]),
        987..=992 => (false, vec![(Days(1, 30), Step::Void)]),
        993..=994 => (true, Vec::new()),
        995..=997 => (false, vec![(Days(1, 30), to(Status::Processing))]),
        _ => (false, Vec::new()),
    };
    if matches!(steps.last(), Some((_, Step::Pay(_)))) {
        let refund = |part| Step::Refund(part, *dice.pick(&RefundReason::ALL[..5]));
        match dice.between(1, 1_000) {
            1..=22 => steps.push((Days(1, 45), refund(100))),
            23..=45 => steps.push((Days(1, 45), refund(dice.between(10, 60)))),
            46..=50 => {
                steps.push((Days(1, 45), refund(30)));
                steps.push((Days(1, 45), refund(100)));
            }
            _ => {}
        }
    }
    (is_draft, steps)
}

fn tender(dice: &Dice) -> TenderType {
    dice.weighed(&[
        (48, TenderType::CardTerminal),
        (16, TenderType::Cash),
        (14, TenderType::Check),
        (10, TenderType::HsaFsaCard),
        (7, TenderType::BankTransfer),
        (3, TenderType::Other),
        (2, TenderType::MoneyOrder),
    ])
}

/// As in a small clinic, but that a few treatments are very dear.
fn amount(dice: &Dice, kind: Option<PaymentType>) -> Money {
    if kind == Some(PaymentType::TreatmentPrePayment) && dice.chance(2) {
        return stories::with_cents(dice, dice.between(20, 250) * 100);
    }
    stories::amount(dice, kind)
}

/// A treatment ahead of which, or after which, the payment is asked for.
fn care(
    timeline: &Timeline,
    dice: &Dice,
    kind: Option<PaymentType>,
    at: Timestamp,
) -> Option<Care> {
    let (likely, service) = match kind? {
        PaymentType::TreatmentPrePayment => {
            (80, timeline.days_later(at, dice.between(2, 40), dice))
        }
        PaymentType::OfficeVisit => (45, at - SignedDuration::from_mins(dice.between(20, 180))),
        PaymentType::PrivatePay => return None,
    };
    if !dice.chance(likely) {
        return None;
    }
    let lines = dice.weighed(&[(70, 1), (22, 2), (8, 3)]);
    let procedures = (0..lines).map(|_| {
        let (code, dollars) = CODES[dice.early_place(CODES.len(), 2)];
        let charge = Some(Money::from_cents(dollars * 100));
        Procedure { code: code.to_owned(), modifiers: String::new(), charge }
    });
    let status = match () {
        () if dice.chance(4) => TreatmentStatus::Cancelled,
        () if service < timeline.now => TreatmentStatus::Completed,
        () => TreatmentStatus::Scheduled,
    };
    Some(Care { at: service, status, procedures: procedures.collect(), physician: dice.place(2) })
}
