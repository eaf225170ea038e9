//! The treatments: codes without descriptions, charges, past and future.

use almoner_app::save_treatment::{ProcedureEntry, TreatmentEntry};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Size;
use super::calendar::{Calendar, open_second};
use super::checks::Check;
use super::dice::Dice;
use super::people::{self, FIRST_DAY, KNOWN_DAYS, Person};

/// A code, its modifiers and its usual charge in dollars.
type Code = (&'static str, &'static str, i64);

/// What each location does, in the order of the locations.
const CODES: [&[Code]; 3] = [
    &[
        ("99213", "", 145),
        ("99214", "", 205),
        ("99203", "", 180),
        ("G0439", "", 190),
        ("36415", "", 18),
        ("80053", "", 64),
        ("85025", "", 42),
        ("90471", "", 38),
        ("93000", "", 95),
    ],
    &[
        ("99213", "25", 165),
        ("99204", "", 260),
        ("12001", "", 310),
        ("10060", "", 285),
        ("73610", "RT", 120),
        ("71046", "", 135),
        ("87880", "QW", 45),
    ],
    &[
        ("J1745", "", 4200),
        ("96413", "", 520),
        ("20610", "LT", 275),
        ("J3301", "", 60),
        ("29881", "RT", 3850),
        ("45378", "", 1650),
        ("97110", "GP", 85),
        ("90785", "", 55),
        ("99214", "", 230),
    ],
];

/// A treatment of the plan.
pub(super) struct Treatment {
    /// The place of the patient in the plan.
    pub(super) person: usize,
    /// The place of the location.
    pub(super) location: usize,
    /// The place of the physician.
    pub(super) physician: usize,
    /// How many days ago it was entered.
    pub(super) entered: i64,
    /// When it was entered.
    pub(super) entered_at: Timestamp,
    /// How many days ago it took place; negative in the future.
    pub(super) served: i64,
    /// When it was ended, and the status that it then got.
    pub(super) ended: Option<(Timestamp, &'static str)>,
    date: String,
    time: String,
    procedures: Vec<ProcedureEntry>,
}

impl Treatment {
    /// The form with these ids and that status.
    pub(super) fn entry(&self, ids: [String; 3], status: &str) -> TreatmentEntry {
        let [patient, location, physician] = ids;
        TreatmentEntry {
            patient,
            physician,
            location,
            service_date: self.date.clone(),
            service_time: self.time.clone(),
            service_at: None,
            status: status.to_owned(),
            procedures: self.procedures.clone(),
        }
    }
}

/// The treatments; some follow soon after an eligibility check of their patient.
pub(super) fn plan(
    dice: &Dice,
    calendar: &Calendar,
    size: &Size,
    people: &[Person],
    checks: &[Check],
) -> Vec<Treatment> {
    let zones = super::clinic::zones();
    let treatment = |number: usize| {
        let checked = checks.get(number).filter(|check| check.is_matched());
        let (person, entered, wait) = if let Some(check) = checked {
            (check.person, check.days_ago, dice.between(3, 25))
        } else {
            let entered = dice.between(1, FIRST_DAY - KNOWN_DAYS - 1);
            (people::known(dice, people, entered), entered, dice.between(0, 40))
        };
        treatment(dice, calendar, &zones, (person, entered, entered - wait))
    };
    (0..size.treatments).map(treatment).collect()
}

fn treatment(
    dice: &Dice,
    calendar: &Calendar,
    zones: &[TimeZone],
    (person, entered, served): (usize, i64, i64),
) -> Treatment {
    let location = dice.weighed(&[(50, 0), (20, 1), (30, 2)]);
    let entered_at = calendar.at(entered, open_second(dice), &calendar.zone);
    let quarter = dice.between(0, 35);
    let day = calendar.day(served);
    let time = format!("{:02}:{:02}", 8 + quarter / 4, quarter % 4 * 15);
    let opens = SignedDuration::from_mins(15 * quarter);
    let service_at = calendar.at(served, 0, &zones[location]) + opens;
    let ended = (service_at + SignedDuration::from_hours(2)).max(entered_at + opens);
    let status = if dice.chance(8) { "cancelled" } else { "completed" };
    Treatment {
        person,
        location,
        physician: 2 * location + dice.place(2),
        entered,
        entered_at,
        served,
        ended: (ended < calendar.now).then_some((ended, status)),
        date: day.to_string(),
        time,
        procedures: procedures(dice, CODES[location]),
    }
}

fn procedures(dice: &Dice, codes: &[Code]) -> Vec<ProcedureEntry> {
    let first = dice.place(codes.len());
    let count = usize::try_from(dice.between(1, 3)).expect("a small number");
    let has_charges = dice.chance(85);
    let entry = |number: usize| {
        let (code, modifiers, dollars) = codes[(first + number) % codes.len()];
        let charge = if has_charges { format!("{dollars}.00") } else { String::new() };
        ProcedureEntry { code: code.to_owned(), modifiers: modifiers.to_owned(), charge }
    };
    (0..count).map(entry).collect()
}
