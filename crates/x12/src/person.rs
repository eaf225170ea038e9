//! Reading the segments that describe a person or a party: NM1, N3, N4, DMG, INS, REF, HI, PER.

use crate::answer::{Party, Person};
use crate::date::{Date, PlanDate, read_period};
use crate::limits::MAX_REPEATS;
use crate::segment::{Segment, value};
use crate::warning::{WarningCode, Warnings};

/// Adds to a list unless it is full, which leaves a warning.
pub(crate) fn push<T>(list: &mut Vec<T>, item: T, segment: &Segment<'_>, warnings: &mut Warnings) {
    if list.len() < MAX_REPEATS {
        list.push(item);
    } else if !warnings.has(WarningCode::RepeatsLeftOut) {
        warnings.add(
            WarningCode::RepeatsLeftOut,
            Some(segment.index),
            format!("more than {MAX_REPEATS} segments of one kind; the rest was left out"),
        );
    }
}

/// NM1 of a person.
pub(crate) fn name(person: &mut Person, segment: &Segment<'_>) {
    person.last = segment.field(3);
    person.first = segment.field(4);
    person.middle = segment.field(5);
    person.suffix = segment.field(7);
    person.id_qualifier = segment.field(8);
    person.member_id = segment.field(9);
}

/// NM1 of a party.
pub(crate) fn party(segment: &Segment<'_>) -> Party {
    Party {
        entity: segment.field(1),
        name: segment.field(3),
        first: segment.field(4),
        id_qualifier: segment.field(8),
        id: segment.field(9),
        ..Party::default()
    }
}

/// PER of a party: pairs of what it is and the number. The first of each kind is kept.
pub(crate) fn contact(party: &mut Party, segment: &Segment<'_>) {
    if party.contact.is_none() {
        party.contact = segment.field(2);
    }
    for number in [3, 5, 7] {
        let place = match segment.bytes(number) {
            b"TE" | b"WP" | b"CP" => &mut party.phone,
            b"UR" => &mut party.url,
            b"EM" => &mut party.email,
            _ => continue,
        };
        if place.is_none() {
            *place = segment.field(number + 1);
        }
    }
}

/// Reads a segment of a person other than NM1; tells whether it was one of them.
pub(crate) fn detail(person: &mut Person, segment: &Segment<'_>, warnings: &mut Warnings) -> bool {
    match segment.name() {
        b"N3" => {
            for line in [segment.field(1), segment.field(2)].into_iter().flatten() {
                push(&mut person.address_lines, line, segment, warnings);
            }
        }
        b"N4" => {
            person.city = segment.field(1);
            person.state = segment.field(2);
            person.zip = segment.field(3);
        }
        b"DMG" => {
            person.birth_date = birth_date(segment, warnings);
            person.sex = segment.field(3);
        }
        b"INS" => {
            person.relationship = segment.field(2);
            person.changed_demographics = segment.bytes(3) == b"001" && segment.bytes(4) == b"25";
        }
        b"REF" => {
            if matches!(segment.bytes(1), b"6P" | b"1L") && person.group_number.is_none() {
                person.group_number = segment.field(2);
            }
            if let Some(found) = reference(segment) {
                push(&mut person.references, found, segment, warnings);
            }
        }
        b"HI" => diagnoses(person, segment, warnings),
        _ => return false,
    }
    true
}

fn birth_date(segment: &Segment<'_>, warnings: &mut Warnings) -> Option<Date> {
    let text = segment.text(2)?;
    let found = read_period(&segment.code(1), &text).map(|(from, _)| from);
    if found.is_none() {
        warnings.add(
            WarningCode::DateUnreadable,
            Some(segment.index),
            "the birth date cannot be read",
        );
    }
    found
}

/// REF as qualifier and value.
pub(crate) fn reference(segment: &Segment<'_>) -> Option<(String, String)> {
    Some((segment.field(1).unwrap_or_default(), segment.field(2).or_else(|| segment.field(3))?))
}

fn diagnoses(person: &mut Person, segment: &Segment<'_>, warnings: &mut Warnings) {
    let component = segment.delimiters.component;
    for element in segment.elements_from(1).take(MAX_REPEATS) {
        let mut parts = element.split(|byte| *byte == component);
        let qualifier = parts.next().and_then(value).unwrap_or_default();
        if let Some(code) = parts.next().and_then(value) {
            push(&mut person.diagnoses, (qualifier, code), segment, warnings);
        }
    }
}

/// DTP as a date of the plan, or a warning.
pub(crate) fn plan_date(segment: &Segment<'_>, warnings: &mut Warnings) -> Option<PlanDate> {
    let found = segment
        .text(3)
        .and_then(|text| read_period(&segment.code(2), &text))
        .map(|(from, to)| PlanDate { qualifier: segment.field(1).unwrap_or_default(), from, to });
    let Some(found) = found else {
        warnings.add(WarningCode::DateUnreadable, Some(segment.index), "a date cannot be read");
        return None;
    };
    if found.to.is_some_and(|to| to < found.from) {
        warnings.add(
            WarningCode::DateReversed,
            Some(segment.index),
            "a period ends before it begins",
        );
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delimiters::Delimiters;
    use crate::segment::Segments;

    fn read(text: &str) -> (Person, Warnings) {
        let (mut person, mut warnings) = (Person::default(), Warnings::default());
        for segment in Segments::new(text.as_bytes(), Delimiters::default(), 0) {
            if segment.name() == b"NM1" {
                name(&mut person, &segment);
            } else {
                detail(&mut person, &segment, &mut warnings);
            }
        }
        (person, warnings)
    }

    #[test]
    fn a_person_is_read() {
        let (person, warnings) = read(
            "NM1*IL*1*SAMPLE*PAT*Q**JR*MI*1EG4TE5MK73~N3*1 TEST WAY*UNIT 2~N4*TESTVILLE*NY*00000~\
             DMG*D8*19800229*F~INS*Y*18*001*25~REF*6P*GRP1*TEST GROUP~HI*BK:123*BF:456~",
        );
        assert_eq!(person.last.as_deref(), Some("SAMPLE"));
        assert_eq!(person.suffix.as_deref(), Some("JR"));
        assert_eq!(person.member_id.as_deref(), Some("1EG4TE5MK73"));
        assert_eq!(person.address_lines, ["1 TEST WAY", "UNIT 2"]);
        assert_eq!(person.birth_date, Date::new(1980, 2, 29));
        assert_eq!(person.group_number.as_deref(), Some("GRP1"));
        assert_eq!(person.diagnoses.len(), 2);
        assert!(person.changed_demographics);
        assert!(warnings.into_vec().is_empty());
    }

    #[test]
    fn a_date_that_is_none_is_a_warning() {
        let (person, warnings) = read("DMG*D8*19800230*F~");
        assert_eq!(person.birth_date, None);
        assert!(warnings.has(WarningCode::DateUnreadable));
    }

    #[test]
    fn the_first_contact_of_each_kind_is_kept() {
        let text = "PER*IC*HELP*TE*5550100*UR*payer.example~PER*IC**TE*5550199*EM*a@payer.example~";
        let mut party = Party::default();
        for segment in Segments::new(text.as_bytes(), Delimiters::default(), 0) {
            contact(&mut party, &segment);
        }
        assert_eq!(party.phone.as_deref(), Some("5550100"));
        assert_eq!(party.url.as_deref(), Some("payer.example"));
        assert_eq!(party.email.as_deref(), Some("a@payer.example"));
    }
}
