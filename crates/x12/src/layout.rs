//! Where the elements of an EB segment stand, for some payers leave one out or add one.
//!
//! A shift is assumed only where the elements cannot be read in their places: a period code in the
//! place of the plan's name with a number in the place of the period, a single network letter in
//! the place of the procedure, and the like. Where the same elements make sense both ways, the
//! layout is uncertain and the row has no figures: a wrong amount is worse than none.

use crate::decimal;
use crate::segment::Segment;

/// By how many places the elements of one part of the segment are shifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shift {
    /// An element is missing before.
    Left,
    /// In place.
    None,
    /// An element too many stands before.
    Right,
}

/// The layout of one EB segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// For EB06 to EB10.
    pub(crate) money: Shift,
    /// For EB11 to EB14.
    pub(crate) tail: Shift,
    /// Whether the figures can be read in two ways.
    pub(crate) uncertain: bool,
}

impl Shift {
    /// Where element `number` stands.
    pub(crate) fn place(self, number: usize) -> usize {
        match self {
            Shift::Left => number - 1,
            Shift::None => number,
            Shift::Right => number + 1,
        }
    }
}

impl Layout {
    pub(crate) fn of(segment: &Segment<'_>) -> Layout {
        let shift = money_shift(segment);
        let money = shift.unwrap_or(Shift::None);
        Layout { money, tail: tail_shift(segment, money), uncertain: shift.is_none() }
    }

    pub(crate) fn is_shifted(self) -> bool {
        self.money != Shift::None || self.tail != Shift::None
    }
}

/// The shift of the figures; `None` when there may be one or not.
fn money_shift(segment: &Segment<'_>) -> Option<Shift> {
    let value = |number| segment.bytes(number);
    let empty = |number| value(number).is_empty();
    let decimal = |number| number_in(value(number)).is_some();
    if value(1) == b"A" {
        return Some(if is_period(value(5)) && empty(6) && decimal(7) && empty(8) {
            Shift::Left
        } else if !is_period(value(6)) && is_period(value(7)) && empty(8) && decimal(9) {
            Shift::Right
        } else {
            Shift::None
        });
    }
    let behind = number_in(value(8)).filter(|number| *number > ONE);
    if is_period(value(5)) && decimal(6) && empty(7) && empty(8) {
        // Two codes of periods in a row: the second may be the amount.
        let certain = !is_period(value(6)) || is_procedure(segment, value(12));
        return certain.then_some(Shift::Left);
    }
    if let Some(behind) = behind
        && !is_period(value(6))
        && is_period(value(7))
    {
        // Up to one hundred it may be a percentage beside an amount.
        let certain = behind > 100 * ONE || is_network(value(13)) || !empty(6);
        return certain.then_some(Shift::Right);
    }
    Some(Shift::None)
}

fn tail_shift(segment: &Segment<'_>, money: Shift) -> Shift {
    if is_procedure(segment, segment.bytes(12)) {
        return Shift::Left;
    }
    if is_network(segment.bytes(13)) {
        return Shift::Right;
    }
    let in_place = is_network(segment.bytes(12));
    if in_place && !is_network(segment.bytes(money.place(12))) { Shift::None } else { money }
}

/// The number one, in hundredths.
const ONE: i64 = 100;

/// A number in hundredths.
fn number_in(bytes: &[u8]) -> Option<i64> {
    decimal::cents(std::str::from_utf8(bytes).ok()?)
}

/// Whether it is a code of a time period (EB06).
fn is_period(bytes: &[u8]) -> bool {
    matches!(bytes, b"6" | b"7" | b"13" | [b'2', b'1'..=b'9'] | [b'3', b'0'..=b'6'])
}

pub(crate) fn is_network(bytes: &[u8]) -> bool {
    matches!(bytes, b"Y" | b"N" | b"W" | b"U")
}

/// Whether it is a qualified procedure, as EB13 is.
pub(crate) fn is_procedure(segment: &Segment<'_>, bytes: &[u8]) -> bool {
    let [a, b, separator, _, ..] = bytes else {
        return false;
    };
    matches!([a, b], [b'H', b'C'] | [b'C', b'J'] | [b'A' | b'I', b'D'] | [b'N', b'4'])
        && (*separator == segment.delimiters.component || !separator.is_ascii_alphanumeric())
        || [*a, *b, *separator] == [b'Z', b'Z', segment.delimiters.component]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delimiters::Delimiters;
    use crate::segment::Segments;

    #[test]
    fn shifts_are_seen_where_they_are_certain() {
        for (text, money, tail) in [
            ("EB*C*IND*30*HM*GOLD*23*500****Y*Y", Shift::None, Shift::None),
            ("EB*C*IND*30*HM*23*500.00****Y*N", Shift::Left, Shift::Left),
            ("EB*C*IND*30*HM*23*500.00******N", Shift::Left, Shift::None),
            ("EB*C*IND*30*HM*GOLD**23*500*****N", Shift::Right, Shift::Right),
            ("EB*C*IND*30**HM*GOLD*23*500*****Y", Shift::Right, Shift::Right),
            ("EB*B*IND*98***27*25***Y**HC:J1745", Shift::None, Shift::Left),
            ("EB*B*IND*98***27*25***N*Y*HC:J1745", Shift::None, Shift::Left),
            ("EB*B*IND*98***27*25******N", Shift::None, Shift::Right),
            ("EB*A*IND*30**23**.2", Shift::Left, Shift::Left),
            ("EB*A*IND*30****23**.2", Shift::Right, Shift::Right),
            ("EB*A*IND*30***23*.2", Shift::None, Shift::None),
            ("EB*C*IND*30****23*.5", Shift::None, Shift::None),
            ("EB*B*IND*98****25", Shift::None, Shift::None),
        ] {
            let found = Segments::new(format!("{text}~").as_bytes(), Delimiters::default(), 0)
                .next()
                .map(|segment| Layout::of(&segment));
            assert_eq!(found, Some(Layout { money, tail, uncertain: false }), "{text}");
        }
    }

    #[test]
    fn figures_that_can_be_read_in_two_ways_are_uncertain() {
        for (text, uncertain) in [
            ("EB*B*IND*98**27*25", true),
            ("EB*B*IND*98**27*25.00", false),
            ("EB*B*IND*98**27*25******HC:J1745", false),
            ("EB*B*IND*98****25*20", true),
            ("EB*B*IND*98****25*.2", false),
            ("EB*B*IND*98****25*20*****Y", false),
            ("EB*B*IND*98****40*20", false),
        ] {
            let found = Segments::new(format!("{text}~").as_bytes(), Delimiters::default(), 0)
                .next()
                .map(|segment| Layout::of(&segment).uncertain);
            assert_eq!(found, Some(uncertain), "{text}");
        }
    }
}
