//! HSD: how often and for how long a service is delivered, in short words of our own.

use crate::segment::Segment;

/// The segment in words, for instance `30 visits per 1 calendar year`.
pub(crate) fn words(segment: &Segment<'_>) -> Option<String> {
    let mut text = Vec::new();
    if let Some(quantity) = segment.field(2) {
        text.push(quantity);
    }
    if let Some(unit) = segment.field(1) {
        text.push(translate(&unit, UNITS));
    }
    if let Some(frequency) = segment.field(4) {
        text.push(format!("every {frequency}"));
    }
    if let Some(measure) = segment.field(3) {
        text.push(format!("per {}", translate(&measure, UNITS)));
    }
    let period = segment.field(5).map(|period| translate(&period, PERIODS));
    match (segment.field(6), period) {
        (Some(count), Some(period)) => text.push(format!("for {count} × {period}")),
        (Some(count), None) => text.push(format!("for {count} periods")),
        (None, Some(period)) => text.push(format!("for {period}")),
        (None, None) => {}
    }
    for (number, name) in [(7, "pattern"), (8, "time")] {
        if let Some(code) = segment.field(number) {
            text.push(format!("({name} {code})"));
        }
    }
    if text.is_empty() { None } else { Some(text.join(" ")) }
}

const UNITS: &[(&str, &str)] = &[
    ("DA", "day"),
    ("DY", "days"),
    ("FL", "units"),
    ("HS", "hours"),
    ("MN", "months"),
    ("MO", "month"),
    ("UN", "units"),
    ("VS", "visits"),
    ("WK", "week"),
    ("YR", "year"),
];

const PERIODS: &[(&str, &str)] = &[
    ("6", "hours"),
    ("7", "days"),
    ("21", "years"),
    ("22", "service year"),
    ("23", "calendar year"),
    ("24", "year to date"),
    ("25", "contract"),
    ("26", "episode"),
    ("27", "visit"),
    ("29", "remaining"),
    ("32", "lifetime"),
    ("33", "lifetime remaining"),
    ("34", "months"),
    ("35", "weeks"),
];

fn translate(code: &str, list: &[(&str, &str)]) -> String {
    let found = list.iter().find(|(known, _)| *known == code);
    found.map_or(code, |(_, word)| word).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delimiters::Delimiters;
    use crate::segment::Segments;

    #[test]
    fn deliveries_are_told_in_words() {
        for (text, expected) in [
            ("HSD*VS*30***23*1~", Some("30 visits for 1 × calendar year")),
            ("HSD*VS*2*WK~", Some("2 visits per week")),
            ("HSD*VS*12*DA**35*6~", Some("12 visits per day for 6 × weeks")),
            ("HSD*QQ*1***99~", Some("1 QQ for 99")),
            ("HSD~", None),
        ] {
            let found = Segments::new(text.as_bytes(), Delimiters::default(), 0)
                .next()
                .and_then(|segment| words(&segment));
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
