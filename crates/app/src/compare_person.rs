//! What a payer says of a person beside what the clinic has on file.
//!
//! A value that one side does not have is no difference: nothing is known about it. Names and
//! addresses are compared without case, accents and punctuation, because payers write all of them
//! in capitals. Payers also shorten addresses in ways of their own, so another address is a
//! difference only when the payer says itself that its data differ from what it was asked about.

use almoner_domain::checks::payer_key;
use almoner_domain::name::normalize;
use almoner_store::patients::{Coverage, Patient};
use serde::Serialize;

use crate::check_answer::StoredAnswer;

/// Something that both a payer and the clinic may know of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonField {
    /// Last name.
    LastName,
    /// First name.
    FirstName,
    /// Date of birth, as `YYYY-MM-DD`.
    DateOfBirth,
    /// The member's id, in the coverage that the check is about.
    MemberId,
    /// `F`, `M` or `X`.
    Sex,
    /// Postal address in one line.
    Address,
}

impl PersonField {
    /// All six, in the order in which they are shown.
    pub const ALL: [Self; 6] = [
        Self::LastName,
        Self::FirstName,
        Self::DateOfBirth,
        Self::MemberId,
        Self::Sex,
        Self::Address,
    ];

    /// The name in forms and in the audit log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LastName => "last_name",
            Self::FirstName => "first_name",
            Self::DateOfBirth => "date_of_birth",
            Self::MemberId => "member_id",
            Self::Sex => "sex",
            Self::Address => "address",
        }
    }

    /// The field with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }

    /// What people call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::LastName => "Last name",
            Self::FirstName => "First name",
            Self::DateOfBirth => "Date of birth",
            Self::MemberId => "Member ID",
            Self::Sex => "Sex",
            Self::Address => "Address",
        }
    }

    /// Whether it says who somebody is, not only where they live.
    pub fn tells_who(self) -> bool {
        matches!(self, Self::LastName | Self::FirstName | Self::DateOfBirth | Self::MemberId)
    }
}

/// A field of a person on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// Which.
    pub field: PersonField,
    /// What the payer says; `None` when it was not returned.
    pub theirs: Option<String>,
    /// What the clinic has; `None` when it is not on file.
    pub ours: Option<String>,
    /// Both are known and are not the same.
    pub differs: bool,
}

/// Each field of the person whom the answer is about, on both sides.
pub fn compare(
    answer: &StoredAnswer,
    payer: &str,
    patient: &Patient,
    coverages: &[Coverage],
) -> Vec<Compared> {
    let (person, fields) = (&answer.patient, &patient.fields);
    let text = |text: &str| Some(text.to_owned());
    let pair = |field: PersonField| match field {
        PersonField::LastName => (person.last_name.clone(), text(&fields.last_name)),
        PersonField::FirstName => (person.first_name.clone(), text(&fields.first_name)),
        PersonField::DateOfBirth => {
            let theirs = person.date_of_birth.map(|date| date.to_string());
            (theirs, Some(fields.date_of_birth.to_string()))
        }
        PersonField::MemberId => {
            let theirs = member_id(answer);
            let place = coverage_of(coverages, payer, theirs);
            let ours = place.and_then(|place| coverages[place].member_id.clone());
            (theirs.map(str::to_owned), ours)
        }
        PersonField::Sex => {
            // A payer that does not know writes U.
            let known = person.sex.as_deref().filter(|sex| ["F", "M", "X"].contains(sex));
            (known.map(str::to_owned), fields.sex.clone())
        }
        PersonField::Address => (person.address.clone(), fields.address.clone()),
    };
    let compared = |field| {
        let (theirs, ours) = pair(field);
        let both = theirs.as_deref().zip(ours.as_deref());
        let is_meant = field != PersonField::Address || person.changed;
        let differs = is_meant && both.is_some_and(|(theirs, ours)| !is_same(field, theirs, ours));
        Compared { field, theirs, ours, differs }
    };
    PersonField::ALL.into_iter().map(compared).collect()
}

fn is_same(field: PersonField, theirs: &str, ours: &str) -> bool {
    match field {
        PersonField::LastName | PersonField::FirstName | PersonField::Address => {
            normalize(theirs) == normalize(ours)
        }
        PersonField::MemberId => theirs.trim().eq_ignore_ascii_case(ours.trim()),
        PersonField::DateOfBirth | PersonField::Sex => theirs == ours,
    }
}

/// The member id that the answer is about: the person's own, or else the subscriber's.
pub(crate) fn member_id(answer: &StoredAnswer) -> Option<&str> {
    answer.patient.member_id.as_deref().or(answer.subscriber.member_id.as_deref())
}

/// The place of the coverage that an answer is about: the one with its member id, else the payer's,
/// else the only one.
pub(crate) fn coverage_of(
    coverages: &[Coverage],
    payer: &str,
    member_id: Option<&str>,
) -> Option<usize> {
    let by_id = coverages.iter().position(|coverage| {
        let both = coverage.member_id.as_deref().zip(member_id);
        both.is_some_and(|(ours, theirs)| is_same(PersonField::MemberId, theirs, ours))
    });
    let by_payer =
        || coverages.iter().position(|coverage| payer_key(&coverage.payer) == payer_key(payer));
    by_id.or_else(by_payer).or_else(|| (coverages.len() == 1).then_some(0))
}

/// The fields that are not the same on both sides, for the audit log.
pub(crate) fn differing(compared: &[Compared]) -> Vec<PersonField> {
    compared.iter().filter(|pair| pair.differs).map(|pair| pair.field).collect()
}

#[cfg(test)]
mod tests {
    use almoner_domain::PatientId;
    use almoner_store::patients::PatientFields;
    use jiff::Timestamp;
    use jiff::civil::Date;

    use super::*;
    use crate::check_answer::AnswerPerson;

    fn patient() -> Patient {
        Patient {
            id: PatientId::new(1),
            fields: PatientFields {
                first_name: "Zoë".to_owned(),
                last_name: "O'Brien".to_owned(),
                date_of_birth: Date::constant(1980, 2, 29),
                sex: Some("F".to_owned()),
                mrn: None,
                phone: None,
                email: None,
                address: Some("1 Sample St., Town NY 10001".to_owned()),
                guarantor: None,
            },
            payment_count: 0,
            version: 1,
            created_at: Timestamp::UNIX_EPOCH,
            modified_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn coverage(payer: &str, member_id: Option<&str>) -> Coverage {
        let member_id = member_id.map(str::to_owned);
        Coverage { payer: payer.to_owned(), member_id, ..Coverage::default() }
    }

    fn answer(person: AnswerPerson) -> StoredAnswer {
        StoredAnswer { patient: person, ..StoredAnswer::default() }
    }

    #[test]
    fn capitals_accents_and_punctuation_are_no_difference() {
        let person = AnswerPerson {
            last_name: Some("OBRIEN".to_owned()),
            first_name: Some("ZOE".to_owned()),
            date_of_birth: Some(Date::constant(1980, 2, 29)),
            sex: Some("U".to_owned()),
            address: Some("1 SAMPLE ST, TOWN, NY, 10001".to_owned()),
            member_id: Some("m-1".to_owned()),
            ..AnswerPerson::default()
        };
        let ours = [coverage("Other", Some("X")), coverage("Sample", Some("M-1"))];
        let compared = compare(&answer(person), "Else", &patient(), &ours);
        assert_eq!(differing(&compared), []);
        assert_eq!(compared[4].theirs, None, "U says nothing");
    }

    #[test]
    fn another_address_counts_when_the_payer_says_that_its_data_differ() {
        for changed in [false, true] {
            let address = Some("9 NEW ROAD".to_owned());
            let person = AnswerPerson { address, changed, ..AnswerPerson::default() };
            let compared = compare(&answer(person), "P", &patient(), &[]);
            assert_eq!(differing(&compared).len(), usize::from(changed));
        }
    }

    #[test]
    fn what_one_side_does_not_know_is_no_difference() {
        let compared = compare(&answer(AnswerPerson::default()), "P", &patient(), &[]);
        assert_eq!(differing(&compared), []);
        assert!(compared.iter().all(|pair| pair.theirs.is_none()));
    }

    #[test]
    fn the_coverage_is_that_of_the_number_then_of_the_payer_then_the_only_one() {
        let two = [coverage("Gold Plan", Some("A")), coverage("Silver Plan", None)];
        assert_eq!(coverage_of(&two, "SILVER PLAN", Some("a")), Some(0));
        assert_eq!(coverage_of(&two, "silver-plan", Some("b")), Some(1));
        assert_eq!(coverage_of(&two, "Else", None), None);
        assert_eq!(coverage_of(&two[..1], "Else", None), Some(0));
    }

    #[test]
    fn fields_are_found_by_their_names() {
        for field in PersonField::ALL {
            assert_eq!(PersonField::from_name(field.as_str()), Some(field));
        }
    }
}
