//! What makes two patients' records look like one person's.
//!
//! A record is entered twice when somebody is not found: the name was typed otherwise, or the date
//! of birth was. So the name and the date of birth together are enough, a name nearly so too, and
//! one of the two is enough beside something that only few share. Nothing here decides: people look
//! at both records.

use jiff::civil::Date;

use crate::name::normalize;

/// Something that two records have alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trait {
    /// The same first and last name, but for case, accents and punctuation.
    Name,
    /// Nearly the same name: one letter, a short form, or first and last name changed about.
    CloseName,
    /// The same date of birth.
    BirthDate,
    /// A member id of an insurance.
    MemberId,
    /// The same telephone number.
    Phone,
    /// The same e-mail address.
    Email,
}

impl Trait {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 6] =
        [Self::Name, Self::CloseName, Self::BirthDate, Self::MemberId, Self::Phone, Self::Email];

    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::CloseName => "close_name",
            Self::BirthDate => "birth_date",
            Self::MemberId => "member_id",
            Self::Phone => "phone",
            Self::Email => "email",
        }
    }

    /// What people call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::CloseName => "nearly the same name",
            Self::BirthDate => "date of birth",
            Self::MemberId => "member ID",
            Self::Phone => "phone",
            Self::Email => "e-mail",
        }
    }

    /// The trait with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

/// Traits as people read them: "name, date of birth".
pub fn in_words(traits: &[Trait]) -> String {
    traits.iter().map(|one| one.label()).collect::<Vec<_>>().join(", ")
}

/// What two records are compared by.
#[derive(Debug, Clone, Copy)]
pub struct Features<'a> {
    /// First name.
    pub first_name: &'a str,
    /// Last name.
    pub last_name: &'a str,
    /// Date of birth.
    pub date_of_birth: Date,
    /// Telephone.
    pub phone: Option<&'a str>,
    /// E-mail address.
    pub email: Option<&'a str>,
}

/// The least digits of a telephone number that is compared; fewer are no number.
const MIN_PHONE_DIGITS: usize = 7;
/// The digits of a telephone number that are compared, from its end: what stands before them is
/// written by some and not by others.
const PHONE_DIGITS: usize = 10;

/// What two records have alike, when it is so much that they may be one person's; nothing
/// otherwise.
pub fn likeness(one: &Features<'_>, other: &Features<'_>, shares_member: bool) -> Vec<Trait> {
    let name = name_likeness(one, other);
    let born = one.date_of_birth == other.date_of_birth;
    let phones = [one, other].map(|it| it.phone.and_then(phone_digits));
    let emails = [one, other].map(|it| it.email.map(|email| email.trim().to_lowercase()));
    let alike = |pair: [Option<String>; 2]| pair[0].is_some() && pair[0] == pair[1];
    let rare = [
        (Trait::MemberId, shares_member),
        (Trait::Phone, alike(phones)),
        (Trait::Email, alike(emails)),
    ];
    let shares_rare = rare.iter().any(|(_, shared)| *shared);
    let is_enough = match (name, born) {
        (Some(_), true) => true,
        (Some(Trait::Name), false) | (None, true) => shares_rare,
        (_, false) => false,
    };
    if !is_enough {
        return Vec::new();
    }
    let rare = rare.into_iter().filter(|(_, shared)| *shared).map(|(it, _)| it);
    name.into_iter().chain(born.then_some(Trait::BirthDate)).chain(rare).collect()
}

/// How the names are alike, if they are.
fn name_likeness(one: &Features<'_>, other: &Features<'_>) -> Option<Trait> {
    let folded = |it: &Features<'_>| (normalize(it.first_name), normalize(it.last_name));
    let ((first, last), (other_first, other_last)) = (folded(one), folded(other));
    if (&first, &last) == (&other_first, &other_last) {
        return Some(Trait::Name);
    }
    let is_swapped = (&first, &last) == (&other_last, &other_first);
    let begins = |short: &str, long: &str| !short.is_empty() && long.starts_with(short);
    let is_short =
        last == other_last && (begins(&first, &other_first) || begins(&other_first, &first));
    let is_slip = (last == other_last && is_one_letter_off(&first, &other_first))
        || (first == other_first && is_one_letter_off(&last, &other_last));
    (is_swapped || is_short || is_slip).then_some(Trait::CloseName)
}

/// Whether one text becomes the other by one letter put in, left out, or typed otherwise, or by two
/// neighbours changed about. Names of one or two letters are too short to say.
fn is_one_letter_off(one: &str, other: &str) -> bool {
    const MIN_LETTERS: usize = 3;
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    if one.len().min(other.len()) < MIN_LETTERS || one.len().abs_diff(other.len()) > 1 {
        return false;
    }
    let begin = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[begin..], &other[begin..]);
    let end = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    match (&one[..one.len() - end], &other[..other.len() - end]) {
        ([a, b], [c, d]) => a == d && b == c,
        (a, b) => a.len() <= 1 && b.len() <= 1,
    }
}

/// The digits of a telephone number by which it is compared.
fn phone_digits(phone: &str) -> Option<String> {
    let digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
    let from = digits.len().saturating_sub(PHONE_DIGITS);
    (digits.len() >= MIN_PHONE_DIGITS).then(|| digits[from..].iter().collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn born(first: &'static str, last: &'static str, day: i8) -> Features<'static> {
        Features {
            first_name: first,
            last_name: last,
            date_of_birth: Date::constant(1980, 2, day),
            phone: None,
            email: None,
        }
    }

    fn alike(one: &Features<'_>, other: &Features<'_>) -> Vec<Trait> {
        likeness(one, other, false)
    }

    #[test]
    fn name_and_date_of_birth_are_enough() {
        let found = alike(&born("Zoë", "O'Brien", 1), &born("ZOE", "OBRIEN", 1));
        assert_eq!(found, [Trait::Name, Trait::BirthDate]);
        assert_eq!(alike(&born("Ann", "Park", 1), &born("Ann", "Park", 2)), []);
        assert_eq!(alike(&born("Ann", "Park", 1), &born("Ben", "Park", 1)), []);
    }

    #[test]
    fn a_slip_a_short_form_and_a_change_of_places_are_close() {
        let close = |a: [&'static str; 2], b: [&'static str; 2]| {
            let found = alike(&born(a[0], a[1], 1), &born(b[0], b[1], 1));
            found == [Trait::CloseName, Trait::BirthDate]
        };
        assert!(close(["Rob", "Park"], ["Robert", "Park"]));
        assert!(close(["R.", "Park"], ["Robert", "Park"]));
        assert!(close(["Park", "Robert"], ["Robert", "Park"]));
        assert!(close(["Jon", "Park"], ["John", "Park"]));
        assert!(close(["Ann", "Smith"], ["Ann", "Smyth"]));
        assert!(close(["Ann", "Simth"], ["Ann", "Smith"]));
        assert!(!close(["Ann", "Smith"], ["Eve", "Smyth"]));
        assert!(!close(["Al", "Park"], ["Ed", "Park"]));
        assert!(!close(["Ann", "Park"], ["Anna", "Parks"]));
        assert!(!close(["Marta", "Park"], ["Marvin", "Park"]));
    }

    #[test]
    fn one_of_the_two_is_enough_beside_what_few_share() {
        let phone = |it: Features<'static>, phone| Features { phone: Some(phone), ..it };
        let email = |it: Features<'static>, email| Features { email: Some(email), ..it };
        let ann = born("Ann", "Park", 1);
        let typo = born("Ann", "Park", 2);
        let found = alike(&phone(ann, "+1 (555) 010-0199"), &phone(typo, "555.010.0199"));
        assert_eq!(found, [Trait::Name, Trait::Phone]);
        assert_eq!(alike(&phone(ann, "911"), &phone(typo, "911")), []);
        let married = born("Ann", "Lindqvist", 1);
        let found = alike(&email(ann, "Ann@example.org"), &email(married, "ann@example.org "));
        assert_eq!(found, [Trait::BirthDate, Trait::Email]);
        assert_eq!(likeness(&ann, &married, true), [Trait::BirthDate, Trait::MemberId]);
        assert_eq!(likeness(&ann, &typo, true), [Trait::Name, Trait::MemberId]);
        assert_eq!(likeness(&ann, &born("Ben", "Park", 2), true), [], "a household shares an id");
        assert_eq!(likeness(&ann, &born("Anne", "Park", 2), true), [], "both are only near");
    }

    #[test]
    fn names_lead_back_to_their_traits() {
        for one in Trait::ALL {
            assert_eq!(Trait::from_name(one.as_str()), Some(one));
        }
    }

    proptest! {
        #[test]
        fn likeness_is_mutual(
            names in prop::array::uniform4("[a-c]{0,4}"),
            days in prop::array::uniform2(1..3_i8),
            shares_member: bool,
        ) {
            let [first, last, other_first, other_last] = &names;
            let one = Features {
                first_name: first,
                last_name: last,
                date_of_birth: Date::constant(1980, 2, days[0]),
                phone: None,
                email: None,
            };
            let other = Features {
                first_name: other_first,
                last_name: other_last,
                date_of_birth: Date::constant(1980, 2, days[1]),
                ..one
            };
            let found = likeness(&one, &other, shares_member);
            prop_assert_eq!(&found, &likeness(&other, &one, shares_member));
        }
    }
}
