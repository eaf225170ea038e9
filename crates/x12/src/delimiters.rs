//! The delimiters of an interchange, taken from its header.
//!
//! The header is read by counting its sixteen separators, not by byte positions: real headers come
//! unpadded, and some lack their last elements.

use crate::limits::{MAX_HEADER_BYTES, MAX_PADDING_BYTES};
use crate::work;

/// The most bytes between the last separator of the header and the next segment.
const MAX_TAIL_BYTES: usize = 12;
/// The most bytes of one element of the header.
const MAX_HEADER_ELEMENT_BYTES: usize = 40;
/// How many separators the header has.
const HEADER_SEPARATORS: usize = 16;
/// The most bytes of a header that lacks elements: a whole one has 106.
const MAX_SHORT_HEADER_BYTES: usize = 160;

/// The names of segments that can occur in a file with a 271, besides `ISA`.
const SEGMENT_NAMES: &[&[u8]] = &[
    b"GS", b"ST", b"BHT", b"HL", b"TRN", b"NM1", b"REF", b"N3", b"N4", b"PER", b"PRV", b"DMG",
    b"INS", b"HI", b"DTP", b"MPI", b"EB", b"HSD", b"AAA", b"III", b"MSG", b"LS", b"LE", b"SE",
    b"GE", b"IEA", b"TA1", b"EQ", b"AMT", b"VEH", b"PDR", b"PDP", b"LIN", b"EM", b"SD1", b"PKD",
];

/// The characters that structure an interchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delimiters {
    /// Between the elements of a segment.
    pub element: u8,
    /// Between the repetitions of an element; absent in release 4010.
    pub repetition: Option<u8>,
    /// Between the components of an element.
    pub component: u8,
    /// At the end of a segment.
    pub terminator: u8,
}

impl Default for Delimiters {
    fn default() -> Self {
        Delimiters { element: b'*', repetition: Some(b'^'), component: b':', terminator: b'~' }
    }
}

/// An interchange header that was found to be one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub(crate) delimiters: Delimiters,
    /// The length up to the terminator, without it.
    pub(crate) len: usize,
    /// Whether elements are missing.
    pub(crate) irregular: bool,
}

/// Reads the header at the start of `text`, or tells that there is none.
pub(crate) fn read_header(text: &[u8]) -> Option<Header> {
    let window = text.get(..text.len().min(MAX_HEADER_BYTES))?;
    let element = *window.strip_prefix(b"ISA")?.first()?;
    work::note(2 * window.len());
    if element.is_ascii_alphanumeric() || matches!(element, b' ' | b'\r' | b'\n' | b'<' | b'"') {
        return None;
    }
    let mut places = [0_usize; HEADER_SEPARATORS];
    let mut count = 0;
    let found = window.iter().enumerate().filter(|(_, byte)| **byte == element);
    for (place, (at, _)) in places.iter_mut().zip(found) {
        *place = at;
        count += 1;
    }
    regular(text, window, element, &places, count).or_else(|| irregular(window, element))
}

fn regular(
    text: &[u8],
    window: &[u8],
    element: u8,
    places: &[usize; HEADER_SEPARATORS],
    count: usize,
) -> Option<Header> {
    let last = *places.last()?;
    if count < HEADER_SEPARATORS || !plausible(window, places) {
        return None;
    }
    let tail = text.get(last + 1..)?;
    let known = (0..=MAX_TAIL_BYTES.min(tail.len()))
        .find(|at| tail.get(*at..).is_some_and(|rest| is_segment(rest, element)));
    let tail = match known {
        Some(len) => tail.get(..len)?,
        None if tail.len() <= MAX_TAIL_BYTES || version(window, places) => {
            tail.get(..tail.len().min(2))?
        }
        None => return None,
    };
    let (component, terminator, len) = read_tail(tail);
    let repetition = window
        .get(places[10] + 1..places[11])
        .map(<[u8]>::trim_ascii)
        .and_then(|value| if let [only] = value { Some(*only) } else { None })
        .filter(|byte| !byte.is_ascii_alphanumeric() && *byte != element && *byte != terminator)
        .filter(|byte| Some(*byte) != component);
    let delimiters =
        Delimiters { element, repetition, component: component.unwrap_or(b':'), terminator };
    Some(Header { delimiters, len: last + 1 + len, irregular: component.is_none() })
}

/// Takes the header by the group header that follows it, when its separators do not count up.
fn irregular(window: &[u8], element: u8) -> Option<Header> {
    let group = [b'G', b'S', element];
    let window = window.get(..window.len().min(MAX_SHORT_HEADER_BYTES))?;
    let at = window.windows(group.len()).enumerate().position(|(at, found)| {
        let before = at.checked_sub(1).and_then(|before| window.get(before));
        found == group
            && before.is_some_and(|byte| !byte.is_ascii_alphanumeric() && *byte != element)
    })?;
    if window.get(3..at)?.windows(4).any(|found| found == [b'I', b'S', b'A', element]) {
        return None;
    }
    let last = window.get(..at)?.iter().rposition(|byte| *byte == element)?;
    let tail = window.get(last + 1..at)?;
    if tail.len() > MAX_TAIL_BYTES {
        return None;
    }
    let (component, terminator, len) = read_tail(tail);
    let component = component.filter(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(b':');
    let delimiters = Delimiters { element, component, terminator, ..Delimiters::default() };
    Some(Header { delimiters, len: last + 1 + len, irregular: true })
}

/// Splits what follows the last separator into the component separator and the terminator. The
/// third value is the length before the terminator.
fn read_tail(tail: &[u8]) -> (Option<u8>, u8, usize) {
    let (component, rest) = match tail {
        [] => return (None, b'~', 0),
        [b'~' | b'\r' | b'\n', ..] | [_] => (None, tail),
        [first, rest @ ..] => (Some(*first), rest),
    };
    let before = tail.len() - rest.len();
    if let Some(at) = rest.iter().position(|byte| !byte.is_ascii_whitespace()) {
        return (component, rest.get(at).copied().unwrap_or(b'~'), before + at);
    }
    for end in [b'\n', b'\r', b'\t'] {
        if let Some(at) = rest.iter().position(|byte| *byte == end) {
            return (component, end, before + at);
        }
    }
    (component, rest.first().copied().unwrap_or(b'~'), before)
}

/// Whether the elements look like those of a header: short, with numbers where numbers belong.
fn plausible(window: &[u8], places: &[usize; HEADER_SEPARATORS]) -> bool {
    let element = |number: usize| {
        let end = places.get(number).copied().unwrap_or(window.len());
        window.get(places[number - 1] + 1..end).unwrap_or_default().trim_ascii()
    };
    // An element that ends in the name of the group header has run past the end of this one.
    let runs_over = |value: &[u8]| {
        value.strip_suffix(b"GS").and_then(<[u8]>::last).is_some_and(u8::is_ascii_punctuation)
            || value.ends_with(b"\nGS")
    };
    (1..HEADER_SEPARATORS)
        .map(element)
        .all(|value| value.len() <= MAX_HEADER_ELEMENT_BYTES && !runs_over(value))
        && [9, 10, 13].iter().all(|number| element(*number).iter().all(u8::is_ascii_digit))
}

fn version(window: &[u8], places: &[usize; HEADER_SEPARATORS]) -> bool {
    let version = window.get(places[11] + 1..places[12]).unwrap_or_default().trim_ascii();
    version.len() == 5 && version.iter().all(u8::is_ascii_digit)
}

/// Whether `text` starts with the name of a segment and an element separator.
pub(crate) fn is_segment(text: &[u8], element: u8) -> bool {
    SEGMENT_NAMES
        .iter()
        .any(|name| text.starts_with(name) && text.get(name.len()) == Some(&element))
}

/// Whether a segment follows after at most some blanks; `at_end` is the answer when nothing does.
pub(crate) fn segment_follows(text: &[u8], element: u8, at_end: bool) -> bool {
    let blanks = text.iter().take(MAX_PADDING_BYTES).take_while(|byte| is_blank(**byte)).count();
    work::note(blanks);
    let rest = text.get(blanks..).unwrap_or_default();
    if rest.is_empty() { at_end } else { is_segment(rest, element) || read_header(rest).is_some() }
}

/// Whether a byte is only ever padding between segments.
pub(crate) fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, 0 | 0x1A)
}

/// Infers the delimiters of the transaction that begins at `text[at..]`, without an interchange
/// header, or tells that none begins there. `lead` is what stands before `text`. The second value
/// is how many bytes before the transaction its group begins.
pub(crate) fn infer(lead: &[u8], text: &[u8], at: usize) -> Option<(Delimiters, usize)> {
    let (before, text) = text.split_at_checked(at)?;
    let element = match text {
        [b'S', b'T', a, b'2', b'7', b'0' | b'1', b, ..] if a == b => *a,
        _ => return None,
    };
    let last = before.last().or(lead.last());
    if last.is_some_and(u8::is_ascii_alphanumeric) || element.is_ascii_alphanumeric() {
        return None;
    }
    work::note(2 * MAX_HEADER_BYTES);
    let name = [b'B', b'H', b'T', element];
    let window = text.get(..text.len().min(MAX_HEADER_BYTES))?;
    let next = window.windows(name.len()).position(|found| found == name)?;
    let header = window.get(..next)?;
    let terminator = header.trim_ascii_end().last().copied()?;
    let terminator = if terminator.is_ascii_alphanumeric() { *header.last()? } else { terminator };
    if element == b' ' || terminator.is_ascii_alphanumeric() || terminator == element {
        return None;
    }
    let delimiters = Delimiters { element, terminator, ..Delimiters::default() };
    let mut back = [lead, before].concat();
    back.drain(..back.len().saturating_sub(MAX_HEADER_BYTES));
    let group = [b'G', b'S', element];
    let found = back.windows(group.len()).rposition(|found| found == group);
    Some((delimiters, found.map_or(0, |at| back.len() - at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAD: &str = "ISA*00*          *00*          *ZZ*PAYER          *ZZ*CLINIC         \
                        *260602*0901*^*00501*000000001*0*T*";

    fn header(tail: &str) -> Header {
        let found = read_header(format!("{LEAD}{tail}GS*HB*A*B").as_bytes());
        assert!(found.is_some(), "{tail:?}");
        found.unwrap_or(Header { delimiters: Delimiters::default(), len: 0, irregular: false })
    }

    #[test]
    fn terminators_as_they_are_met() {
        for (tail, component, terminator) in [
            (":~", b':', b'~'),
            (":~\r\n", b':', b'~'),
            (":~\n", b':', b'~'),
            (":\n", b':', b'\n'),
            (":\r\n", b':', b'\n'),
            (":\r", b':', b'\r'),
            (">\u{1d}", b'>', 0x1D),
            (": ", b':', b' '),
            (": ~", b':', b'~'),
            ("\u{1f}\u{1c}", 0x1F, 0x1C),
            ("|!", b'|', b'!'),
        ] {
            let found = header(tail);
            assert_eq!(found.delimiters.component, component, "{tail:?}");
            assert_eq!(found.delimiters.terminator, terminator, "{tail:?}");
            assert!(!found.irregular, "{tail:?}");
        }
    }

    #[test]
    fn a_missing_component_separator_is_noticed() {
        for tail in ["~", "~\n", "\n"] {
            let found = header(tail);
            assert!(found.irregular, "{tail:?}");
            assert_eq!(found.delimiters.component, b':');
            assert_eq!(Some(&found.delimiters.terminator), tail.as_bytes().first());
        }
    }

    #[test]
    fn collapsed_and_short_headers_are_read() {
        let collapsed =
            b"ISA|00||00||ZZ|PAYER|ZZ|CLINIC|260602|0901|U|00401|000000001|0|T|>~GS|HB|";
        let found = read_header(collapsed);
        assert_eq!(
            found.map(|header| header.delimiters),
            Some(Delimiters { element: b'|', repetition: None, component: b'>', terminator: b'~' })
        );
        let short = b"ISA*00**00**ZZ*PAYER*ZZ*CLINIC*260602*0901*00401*000000001*0*T*:~GS*HB*A*B*";
        let found = read_header(short);
        assert_eq!(found.map(|header| header.irregular), Some(true));
        assert_eq!(found.map(|header| header.delimiters.terminator), Some(b'~'));
    }

    #[test]
    fn other_words_are_no_headers() {
        for text in ["", "ISA", "ISA*", "ISABEL", "ISA is a word", "VISA*00*", "ISA*a*b*c"] {
            assert!(read_header(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn delimiters_without_a_header_are_inferred() {
        let text = b"some text\nGS*HB*A*B~\nST*271*0001~\nBHT*0022*11*X*20260602*0901~";
        let (lead, rest) = text.split_at(15);
        assert_eq!(infer(lead, rest, 6), Some((Delimiters::default(), 11)));
        assert_eq!(
            infer(b"", b"ST*271*0001\nBHT*", 0).map(|found| found.0.terminator),
            Some(b'\n')
        );
        assert_eq!(infer(b"A", b"ST*271*0001~BHT*", 0), None);
        assert_eq!(infer(b"", b"ST*271*0001~ and no more", 0), None);
    }
}
