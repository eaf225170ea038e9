//! Reading an EB segment.
//!
//! What belongs to the row but stands in other segments is read in `related`.

use crate::answer::{Benefit, Network, Procedure};
use crate::decimal::{self, Percent};
use crate::layout::{Layout, Shift, is_network, is_procedure};
use crate::segment::{Segment, value};
use crate::warning::{WarningCode, Warnings};

/// The most modifiers of a procedure.
const MAX_MODIFIERS: usize = 4;

/// Reads an EB segment into a row without its related segments.
pub(crate) fn read(segment: &Segment<'_>, warnings: &mut Warnings) -> Benefit {
    let layout = Layout::of(segment);
    let mut row = Benefit {
        index: segment.index,
        code: segment.code(1),
        level: segment.text(2),
        service_types: service_types(segment, warnings),
        segment: segment.raw_text(),
        ..Benefit::default()
    };
    if row.code.is_empty() {
        warn(warnings, segment, WarningCode::CodeMissing, "a row does not say what it is");
    }
    if layout.is_shifted() {
        let message = "the elements of a row are shifted by one place; they were read from there";
        warn(warnings, segment, WarningCode::ElementsShifted, message);
    }
    plan(&mut row, segment, layout);
    row.period = segment.text(layout.money.place(6));
    if layout.uncertain {
        let message =
            "the elements of a row may be shifted by one place; its figures were not read";
        warn(warnings, segment, WarningCode::ElementsUncertain, message);
    } else {
        figures(&mut row, segment, layout.money, warnings);
    }
    quantity(&mut row, segment, layout);
    tail(&mut row, segment, layout.tail, warnings);
    row
}

fn warn(warnings: &mut Warnings, segment: &Segment<'_>, code: WarningCode, message: &str) {
    warnings.add(code, Some(segment.index), message);
}

/// EB03. Service types are letters and digits only, so whatever else stands there separates them.
fn service_types(segment: &Segment<'_>, warnings: &mut Warnings) -> Vec<String> {
    let bytes = segment.bytes(3);
    let separator = bytes.iter().find(|byte| !byte.is_ascii_alphanumeric());
    if separator.is_some_and(|byte| Some(*byte) != segment.delimiters.repetition) {
        let message = "service types are separated by a character that the header does not name";
        warn(warnings, segment, WarningCode::UndeclaredSeparator, message);
    }
    bytes.split(|byte| !byte.is_ascii_alphanumeric()).filter_map(value).collect()
}

fn plan(row: &mut Benefit, segment: &Segment<'_>, layout: Layout) {
    let long = |number| segment.bytes(number).len() > 3;
    let (insurance, plan) = match layout.money {
        Shift::None => (4, 5),
        // One of the two is missing, and only a plan's name is long.
        Shift::Left if long(4) => (0, 4),
        Shift::Left => (4, 0),
        Shift::Right if segment.bytes(6).is_empty() => (4, 5),
        Shift::Right => (5, 6),
    };
    row.insurance_type = if insurance == 0 { None } else { segment.text(insurance) };
    row.plan = if plan == 0 { None } else { segment.text(plan) };
}

/// EB07 and EB08.
fn figures(row: &mut Benefit, segment: &Segment<'_>, shift: Shift, warnings: &mut Warnings) {
    let money = segment.text(shift.place(7));
    let percent = segment.text(shift.place(8));
    if let Some(text) = percent {
        row.percent_bp = percentage(&text, segment, warnings);
        row.percent_as_sent = Some(text);
    } else if row.code == "A" {
        match &money {
            Some(text) if decimal::percent(text).is_some() => {
                let message = "the percentage stands in the place for money; it was read there";
                warn(warnings, segment, WarningCode::PercentInAmount, message);
                row.percent_bp = percentage(text, segment, warnings);
                row.percent_as_sent = Some(text.clone());
                return;
            }
            _ => {
                let message = "a co-insurance row carries no percentage";
                warn(warnings, segment, WarningCode::PercentMissing, message);
            }
        }
    }
    if let Some(text) = money {
        row.amount_cents = decimal::cents(&text);
        if row.amount_cents.is_none() {
            let message = "an amount of money cannot be read; it counts as not returned";
            warn(warnings, segment, WarningCode::AmountUnreadable, message);
        }
    }
}

fn percentage(text: &str, segment: &Segment<'_>, warnings: &mut Warnings) -> Option<i64> {
    match decimal::percent(text) {
        Some(Percent::Fraction(bp)) => Some(bp),
        Some(Percent::Whole(bp)) => {
            let message = "a percentage was sent as a whole number and divided by one hundred";
            warn(warnings, segment, WarningCode::PercentWhole, message);
            Some(bp)
        }
        None => {
            let message = "a percentage cannot be read; it counts as not returned";
            warn(warnings, segment, WarningCode::PercentUnreadable, message);
            None
        }
    }
}

/// EB09 and EB10. A letter of the tail that was shifted into their place is no quantity.
fn quantity(row: &mut Benefit, segment: &Segment<'_>, layout: Layout) {
    row.quantity_qualifier = segment.text(layout.money.place(9));
    let place = layout.money.place(10);
    if !is_network(segment.bytes(place)) {
        row.quantity = segment.text(place);
    }
}

/// EB11 to EB14.
fn tail(row: &mut Benefit, segment: &Segment<'_>, shift: Shift, warnings: &mut Warnings) {
    row.authorization = segment.text(shift.place(11));
    row.network = match segment.bytes(shift.place(12)) {
        b"" => Network::NotStated,
        b"Y" => Network::In,
        b"N" => Network::Out,
        b"W" => Network::Either,
        b"U" => Network::Unknown,
        _ => {
            let message = "the network indicator is not one of its codes; it counts as unknown";
            warn(warnings, segment, WarningCode::NetworkUnreadable, message);
            Network::Unknown
        }
    };
    row.procedure = procedure(segment, shift.place(13), warnings);
    row.diagnosis_pointers = segment
        .bytes(shift.place(14))
        .split(|byte| !byte.is_ascii_alphanumeric())
        .filter_map(value)
        .collect();
}

/// EB13.
fn procedure(segment: &Segment<'_>, place: usize, warnings: &mut Warnings) -> Option<Procedure> {
    let bytes = segment.bytes(place);
    let declared = segment.delimiters.component;
    let separator = match bytes.get(2) {
        Some(other) if !bytes.contains(&declared) && is_procedure(segment, bytes) => {
            let message = "a procedure is written with a separator that the header does not name";
            warn(warnings, segment, WarningCode::UndeclaredSeparator, message);
            *other
        }
        _ => declared,
    };
    let parts: Vec<_> = bytes.split(|byte| *byte == separator).take(8).map(value).collect();
    let part = |number: usize| parts.get(number).cloned().flatten();
    if parts.len() == 1 {
        return Some(Procedure { code: part(0)?, ..Procedure::default() });
    }
    Some(Procedure {
        qualifier: part(0),
        code: part(1)?,
        modifiers: parts.iter().skip(2).take(MAX_MODIFIERS).flatten().cloned().collect(),
        range_end: part(7),
    })
}

/// Whether a message speaks of the other network than the row.
pub(crate) fn contradicts(network: Network, message: &str) -> bool {
    let words: String = message
        .chars()
        .map(|found| if found.is_alphanumeric() { found.to_ascii_uppercase() } else { ' ' })
        .collect();
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut inside = false;
    let mut outside = false;
    for (at, word) in words.iter().enumerate() {
        let before = |steps: usize| {
            at.checked_sub(steps).and_then(|before| words.get(before)).copied().unwrap_or_default()
        };
        match (*word, before(1), before(2)) {
            ("OON" | "NONPARTICIPATING" | "NONPAR", _, _)
            | ("NETWORK" | "PARTICIPATING" | "PAR", "NON", _)
            | ("NETWORK", "OF", "OUT") => outside = true,
            ("NETWORK", "IN", _) => inside = true,
            ("PARTICIPATING", earlier, _) if earlier != "NOT" => inside = true,
            _ => {}
        }
    }
    match network {
        Network::In => outside && !inside,
        Network::Out => inside && !outside,
        Network::Either | Network::Unknown | Network::NotStated => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delimiters::Delimiters;
    use crate::segment::Segments;

    fn row(text: &str) -> (Benefit, Vec<WarningCode>) {
        let mut warnings = Warnings::default();
        let found = Segments::new(format!("{text}~").as_bytes(), Delimiters::default(), 3)
            .next()
            .map(|segment| read(&segment, &mut warnings));
        let codes = warnings.into_vec().into_iter().map(|warning| warning.code).collect();
        (found.unwrap_or_default(), codes)
    }

    #[test]
    fn a_whole_row_is_read() {
        let text = "EB*B*IND*98^BY*HM*GOLD*27*25.00*.2*VS*10*Y*N*HC:J1745:JW:25*1:2";
        let (row, warnings) = row(text);
        assert_eq!(row.index, 3);
        assert_eq!(row.segment, text);
        assert_eq!((row.code.as_str(), row.level.as_deref()), ("B", Some("IND")));
        assert_eq!(row.service_types, ["98", "BY"]);
        assert_eq!(
            (row.insurance_type.as_deref(), row.plan.as_deref()),
            (Some("HM"), Some("GOLD"))
        );
        assert_eq!((row.period.as_deref(), row.amount_cents), (Some("27"), Some(2500)));
        assert_eq!((row.percent_bp, row.percent_as_sent.as_deref()), (Some(2000), Some(".2")));
        assert_eq!(
            (row.quantity_qualifier.as_deref(), row.quantity.as_deref()),
            (Some("VS"), Some("10"))
        );
        assert_eq!((row.authorization.as_deref(), row.network), (Some("Y"), Network::Out));
        let procedure = row.procedure.unwrap_or_default();
        assert_eq!(
            (procedure.qualifier.as_deref(), procedure.code.as_str()),
            (Some("HC"), "J1745")
        );
        assert_eq!(procedure.modifiers, ["JW", "25"]);
        assert_eq!(row.diagnosis_pointers, ["1", "2"]);
        assert_eq!(warnings, []);
    }

    #[test]
    fn percentages_in_every_shape() {
        for (text, bp, expected) in [
            ("EB*A*IND*30***23**.2", Some(2000), vec![]),
            ("EB*A*IND*30***23**0.20", Some(2000), vec![]),
            ("EB*A*IND*30***23**0", Some(0), vec![]),
            ("EB*A*IND*30***23**20", Some(2000), vec![WarningCode::PercentWhole]),
            ("EB*A*IND*30***23*.2", Some(2000), vec![WarningCode::PercentInAmount]),
            (
                "EB*A*IND*30***23*20",
                Some(2000),
                vec![WarningCode::PercentInAmount, WarningCode::PercentWhole],
            ),
            ("EB*A*IND*30***23**120", None, vec![WarningCode::PercentUnreadable]),
            ("EB*A*IND*30***23**-.2", None, vec![WarningCode::PercentUnreadable]),
            ("EB*A*IND*30", None, vec![WarningCode::PercentMissing]),
        ] {
            let (row, warnings) = row(text);
            assert_eq!((row.percent_bp, row.amount_cents), (bp, None), "{text}");
            assert_eq!(warnings, expected, "{text}");
        }
    }

    #[test]
    fn an_unreadable_amount_is_unknown_and_not_zero() {
        let (row, warnings) = row("EB*C*IND*30***23*N/A");
        assert_eq!(row.amount_cents, None);
        assert_eq!(warnings, [WarningCode::AmountUnreadable]);
        assert!(row.segment.contains("N/A"));
    }

    #[test]
    fn negative_amounts_and_zero_are_kept() {
        assert_eq!(row("EB*C*IND*30***29*-12.50").0.amount_cents, Some(-1250));
        assert_eq!(row("EB*B*IND*30***27*0").0.amount_cents, Some(0));
        assert_eq!(row("EB*B*IND*30***27").0.amount_cents, None);
    }

    #[test]
    fn shifted_elements_are_read_from_where_they_stand() {
        let (left, warnings) = row("EB*C*IND*30*GOLD PLAN*29*500.00*****Y");
        assert_eq!((left.period.as_deref(), left.amount_cents), (Some("29"), Some(50_000)));
        assert_eq!(left.plan.as_deref(), Some("GOLD PLAN"));
        assert_eq!(left.network, Network::In);
        assert_eq!(warnings, [WarningCode::ElementsShifted]);
        let (right, warnings) = row("EB*C*IND*30**HM*GOLD*23*1500*****Y");
        assert_eq!((right.period.as_deref(), right.amount_cents), (Some("23"), Some(150_000)));
        assert_eq!(right.plan.as_deref(), Some("GOLD"));
        assert_eq!((right.percent_bp, right.network), (None, Network::In));
        assert_eq!(warnings, [WarningCode::ElementsShifted]);
    }

    #[test]
    fn procedures_with_other_separators_or_none() {
        let (found, warnings) = row("EB*B*IND*98***27*25*****Y*HC>99213");
        assert_eq!(found.procedure.map(|found| found.code).as_deref(), Some("99213"));
        assert_eq!(warnings, [WarningCode::UndeclaredSeparator]);
        let (found, _) = row("EB*B*IND*98***27*25*****Y*J1745");
        assert_eq!(found.procedure.map(|found| found.code).as_deref(), Some("J1745"));
        let (found, _) = row("EB*B*IND*98***27*25*****Y*N4:00000-0000-01");
        assert_eq!(found.procedure.map(|found| found.code).as_deref(), Some("00000-0000-01"));
    }

    #[test]
    fn undeclared_repetition_separators_are_noticed() {
        let (found, warnings) = row("EB*1**30>98>UC");
        assert_eq!(found.service_types, ["30", "98", "UC"]);
        assert_eq!(warnings, [WarningCode::UndeclaredSeparator]);
    }

    #[test]
    fn messages_may_contradict_the_network() {
        for (network, message, expected) in [
            (Network::In, "OUT OF NETWORK BENEFIT", true),
            (Network::In, "out-of-network", true),
            (Network::In, "Non-participating providers", true),
            (Network::In, "IN NETWORK ONLY", false),
            (Network::In, "IN NETWORK AND OUT OF NETWORK COMBINED", false),
            (Network::Out, "IN-NETWORK TIER 1", true),
            (Network::Out, "PARTICIPATING PROVIDER", true),
            (Network::Out, "NON PARTICIPATING PROVIDER", false),
            (Network::Either, "OUT OF NETWORK", false),
            (Network::NotStated, "OUT OF NETWORK", false),
        ] {
            assert_eq!(contradicts(network, message), expected, "{message}");
        }
    }

    #[test]
    fn a_network_letter_that_is_none_is_unknown() {
        let (found, warnings) = row("EB*B*IND*98***27*25*****X");
        assert_eq!(found.network, Network::Unknown);
        assert_eq!(warnings, [WarningCode::NetworkUnreadable]);
    }
}
