//! Writing a 270, segment by segment in the order of the format.

use std::ops::RangeInclusive;

use super::letters::plain_name;
use super::unwritable::{Field, Unwritable};
use super::{Inquiry, InquiryDependent, InquiryPerson, InquiryProvider, TradingPartner};
use crate::date::{Date, DateTime};
use crate::delimiters::Delimiters;

/// The release of the format and of its guide.
const VERSION: &str = "005010X279A1";
/// The most that the nine digits of a control number hold.
const MAX_CONTROL: u32 = 999_999_999;
/// NM103.
const MAX_LAST_CHARS: usize = 60;
/// NM104.
const MAX_FIRST_CHARS: usize = 35;
/// NM109.
const ID_CHARS: RangeInclusive<usize> = 2..=80;
/// TRN02 and BHT03.
const TRACE_CHARS: RangeInclusive<usize> = 1..=50;
/// TRN03.
const ORIGINATOR_CHARS: RangeInclusive<usize> = 10..=10;
/// GS02 and GS03 have at least two, ISA06 and ISA08 at most fifteen, to which they are filled up.
const PARTNER_CHARS: RangeInclusive<usize> = 2..=15;
/// ISA05 and ISA07, as the guides for health care know them.
const PARTNER_QUALIFIERS: [&str; 9] = ["01", "14", "20", "27", "28", "29", "30", "33", "ZZ"];
/// INS02 of a question.
const RELATIONSHIPS: [&str; 3] = ["01", "19", "34"];
/// What an NPI's check digit is reckoned with: the prefix of health cards in the United States.
const NPI_PREFIX: [u8; 5] = [8, 0, 8, 4, 0];
const NPI_DIGITS: usize = 10;

/// The delimiters that every question is written with.
const DELIMITERS: Delimiters =
    Delimiters { element: b'*', repetition: Some(b'^'), component: b':', terminator: b'~' };

/// The text of the question, without line breaks.
///
/// # Errors
/// The first of the question's [`faults`].
pub fn write(inquiry: &Inquiry) -> Result<String, Unwritable> {
    let draft = Draft::of(inquiry);
    match draft.faults.first() {
        Some(fault) => Err(*fault),
        None => Ok(draft.text),
    }
}

/// Everything that keeps the question from being written, in the order of the format.
pub fn faults(inquiry: &Inquiry) -> Vec<Unwritable> {
    Draft::of(inquiry).faults
}

/// Whether these are ten digits of which the last is the right check digit.
pub fn is_npi(text: &str) -> bool {
    let digits = text.bytes().map(|byte| byte.wrapping_sub(b'0'));
    if text.len() != NPI_DIGITS || digits.clone().any(|digit| digit > 9) {
        return false;
    }
    let all = NPI_PREFIX.into_iter().chain(digits);
    let sum: u32 = all
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let weighted = if at % 2 == 1 { digit * 2 } else { digit };
            u32::from(weighted / 10 + weighted % 10)
        })
        .sum();
    sum.is_multiple_of(10)
}

/// A question while it is written. What cannot be written leaves a fault and an empty element.
#[derive(Default)]
struct Draft {
    text: String,
    /// The segments since ST, it included.
    segments: usize,
    faults: Vec<Unwritable>,
}

impl Draft {
    fn of(inquiry: &Inquiry) -> Self {
        let mut draft = Self::default();
        draft.envelope(inquiry);
        draft
    }

    fn envelope(&mut self, inquiry: &Inquiry) {
        if !(1..=MAX_CONTROL).contains(&inquiry.control) {
            self.faults.push(Unwritable::Control);
        }
        let control = inquiry.control.to_string();
        let nine = format!("{:09}", inquiry.control);
        let (day, time) = self.moment(inquiry.written_at);
        let short_day = day.get(2..).unwrap_or_default();
        let short_time = time.get(..4).unwrap_or_default();
        let (from_kind, from) =
            self.partner(&inquiry.sender, Field::SenderQualifier, Field::SenderId);
        let (to_kind, to) =
            self.partner(&inquiry.receiver, Field::ReceiverQualifier, Field::ReceiverId);
        let test = if inquiry.is_test { 'T' } else { 'P' };
        let blanks = " ".repeat(10);
        // The header's elements have fixed widths, so it is not written like the other segments.
        self.text = format!(
            "ISA*00*{blanks}*00*{blanks}*{from_kind}*{from:<15}*{to_kind}*{to:<15}*{short_day}*\
             {short_time}*^*00501*{nine}*0*{test}*:~"
        );
        self.segment(&["GS", "HS", &from, &to, &day, short_time, &control, "X", VERSION]);
        let number = format!("{:04}", inquiry.control);
        self.segments = 0;
        self.segment(&["ST", "270", &number, VERSION]);
        self.transaction(inquiry, &day, &time);
        let count = (self.segments + 1).to_string();
        self.segment(&["SE", &count, &number]);
        self.segment(&["GE", "1", &control]);
        self.segment(&["IEA", "1", &nine]);
    }

    fn transaction(&mut self, inquiry: &Inquiry, day: &str, time: &str) {
        let trace = self.code(Field::Trace, &inquiry.trace, &TRACE_CHARS, &['-']);
        self.segment(&["BHT", "0022", "13", &trace, day, time]);
        self.segment(&["HL", "1", "", "20", "1"]);
        let name = self.name(Field::PayerName, &inquiry.payer.name, MAX_LAST_CHARS);
        self.needed(Field::PayerName, &name);
        let id = self.id(Field::PayerId, &inquiry.payer.id, &ID_CHARS);
        self.segment(&["NM1", "PR", "2", &name, "", "", "", "", "PI", &id]);
        self.segment(&["HL", "2", "1", "21", "1"]);
        self.provider(&inquiry.provider);
        let originator = self.code(Field::Originator, &inquiry.originator, &ORIGINATOR_CHARS, &[]);
        let trace = ["TRN", "1", &trace, &originator];
        match &inquiry.dependent {
            None => {
                self.segment(&["HL", "3", "2", "22", "0"]);
                self.segment(&trace);
                self.subscriber(&inquiry.subscriber, true);
            }
            Some(dependent) => {
                self.segment(&["HL", "3", "2", "22", "1"]);
                self.subscriber(&inquiry.subscriber, false);
                self.segment(&["HL", "4", "3", "23", "0"]);
                self.segment(&trace);
                self.dependent(dependent);
            }
        }
        if let Some(date) = inquiry.service_date {
            let date = self.date(Field::ServiceDate, date);
            self.segment(&["DTP", "291", "D8", &date]);
        }
        let service = inquiry.service_type.trim().to_ascii_uppercase();
        let is_service = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if !(1..=2).contains(&service.len()) || !service.bytes().all(is_service) {
            self.faults.push(Unwritable::ServiceType);
        }
        self.segment(&["EQ", &service]);
    }

    fn provider(&mut self, provider: &InquiryProvider) {
        let name = self.name(Field::ProviderName, &provider.name, MAX_LAST_CHARS);
        self.needed(Field::ProviderName, &name);
        let (kind, first) = match &provider.first {
            None => ("2", String::new()),
            Some(first) => ("1", self.name(Field::ProviderFirst, first, MAX_FIRST_CHARS)),
        };
        let npi = provider.npi.trim();
        if npi.is_empty() {
            self.faults.push(Unwritable::Missing(Field::ProviderNpi));
        } else if !is_npi(npi) {
            self.faults.push(Unwritable::NotAnNpi);
        }
        self.segment(&["NM1", "1P", kind, &name, &first, "", "", "", "XX", npi]);
    }

    fn subscriber(&mut self, person: &InquiryPerson, is_patient: bool) {
        let last = self.name(Field::SubscriberLast, &person.last, MAX_LAST_CHARS);
        let first = self.name(Field::SubscriberFirst, &person.first, MAX_FIRST_CHARS);
        if is_patient {
            self.needed(Field::SubscriberLast, &last);
        }
        let id = person.member_id.as_deref().map(str::trim).filter(|id| !id.is_empty());
        // Cards print the letters of an id in capitals, whatever was typed.
        let id = id.map(str::to_ascii_uppercase);
        let id = id.map(|id| self.id(Field::MemberId, &id, &ID_CHARS));
        if id.is_none() && person.birth_date.is_none() {
            self.faults.push(Unwritable::SubscriberNotFindable);
        }
        let (kind, id) = id.map_or(("", String::new()), |id| ("MI", id));
        self.segment(&["NM1", "IL", "1", &last, &first, "", "", "", kind, &id]);
        self.demographics(Field::SubscriberBirthDate, person.birth_date, person.sex.as_deref());
    }

    fn dependent(&mut self, person: &InquiryDependent) {
        let last = self.name(Field::DependentLast, &person.last, MAX_LAST_CHARS);
        self.needed(Field::DependentLast, &last);
        let first = self.name(Field::DependentFirst, &person.first, MAX_FIRST_CHARS);
        if first.is_empty() && person.birth_date.is_none() {
            self.faults.push(Unwritable::DependentNotFindable);
        }
        self.segment(&["NM1", "03", "1", &last, &first]);
        self.demographics(Field::DependentBirthDate, person.birth_date, person.sex.as_deref());
        let relationship = person.relationship.trim();
        if RELATIONSHIPS.contains(&relationship) {
            self.segment(&["INS", "N", relationship]);
        } else if !relationship.is_empty() {
            self.faults.push(Unwritable::Relationship);
        }
    }

    fn demographics(&mut self, field: Field, birth: Option<Date>, sex: Option<&str>) {
        let sex = match sex.map(str::trim) {
            Some("F" | "f") => "F",
            Some("M" | "m") => "M",
            _ => "",
        };
        let birth = birth.map(|date| self.date(field, date));
        match birth {
            Some(birth) => self.segment(&["DMG", "D8", &birth, sex]),
            None if sex.is_empty() => {}
            None => self.segment(&["DMG", "", "", sex]),
        }
    }

    /// Writes a segment without the empty elements at its end.
    fn segment(&mut self, elements: &[&str]) {
        let filled = elements.iter().rposition(|element| !element.is_empty()).unwrap_or(0);
        let written = elements.get(..=filled).unwrap_or_default();
        self.text.push_str(&written.join("*"));
        self.text.push(char::from(DELIMITERS.terminator));
        self.segments += 1;
    }

    fn needed(&mut self, field: Field, value: &str) {
        let is_told = self.faults.iter().any(|fault| fault.field() == field);
        if value.is_empty() && !is_told {
            self.faults.push(Unwritable::Missing(field));
        }
    }

    fn name(&mut self, field: Field, text: &str, max_chars: usize) -> String {
        match plain_name(text) {
            Ok(name) => name.get(..max_chars).map_or(name.as_str(), str::trim_end).to_owned(),
            Err(letter) => {
                self.faults.push(Unwritable::Letter { field, letter });
                String::new()
            }
        }
    }

    fn id(&mut self, field: Field, text: &str, chars: &RangeInclusive<usize>) -> String {
        let id = text.trim();
        if id.is_empty() {
            self.faults.push(Unwritable::Missing(field));
        } else if let Some(sign) = id.chars().find(|sign| !is_carried(*sign)) {
            self.faults.push(Unwritable::Sign { field, sign });
        } else if !chars.contains(&id.len()) {
            let (min, max) = (*chars.start(), *chars.end());
            self.faults.push(Unwritable::Length { field, min, max });
        } else {
            return id.to_owned();
        }
        String::new()
    }

    fn partner(&mut self, partner: &TradingPartner, kind: Field, id: Field) -> (String, String) {
        let qualifier = partner.qualifier.trim();
        if !PARTNER_QUALIFIERS.contains(&qualifier) {
            self.faults.push(Unwritable::Qualifier(kind));
        }
        (qualifier.to_owned(), self.id(id, &partner.id, &PARTNER_CHARS))
    }

    /// An id of letters and digits alone, and the signs of `also`.
    fn code(
        &mut self,
        field: Field,
        text: &str,
        chars: &RangeInclusive<usize>,
        also: &[char],
    ) -> String {
        let id = self.id(field, text, chars);
        match id.chars().find(|sign| !sign.is_ascii_alphanumeric() && !also.contains(sign)) {
            None => id,
            Some(sign) => {
                self.faults.push(Unwritable::Sign { field, sign });
                String::new()
            }
        }
    }

    fn date(&mut self, field: Field, date: Date) -> String {
        if let Some(Date { year, month, day }) = Date::new(date.year, date.month, date.day) {
            format!("{year:04}{month:02}{day:02}")
        } else {
            self.faults.push(Unwritable::NoSuchTime(field));
            String::new()
        }
    }

    fn moment(&mut self, at: DateTime) -> (String, String) {
        let day = self.date(Field::WrittenAt, at.date());
        if day.is_empty() {
            return (day, String::new());
        }
        if at.hour > 23 || at.minute > 59 || at.second > 59 {
            self.faults.push(Unwritable::NoSuchTime(Field::WrittenAt));
            return (day, String::new());
        }
        (day, format!("{:02}{:02}{:02}", at.hour, at.minute, at.second))
    }
}

/// Whether an id may have this sign: one of the format's, and not a delimiter.
fn is_carried(sign: char) -> bool {
    let Ok(byte) = u8::try_from(sign) else { return false };
    let Delimiters { element, repetition, component, terminator } = DELIMITERS;
    let is_delimiter = [element, component, terminator].contains(&byte) || repetition == Some(byte);
    (byte.is_ascii_graphic() || byte == b' ') && !is_delimiter && byte != b'`'
}

#[cfg(test)]
mod tests;
