//! Cutting a text into segments, and a segment into elements.

use std::borrow::Cow;
use std::ops::Range;

use crate::delimiters::{Delimiters, is_blank, read_header, segment_follows};
use crate::limits::{LOOKAHEAD_BYTES, MAX_FIELD_BYTES, MAX_SEGMENT_BYTES};
use crate::work;

/// One segment, borrowed from the text that it stands in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    /// The text without terminator and surrounding blanks, and not longer than the limit.
    raw: &'a [u8],
    /// Its number within the file.
    pub(crate) index: usize,
    /// Where it begins in the input.
    pub(crate) start: usize,
    /// Where it ends in the input, without its terminator.
    pub(crate) end: usize,
    /// Whether it breaks off: its last element cannot be trusted.
    pub(crate) cut: bool,
    /// Whether its rest was passed over.
    pub(crate) clipped: bool,
    /// Whether another terminator than the header's ended it.
    pub(crate) mixed: bool,
    /// The delimiters in force.
    pub(crate) delimiters: Delimiters,
    /// Whether this is a header that lacks elements.
    pub(crate) irregular: bool,
    /// What stands behind it, as far as it may be looked at.
    ahead: &'a [u8],
}

impl<'a> Segment<'a> {
    /// A segment with this text, which may be followed by blanks, at the start of the input.
    pub(crate) fn new(text: &'a [u8], end: End, index: usize, delimiters: Delimiters) -> Self {
        let (kept, rest) = text.split_at(text.len().min(MAX_SEGMENT_BYTES));
        let raw = kept.trim_ascii_end();
        let mut segment = Segment {
            raw,
            index,
            start: 0,
            end: end.at,
            cut: end.cut,
            clipped: !rest.trim_ascii().is_empty(),
            mixed: end.mixed,
            delimiters,
            irregular: false,
            ahead: &[],
        };
        // A trailer without its terminator is complete: nothing needs to follow it.
        segment.cut &= !matches!(segment.name(), b"SE" | b"GE" | b"IEA");
        segment
    }

    /// The same segment with its place in the input and what stands behind it.
    pub(crate) fn placed(self, place: Range<usize>, ahead: &'a [u8]) -> Self {
        Segment { start: place.start, end: place.end, ahead, ..self }
    }

    /// The segments behind it.
    pub(crate) fn ahead(&self) -> Segments<'a> {
        Segments::new(self.ahead, self.delimiters, self.index + 1)
    }

    /// How many bytes it has.
    pub(crate) fn len(&self) -> usize {
        self.raw.len()
    }

    /// The name of the segment.
    pub(crate) fn name(&self) -> &'a [u8] {
        self.split().next().unwrap_or_default().trim_ascii()
    }

    fn split(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        work::note(self.raw.len());
        let element = self.delimiters.element;
        self.raw.split(move |byte| *byte == element)
    }

    /// The bytes of element `number`, counted from one; empty when it is absent. The last element
    /// of a segment that breaks off counts as absent, for half a figure is a wrong figure.
    pub(crate) fn bytes(&self, number: usize) -> &'a [u8] {
        let mut rest = self.split().skip(number);
        let value = rest.next().unwrap_or_default().trim_ascii();
        if (self.cut || self.clipped) && rest.next().is_none() { &[] } else { value }
    }

    /// The text of element `number`, when there is any.
    pub(crate) fn text(&self, number: usize) -> Option<String> {
        let value = self.bytes(number);
        if value.is_empty() { None } else { some(decode(value, self.joins())) }
    }

    /// The text of element `number`, empty when absent.
    pub(crate) fn code(&self, number: usize) -> String {
        self.text(number).unwrap_or_default()
    }

    /// The text of element `number`, clipped to the length of a field.
    pub(crate) fn field(&self, number: usize) -> Option<String> {
        let value = self.bytes(number);
        let kept = clip(value);
        if kept.is_empty() { None } else { some(decode(kept, self.joins())) }
    }

    /// Whether any element is longer than a field may be.
    pub(crate) fn has_long_field(&self) -> bool {
        self.raw.len() > MAX_FIELD_BYTES
            && self.split().any(|element| element.len() > MAX_FIELD_BYTES)
    }

    /// The elements from `first` on.
    pub(crate) fn elements_from(&self, first: usize) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.split().skip(first).map(<[u8]>::trim_ascii)
    }

    /// The whole segment as text.
    pub(crate) fn raw_text(&self) -> String {
        decode(self.raw, Join::Keep)
    }

    /// Writes the whole segment as a line of text. Its terminator is shown unless it is a blank.
    pub(crate) fn write_line(&self, out: &mut String) {
        out.push_str(&decoded(self.raw));
        let terminator = self.delimiters.terminator;
        if terminator.is_ascii_graphic() {
            out.push(char::from(terminator));
        }
        out.push('\n');
    }

    /// The segment as text, clipped to the length of a field.
    pub(crate) fn raw_field(&self) -> String {
        decode(clip(self.raw), Join::Keep)
    }

    /// What becomes of line breaks inside a value: text keeps a blank, a code is joined again.
    fn joins(&self) -> Join {
        if self.raw.starts_with(b"MSG") { Join::Blank } else { Join::Drop }
    }
}

/// At most a field's length, without cutting a character of UTF-8 in two.
fn clip(value: &[u8]) -> &[u8] {
    let mut end = value.len().min(MAX_FIELD_BYTES);
    let whole = end.saturating_sub(3);
    while end > whole && value.get(end).is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000) {
        end -= 1;
    }
    value.get(..end).unwrap_or_default()
}

fn some(text: String) -> Option<String> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        None
    } else if trimmed.len() == text.len() {
        Some(text)
    } else {
        Some(trimmed.to_owned())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    Keep,
    Blank,
    Drop,
}

/// Bytes as UTF-8, or else as Latin-1, which old systems send.
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    work::note(bytes.len());
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn decode(bytes: &[u8], join: Join) -> String {
    let text = decoded(bytes).into_owned();
    if join == Join::Keep || !text.contains(['\r', '\n']) {
        return text;
    }
    let blank = if join == Join::Blank { " " } else { "" };
    text.replace("\r\n", blank).replace(['\r', '\n'], blank)
}

/// Decodes one value that is part of an element; `None` when nothing is there.
pub(crate) fn value(bytes: &[u8]) -> Option<String> {
    some(decode(bytes.trim_ascii(), Join::Drop))
}

/// The segments of a text that is held as a whole.
#[derive(Clone, Debug)]
pub(crate) struct Segments<'a> {
    text: &'a [u8],
    delimiters: Delimiters,
    index: usize,
}

impl<'a> Segments<'a> {
    pub(crate) fn new(text: &'a [u8], delimiters: Delimiters, first_index: usize) -> Self {
        Segments { text, delimiters, index: first_index }
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        let text = self.text.get(padding(self.text, self.delimiters)..).unwrap_or_default();
        if text.is_empty() || read_header(text).is_some() {
            return None;
        }
        let end = find_end(text, &mut 0, self.delimiters, true)?;
        self.text = text.get(end.next..).unwrap_or_default();
        self.index += 1;
        Some(Segment {
            ahead: self.text,
            ..Segment::new(text.get(..end.at)?, end, self.index - 1, self.delimiters)
        })
    }
}

/// How a segment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// Where its text ends.
    pub(crate) at: usize,
    /// Where to go on.
    pub(crate) next: usize,
    /// Whether another terminator than the header's ended it.
    pub(crate) mixed: bool,
    /// Whether it breaks off.
    pub(crate) cut: bool,
}

/// How many bytes between segments come before the next one.
pub(crate) fn padding(text: &[u8], delimiters: Delimiters) -> usize {
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let terminator = delimiters.terminator;
        at += rest.iter().take_while(|byte| is_blank(**byte) || **byte == terminator).count();
        // Line breaks of a JSON wrapper.
        match text.get(at..) {
            Some([b'\\', b'n' | b'r', ..]) => at += 2,
            _ => break,
        }
    }
    work::note(at);
    at
}

/// Where the segment at the start of `text` ends. `seen` is how far it was looked through before,
/// and is set to how far it is now. `None` means that more text is needed, unless this is the last.
pub(crate) fn find_end(
    text: &[u8],
    seen: &mut usize,
    delimiters: Delimiters,
    is_last: bool,
) -> Option<End> {
    let Delimiters { element, terminator, .. } = delimiters;
    let sure = if is_last { text.len() } else { text.len().saturating_sub(LOOKAHEAD_BYTES) };
    let from = *seen;
    for at in from..sure {
        let byte = text[at];
        let rest = &text[at + 1..];
        let stray = matches!(byte, b'\n' | b'~') && at > 0 && text[at - 1] != element;
        let end = if byte == terminator && (byte != b' ' || segment_follows(rest, element, true)) {
            End { at, next: at + 1, mixed: false, cut: false }
        } else if stray && byte != terminator && segment_follows(rest, element, byte == b'~') {
            End { at, next: at + 1, mixed: true, cut: false }
        } else if byte == b'I' && at > 0 && read_header(&text[at..]).is_some() {
            End { at, next: at, mixed: false, cut: true }
        } else {
            continue;
        };
        work::note(at - from);
        return Some(end);
    }
    work::note(sure.saturating_sub(from));
    *seen = sure.max(from);
    let end = text.len();
    is_last.then_some(End { at: end, next: end, mixed: false, cut: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str, terminator: u8) -> Vec<String> {
        let delimiters = Delimiters { terminator, ..Delimiters::default() };
        Segments::new(text.as_bytes(), delimiters, 0).map(|segment| segment.raw_text()).collect()
    }

    #[test]
    fn segments_end_where_they_should() {
        assert_eq!(names("EB*1~EB*2~", b'~'), ["EB*1", "EB*2"]);
        assert_eq!(names("EB*1~\r\n  EB*2~\r\n", b'~'), ["EB*1", "EB*2"]);
        assert_eq!(names("EB*1\r\nEB*2\r\n", b'\n'), ["EB*1", "EB*2"]);
        assert_eq!(names("EB*1~~~EB*2", b'~'), ["EB*1", "EB*2"]);
        assert_eq!(names("EB*1*GOLD PLAN EB*2 ", b' '), ["EB*1*GOLD PLAN", "EB*2"]);
    }

    #[test]
    fn a_strange_terminator_is_accepted_before_a_segment_only() {
        assert_eq!(names("LE*2120~SE*25*1\nGE*1*1", b'\n'), ["LE*2120", "SE*25*1", "GE*1*1"]);
        assert_eq!(names("EB*1\nEB*2~MSG*A\nB~", b'~'), ["EB*1", "EB*2", "MSG*A\nB"]);
        assert_eq!(names("N4*HONOLULU*\nHI*96801~", b'~'), ["N4*HONOLULU*\nHI*96801"]);
        assert_eq!(names("MSG*ABOUT ~ 20 VISITS\n", b'\n'), ["MSG*ABOUT ~ 20 VISITS"]);
    }

    #[test]
    fn the_last_element_of_a_cut_segment_is_absent() {
        let mut segments = Segments::new(b"EB*C*IND*30***29*50", Delimiters::default(), 7);
        let segment = segments.next();
        assert_eq!(segment.map(|found| found.index), Some(7));
        assert_eq!(segment.and_then(|found| found.text(6)), Some("29".to_owned()));
        assert_eq!(segment.and_then(|found| found.text(7)), None);
    }

    #[test]
    fn long_values_are_clipped_between_characters() {
        let text = format!("NM1*IL*1*{}~", "Ñ".repeat(MAX_FIELD_BYTES));
        let segment = Segments::new(text.as_bytes(), Delimiters::default(), 0).next();
        assert_eq!(segment.and_then(|found| found.field(3)), Some("Ñ".repeat(MAX_FIELD_BYTES / 2)));
        let odd = text.replacen('Ñ', "N", 1);
        let segment = Segments::new(odd.as_bytes(), Delimiters::default(), 0).next();
        let name = segment.and_then(|found| found.field(3)).unwrap_or_default();
        assert!(name.ends_with('Ñ') && name.len() == MAX_FIELD_BYTES - 1);
    }

    #[test]
    fn names_in_latin_1_are_read() {
        let segment = Segments::new(b"NM1*IL*1*MU\xD1OZ~", Delimiters::default(), 0).next();
        assert_eq!(segment.and_then(|found| found.text(3)), Some("MUÑOZ".to_owned()));
    }
}
