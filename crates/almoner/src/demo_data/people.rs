//! Very many patients: each is made from the seed and their number alone, so that a payment knows
//! its patient's name without anybody having kept it.

use almoner_domain::insured::Relationship;
use almoner_domain::name;
use almoner_store::patients::{Coverage, PatientFields};
use jiff::civil::Date;

use crate::demo::dice::Dice;
use crate::demo::names::{FIRST, LAST, PAYER_IDS, PAYERS, PLANS, STREETS, TOWNS};

/// Tells the dice of patients from those of payments.
const KIND: u64 = 1;

/// Names that nobody has begin like this, go on and end like this.
const HEADS: [&str; 48] = [
    "Alder", "Amber", "Ash", "Bar", "Birch", "Bram", "Brindle", "Brook", "Cinder", "Clover",
    "Copper", "Corn", "Cran", "Dapple", "Dew", "Elder", "Fern", "Finch", "Flint", "Fox", "Frost",
    "Garnet", "Gorse", "Hazel", "Heather", "Holly", "Ivy", "Juniper", "Kestrel", "Lark", "Lichen",
    "Linden", "Maple", "Marl", "Meadow", "Mistle", "Moss", "Nettle", "Oak", "Pebble", "Quill",
    "Reed", "Rowan", "Sable", "Sedge", "Sorrel", "Thistle", "Willow",
];
const MIDDLES: [&str; 10] = ["", "a", "en", "er", "i", "in", "le", "ling", "o", "y"];
const TAILS: [&str; 44] = [
    "beck", "bourne", "bridge", "brook", "bury", "by", "combe", "cote", "croft", "dale", "den",
    "don", "field", "ford", "garth", "gate", "ham", "hollow", "hurst", "kettle", "lea", "ley",
    "loft", "mere", "moor", "more", "ness", "ridge", "shaw", "side", "stead", "ster", "stone",
    "thorpe", "thwaite", "ton", "wade", "water", "well", "wick", "wood", "worth", "wright", "yard",
];
/// How many names they make.
const MADE: usize = HEADS.len() * MIDDLES.len() * TAILS.len();
/// Shares no factor with [`MADE`], so that likely names do not all begin alike.
const STRIDE: usize = 7_919;

/// A patient's first and last name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Called {
    pub(super) first: String,
    pub(super) last: String,
}

impl Called {
    /// The key by which lists sort.
    pub(super) fn sort_key(&self) -> String {
        name::sort_key(&self.last, &self.first)
    }
}

/// How the patient with that number (from 0) is called: a few names are very common, most are rare.
pub(super) fn called(seed: u64, number: i64) -> Called {
    call(&Dice::of(seed, KIND, number))
}

fn call(dice: &Dice) -> Called {
    let first = FIRST[dice.early_place(FIRST.len(), 2)];
    let first =
        if dice.chance(15) { format!("{first} {}", dice.pick(FIRST)) } else { first.to_owned() };
    let last = if dice.chance(20) {
        LAST[dice.early_place(LAST.len(), 3)].to_owned()
    } else {
        let made = dice.early_place(MADE, 2) * STRIDE % MADE;
        let (head, made) = (HEADS[made % HEADS.len()], made / HEADS.len());
        let (middle, tail) = (MIDDLES[made % MIDDLES.len()], TAILS[made / MIDDLES.len()]);
        format!("{head}{middle}{tail}")
    };
    Called { first, last }
}

/// What is entered of a patient, and the dice for what else is to be known.
pub(super) fn person(seed: u64, number: i64) -> (PatientFields, Vec<Coverage>, Dice) {
    let dice = Dice::of(seed, KIND, number);
    let Called { first, last } = call(&dice);
    let year = 2024 - dice.between(0, 50) - dice.between(0, 45);
    let born = [year, dice.between(1, 12), dice.between(1, 28)];
    let (town, area) = *dice.pick(TOWNS);
    let mailbox = name::normalize(&format!("{first} {last}")).replace(' ', ".");
    let fields = PatientFields {
        date_of_birth: date(born),
        sex: Some(if dice.chance(52) { "F" } else { "M" }.to_owned()),
        mrn: Some(format!("M{:07}", number + 1)),
        phone: dice.chance(80).then(|| format!("({area}) 555-01{:02}", number % 100)),
        email: dice.chance(55).then(|| format!("{mailbox}.{number}@example.org")),
        address: dice
            .chance(70)
            .then(|| format!("{} {}, {town}", dice.between(1, 900), dice.pick(STREETS))),
        guarantor: None,
        first_name: first,
        last_name: last,
    };
    let payer = dice.place(PAYERS.len());
    let coverage = Coverage {
        payer: PAYERS[payer].to_owned(),
        member_id: Some(format!("S{:09}", number + 1)),
        plan: Some(PLANS[payer].to_owned()),
        payer_id: Some(PAYER_IDS[payer].to_owned()),
        relationship: Relationship::default(),
        ..Coverage::default()
    };
    let coverages = if dice.chance(85) { vec![coverage] } else { Vec::new() };
    (fields, coverages, dice)
}

fn date([year, month, day]: [i64; 3]) -> Date {
    let key = year * 10_000 + month * 100 + day;
    almoner_domain::time::date_from_key(key).expect("every month has 28 days")
}
