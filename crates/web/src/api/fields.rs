//! Reads what a program sent into the types of a call. Every fault is collected, so that one
//! answer names them all; a field that nobody asked for is one.

use std::ops::RangeInclusive;
use std::str::FromStr;

use almoner_domain::text::MAX_LINE_BYTES;
use almoner_domain::{Invalid, Money, time};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::json::Json;

/// Faults that one answer names at most.
const MAX_FAULTS: usize = 50;
/// The most letters of an unknown name that are told back.
const MAX_NAME_LETTERS: usize = 60;

/// The years of the moments that are taken.
const YEARS: std::ops::Range<i16> = 1900..2200;

/// What is wrong with a value: a stable code, and the way out in words.
#[derive(Debug)]
pub(super) struct Wrong {
    code: &'static str,
    message: String,
}

/// A value that was read.
pub(super) type Read<T> = Result<T, Wrong>;

/// A type that a call takes.
pub(super) trait FromFields: Sized {
    /// Reads it; `None` when a field that it needs is missing or wrong, which is noted then.
    fn read(fields: &mut Fields<'_>) -> Option<Self>;
}

/// The fields of an object, and what was found wrong with them so far.
pub(super) struct Fields<'a> {
    path: String,
    pairs: &'a [(String, Json)],
    known: Vec<&'static str>,
    repeatable: Vec<&'static str>,
    faults: Invalid,
}

/// Reads a whole body or query.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn read<T: FromFields>(json: &Json) -> Result<T, Invalid> {
    let Json::Object(pairs) = json else {
        let message = format!("Send an object with fields, not {}.", json.kind());
        return Err(Invalid::one("", "not_an_object", message));
    };
    let mut fields = Fields::new(String::new(), pairs);
    let value = T::read(&mut fields);
    let faults = fields.end();
    match value {
        Some(value) if faults.0.is_empty() => Ok(value),
        _ => Err(faults),
    }
}

/// What becomes of a field that may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change<T> {
    /// It was not sent and stays as it is.
    Kept,
    /// It was sent: a value, or `null`, which empties it.
    To(Option<T>),
}

impl<T: Clone> Change<T> {
    /// What the field holds afterwards.
    pub(super) fn over(&self, standing: Option<T>) -> Option<T> {
        match self {
            Self::Kept => standing,
            Self::To(value) => value.clone(),
        }
    }
}

impl<T> Change<Option<T>> {
    /// A value that is nothing, such as a blank text, empties the field as well.
    pub(super) fn flatten(self) -> Change<T> {
        match self {
            Self::Kept => Change::Kept,
            Self::To(value) => Change::To(value.flatten()),
        }
    }
}

impl<'a> Fields<'a> {
    fn new(path: String, pairs: &'a [(String, Json)]) -> Self {
        Self { path, pairs, known: Vec::new(), repeatable: Vec::new(), faults: Invalid::default() }
    }

    /// Notes that something is wrong with a field.
    pub(super) fn fault(&mut self, name: &str, code: &str, message: impl Into<String>) {
        if self.faults.0.len() < MAX_FAULTS {
            let name: String = name.chars().take(MAX_NAME_LETTERS).collect();
            self.faults.push(&format!("{}{name}", self.path), code, message);
        }
    }

    /// The value of a field; `null` is as good as none.
    fn value(&mut self, name: &'static str) -> Option<&'a Json> {
        self.known.push(name);
        let value = &self.pairs.iter().find(|pair| pair.0 == name)?.1;
        (*value != Json::Null).then_some(value)
    }

    fn noted<T>(&mut self, name: &'static str, read: Read<T>) -> Option<T> {
        read.map_err(|Wrong { code, message }| self.fault(name, code, message)).ok()
    }

    /// A field that must be there.
    pub(super) fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Json) -> Read<T>,
    ) -> Option<T> {
        let Some(value) = self.value(name) else {
            self.fault(name, "required", format!("Send {name}."));
            return None;
        };
        self.noted(name, read(value))
    }

    /// A field that may be missing.
    pub(super) fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Json) -> Read<T>,
    ) -> Option<T> {
        let value = self.value(name)?;
        self.noted(name, read(value))
    }

    /// Whether a field was sent with a value.
    pub(super) fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|pair| pair.0 == name && pair.1 != Json::Null)
    }

    /// A field that is left as it is when it is missing, and emptied by `null`.
    pub(super) fn change<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Json) -> Read<T>,
    ) -> Change<T> {
        let is_emptied = self.pairs.iter().any(|pair| pair.0 == name && pair.1 == Json::Null);
        match self.optional(name, read) {
            None if is_emptied => Change::To(None),
            None => Change::Kept,
            value => Change::To(value),
        }
    }

    /// The values of a field that may be sent several times, as a query sends a list.
    pub(super) fn each<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&Json) -> Read<T>,
    ) -> Vec<T> {
        self.known.push(name);
        self.repeatable.push(name);
        let sent = self.pairs.iter().filter(|pair| pair.0 == name);
        sent.filter_map(|(_, value)| self.noted(name, read(value))).collect()
    }

    /// A group of fields that may be missing.
    pub(super) fn group<T: FromFields>(&mut self, name: &'static str) -> Option<T> {
        let Json::Object(pairs) = self.value(name)? else {
            self.fault(name, "not_an_object", format!("Send {name} as an object with fields."));
            return None;
        };
        let mut inner = Fields::new(format!("{}{name}.", self.path), pairs);
        let value = T::read(&mut inner);
        self.faults.0.append(&mut inner.end().0);
        value
    }

    /// A list of groups of fields that may be missing; each is named by its place, from nought.
    pub(super) fn groups<T: FromFields>(
        &mut self,
        name: &'static str,
        count: RangeInclusive<usize>,
    ) -> Option<Vec<T>> {
        let items = self.optional(name, list(count, |item| Ok(item.clone())))?;
        let mut values = Vec::with_capacity(items.len());
        for (place, item) in items.iter().enumerate() {
            let Json::Object(pairs) = item else {
                let message = format!("Send an object with fields, not {}.", item.kind());
                self.fault(&format!("{name}.{place}"), "not_an_object", message);
                continue;
            };
            let mut inner = Fields::new(format!("{}{name}.{place}.", self.path), pairs);
            values.extend(T::read(&mut inner));
            let room = MAX_FAULTS.saturating_sub(self.faults.0.len());
            self.faults.0.extend(inner.end().0.into_iter().take(room));
        }
        Some(values)
    }

    /// Notes what nobody asked for, and what was sent twice.
    fn end(mut self) -> Invalid {
        for (index, (name, _)) in self.pairs.iter().enumerate() {
            if !self.known.iter().any(|known| known == name) {
                let message = "There is no such field here; fields are not guessed.";
                self.fault(name, "unknown_field", message);
            } else if self.pairs[..index].iter().any(|earlier| earlier.0 == *name)
                && !self.repeatable.iter().any(|repeatable| repeatable == name)
            {
                self.fault(name, "duplicate_field", "Send the field once.");
            }
        }
        self.faults
    }
}

/// A fault of the value that is read.
///
/// # Errors
/// Always: that fault.
pub(super) fn wrong<T>(code: &'static str, message: impl Into<String>) -> Read<T> {
    Err(Wrong { code, message: message.into() })
}

pub(super) fn text(json: &Json) -> Read<&str> {
    match json {
        Json::Text(text) => Ok(text),
        other => wrong("not_a_text", format!("Send a text, not {}.", other.kind())),
    }
}

/// A text, to be kept.
pub(super) fn owned(json: &Json) -> Read<String> {
    text(json).map(str::to_owned)
}

/// Exactly so many digits, and nothing around them.
pub(super) fn all_digits(count: usize, code: &'static str) -> impl FnOnce(&Json) -> Read<String> {
    move |json| {
        let sent = text(json)?;
        if sent.len() != count || !sent.bytes().all(|byte| byte.is_ascii_digit()) {
            return wrong(code, format!("Send {count} digits and nothing else."));
        }
        Ok(sent.to_owned())
    }
}

/// A single line of at most so many bytes as any may have.
pub(super) fn line(json: &Json) -> Read<String> {
    let sent = text(json)?;
    if sent.len() > MAX_LINE_BYTES {
        return wrong("too_long", format!("Send at most {MAX_LINE_BYTES} bytes."));
    }
    Ok(sent.to_owned())
}

/// Text with line breaks, of at most so many bytes; blank is none.
pub(super) fn paragraph(max_bytes: usize) -> impl FnOnce(&Json) -> Read<Option<String>> {
    move |json| {
        let read = almoner_domain::text::paragraph("", text(json)?, max_bytes);
        read.or_else(|_| wrong("too_long", format!("Send at most {max_bytes} bytes.")))
    }
}

/// A moment as RFC 3339, such as `2026-11-23T15:00:00Z`, as exact as it is stored: to a
/// microsecond.
pub(super) fn moment(json: &Json) -> Read<Timestamp> {
    let sent = text(json)?;
    let read = sent.parse::<Timestamp>().ok().filter(|at| YEARS.contains(&year(*at)));
    let read = read.map(|at| time::from_micros(time::micros(at)));
    read.map_or_else(|| wrong("not_a_time", "Send a time such as 2026-11-23T15:00:00Z."), Ok)
}

fn year(at: Timestamp) -> i16 {
    at.to_zoned_datetime(TimeZone::UTC).year()
}

/// An id, such as `PAT-001`.
pub(super) fn id<T: FromStr<Err: std::fmt::Display>>(json: &Json) -> Read<T> {
    let read = text(json)?.parse::<T>();
    read.or_else(|error| wrong("not_an_id", format!("This is no id: {error}.")))
}

/// One of several words.
pub(super) fn word<T: Copy>(words: &[(T, &str)]) -> impl FnOnce(&Json) -> Read<T> {
    move |json| {
        let sent = text(json)?;
        let found = words.iter().find(|(_, word)| *word == sent);
        let names: Vec<&str> = words.iter().map(|(_, word)| *word).collect();
        let message = || format!("Send one of: {}.", names.join(", "));
        found.map_or_else(|| wrong("not_one_of", message()), |(value, _)| Ok(*value))
    }
}

/// A list of so many values, each read alike.
pub(super) fn list<T>(
    count: RangeInclusive<usize>,
    item: impl Fn(&Json) -> Read<T>,
) -> impl FnOnce(&Json) -> Read<Vec<T>> {
    move |json| match json {
        Json::List(items) if count.contains(&items.len()) => items.iter().map(item).collect(),
        Json::List(_) => {
            let (from, to) = count.into_inner();
            wrong("out_of_range", format!("Send a list of {from} to {to} values."))
        }
        other => wrong("not_a_list", format!("Send a list, not {}.", other.kind())),
    }
}

/// An integer in a range.
pub(super) fn integer(range: RangeInclusive<i64>) -> impl FnOnce(&Json) -> Read<i64> {
    move |json| match json {
        Json::Integer(number) if range.contains(number) => Ok(*number),
        Json::Integer(_) => {
            let (from, to) = range.into_inner();
            wrong("out_of_range", format!("Send an integer between {from} and {to}."))
        }
        other => {
            let message = format!("Send an integer such as 12550, not {}.", other.kind());
            wrong("not_an_integer", message)
        }
    }
}

/// An integer in a range, as a query sends it: its digits.
pub(super) fn digits(range: RangeInclusive<i64>) -> impl FnOnce(&Json) -> Read<i64> {
    move |json| match text(json)? {
        sent if sent.starts_with('+') => wrong("not_an_integer", "Send the digits alone."),
        sent => match sent.parse() {
            Ok(number) => integer(range)(&Json::Integer(number)),
            Err(_) => wrong("not_an_integer", "Send an integer such as 12550, in digits."),
        },
    }
}

/// A truth value.
pub(super) fn truth(json: &Json) -> Read<bool> {
    match json {
        Json::Truth(is_true) => Ok(*is_true),
        other => wrong("not_a_truth_value", format!("Send true or false, not {}.", other.kind())),
    }
}

/// An amount in whole cents, from nothing up to `most`.
pub(super) fn cents(most: Money) -> impl FnOnce(&Json) -> Read<Money> {
    move |json| integer(0..=most.cents())(json).map(Money::from_cents)
}

/// A date as `YYYY-MM-DD`.
pub(super) fn date(json: &Json) -> Read<Date> {
    let sent = text(json)?;
    let read = time::parse_date("", sent).ok().filter(|date| date.to_string() == sent);
    read.map_or_else(|| wrong("not_a_date", "Send a date such as 2026-11-23."), Ok)
}

#[cfg(test)]
mod tests {
    use almoner_domain::PatientId;

    use super::*;

    #[derive(Debug)]
    struct Sample;

    impl FromFields for Sample {
        fn read(fields: &mut Fields<'_>) -> Option<Self> {
            let patient = fields.required("patient_id", id::<PatientId>);
            fields.optional("charge_cents", cents(Money::from_cents(1_000)));
            fields.optional("day", date);
            fields.optional("network", word(&[(1, "in"), (2, "out")]));
            fields.group::<Inner>("choices");
            patient.map(|_| Self)
        }
    }

    struct Inner;

    impl FromFields for Inner {
        fn read(fields: &mut Fields<'_>) -> Option<Self> {
            fields.optional("row", integer(0..=9)).map(|_| Self)
        }
    }

    /// The fields that are at fault, each with its code.
    fn faults(text: &str) -> Vec<String> {
        let json = Json::read(text.as_bytes()).expect("the samples are JSON");
        let faults = read::<Sample>(&json).err().unwrap_or_default();
        faults.0.into_iter().map(|fault| format!("{} {}", fault.field, fault.code)).collect()
    }

    #[test]
    fn what_is_right_is_read() {
        let right = r#"{"patient_id":"PAT-001","charge_cents":1000,"day":"2026-02-28",
            "network":"out","choices":{"row":3}}"#;
        assert!(faults(right).is_empty());
        assert!(faults(r#"{"patient_id":"pat-1","charge_cents":null,"choices":null}"#).is_empty());
    }

    #[test]
    fn every_fault_is_named() {
        let told = faults(
            r#"{"charge_cents":1e3,"day":"2026-02-30","network":"IN","price":1,"day":"x",
            "choices":{"row":10,"rule":null}}"#,
        );
        let expected = [
            "patient_id required",
            "charge_cents not_an_integer",
            "day not_a_date",
            "network not_one_of",
            "choices.row out_of_range",
            "choices.rule unknown_field",
            "price unknown_field",
            "day duplicate_field",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn nothing_is_converted() {
        for (value, code) in [
            ("\"100\"", "not_an_integer"),
            ("1.5", "not_an_integer"),
            ("true", "not_an_integer"),
            ("[]", "not_an_integer"),
            ("-1", "out_of_range"),
            ("1001", "out_of_range"),
            ("9223372036854775808", "not_an_integer"),
        ] {
            let body = format!(r#"{{"patient_id":"PAT-001","charge_cents":{value}}}"#);
            assert_eq!(faults(&body), [format!("charge_cents {code}")], "{value}");
        }
        for day in ["2026-1-1", " 2026-01-01", "20260101", "2026-01-01T00:00:00Z", "0001-01-01"] {
            let body = format!(r#"{{"patient_id":"PAT-001","day":"{day}"}}"#);
            assert_eq!(faults(&body), ["day not_a_date"], "{day}");
        }
        assert_eq!(faults(r#"{"patient_id":7}"#), ["patient_id not_a_text"]);
        assert_eq!(faults(r#"{"patient_id":"TRT-001"}"#), ["patient_id not_an_id"]);
        assert_eq!(faults("[]"), [" not_an_object"]);
    }

    #[test]
    fn a_list_in_a_query_is_sent_value_by_value() {
        struct Several(Vec<i64>);

        impl FromFields for Several {
            fn read(fields: &mut Fields<'_>) -> Option<Self> {
                Some(Self(fields.each("n", |json| digits(0..=9)(json))))
            }
        }

        let read = |texts: &[&str]| {
            let pair = |text: &&str| ("n".to_owned(), Json::Text((*text).to_owned()));
            read::<Several>(&Json::Object(texts.iter().map(pair).collect()))
        };
        assert_eq!(read(&["1", "2", "1"]).map(|several| several.0), Ok(vec![1, 2, 1]));
        assert_eq!(read(&[]).map(|several| several.0), Ok(Vec::new()));
        assert_eq!(read(&["1", "x", "10"]).map(|several| several.0).unwrap_err().0.len(), 2);
    }

    struct Code(String);

    impl FromFields for Code {
        fn read(fields: &mut Fields<'_>) -> Option<Self> {
            fields.required("code", owned).map(Self)
        }
    }

    struct Codes(Option<Vec<Code>>);

    impl FromFields for Codes {
        fn read(fields: &mut Fields<'_>) -> Option<Self> {
            Some(Self(fields.groups("codes", 0..=2)))
        }
    }

    #[test]
    fn groups_in_a_list_are_named_by_their_places() {
        let read = |text: &str| -> Result<Option<Vec<String>>, Vec<String>> {
            let json = Json::read(text.as_bytes()).expect("the samples are JSON");
            let told =
                |fault: almoner_domain::FieldError| format!("{} {}", fault.field, fault.code);
            let told = |faults: Invalid| faults.0.into_iter().map(told).collect::<Vec<_>>();
            let codes = read::<Codes>(&json).map_err(told)?.0;
            Ok(codes.map(|codes| codes.into_iter().map(|code| code.0).collect()))
        };
        let (a, b) = ("a".to_owned(), "b".to_owned());
        assert_eq!(read(r#"{"codes":[{"code":"a"},{"code":"b"}]}"#), Ok(Some(vec![a, b])));
        assert_eq!(read(r#"{"codes":[]}"#), Ok(Some(Vec::new())));
        assert_eq!(read("{}"), Ok(None));
        let faults = |text: &str| read(text).expect_err("it is odd");
        assert_eq!(
            faults(r#"{"codes":[{"code":1},{"kode":"b"}]}"#),
            ["codes.0.code not_a_text", "codes.1.code required", "codes.1.kode unknown_field"]
        );
        assert_eq!(faults(r#"{"codes":[1]}"#), ["codes.0 not_an_object"]);
        assert_eq!(faults(r#"{"codes":[{},{},{}]}"#), ["codes out_of_range"]);
        assert_eq!(faults(r#"{"codes":{}}"#), ["codes not_a_list"]);
    }

    #[test]
    fn what_is_left_out_stays_and_null_empties() {
        struct Changed(Change<i64>);

        impl FromFields for Changed {
            fn read(fields: &mut Fields<'_>) -> Option<Self> {
                Some(Self(fields.change("n", integer(0..=9))))
            }
        }

        let read = |text: &str| {
            let json = Json::read(text.as_bytes()).expect("the samples are JSON");
            read::<Changed>(&json).map(|changed| changed.0)
        };
        assert_eq!(read("{}"), Ok(Change::Kept));
        assert_eq!(read(r#"{"n":null}"#), Ok(Change::To(None)));
        assert_eq!(read(r#"{"n":7}"#), Ok(Change::To(Some(7))));
        assert!(read(r#"{"n":10}"#).is_err() && read(r#"{"n":null,"n":1}"#).is_err());
    }

    #[test]
    fn moments_say_their_zone() {
        let at = |text: &str| moment(&Json::Text(text.to_owned())).map_err(|wrong| wrong.code);
        let expected = "2026-11-23T15:00:00Z".parse::<Timestamp>().unwrap();
        assert_eq!(at("2026-11-23T10:00:00-05:00"), Ok(expected));
        for odd in ["2026-11-23", "2026-11-23T15:00:00", "now", "0001-01-01T00:00:00Z", ""] {
            assert_eq!(at(odd), Err("not_a_time"), "{odd}");
        }
    }

    #[test]
    fn a_thousand_faults_are_told_in_few_words() {
        let many: Vec<String> =
            (0..1_000).map(|n| format!("\"{}{n}\":1", "x".repeat(200))).collect();
        let told = faults(&format!("{{{}}}", many.join(",")));
        assert_eq!(told.len(), MAX_FAULTS);
        assert!(told.iter().all(|fault| fault.len() < 100));
    }
}
