//! The eligibility checks: answers of invented payers, as they arrive.
//!
//! Each template under `demo/` is a whole 271 interchange with words in braces where the person,
//! the dates and the figures go. To show another kind of answer, add a file and its line.

use almoner_domain::name;
use jiff::Timestamp;

use super::Size;
use super::calendar::{Calendar, open_second};
use super::dice::Dice;
use super::people::{FAMILY_PAYER, KNOWN_DAYS, Person};

/// A kind of answer.
struct Template {
    name: &'static str,
    text: &'static str,
    /// The place of the payer in the list of payers.
    payer: usize,
    /// The individual deductible in dollars; a family's is twice as much.
    deductible: i64,
    /// The individual out-of-pocket maximum in dollars; a family's is twice as much.
    out_of_pocket: i64,
}

macro_rules! templates {
    ($($name:literal $payer:literal $deductible:literal $out_of_pocket:literal;)+) => {
        &[$(Template {
            name: $name,
            text: include_str!(concat!("../../demo/", $name, ".271")),
            payer: $payer,
            deductible: $deductible,
            out_of_pocket: $out_of_pocket,
        }),+]
    };
}

/// All kinds of answers.
const TEMPLATES: &[Template] = templates! {
    "ppo" 0 1500 5000;
    "hmo" 1 0 0;
    "high_deductible" 2 4000 7000;
    "deductible_met" 0 1500 5000;
    "several_copays" 3 750 3500;
    "dependent" 3 750 3500;
    "rejected" 1 0 0;
    "inactive" 4 0 0;
    "no_money" 4 0 0;
    "active_and_inactive" 2 2000 6000;
    "undecided" 4 0 0;
};

/// In which order the kinds come, over and over.
const ORDER: [&str; 20] = [
    "ppo",
    "hmo",
    "high_deductible",
    "several_copays",
    "ppo",
    "deductible_met",
    "dependent",
    "hmo",
    "rejected",
    "ppo",
    "high_deductible",
    "inactive",
    "no_money",
    "several_copays",
    "hmo",
    "ppo",
    "active_and_inactive",
    "high_deductible",
    "undecided",
    "dependent",
];

/// So many of the last checks name nobody whom the clinic knows, and wait in the inbox.
pub(super) const WAITING: usize = 3;

/// A check of the plan.
pub(super) struct Check {
    /// The place of the person in the plan.
    pub(super) person: usize,
    /// How many days ago it was made.
    pub(super) days_ago: i64,
    /// When the payer answered.
    pub(super) at: Timestamp,
    /// The file's name.
    pub(super) file: String,
    /// The file.
    pub(super) content: String,
    is_waiting: bool,
}

impl Check {
    /// Whether it is to find its patient.
    pub(super) fn is_matched(&self) -> bool {
        !self.is_waiting
    }
}

/// The checks, most of them recent.
pub(super) fn plan(dice: &Dice, calendar: &Calendar, size: &Size, people: &[Person]) -> Vec<Check> {
    let mut checks: Vec<Check> = Vec::with_capacity(size.checks);
    let mut last_of_payer = [None; super::names::PAYERS.len()];
    for number in 0..size.checks {
        let name = ORDER[number % ORDER.len()];
        let template = TEMPLATES.iter().find(|template| template.name == name);
        let template = template.expect("the order names templates");
        let again = last_of_payer[template.payer].filter(|_| name == "rejected");
        let person = again.unwrap_or_else(|| insured(dice, people, template));
        last_of_payer[template.payer] = Some(person);
        let is_waiting = number + WAITING >= size.checks;
        let days_ago = match dice.between(1, 100) {
            _ if is_waiting => dice.between(1, 6),
            ..=45 => dice.between(1, 28),
            46..=75 => dice.between(29, 150),
            _ => dice.between(151, 500),
        };
        let days_ago = days_ago.min(people[person].since - KNOWN_DAYS);
        let at = calendar.at(days_ago, open_second(dice), &calendar.zone);
        let stranger = is_waiting.then(|| size.checks - number);
        let subject = Subject { person: &people[person], number, stranger };
        let content = written(dice, calendar, template, &subject, at);
        let file = format!("{}-{:04}.271", name.replace('_', "-"), number + 1);
        checks.push(Check { person, days_ago, at, file, content, is_waiting });
    }
    checks
}

/// Somebody whom the template's payer insures.
fn insured(dice: &Dice, people: &[Person], template: &Template) -> usize {
    let is_child = template.name == "dependent";
    assert!(!is_child || template.payer == FAMILY_PAYER, "children are insured by one payer");
    let fits = |person: &Person| {
        person.payer == Some(template.payer) && person.parent.is_some() == is_child
    };
    let fitting: Vec<usize> = (0..people.len()).filter(|&place| fits(&people[place])).collect();
    *dice.pick(&fitting)
}

/// Of whom an answer speaks.
struct Subject<'a> {
    person: &'a Person,
    number: usize,
    /// In which way the payer knows the person otherwise than the clinic.
    stranger: Option<usize>,
}

fn written(
    dice: &Dice,
    calendar: &Calendar,
    template: &Template,
    subject: &Subject<'_>,
    at: Timestamp,
) -> String {
    let mut text = template.text.to_owned();
    for (word, value) in identity(subject) {
        text = text.replace(word, &value);
    }
    let clock = calendar.zone.to_datetime(at);
    let day = clock.date();
    let date = |format: &str| clock.strftime(format).to_string();
    let ended = calendar.day(dice.between(520, 560)).strftime("%Y%m%d").to_string();
    let control = 100_001 + subject.number;
    let dates = [
        ("{date}", date("%Y%m%d")),
        ("{date6}", date("%y%m%d")),
        ("{time}", date("%H%M%S")),
        ("{time4}", date("%H%M")),
        ("{year}", day.year().to_string()),
        ("{ended}", ended),
        ("{control}", format!("{control:09}")),
        ("{trace}", format!("HSC-{control}")),
    ];
    let figures = figures(dice, template);
    for (word, value) in dates.iter().chain(&figures) {
        text = text.replace(word, value);
    }
    assert!(!text.contains('{'), "every word in braces was filled in");
    text
}

fn identity(subject: &Subject<'_>) -> [(&'static str, String); 7] {
    let person = subject.person;
    let upper = |text: &str| name::normalize(text).to_uppercase();
    let mut member = person.member_id().to_owned();
    let mut birth = person.birth.strftime("%Y%m%d").to_string();
    let mut first = upper(&person.entry.first_name);
    match subject.stranger {
        Some(1) => member.push('9'),
        Some(2) => birth.replace_range(4..6, if &birth[4..6] == "01" { "02" } else { "01" }),
        Some(_) => first.push_str("INE"),
        None => {}
    }
    let nobody = (String::new(), String::new());
    let (parent_first, parent_last) = person.parent.as_ref().unwrap_or(&nobody);
    let sex = match &*person.entry.sex {
        known @ ("F" | "M") => known,
        _ => "U",
    };
    [
        ("{first}", first),
        ("{last}", upper(&person.entry.last_name)),
        ("{subscriber_first}", upper(parent_first)),
        ("{subscriber_last}", upper(parent_last)),
        ("{member}", member),
        ("{birth}", birth),
        ("{sex}", sex.to_owned()),
    ]
}

/// What was used of the deductible, and what is left of it and of the out-of-pocket maximum.
fn figures(dice: &Dice, template: &Template) -> [(&'static str, String); 5] {
    let used_percent = *dice.pick(&[0, 15, 38, 60, 85, 100]);
    let odd_cents = if used_percent == 0 { 0 } else { *dice.pick(&[0, 0, 1_525, 2_240]) };
    let used = template.deductible * used_percent;
    let used = (used + odd_cents).min(template.deductible * 100);
    let left = template.deductible * 100 - used;
    let most_left = template.out_of_pocket * 100 - used;
    let dollars = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100);
    [
        ("{deductible_used}", dollars(used)),
        ("{deductible_left}", dollars(left)),
        ("{family_deductible_left}", dollars(left + template.deductible * 100)),
        ("{out_of_pocket_left}", dollars(most_left)),
        ("{family_out_of_pocket_left}", dollars(most_left + template.out_of_pocket * 100)),
    ]
}
