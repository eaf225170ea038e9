//! Cutting a payload into segments, and a segment into elements.

use crate::delimiters::{Delimiters, Header, is_blank, is_segment, read_header, segment_follows};
use crate::limits::{MAX_FIELD_BYTES, MAX_SEGMENT_BYTES};

/// One segment, borrowed from the payload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    /// The text without terminator and surrounding blanks, and not longer than the limit.
    raw: &'a [u8],
    /// Its number within the file.
    pub(crate) index: usize,
    /// Where it begins in the payload.
    pub(crate) start: usize,
    /// Where it ends in the payload, without its terminator.
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
}

impl<'a> Segment<'a> {
    /// The name of the segment.
    pub(crate) fn name(&self) -> &'a [u8] {
        self.split().next().unwrap_or_default().trim_ascii()
    }

    fn split(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
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

/// Decodes bytes as UTF-8, or else as Latin-1, which old systems send.
fn decode(bytes: &[u8], join: Join) -> String {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    };
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

/// An iterator over the segments of a payload. Copies of it look ahead.
#[derive(Clone, Debug)]
pub(crate) struct Segments<'a> {
    data: &'a [u8],
    at: usize,
    index: usize,
    delimiters: Delimiters,
}

/// How the text of a segment ended.
#[derive(Clone, Copy)]
struct End {
    /// Where its text ends.
    at: usize,
    /// Where to go on.
    next: usize,
    mixed: bool,
    cut: bool,
}

impl<'a> Segments<'a> {
    pub(crate) fn new(data: &'a [u8], delimiters: Delimiters, first_index: usize) -> Self {
        Segments { data, at: 0, index: first_index, delimiters }
    }

    /// The index that the next segment will have.
    pub(crate) fn next_index(&self) -> usize {
        self.index
    }

    /// After the end of an interchange: goes to the next segment or header, and tells whether any
    /// other text was passed over.
    pub(crate) fn skip_text(&mut self) -> bool {
        self.skip_blanks();
        let rest = self.data.get(self.at..).unwrap_or_default();
        if rest.is_empty() || is_segment(rest, self.delimiters.element) {
            return false;
        }
        let header = find_header(rest);
        self.at += header.unwrap_or(rest.len());
        header != Some(0)
    }

    fn skip_blanks(&mut self) {
        let end = self.delimiters.terminator;
        loop {
            let rest = self.data.get(self.at..).unwrap_or_default();
            self.at += rest.iter().take_while(|byte| is_blank(**byte) || **byte == end).count();
            // Line breaks of a JSON wrapper.
            match self.data.get(self.at..) {
                Some([b'\\', b'n' | b'r', ..]) => self.at += 2,
                _ => return,
            }
        }
    }

    fn find_end(&self) -> End {
        let Delimiters { element, terminator, .. } = self.delimiters;
        let data = self.data;
        for at in self.at..data.len() {
            let byte = data[at];
            let rest = &data[at + 1..];
            if byte == terminator && (byte != b' ' || segment_follows(rest, element, true)) {
                return End { at, next: at + 1, mixed: false, cut: false };
            }
            let stray = matches!(byte, b'\n' | b'~') && at > 0 && data[at - 1] != element;
            if stray && byte != terminator && segment_follows(rest, element, byte == b'~') {
                return End { at, next: at + 1, mixed: true, cut: false };
            }
            if byte == b'I' && at > self.at && read_header(&data[at..]).is_some() {
                return End { at, next: at, mixed: false, cut: true };
            }
        }
        End { at: data.len(), next: data.len(), mixed: false, cut: true }
    }

    fn header(&mut self, header: Header) -> Segment<'a> {
        self.delimiters = header.delimiters;
        let start = self.at;
        let end = start + header.len;
        self.at = end;
        let raw = self.data.get(start..end).unwrap_or_default();
        self.segment(raw, start, End { at: end, next: end, mixed: false, cut: false }, header)
    }

    fn segment(&mut self, raw: &'a [u8], start: usize, end: End, header: Header) -> Segment<'a> {
        let index = self.index;
        self.index += 1;
        self.at = end.next;
        Segment {
            raw,
            index,
            start,
            end: end.at,
            cut: end.cut,
            clipped: false,
            mixed: end.mixed,
            delimiters: self.delimiters,
            irregular: header.irregular,
        }
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        self.skip_blanks();
        let rest = self.data.get(self.at..).filter(|rest| !rest.is_empty())?;
        if let Some(header) = read_header(rest) {
            return Some(self.header(header));
        }
        let (start, end) = (self.at, self.find_end());
        let text = self.data.get(start..end.at).unwrap_or_default().trim_ascii_end();
        let kept = text.get(..text.len().min(MAX_SEGMENT_BYTES)).unwrap_or_default();
        let none = Header { delimiters: self.delimiters, len: 0, irregular: false };
        let mut segment = self.segment(kept, start, end, none);
        segment.clipped = kept.len() < text.len();
        // A trailer without its terminator is complete: nothing needs to follow it.
        segment.cut &= !matches!(segment.name(), b"SE" | b"GE" | b"IEA");
        Some(segment)
    }
}

/// Where the next interchange header begins.
pub(crate) fn find_header(data: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let rest = data.get(from..)?;
        let at = from + rest.windows(3).position(|found| found == b"ISA")?;
        if read_header(data.get(at..)?).is_some() {
            return Some(at);
        }
        from = at + 3;
    }
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
