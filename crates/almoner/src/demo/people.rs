//! The patients: who they are, how they are insured, since when they come.

use almoner_app::save_patient::{CoverageEntry, PatientEntry};
use jiff::Timestamp;
use jiff::civil::Date;

use super::Size;
use super::calendar::{Calendar, open_second};
use super::dice::Dice;
use super::names::{FIRST, LAST, PAYER_IDS, PAYERS, PLANS, STREETS, TOWNS};

/// How many days back the clinic's first patients were added.
pub(super) const FIRST_DAY: i64 = 550;
/// The payer that insures families.
pub(super) const FAMILY_PAYER: usize = 3;
/// Between being added and the first thing that happens to a patient lie as many days at least.
pub(super) const KNOWN_DAYS: i64 = 2;

/// A patient of the plan.
pub(super) struct Person {
    /// How many days ago they were added.
    pub(super) since: i64,
    /// When they were added.
    pub(super) at: Timestamp,
    /// What is entered.
    pub(super) entry: PatientEntry,
    /// The date of birth.
    pub(super) birth: Date,
    /// The place of the first payer in the list of payers.
    pub(super) payer: Option<usize>,
    /// The parent through whom a child is insured: first and last name.
    pub(super) parent: Option<(String, String)>,
}

impl Person {
    /// The number at the first payer.
    pub(super) fn member_id(&self) -> &str {
        self.entry.coverages.first().map_or("", |coverage| &coverage.member_id)
    }
}

/// The patients, those of the first days first.
pub(super) fn plan(dice: &Dice, calendar: &Calendar, size: &Size) -> Vec<Person> {
    let mut since: Vec<i64> = (0..size.patients)
        .map(|_| if dice.chance(60) { FIRST_DAY } else { dice.between(20, FIRST_DAY - 5) })
        .collect();
    since.sort_unstable_by(|a, b| b.cmp(a));
    let person = |(number, since)| person(dice, calendar, number, since);
    let mut people: Vec<Person> = (0_i64..).zip(since).map(person).collect();
    enter_twice(&mut people);
    people
}

/// Has the last patient be one who was there long before, and was not found when they came again.
fn enter_twice(people: &mut [Person]) {
    let [first, .., last] = people else {
        return;
    };
    let known = &first.entry;
    last.entry.first_name.clone_from(&known.first_name);
    last.entry.last_name.clone_from(&known.last_name);
    last.entry.date_of_birth.clone_from(&known.date_of_birth);
    last.entry.phone.clone_from(&known.phone);
    last.entry.email.clear();
    last.entry.guarantor.clear();
    last.birth = first.birth;
}

fn person(dice: &Dice, calendar: &Calendar, number: i64, since: i64) -> Person {
    let (first, last) = (*dice.pick(FIRST), *dice.pick(LAST));
    let is_child = number % 9 == 4;
    let year = if is_child { dice.between(2013, 2021) } else { dice.between(1938, 2004) };
    let month = dice.between(1, 12);
    let birth = format!("{year:04}-{month:02}-{:02}", dice.between(1, 28));
    let parent = is_child.then(|| ((*dice.pick(FIRST)).to_owned(), last.to_owned()));
    let payer = match number % 8 {
        _ if is_child => Some(FAMILY_PAYER),
        7 => None,
        _ => Some(dice.place(PAYERS.len())),
    };
    let (town, area) = *dice.pick(TOWNS);
    let phone = format!("({area}) 555-01{:02}", number % 100);
    let mailbox = almoner_domain::name::normalize(&format!("{first} {last}")).replace(' ', ".");
    let has_email = dice.chance(85);
    let entry = PatientEntry {
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        date_of_birth: birth.clone(),
        sex: (*dice.pick(&["F", "M", "F", "M", "F", "M", "X", ""])).to_owned(),
        mrn: format!("HS-{}", 100_001 + number),
        phone,
        email: if has_email { format!("{mailbox}@example.org") } else { String::new() },
        address: format!("{} {}, {town}", dice.between(1, 199), dice.pick(STREETS)),
        guarantor: parent.as_ref().map(|(f, l)| format!("{f} {l}")).unwrap_or_default(),
        coverages: coverages(dice, number, payer, parent.as_ref()),
        is_somebody_else: true,
    };
    let at = calendar.at(since, open_second(dice), &calendar.zone);
    let birth = birth.parse().expect("a date of the calendar");
    Person { since, at, entry, birth, payer, parent }
}

fn coverages(
    dice: &Dice,
    number: i64,
    payer: Option<usize>,
    parent: Option<&(String, String)>,
) -> Vec<CoverageEntry> {
    let Some(payer) = payer else {
        return Vec::new();
    };
    let coverage = |payer: usize, member_id: String| CoverageEntry {
        payer: PAYERS[payer].to_owned(),
        member_id,
        plan: PLANS[payer].to_owned(),
        payer_id: PAYER_IDS[payer].to_owned(),
        relationship: parent.map(|_| "child".to_owned()).unwrap_or_default(),
        subscriber_first_name: parent.map(|parent| parent.0.clone()).unwrap_or_default(),
        subscriber_last_name: parent.map(|parent| parent.1.clone()).unwrap_or_default(),
        subscriber_date_of_birth: String::new(),
    };
    // A step that shares no factor with the modulus gives every number once.
    let scattered = (number + 1) * 1_000_003 % 9_999_991;
    let mut coverages = vec![coverage(payer, format!("SYN{scattered:07}"))];
    if dice.chance(20) {
        let second = (payer + 1) % PAYERS.len();
        coverages.push(coverage(second, format!("SEC{scattered:07}")));
    }
    coverages
}

/// Somebody who was added more than so many days ago.
pub(super) fn known(dice: &Dice, people: &[Person], days_ago: i64) -> usize {
    let known = people.partition_point(|person| person.since >= days_ago + KNOWN_DAYS);
    dice.place(known.max(1))
}
