//! What a clinic sets for its estimates, and how that is read from what people type.
//!
//! Every fault names the field it concerns as the form sends it, so that one answer tells them
//! all: `stale_after_days`, `network`, `office_types`, `treatment_types`, and for the rows of the
//! table `first_1`, `last_1`, `types_1` and so on.

use std::collections::BTreeMap;

use super::request::{NetworkChoice, STALE_AFTER_DAYS};
use super::service_types::{CodeRange, OFFICE, RANGES, WHOLE_PLAN};
use crate::error::Invalid;

/// The longest time after which a check may count as stale, in days: a leap year.
pub const MAX_STALE_AFTER_DAYS: i64 = 366;
/// The greatest number of service types in one list.
pub const MAX_SERVICE_TYPES: usize = 12;
/// The greatest number of code ranges.
pub const MAX_CODE_RANGES: usize = 200;

/// The greatest length of a procedure code.
const MAX_CODE_LETTERS: usize = 7;
/// The greatest length of a service type.
const MAX_SERVICE_TYPE_LETTERS: usize = 2;
/// The longest list of service types that is read, in bytes.
const MAX_LIST_BYTES: usize = 200;

/// What a clinic sets for its estimates; [`Default`] is what holds until it sets anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EstimateSettings {
    /// After how many days a check counts as stale.
    pub stale_after_days: i64,
    /// The network that is reckoned with unless staff say otherwise.
    pub default_network: NetworkChoice,
    /// The service types of an office visit, the most specific first. The whole plan always comes
    /// last and is not listed, here and below.
    pub office_types: Vec<String>,
    /// The service types of a treatment of which no code lies in a range.
    pub treatment_types: Vec<String>,
    /// The service types of a treatment's codes; the narrowest range that holds a code counts.
    pub ranges: Vec<CodeRange>,
}

impl Default for EstimateSettings {
    fn default() -> Self {
        let owned = |types: &[&str]| types.iter().copied().map(str::to_owned).collect();
        let range = |&(first, last, types): &(&str, &str, &[&str])| CodeRange {
            first: first.to_owned(),
            last: last.to_owned(),
            service_types: owned(types),
        };
        Self {
            stale_after_days: STALE_AFTER_DAYS,
            default_network: NetworkChoice::In,
            office_types: owned(&OFFICE),
            treatment_types: Vec::new(),
            ranges: RANGES.iter().map(range).collect(),
        }
    }
}

/// The settings as they are typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettingsEntry {
    /// A number of days.
    pub stale_after_days: String,
    /// The stored name of a network.
    pub default_network: String,
    /// Service types, parted by commas or blanks.
    pub office_types: String,
    /// Service types, parted by commas or blanks; blank is none.
    pub treatment_types: String,
    /// The rows of the table; those that are blank are none.
    pub ranges: Vec<RangeEntry>,
}

/// A row of the table as it is typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RangeEntry {
    /// The first code.
    pub first: String,
    /// The last code; blank means the first.
    pub last: String,
    /// Service types, parted by commas or blanks.
    pub service_types: String,
}

impl RangeEntry {
    /// Whether nothing is typed.
    pub fn is_blank(&self) -> bool {
        [&self.first, &self.last, &self.service_types].iter().all(|text| text.trim().is_empty())
    }
}

impl EstimateSettings {
    /// Reads what was typed.
    ///
    /// # Errors
    /// Says what is wrong with each field.
    pub fn parse(entry: &SettingsEntry) -> Result<Self, Invalid> {
        let mut faults = Invalid::default();
        let days = faults.collect(parse_days(&entry.stale_after_days));
        let network = faults.collect(parse_network(&entry.default_network));
        let office = parse_types("office_types", &entry.office_types);
        let office = office.and_then(|types| at_least_one("office_types", types));
        let office = faults.collect(office);
        let treatment = faults.collect(parse_types("treatment_types", &entry.treatment_types));
        let ranges = faults.collect(parse_ranges(&entry.ranges));
        match (days, network, office, treatment, ranges) {
            (
                Some(stale_after_days),
                Some(default_network),
                Some(office_types),
                Some(treatment_types),
                Some(ranges),
            ) => Ok(Self {
                stale_after_days,
                default_network,
                office_types,
                treatment_types,
                ranges,
            }),
            _ => Err(faults),
        }
    }

    /// The settings as a form holds them.
    pub fn entry(&self) -> SettingsEntry {
        let range = |range: &CodeRange| RangeEntry {
            first: range.first.clone(),
            last: range.last.clone(),
            service_types: range.service_types.join(", "),
        };
        SettingsEntry {
            stale_after_days: self.stale_after_days.to_string(),
            default_network: self.default_network.as_str().to_owned(),
            office_types: self.office_types.join(", "),
            treatment_types: self.treatment_types.join(", "),
            ranges: self.ranges.iter().map(range).collect(),
        }
    }
}

fn parse_days(text: &str) -> Result<i64, Invalid> {
    let days = text.trim().parse().ok();
    days.filter(|days| (1..=MAX_STALE_AFTER_DAYS).contains(days)).ok_or_else(|| {
        let message = format!("Enter a number of days from 1 to {MAX_STALE_AFTER_DAYS}.");
        Invalid::one("stale_after_days", "out_of_range", message)
    })
}

fn parse_network(name: &str) -> Result<NetworkChoice, Invalid> {
    let unknown = || Invalid::one("network", "unknown", "Choose a network.");
    NetworkChoice::from_name(name).ok_or_else(unknown)
}

/// The service types of a list, each once, in the order in which they were typed.
fn parse_types(field: &str, text: &str) -> Result<Vec<String>, Invalid> {
    if text.len() > MAX_LIST_BYTES {
        let message = format!("A list has at most {MAX_SERVICE_TYPES} service types.");
        return Err(Invalid::one(field, "too_long", message));
    }
    let mut types: Vec<String> = Vec::new();
    let parted = |letter: char| letter == ',' || letter == ';' || letter.is_whitespace();
    for word in text.split(parted).filter(|word| !word.is_empty()) {
        let is_plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if word.len() > MAX_SERVICE_TYPE_LETTERS || !is_plain {
            let message = format!(
                "“{word}” is not a service type: they have one or two letters and digits, such \
                 as 98 or UC."
            );
            return Err(Invalid::one(field, "not_a_service_type", message));
        }
        let kind = word.to_ascii_uppercase();
        if kind == WHOLE_PLAN {
            let message = "The whole plan (30) is always asked last; leave it out.";
            return Err(Invalid::one(field, "whole_plan", message));
        }
        if !types.contains(&kind) {
            types.push(kind);
        }
    }
    if types.len() > MAX_SERVICE_TYPES {
        let message = format!("A list has at most {MAX_SERVICE_TYPES} service types.");
        return Err(Invalid::one(field, "too_many", message));
    }
    Ok(types)
}

fn at_least_one(field: &str, types: Vec<String>) -> Result<Vec<String>, Invalid> {
    if types.is_empty() {
        return Err(Invalid::one(field, "required", "Enter at least one service type."));
    }
    Ok(types)
}

/// The rows that are not blank, in the order of their codes.
fn parse_ranges(rows: &[RangeEntry]) -> Result<Vec<CodeRange>, Invalid> {
    let mut faults = Invalid::default();
    let mut found: BTreeMap<(String, String), (usize, Vec<String>)> = BTreeMap::new();
    let numbered = (1..).zip(rows).filter(|(_, row)| !row.is_blank());
    for (number, row) in numbered {
        let Some(range) = faults.collect(parse_range(number, row)) else { continue };
        let key = (range.first, range.last);
        if let Some((other, _)) = found.get(&key) {
            let message = format!("Row {other} is for the same codes.");
            faults.push(&format!("first_{number}"), "repeated", message);
        } else if found.len() == MAX_CODE_RANGES {
            let message = format!("The table has at most {MAX_CODE_RANGES} rows.");
            faults.push(&format!("first_{number}"), "too_many", message);
            break;
        } else {
            found.insert(key, (number, range.service_types));
        }
    }
    faults.into_result()?;
    let range = |((first, last), (_, service_types))| CodeRange { first, last, service_types };
    Ok(found.into_iter().map(range).collect())
}

fn parse_range(number: usize, row: &RangeEntry) -> Result<CodeRange, Invalid> {
    let field = |name: &str| format!("{name}_{number}");
    let mut faults = Invalid::default();
    let first = faults.collect(parse_code(&field("first"), &row.first));
    let last = match row.last.trim() {
        "" => first.clone(),
        typed => faults.collect(parse_code(&field("last"), typed)),
    };
    let types = parse_types(&field("types"), &row.service_types);
    let types = types.and_then(|types| at_least_one(&field("types"), types));
    let types = faults.collect(types);
    if let (Some(first), Some(last)) = (&first, &last) {
        if first.len() != last.len() {
            faults.push(&field("last"), "other_length", "Both codes must be of one length.");
        } else if last < first {
            let message = format!("This comes before {first}.");
            faults.push(&field("last"), "before_first", message);
        }
    }
    match (first, last, types) {
        (Some(first), Some(last), Some(service_types)) if faults.0.is_empty() => {
            Ok(CodeRange { first, last, service_types })
        }
        _ => Err(faults),
    }
}

fn parse_code(field: &str, text: &str) -> Result<String, Invalid> {
    let code = text.trim().to_ascii_uppercase();
    if code.is_empty() {
        return Err(Invalid::one(field, "required", "Enter the first code."));
    }
    let is_plain = code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if code.len() > MAX_CODE_LETTERS || !is_plain {
        let message = format!("A code has up to {MAX_CODE_LETTERS} letters and digits.");
        return Err(Invalid::one(field, "not_a_code", message));
    }
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(first: &str, last: &str, types: &str) -> RangeEntry {
        RangeEntry {
            first: first.to_owned(),
            last: last.to_owned(),
            service_types: types.to_owned(),
        }
    }

    fn faults(entry: &SettingsEntry) -> Vec<(String, String)> {
        let Err(faults) = EstimateSettings::parse(entry) else { return Vec::new() };
        faults.0.into_iter().map(|fault| (fault.field, fault.code)).collect()
    }

    fn of_rows(rows: Vec<RangeEntry>) -> SettingsEntry {
        SettingsEntry { ranges: rows, ..EstimateSettings::default().entry() }
    }

    #[test]
    fn the_defaults_are_read_back_as_they_are() {
        let settings = EstimateSettings::default();
        assert_eq!(EstimateSettings::parse(&settings.entry()), Ok(settings.clone()));
        assert_eq!((settings.stale_after_days, settings.ranges.len()), (30, 34));
    }

    #[test]
    fn what_is_typed_loosely_is_read_and_put_in_order() {
        let entry = SettingsEntry {
            stale_after_days: " 14 ".to_owned(),
            default_network: "out".to_owned(),
            office_types: "uc; 98 98,by".to_owned(),
            treatment_types: " ".to_owned(),
            ranges: vec![row("j9000", " j9999", "78 on"), row(" ", "", ""), row("99213", "", "98")],
        };
        let settings = EstimateSettings::parse(&entry).unwrap();
        assert_eq!((settings.stale_after_days, settings.default_network.as_str()), (14, "out"));
        assert_eq!(settings.office_types, ["UC", "98", "BY"]);
        assert!(settings.treatment_types.is_empty());
        let shown: Vec<_> = settings.entry().ranges;
        assert_eq!(shown, [row("99213", "99213", "98"), row("J9000", "J9999", "78, ON")]);
    }

    #[test]
    fn every_fault_is_told_beside_its_field() {
        let entry = SettingsEntry {
            stale_after_days: "0".to_owned(),
            default_network: "both".to_owned(),
            office_types: String::new(),
            treatment_types: "30".to_owned(),
            ranges: vec![
                row("99213", "99212", "98"),
                row("99213", "J17", "visit"),
                row("", "99215", ""),
                row("9921-3", "12345678", "é"),
                row("10000", "10001", "2"),
                row("10000", "10001", "1"),
            ],
        };
        let expected = [
            ("stale_after_days", "out_of_range"),
            ("network", "unknown"),
            ("office_types", "required"),
            ("treatment_types", "whole_plan"),
            ("last_1", "before_first"),
            ("types_2", "not_a_service_type"),
            ("last_2", "other_length"),
            ("first_3", "required"),
            ("types_3", "required"),
            ("first_4", "not_a_code"),
            ("last_4", "not_a_code"),
            ("types_4", "not_a_service_type"),
            ("first_6", "repeated"),
        ];
        let expected = expected.map(|(field, code)| (field.to_owned(), code.to_owned()));
        assert_eq!(faults(&entry), expected);
    }

    #[test]
    fn lists_and_tables_are_bounded() {
        let many = |count: usize| {
            let types: Vec<String> = (0..count).map(|n| format!("Z{n:X}")).collect();
            SettingsEntry { office_types: types.join(" "), ..EstimateSettings::default().entry() }
        };
        assert!(faults(&many(MAX_SERVICE_TYPES)).is_empty());
        assert_eq!(faults(&many(MAX_SERVICE_TYPES + 1))[0].1, "too_many");
        assert_eq!(faults(&many(16 * MAX_LIST_BYTES))[0].1, "too_long");
        let rows = |count: usize| {
            let code = |n: usize| row(&format!("{n:05}"), "", "98");
            of_rows((0..count).map(code).collect())
        };
        assert!(faults(&rows(MAX_CODE_RANGES)).is_empty());
        let fault = ("first_201".to_owned(), "too_many".to_owned());
        assert_eq!(faults(&rows(MAX_CODE_RANGES + 5)), [fault]);
        let days = |days: &str| {
            let stale_after_days = days.to_owned();
            faults(&SettingsEntry { stale_after_days, ..EstimateSettings::default().entry() })
        };
        assert!(days("1").is_empty() && days("366").is_empty());
        for wrong in ["", "367", "-1", "1.5", "99999999999999999999", "٣"] {
            assert_eq!(days(wrong).len(), 1, "{wrong}");
        }
    }
}
