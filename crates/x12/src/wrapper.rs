//! Finding the X12 inside whatever it came in: after a byte-order mark, in a SOAP envelope (as
//! text, escaped, or as CDATA) or in a MIME part.
//!
//! To read a further wrapper: recognise it in [`Kind::of`] by what stands before the header, and
//! say where it ends in [`Kind::end`]. Positions lead back to the input through [`Payload::place`].

use std::borrow::Cow;

use crate::delimiters::read_header;
use crate::limits::MAX_HEADER_BYTES;

/// The most bytes before a header in which a wrapper is looked for.
const MAX_LEAD_BYTES: usize = 4096;
/// The longest XML reference, `&#x10FFFF;`.
const MAX_REFERENCE_BYTES: usize = 10;

/// A stretch of X12 with the way back to the input.
#[derive(Debug)]
pub(crate) struct Payload<'a> {
    pub(crate) text: Cow<'a, [u8]>,
    /// Where it begins in the input.
    start: usize,
    /// For each reference replaced: where the text goes on, in the payload and in the input.
    jumps: Vec<(usize, usize)>,
    /// Where it ends in the input.
    pub(crate) end: usize,
    /// Whether text that is neither blank nor a wrapper stands before it.
    pub(crate) text_before: bool,
}

impl Payload<'_> {
    /// The position in the input of a position in the payload.
    pub(crate) fn place(&self, at: usize) -> usize {
        let before = self.jumps.partition_point(|(payload, _)| *payload <= at);
        match before.checked_sub(1).and_then(|last| self.jumps.get(last)) {
            Some((payload, input)) => input + (at - payload),
            None => self.start + at,
        }
    }

    pub(crate) fn plain(text: &[u8], start: usize, end: usize) -> Payload<'_> {
        let text = Cow::Borrowed(text.get(start..end).unwrap_or_default());
        Payload { text, start, jumps: Vec::new(), end, text_before: start > 0 }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Kind<'a> {
    Plain,
    Xml,
    CData,
    Mime { boundary: &'a [u8] },
}

impl<'a> Kind<'a> {
    fn of(lead: &'a [u8]) -> Kind<'a> {
        let lead = lead.get(lead.len().saturating_sub(MAX_LEAD_BYTES)..).unwrap_or_default();
        let text = lead.trim_ascii_end();
        if text.ends_with(b"<![CDATA[") {
            return Kind::CData;
        }
        if text.ends_with(b">") {
            return Kind::Xml;
        }
        let mut lines = lead.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
        match lines.rfind(|line| line.starts_with(b"--") && line.len() > 2) {
            Some(boundary) => Kind::Mime { boundary },
            None => Kind::Plain,
        }
    }

    /// Where the text ends, counted from its beginning.
    fn end(&self, text: &[u8]) -> usize {
        let end = match self {
            Kind::Plain => None,
            Kind::Xml => text.iter().position(|byte| *byte == b'<'),
            Kind::CData => text.windows(3).position(|found| found == b"]]>"),
            Kind::Mime { boundary } => text
                .windows(boundary.len() + 1)
                .position(|found| found.first() == Some(&b'\n') && found.ends_with(boundary)),
        };
        end.unwrap_or(text.len())
    }
}

/// The next payload with an interchange header at or after `from`.
pub(crate) fn next_payload(input: &[u8], from: usize) -> Option<Payload<'_>> {
    let mut at = from;
    loop {
        let rest = input.get(at..)?;
        at += rest.windows(3).position(|found| found == b"ISA")?;
        let text = input.get(at..)?;
        let head = text.get(..text.len().min(MAX_HEADER_BYTES))?;
        let plain = read_header(text).is_some();
        let escaped = |head| read_header(&unescape(head, 0).0).is_some();
        if !plain && (!head.contains(&b'&') || !escaped(head)) {
            at += 3;
            continue;
        }
        let kind = Kind::of(input.get(from..at)?);
        let end = at + kind.end(text);
        let mut payload = Payload::plain(input, at, end);
        payload.text_before = kind == Kind::Plain && has_text(input.get(from..at)?);
        if !plain || kind == Kind::Xml && payload.text.contains(&b'&') {
            let (text, jumps) = unescape(input.get(at..end)?, at);
            payload.text = Cow::Owned(text);
            payload.jumps = jumps;
        }
        return Some(payload);
    }
}

fn has_text(lead: &[u8]) -> bool {
    let lead = lead.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(lead);
    lead.iter().any(|byte| !byte.is_ascii_whitespace() && *byte != 0)
}

/// Whether there is nothing but blanks, NULs and a byte-order mark.
pub(crate) fn is_empty(input: &[u8]) -> bool {
    !has_text(input)
}

fn unescape(text: &[u8], start: usize) -> (Vec<u8>, Vec<(usize, usize)>) {
    let mut out = Vec::with_capacity(text.len());
    let mut jumps = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let window = text.get(at..text.len().min(at + MAX_REFERENCE_BYTES)).unwrap_or_default();
        let reference = (*byte == b'&').then(|| reference(window)).flatten();
        if let Some((found, len)) = reference {
            out.extend_from_slice(found.encode_utf8(&mut [0; 4]).as_bytes());
            at += len;
            jumps.push((out.len(), start + at));
        } else {
            out.push(*byte);
            at += 1;
        }
    }
    (out, jumps)
}

/// The character that an XML reference stands for, and the length of the reference.
fn reference(text: &[u8]) -> Option<(char, usize)> {
    let end = text.iter().position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(text.get(1..end)?).ok()?;
    let found = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((found, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const X12: &str =
        "ISA*00**00**ZZ*PAYER*ZZ*CLINIC*260602*0901*^*00501*000000001*0*T*:~GS*HB*A*B~";

    fn texts(input: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(payload) = next_payload(input.as_bytes(), from) {
            found.push(String::from_utf8_lossy(&payload.text).into_owned());
            from = payload.end;
        }
        found
    }

    #[test]
    fn wrappers_are_taken_off() {
        assert_eq!(texts(X12), [X12]);
        assert_eq!(texts(&format!("\u{feff}  \n{X12}")), [X12]);
        assert_eq!(texts(&format!("<Payload>\n{X12}</Payload></Body>")), [X12]);
        assert_eq!(texts(&format!("<P><![CDATA[{X12}]]></P><P><![CDATA[{X12}]]></P>")), [X12; 2]);
        let mime = format!("--b1\r\nContent-Type: application/EDI-X12\r\n\r\n{X12}\r\n--b1--\r\n");
        assert_eq!(texts(&mime), [format!("{X12}\r")]);
    }

    #[test]
    fn escaped_text_is_unescaped_and_positions_lead_back() {
        let escaped = X12.replace(":~", "&gt;~").replace("PAYER", "A&amp;B") + "SE*1*&#x41;~";
        let input = format!("<x>{escaped}</x>");
        let Some(payload) = next_payload(input.as_bytes(), 0) else {
            return assert!(!input.is_empty(), "a payload was expected");
        };
        let text = String::from_utf8_lossy(&payload.text).into_owned();
        assert!(text.contains("*A&B*") && text.contains("*T*>~GS") && text.ends_with("SE*1*A~"));
        for word in ["CLINIC", "GS*HB", "SE*1"] {
            let (there, here) = (text.find(word), input.find(word));
            assert_eq!(there.map(|at| payload.place(at)), here, "{word}");
        }
    }

    #[test]
    fn words_that_look_like_a_header_are_passed_over() {
        assert_eq!(texts(&format!("VISA* or ISABEL, then {X12}")), [X12]);
        assert_eq!(texts("ISA ISA* ISA|"), Vec::<String>::new());
    }
}
